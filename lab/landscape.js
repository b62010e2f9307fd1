"use strict";
// The gradient landscape: the gradient of each minibatch in two biases, on a grid of their values.

/** SFC64, which `gradbook.probes` draws dropout's masks from; 64 bits at a time. */
function* sfc64(seed) {
  const words = seedWords([seed], 6);
  let [a, b, c] = [0, 2, 4].map((i) => (BigInt(words[i + 1]) << 32n) | BigInt(words[i]));
  let counter = 1n;
  const u64 = (x) => BigInt.asUintN(64, x);
  for (let drawn = 0; ; drawn++) {
    const out = u64(a + b + counter++);
    a = b ^ (b >> 11n);
    b = u64(c + (c << 3n));
    c = u64(((c << 24n) | (c >> 40n)) + out);
    if (drawn >= 12) yield out;
  }
}

/** Dropout's factors for all minibatches, a list a layer, as `gradbook.probes.sequential.Masks`. */
function maskBits(seed, sizes, rate) {
  const source = sfc64(seed);
  const least = Math.round(rate * 65536) - 32768;
  return sizes.map((size) => {
    const factors = new Float64Array(size);
    for (let i = 0; i < size; i += 4) {
      let word = source.next().value;
      for (let j = i; j < Math.min(i + 4, size); j++, word >>= 16n) {
        factors[j] = Number(BigInt.asIntN(16, word)) >= least ? 1 / (1 - rate) : 0;
      }
    }
    return factors;
  });
}

class Landscape {
  /**
   * @param course a `Characters`
   * @param options `layers` (indices of hidden layers), `mode`, `offsets`, `minibatches`, `units`
   *   (two in each layer; else those that respond in most minibatches so far)
   */
  constructor(course, { layers = [1, 2], mode = "eval", offsets, minibatches = 50, units = null }) {
    const { batch, seed, train, regularizer } = course;
    Object.assign(this, { layers, offsets, minibatches, batch, units, train: mode === "train" });
    const kernels = workspace("float64", { wasm: course.kernels.way === "WebAssembly" });
    const sizes = course.network.layers.filter(({ hidden }) => hidden).map((layer) => layer.units);
    this.network = new Network(kernels, 660, sizes, { regularizer, ones: 44, rows: batch });
    this.x = kernels.integers(44 * batch);
    this.y = kernels.reals(batch);
    const random = new TorchRandom(seed);
    this.rows = []; // of each minibatch, drawn when it is first gone through: many are a long task
    this.drawn = () => random.permutation(train).slice(0, batch);
    const drops = this.train && regularizer === "dropout";
    this.masks = drops ? maskBits(seed, sizes.map((size) => minibatches * batch * size), 0.3) : null;
    const widest = Math.max(...sizes);
    this.base = kernels.reals(batch * widest);
    this.kept = kernels.reals(batch * widest);
    this.pair = [0, 1].map(() => ({ out: offsets.map(() => kernels.reals(batch)),
      slope: offsets.map(() => kernels.reals(batch)), w: kernels.reals(widest) }));
    this.rarest = layers.map((l) => new Float64Array(sizes[l]).fill(0.5));
  }

  /** One minibatch through the network; then its gradient in everything above layer 1. */
  #pass(course, number) {
    const { network, batch } = this;
    if (number === this.rows.length) this.rows.push(this.drawn());
    this.rows[number].forEach((row, i) => {
      this.x.set(course.positions.subarray(44 * row, 44 * (row + 1)), 44 * i);
      this.y[i] = course.targets[row];
    });
    let layer = 0;
    const heard = this.masks && ((mask, count) => {
      mask.set(this.masks[layer++].subarray(number * count, (number + 1) * count));
    });
    network.forward(this.x, batch, { train: this.train, heard, track: false });
    network.begin(course.loss, this.y, batch, 1 / batch);
  }

  /** Gradients [layers, minibatches, G, G, 2], their `centre` [layers, minibatches, 2], the two
   * `units` of each layer, and the mean `cosine` of every two centres; a minibatch at a time. */
  *look(course) {
    const { network, layers, offsets, minibatches, batch } = this;
    const side = offsets.length;
    network.weights.set(course.network.weights);
    network.layers.forEach((layer, i) => layer.running?.set(course.network.layers[i].running));
    const answered = this.rarest.map((one) => new Float64Array(one.length));
    for (let m = 0; m < minibatches && !this.units; m++) {
      this.#pass(course, m);
      network.backward(this.x, batch, this.train, 0);
      layers.forEach((l, i) => {
        const { gbeta, gb } = network.layers[l];
        (gbeta ?? gb).forEach((g, u) => { answered[i][u] += (g !== 0) / minibatches; });
      });
      yield;
    }
    if (!this.units) {
      this.rarest.forEach((one, i) => one.forEach((share, u) => {
        one[u] = Math.min(share, answered[i][u]);
      }));
    }
    const units = this.units ?? this.rarest.map((one) => [...one.keys()]
      .sort((a, b) => one[b] - one[a] || a - b).slice(0, 2).sort((a, b) => a - b));
    const field = new Float64Array(layers.length * minibatches * side * side * 2);
    for (let m = 0; m < minibatches; m++) {
      this.#pass(course, m);
      layers.forEach((l, i) => {
        if (i) this.#pass(course, m); // the grid has overwritten what follows a layer
        this.#grid(course, l, units[i], field, (i * minibatches + m) * side * side * 2);
      });
      yield;
    }
    const parts = layers.map((_, i) =>
      field.subarray(i * minibatches * side * side * 2, (i + 1) * minibatches * side * side * 2));
    parts.forEach(dropRoundoff);
    const middle = ((side * side - 1) / 2) * 2;
    const centre = parts.map((part) => Array.from({ length: minibatches }, (_, m) =>
      [...part.subarray(m * side * side * 2 + middle, m * side * side * 2 + middle + 2)]));
    return { field, centre, units, cosine: centre.map(meanCosine) };
  }

  /** The two units' answers and slopes at each offset: `z`, moved, through what follows the bias. */
  #curve(l, unit, { out, slope }) {
    const { network, offsets, batch } = this;
    const layer = network.layers[l];
    const below = network.layers[l - 1].y;
    const { units, inputs, w, b } = layer;
    for (let i = 0; i < batch; i++) {
      let z;
      if (network.behind) z = layer.y[i * units + unit];
      else {
        z = b[unit];
        for (let k = 0; k < inputs; k++) z += below[i * inputs + k] * w[k * units + unit];
        if (layer.gamma) {
          const [mean, inverse] = this.train ? [layer.mean[unit], layer.inverse[unit]]
            : [layer.running[unit], 1 / Math.sqrt(layer.running[units + unit] + 1e-5)];
          z = (z - mean) * inverse * layer.gamma[unit] + layer.beta[unit];
        }
      }
      const factor = layer.silenced ? layer.mask[i * units + unit] : 1;
      offsets.forEach((e, g) => {
        const passes = network.behind || z + e > 0;
        out[g][i] = passes ? factor * (z + e) : 0;
        slope[g][i] = passes ? factor : 0;
      });
    }
  }

  #grid(course, l, pair, field, start) {
    const { network, offsets, batch, base, kept } = this;
    const { kernels: k } = network;
    const [layer, next] = [network.layers[l], network.layers[l + 1]];
    const same = this.masks && (() => {}); // the masks of this minibatch stay where they are
    pair.forEach((unit, i) => {
      this.#curve(l, unit, this.pair[i]);
      this.pair[i].w.set(next.w.subarray(unit * next.units, (unit + 1) * next.units));
    });
    k.copy(layer.y, batch * layer.units, kept);
    for (let i = 0; i < batch; i++) for (const unit of pair) kept[i * layer.units + unit] = 0;
    k.product(kept, layer.units, 1, next.w, batch, layer.units, next.units, next.b, base);
    const [first, second] = this.pair;
    let at = start;
    offsets.forEach((_, g) => offsets.forEach((__, h) => {
      k.moved(base, first.out[g], first.w, second.out[h], second.w, batch, next.units, next.y);
      if (next.hidden) network.finish(next, batch, this.train, same, false);
      network.forward(next.y, batch, { train: this.train, heard: same, from: l + 2, track: false });
      network.begin(course.loss, this.y, batch, 1 / batch);
      network.backward(this.x, batch, this.train, l + 1);
      if (next.hidden) network.through(next, batch, this.train);
      field[at++] = k.felt(next.d, first.w, first.slope[g], batch, next.units);
      field[at++] = k.felt(next.d, second.w, second.slope[h], batch, next.units);
    }));
  }
}

/** Pairs shorter than 10⁻⁹ of the longest become zero, as in `gradbook.probes.drop_roundoff`. */
function dropRoundoff(pairs) {
  let most = 0;
  for (let i = 0; i < pairs.length; i += 2) most = Math.max(most, Math.hypot(pairs[i], pairs[i + 1]));
  for (let i = 0; i < pairs.length; i += 2) {
    if (Math.hypot(pairs[i], pairs[i + 1]) <= 1e-9 * most) pairs[i] = pairs[i + 1] = 0;
  }
}

/** Mean cosine of every two gradients; those of zero length have no angle. */
function meanCosine(gradients) {
  const units = gradients.map(([x, y]) => [x, y].map((v) => v / Math.hypot(x, y)))
    .filter(([x]) => Number.isFinite(x));
  let [total, count] = [0, 0];
  units.forEach(([a, b], i) => units.slice(i + 1).forEach(([c, d]) => {
    total += Math.min(1, Math.max(-1, a * c + b * d));
    count++;
  }));
  return total / count;
}
