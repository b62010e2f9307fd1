"use strict";
// The functions of `layers.c` and `learning.c` in JavaScript, for pages whose policy forbids WebAssembly, and what
// makes either set: arrays of one kind, and functions of one name that take them.

const PAGE = 65536;

function plainKernels() {
  const dot = (x, y, count) => {
    let total = 0;
    for (let i = 0; i < count; i++) total += x[i] * y[i];
    return total;
  };
  const columns = (x, n, units, out) => {
    for (let u = 0; u < units; u++) out[u] = 0;
    for (let i = 0; i < n * units; i += units) for (let u = 0; u < units; u++) out[u] += x[i + u];
  };
  return {
    dot,
    columns,
    product(a, across, down, b, rows, inner, width, bias, c) {
      for (let r = 0; r < rows; r++) {
        for (let k = 0; k < width; k++) c[r * width + k] = bias ? bias[k] : 0;
        for (let j = 0; j < inner; j++) {
          const s = a[r * across + j * down];
          for (let k = 0; k < width; k++) c[r * width + k] += s * b[j * width + k];
        }
      }
    },
    transpose(w, rows, width, out) {
      for (let r = 0; r < rows; r++) {
        for (let k = 0; k < width; k++) out[k * rows + r] = w[r * width + k];
      }
    },
    onehot(positions, w, b, n, ones, outputs, y) {
      for (let i = 0; i < n; i++) {
        for (let o = 0; o < outputs; o++) y[i * outputs + o] = b[o];
        for (let j = 0; j < ones; j++) {
          const row = positions[i * ones + j] * outputs;
          for (let o = 0; o < outputs; o++) y[i * outputs + o] += w[row + o];
        }
      }
    },
    onehot_weights(positions, d, n, ones, outputs, gw) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < ones; j++) {
          const row = positions[i * ones + j] * outputs;
          for (let o = 0; o < outputs; o++) gw[row + o] += d[i * outputs + o];
        }
      }
    },
    fill(x, value, count) { for (let i = 0; i < count; i++) x[i] = value; },
    copy(x, count, y) { for (let i = 0; i < count; i++) y[i] = x[i]; },
    add(y, a, x, count) { for (let i = 0; i < count; i++) y[i] += a * x[i]; },
    multiply(y, x, count) { for (let i = 0; i < count; i++) y[i] *= x[i]; },
    relu(x, count) { for (let i = 0; i < count; i++) if (!(x[i] > 0)) x[i] = 0; },
    relu_back(y, d, count) { for (let i = 0; i < count; i++) if (!(y[i] > 0)) d[i] = 0; },
    norm(x, gamma, beta, n, units, normal, inverse, mean, running) {
      columns(x, n, units, mean);
      for (let u = 0; u < units; u++) {
        mean[u] /= n;
        inverse[u] = 0;
      }
      for (let i = 0; i < n * units; i++) {
        const away = x[i] - mean[i % units];
        normal[i] = away;
        inverse[i % units] += away * away;
      }
      for (let u = 0; u < units; u++) {
        const variance = inverse[u] / n;
        if (running) {
          running[u] += (mean[u] - running[u]) * 0.1;
          running[units + u] += ((variance * n) / (n - 1) - running[units + u]) * 0.1;
        }
        inverse[u] = 1 / Math.sqrt(variance + 1e-5);
      }
      for (let i = 0; i < n * units; i++) {
        normal[i] *= inverse[i % units];
        x[i] = normal[i] * gamma[i % units] + beta[i % units];
      }
    },
    norm_eval(x, gamma, beta, n, units, running) {
      for (let i = 0; i < n * units; i++) {
        const u = i % units;
        x[i] = (x[i] - running[u]) * (gamma[u] / Math.sqrt(running[units + u] + 1e-5)) + beta[u];
      }
    },
    norm_back(d, normal, gamma, inverse, n, units, ggamma, gbeta) {
      for (let u = 0; u < units; u++) ggamma[u] = gbeta[u] = 0;
      for (let i = 0; i < n * units; i++) {
        gbeta[i % units] += d[i];
        ggamma[i % units] += d[i] * normal[i];
      }
      for (let i = 0; i < n * units; i++) {
        const u = i % units;
        d[i] = gamma[u] * inverse[u] * (d[i] - gbeta[u] / n - (normal[i] * ggamma[u]) / n);
      }
    },
    loss(kind, f, y, n) {
      let total = 0;
      for (let i = 0; i < n; i++) {
        const off = f[i] - y[i];
        const m = f[i] * y[i];
        if (kind === 0) total += off * off;
        else if (kind === 1) total += Math.abs(off);
        else if (kind === 3) total += Math.max(0, 1 - m);
        else total += Math.max(0, -m) + logOfMore(power(-Math.abs(m)));
      }
      return total;
    },
    slope(kind, f, y, n, factor, d) {
      for (let i = 0; i < n; i++) {
        const off = f[i] - y[i];
        const m = f[i] * y[i];
        const e = power(-Math.abs(m));
        if (kind === 0) d[i] = factor * 2 * off;
        else if (kind === 1) d[i] = factor * Math.sign(off);
        else if (kind === 3) d[i] = m < 1 ? -factor * y[i] : 0;
        else d[i] = (-factor * y[i] * (m < 0 ? 1 : e)) / (1 + e);
      }
    },
    momentum(w, g, v, count, decay, rate, mu) {
      for (let i = 0; i < count; i++) {
        v[i] = mu * v[i] + (g[i] + decay * w[i]);
        w[i] -= rate * v[i];
      }
    },
    adam(w, g, m, v, count, clip, decay, rate, one, two, rest, correction) {
      for (let i = 0; i < count; i++) {
        const fed = clip * g[i] + decay * w[i];
        m[i] += one * (fed - m[i]);
        v[i] = two * v[i] + rest * fed * fed;
        w[i] -= (rate * m[i]) / (Math.sqrt(v[i]) / correction + 1e-8);
      }
    },
    garden(weights, factors, k, shares, heard, noise, steps, rate, decay, coupling) {
      const pulls = new Float64Array(factors);
      for (let t = 0; t < steps; t++) {
        for (let i = 0; i < k; i++) {
          const ear = heard ? heard[t * k + i] : 1;
          let whole = 1;
          for (let j = 1; j < factors; j++) whole *= weights[j * k + i];
          const f = weights[i] * whole * ear;
          const signal = (f - 1 + coupling * f) * shares[t * k + i] * ear;
          pulls[0] = whole * signal;
          for (let j = 1; j < factors; j++) {
            let others = 1;
            for (let l = 1; l < factors; l++) others *= l === j ? 1 : weights[l * k + i];
            pulls[j] = signal * weights[i] * others;
          }
          for (let j = 0; j < factors; j++) {
            if (noise) pulls[j] += noise[(t * factors + j) * k + i];
            weights[j * k + i] -= rate * (pulls[j] + decay * weights[j * k + i]);
          }
        }
      }
    },
    masks(state, least, factor, count, out) {
      const random = reopened(state);
      for (let i = 0; i < count; i += 4) {
        const word = random.word();
        for (let j = i; j < Math.min(i + 4, count); j++) {
          out[j] = Number((word >> BigInt(16 * (j - i))) & 0xffffn) >= least ? factor : 0;
        }
      }
      state.set(wordsOf(random.state), 0);
    },
    kept(state, rate, factor, count, out) {
      const random = reopened(state);
      for (let i = 0; i < count; i++) out[i] = random.unit() >= rate ? factor : 0;
      state.set(wordsOf(random.state), 0);
    },
    moved(base, u, w1, v, w2, rows, units, out) {
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < units; k++) {
          out[i * units + k] = base[i * units + k] + u[i] * w1[k] + v[i] * w2[k];
        }
      }
    },
    felt(d, w, slopes, rows, units) {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        if (slopes[i]) total += dot(d.subarray(i * units, (i + 1) * units), w, units) * slopes[i];
      }
      return total;
    },
  };
}

/** A number of 128 bits as four words, the lowest first. */
const wordsOf = (x) => [0n, 32n, 64n, 96n].map((by) => Number((x >> by) & 0xffffffffn));

/** A generator as the words of its state and increment, and the generator of such words. */
const packedWords = (random) => [...wordsOf(random.state), ...wordsOf(random.increment)];
function reopened(words) {
  const wide = (at) => [0, 1, 2, 3].reduce((sum, i) => sum | (BigInt(words[at + i]) << BigInt(32 * i)), 0n);
  const random = Object.create(NumpyRandom.prototype);
  [random.state, random.increment] = [wide(0), wide(4)];
  return random;
}

const compiled = {}; // each kind's module, the same for all workspaces

/** A workspace: `reals` and `integers` make arrays, and each kernel works on them.
 *
 * Arrays are never freed: what is trained next gets a workspace of its own.
 */
function workspace(kind, { wasm = true, megabytes = 64 } = {}) {
  const Real = kind === "float64" ? Float64Array : Float32Array;
  let module = null;
  try {
    if (wasm) {
      compiled[kind] ??= new WebAssembly.Module(
        Uint8Array.from(WASM[kind].match(/../g), (byte) => parseInt(byte, 16)));
      module = compiled[kind];
    }
  } catch {
    module = null; // a policy without wasm-unsafe-eval
  }
  if (!module) {
    return {
      ...plainKernels(),
      way: "JavaScript",
      reals: (count) => new Real(count),
      integers: (count) => new Uint32Array(count),
    };
  }
  const memory = new WebAssembly.Memory({ initial: megabytes * 16 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  let free = PAGE; // below lies the stack
  const take = (Kind, count) => {
    const at = free;
    free += (count * Kind.BYTES_PER_ELEMENT + 15) & ~15;
    if (free > memory.buffer.byteLength) {
      throw new RangeError(`expected a network that fits in ${megabytes} MB: make it smaller`);
    }
    return new Kind(memory.buffer, at, count);
  };
  const at = (x) => (typeof x === "object" && x !== null ? x.byteOffset : x);
  const kernels = Object.fromEntries(Object.entries(exports).map(([name, run]) =>
    [name, (a, b, c, d, e, f, g, h, i, j, k, l) => run(
      at(a), at(b), at(c), at(d), at(e), at(f), at(g), at(h), at(i), at(j), at(k), at(l))]));
  return {
    ...kernels,
    way: "WebAssembly",
    reals: (count) => take(Real, count),
    integers: (count) => take(Uint32Array, count),
  };
}
