/* The explorer's numbers: read from the model's bytes, summed up, and as text. */

const vector = (x, y) => ({ x, y, norm: Math.hypot(x, y) });
const dot = (v, w) => v.x * w.x + v.y * w.y;
const cosine = (v, w) => dot(v, w) / (v.norm * w.norm);
const vectors = (flat) =>
  Array.from({ length: flat.length / 2 }, (_, i) => vector(flat[2 * i], flat[2 * i + 1]));

/** The angle between two gradients in degrees; NaN where one of them is zero. */
function angle(v, w) {
  if (v.norm === 0 || w.norm === 0) return NaN;
  return (180 / Math.PI) * Math.atan2(Math.abs(v.x * w.y - v.y * w.x), dot(v, w));
}

/** The model's arrays as functions of the indices of view, epoch, layer, minibatch. */
function readData(model) {
  const meta = model.get("meta");
  const field = new Int8Array(bytesOf(model, "field"));
  const [scale, centre] = ["scale", "centre"].map((name) =>
    new Float32Array(bytesOf(model, name)));
  const M = meta.minibatches;
  const points = meta.offsets.length ** 2;
  const group = (v, e, l) => (v * meta.epochs.length + e) * meta.layers.length + l;
  const summaries = new Map();
  const summary = (v, e, l) => {
    const i = group(v, e, l);
    if (!summaries.has(i)) {
      summaries.set(i, summarise(vectors(centre.subarray(i * M * 2, (i + 1) * M * 2))));
    }
    return summaries.get(i);
  };
  return {
    meta,
    summary,
    landscape(v, e, l, m) {
      const i = group(v, e, l) * M + m;
      const codes = field.subarray(2 * i * points, 2 * (i + 1) * points);
      const all = vectors(Float64Array.from(codes, (code) => (code / 127) * scale[i]));
      all[(points - 1) / 2] = summary(v, e, l).all[m]; // known to more digits than the codes'
      return all;
    },
  };
}

/** How well gradients agree; a zero gradient has no direction and counts in no pair. */
function summarise(all) {
  const sum = all.reduce((total, v) => vector(total.x + v.x, total.y + v.y), vector(0, 0));
  const mean = vector(sum.x / all.length, sum.y / all.length);
  const live = all.filter((v) => v.norm > 0);
  let [pairs, opposed, cosines] = [0, 0, 0];
  for (let i = 0; i < live.length; i++) {
    for (let j = 0; j < i; j++) {
      const cos = cosine(live[i], live[j]);
      pairs += 1;
      opposed += cos < 0 ? 1 : 0;
      cosines += cos;
    }
  }
  return {
    all,
    mean,
    cosines: all.map((v) => cosine(v, mean)),
    meanCosine: cosines / pairs, // NaN without a pair
    opposed: opposed / pairs,
    against: live.filter((v) => dot(v, mean) < 0).length,
    zeros: all.length - live.length,
  };
}

const wholePercent = (x) => (Number.isFinite(x) ? `${Math.round(100 * x)} %` : "–");
const degrees = (x) => (Number.isFinite(x) ? `${Math.round(x)}°` : "–");

/** Three significant digits: 0.0123, 830, 1.23 × 10⁻⁵. */
function significant(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size >= 100 && size < 1e5) return minus(x.toFixed(0));
  if (size >= 1e-3 && size < 100) return minus(x.toPrecision(3));
  const [mantissa, exponent] = x.toExponential(2).split("e");
  return `${minus(mantissa)} × 10${raised(Number(exponent))}`;
}

/** An offset with its sign: +0.017. */
const offset = (x, digits = 2) => minus(`${x > 0 ? "+" : ""}${Number(x.toPrecision(digits))}`);

/** The table's rows: key, label, number, its text. A side is what the widget's update makes. */
function rows({ minibatches, loss_label }) {
  const count = (n) => `${n} of ${minibatches}`;
  const centre = (points) => points[(points.length - 1) / 2];
  return [
    ["mean-cosine", "mean pairwise cosine", (side) => side.summary.meanCosine, decimals],
    ["opposed-pairs", "opposed pairs", (side) => side.summary.opposed, wholePercent],
    ["against-mean", "against the mean", (side) => side.summary.against, count],
    ["zero", "zero gradient", (side) => side.summary.zeros, count],
    ["norm", "this minibatch’s norm", ({ summary, m }) => summary.all[m].norm, significant],
    ["cosine-with-mean", "cosine with the mean", ({ summary, m }) => summary.cosines[m], decimals],
    ["test-loss", loss_label, (side) => side.loss, significant],
    ["test-r2", "test R²", (side) => side.r2, (x) => decimals(x, 3)],
    ["cursor-norm", "norm", ({ landscape, cursor }) => landscape[cursor]?.norm ?? NaN, significant],
    ["cursor-angle", "angle to the centre", ({ landscape, cursor }) =>
      (cursor < 0 ? NaN : angle(landscape[cursor], centre(landscape))), degrees],
  ];
}
const CURSOR_ROWS = 2; // the last ones, under a head and said on their own
