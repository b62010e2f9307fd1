/* float32 or float64: the gradient of a bias in front of batch norm, computed here. */

const CELL = 30;
const TINY = 1e-5;
const PRECISIONS = ["float32", "float64"];

/** The gradient of one bias: sum over rows of (G − mean G − ẑ · mean(G ẑ))/s, every step rounded. */
function gradientOf(a, gradient, bias, round) {
  const sum = (values) => values.reduce((total, v) => round(total + v), 0);
  const n = a.length;
  const z = a.map((v) => round(v + bias));
  const mean = round(sum(z) / n);
  const off = z.map((v) => round(v - mean));
  const scale = round(Math.sqrt(round(round(sum(off.map((v) => round(v * v))) / n) + round(TINY))));
  const hat = off.map((v) => round(v / scale));
  const total = round(sum(gradient) / n);
  const along = round(sum(gradient.map((g, i) => round(g * hat[i]))) / n);
  return sum(gradient.map((g, i) =>
    round(round(round(g - total) - round(hat[i] * along)) / scale)));
}

function fieldOf({ inputs, gradients, bias, offsets }, precision) {
  const round = precision === "float32" ? Math.fround : (v) => v;
  const column = (rows, k) => rows.map((row) => round(row[k]));
  const [first, second] = [0, 1].map((k) => offsets[k].map((o) => gradientOf(
    column(inputs, k), column(gradients, k), round(round(bias[k]) + round(o)), round)));
  return first.map((g) => second.map((h) => [g, h]));
}

function sentenceOf(field, precision) {
  const longest = Math.max(...field.flat().map(([x, y]) => Math.hypot(x, y)));
  return `In ${precision} the longest arrow is 10${raised(Number(Math.log10(longest).toFixed(0)))} long. `
    + "In exact arithmetic every arrow is 0.";
}

/** A field as lines with a dot at their foot, the longest filling its cell. */
function arrowsOf(field) {
  const longest = Math.max(...field.flat().map(([x, y]) => Math.hypot(x, y)), 1e-300);
  return field.flatMap((column, i) => column.map(([gx, gy], j) => {
    const [x, y] = [CELL * (i + 0.5), CELL * (field.length - j - 0.5)];
    const [dx, dy] = [gx, -gy].map((v) => (0.9 * CELL * v) / longest);
    return `M${x - 1.5} ${y}h3M${x} ${y}l${dx.toFixed(1)} ${dy.toFixed(1)}`;
  })).join("");
}

function render({ model, el }) {
  const data = model.get("meta");
  const spoken = speech(model);
  const wide = CELL * data.offsets[0].length;
  const path = svg("path");
  const picture = svg("svg", { viewBox: `0 0 ${wide} ${wide}`, role: "img" }, path);
  const row = choice("precision", "Numbers", PRECISIONS.length, setter(model));
  const line = html("p", { class: "sentence" });
  const root = html("div", { class: "gradbook-widget gradbook-fields" },
    html("div", { class: "frame" }, row.element, picture, line,
      html("p", { class: "legend" }, "The gradient in two biases in front of batch norm, in training "
        + "mode, over a grid of offsets of both, computed here from one minibatch."),
      spoken.element));
  const update = () => {
    const p = model.get("precision");
    const field = fieldOf(data, PRECISIONS[p]);
    row.show(p, PRECISIONS);
    path.setAttribute("d", arrowsOf(field));
    line.textContent = sentenceOf(field, PRECISIONS[p]);
    picture.setAttribute("aria-label", line.textContent);
    spoken.say(() => line.textContent);
  };
  return mount({ model, el }, root, [[["precision"], update]], [spoken.stop]);
}

const settings = () => ({ precision: 1 });

export default { render, settings };
