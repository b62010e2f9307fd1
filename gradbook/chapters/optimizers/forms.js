/* The optimizers chapter's closed forms: a second implementation of those in Python. */

const brief = (x, digits = 2) => `${Number(x.toPrecision(digits))}`;

const GRID = geomspace(1e-4, 0.25, 241);
const RARE = geomspace(1e-6, 0.25, 201);

/** What one minibatch leaves in Adam's mean of squares. */
const floorOf = (beta2) => (1 - beta2) * ((1 - 0.9 / Math.sqrt(beta2)) / (1 - 0.9)) ** 2;

/** Mean of Adam's step over η. */
const push = (p, batch, beta2) => {
  const seen = batch * p;
  return seen / Math.sqrt(floorOf(beta2) + seen + seen ** 2);
};

const decoupled = (speed, decay) => Math.min(1, (speed / decay) ** 2);
const inside = (p, decay) => Math.max(0, 1 - decay / p);
const adamw = (p, { batch, decay, beta2 }) => decoupled(push(p, batch, beta2), decay);

/** Frequency that AdamW leaves half of the right answer. */
function half({ batch, decay, beta2 }) {
  const share = (decay / Math.SQRT2) ** 2;
  const root = Math.sqrt(share ** 2 + 4 * (1 - share) * share * floorOf(beta2));
  return (share + root) / (2 * (1 - share)) / batch;
}

/** The least count that half of all minibatches do not exceed. */
function median(count, p) {
  let chance = (1 - p) ** count;
  let total = chance;
  let k = 0;
  while (total < 0.5) {
    chance *= ((count - k) / (k + 1)) * (p / (1 - p));
    k += 1;
    total += chance;
  }
  return k;
}

function signVote(p, { batch, decay }) {
  const middle = median(batch, p);
  return middle ? Math.max(1 - (decay * batch) / middle, 0) : 0;
}

const OF_KIND = {
  AdamW: adamw,
  SignSGD: (p, { batch, decay }) => decoupled(1 - (1 - p) ** batch, decay),
  "SignSGD, L2": signVote,
  Lion: (_, { decay }) => decoupled(1, decay),
};

const WHY = {
  SGD: "Decay is in the gradient: a feature seen in fewer than λ = 0.01 of the examples dies.",
  momentum: "Momentum averages gradient and decay alike: the threshold stays at p = λ = 0.01.",
  "Adam, L2": "Adam divides gradient and decay by one number: the threshold stays at p = λ.",
  AdamW: "Decay is outside: what is seen less is answered less, and nothing falls to 0.",
  SignSGD: "Each minibatch that shows the feature gives one step, however many examples do.",
  "SignSGD, L2": "Minibatches vote with decay: what most of them lack dies, at p = ln 2/B.",
  Lion: "The sign of a long mean forgets how rare a feature is: nearly all are answered.",
};

const learningTime = {
  SGD: (p, { rates, start }) =>
    Math.log((0.5 * (1 - start ** 2)) / (start ** 2 * 0.5)) / (2 * rates.SGD * p),
  Adam: (p, { rates, start, batch, beta2 }) =>
    (Math.sqrt(0.5) - start) / (rates.Adam * push(p, batch, beta2)),
};

const FORMS = {
  law: {
    lines: (s) => ({
      AdamW: [GRID, GRID.map((p) => adamw(p, s))],
      "Adam, decay in the gradient": [GRID, GRID.map((p) => inside(p, s.inside))],
    }),
    sentence(s) {
      if (s.decay >= Math.SQRT2) {
        return `At wd = ${s.decay} even what all examples show is answered less than half.`;
      }
      return `AdamW, B = ${s.batch}, wd = ${s.decay}: half of the right answer is left to `
        + `a feature that one example in ${Math.round(1 / half(s)).toLocaleString("en-US")} shows. `
        + "None falls to 0.";
    },
  },
  kinds: {
    lines({ kind, trained }) {
      const form = OF_KIND[kind] ?? ((p, { decay }) => inside(p, decay));
      return { [kind]: [GRID, GRID.map((p) => form(p, trained[kind]))] };
    },
    sentence: ({ kind }) => WHY[kind],
  },
  words: {
    lines: ({ frequency, rule, right, setting }) => ({
      "the rule's probability": [frequency, rule[setting]],
      right: [frequency, frequency.map(() => right)],
    }),
    sentence({ rule, setting }) {
      const of = rule[setting];
      return `${setting}: the rule has probability ${of[0].toFixed(2)} after the most common `
        + `eighth of the words, ${of.at(-1).toFixed(2)} after the rarest.`;
    },
  },
  times: {
    lines: (s) => ({
      SGD: [RARE, RARE.map((p) => learningTime.SGD(p, s))],
      Adam: [RARE, RARE.map((p) => learningTime.Adam(p, s))],
    }),
    sentence(s) {
      const [sgd, adam] = ["SGD", "Adam"].map((kind) =>
        brief(learningTime[kind](1e-4, s) / learningTime[kind](1e-2, s)));
      return `B = ${s.batch}: a fact 100 times rarer, 0.01 % instead of 1 %, takes ${sgd} times as `
        + `long under SGD, ${adam} times under Adam.`;
    },
  },
};
