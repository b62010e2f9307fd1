"use strict";
// Two moons, as `gradbook.chapters.starvation` trains and measures them.

const MIDDLES = linspace(-2, 2, 21).slice(1).map((v) => v - 0.1); // of the grid's cells

/** Share of a decision [first, second] that the second coordinate carries: E₁[Var₂ f]/Var f. */
function carried(field, side) {
  const variance = (values) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  };
  const rows = Array.from({ length: side }, (_, i) => field.slice(i * side, (i + 1) * side));
  return rows.reduce((a, row) => a + variance(row), 0) / side / variance(field);
}

class Moons {
  /** `fixed`: margin, width, batch_norm, examples. */
  constructor(kernels, seed, { margin, width, batch_norm = false, examples = 300 }) {
    Object.assign(this, { kernels, seed, examples });
    const { inputs, labels } = twoMoons(seed, margin, examples);
    [this.inputs, this.labels] = [kernels.reals(2 * examples), kernels.reals(examples)];
    this.inputs.set(inputs);
    this.labels.set(labels);
    this.looked = kernels.reals(2 * examples);
    this.network = new Network(kernels, 2, [width],
      { regularizer: batch_norm ? "batch norm" : "none", rows: examples, seed });
    this.optimizer = new Optimizer(kernels, this.network.count);
    this.state = kernels.integers(8);
  }

  /** Dropout's masks begin anew from the seed and the step. */
  restart(step) {
    this.state.set(packedWords(stream(10_000 * step + this.seed, 3)));
  }

  step({ regularizer, strength, optimizer, rate }) {
    const { network, kernels, examples } = this;
    const [drops, couples] = ["dropout", "spectral decoupling"].map((name) => name === regularizer);
    const least = Math.round(strength * 65536);
    const heard = drops
      ? (mask, count) => kernels.masks(this.state, least, 65536 / (65536 - least), count, mask)
      : null;
    network.forward(this.inputs, examples, { train: true, heard });
    const d = network.begin("logistic", this.labels, examples, 1 / examples);
    if (couples) kernels.add(d, strength / examples, network.layers.at(-1).y, examples);
    network.backward(this.inputs, examples, true);
    const decay = regularizer === "weight decay" ? strength : 0;
    this.optimizer.step(network, { kind: optimizer, rate, decay });
  }

  /** Outputs at points [[x₁, x₂], …], evaluation mode. */
  outputs(points) {
    const found = new Float64Array(points.length);
    for (let at = 0; at < points.length; at += this.examples) {
      const some = points.slice(at, at + this.examples);
      this.looked.set(some.flat());
      found.set(this.network.forward(this.looked, some.length).subarray(0, some.length), at);
    }
    return found;
  }

  field(line) {
    return this.outputs(line.flatMap((a) => line.map((b) => [a, b])));
  }

  /** Loss, accuracy, accuracy with coordinate 1 set to 0, both shares, both doses, and with `side`
   * the decision on that many points along either coordinate. */
  record(_, { side = 0 } = {}) {
    const { network, kernels, examples, inputs, labels } = this;
    const right = (f) => f.reduce((n, v, i) => n + (v * labels[i] > 0), 0) / examples;
    const cells = this.field(MIDDLES);
    const turned = cells.map((_, i) => cells[(i % 20) * 20 + Math.floor(i / 20)]);
    const erased = this.outputs(Array.from({ length: examples }, (_, i) => [0, inputs[2 * i + 1]]));
    const picture = side ? Float32Array.from(this.field(linspace(-2, 2, side))) : null;
    const f = network.forward(inputs, examples);
    const found = {
      loss: kernels.loss(2, f, labels, examples) / examples,
      accuracy: right(f.subarray(0, examples)),
      erased: right(erased),
      share_1: carried(turned, 20),
      share_2: carried(cells, 20),
    };
    network.begin("logistic", labels, examples, 1 / examples);
    network.backward(inputs, examples, false);
    [found.dose_1, found.dose_2] = [0, 1].map((i) => this.#dose(i));
    return picture ? { ...found, picture, points: Float32Array.from(inputs), labels: Int8Array.from(labels) }
      : found;
  }

  /** Dose less erosion of the weights that read a coordinate: −⟨∇_w L, w/‖w‖⟩. */
  #dose(coordinate) {
    const { w, gw, units } = this.network.layers[0];
    const [own, gradient] = [w, gw].map((x) => x.subarray(coordinate * units, (coordinate + 1) * units));
    return -this.kernels.dot(own, gradient, units) / Math.sqrt(this.kernels.dot(own, own, units));
  }

  get finite() {
    return this.network.weights.every(Number.isFinite);
  }
}
