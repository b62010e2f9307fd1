// Two moons at the reader's margin, width, regularizer and optimizer, switched at any step.
const SHOWN = {
  "share of coordinate 2": ["share_2", "share of the decision, coordinate 2"],
  "dose of coordinate 2": ["dose_2", "dose less erosion, coordinate 2"],
  loss: ["loss", "logistic loss"],
  "accuracy without coordinate 1": ["erased", "accuracy, coordinate 1 set to 0"],
};
const SIDE = 41; // points of the picture along either coordinate
const CURES = {
  none: ["Diet()", 0],
  "weight decay": ["Diet(weight_decay={})", 0.01],
  dropout: ["Diet(dropout={})", 0.5],
  "batch norm": ["Diet()", 0],
  "spectral decoupling": ["Diet(decoupling={})", 0.006],
};
const OPTIMIZER = { momentum: "ensemble.Momentum({}, 0.9)", Adam: "ensemble.Adam({})" };

/** Where the picture's own colours lie between the two moons' at an answer f. */
const mixed = (f) => {
  const share = (1 + Math.tanh(f / 2)) / 2;
  const [low, high] = [[86, 180, 233], [240, 170, 90]];
  return low.map((v, i) => Math.round(v + share * (high[i] - v)));
};

const LAB = {
  blame: "rate",
  display: ["shown"],
  settled: 0.02,
  check: (name, { regularizer, strength }) =>
    (name === "strength" && regularizer === "dropout" && !(strength < 1)
      ? `Expected a dropout rate below 1, got ${strength}.` : ""),
  adapt(values, name) {
    if (name === "regularizer") return { ...values, strength: CURES[values.regularizer][1] };
    if (name === "optimizer") return { ...values, rate: { momentum: 0.01, Adam: 0.001 }[values.optimizer] };
    return values;
  },
  job: ({ margin, width, regularizer, steps }) => ({ subject: "moons", kind: "float32", steps,
    every: [...new Set([1, 2, 5, 75, 275, 525, ...Array.from({ length: 101 }, (_, i) => Math.round(i * steps / 100))])],
    shown: { side: SIDE }, fixed: { margin, width, batch_norm: regularizer === "batch norm" } }),
  settings: ({ regularizer, strength, optimizer, rate }) => ({
    regularizer, strength, optimizer, rate }),
  axis: ({ shown }) => SHOWN[shown][1],
  curves: (record, { shown }) => ({ live: record[SHOWN[shown][0]] }),
  sentence: ({ share_2: share, erased }) => `Coordinate 2 carries ${percent(share)} of the decision; `
    + `without coordinate 1 the net is right on ${percent(erased, 3)} of the examples.`,
  measured({ shown, width, margin }, { seed, margins, epochs, courses }, log) {
    const name = SHOWN[shown][0];
    const [[, first], second] = log;
    const same = width === 500 && first.optimizer === "momentum" && first.rate === 0.01;
    const near = (values, to) => [...values].sort((a, b) => Math.abs(a - to) - Math.abs(b - to))[0];
    const at = near(margins, margin);
    const pick = ({ regularizer, strength }, from) => near(from.filter(({ stages }) =>
      stages.at(-1).at(-2) === regularizer).map(({ stages }) => stages.at(-1).at(-1)), strength);
    const single = courses.filter(({ stages }) => stages.length === 1);
    const strength = same ? pick(first, single) : undefined;
    if (strength === undefined) return { lines: [] };
    const is = ([regularizer, own]) => regularizer === first.regularizer && own === strength;
    const found = single.filter(({ stages }) => is(stages[0]));
    if (second) {
      found.push(...courses.filter(({ stages: [one, two] }) => two && is(one) && two[0] === second[0]
        && two[1] === second[1].regularizer && two[2] === second[1].strength));
    }
    const what = `${first.regularizer} ${strength || ""}`.trim();
    return { label: `measured: ${what}, margin ${minus(`${at}`)}, seed ${seed}`,
      lines: found.map(({ stages, values }) => {
        const x = stages[1] ? epochs.filter((epoch) => epoch > stages[1][0]) : epochs;
        return { x, y: values[margins.indexOf(at)][name] };
      }) };
  },
  picture: {
    width: 246,
    height: 246,
    label: () => "The decision over the plane, coordinate 1 to the right and coordinate 2 upward, with the examples.",
    draw(context, { picture, points, labels }) {
      if (!picture) return;
      const cell = 246 / SIDE;
      for (let i = 0; i < SIDE; i++) {
        for (let j = 0; j < SIDE; j++) {
          const f = picture[i * SIDE + j];
          const turns = [[1, 0], [0, 1]].some(([a, b]) => i + a < SIDE && j + b < SIDE
            && f * picture[(i + a) * SIDE + j + b] < 0);
          context.fillStyle = turns ? "#222" : `rgb(${mixed(f).join()})`;
          context.fillRect(i * cell, 246 - (j + 1) * cell, cell + 0.5, cell + 0.5);
        }
      }
      labels.forEach((label, i) => {
        context.fillStyle = label > 0 ? "#8a3d00" : "#003f66";
        context.fillRect((points[2 * i] + 2) * 61.5 - 1.2, 246 - (points[2 * i + 1] + 2) * 61.5 - 1.2, 2.4, 2.4);
      });
    },
  },
  python({ margin, width, regularizer, seed }, log, done) {
    const norm = regularizer === "batch norm" ? "batch norm" : "none";
    const stages = log.map(([at, one], i) => `    (${at}, ${(log[i + 1]?.[0] ?? done) - at}, `
      + `${OPTIMIZER[one.optimizer].replace("{}", one.rate)}, `
      + `${CURES[one.regularizer][0].replace("{}", one.strength)}),`);
    return `import numpy as np
import torch
from gradbook import models
from gradbook.chapters import starvation
from gradbook.training import ensemble
from gradbook.training.diets import Diet

inputs, labels = map(torch.from_numpy, starvation.moons.moons(${seed}, margin=${margin}))
net = models.mlp(2, (${width},), regularizer="${norm}", one_hot=False, seed=${seed})
nets = ensemble.Ensemble([net])
for start, steps, optimizer, diet in [
${stages.join("\n")}
]:
    nets, _ = ensemble.train(nets, inputs, labels, optimizer, steps=steps, diets=diet,
                             seeds=[10_000 * start + ${seed}])
middles = np.linspace(-1.9, 1.9, 20)
points = np.stack(np.meshgrid(middles, middles, indexing="ij"), -1).reshape(-1, 2)
decision = nets.outputs(torch.from_numpy(points)).reshape(20, 20).numpy()
share = starvation.moons.carried(decision)
print(f"coordinate 2 carries {share:.2%}")
`;
  },
};
