/* The closed forms of the chapter on one's own network: a second implementation of Python's. */

const brief = (x, digits = 2) => `${Number(x.toPrecision(digits))}`;

const BATCHES = geomspace(1, 4096, 121);
const SIZES = geomspace(1e-4, 1, 121);

const decayShare = (optimizer, size, { rate, decay }) =>
  (optimizer === "Adam, L2" ? (rate * decay) / (size + 1e-8) : rate * decay);

const FORMS = {
  batch: {
    lines: ({ scale }) => ({
      "steps, of whole gradients'": [BATCHES, BATCHES.map((b) => 1 + scale / b)],
      "examples, of single ones'": [BATCHES, BATCHES.map((b) => 1 + b / scale)],
    }),
    sentence: ({ scale }) => `Noise scale ${scale}: at B = ${scale} training takes twice the steps `
      + "that whole gradients need, and twice the examples that single ones need.",
  },
  precision: {
    lines: ({ looked, means, epochs, network }) =>
      Object.fromEntries(Object.entries(means).map(([score, of]) =>
        [score, [looked, of[network][`${epochs}`]]])),
    sentence({ looked, means, epochs, network }) {
      const at = looked.indexOf(50);
      const found = (score) => Math.round(100 * means[score][network][`${epochs}`][at]);
      return `The ${network} network after ${epochs} epoch${epochs > 1 ? "s" : ""}: of 50 pictures `
        + `looked at, ${found("highest loss")} % have wrong labels by loss, `
        + `${found("least agreement")} % by agreement.`;
    },
  },
  decay: {
    lines: ({ optimizer, rates, decays }) => ({
      [optimizer]: [SIZES, SIZES.map((v) =>
        decayShare(optimizer, v, { rate: rates[optimizer], decay: decays[optimizer] }))],
    }),
    sentence: ({ optimizer }) => (optimizer === "Adam, L2"
      ? "Adam with decay in the gradient takes ten times the share where gradients are a tenth."
      : `${optimizer} takes one share from every weight, whatever its gradient.`),
  },
};
