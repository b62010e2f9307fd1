/* The dropout chapter's closed forms: a second implementation of those in Python. */

const range = (low, high, count) =>
  Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The masks' share of the variance, in per cent, averaged over so many masks. */
function masksShare({ epochs, ratios, epoch }, masks) {
  return 100 / (1 + masks / ratios[epochs.indexOf(epoch)]);
}

/** What batch norm passes on of one unit over the rows, under a bias. */
function normalized({ rows, place, mode }, bias) {
  const before = (v) => (place === "behind the ReLU" ? Math.max(v, 0) : v);
  const moved = rows.map((z) => before(z + bias));
  const over = mode === "training" ? moved : rows.map(before);
  const middle = mean(over);
  const spread = Math.sqrt(mean(over.map((v) => (v - middle) ** 2)) + 1e-5);
  return moved.map((v) => (v - middle) / spread);
}

const FORMS = {
  masks: {
    lines(settings) {
      const masks = range(0, Math.log(64), 121).map(Math.exp);
      return { "the masks' part": [masks, masks.map((v) => masksShare(settings, v))] };
    },
    sentence(settings) {
      const [one, sixteen] = [1, 16].map((v) => masksShare(settings, v));
      return `After ${settings.epoch} epochs the masks make ${one.toFixed(0)} % of the variance `
        + `with one mask a row, ${sixteen.toFixed(0)} % with 16.`;
    },
  },
  idle: {
    lines(settings) {
      const bias = range(-2, 2, 81);
      const found = bias.map((b) => normalized(settings, b));
      return Object.fromEntries(settings.rows.map((_, i) =>
        [`row ${i + 1}`, [bias, found.map((outputs) => outputs[i])]]));
    },
    sentence(settings) {
      const [low, high] = [-1, 1].map((b) => normalized(settings, b));
      const moved = Math.max(...high.map((v, i) => Math.abs(v - low[i])));
      return `Batch norm ${settings.place}, in ${settings.mode} mode: as the bias goes from −1 to `
        + `1, an output moves by up to ${moved.toFixed(2)}.`;
    },
  },
};
