/* The explorer: two of one minibatch's gradient fields side by side, the directions of all
 * minibatches, and the numbers. The left side is the right one's start or another view (meta.views)
 * at the same epoch. All of it is computed here, from the bytes in the model, so it needs no
 * kernel. */

const CELL = 20; // user units a grid point takes up in a field
const RIM = 60; // radius of a rose
const PETALS = 24;
const SIDES = ["left", "right"];
const PAUSE = { minibatch: 330, epoch: 600 }; // milliseconds a step stays in view

// ---------------------------------------------------------------- data

const vector = (x, y) => ({ x, y, norm: Math.hypot(x, y) });
const dot = (v, w) => v.x * w.x + v.y * w.y;
const cosine = (v, w) => dot(v, w) / (v.norm * w.norm);
const vectors = (flat) =>
  Array.from({ length: flat.length / 2 }, (_, i) => vector(flat[2 * i], flat[2 * i + 1]));

/** The angle between two gradients in degrees; NaN where one of them is zero. */
function angle(v, w) {
  if (v.norm === 0 || w.norm === 0) return NaN;
  return (180 / Math.PI) * Math.atan2(Math.abs(v.x * w.y - v.y * w.x), dot(v, w));
}

/** The model's arrays as functions of the indices of view, epoch, layer, minibatch. */
function readData(model) {
  const meta = model.get("meta");
  const field = new Int8Array(bytesOf(model, "field"));
  const [scale, centre] = ["scale", "centre"].map((name) =>
    new Float32Array(bytesOf(model, name)));
  const M = meta.minibatches;
  const points = meta.offsets.length ** 2;
  const group = (v, e, l) => (v * meta.epochs.length + e) * meta.layers.length + l;
  const summaries = new Map();
  const summary = (v, e, l) => {
    const i = group(v, e, l);
    if (!summaries.has(i)) {
      summaries.set(i, summarise(vectors(centre.subarray(i * M * 2, (i + 1) * M * 2))));
    }
    return summaries.get(i);
  };
  return {
    meta,
    summary,
    landscape(v, e, l, m) {
      const i = group(v, e, l) * M + m;
      const codes = field.subarray(2 * i * points, 2 * (i + 1) * points);
      const all = vectors(Float64Array.from(codes, (code) => (code / 127) * scale[i]));
      all[(points - 1) / 2] = summary(v, e, l).all[m]; // known to more digits than the codes'
      return all;
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

const wholePercent = (x) => (Number.isFinite(x) ? `${Math.round(100 * x)} %` : "–");
const degrees = (x) => (Number.isFinite(x) ? `${Math.round(x)}°` : "–");

/** Three significant digits: 0.0123, 830, 1.23 × 10⁻⁵. */
function significant(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size >= 100 && size < 1e5) return minus(x.toFixed(0));
  if (size >= 1e-3 && size < 100) return minus(x.toPrecision(3));
  const [mantissa, exponent] = x.toExponential(2).split("e");
  return `${minus(mantissa)} × 10${raised(Number(exponent))}`;
}

/** An offset with its sign: +0.017. */
const offset = (x, digits = 2) => minus(`${x > 0 ? "+" : ""}${Number(x.toPrecision(digits))}`);

/** The table's rows: key, label, number, its text. A side is what the widget's update makes. */
function rows({ minibatches, loss_label }) {
  const count = (n) => `${n} of ${minibatches}`;
  const centre = (points) => points[(points.length - 1) / 2];
  return [
    ["mean-cosine", "mean pairwise cosine", (side) => side.summary.meanCosine, decimals],
    ["opposed-pairs", "opposed pairs", (side) => side.summary.opposed, wholePercent],
    ["against-mean", "against the mean", (side) => side.summary.against, count],
    ["zero", "zero gradient", (side) => side.summary.zeros, count],
    ["norm", "this minibatch’s norm", ({ summary, m }) => summary.all[m].norm, significant],
    ["cosine-with-mean", "cosine with the mean", ({ summary, m }) => summary.cosines[m], decimals],
    ["test-loss", loss_label, (side) => side.loss, significant],
    ["test-r2", "test R²", (side) => side.r2, (x) => decimals(x, 3)],
    ["cursor-norm", "norm", ({ landscape, cursor }) => landscape[cursor]?.norm ?? NaN, significant],
    ["cursor-angle", "angle to the centre", ({ landscape, cursor }) =>
      (cursor < 0 ? NaN : angle(landscape[cursor], centre(landscape))), degrees],
  ];
}
const CURSOR_ROWS = 2; // the last ones, under a head and said on their own

// ---------------------------------------------------------------- elements

/** Text that is left out where there is little room. */
const long = (text) => html("span", { class: "long" }, text);

/** Texts in one place, of which one shows; the place is as high as the highest. */
function pile(tag, className, contents) {
  const items = contents.map((content) => html(tag, {}, ...content));
  return {
    element: html("div", { class: `pile ${className}` }, ...items),
    show: (i) => items.forEach((item, j) => item.classList.toggle("shown", j === i)),
  };
}

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
function fieldPicture(side, { offsets }, cursor) {
  const G = offsets.length;
  const width = G * CELL;
  const at = (i) => [(Math.floor(i / G) + 0.5) * CELL, (G - (i % G) - 0.5) * CELL];
  const box = svg("rect", { class: "cursor", width: 1.2 * CELL, height: 1.2 * CELL, rx: 2 });
  const { root, paint } = picture("field", side, `0 0 ${width} ${width}`,
    svg("circle", { class: "centre", cx: width / 2, cy: width / 2, r: 0.64 * CELL }), box);
  fill(root, { role: "application", tabindex: 0 }, []);
  pointWith(root, G, cursor);
  const draw = whenNew((landscape, longest, mean) => {
    const unit = longest > 0 ? (0.92 * CELL) / longest : 0;
    paint(landscape.map((g, i) =>
      [colour(dot(g, mean)), arrow(...at(i), g.x * unit, -g.y * unit, 1.1, 8)]));
  });
  const mark = (i) => {
    const [x, y] = at(Math.max(i, 0));
    box.style.display = i < 0 ? "none" : "";
    box.setAttribute("x", x - 0.6 * CELL);
    box.setAttribute("y", y - 0.6 * CELL);
  };
  return { root, draw, mark };
}

/** Mouse, finger and arrow keys move the cursor over a field of G by G points. */
function pointWith(root, G, { get, set }) {
  const clamp = (i) => Math.min(G - 1, Math.max(0, i));
  const move = (x, y) => set(clamp(x) * G + clamp(y));
  const point = (event) => {
    const { left, bottom, width, height } = root.getBoundingClientRect();
    move(Math.floor((G * (event.clientX - left)) / width),
      Math.floor((G * (bottom - event.clientY)) / height));
  };
  const hovering = (act) => (event) => { if (event.pointerType !== "touch") act(event); };
  root.addEventListener("pointermove", hovering(point));
  root.addEventListener("pointerleave", hovering(() => set(-1)));
  root.addEventListener("click", point); // a tap; a finger that moves scrolls the page
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  root.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || !(step || event.key === "Escape")) return;
    event.preventDefault();
    const i = get() < 0 ? (G * G - 1) / 2 : get();
    if (step) move(Math.floor(i / G) + step[0], (i % G) + step[1]);
    else set(-1);
  });
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
function stripPicture(trait, side, low) {
  const height = (value) => round((30 * (1 - value)) / (1 - low));
  const { root, paint } = picture("strip", `${trait} ${side}`, "0 0 100 30",
    svg("path", { class: "base", d: `M0 ${height(0)}H100` }));
  root.setAttribute("preserveAspectRatio", "none");
  const draw = whenNew((values) => {
    const step = 100 / Math.max(1, values.length - 1);
    const bar = (value, i) => `M${round((i - 0.3) * step)} ${height(0)}h${round(0.6 * step)}`
      + `V${height(value)}h${round(-0.6 * step)}Z`;
    paint(values.map((value, i) => [colour(value), value ? bar(value, i) : ""])); // NaN: no bar
  });
  const letter = html("span", { class: "compared" }, side[0].toUpperCase());
  const when = side === "left" ? "compared" : "";
  return { element: html("div", { class: `bars ${side} ${when}` }, letter, root), draw };
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

/** Radio buttons drawn as a row of toggles; show hides those that are not among `open`. */
function toggles(title, labels, choose) {
  // Radios of one name exclude each other, across all views and modules on the page.
  const id = `explorer-${Math.random().toString(36).slice(2)}`;
  const inputs = labels.map((_, i) => {
    const input = html("input", { type: "radio", name: id, value: i });
    input.addEventListener("change", () => choose(i));
    return input;
  });
  const options = html("div", { class: "options", role: "radiogroup", "aria-labelledby": id },
    ...labels.map((label, i) => html("label", {}, inputs[i], html("span", {}, label || "–"))));
  const element = html("div", { class: "choice", "data-control": title.toLowerCase() },
    html("div", { class: "label", id }, title), options);
  const show = (i, open = labels) => {
    inputs[i].checked = true;
    labels.forEach((label, j) => { options.children[j].hidden = !open.includes(label); });
  };
  return { element, show };
}

/** The view with a facet's value that keeps the others' best, an earlier facet before all later. */
function nearestView(views, from, facet, value) {
  const kept = ({ facets }) =>
    facets.reduce((sum, own, f) => 2 * sum + (own === views[from].facets[f] ? 1 : 0), 0);
  const found = views.filter(({ facets }) => facets[facet] === value);
  return views.indexOf(found.reduce((best, view) => (kept(view) > kept(best) ? view : best)));
}

/** A view chosen facet by facet, among the values that go with those of the facets before. */
function picker(trait, title, { facets, views }, get, set) {
  const rows = facets.map((name, f) => {
    const values = [...new Set(views.map((view) => view.facets[f]))];
    const { element, show } = toggles(name, values, (i) =>
      set(trait, nearestView(views, get(trait), f, values[i])));
    return {
      element,
      show({ facets: own }) {
        const open = views.filter((view) => own.slice(0, f).every((x, i) => x === view.facets[i]))
          .map((view) => view.facets[f]);
        element.hidden = open.every((value) => value === "");
        show(values.indexOf(own[f]), open);
      },
    };
  });
  const element = html("div", { class: "picker", role: "group", "aria-label": title },
    html("div", { class: "label compared" }, title), ...rows.map((row) => row.element));
  const show = (i) => rows.forEach((row) => row.show(views[i]));
  const reserve = () => { // the height of the highest, so that a choice moves nothing below
    element.style.minHeight = "";
    const heights = views.map((_, i) => {
      show(i);
      return element.getBoundingClientRect().height;
    });
    element.style.minHeight = `${Math.max(...heights)}px`;
    show(Math.max(get(trait), 0));
  };
  return { element, show, reserve };
}

/** A slider over a trait's entries, with its value, buttons and a small chart a side. */
function slider(trait, title, hint, texts, set, buttons, strips) {
  const input = html("input", {
    type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": title,
  });
  const value = html("output", { "aria-live": "off" }); // .spoken says it, once it rests
  input.addEventListener("input", () => set(trait, Number(input.value)));
  const element = html("div", { class: "slider", "data-control": trait },
    html("div", { class: "label" }, title, " ", value,
      html("small", {}, html("span", { class: "started" }, "bars: "),
        html("span", { class: "compared" }, "L, R: "), hint)),
    html("div", { class: "transport" }, html("div", { class: "buttons" }, ...buttons),
      html("div", { class: "track" }, ...strips.map((strip) => strip.element), input)));
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

function controlPanel(model, meta, set) {
  const M = meta.minibatches;
  const get = (trait) => model.get(trait);
  const players = {
    epoch: player(model, "epoch", "playing_epochs", meta.epochs.length, set),
    minibatch: player(model, "minibatch", "playing", M, set),
  };
  const [previous, next] = [["previous", M - 1], ["next", 1]].map(([action, step]) => {
    const move = () => set("minibatch", (get("minibatch") + step) % M);
    const { element, show } = button(action, move);
    show(action, `${action === "next" ? "Next" : "Previous"} minibatch`);
    return element;
  });
  const strips = {
    epoch: SIDES.map((side) => stripPicture("epoch", side, 0)),
    minibatch: SIDES.map((side) => stripPicture("minibatch", side, -1)),
  };
  const pickers = {
    other: picker("other", "Left", meta, get, set), view: picker("view", "Right", meta, get, set),
  };
  const pickerPlace = html("div", { class: "pickers" }, pickers.view.element);
  const reserve = () => Object.values(pickers).forEach((each) => each.reserve());
  const controls = {
    layer: toggles("Layer", meta.layers.map(({ label }) => label), (i) => set("layer", i)),
    epoch: slider("epoch", "Epoch", "mean pairwise cosine", meta.epochs.map(String), set,
      [players.epoch.element], strips.epoch),
    minibatch: slider("minibatch", "Minibatch", "cosine with the mean",
      Array.from({ length: M }, (_, i) => `${i + 1} of ${M}`), set,
      [previous, players.minibatch.element, next], strips.minibatch),
  };
  const sizes = new ResizeObserver(reserve);
  sizes.observe(controls.epoch.element); // as wide as the page lets it, however high the pickers
  return {
    element: html("div", { class: "controls" }, pickerPlace,
      ...Object.values(controls).map((c) => c.element)),
    strips,
    show() {
      const [{ element }, compared] = [pickers.other, get("other") >= 0];
      if (compared !== Boolean(element.parentNode)) {
        if (compared) pickerPlace.prepend(element);
        else element.remove();
        reserve();
      }
      if (compared) pickers.other.show(get("other"));
      pickers.view.element.setAttribute("aria-label", compared ? "Right" : "View");
      pickers.view.show(get("view"));
      for (const [trait, control] of Object.entries(controls)) control.show(get(trait));
      for (const each of Object.values(players)) each.show();
    },
    stop() {
      sizes.disconnect();
      Object.values(players).forEach((each) => each.stop());
    },
  };
}

/** The field and the rose of one side, with their labels. */
function sidePanel(side, meta, cursor) {
  const field = fieldPicture(side, meta, cursor);
  const rose = rosePicture(side);
  const title = html("span", { class: "name" });
  const labels = pile("span", "compared", meta.views.map(({ label }) => [label]));
  const longestText = html("span");
  const heading = html("div", { class: "heading" }, labels.element, title,
    html("span", { class: "longest" }, "longest ", long("arrow "), longestText));
  const ends = [meta.offsets[0], meta.offsets.at(-1)].map((x) => offset(x, 3));
  const axes = ["x", "y"].map((axis) => {
    const name = html("span");
    const element = html("div", { class: `axis ${axis}` }, html("span", {}, ends[0]),
      html("span", {}, long("offset of "), name), html("span", {}, ends[1]));
    return { element, name };
  });
  const show = ({ place: [v, e, l, m], landscape, summary, name, compared }) => {
    const longest = Math.max(...landscape.map((g) => g.norm));
    const parameters = meta.parameters[v][l];
    const when = `epoch ${meta.epochs[e]}${compared ? `, ${meta.views[v].label}` : ""}`;
    labels.show(v);
    title.textContent = `${compared ? "at" : `${name}:`} epoch ${meta.epochs[e]}`;
    longestText.textContent = significant(longest);
    axes.forEach((axis, i) => { axis.name.textContent = parameters[i]; });
    field.draw(`${[v, e, l, m]}`, landscape, longest, summary.mean);
    field.root.setAttribute("aria-label", `Gradient field of minibatch ${m + 1} at ${when}, `
      + `longest arrow ${significant(longest)}; arrow keys move the cursor`);
    rose.draw(`${[v, e, l]}`, summary, parameters);
    rose.choose(`${[v, e, l, m]}`, summary, m);
    rose.root.setAttribute("aria-label", `Gradient directions of ${meta.minibatches} `
      + `minibatches at ${when}, ${summary.against} against their mean`);
  };
  return {
    plot: html("div", { class: `plot ${side}` }, heading, axes[1].element, field.root,
      axes[0].element),
    rose: html("div", { class: `directions ${side}` }, rose.root),
    show,
    mark: field.mark,
  };
}

/** The left side's numbers, the right side's, and what is counted between them. */
function numberTable(meta) {
  const G = meta.offsets.length;
  const heads = SIDES.map(() => html("th", { scope: "col" }));
  const lines = rows(meta).map(([key, label, value, text]) => {
    const cells = SIDES.map((side) => html("td", { "data-number": key, "data-side": side }));
    return {
      element: html("tr", {}, cells[0], html("th", { scope: "row" }, label), cells[1]),
      show: (sides) => cells.forEach((cell, i) => {
        cell.dataset.value = value(sides[i]);
        cell.textContent = text(value(sides[i]));
      }),
      speak: () => `${label} ${cells.map((cell) => cell.textContent).join(" and ")}`,
    };
  });
  const cursorHead = html("th", { scope: "rowgroup", colspan: 3 });
  const [fixed, moving] = [lines.slice(0, -CURSOR_ROWS), lines.slice(-CURSOR_ROWS)];
  const bodies = [fixed, moving].map((some) =>
    html("tbody", {}, ...some.map(({ element }) => element)));
  bodies[1].prepend(html("tr", {}, cursorHead));
  const speak = (some) => some.map((line) => line.speak()).join("; ");
  return {
    element: html("table", {},
      html("thead", {}, html("tr", {}, heads[0], html("td"), heads[1])), ...bodies),
    show(sides) {
      lines.forEach((line) => line.show(sides));
      heads.forEach((head, i) => { head.textContent = sides[i].name; });
      const { cursor } = sides[0];
      const place = [Math.floor(cursor / G), cursor % G].map((i) => offset(meta.offsets[i] ?? 0));
      cursorHead.textContent = `at the cursor${cursor < 0 ? "" : ` (${place.join(", ")})`}`;
    },
    speak: () => speak(fixed),
    speakCursor: () => `${cursorHead.textContent}: ${speak(moving)}`,
  };
}

function caption(meta) {
  const key = (colour, text) => html("span", { class: `key ${colour}` }, text);
  return html("p", { class: "legend" },
    "Arrows show the gradient; descent goes the other way. The circle marks the network’s own "
    + "parameters; in each field the longest arrow fills its cell. Point at an arrow, or tap it, "
    + "for its numbers. ",
    key("with", "with"), " or ", key("against", "against"),
    ` the mean gradient of that side’s ${meta.minibatches} minibatches of `
    + `${meta.batch_size}. In the roses each arrow is one minibatch’s direction, petals count them `
    + `by area, and the triangle points along the mean. ${meta.remark}`);
}

function render({ model, el }) {
  const data = readData(model);
  const { meta } = data;
  const set = setter(model);
  const cursor = { get: () => model.get("cursor"), set: (i) => set("cursor", i) };
  const panel = controlPanel(model, meta, set);
  const panels = SIDES.map((side) => sidePanel(side, meta, cursor));
  const table = numberTable(meta);
  const notes = [["Left", "compared"], ["Right", ""]].map(([name, when]) =>
    pile("p", when, meta.views.map(({ note }) =>
      [html("b", { class: "compared" }, `${name}: `), note])));
  const spoken = speech(model, "playing", "playing_epochs");
  const views = html("div", { class: "views" }, panels[0].plot, panels[1].plot, panels[0].rose,
    table.element, panels[1].rose);
  const root = html("div", { class: "gradbook-widget gradbook-explorer", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "frame" }, panel.element, views,
      html("div", { class: "notes" }, ...notes.map(({ element }) => element)),
      caption(meta), spoken.element));

  let sides; // what the left and the right side show
  const update = () => {
    const [view, other, e, l, m] = ["view", "other", "epoch", "layer", "minibatch"]
      .map((trait) => model.get(trait));
    const compared = other >= 0;
    const shown = compared ? [["Left", other, e], ["Right", view, e]]
      : [["Start", view, 0], ["Now", view, e]];
    sides = shown.map(([name, v, epoch]) => ({
      name, compared, m, place: [v, epoch, l, m],
      landscape: data.landscape(v, epoch, l, m), summary: data.summary(v, epoch, l),
      loss: meta.test_loss[v][epoch], r2: meta.test_r2[v][epoch],
    }));
    root.dataset.mode = compared ? "compare" : "start";
    panel.show();
    shown.forEach(([, v, epoch], i) => {
      panels[i].show(sides[i]);
      notes[i].show(v);
      panel.strips.epoch[i].draw(`${[v, l]}`,
        meta.epochs.map((_, j) => data.summary(v, j, l).meanCosine));
      panel.strips.minibatch[i].draw(`${[v, epoch, l]}`, sides[i].summary.cosines);
    });
    showCursor();
    spoken.say(() => {
      const [left, right] = shown.map(([, v]) => meta.views[v].label);
      const where = compared ? `epoch ${meta.epochs[e]}, left ${left}, right ${right}`
        : `epochs ${meta.epochs[0]} and ${meta.epochs[e]}`;
      return `Minibatch ${m + 1}, ${where}: ${table.speak()}`;
    });
  };
  const showCursor = () => {
    sides = sides.map((side) => ({ ...side, cursor: cursor.get() }));
    panels.forEach((each) => each.mark(cursor.get()));
    table.show(sides);
  };
  const point = () => {
    showCursor();
    spoken.say(() => (cursor.get() < 0 ? "" : table.speakCursor()));
  };
  const traits = ["view", "other", "epoch", "layer", "minibatch", "playing", "playing_epochs"];
  return mount({ model, el }, root, [[traits, update], [["cursor"], point]],
    [panel.stop, spoken.stop]);
}

export default { render };
