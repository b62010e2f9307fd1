// The small network, 128, 64 and 32 hidden units, with its gradient landscape after each epoch.
const ROWS = 2000;
const OFFSETS = Array.from({ length: 11 }, (_, i) => ((i - 5) * 0.1) / 5);
const NETS = { // mode of the landscape, learning rate
  none: ["eval", 0.005],
  dropout: ["train", 0.005],
  "batch norm": ["train", 0.02],
  "batch norm after ReLU": ["train", 0.02],
};
const SCORES = { "test R²": "test_r2", "training R²": "train_r2", "test loss": "test_loss" };
const anEpoch = (batch) => Math.ceil(ROWS / batch);

/** Gradient of a minibatch at a grid point of a layer's landscape. */
function gradientAt({ field, units }, layer, minibatch, i, j) {
  const side = OFFSETS.length;
  const minibatches = field.length / (units.length * side * side * 2);
  const at = (((layer * minibatches + minibatch) * side + i) * side + j) * 2;
  return [field[at], field[at + 1]];
}

const LAB = {
  blame: "rate",
  least: 1,
  display: ["shown", "layer", "minibatch"],
  adapt: (values, name) =>
    (name === "regularizer" ? { ...values, rate: NETS[values.regularizer][1] } : values),
  job: ({ rule, regularizer, batch_size: batch, loss, epochs }) => ({ subject: "characters",
    kind: "float64", steps: epochs * anEpoch(batch), every: anEpoch(batch),
    shown: { landscape: { mode: NETS[regularizer][0], offsets: OFFSETS } },
    fixed: { rule, regularizer, batch_size: batch, loss } }),
  settings: ({ rate, decay }) => ({ rate, decay }),
  axis: ({ shown }) => shown,
  curves: (record, { shown }) => ({ [shown]: record[SCORES[shown]] }),
  sentence: ({ test_r2: r2, landscape }) => `Test R² ${decimals(r2, 2)}. `
    + (landscape ? `Mean cosine of two minibatches' gradients: ${landscape.cosine.map((c, i) =>
      `${decimals(c, 2)} in layer ${i + 2}`).join(", ")}.` : ""),
  measured({ shown, rule, loss, regularizer, batch_size: batch, epochs }, { nets }) {
    const found = nets[regularizer];
    if (shown !== "test R²" || rule !== "10*d" || loss !== "l1" || !found) return { lines: [] };
    const some = found.slice(0, epochs + 1);
    return { label: "measured: the full-size network, 3.5 million parameters, 8,000 rows",
      lines: [{ x: some.map((_, epoch) => epoch * anEpoch(batch)), y: some }] };
  },
  picture: {
    width: 246,
    height: 246,
    label: (_, { layer, minibatch }) => `Gradient landscape of minibatch ${minibatch} in two biases `
      + `of hidden layer ${layer}, from −0.1 to 0.1 around their values: an arrow at each grid point.`,
    draw(context, { landscape }, { layer, minibatch }) {
      if (!landscape) return;
      const side = OFFSETS.length;
      const cell = 246 / side;
      const points = Array.from({ length: side * side }, (_, n) => {
        const [i, j] = [Math.floor(n / side), n % side];
        return [i, j, ...gradientAt(landscape, layer - 2, minibatch - 1, i, j)];
      });
      const longest = Math.max(1e-300, ...points.map(([, , x, y]) => Math.hypot(x, y)));
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 246, 246);
      for (const [i, j, x, y] of points) {
        const size = Math.hypot(x, y) / longest;
        if (!(size > 0)) continue;
        const turn = Math.atan2(y, x);
        const [cx, cy] = [(i + 0.5) * cell, 246 - (j + 0.5) * cell];
        const long = cell * (0.25 + 0.65 * size);
        context.strokeStyle = `hsl(${(180 * turn) / Math.PI} 75% 38%)`;
        context.lineWidth = 1.8;
        context.beginPath();
        const tip = [cx + (long / 2) * Math.cos(turn), cy - (long / 2) * Math.sin(turn)];
        context.moveTo(2 * cx - tip[0], 2 * cy - tip[1]);
        context.lineTo(...tip);
        for (const bend of [2.6, -2.6]) {
          context.moveTo(...tip);
          context.lineTo(tip[0] + 4 * Math.cos(turn + bend), tip[1] - 4 * Math.sin(turn + bend));
        }
        context.stroke();
      }
    },
  },
  python({ rule, regularizer, batch_size: batch, loss, epochs, seed }, log) {
    const [[, { rate, decay }]] = log;
    const own = log.map(([at, one]) => `${at}: (${one.rate}, ${one.decay})`).join(", ");
    const made = `
task = tasks.character_regression("${rule}", train=${ROWS}, test=500, seed=${seed})
right = {name: getattr(task, name).double() for name in ("train_targets", "test_targets")}
task = dataclasses.replace(task, **right)
net = models.mlp(task.features, models.SMALL_WIDTHS, regularizer="${regularizer}", seed=${seed})`;
    return log.length === 1 ? `import dataclasses

from gradbook import models, tasks, training
${made}
config = training.TrainConfig(epochs=${epochs}, batch_size=${batch}, learning_rate=${rate},
                              loss="${loss}", weight_decay=${decay}, seed=${seed})
run = training.train(net.double(), task, config, progress=False)
print(run.test_r2.tolist())
` : `import dataclasses

import torch

from gradbook import models, tasks, training
${made}.double()
optimizer = torch.optim.Adam(net.parameters())
settings = {${own}}  # by step
batches = training.shuffled_batches(${ROWS}, ${batch}, ${seed})
torch.manual_seed(${seed})
for step in range(${epochs * anEpoch(batch)}):
    if step in settings:
        rate, decay = settings[step]
        optimizer.param_groups[0].update(lr=rate, weight_decay=decay)
    rows = batches(1 + step // ${anEpoch(batch)})[step % ${anEpoch(batch)}]
    outputs = net(task.train_inputs[rows])
    optimizer.zero_grad()
    training.LOSSES["${loss}"](outputs, task.train_targets[rows]).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.3)
    optimizer.step()
test_r2 = training.evaluate(net, task, "${loss}")[-1]
print(test_r2)
`;
  },
};
