// Three features: the first alone for a while, then all of them, under the reader's loss.
const NETS = { // as the experiment draws them, and its name
  "logistic regression": [{ widths: [3, 1] }, "logistic regression"],
  "three in a row": [{ widths: [3, 3, 3, 1], own: true, start: 0.15 }, "own paths"],
  "deep linear": [{ widths: [3, 16, 16, 1] }, "deep linear"],
  ReLU: [{ widths: [3, 16, 1], relu: true }, "ReLU"],
};
const LOSS = {
  logistic: "torch.nn.functional.softplus(-labels * answers)",
  hinge: "(1 - labels * answers).clamp(min=0)",
  squared: "(labels - answers).square() / 2",
};
const EACH = (values) => Object.fromEntries(values.map((v, k) => [`feature ${k + 1}`, v]));
const SHOWN = {
  "reliance on each feature": ["reliance", ({ reliance }) => EACH(reliance)],
  "dose of each feature": ["dose less erosion", ({ dose }) => EACH(dose)],
  accuracy: ["accuracy", ({ accuracy }) => ({ accuracy })],
};
const EVERY = 5;
const nearest = (values, to) => values.map((v, i) => [Math.abs(v - to), i])
  .sort(([a], [b]) => a - b)[0][1];
/** As NumPy's: the mean of the two in the middle. */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const LAB = {
  blame: "rate",
  display: ["shown"],
  job({ head_start: head, network, loss, steps }) {
    const before = Array.from({ length: 60 }, (_, i) => Math.round((head * i) / 60));
    const after = Array.from({ length: Math.ceil(steps / EVERY) }, (_, i) => head + EVERY * i);
    return { subject: "features", kind: "float64", steps: head + steps,
      every: [...new Set([...before, ...after])], pace: Math.ceil((head + steps) / 90),
      fixed: { ...NETS[network][0], head_start: head, loss } };
  },
  settings: ({ decay, rate }) => ({ decay, rate }),
  axis: ({ shown }) => SHOWN[shown][0],
  curves: (record, { shown }) => SHOWN[shown][1](record),
  sentence({ step, accuracy, since, reliance }, { head_start: head }) {
    if (step <= head) return `The head start: feature 1 alone is shown, and is answered ${decimals(reliance[0], 2)}.`;
    return since === null ? `Not all three are listened to: right on ${percent(accuracy, 3)} of all examples.`
      : `All three are listened to from step ${since} on, ${Math.max(0, since - head)} after the head start: `
        + `right on ${percent(accuracy, 3)} of all examples.`;
  },
  measured({ network, loss, head_start: head, steps, shown, seed }, measured, [[, first]]) {
    const { seeds, head_starts: starts, decays, rate, networks, delays, accuracies } = measured;
    if (loss !== "logistic" || first.rate !== rate) return { lines: [] };
    const at = [networks.indexOf(network), nearest(starts, head), nearest(decays, first.decay)];
    const own = seeds.indexOf(seed);
    const of = (maps) => (own < 0 ? median(maps.map(([...map]) => at.reduce((m, i) => m[i], map)))
      : at.reduce((m, i) => m[i], maps[own]));
    const never = (found) => (Array.isArray(found) ? found.map(never) : found < 0 ? Infinity : found);
    const [delay, right] = [of(never(delays)), of(accuracies)];
    const when = delay === Infinity ? `not within ${measured.steps} steps` : `${delay} steps after it`;
    return {
      label: `measured: head start ${starts[at[1]]}, weight decay ${decays[at[2]]}, `
        + `${own < 0 ? `median of ${seeds.length} seeds` : `seed ${seed}`}: 97 % for good ${when}`,
      marks: delay > steps ? [] : [head + delay],
      lines: shown === "accuracy" ? [{ x: [head, head + steps], y: [right, right] }] : [],
    };
  },
  python({ head_start: head, network, loss, seed }, log, done) {
    const stages = log.map(([at, { decay, rate }], i) =>
      `    (${at}, ${log[i + 1]?.[0] ?? done}, ${rate}, ${decay}),`);
    return `import torch
from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.chapters.starvation.experiments import delay
from gradbook.training import gardens

features, labels = torch.from_numpy(FEATURES), torch.from_numpy(LABELS)
seen = torch.from_numpy(gardens.stream(${seed}, 2).multinomial(2000, shares(0.9)) / 2000)
net = delay.Chain(delay.CONFIG["networks"]["${NETS[network][1]}"], 1, ${seed})
layers = [torch.tensor(layer[0], requires_grad=True) for layer in net.layers]
paths = [(layer != 0).double() for layer in layers]

def answered(signal):
    for layer in layers[:-1]:
        signal = signal @ layer.T
        signal = signal.relu() if net.relu else signal
    return (signal @ layers[-1].T)[:, 0]

for start, end, rate, decay in [
${stages.join("\n")}
]:
    for step in range(start, end):
        answers = answered(features * torch.tensor([1.0, 0, 0]) if step < ${head} else features)
        loss = ${LOSS[loss]}
        gradients = torch.autograd.grad((seen * loss).sum(), layers)
        with torch.no_grad():
            for layer, gradient, path in zip(layers, gradients, paths):
                layer -= rate * (gradient * path + decay * layer)
reliance = (answered(features)[:, None] * features).mean(0)
print(reliance.tolist())
`;
  },
};
