"use strict";
// Examples that share a feature and have a pattern each, as `gradbook.chapters.generalization.memorizing`
// trains deep linear networks on them: z_i = t_i G + p_i U, f_i = a·(… z_i).

const ROUND_OFF = 1e-10; // of the first gradients' mean length: no longer, and it has no direction

/** Python's `round`: a half goes to the even number. */
function rounded(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}

/** What a step of 1 adds to the length of w, −⟨g, w⟩/‖w‖; ‖g‖ where w = 0. */
function growth(kernels, w, g, count) {
  const length = Math.sqrt(kernels.dot(w, w, count));
  return length > 0 ? -kernels.dot(w, g, count) / length : Math.sqrt(kernels.dot(g, g, count));
}

class Examples {
  /** `fixed`: examples n, share of wrong labels, layers of weights; units, fresh examples, scale. */
  constructor(kernels, seed, { examples, wrong, layers, units = 16, fresh = 1000, scale = 0.2 }) {
    const inputs = 1 + 2 * examples; // the shared feature, then a pattern in twice as many dimensions
    Object.assign(this, { kernels, seed, examples, inputs, fresh, deep: layers > 1 });
    const random = stream(seed, 2);
    this.truth = Array.from({ length: examples + fresh }, () => 2 * random.integer(2) - 1);
    this.wrong = new Uint8Array(examples);
    random.permutation(examples).slice(0, rounded(wrong * examples)).forEach((i) => { this.wrong[i] = 1; });
    this.labels = kernels.reals(examples);
    this.labels.set(this.truth.slice(0, examples).map((t, i) => (this.wrong[i] ? -t : t)));
    this.rows = kernels.reals((examples + fresh) * inputs);
    this.network = new Network(kernels, inputs, Array(layers - 1).fill(units),
      { rows: examples, bias: false, relu: false });
    const { weights, count } = this.network;
    if (this.deep) {
      const [drawn, size] = [stream(seed, 0), scale / Math.sqrt(units)];
      for (let i = 0; i < count; i++) weights[i] = size * normal(drawn);
    }
    this.velocity = kernels.reals(count);
    this.state = kernels.integers(8);
    const widest = this.deep ? units : 1;
    [this.read, this.fed] = [0, 1].map(() => kernels.reals(examples * widest));
    this.through = [0, 1].map(() => kernels.reals(Math.max(inputs, widest)));
    this.answers = kernels.reals(fresh);
  }

  /** Draws the patterns, directions of length 1, some rows at a time. */
  *prepare() {
    const { seed, examples, fresh, rows } = this;
    rows.set(yield* kept("examples", [seed, examples, fresh].join(), () => this.#drawn()));
  }

  *#drawn() {
    const { inputs, truth } = this;
    const rows = new Float64Array(truth.length * inputs);
    const drawn = stream(this.seed, 1);
    for (let i = 0; i < truth.length; i++) {
      const row = rows.subarray(i * inputs, (i + 1) * inputs);
      for (let j = 1; j < inputs; j++) row[j] = normal(drawn);
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      for (let j = 1; j < inputs; j++) row[j] /= length;
      row[0] = truth[i];
      if (i % 16 === 15) yield;
    }
    return rows;
  }

  /** Dropout's factors begin anew. */
  restart() {
    this.state.set(packedWords(stream(this.seed, 3)));
  }

  step({ regularizer, strength, rate }) {
    const { network, kernels, examples: n, rows } = this;
    const { decay = 0, dropout = 0, coupling = 0 } = DIETS[regularizer](strength);
    const last = network.layers.at(-2);
    const heard = dropout ? (mask, count, layer) => layer === last
      && kernels.kept(this.state, dropout, 1 / (1 - dropout), count, mask) : null;
    const f = network.forward(rows, n, { train: true, heard });
    const d = network.begin("squared", this.labels, n, 0.5 / n); // of ½(f − y)²
    if (coupling) kernels.add(d, coupling / n, f, n);
    network.backward(rows, n, true);
    kernels.momentum(network.weights, network.gradient, this.velocity, network.count, decay, rate, 0);
  }

  /** Mean loss ½(f − y)²; dose less erosion, but not below 0, of the shared weights, and its mean over the patterns of
   * right- and of wrong-labelled examples; mean cosine of their gradients with the mean of all
   * others'; shares not answered as labelled: of all, of the wrong-labelled, of fresh ones. What
   * does not exist is null. */
  record() {
    const { kernels: k, network, examples: n, rows, inputs, labels, wrong } = this;
    const [first] = network.layers;
    const { units } = first;
    const f = network.forward(rows, n);
    const loss = k.loss(LOSSES.squared, f, labels, n) / (2 * n);
    network.begin("squared", labels, n, 0.5 / n);
    network.backward(rows, n, false);
    const patterns = rows.subarray(1);
    const [shared, own] = [first.gw, first.gw.subarray(units)];
    k.product(patterns, inputs, 1, first.w.subarray(units), n, inputs - 1, units, null, this.read);
    k.product(patterns, inputs, 1, own, n, inputs - 1, units, null, this.fed);
    const part = (x, i, width) => x.subarray(i * width, (i + 1) * width);
    const doses = Array.from(wrong, (_, i) =>
      Math.max(0, growth(k, part(this.read, i, units), part(this.fed, i, units), units)));
    const cosines = this.#agreements(shared);
    const misses = Array.from(wrong, (_, i) => (f[i] * labels[i] > 0 ? 0 : 1));
    const mean = (values, kind) => {
      const some = values.filter((v, i) => v !== null && (kind === null || wrong[i] === kind));
      return some.length ? some.reduce((a, b) => a + b, 0) / some.length : null;
    };
    return {
      loss,
      general: Math.max(0, growth(k, first.w, shared, units)),
      right: mean(doses, 0),
      wrong: mean(doses, 1),
      agree_right: mean(cosines, 0),
      agree_wrong: mean(cosines, 1),
      train_error: mean(misses, null),
      wrong_error: mean(misses, 1),
      test_error: this.#fresh(),
    };
  }

  /** Cosine of each example's gradient with the mean of all others'; null where one is round-off.
   *
   * With ‖g_i‖² and ⟨g_i, ḡ⟩, layer by layer products of what enters and the error that returns. */
  #agreements(shared) {
    const { kernels: k, network, examples: n, truth, fed } = this;
    const square = new Float64Array(n);
    const along = new Float64Array(n);
    network.layers.forEach(({ units, inputs, d, gw }, number) => {
      const below = number ? network.layers[number - 1].y : null;
      for (let i = 0; i < n; i++) {
        const error = d.subarray(i * units, (i + 1) * units); // 1/n of this example's own
        const size = n * n * k.dot(error, error, units);
        const enters = below?.subarray(i * inputs, (i + 1) * inputs);
        square[i] += size * (below ? k.dot(enters, enters, inputs) : 2);
        if (below) {
          k.product(enters, inputs, 1, gw, 1, inputs, units, null, this.through[0]);
          along[i] += n * k.dot(this.through[0], error, units);
        } else {
          const own = fed.subarray(i * units, (i + 1) * units);
          along[i] += n * (truth[i] * k.dot(shared, error, units) + k.dot(own, error, units));
        }
      }
    });
    this.least ??= ROUND_OFF * square.reduce((sum, s) => sum + Math.sqrt(s), 0) / n;
    const total = along.reduce((a, b) => a + b, 0) / n; // ‖ḡ‖²
    return Array.from(square, (s, i) => {
      const rest = (n * along[i] - s) / (n - 1);
      const size = (n * n * total - 2 * n * along[i] + s) / (n - 1) ** 2;
      const product = Math.sqrt(Math.max(0, s * size));
      return product > 0 && Math.sqrt(s) > this.least ? rest / product : null;
    });
  }

  /** Share of fresh examples that are missed, by the one product of all layers. */
  #fresh() {
    const { kernels: k, network, inputs, fresh, examples, truth } = this;
    let [now, next] = this.through;
    now[0] = 1;
    for (const { w, inputs: wide, units } of [...network.layers].reverse()) {
      k.product(w, units, 1, now, wide, units, 1, null, next);
      [now, next] = [next, now];
    }
    k.product(this.rows.subarray(examples * inputs), inputs, 1, now, fresh, inputs, 1, null, this.answers);
    return this.answers.reduce((sum, f, i) => sum + (f * truth[examples + i] > 0 ? 0 : 1), 0) / fresh;
  }

  get finite() {
    return this.network.weights.every(Number.isFinite);
  }
}
