"use strict";
// A fully connected network: its weights, its gradient, and how it moves.

const LOSSES = { squared: 0, l1: 1, logistic: 2, hinge: 3 };

/** As `gradbook.models.mlp`: linear layers, each but the last with a ReLU behind it, and batch norm
 * before or behind the ReLU, or dropout after it.
 *
 * Activations are rows [n, units]; a layer's weights are kept transposed [inputs, outputs].
 */
class Network {
  /**
   * @param kernels a `workspace`
   * @param inputs features; with `ones`, those of one-hot rows, given by the positions of their ones
   * @param widths units of each hidden layer
   * @param options `regularizer`, as in Python, `ones` in a row, most `rows` at a time, `seed`;
   *   `bias`, or no biases; `relu`, or units that answer what reaches them (deep linear)
   */
  constructor(kernels, inputs, widths,
    { regularizer = "none", ones = 0, rows, seed, outputs = 1, bias = true, relu = true }) {
    Object.assign(this, { kernels, regularizer, ones, rows, outputs, rectified: relu });
    this.norms = regularizer.startsWith("batch norm");
    this.behind = regularizer === "batch norm after ReLU";
    const sizes = [inputs, ...widths, outputs];
    const layers = sizes.slice(1).map((units, i) => ({
      inputs: sizes[i], units, hidden: i < widths.length }));
    const norms = (layer) => (this.norms && layer.hidden ? 2 * layer.units : 0);
    this.count = layers.reduce((n, layer) => n + (layer.inputs + bias) * layer.units + norms(layer), 0);
    [this.weights, this.gradient] = [kernels.reals(this.count), kernels.reals(this.count)];
    let at = 0;
    const part = (length) => {
      const [from, to] = [at, (at += length)];
      return [this.weights.subarray(from, to), this.gradient.subarray(from, to)];
    };
    this.layers = layers.map((layer) => {
      const { units } = layer;
      const made = { ...layer, y: kernels.reals(rows * units), d: kernels.reals(rows * units) };
      [made.w, made.gw] = part(layer.inputs * units);
      [made.b, made.gb] = bias ? part(units) : [null, null];
      made.turned = kernels.reals(layer.inputs * units);
      made.mask = kernels.reals(regularizer === "dropout" || !ones ? rows * units : 0);
      if (norms(layer)) {
        [made.gamma, made.ggamma] = part(units);
        [made.beta, made.gbeta] = part(units);
        made.gamma.fill(1);
        made.running = kernels.reals(2 * units);
        made.running.fill(1, units);
        [made.inverse, made.mean] = [kernels.reals(units), kernels.reals(units)];
        made.normal = kernels.reals(rows * units);
        made.passed = kernels.reals(this.behind ? rows * units : 0); // what the ReLU answered
      }
      return made;
    });
    if (seed !== undefined) this.draw(new TorchRandom(seed));
  }

  /** PyTorch's initialization. */
  draw(random) {
    for (const { inputs, units, w, b } of this.layers) {
      const drawn = random.linear(inputs, units);
      for (let o = 0; o < units; o++) {
        for (let i = 0; i < inputs; i++) w[i * units + o] = drawn.weight[o * inputs + i];
      }
      b.set(drawn.bias);
    }
  }

  /** Outputs [n, outputs] of rows; `heard` fills a layer's dropout factors, or says false to leave
   * the layer as it is; `train` takes batch norm's statistics from these rows. */
  forward(x, n, { train = false, heard = null, from = 0, track = true } = {}) {
    const { kernels: k } = this;
    for (let number = from; number < this.layers.length; number++) {
      const layer = this.layers[number];
      const { inputs, units, w, b, y } = layer;
      if (number === 0 && this.ones) k.onehot(x, w, b, n, this.ones, units, y);
      else k.product(x, inputs, 1, w, n, inputs, units, b, y);
      if (layer.hidden) this.finish(layer, n, train, heard, track);
      x = y;
    }
    return x;
  }

  /** From a hidden layer's linear part to its answers: norm, ReLU and dropout, in its order. */
  finish(layer, n, train, heard, track) {
    const { kernels: k } = this;
    const { units, y } = layer;
    if (this.norms && !this.behind) this.normalize(layer, n, train, track);
    if (this.rectified) k.relu(y, n * units);
    if (this.behind) {
      k.copy(y, n * units, layer.passed);
      this.normalize(layer, n, train, track);
    }
    layer.silenced = train && heard !== null && heard(layer.mask, n * units, layer) !== false;
    if (layer.silenced) k.multiply(y, layer.mask, n * units);
  }

  /** Batch norm of a layer's rows in place. */
  normalize({ y, gamma, beta, units, normal, inverse, mean, running }, n, train, track = true) {
    if (train) {
      this.kernels.norm(y, gamma, beta, n, units, normal, inverse, mean, track ? running : null);
    } else this.kernels.norm_eval(y, gamma, beta, n, units, running);
  }

  /** Gradient of what has the slopes `d` [n, outputs] in the outputs of the last `forward`. Stops
   * above layer `until`, whose answers' slopes it then leaves in that layer's `d`. */
  backward(x, n, train, until = -1) {
    const { kernels: k, layers } = this;
    for (let number = layers.length - 1; number > until; number--) {
      const layer = layers[number];
      const { inputs, units, w, gw, gb, d } = layer;
      if (layer.hidden) this.through(layer, n, train);
      if (gb) k.columns(d, n, units, gb);
      const below = number ? layers[number - 1] : null;
      if (!below && this.ones) {
        k.fill(gw, 0, inputs * units);
        k.onehot_weights(x, d, n, this.ones, units, gw);
      } else if (units === 1) k.product(d, n, 1, below ? below.y : x, 1, n, inputs, null, gw);
      else k.product(below ? below.y : x, 1, inputs, d, inputs, n, units, null, gw);
      if (!below) continue;
      if (units === 1) k.product(d, 1, 1, w, n, 1, inputs, null, below.d);
      else {
        k.transpose(w, inputs, units, layer.turned);
        k.product(d, units, 1, layer.turned, n, units, inputs, null, below.d);
      }
    }
  }

  /** Takes a hidden layer's slopes from behind its ReLU, norm and dropout to its linear part. */
  through(layer, n, train) {
    const { kernels: k } = this;
    const { units, y, d, normal, gamma, inverse, ggamma, gbeta } = layer;
    if (layer.silenced) k.multiply(d, layer.mask, n * units);
    const norm = () => {
      if (train) k.norm_back(d, normal, gamma, inverse, n, units, ggamma, gbeta);
      else this.#fixedNorm(layer, n);
    };
    if (this.behind) norm();
    if (this.rectified) k.relu_back(this.behind ? layer.passed : y, d, n * units);
    if (this.norms && !this.behind) norm();
  }

  /** Backward through batch norm in evaluation mode: gβ = Σ d, d ← γ/√(var + ε) d. */
  #fixedNorm({ d, gamma, gbeta, units, running, mean }, n) {
    this.kernels.columns(d, n, units, gbeta);
    for (let u = 0; u < units; u++) mean[u] = gamma[u] / Math.sqrt(running[units + u] + 1e-5);
    for (let i = 0; i < n; i++) {
      this.kernels.multiply(d.subarray(i * units, (i + 1) * units), mean, units);
    }
  }

  /** Writes factor · ∂loss/∂outputs to where `backward` begins. */
  begin(loss, targets, n, factor) {
    const { y, d } = this.layers.at(-1);
    this.kernels.slope(LOSSES[loss], y, targets, n * this.outputs, factor, d);
    return d;
  }
}

/** Adam with clipping, or momentum; the state lasts as long as the kind of optimizer. */
class Optimizer {
  constructor(kernels, count) {
    Object.assign(this, { kernels, count, kind: "" });
    [this.first, this.second] = [kernels.reals(count), kernels.reals(count)];
  }

  /** Moves weights by a gradient. */
  step({ weights, gradient }, { kind, rate, decay = 0, clip = null, mu = 0.9 }) {
    const { kernels: k, count, first, second } = this;
    if (this.kind !== kind) {
      this.kind = kind;
      [this.one, this.two] = [1, 1]; // β₁ᵗ and β₂ᵗ: browsers' powers differ in the last bit
      k.fill(first, 0, count);
      k.fill(second, 0, count);
    }
    if (kind === "momentum") {
      k.momentum(weights, gradient, first, count, decay, rate, mu);
      return;
    }
    this.one *= 0.9;
    this.two *= 0.999;
    const norm = Math.sqrt(k.dot(gradient, gradient, count));
    const scale = clip === null ? 1 : Math.min(1, clip / (norm + 1e-6));
    k.adam(weights, gradient, first, second, count, scale, decay, rate / (1 - this.one),
      1 - 0.9, 0.999, 1 - 0.999, Math.sqrt(1 - this.two));
  }
}
