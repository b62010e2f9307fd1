/* The explorer: one minibatch's gradient field at the first epoch and at the chosen one, the
 * directions of all minibatches, and the numbers. All of it is computed here, from the bytes in
 * the model, so it needs no kernel. */

const CELL = 20; // user units a grid point takes up in a field
const RIM = 60; // radius of a rose
const PETALS = 24;
const PAUSE = { minibatch: 330, epoch: 600 }; // milliseconds a step stays in view
const ICONS = {
  play: "M4 2 14 8 4 14Z",
  pause: "M4 2h3v12H4zM9 2h3v12H9z",
  previous: "M11 2v12L4 8Z",
  next: "M5 2v12l7-6Z",
};

// ---------------------------------------------------------------- data

const vector = (x, y) => ({ x, y, norm: Math.hypot(x, y) });
const dot = (v, w) => v.x * w.x + v.y * w.y;
const cosine = (v, w) => dot(v, w) / (v.norm * w.norm);
const vectors = (flat) =>
  Array.from({ length: flat.length / 2 }, (_, i) => vector(flat[2 * i], flat[2 * i + 1]));

/** The model's arrays as functions of the indices of regularizer, epoch, layer, minibatch. */
function readData(model) {
  const meta = model.get("meta");
  const bytes = (name) => { // copied, since floats must be aligned
    const { buffer, byteOffset, byteLength } = model.get(name);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  };
  const field = new Int8Array(bytes("field"));
  const scale = new Float32Array(bytes("scale"));
  const centre = new Float32Array(bytes("centre"));
  const M = meta.minibatches;
  const size = 2 * meta.offsets.length ** 2;
  const group = (r, e, l) => (r * meta.epochs.length + e) * meta.layers.length + l;
  const summaries = new Map();
  return {
    meta,
    landscape(r, e, l, m) {
      const i = group(r, e, l) * M + m;
      const codes = field.subarray(i * size, (i + 1) * size);
      return vectors(Float64Array.from(codes, (code) => (code / 127) * scale[i]));
    },
    summary(r, e, l) {
      const i = group(r, e, l);
      if (!summaries.has(i)) {
        summaries.set(i, summarise(vectors(centre.subarray(i * M * 2, (i + 1) * M * 2))));
      }
      return summaries.get(i);
    },
  };
}

/** How well gradients agree; a zero gradient has no direction and counts in no pair. */
function summarise(all) {
  const sum = all.reduce((total, v) => vector(total.x + v.x, total.y + v.y), vector(0, 0));
  const mean = vector(sum.x / all.length, sum.y / all.length);
  const live = all.filter((v) => v.norm > 0);
  let [pairs, opposed, cosines] = [0, 0, 0];
  for (let i = 0; i < live.length; i++) {
    for (let j = 0; j < i; j++) {
      const cos = cosine(live[i], live[j]);
      pairs += 1;
      opposed += cos < 0 ? 1 : 0;
      cosines += cos;
    }
  }
  return {
    all,
    mean,
    cosines: all.map((v) => cosine(v, mean)),
    meanCosine: cosines / pairs, // NaN without a pair
    opposed: opposed / pairs,
    against: live.filter((v) => dot(v, mean) < 0).length,
    zeros: all.length - live.length,
  };
}

// ---------------------------------------------------------------- numbers as text

const minus = (text) => text.replace("-", "−");
const percent = (x) => (Number.isFinite(x) ? `${Math.round(100 * x)} %` : "–");

function decimals(x, digits = 2) {
  if (!Number.isFinite(x)) return "–";
  return minus(x.toFixed(digits).replace(/^-(0\.0*)$/, "$1"));
}

/** Three significant digits: 0.0123, 830, 1.23 × 10⁻⁵. */
function significant(x) {
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size >= 100 && size < 1e5) return minus(x.toFixed(0));
  if (size >= 1e-3 && size < 100) return minus(x.toPrecision(3));
  const [mantissa, exponent] = x.toExponential(2).split("e");
  const raised = [...exponent.replace("+", "")].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
  return `${minus(mantissa)} × 10${raised.join("")}`;
}

/** The table's rows: key, label, number, its text. A side has a summary, m, loss and r2. */
function rows({ minibatches, loss_label }) {
  const count = (n) => `${n} of ${minibatches}`;
  return [
    ["mean-cosine", "mean pairwise cosine", (side) => side.summary.meanCosine, decimals],
    ["opposed-pairs", "opposed pairs", (side) => side.summary.opposed, percent],
    ["against-mean", "against the mean", (side) => side.summary.against, count],
    ["zero", "zero gradient", (side) => side.summary.zeros, count],
    ["norm", "this minibatch’s norm", ({ summary, m }) => summary.all[m].norm, significant],
    ["cosine-with-mean", "cosine with the mean", ({ summary, m }) => summary.cosines[m], decimals],
    ["test-loss", loss_label, (side) => side.loss, significant],
    ["test-r2", "test R²", (side) => side.r2, (x) => decimals(x, 3)],
  ];
}

// ---------------------------------------------------------------- elements

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const html = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** Text that is left out where there is little room. */
const long = (text) => html("span", { class: "long" }, text);

/** draw, but only when its key differs from the last one's. */
function whenNew(draw) {
  let last;
  return (key, ...data) => {
    if (key !== last) draw(...data);
    last = key;
  };
}

// ---------------------------------------------------------------- pictures

const round = (x) => x.toFixed(2);

/** The outline of an arrow (dx, dy) centred at (x, y); of a dot where it is too short. */
function arrow(x, y, dx, dy, width, longestHead) {
  const length = Math.hypot(dx, dy);
  if (length < 2 * width) {
    const half = `a${width} ${width} 0 1 0 `;
    return `M${round(x - width)} ${round(y)}${half}${2 * width} 0${half}${-2 * width} 0Z`;
  }
  const head = Math.min(longestHead, 0.6 * length);
  const barb = Math.max(width, 0.45 * head);
  const at = (along, across) => `${round(x + (along * dx - across * dy) / length)} `
    + round(y + (along * dy + across * dx) / length);
  const [back, neck, tip] = [-length / 2, length / 2 - head, length / 2];
  return `M${at(back, -width)}L${at(neck, -width)} ${at(neck, -barb)} ${at(tip, 0)} `
    + `${at(neck, barb)} ${at(neck, width)} ${at(back, width)}Z`;
}

/** The arrow from the middle of a rose to its rim. */
function ray({ x, y, norm }, width, head) {
  const [dx, dy] = norm > 0 ? [(RIM * x) / norm, (-RIM * y) / norm] : [0, 0];
  return arrow(dx / 2, dy / 2, dx, dy, width, head);
}

/** The i-th sector of a rose, its area in proportion to share. */
function petal(i, share) {
  const radius = RIM * Math.sqrt(share);
  const at = (j) => {
    const angle = (2 * Math.PI * j) / PETALS;
    return `${round(radius * Math.cos(angle))} ${round(-radius * Math.sin(angle))}`;
  };
  return `M0 0L${at(i - 0.5)}A${round(radius)} ${round(radius)} 0 0 0 ${at(i + 0.5)}Z`;
}

/** The colour for a product or cosine with the mean gradient. */
const colour = (x) => (x > 0 ? "with" : x < 0 ? "against" : "neither");

/** An SVG with one path a colour; paint takes pairs of a colour and an outline. */
function picture(name, side, viewBox, ...marks) {
  const paths = ["with", "against", "neither"].map((kind) => svg("path", { class: kind }));
  const root = svg("svg", {
    viewBox, role: "img", class: name, "data-picture": name, "data-side": side,
  }, ...marks, ...paths);
  const paint = (shapes) => paths.forEach((path) => {
    const own = shapes.filter(([kind]) => kind === path.getAttribute("class"));
    path.setAttribute("d", own.map(([, outline]) => outline).join(""));
  });
  return { root, paint };
}

/** One landscape as arrows on the grid of offsets, the longest filling its cell. */
function fieldPicture(side, { offsets }) {
  const G = offsets.length;
  const width = G * CELL;
  const { root, paint } = picture("field", side, `0 0 ${width} ${width}`,
    svg("circle", { class: "centre", cx: width / 2, cy: width / 2, r: 0.64 * CELL }));
  const draw = whenNew((landscape, longest, mean) => {
    const unit = longest > 0 ? (0.92 * CELL) / longest : 0;
    paint(landscape.map((g, i) => {
      const x = (Math.floor(i / G) + 0.5) * CELL;
      const y = (G - (i % G) - 0.5) * CELL;
      return [colour(dot(g, mean)), arrow(x, y, g.x * unit, -g.y * unit, 1.1, 8)];
    }));
  });
  return { root, draw };
}

/** All directions as arrows of one length; behind them petals that count them. */
function rosePicture(side) {
  const petals = svg("path", { class: "petals" });
  const mean = svg("path", { class: "mean", d: `M${RIM + 2} 0l9 -5v10Z` });
  const chosen = svg("path");
  const names = [
    svg("text", { x: 80, y: 78, "text-anchor": "end" }), svg("text", { x: -80, y: -66 }),
  ];
  const { root, paint } = picture("rose", side, "-80 -80 160 160",
    svg("path", { class: "axes", d: `M${-RIM} 0H${RIM}M0 ${-RIM}V${RIM}` }),
    svg("circle", { class: "rim", r: RIM }), petals);
  root.append(mean, chosen, ...names);
  const draw = whenNew((summary, parameters) => {
    const live = summary.all.filter((v) => v.norm > 0);
    const counts = new Array(PETALS).fill(0);
    for (const v of live) {
      counts[Math.round((Math.atan2(v.y, v.x) / Math.PI / 2 + 1) * PETALS) % PETALS] += 1;
    }
    petals.setAttribute("d", counts.map((n, i) => petal(i, n / summary.all.length)).join(""));
    paint(summary.all.map((v) =>
      [colour(dot(v, summary.mean)), ray(v, v.norm > 0 ? 0.5 : 2.5, 6)]));
    mean.style.display = summary.mean.norm > 0 ? "" : "none";
    const turn = (-180 / Math.PI) * Math.atan2(summary.mean.y, summary.mean.x);
    mean.setAttribute("transform", `rotate(${round(turn)})`);
    names.forEach((text, i) => { text.textContent = `${parameters[i]} ${"→↑"[i]}`; });
  });
  const choose = whenNew((summary, m) => {
    const v = summary.all[m];
    chosen.setAttribute("class", `chosen ${colour(dot(v, summary.mean))}`);
    chosen.setAttribute("d", ray(v, v.norm > 0 ? 2 : 5, 13));
  });
  return { root, draw, choose };
}

/** The small chart above a slider: a bar for each step, on a scale from low to 1. */
function stripPicture(name, low) {
  const height = (value) => round((30 * (1 - value)) / (1 - low));
  const { root, paint } = picture("strip", name, "0 0 100 30",
    svg("path", { class: "base", d: `M0 ${height(0)}H100` }));
  root.setAttribute("preserveAspectRatio", "none");
  const draw = whenNew((values) => {
    const step = 100 / Math.max(1, values.length - 1);
    const bar = (value, i) => `M${round((i - 0.3) * step)} ${height(0)}h${round(0.6 * step)}`
      + `V${height(value)}h${round(-0.6 * step)}Z`;
    paint(values.map((value, i) => [colour(value), value ? bar(value, i) : ""])); // NaN: no bar
  });
  return { root, draw };
}

// ---------------------------------------------------------------- controls

function button(action, onClick) {
  const path = svg("path");
  const element = html("button", { type: "button", "data-action": action },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path));
  element.addEventListener("click", onClick);
  const show = (icon, label) => {
    path.setAttribute("d", ICONS[icon]);
    element.setAttribute("aria-label", label);
    element.title = label;
  };
  return { element, show };
}

/** Radio buttons drawn as a row of toggles. */
function choice(trait, title, labels, set) {
  // Radios of one name exclude each other, across all views and modules on the page.
  const id = `explorer-${Math.random().toString(36).slice(2)}`;
  const inputs = labels.map((_, i) => {
    const input = html("input", { type: "radio", name: id, value: i });
    input.addEventListener("change", () => set(trait, i));
    return input;
  });
  const element = html("div", { class: "choice", "data-control": trait },
    html("div", { class: "label", id }, title),
    html("div", { class: "options", role: "radiogroup", "aria-labelledby": id },
      ...labels.map((label, i) => html("label", {}, inputs[i], html("span", {}, label)))));
  return { element, show: (i) => { inputs[i].checked = true; } };
}

/** A slider over a trait's entries, with its value, buttons and a small chart. */
function slider(trait, title, hint, texts, set, buttons, strip) {
  const input = html("input", {
    type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": title,
  });
  const value = html("output", { "aria-live": "off" }); // .spoken says it, once it rests
  input.addEventListener("input", () => set(trait, Number(input.value)));
  const element = html("div", { class: "slider", "data-control": trait },
    html("div", { class: "label" }, title, " ", value, html("small", {}, hint)),
    html("div", { class: "transport" }, html("div", { class: "buttons" }, ...buttons),
      html("div", { class: "track" }, strip.root, input)));
  const show = (i) => {
    input.value = i;
    input.setAttribute("aria-valuetext", texts[i]);
    value.textContent = texts[i];
  };
  return { element, show };
}

/** Steps a trait while flag is set. A step restarts every view's wait, so one view steps. */
function player(model, trait, flag, length, set) {
  let timer;
  const step = () => {
    const next = model.get(trait) + 1;
    if (next < length) set(trait, next);
    else set(flag, false);
  };
  const wait = () => {
    clearTimeout(timer);
    if (model.get(flag)) timer = setTimeout(step, PAUSE[trait]);
  };
  const toggle = () => {
    const start = !model.get(flag);
    if (start && model.get(trait) === length - 1) set(trait, 0);
    set(flag, start);
  };
  const { element, show } = button(`play-${trait}`, toggle);
  const events = [`change:${trait}`, `change:${flag}`];
  events.forEach((event) => model.on(event, wait));
  wait();
  return {
    element,
    show: () => show(model.get(flag) ? "pause" : "play",
      `${model.get(flag) ? "Pause" : "Play"} ${trait === "epoch" ? "epochs" : "minibatches"}`),
    stop() {
      clearTimeout(timer);
      events.forEach((event) => model.off(event, wait));
    },
  };
}

// ---------------------------------------------------------------- the widget

function controlPanel(model, meta) {
  const M = meta.minibatches;
  const set = (trait, value) => {
    model.set(trait, value);
    model.save_changes();
  };
  const labels = (entries) => entries.map(({ label }) => label);
  const players = {
    epoch: player(model, "epoch", "playing_epochs", meta.epochs.length, set),
    minibatch: player(model, "minibatch", "playing", M, set),
  };
  const [previous, next] = [["previous", M - 1], ["next", 1]].map(([action, step]) => {
    const move = () => set("minibatch", (model.get("minibatch") + step) % M);
    const { element, show } = button(action, move);
    show(action, `${action === "next" ? "Next" : "Previous"} minibatch`);
    return element;
  });
  const strips = { epoch: stripPicture("epoch", 0), minibatch: stripPicture("minibatch", -1) };
  const controls = {
    regularizer: choice("regularizer", "Regularizer", labels(meta.regularizers), set),
    layer: choice("layer", "Layer", labels(meta.layers), set),
    epoch: slider("epoch", "Epoch", "bars: mean pairwise cosine", meta.epochs.map(String), set,
      [players.epoch.element], strips.epoch),
    minibatch: slider("minibatch", "Minibatch", "bars: cosine with the mean",
      Array.from({ length: M }, (_, i) => `${i + 1} of ${M}`), set,
      [previous, players.minibatch.element, next], strips.minibatch),
  };
  return {
    element: html("div", { class: "controls" }, ...Object.values(controls).map((c) => c.element)),
    strips,
    show() {
      for (const [trait, control] of Object.entries(controls)) control.show(model.get(trait));
      for (const each of Object.values(players)) each.show();
    },
    stop: () => Object.values(players).forEach((each) => each.stop()),
  };
}

/** The field and the rose of one side, with their labels. */
function sidePanel(side, meta) {
  const field = fieldPicture(side, meta);
  const rose = rosePicture(side);
  const title = html("span", { class: "name" });
  const longestText = html("span");
  const heading = html("div", { class: "heading" }, title,
    html("span", { class: "longest" }, "longest ", long("arrow "), longestText));
  const ends = [meta.offsets[0], meta.offsets.at(-1)].map((x) =>
    minus(`${x > 0 ? "+" : ""}${Number(x.toPrecision(3))}`));
  const axes = ["x", "y"].map((axis) => {
    const name = html("span");
    const element = html("div", { class: `axis ${axis}` }, html("span", {}, ends[0]),
      html("span", {}, long("offset of "), name), html("span", {}, ends[1]));
    return { element, name };
  });
  const show = ([r, e, l, m], { landscape, summary }) => {
    const longest = Math.max(...landscape.map((g) => g.norm));
    const parameters = meta.parameters[r][l];
    title.textContent = `${side === "start" ? "Start" : "Now"}: epoch ${meta.epochs[e]}`;
    longestText.textContent = significant(longest);
    axes.forEach(({ name }, i) => { name.textContent = parameters[i]; });
    field.draw(`${[r, e, l, m]}`, landscape, longest, summary.mean);
    field.root.setAttribute("aria-label", `Gradient field of minibatch ${m + 1} at epoch `
      + `${meta.epochs[e]}, longest arrow ${significant(longest)}`);
    rose.draw(`${[r, e, l]}`, summary, parameters);
    rose.choose(`${[r, e, l, m]}`, summary, m);
    rose.root.setAttribute("aria-label", `Gradient directions of ${meta.minibatches} `
      + `minibatches at epoch ${meta.epochs[e]}, ${summary.against} against their mean`);
  };
  return {
    plot: html("div", { class: `plot ${side}` }, heading, axes[1].element, field.root,
      axes[0].element),
    rose: html("div", { class: `directions ${side}` }, rose.root),
    show,
  };
}

/** Start on the left, now on the right, what is counted between them. */
function numberTable(meta) {
  const cells = rows(meta).map(([key, label, value, text]) => {
    const [start, now] = ["start", "now"].map((side) =>
      html("td", { "data-number": key, "data-side": side }));
    const show = (cell, side) => {
      cell.dataset.value = value(side);
      cell.textContent = text(value(side));
    };
    return {
      element: html("tr", {}, start, html("th", { scope: "row" }, label), now),
      show: (sides) => [start, now].forEach((cell, i) => show(cell, sides[i])),
      speak: (sides) => `${label} ${sides.map((side) => text(value(side))).join(" and ")}`,
    };
  });
  const head = html("tr", {}, html("th", { scope: "col" }, "Start"), html("td"),
    html("th", { scope: "col" }, "Now"));
  return {
    element: html("table", {}, html("thead", {}, head),
      html("tbody", {}, ...cells.map((cell) => cell.element))),
    show: (sides) => cells.forEach((cell) => cell.show(sides)),
    speak: (sides) => cells.map((cell) => cell.speak(sides)).join("; "),
  };
}

function caption(meta) {
  const key = (colour, text) => html("span", { class: `key ${colour}` }, text);
  return html("p", { class: "legend" },
    "Arrows show the gradient; descent goes the other way. The circle marks the network’s own "
    + "parameters; in each field the longest arrow fills its cell. ",
    key("with", "with"), " or ", key("against", "against"),
    ` the mean gradient of that epoch’s ${meta.minibatches} minibatches of `
    + `${meta.batch_size}. In the roses each arrow is one minibatch’s direction, petals count them `
    + "by area, and the triangle points along the mean.");
}

function render({ model, el }) {
  const data = readData(model);
  const { meta } = data;
  const panel = controlPanel(model, meta);
  const sides = ["start", "now"].map((side) => sidePanel(side, meta));
  const table = numberTable(meta);
  const notes = meta.regularizers.map(({ note }) => html("p", {}, note));
  const spoken = html("div", { class: "spoken", "aria-live": "polite" });
  const views = html("div", { class: "views" }, sides[0].plot, sides[1].plot, sides[0].rose,
    table.element, sides[1].rose);
  const root = html("div", { class: "gradbook-explorer", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "frame" }, panel.element, views, html("div", { class: "notes" }, ...notes),
      caption(meta), spoken));

  const indices = ["regularizer", "epoch", "layer", "minibatch"];
  const update = () => {
    const [r, e, l, m] = indices.map((trait) => model.get(trait));
    const numbers = [0, e].map((epoch, i) => {
      const summary = data.summary(r, epoch, l);
      sides[i].show([r, epoch, l, m], { landscape: data.landscape(r, epoch, l, m), summary });
      return { summary, m, loss: meta.test_loss[r][epoch], r2: meta.test_r2[r][epoch] };
    });
    panel.show();
    panel.strips.epoch.draw(`${[r, l]}`,
      meta.epochs.map((_, i) => data.summary(r, i, l).meanCosine));
    panel.strips.minibatch.draw(`${[r, e, l]}`, numbers[1].summary.cosines);
    table.show(numbers);
    notes.forEach((note, i) => note.classList.toggle("shown", i === r));
    return () => {
      spoken.textContent = `Minibatch ${m + 1}, epochs ${meta.epochs[0]} and ${meta.epochs[e]}: `
        + table.speak(numbers);
    };
  };
  let quiet; // a reader hears the numbers once they rest
  const change = () => {
    const speak = update();
    clearTimeout(quiet);
    if (!model.get("playing") && !model.get("playing_epochs")) quiet = setTimeout(speak, 500);
  };
  const traits = [...indices, "playing", "playing_epochs"];
  traits.forEach((trait) => model.on(`change:${trait}`, change));
  update();
  el.append(root);
  return () => {
    traits.forEach((trait) => model.off(`change:${trait}`, change));
    panel.stop();
    clearTimeout(quiet);
    root.remove();
  };
}

export default { render };
