/* One mask or fresh masks: the gradient in two biases over a grid of offsets, computed here. */

const CELL = 30;

/** Gradients [G][G] of the L1 loss, mean over rows of sign(f − y) · ∂f/∂b, under dropout. */
function fieldOf(data, seed, fresh) {
  const { hidden, weight, bias, out, out_bias: shift, target, units, offsets, rate } = data;
  const draw = generator(seed);
  const [n, H, K, kept] = [hidden.length, hidden[0].length, bias.length, 1 / (1 - rate)];
  const [below, above, inputs] = [H, K, K].map((columns) => new Float64Array(n * columns));
  const drawMasks = () => { // and what the units are given under them, without the offsets
    for (const mask of [below, above]) {
      for (let i = 0; i < mask.length; i++) mask[i] = draw() < 1 - rate ? kept : 0;
    }
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < K; k++) {
        let sum = bias[k];
        for (let h = 0; h < H; h++) sum += weight[k][h] * hidden[i][h] * below[i * H + h];
        inputs[i * K + k] = sum;
      }
    }
  };
  const gradient = (a, b) => {
    const sums = [0, 0];
    for (let i = 0; i < n; i++) {
      const z = (k) => inputs[i * K + k] + (k === units[0] ? a : 0) + (k === units[1] ? b : 0);
      let y = shift;
      for (let k = 0; k < K; k++) y += Math.max(z(k), 0) * above[i * K + k] * out[k];
      units.forEach((k, u) => {
        if (z(k) > 0) sums[u] += Math.sign(y - target[i]) * above[i * K + k] * out[k];
      });
    }
    return sums.map((sum) => sum / n);
  };
  drawMasks();
  return offsets[0].map((a) => offsets[1].map((b) => {
    if (fresh) drawMasks();
    return gradient(a, b);
  }));
}

/** Mean angle between neighbouring gradients, in degrees. */
function neighbours(field) {
  const angle = ([x, y]) => Math.atan2(y, x);
  let [sum, count] = [0, 0];
  const least = 1e-9 * Math.max(...field.flat().map(([x, y]) => Math.hypot(x, y)));
  const add = (g, h) => {
    if (Math.hypot(...g) <= least || Math.hypot(...h) <= least) return; // it has no direction
    const turn = Math.abs(angle(g) - angle(h));
    sum += Math.min(turn, 2 * Math.PI - turn);
    count += 1;
  };
  field.forEach((column, i) => column.forEach((g, j) => {
    if (j + 1 < column.length) add(g, column[j + 1]);
    if (i + 1 < field.length) add(g, field[i + 1][j]);
  }));
  return (180 / Math.PI) * (sum / count);
}

/** A field as arrows, the longest filling its cell. */
function arrowsOf(field) {
  const longest = Math.max(...field.flat().map(([x, y]) => Math.hypot(x, y)), 1e-300);
  const unit = (0.9 * CELL) / longest;
  return field.flatMap((column, i) => column.map(([gx, gy], j) => {
    const [x, y] = [CELL * (i + 0.5), CELL * (field.length - j - 0.5)];
    const [dx, dy] = [unit * gx, -unit * gy];
    const size = Math.hypot(dx, dy) || 1;
    const [hx, hy] = [(dx / size) * Math.min(7, size / 2), (dy / size) * Math.min(7, size / 2)];
    const at = (v) => v.toFixed(1);
    return `M${at(x)} ${at(y)}l${at(dx)} ${at(dy)}m${at(-hx - 0.6 * hy)} ${at(-hy + 0.6 * hx)}`
      + `l${at(hx + 0.6 * hy)} ${at(hy - 0.6 * hx)}l${at(-hx + 0.6 * hy)} ${at(-hy - 0.6 * hx)}`;
  })).join("");
}

const sentenceOf = (one, fresh) => `Neighbouring arrows differ by ${one.toFixed(0)}° under one mask `
  + `and by ${fresh.toFixed(0)}° where every arrow draws its own.`;

function render({ model, el }) {
  const data = model.get("meta");
  const set = setter(model);
  const spoken = speech(model);
  const wide = CELL * data.offsets[0].length;
  const panels = ["one mask", "fresh masks"].map((name) => {
    const path = svg("path");
    const root = svg("svg", { viewBox: `0 0 ${wide} ${wide}`, role: "img" }, path);
    return { path, root, name, element: html("figure", {}, root, html("figcaption", {}, name)) };
  });
  const button = html("button", { type: "button", class: "wide" }, "Draw new masks");
  const line = html("p", { class: "sentence" });
  const root = html("div", { class: "gradbook-widget gradbook-fields" },
    html("div", { class: "frame" },
      html("div", { class: "pair" }, ...panels.map(({ element }) => element)),
      html("div", { "data-control": "draw" }, button), line,
      html("p", { class: "legend" }, "The gradient in two biases of a small trained network over a "
        + "grid of offsets, computed here as you press."),
      spoken.element));
  button.addEventListener("click", () => set("draw", model.get("draw") + 1));
  const update = () => {
    const draw = model.get("draw");
    const angles = panels.map(({ path, root: picture, name }, f) => {
      const field = fieldOf(data, 2 * draw + f, Boolean(f));
      path.setAttribute("d", arrowsOf(field));
      const angle = neighbours(field);
      picture.setAttribute("aria-label", `Field under ${name}: neighbours differ by ${angle.toFixed(0)}°`);
      return angle;
    });
    line.textContent = sentenceOf(...angles);
    spoken.say(() => line.textContent);
  };
  return mount({ model, el }, root, [[["draw"], update]], [spoken.stop]);
}

const settings = () => ({ draw: 1_000_000 });

export default { render, settings };
