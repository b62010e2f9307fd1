"use strict";
// Recognizers that grow: `gradbook.training.gardens` under a regularizer that may change.

/** What each regularizer of the garden does to the gradients. */
const DIETS = {
  none: () => ({}),
  "weight decay": (strength) => ({ decay: strength }),
  dropout: (strength) => ({ dropout: strength }),
  "gradient noise": (strength) => ({ noise: strength }),
  "spectral decoupling": (strength) => ({ coupling: strength }),
};

class Garden {
  /** `fixed`: frequencies [K], factors, batch_size and, where it differs, scale. */
  constructor(kernels, seed, { frequencies, factors, batch_size, scale = 0.3 }) {
    const count = frequencies.length;
    Object.assign(this, { kernels, seed, frequencies, factors, count, batch: batch_size });
    const random = stream(seed, 0);
    this.weights = kernels.reals(factors * count);
    for (let i = 0; i < factors * count; i++) this.weights[i] = scale * normal(random);
    const all = [...frequencies, Math.max(0, 1 - summed(frequencies))];
    this.chances = all.map((p) => p / summed(all));
    this.batches = stream(seed, 2);
    this.counts = new Float64Array(count + 1);
    this.shares = kernels.reals(count);
    this.heard = kernels.reals(count);
    this.noise = kernels.reals(factors * count);
  }

  /** Called before the first step and whenever the settings change. */
  restart() {
    this.random = stream(this.seed, 3);
  }

  step({ regularizer, strength, rate }) {
    const { count, counts, shares, heard, noise, random } = this;
    const { decay = 0, dropout = 0, noise: size = 0, coupling = 0 } = DIETS[regularizer](strength);
    multinomial(this.batches, this.batch, this.chances, counts);
    for (let k = 0; k < count; k++) shares[k] = counts[k] / this.batch;
    if (dropout) {
      for (let i = 0; i < count * count; i++) {
        const kept = random.unit() >= dropout;
        if (i % (count + 1) === 0) heard[i / (count + 1)] = kept / (1 - dropout);
      }
    }
    if (size) for (let i = 0; i < noise.length; i++) noise[i] = size * normal(random);
    this.kernels.garden(this.weights, this.factors, count, shares, dropout ? heard : null,
      size ? noise : null, 1, rate, decay, coupling);
  }

  /** Norm and answer of each recognizer, its dose less erosion on all examples, and what the
   * regularizer takes. A product f of F factors is homogeneous: ⟨∇_w f, w⟩ = F f. */
  record({ regularizer, strength }) {
    const { decay = 0, dropout = 0, coupling = 0 } = DIETS[regularizer](strength);
    const { weights, factors, count, frequencies } = this;
    const penalty = dropout / (1 - dropout) + coupling; // times f²/2, of the expected loss
    const found = { norm: [], answer: [], dose: [], pull: [] };
    for (let k = 0; k < count; k++) {
      const own = Array.from({ length: factors }, (_, j) => weights[j * count + k]);
      const norm = Math.hypot(...own);
      const f = own.reduce((a, b) => a * b);
      const along = (factors * f) / norm; // ⟨∇_w f, w/‖w‖⟩
      found.norm.push(norm);
      found.answer.push(f);
      found.dose.push(frequencies[k] * (1 - f) * along);
      found.pull.push(decay * norm + frequencies[k] * penalty * f * along);
    }
    return found;
  }

  get finite() {
    return this.weights.every(Number.isFinite);
  }
}
