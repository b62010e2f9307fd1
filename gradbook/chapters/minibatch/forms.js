/* The minibatch chapter's closed forms: a second implementation of those in Python. */

const thousands = (n) => `${Math.round(n)}`.replace(/\B(?=(\d{3})+$)/g, ",");

/** P(K ≤ most) for K binomial with n trials of chance p. */
function binomial(most, n, p) {
  if (p <= 0) return 1;
  if (p >= 1) return most >= n ? 1 : 0;
  let term = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= most; k++) {
    sum += Math.exp(term);
    term += Math.log(n - k) - Math.log(k + 1) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

/** Share of opposed pairs when each of B rows votes and a share p of all votes "too high". */
function opposed(p, size) {
  const below = Math.floor((size + 1) / 2) - 1;
  const [up, down] = [binomial(below, size, 1 - p), binomial(below, size, p)];
  return (2 * up * down) / (up + down) ** 2;
}

/** Cosine of two minibatches from the noise scale, of n rows drawn once. */
const cosine = (scale, size, rows) =>
  1 / (1 + ((scale / size) * (rows - size)) / (rows - 1));
const meanCosine = (scales, size, rows) =>
  scales.reduce((sum, scale) => sum + cosine(scale, size, rows), 0) / scales.length;

const FORMS = {
  vote: {
    lines({ size }) {
      const p = Array.from({ length: 101 }, (_, i) => i / 100);
      return { "pairs opposed": [p, p.map((share) => opposed(share, size))] };
    },
    sentence: ({ size }) => `Where 60 % of all rows vote one way, `
      + `${Math.round(100 * opposed(0.6, size))} % of the pairs of minibatches of ${size} are `
      + `opposed; at an even split ${Math.round(100 * opposed(0.5, size))} %.`,
  },
  batch: {
    lines({ size, epoch, scales, rows }) {
      const b = Array.from({ length: 91 }, (_, i) => 8 * 512 ** (i / 90));
      const at = meanCosine(scales[epoch], size, rows);
      return {
        "two minibatches' cosine": [b, b.map((v) => meanCosine(scales[epoch], v, rows))],
        "your batch": [[size, size], [0, at]],
      };
    },
    sentence({ size, epoch, scales, rows }) {
      const [now, twice] = [size, 2 * size].map((b) => meanCosine(scales[epoch], b, rows));
      return `Epoch ${epoch}, ${thousands(size)} rows: cosine ${now.toFixed(2)}. Twice as many rows `
        + `would make a step up to ${(twice / now).toFixed(1)} times as good.`;
    },
  },
};
