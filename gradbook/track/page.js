/* The explorers of a run's page. Beside what is shared (controls.js, before this): which groups are
 * fed, one group's doses over time, and the noise scale. */

const run = JSON.parse(document.getElementById("run").textContent);
const [T, G] = [run.steps.length, run.groups];
const values = Object.fromEntries(Object.entries(run.values).map(([name, text]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return [name, new Float32Array(bytes.buffer)];
}));
const at = (name, t, g) => values[name][t * G + g];
const stateOf = (t, g) => {
  if (!at("alive", t, g)) return 0;
  if (!at("norm", t, g)) return 3;
  return at("dose", t, g) > at("erosion", t, g) ? 2 : 1;
};
const layers = Object.entries(run.layers);
const brief = (x) => (Number.isFinite(x) ? minus(`${Number(x.toPrecision(3))}`) : "–");
const stepText = (t) => run.steps[t].toLocaleString("en");
const chosen = { t: T - 1, layer: 0, unit: -1, batch: 6 };
const acts = [];
const set = (changes) => {
  Object.assign(chosen, changes);
  acts.forEach((act) => act());
};

/** A slider with its name and what it stands at. */
function sliderOf(name, label, count, start, text, act) {
  const input = html("input", {
    type: "range", min: 0, max: count - 1, step: 1, value: start, "aria-label": label,
  });
  const value = html("output", { "aria-live": "off" });
  const show = (i) => {
    input.value = i;
    value.textContent = text(i);
    input.setAttribute("aria-valuetext", text(i));
  };
  input.addEventListener("input", () => act(Number(input.value)));
  show(start);
  return { show, element: html("div", { class: "slider", "data-control": name },
    html("div", { class: "label" }, `${label} `, value), input) };
}

/** A list to choose from. */
function selectOf(name, label, texts, act) {
  const select = html("select", { "aria-label": label },
    ...texts.map((text, i) => html("option", { value: i }, text)));
  select.addEventListener("change", () => act(Number(select.value)));
  return { select, element: html("div", { class: "select", "data-control": name },
    html("div", { class: "label" }, label), select) };
}

/** Round numbers that cover [low, high]. */
function ticksOf(low, high, log) {
  if (log) {
    const [a, b] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const every = Math.ceil((b - a + 1) / 6);
    return Array.from({ length: b - a + 1 }, (_, i) => 10 ** (a + i)).filter((_, i) => i % every === 0);
  }
  const raw = (high - low || 1) / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * unit).find((s) => s >= raw);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

const [WIDE, TALL, EDGE] = [640, 250, { left: 82, right: 18, top: 14, bottom: 48 }];

/** A picture of lines over the steps; `band` is a pair of lines. */
function plotOf(lines, { label, log, band, at: now }) {
  const all = [...lines.flatMap(({ y }) => y), ...(band ?? []).flat()]
    .filter((v) => Number.isFinite(v) && (!log || v > 0));
  let [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
  if (log) [low, high] = [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.01))];
  else [low, high] = [Math.min(0, low), high > low || high > 0 ? Math.max(0, high) * 1.05 : 1];
  const f = log ? Math.log10 : (v) => v;
  const bottom = TALL - EDGE.bottom;
  const [first, last] = [run.steps[0], run.steps[T - 1]];
  const x = (t) => EDGE.left + (WIDE - EDGE.left - EDGE.right)
    * (last > first ? (run.steps[t] - first) / (last - first) : 0.5);
  const y = (v) => {
    if (v === Infinity || (v > high && log)) return EDGE.top;
    return bottom - (bottom - EDGE.top) * (f(v) - f(low)) / (f(high) - f(low));
  };
  const path = (ys) => ys.map((v, t) => [v, t]).filter(([v]) => Number.isFinite(v) && (!log || v > 0))
    .map(([v, t], i) => `${i ? "L" : "M"}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const shapes = [
    ...ticksOf(low, high, log).filter((v) => v >= low && v <= high).flatMap((v) => [
      svg("path", { class: "grid", d: `M${EDGE.left} ${y(v)}H${WIDE - EDGE.right}` }),
      svg("text", { x: EDGE.left - 8, y: y(v) + 5, class: "end" },
        log ? v.toLocaleString("en") : brief(v))]),
    ...ticksOf(first, last, false).filter((v) => Number.isInteger(v)).flatMap((v) => {
      const place = EDGE.left + (WIDE - EDGE.left - EDGE.right) * (last > first ? (v - first) / (last - first) : 0.5);
      return [svg("path", { class: "axis", d: `M${place} ${bottom}v5` }),
        svg("text", { x: place, y: bottom + 20 }, v.toLocaleString("en"))];
    }),
    svg("path", { class: "axis", d: `M${EDGE.left} ${EDGE.top}V${bottom}H${WIDE - EDGE.right}` }),
    svg("text", { x: (EDGE.left + WIDE) / 2, y: TALL - 6, class: "name" }, "steps made"),
    svg("text", { class: "name", transform: `translate(16 ${bottom / 2}) rotate(-90)` }, label),
  ];
  if (now !== undefined) {
    shapes.push(svg("path", { class: "now", d: `M${x(now)} ${EDGE.top}V${bottom}` }));
  }
  if (band) {
    const there = run.steps.map((_, t) => t).filter((t) => band.every((b) => b[t] > 0));
    const up = there.map((t) => `${x(t).toFixed(1)} ${y(band[1][t]).toFixed(1)}`);
    const down = there.map((t) => `${x(t).toFixed(1)} ${y(band[0][t]).toFixed(1)}`).reverse();
    if (there.length) shapes.push(svg("path", { class: "band", d: `M${[...up, ...down].join("L")}Z` }));
  }
  shapes.push(...lines.map(({ y: ys, name }, i) =>
    svg("path", { class: `line${i}`, "data-line": name, d: path(ys) })));
  return shapes;
}

const pictureOf = () => svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", class: "picture" });
const keysOf = (lines) => lines.map(({ name }, i) => html("span", { class: `key line${i}` }, name));
function shown(id, ...children) {
  const root = html("div", { class: "frame" }, ...children);
  document.getElementById(id).append(root);
  keepKeys(root);
}

/** Every group a square, layer by layer, at one record. */
function states() {
  const [SIDE, ROW] = [12, innerWidth < 600 ? 24 : 48];
  const sentence = html("p", { class: "sentence", "aria-live": "polite" });
  const slider = sliderOf("record", "Steps made", T, chosen.t, stepText, (t) => set({ t }));
  const squares = [];
  const pictures = layers.flatMap(([name, groups], layer) => {
    const rects = groups.map((g, i) => {
      const rect = svg("rect", { x: SIDE * (i % ROW) + 1, y: SIDE * Math.floor(i / ROW) + 1,
        width: SIDE - 2, height: SIDE - 2, rx: 2 });
      rect.addEventListener("click", () => set({ layer, unit: groups.length > 1 ? i : -1 }));
      squares.push({ rect, g, layer, unit: i });
      return rect;
    });
    const tall = SIDE * Math.ceil(groups.length / ROW);
    return [html("div", { class: "layer" }, name), svg("svg", { class: "units", role: "img",
      viewBox: `0 0 ${SIDE * ROW} ${tall}`, "aria-label": `The groups of ${name}` }, ...rects)];
  });
  const update = () => {
    slider.show(chosen.t);
    const counts = [0, 0, 0, 0];
    for (const { rect, g, layer, unit } of squares) {
      const state = stateOf(chosen.t, g);
      counts[state] += 1;
      const is = layer === chosen.layer && unit === chosen.unit ? " chosen" : "";
      rect.setAttribute("class", `state${state}${is}`);
    }
    sentence.textContent = `After ${stepText(chosen.t)} steps ${counts[2]} of ${G} groups are fed, `
      + `${counts[1]} are eroded and ${counts[0]} are dead`
      + (counts[3] ? `; ${counts[3]} are still zero.` : ".");
  };
  acts.push(update);
  shown("states", slider.element, ...pictures, sentence, html("p", { class: "legend" },
    html("span", { class: "key state2" }, "fed: dose above erosion"),
    html("span", { class: "key state1" }, "eroded"), html("span", { class: "key state0" }, "dead"),
    html("span", {}, "Choose a square to see it over time.")));
}

/** A group over time, or the mean of a layer's. */
function times() {
  const layer = selectOf("layer", "Layer", layers.map(([name, groups]) => `${name} (${groups.length})`),
    (i) => set({ layer: i, unit: -1 }));
  const most = Math.max(...layers.map(([, groups]) => groups.length));
  const unit = sliderOf("unit", "Group", most + 1, 0, (i) => (i ? `${i - 1}` : "mean of all"),
    (i) => set({ unit: i - 1 }));
  const [given, step] = [pictureOf(), pictureOf()];
  const [first, second] = [html("p", { class: "legend" }), html("p", { class: "legend" })];
  const sentence = html("p", { class: "sentence", "aria-live": "polite" });
  const update = () => {
    const [name, groups] = layers[chosen.layer];
    layer.select.value = chosen.layer;
    unit.element.querySelector("input").max = groups.length > 1 ? groups.length : 0;
    unit.show(chosen.unit + 1);
    const own = chosen.unit < 0 ? groups : [groups[chosen.unit]];
    const over = (measure) => run.steps.map((_, t) => {
      const found = own.map((g) => measure(t, g)).filter(Number.isFinite);
      return found.length ? found.reduce((a, b) => a + b, 0) / found.length : NaN;
    });
    const doses = ["dose", "erosion"].map((key) => ({ name: key, y: over((t, g) => at(key, t, g)) }));
    const gained = over((t, g) => at("along", t, g) + (at("pull", t, g) || 0));
    const steps = [{ name: "what the gradients gave", y: gained },
      { name: "what decay took", y: over((t, g) => at("pull", t, g)) }];
    given.replaceChildren(...plotOf(doses, { label: "loss per weight", at: chosen.t }));
    step.replaceChildren(...plotOf(steps, { label: "norm per step", at: chosen.t }));
    first.replaceChildren(...keysOf(doses));
    second.replaceChildren(...keysOf(steps));
    const who = chosen.unit < 0 ? `The groups of ${name}, on average` : `${name}[${chosen.unit}]`;
    const norm = over((t, g) => at("norm", t, g));
    const [t, ratio] = [chosen.t, steps[1].y[chosen.t]];
    sentence.textContent = `${who}, after ${stepText(t)} steps: norm ${brief(norm[t])}, dose `
      + `${brief(doses[0].y[t])}, erosion ${brief(doses[1].y[t])}. In this step the gradients changed `
      + `the norm by ${brief(gained[t])}${Number.isFinite(ratio) ? `, decay by ${brief(-ratio)}` : ""}.`;
    [given, step].forEach((p) => p.setAttribute("aria-label", sentence.textContent));
  };
  acts.push(update);
  shown("times", layer.element, unit.element, given, first, step, second, sentence);
}

/** The noise scale with its interval, and how much of a large batch's step a batch makes. */
function noise() {
  if (!document.getElementById("noise")) return;
  const number = (v) => (v === null ? Infinity : v < 0 ? NaN : v);
  const scale = run.noise.noise_scale.map(number);
  const band = [run.noise.noise_low.map(number), run.noise.noise_high.map(number)];
  const picture = pictureOf();
  const sentence = html("p", { class: "sentence", "aria-live": "polite" });
  const slider = sliderOf("batch", "Batch size", 15, chosen.batch, (i) => `${2 ** i}`,
    (batch) => set({ batch }));
  const share = (b, size) => (Number.isNaN(b) ? "–" : percent(1 / (1 + b / size), 2));
  const update = () => {
    const [t, size] = [chosen.t, 2 ** chosen.batch];
    slider.show(chosen.batch);
    picture.replaceChildren(...plotOf([{ name: "noise scale", y: scale }],
      { label: "examples", log: true, band, at: t }));
    sentence.textContent = `After ${stepText(t)} steps a batch of ${size} makes `
      + `${share(scale[t], size)} of the progress per step of a very large batch (95 % interval: `
      + `${share(band[1][t], size)} to ${share(band[0][t], size)}), each at its best step size.`;
    picture.setAttribute("aria-label", sentence.textContent);
  };
  acts.push(update);
  shown("noise", slider.element, picture, html("p", { class: "legend" },
    html("span", { class: "key line0" }, `noise scale of ${run.rows} held rows, 95 % interval`)), sentence);
}

states();
times();
noise();
acts.forEach((act) => act());
