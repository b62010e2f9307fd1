/* The starvation chapter's closed forms: a second implementation of those in Python. */

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const fixed = (x, digits) => x.toFixed(digits).replace("-", "−");

/** The outline of bars: left ends, right ends and heights, joined along the axis. */
const barsOf = (bars) => [
  bars.flatMap(([left, right]) => [left, left, right, right]),
  bars.flatMap(([, , height]) => [0, height, height, 0]),
];

/** What minimizes the expected logistic loss and decoupling: chance − σ(f) = κ f, by bisection. */
function bestAnswer(chance, coefficient) {
  const end = Math.abs(Math.log(chance / (1 - chance))) + 1;
  let [low, high] = [-end, end];
  for (let i = 0; i < 100; i++) {
    const f = (low + high) / 2;
    if (chance - sigmoid(f) - coefficient * f > 0) low = f;
    else high = f;
  }
  return (low + high) / 2;
}

const answersOf = ({ chances, coefficient }) => chances.map((chance) =>
  bestAnswer(chance, coefficient));

const FORMS = {
  reliance: {
    lines({ reliance, reliability }) {
      return {
        "feature 1 is right": barsOf([[0, reliability, sigmoid(-reliance)]]),
        "feature 1 is wrong": barsOf([[reliability, 1, sigmoid(reliance)]]),
        "all, before anything is learned": [[0, 1], [0.5, 0.5]],
      };
    },
    sentence({ reliance, reliability }) {
      if (reliance === 0) {
        return "s = 0: nothing is learned yet, and every example's residual is 0.5.";
      }
      const [right, wrong] = [sigmoid(-reliance), sigmoid(reliance)];
      const left = reliability * right + (1 - reliability) * wrong;
      return `s = ${reliance}: a right example's residual is ${fixed(right, 3)}, a wrong one's `
        + `${fixed(wrong, 3)}, ${fixed(wrong / right, 1)} times as much. Feature 2 gets `
        + `${fixed(0.5 / left, 1)} times less than at s = 0.`;
    },
  },
  delay: {
    lines: ({ wrong, head_starts, predicted }) =>
      ({ "steps to catch up": [head_starts, predicted[wrong]] }),
    sentence: ({ wrong, says }) => says[wrong],
  },
  outvoted: {
    lines(settings) {
      const bars = answersOf(settings).map((f, k) => [k + 0.7, k + 1.3, f]);
      return {
        "shape and colour agree": barsOf([bars[0], bars[3]]),
        "they disagree": barsOf([bars[1], bars[2]]),
      };
    },
    sentence(settings) {
      const answers = answersOf(settings);
      const right = (shares, chances) => 100 * answers.reduce((sum, f, k) =>
        sum + shares[k] * (f > 0 ? chances[k] : 1 - chances[k]), 0);
      const { coefficient, shares, chances, test_shares, test_chances } = settings;
      return `κ = ${coefficient}: where they disagree the answer is ±${fixed(Math.abs(answers[1]), 2)}, `
        + `for the colour. Right in training: ${fixed(right(shares, chances), 0)} %, where the colour `
        + `misleads: ${fixed(right(test_shares, test_chances), 0)} %.`;
    },
  },
};
