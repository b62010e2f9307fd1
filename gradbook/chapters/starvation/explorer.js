/* The starvation explorer: the plane of the two coordinates with the training examples and what the
 * net decides there; beside it, over the epochs, what feeds the weights that read either
 * coordinate, the net's response, and how much of the decision either coordinate carries. After a
 * switch of the regularizer the course without it goes on as a dotted line. */

const PAUSE = 400; // milliseconds an epoch stays in view
const CURVES = ["dose_1", "dose_2", "straight", "bent", "share_1", "share_2", "loss", "accuracy",
  "erased"];
const two = (x) => decimals(x, 2);
const CHARTS = [
  { title: "Dose · 10³", scale: "linear", ends: [0, 1e-9], unit: 1000, text: two,
    lines: [["dose_1", "coordinate 1"], ["dose_2", "coordinate 2"]] },
  { title: "Response", scale: "log", ends: [0.011, 20], unit: 1, text: two,
    lines: [["straight", "straight"], ["bent", "bent"]] },
  { title: "Share carried", scale: "log", ends: [0.001, 1], unit: 1, text: percent,
    lines: [["share_1", "coordinate 1"], ["share_2", "coordinate 2"]] },
];
const ROWS = [
  ["loss", "loss", (x) => decimals(x, 4)],
  ["accuracy", "accuracy", (x) => percent(x, 3)],
  ["erased", "accuracy, coordinate 1 erased", (x) => percent(x, 3)],
];
const [WIDE, TALL] = [400, 100]; // of a chart
const TICKS = [0, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const signed = (x) => decimals(x, 2).replace(/0$/, "").replace(/^(?=[\d])/, x > 0 ? "+" : "");
const named = ({ name, strength }) => (strength ? `${name} ${strength}` : name);
const nice = (top) => Number(`${"521".split("").find((d) => d <= top / 10 ** exponent(top))}e`
  + exponent(top)); // a number not above the top, to mark an axis with
const exponent = (x) => Math.floor(Math.log10(x));
const spread = Math.sqrt; // of the epochs along an axis: early ones need room

// ---------------------------------------------------------------- data

/** The model's arrays, and which record is whose. */
function readData(model) {
  const meta = model.get("meta");
  const bytes = (name) => bytesOf(model, name);
  const floats = (name) => new Float32Array(bytes(name));
  const [field, labels] = [new Int8Array(bytes("field")), new Int8Array(bytes("labels"))];
  const [scale, points] = [floats("scale"), floats("points")];
  const numbers = { curves: floats("curves"), low: floats("low"), high: floats("high") };
  const { margins, epochs, regularizers, switches, thens, courses, grid } = meta;
  const size = grid[0][2] * grid[1][2];
  const records = scale.length / margins.length;
  const count = labels.length / margins.length;
  const able = (r, w) => regularizers[r].strengths.map((_, s) => s).filter((s) =>
    w === 0 || thens.some((_, t) => `${r},${s},${w - 1},${t}` in courses));
  return {
    meta,
    count,
    banded: numbers.low.length > 0,
    value: (record, name, of = "curves") =>
      numbers[of][record * CURVES.length + CURVES.indexOf(name)],
    switchable: (r) => able(r, 1).length > 0,
    /** The course that a state means; a strength without such a course gives way to one with. */
    course(margin, r, strength, w, t) {
      const turns = w > 0 && able(r, w).length > 0;
      const strengths = able(r, turns ? w : 0);
      const s = strengths.includes(strength) ? strength : strengths[0];
      const base = courses[`${r},${s}`];
      const own = turns ? courses[`${r},${s},${w - 1},${t}`] : undefined; // none: nothing changes
      const record = (e, stay = false) => {
        const [first, start] = own && !stay && e >= own[0] ? own : base;
        return margin * records + start + e - first;
      };
      return { margin, r, s, t, strengths, record, changes: Boolean(own),
        turn: turns ? epochs.indexOf(switches[w - 1]) : -1 };
    },
    field: (record) => Float32Array.from(
      field.subarray(record * size, (record + 1) * size), (code) => (code / 127) * scale[record]),
    examples: (m) => Array.from({ length: count }, (_, i) => m * count + i)
      .map((i) => ({ at: [points[2 * i], points[2 * i + 1]], label: labels[i] })),
  };
}

// ---------------------------------------------------------------- pictures

/** One chart of two curves over the epochs. */
function chart(data, { title, scale, ends: [least, most], unit, text, lines }, set) {
  const { epochs } = data.meta;
  const x = (e) => round((WIDE * spread(epochs[e])) / spread(epochs.at(-1)));
  const kinds = ["first", "second"];
  const path = (name) => kinds.map((kind) => svg("path", { class: `${name} ${kind}` }));
  const [bands, ghosts, curves] = [path("band"), path("ghost"), path("curve")];
  const [zero, turn, now] = ["zero", "turn", "now"].map((name) => svg("path", { class: name }));
  const root = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none",
    "aria-hidden": "true" }, zero, ...bands, turn, now, ...ghosts, ...curves);
  root.addEventListener("pointerdown", (event) => {
    const { left, width } = root.getBoundingClientRect();
    const wanted = (WIDE * (event.clientX - left)) / width;
    const off = epochs.map((_, e) => Math.abs(x(e) - wanted));
    set("epoch", off.indexOf(Math.min(...off)));
  });
  const ticks = html("div", { class: "ends", "aria-hidden": "true" });
  const values = lines.map(([name]) => html("output", { "data-number": name, "aria-live": "off" }));
  const element = html("div", { class: "chart" },
    html("div", { class: "heading" }, html("span", { class: "title" }, title),
      ...lines.map(([, label], i) =>
        html("span", { class: `key ${kinds[i]}` }, html("span", {}, label), " ", values[i]))),
    html("div", { class: "area" }, ticks, root));
  const names = lines.map(([name]) => name);
  const sides = ["curves", ...(data.banded ? ["low", "high"] : [])];
  const outlines = (course) => {
    const steps = (stay) => epochs.map((_, i) => course.record(i, stay));
    const shown = [steps(), course.changes ? steps(true) : []].flat().flatMap((record) =>
      names.flatMap((name) => sides.map((of) => data.value(record, name, of))));
    const [floor, top] = scale === "log" ? [least, Math.max(most, ...shown)]
      : [Math.min(least, ...shown), Math.max(most, ...shown)];
    const place = scale === "log" ? (v) => Math.log(Math.max(v, floor)) : (v) => v;
    const y = (v) => round(TALL - (TALL * (place(v) - place(floor))) / (place(top) - place(floor)));
    const outline = (records, name, of) => records.map((record, i) =>
      `${x(i)} ${y(data.value(record, name, of))}`);
    names.forEach((name, k) => {
      curves[k].setAttribute("d", `M${outline(steps(), name).join("L")}`);
      const after = outline(steps(true), name).slice(Math.max(0, course.turn));
      ghosts[k].setAttribute("d", course.changes ? `M${after.join("L")}` : "");
      if (!data.banded) return;
      const [under, over] = ["low", "high"].map((of) => outline(steps(), name, of));
      bands[k].setAttribute("d", `M${[...over, ...under.reverse()].join("L")}Z`);
    });
    const marked = scale === "log" ? [0.01, 0.1, 1, 10, 100].filter((v) => floor < v && v <= top)
      : [0, nice(top * unit) / unit];
    zero.setAttribute("d", marked.map((v) => `M0 ${y(v)}H${WIDE}`).join(""));
    ticks.replaceChildren(...marked.map((v) => html("span", { style: `top: ${Math.max(y(v), 5)}%` },
      text === percent ? percent(v) : String(Number((unit * v).toPrecision(3))))));
    turn.setAttribute("d", course.turn < 0 ? "" : `M${x(course.turn)} 0V${TALL}`);
  };
  const show = (course, e) => {
    now.setAttribute("d", `M${x(e)} 0V${TALL}`);
    names.forEach((name, k) => {
      const value = data.value(course.record(e), name);
      values[k].dataset.value = value;
      values[k].textContent = text(unit * value);
    });
  };
  const speak = () => lines.map(([, label], i) =>
    `${title.replace(" · 10³", " times a thousand")} ${label} ${values[i].textContent}`).join(", ");
  return { element, outlines, show, speak };
}

/** The epochs along the charts, and a flag where the regularizer changes. */
function timeline({ epochs }) {
  const last = spread(epochs.at(-1)) || 1;
  const at = (epoch) => `left: ${(100 * spread(epoch)) / last}%`;
  const kept = [];
  for (const tick of TICKS.filter((epoch) => epoch <= epochs.at(-1))) {
    if (!kept.length || spread(tick) - spread(kept.at(-1)) > 0.1 * last) kept.push(tick);
  }
  const flag = html("span");
  return {
    flags: html("div", { class: "ticks flags", "aria-hidden": "true" }, flag),
    element: html("div", { class: "ticks", "aria-hidden": "true" },
      ...kept.map((epoch) => html("span", { style: at(epoch) }, epoch))),
    show(turn) {
      flag.textContent = turn < 0 ? "" : "switch";
      if (turn >= 0) flag.setAttribute("style", at(epochs[turn]));
    },
  };
}

/** The numbers that have no curve. */
function numbers() {
  const cells = ROWS.map(([name]) => html("td", { "data-number": name }));
  const element = html("table", {}, html("tbody", {}, ...ROWS.map(([, label], i) =>
    html("tr", {}, html("th", { scope: "row" }, label), cells[i]))));
  const show = (value) => ROWS.forEach(([name, , text], i) => {
    cells[i].dataset.value = value(name);
    cells[i].textContent = text(value(name));
  });
  return { element, show, speak: () => ROWS.map(([, label], i) =>
    `${label} ${cells[i].textContent}`).join(", ") };
}

// ---------------------------------------------------------------- the widget

/** Texts of which one is seen; all keep their room, so that a choice moves nothing below. */
function pile(texts) {
  const entries = texts.map((text) => html("span", {}, text));
  const show = (chosen) => entries.forEach((entry, i) => {
    entry.style.visibility = i === chosen ? "" : "hidden";
  });
  return { element: html("p", { class: "note" }, ...entries), show };
}

/** The five choices; what has no effect under the others keeps its place. */
function choices({ meta, switchable }, set) {
  const { margins, regularizers, switches, thens } = meta;
  const most = mostStrengths(regularizers);
  const margin = choice("margin", "Margin", margins.length, set);
  const regularizer = choice("regularizer", "Regularizer", regularizers.length, set);
  const strength = choice("strength", "Strength", most, set);
  const turn = choice("switch", "Switch", switches.length + 1, set);
  const then = choice("then", "Switch to", thens.length, set);
  const open = ({ element }, is) => {
    element.classList.toggle("idle", !is);
    element.querySelectorAll("input").forEach((input) => { input.disabled = !is; });
  };
  margin.element.hidden = margins.length < 2;
  regularizer.element.hidden = regularizers.length < 2;
  strength.element.hidden = most < 2;
  [turn, then].forEach(({ element }) => { element.hidden = switches.length === 0; });
  return {
    elements: [
      html("div", { class: "pair" }, margin.element, strength.element),
      ...[regularizer, turn, then].map(({ element }) => element),
    ],
    show(course, w) {
      const chosen = regularizers[course.r];
      margin.show(course.margin, margins.map(signed));
      regularizer.show(course.r, regularizers.map(({ name }) => name));
      strength.show(course.s, chosen.strengths.map((value, s) =>
        (course.strengths.includes(s) ? String(value) : null)), `Strength ${chosen.symbol}`);
      strength.element.style.visibility = chosen.strengths.length > 1 ? "" : "hidden";
      turn.show(course.turn < 0 ? 0 : w, ["never", ...switches.map((epoch) => `at ${epoch}`)]);
      open(turn, switchable(course.r));
      then.show(course.t, thens.map(named));
      open(then, course.turn >= 0);
    },
  };
}

function legend({ meta, count, banded }) {
  const key = (kind, text) => html("span", { class: `key ${kind}` }, text);
  return html("p", { class: "legend" }, `${count} examples, `, key("plus", "+1"), " and ",
    key("minus", "−1"), ". The thick line is where the net decides, the shade how firmly; thin "
    + "lines are at ±1, ±2, ±4, … Dose: what the logistic loss alone does to the first layer’s "
    + "weights that read a coordinate; below 0 it wears them down. Response: the answers’ root mean "
    + "square, split into the three leading tangent features, which draw nearly straight "
    + "boundaries, and all others. Share carried: how much of the decision’s variance over the plane is lost "
    + "without a coordinate. ",
    banded ? `Bands span ${meta.seeds} seeds, of which the first is drawn. ` : "",
    meta.switches.length ? "Dotted: without the switch." : "");
}

function render({ model, el }) {
  const data = readData(model);
  const { meta } = data;
  const { epochs, regularizers, thens } = meta;
  const set = setter(model);
  const controls = choices(data, set);
  const slider = epochSlider(model, epochs, set, PAUSE);
  const picture = plane(data);
  const charts = CHARTS.map((each) => chart(data, each, set));
  const times = timeline(meta);
  const table = numbers();
  const notes = [
    pile(regularizers.map(({ name, note }) => `${name}: ${note}`)),
    pile(["No switch: it goes on to the end.", "From the switch on nothing changes.",
      ...thens.map((then) => `From the switch on ${named(then)}: ${then.note}`)]),
  ];
  const spoken = speech(model, "playing");
  const root = html("div", { class: "gradbook-widget gradbook-plane gradbook-boundary" },
    html("div", { class: "frame" }, ...controls.elements, slider.element,
      html("div", { class: "views" }, html("div", { class: "side" }, picture.element, table.element),
        html("div", { class: "charts" }, times.flags, ...charts.map(({ element }) => element),
          times.element)),
      ...notes.map(({ element }) => element), legend(data), spoken.element));
  notes[1].element.hidden = meta.switches.length === 0;
  let drawn; // the settings whose curves stand
  const update = () => {
    const [margin, r, s, w, t, e] =
      ["margin", "regularizer", "strength", "switch", "then", "epoch"].map((n) => model.get(n));
    const course = data.course(margin, r, s, w, t);
    const record = course.record(e);
    controls.show(course, w);
    slider.show();
    picture.draw(data.field(record), margin);
    if (drawn !== `${[margin, r, s, w, t]}`) {
      drawn = `${[margin, r, s, w, t]}`;
      charts.forEach(({ outlines }) => outlines(course));
      times.show(course.turn);
    }
    charts.forEach(({ show }) => show(course, e));
    table.show((name) => data.value(record, name));
    const chosen = regularizers[course.r];
    const first = named({ name: chosen.name, strength: chosen.strengths[course.s] });
    const second = course.turn < 0 ? "" : named(thens[course.t]);
    notes[0].show(course.r);
    notes[1].show(course.turn < 0 ? 0 : course.changes ? 2 + course.t : 1);
    const what = `margin ${signed(meta.margins[margin])}, ${first}`
      + (second && `, from epoch ${epochs[course.turn]} on ${second}`) + `, epoch ${epochs[e]}`;
    picture.root.setAttribute("aria-label", `Decision boundary among the two moons: ${what}`);
    spoken.say(() => `${what}: ${table.speak()}; ${charts.map((c) => c.speak()).join("; ")}`);
  };
  const traits = ["margin", "regularizer", "strength", "switch", "then", "epoch", "playing"];
  return mount({ model, el }, root, [[traits, update]], [slider.stop, spoken.stop]);
}

const settings = (get) => {
  const { margins, regularizers, switches, thens, epochs } = get("meta");
  return { margin: margins.length - 1, regularizer: regularizers.length - 1,
    strength: mostStrengths(regularizers) - 1, switch: switches.length, then: Math.max(0, thens.length - 1),
    epoch: epochs.length - 1 };
};

export default { render, settings };
