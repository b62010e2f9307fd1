"use strict";
// Distributions as NumPy draws them, on the words of `random.js`.

const EDGE = 3.6541528853610087963519472518; // where the ziggurat's tail begins
const AREA = 0.00492867323397465516; // of each of its 256 layers, the tail's too

/** The ziggurat's layers: widths, densities and integer bounds. Marsaglia & Tsang 2000. */
const ZIGGURAT = (() => {
  const scale = 2 ** 52;
  const density = (x) => power(-0.5 * x * x);
  const x = new Float64Array(257);
  x[256] = AREA / density(EDGE);
  x[255] = EDGE;
  for (let i = 254; i > 0; i--) {
    x[i] = Math.sqrt(-2 * ln(AREA / x[i + 1] + density(x[i + 1])));
  }
  const bound = Float64Array.from({ length: 256 }, (_, i) =>
    (i > 1 ? Math.floor((scale * x[i - 1]) / x[i]) : 0));
  bound[0] = Math.floor((scale * EDGE) / x[256]);
  const width = Float64Array.from({ length: 256 }, (_, i) => (i ? x[i] : x[256]) / scale);
  const height = Float64Array.from({ length: 256 }, (_, i) => (i ? density(x[i]) : 1));
  return { bound, width, height };
})();

/** `Generator.standard_normal()`, by the ziggurat. */
function normal(random) {
  const { bound, width, height } = ZIGGURAT;
  for (;;) {
    const word = random.word();
    const layer = Number(word & 0xffn);
    const size = Number((word >> 9n) & 0xfffffffffffffn);
    const x = (word >> 8n) & 1n ? -size * width[layer] : size * width[layer];
    if (size < bound[layer]) return x;
    if (layer === 0) {
      for (;;) {
        const past = -ln(1 - random.unit()) / EDGE;
        const other = -ln(1 - random.unit());
        if (other + other > past * past) {
          return (word >> 17n) & 1n ? -(EDGE + past) : EDGE + past;
        }
      }
    }
    const share = (height[layer - 1] - height[layer]) * random.unit() + height[layer];
    if (share < power(-0.5 * x * x)) return x;
  }
}

/** Binomial by inversion, n p ≤ 30. */
function inverted(random, n, p) {
  const q = 1 - p;
  const none = power(n * ln(1 - p));
  const most = Math.min(n, n * p + 10 * Math.sqrt(n * p * q + 1));
  let [count, chance, u] = [0, none, random.unit()];
  while (u > chance) {
    count++;
    if (count > most) [count, chance, u] = [0, none, random.unit()];
    else {
      u -= chance;
      chance = ((n - count + 1) * p * chance) / (count * q);
    }
  }
  return count;
}

/** Binomial for n p > 30, by rejection under triangle, parallelogram and exponential tails.
 * Kachitvichyanukul & Schmeiser 1988 (BTPE), as NumPy's `random_binomial_btpe`. */
function rejected(random, n, p) {
  const r = Math.min(p, 1 - p);
  const q = 1 - r;
  const fm = n * r + r;
  const m = Math.floor(fm);
  const p1 = Math.floor(2.195 * Math.sqrt(n * r * q) - 4.6 * q) + 0.5;
  const [xm, c] = [m + 0.5, 0.134 + 20.5 / (15.3 + m)];
  const [xl, xr] = [xm - p1, xm + p1];
  const steep = (a) => a * (1 + a / 2);
  const left = steep((fm - xl) / (fm - xl * r));
  const right = steep((xr - fm) / (xr * q));
  const p2 = p1 * (1 + 2 * c);
  const p3 = p2 + c / left;
  const p4 = p3 + c / right;
  const nrq = n * r * q;
  const stirling = (x) => (13680 - (462 - (132 - (99 - 140 / (x * x)) / (x * x)) / (x * x)) / (x * x)) / x / 166320;
  for (;;) {
    const u = random.unit() * p4;
    let v = random.unit();
    let y;
    if (u <= p1) {
      y = Math.floor(xm - p1 * v + u);
      return p > 0.5 ? n - y : y;
    }
    if (u <= p2) {
      const x = xl + (u - p1) / c;
      v = v * c + 1 - Math.abs(m - x + 0.5) / p1;
      if (v > 1) continue;
      y = Math.floor(x);
    } else if (u <= p3) {
      y = Math.floor(xl + ln(v) / left);
      if (y < 0 || v === 0) continue;
      v = v * (u - p2) * left;
    } else {
      y = Math.floor(xr - ln(v) / right);
      if (y > n || v === 0) continue;
      v = v * (u - p3) * right;
    }
    const k = Math.abs(y - m);
    if (k <= 20 || k >= nrq / 2 - 1) {
      const s = r / q;
      const a = s * (n + 1);
      let f = 1;
      for (let i = m + 1; i <= y; i++) f *= a / i - s;
      for (let i = y + 1; i <= m; i++) f /= a / i - s;
      if (v > f) continue;
    } else {
      const rho = (k / nrq) * ((k * (k / 3 + 0.625) + 0.16666666666666666) / nrq + 0.5);
      const t = (-k * k) / (2 * nrq);
      const a = ln(v);
      if (a > t + rho) continue;
      if (a >= t - rho) {
        const [x1, f1, z, w] = [y + 1, m + 1, n + 1 - m, n - y + 1];
        if (a > xm * ln(f1 / x1) + (n - m + 0.5) * ln(z / w)
          + (y - m) * ln((w * r) / (x1 * q))
          + stirling(f1) + stirling(z) + stirling(x1) + stirling(w)) continue;
      }
    }
    return p > 0.5 ? n - y : y;
  }
}

/** `Generator.binomial(n, p)`. */
function binomial(random, n, p) {
  if (n === 0 || p === 0) return 0;
  const rare = Math.min(p, 1 - p);
  if (rare * n > 30) return rejected(random, n, p);
  return p <= 0.5 ? inverted(random, n, p) : n - inverted(random, n, 1 - p);
}

/** Sum in the order of `numpy.sum`, of fewer than 128 numbers: a chance may stand on a bound. */
function summed(values) {
  const whole = values.length - (values.length % 8);
  if (!whole) return values.reduce((a, b) => a + b, 0);
  const r = values.slice(0, 8);
  for (let i = 8; i < whole; i++) r[i % 8] += values[i];
  const total = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  return values.slice(whole).reduce((a, b) => a + b, total);
}

/** `Generator.multinomial(n, chances)`, written to out. */
function multinomial(random, n, chances, out) {
  let [left, rest] = [n, 1];
  out.fill(0);
  for (let j = 0; j < chances.length - 1 && left > 0; j++) {
    out[j] = binomial(random, left, chances[j] / rest);
    left -= out[j];
    rest -= chances[j];
  }
  if (left > 0) out[chances.length - 1] = left;
}

/** `numpy.random.RandomState(seed)`, which scikit-learn draws from; its words are MT19937's. */
class RandomState {
  constructor(seed) {
    this.words = new TorchRandom(seed);
    this.spare = null;
  }

  unit() {
    const high = this.words.word() >>> 5;
    return (high * 67108864 + (this.words.word() >>> 6)) / 2 ** 53;
  }

  /** `shuffle` of an array in place. */
  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const mask = 2 ** Math.ceil(Math.log2(i + 1)) - 1;
      let j = this.words.word() & mask;
      while (j > i) j = this.words.word() & mask;
      [items[i], items[j]] = [items[j], items[i]];
    }
  }

  /** `standard_normal()`, by Marsaglia's polar method. */
  normal() {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    let x, y, square;
    do {
      x = 2 * this.unit() - 1;
      y = 2 * this.unit() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * ln(square)) / square);
    this.spare = factor * x;
    return factor * y;
  }
}
