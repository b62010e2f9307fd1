"use strict";
// Three features, each right on a share of the examples, after a head start of the first: the
// networks of `gradbook.chapters.starvation.experiments.delay`, without biases.

const SIGNS = Array.from({ length: 16 }, (_, i) => [8, 4, 2, 1].map((bit) => (i & bit ? 1 : -1)));
const GOAL = 0.97; // accuracy at which all three features are listened to
const SILENT = 1e-6; // an output no larger is a coin toss

class Features {
  /** `fixed`: widths, relu, own (a path a feature), start (its weights); head_start in steps, loss,
   * examples and reliability, the share on which a feature is right. */
  constructor(kernels, seed, { widths, relu = false, own = false, start = 0, head_start: head, loss,
    examples = 2000, reliability = 0.9 }) {
    Object.assign(this, { kernels, head, loss, done: 0, since: null });
    this.frequent = SIGNS.map(([label, ...features]) => features.reduce((p, feature) =>
      p * (feature === label ? reliability : 1 - reliability), 1) / 2);
    const counts = new Float64Array(16);
    multinomial(stream(seed, 2), examples, this.frequent, counts);
    const filled = (values) => {
      const made = kernels.reals(values.length);
      made.set(values);
      return made;
    };
    this.seen = filled(counts.map((count) => count / examples));
    this.labels = filled(SIGNS.map(([label]) => label));
    this.all = filled(SIGNS.flatMap(([, ...features]) => features));
    this.alone = filled(SIGNS.flatMap(([, first]) => [first, 0, 0]));
    this.network = new Network(kernels, 3, widths.slice(1, -1), { rows: 16, bias: false, relu });
    this.velocity = kernels.reals(this.network.count);
    this.paths = filled(Array(this.network.count).fill(1));
    const drawn = stream(seed, 0);
    const { weights } = this.network;
    for (const { w, inputs, units } of this.network.layers) {
      const path = this.paths.subarray((w.byteOffset - weights.byteOffset) / w.BYTES_PER_ELEMENT);
      for (let o = 0; o < units; o++) {
        for (let i = 0; i < inputs; i++) {
          const at = i * units + o;
          w[at] = normal(drawn) / Math.sqrt(inputs);
          if (own) {
            path[at] = units === 1 || i === o ? 1 : 0;
            w[at] = start * (1 + 0.1 * w[at]) * path[at];
          } else if (widths.length === 2) w[at] *= 0.01;
        }
      }
    }
  }

  restart() {}

  /** Gradient of the mean loss over the sample, of what the network is shown. */
  #descend(shown) {
    const { kernels: k, network } = this;
    network.forward(shown, 16);
    const d = network.begin(this.loss, this.labels, 16, this.loss === "squared" ? 0.5 : 1);
    k.multiply(d, this.seen, 16);
    network.backward(shown, 16, false);
    k.multiply(network.gradient, this.paths, network.count);
  }

  step({ decay, rate }) {
    const { weights, gradient, count } = this.network;
    this.#descend(this.done++ < this.head ? this.alone : this.all);
    this.kernels.momentum(weights, gradient, this.velocity, count, decay, rate, 0);
  }

  /** Accuracy and mean loss over all examples there are; how far the output turns with each
   * feature; dose less erosion of the weights that read it; the step since which accuracy has been
   * at its goal, or null. */
  record() {
    const { kernels: k, network, labels, frequent, done } = this;
    this.#descend(this.all);
    const [first] = network.layers;
    const of = (weights, feature) =>
      weights.subarray(feature * first.units, (feature + 1) * first.units);
    const features = [0, 1, 2];
    const dose = features.map((i) => growth(k, of(first.w, i), of(first.gw, i), first.units));
    const f = network.layers.at(-1).y;
    const mean = (value) => frequent.reduce((sum, share, i) => sum + share * value(i), 0);
    const accuracy = mean((i) => (Math.abs(f[i]) < SILENT ? 0.5 : f[i] * labels[i] > 0 ? 1 : 0));
    this.since = accuracy < GOAL ? null : this.since ?? done;
    const half = this.loss === "squared" ? 0.5 : 1;
    return {
      accuracy,
      loss: mean((i) => half * k.loss(LOSSES[this.loss], f.subarray(i, i + 1), labels.subarray(i, i + 1), 1)),
      reliance: features.map((j) => SIGNS.reduce((sum, signs, i) => sum + f[i] * signs[1 + j], 0) / 16),
      dose,
      since: this.since,
    };
  }

  get finite() {
    return this.network.weights.every(Number.isFinite);
  }
}
