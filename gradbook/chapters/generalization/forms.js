/* The generalization chapter's closed forms: a second implementation of those in Python. */

const NETWORKS = ["linear", "deep linear", "ReLU"];

/** Answers and doses of a linear network that starts at zero, after some steps of descent. */
function course(step, count, wrong, rate) {
  const mean = 1 - 2 * wrong;
  const left = (speed) => (1 - rate * speed) ** step;
  const [shared, apart] = [left(1 + 1 / count), left(1 / count)];
  const general = (mean * (1 - shared) * count) / (count + 1);
  return {
    general,
    right: general / count + (1 - mean) * (1 - apart),
    wrong: (1 + mean) * (1 - apart) - general / count,
    generalDose: mean * shared,
    wrongDose: ((1 + mean) * apart - mean * shared) / count,
  };
}

/** Steps until both doses are equal. */
function crossing({ count, wrong, rate }) {
  const kept = Math.log1p(-rate / count) - Math.log1p(-rate * (1 + 1 / count));
  return Math.log(((count + 1) * (1 - 2 * wrong)) / (2 - 2 * wrong)) / kept;
}

/** Dose of the shared feature over an own one's, summed until little of the loss is left. */
function doseRatio(count, kind, { units, nodes, weights, scale, left }) {
  if (kind === "linear") return count;
  const twice = kind === "ReLU" ? 2 : 1;
  const travelled = Math.sqrt(twice * (1 - Math.sqrt(left)));
  const step = (Math.sqrt(twice) * travelled) / count;
  let [grown, total] = [0, 0];
  nodes.forEach((node, i) => {
    const start = scale * Math.min(1, Math.max(-1, node / Math.sqrt(units)));
    const after = Math.sqrt(Math.max(scale ** 2 + 2 * start * step + step ** 2, 0));
    const nearest = Math.sqrt(Math.max(scale ** 2 - start ** 2, 0));
    const least = start >= 0 ? scale : step > -start ? nearest : after;
    grown += (after - least) * weights[i];
    total += weights[i];
  });
  return (travelled * total) / grown;
}

/** What a small step gains on fresh examples, over its own gain. */
const oneStepRatio = (count, noiseScale) => 1 / (1 + noiseScale / count);

const hundreds = (v) => Math.round(v / 100) * 100;

const STOPPING = ["loss on fresh examples", "errors on fresh examples", "wrong labels memorized"];

const FORMS = {
  crossing: {
    lines(settings) {
      const { count, wrong, rate, steps, floor } = settings;
      const step = Array.from({ length: steps + 1 }, (_, i) => i);
      const found = step.map((k) => course(k, count, wrong, rate));
      const equal = crossing(settings);
      const [doses, before] = [found.map(({ wrongDose }) => wrongDose), Math.floor(equal)];
      const height = doses[before] + (equal - before) * (doses[before + 1] - doses[before]);
      return {
        "shared feature": [step, found.map(({ generalDose }) => generalDose)],
        "a wrong label's own": [step, doses],
        equal: [[equal, equal], [floor, height]],
      };
    },
    sentence: (settings) => `With n = ${settings.count} the shared feature gets more for `
      + `${Math.ceil(crossing(settings))} steps, and then each wrong label's own feature.`,
  },
  ratio: {
    lines(settings) {
      const n = geomspace(10, 10000, 61);
      return Object.fromEntries(NETWORKS.map((kind) =>
        [kind, [n, n.map((count) => doseRatio(count, kind, settings))]]));
    },
    sentence(settings) {
      const [deep, relu] = NETWORKS.slice(1).map((kind) => hundreds(doseRatio(1000, kind, settings)));
      return "By theory the shared feature of 1000 examples gets 1000 times the dose in a linear "
        + `network, and in a hidden layer of ${settings.units} units about ${deep} times, `
        + `or ${relu} with ReLU.`;
    },
  },
  never_wrong: {
    lines({ count, rate, steps, right }) {
      const step = geomspace(1, steps, 121);
      const found = step.map((k) => course(k, count, 1 - right, rate));
      const lines = {
        "answer to a fresh example": [step, found.map(({ general }) => general)],
        "added by a right label's own weight": [step, found.map((at) => at.right)],
      };
      if (right < 1) {
        lines["answer to a wrong label, towards it"] =
          [step, found.map(({ wrong, general }) => wrong - general)];
      }
      return lines;
    },
    sentence({ count, rate, steps, right }) {
      const end = course(steps, count, 1 - right, rate);
      if (right === 1) {
        return "No label is wrong: the shared feature answers in full, and there is nothing left to "
          + `memorize. Each own weight adds ${end.right.toFixed(2)}.`;
      }
      const late = Math.round((count * Math.log(2 * right)) / rate / 10) * 10;
      return `${Math.round(100 * right)} % of the labels are right: the shared feature answers `
        + `${end.general.toFixed(2)}, each right label's own weight adds ${end.right.toFixed(2)}. `
        + `Wrong labels are memorized after about ${late} steps.`;
    },
  },
  one_step: {
    lines({ scale }) {
      const n = geomspace(10, 10000, 61);
      return { "share of the gain that others have": [n, n.map((count) => oneStepRatio(count, scale))] };
    },
    sentence: ({ scale }) => "Of what a small step on 100 examples gains on them, others have "
      + `${(100 * oneStepRatio(100, scale)).toFixed(0)} %. For half it takes ${scale} examples, for `
      + `nine tenths ${9 * scale}.`,
  },
  stopping: {
    lines({ recorded, measured, network, stop }) {
      const seen = STOPPING.map((label) => [label, [recorded, measured[network][label]]]);
      return { ...Object.fromEntries(seen), "stop here": [[stop + 1, stop + 1], [0, 1]] };
    },
    sentence({ recorded, measured, network, stop }) {
      const [loss, errors, memory] = STOPPING.map((label) =>
        measured[network][label][recorded.indexOf(stop + 1)]);
      const least = Math.min(...measured[network]["loss on fresh examples"]);
      const thousandths = (v) => Math.round(1000 * v);
      return `Stop at step ${stop}: loss ${loss.toFixed(3)} on fresh examples (lowest: `
        + `${least.toFixed(3)}), ${thousandths(errors)} of 1000 missed, ${thousandths(memory)} of `
        + "1000 wrong labels memorized.";
    },
  },
  grokking: {
    lines({ recorded, measured, what, step }) {
      const count = recorded.indexOf(step) + 1;
      const labels = {
        strength: ["rule", "memory"],
        "dose and decay": ["dose to the rule", "dose to memory", "decay of the rule", "decay of memory"],
        "pairs answered": ["pairs never seen", "pairs seen in training"],
      }[what];
      return Object.fromEntries(labels.map((label) =>
        [label, [recorded.slice(0, count), measured[label].slice(0, count)]]));
    },
    sentence({ recorded, measured, step }) {
      const at = (label) => measured[label][recorded.indexOf(step)];
      const part = (label) => Math.round(100 * at(label));
      const larger = at("dose to the rule") > at("dose to memory") ? "the rule" : "memory";
      const grows = at("dose to memory") > at("decay of memory") ? "grows" : "shrinks";
      return `Step ${step}: ${part("pairs seen in training")} % of the seen pairs are answered and `
        + `${part("pairs never seen")} % of the others. The larger dose goes to ${larger}; memory `
        + `${grows}.`;
    },
  },
};
