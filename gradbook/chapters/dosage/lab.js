// The garden: recognizers of the reader's frequencies under a regularizer that may change.
const NUMBERS = (text) => text.split(/[;,]/).map((part) => part.trim()).filter(Boolean).map(Number);
const DIET = {
  none: "Diet()",
  "weight decay": "Diet(weight_decay={})",
  dropout: "Diet(dropout={})",
  "gradient noise": "Diet(noise={})",
  "spectral decoupling": "Diet(decoupling={})",
};
const USUAL = {
  none: 0, "weight decay": 0.02, dropout: 0.2, "gradient noise": 0.02, "spectral decoupling": 0.5,
};

const LAB = {
  blame: "rate",
  least: 1,
  check(name, { frequencies, regularizer, strength }) {
    if (name === "frequencies") {
      const found = NUMBERS(frequencies);
      const sum = found.reduce((a, b) => a + b, 0);
      if (!found.length || found.length > 12 || found.some((p) => !(p >= 0)) || sum > 1 + 1e-9) {
        return "Expected 1 to 12 frequencies from 0 that sum to 1 at most, since no example holds "
          + `two features, got ${frequencies || "nothing"}.`;
      }
    }
    if (name === "strength" && regularizer === "dropout" && !(strength < 1)) {
      return `Expected a dropout rate below 1, got ${strength}.`;
    }
    return "";
  },
  adapt: (values, name) =>
    (name === "regularizer" ? { ...values, strength: USUAL[values.regularizer] } : values),
  job: ({ frequencies, factors }) => ({ subject: "garden", steps: 2000, every: 80, pace: 16,
    fixed: { frequencies: NUMBERS(frequencies), factors, batch_size: 64 } }),
  settings: ({ regularizer, strength, rate }) => ({ regularizer, strength, rate }),
  curves: (record, { frequencies }) => Object.fromEntries(NUMBERS(frequencies).map((p, k) =>
    [`${k + 1}: p = ${percent(p, 3)}`, record.answer[k]])),
  sentence: ({ answer }) =>
    `${answer.filter((f) => f >= 0.02).length} of ${answer.length} recognizers answer their feature.`,
  measured({ frequencies, factors }, { seed, config, runs }, [[, first]]) {
    const { regularizer, strength, rate } = first;
    const same = JSON.stringify(NUMBERS(frequencies)) === JSON.stringify(config.frequencies)
      && factors === 2 && rate === 1;
    const [nearest] = runs.filter((run) => run.regularizer === regularizer)
      .sort((a, b) => Math.abs(a.strength - strength) - Math.abs(b.strength - strength));
    if (!same || !nearest) return { lines: [] };
    const x = nearest.answer.map((_, epoch) => epoch * config.steps_an_epoch);
    return { label: `measured: ${`${regularizer} ${nearest.strength || ""}`.trim()}, seed ${seed}`,
      lines: config.frequencies.map((_, k) => ({ x, y: nearest.answer.map((row) => row[k]) })) };
  },
  table(record, { frequencies }) {
    const rows = [["answer", "answer", 1, 2], ["norm", "norm", 1, 2], ["dose", "dose ·10³", 1000, 1],
      ["pull", "taken ·10³", 1000, 1]];
    return html("table", {},
      html("thead", {}, html("tr", {}, html("th", { scope: "row" }, "p"),
        ...NUMBERS(frequencies).map((p) => html("th", { scope: "col" }, percent(p, 3))))),
      html("tbody", {}, ...rows.map(([name, label, unit, digits]) => html("tr", {},
        html("th", { scope: "row" }, label),
        ...record[name].map((v) => html("td", {}, decimals(unit * v, digits)))))));
  },
  python({ frequencies, factors, seed }, log, done) {
    const stages = log.map(([at, { regularizer, strength, rate }], i) =>
      `    (${(log[i + 1]?.[0] ?? done) - at}, ${rate}, ${DIET[regularizer].replace("{}", strength)}),`);
    const shown = NUMBERS(frequencies);
    return `from gradbook.chapters import dosage
from gradbook.training import gardens
from gradbook.training.diets import Diet

frequencies = [${shown.join(", ")}]
garden = gardens.Recognizers(${shown.length}, factors=${factors}, seed=${seed})
batches = dosage.examples.sampled(dosage.examples.population(frequencies), 64, ${seed})
for steps, rate, diet in [
${stages.join("\n")}
]:
    garden, _ = gardens.grow(garden, batches, lambda _: {}, diet=diet, steps=steps,
                             learning_rate=rate, every=steps, seed=${seed})
answers = garden.incoming[:, 0] * garden.outgoing.prod(0)
print(answers.tolist())
`;
  },
};
