// Examples that share a feature, with wrong labels that only their own patterns can tell.
const DIET = {
  none: ["Diet()", 0],
  "weight decay": ["Diet(weight_decay={})", 0.03],
  dropout: ["Diet(dropout={})", 0.5],
  "spectral decoupling": ["Diet(decoupling={})", 0.3],
};
const AGREE = "agreement of gradients";
const SHOWN = {
  errors: ["share of examples", { "new examples missed": ({ test_error: v }) => v,
    "wrong labels answered as given": ({ wrong_error: v }) => (v === null ? null : 1 - v) }],
  "dose of the shared weights": ["dose", { "shared weights": ({ general: v }) => v }],
  "doses of own patterns": ["mean dose", { "right labels": ({ right: v }) => v,
    "wrong labels": ({ wrong: v }) => v }],
  [AGREE]: ["mean cosine with all others", { "right labels": ({ agree_right: v }) => v,
    "wrong labels": ({ agree_wrong: v }) => v }],
};
const mislabelled = ({ examples, wrong }) => Math.round(wrong * examples - 1e-9);
const lines = (values) => Object.entries(SHOWN[values.shown][1])
  .filter(([label]) => mislabelled(values) || !label.startsWith("wrong"));
const nearest = (values, to) => [...values].sort((a, b) => Math.abs(a - to) - Math.abs(b - to))[0];

const LAB = {
  blame: "rate",
  least: 0.001,
  logarithmic: true,
  display: ["shown"],
  check(name, { regularizer, strength, layers }) {
    if (regularizer !== "dropout") return "";
    if (name === "strength" && !(strength < 1)) return `Expected a dropout rate below 1, got ${strength}.`;
    return name === "layers" && layers === 1
      ? "Expected 2 layers or more for dropout, which silences hidden units: one layer has none." : "";
  },
  adapt: (values, name) => (name === "regularizer"
    ? { ...values, strength: DIET[values.regularizer][1], layers: values.regularizer === "dropout"
      ? Math.max(2, values.layers) : values.layers } : values),
  job: ({ examples, wrong, layers, steps }) => ({ subject: "examples", kind: "float64", steps,
    every: [...new Set([15, 150, 1500, ...[1, 10, 100, 1000].flatMap((ten) =>
      [1, 2, 3, 4, 5, 7].map((m) => m * ten)), ...Array.from({ length: 80 }, (_, i) =>
      Math.round(Math.expm1(((i + 1) * Math.log1p(steps)) / 80)))])].filter((at) => at <= steps),
    fixed: { examples, wrong, layers } }),
  settings: ({ regularizer, strength, rate }) => ({ regularizer, strength, rate }),
  axis: ({ shown }) => SHOWN[shown][0],
  curves: (record, values) => Object.fromEntries(lines(values).map(([label, of]) => [label, of(record)])),
  sentence: ({ test_error: missed, wrong_error: left, train_error: other }, values) =>
    `It misses ${percent(missed)} of new examples and ${percent(other)} of those it is trained on; `
    + (mislabelled(values) ? `${percent(1 - left)} of the wrong labels are answered as given.`
      : "no label is wrong."),
  measured(values, { seed, shares, sizes, most, rate, runs, epochs, courses }, [[, first]]) {
    const same = values.layers === 2 && first.rate === rate;
    const strength = nearest(runs.filter(([name]) => name === first.regularizer)
      .map(([, own]) => own), first.strength);
    if (!same || strength === undefined) return { lines: [] };
    const [share, size] = [nearest(shares, values.wrong), nearest(sizes, values.examples)];
    if (Boolean(share) !== Boolean(mislabelled(values))) return { lines: [] };
    const run = runs.findIndex(([name, own]) => name === first.regularizer && own === strength);
    const found = courses[(shares.indexOf(share) * sizes.length + sizes.indexOf(size)) * runs.length + run];
    const inside = epochs.filter((epoch) => epoch <= values.steps);
    const records = inside.map((_, i) => Object.fromEntries(
      Object.entries(found).map(([name, all]) => [name, all[i]])));
    const what = `${first.regularizer} ${strength || ""}`.trim();
    const few = values.shown === AGREE && size > most ? `, ${most} of the examples` : "";
    return { label: `measured: ${size} examples, ${percent(share)} wrong, ${what}, seed ${seed}${few}`,
      lines: lines(values).map(([, of]) => ({ x: inside, y: records.map(of) })) };
  },
  python({ examples, wrong, layers, seed }, log, done) {
    const stages = log.map(([at, { regularizer, strength, rate }], i) =>
      `    (${(log[i + 1]?.[0] ?? done) - at}, ${rate}, ${DIET[regularizer][0].replace("{}", strength)}),`);
    const kind = layers === 1 ? "linear" : "deep linear";
    return `from gradbook.chapters.generalization import examples, memorizing
from gradbook.training.diets import Diet

shown = examples.draw(${examples}, wrong=${wrong}, dimension=${2 * examples}, fresh=1000, seeds=[${seed}])
nets = memorizing.networks("${kind}", shown, layers=${Math.max(2, layers)}, units=16, scale=0.2, seeds=[${seed}])
for steps, rate, diet in [
${stages.join("\n")}
]:
    nets, _ = memorizing.train(nets, shown, lambda *_: {}, at=[steps], learning_rate=rate,
                               diet=diet, seeds=[${seed}])
missed = memorizing.outputs(nets, shown, fresh=True) * shown.fresh_truth <= 0
given = memorizing.outputs(nets, shown)[shown.wrong] * shown.labels[shown.wrong] > 0
print(f"new examples missed: {missed.mean():.1%}")
`;
  },
};
