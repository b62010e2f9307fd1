/* The dosage chapter's closed forms: a second implementation of those in Python. */

const brief = (x, digits = 3) => `${Number(x.toPrecision(digits))}`;
const part = (share) => (share > 0 && share < 0.001 ? "less than 0.1 %" : `${brief(100 * share)} %`);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

const SHARED = "shared weights, one output";
const LOGISTIC = "own weights, logistic loss";

/** Answer at rest of a recognizer with weights of its own, given p/λ. */
const survivor = (ratio, logistic) =>
  (logistic ? Math.log(Math.max(ratio - 1, 1)) : Math.max(0, 1 - 1 / ratio));

/** Answers at rest when all share weights and one output: v = p/(p + λ/‖v‖), by bisection. */
function sharing(p, decay) {
  const length = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  if (length(p) <= decay) return p.map(() => 0);
  const answers = (size) => p.map((v) => (v * size) / (v * size + decay));
  let [low, high] = [1e-9, Math.sqrt(p.length) + 1];
  for (let i = 0; i < 200; i++) {
    const size = (low + high) / 2;
    if (length(answers(size)) > size) low = size;
    else high = size;
  }
  return answers((low + high) / 2);
}

/** Size, as a share, and cosine of a recognizer that nothing reinforces any more. */
function starved({ norm, rate, decay, noise, measured, dimensions }, step) {
  const keep = 1 - rate * decay;
  const signal = norm * keep ** step;
  const total = keep === 1 ? step : (1 - keep ** (2 * step)) / (1 - keep ** 2);
  const size = Math.sqrt(signal ** 2 + dimensions * (rate * noise * measured) ** 2 * total);
  return [size / norm, size > 0 ? signal / size : 1];
}

const LEFT = {
  "gradient noise": () => 1,
  dropout: (strength) => 1 - strength,
  "spectral decoupling": (strength) => 1 / (1 + strength),
  "weight decay": (strength, p) => survivor(p / strength),
};
const strengthOf = ({ strengths, regularizer, level }) => strengths[regularizer][level - 1];

const FORMS = {
  survival: {
    lines({ network, decay, frequencies }) {
      if (network === SHARED) return { answer: [frequencies, sharing(frequencies, decay)] };
      const p = geomspace(0.00125, 0.08, 301);
      return { answer: [p, p.map((v) => survivor(v / decay, network === LOGISTIC))] };
    },
    sentence({ network, decay, frequencies }) {
      if (network === SHARED) {
        return Math.hypot(...frequencies) > decay
          ? `At λ = ${decay} no feature dies: the rare ones only answer less.`
          : `At λ = ${decay} all features die together.`;
      }
      return `At λ = ${decay} a feature seen in fewer than `
        + `${part(decay * (network === LOGISTIC ? 2 : 1))} of the examples dies.`;
    },
  },
  starved: {
    lines(settings) {
      const step = Array.from({ length: 151 }, (_, i) => (settings.steps * i) / 150);
      const found = step.map((t) => starved(settings, t));
      return {
        size: [step, found.map(([size]) => size)],
        "direction kept (cosine)": [step, found.map(([, cosine]) => cosine)],
      };
    },
    sentence(settings) {
      const [size, cosine] = starved(settings, settings.steps);
      return `After ${settings.steps} steps: size ${part(size)}, `
        + `cosine with what it was ${cosine.toFixed(2)}.`;
    },
  },
  regularizers: {
    lines(settings) {
      const p = geomspace(0.005, 0.32, 201);
      const left = LEFT[settings.regularizer];
      return { answer: [p, p.map((v) => left(strengthOf(settings), v))] };
    },
    sentence(settings) {
      const strength = strengthOf(settings);
      const [common, rare] = [0.32, 0.01].map((p) => LEFT[settings.regularizer](strength, p));
      return `${capital(settings.regularizer)} ${strength}: a feature in 32 % of the examples is `
        + `answered with ${common.toFixed(2)}, one in 1 % with ${rare.toFixed(2)}.`;
    },
  },
};
