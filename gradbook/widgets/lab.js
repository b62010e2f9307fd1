/* The lab: settings, a training that runs here, its curve over what was measured, and how to
 * repeat it. The chapter's file says what is trained, and what is drawn of it. */

const [WIDE, TALL, EDGE] = [640, 280, { left: 58, right: 14, top: 12, bottom: 46 }];
const NAME = 16; // more to the left, for the axis' name
const MORE = 4; // further seeds

/* LAB */

/** What is wrong with a value, as a sentence; "" where nothing is. */
function wrong({ label, choices, low, high, whole }, value) {
  if (choices.length) return choices.includes(value) ? "" : `Expected one of ${choices.join(", ")}.`;
  if (low === null) return "";
  if (typeof value === "number" && value >= low && value <= high
    && (!whole || Number.isInteger(value))) return "";
  return `Expected ${whole ? "a whole number" : "a number"} from ${low} to ${high} for ${label}, got ${value || "nothing"}.`;
}

const problems = (settings, values) => Object.fromEntries(settings
  .map((one) => [one.name, wrong(one, values[one.name]) || LAB.check?.(one.name, values) || ""])
  .filter(([, sentence]) => sentence));

/** A setting's control: `show` it, or say what is wrong beside it. */
function field(setting, set) {
  const { name, label, choices, low } = setting;
  const sentence = html("span", { class: "wrong", role: "status" });
  let element, show;
  if (choices.length) {
    const row = choice(name, label, choices.length, (_, i) => set(name, choices[i]));
    [element, show] = [row.element, (value) => row.show(choices.indexOf(value), choices.map(String))];
  } else {
    const input = html("input", { type: "text", "aria-label": label,
      inputmode: low === null ? "text" : "decimal" });
    input.addEventListener("change", () => {
      const text = input.value.trim().replace("−", "-");
      set(name, low === null ? text : text && Number.isFinite(Number(text)) ? Number(text) : text);
    });
    element = html("div", { class: "entry", "data-control": name },
      html("label", {}, html("b", {}, label), " ", input));
    show = (value) => { input.value = value; };
  }
  element.append(sentence);
  const complain = (text = "") => {
    sentence.textContent = text;
    element.classList.toggle("is-wrong", Boolean(text));
  };
  return { element, show, complain };
}

/** Curves over steps: grey ones measured before, coloured ones as they grow, bands of seeds. */
function chart() {
  const layer = () => svg("g");
  const [axes, measured, bands, lines] = [layer(), layer(), layer(), layer()];
  const element = svg("svg", { viewBox: `${-NAME} 0 ${WIDE + NAME} ${TALL}`, role: "img", class: "chart" },
    axes, measured, bands, lines);
  const draw = ({ live, grey, others, steps, label }) => {
    const first = (LAB.settled ?? 0) * steps; // what comes before does not set the scale
    const all = [...live, ...grey.lines, ...others.flat()]
      .flatMap(({ x, y }) => y.filter((v, i) => v !== null && x[i] >= first));
    const [low, high] = [Math.min(0, ...all), Math.max(LAB.least ?? 0.01, ...all)];
    const along = LAB.logarithmic ? Math.log1p : (v) => v;
    const x = (v) => EDGE.left + ((WIDE - EDGE.left - EDGE.right) * along(v)) / along(steps);
    const ticks = LAB.logarithmic ? [0, 1, 10, 100, 1000].filter((v) => v <= steps)
      : [0, 0.25, 0.5, 0.75, 1].map((share) => share * steps);
    const y = (v) => TALL - EDGE.bottom
      - ((TALL - EDGE.top - EDGE.bottom) * (Math.min(v, high) - low)) / (high - low);
    const path = (line) => line.x.map((v, i) => [v, line.y[i]]).filter(([, w]) => w !== null)
      .map(([v, w], i) => `${i ? "L" : "M"}${x(v).toFixed(1)} ${y(w).toFixed(1)}`).join("");
    const bottom = TALL - EDGE.bottom;
    const digits = Math.max(0, 1 - Math.floor(Math.log10(high - low)));
    axes.replaceChildren(
      svg("path", { class: "axis", d: `M${EDGE.left} ${EDGE.top}V${bottom}H${WIDE - EDGE.right}` }),
      ...ticks.map((v, i) => svg("text", { y: bottom + 22, ...(v === steps
        ? { x: WIDE, class: "end" } : { x: x(v), class: i % 2 ? "odd" : "" }) }, `${Math.round(v)}`)),
      ...[low, (low + high) / 2, high].map((v) => svg("text", { x: EDGE.left - 6, y: y(v) + 5,
        class: "end" }, decimals(v, digits))),
      svg("text", { x: WIDE / 2, y: TALL - 6, class: "name" }, "step"),
      svg("text", { class: "name",
        transform: `translate(0 ${bottom / 2}) rotate(-90)` }, label));
    measured.replaceChildren(...grey.lines.map(path).concat((grey.marks ?? []).map((v) =>
      `M${x(v).toFixed(1)} ${EDGE.top}V${bottom}`)).map((d) => svg("path", { class: "grey", d })));
    lines.replaceChildren(...live.map((line, i) => svg("path", {
      class: `line${i % 8}`, "data-line": line.label, d: path(line) })));
    bands.replaceChildren(...(others.length ? live.map((line, i) => {
      const own = [line, ...others.map((lines) => lines[i])].filter(Boolean);
      const ends = (pick) => line.x.flatMap((v, j) => {
        const there = own.map((one) => one.y[j] ?? line.y[j]).filter((w) => w !== null);
        return there.length ? [[v, pick(...there)]] : [];
      });
      const around = [...ends(Math.min), ...ends(Math.max).reverse()];
      return svg("path", { class: `band line${i % 8}`, d: `${around.map(([v, w], j) =>
        `${j ? "L" : "M"}${x(v).toFixed(1)} ${y(w).toFixed(1)}`).join("")}${around.length ? "Z" : ""}` });
    }) : []));
  };
  return { element, draw };
}

/** Records as curves: for each label its steps and values. */
function curvesOf(records, values) {
  const labels = Object.keys(LAB.curves(records[0], values));
  const shown = records.map((record) => LAB.curves(record, values));
  return labels.map((label) => ({ label, x: records.map(({ step }) => step),
    y: shown.map((one) => one[label]) }));
}

const packed = (state) => btoa(encodeURIComponent(JSON.stringify(state)));

/** The state that the page's address carries for a lab, if it is one. */
function fromAddress(id) {
  const found = new RegExp(`#lab-${id}=(.+)$`).exec(globalThis.location?.hash ?? "");
  try {
    return found && JSON.parse(decodeURIComponent(atob(found[1])));
  } catch {
    return null;
  }
}

function button(text, action) {
  const element = html("button", { type: "button", class: "worded", "data-action": text.toLowerCase()
    .replace(/\W+/g, "-") }, text);
  element.addEventListener("click", action);
  return element;
}

async function render({ model, el }) {
  const meta = model.get("meta");
  const settings = [...meta.settings, { name: "seed", label: "seed", choices: [], low: 0, high: 4000,
    whole: true, live: false }];
  const linked = fromAddress(meta.id);
  const engine = await model.widget_manager.get_model(
    model.get("engine").replace("IPY_MODEL_", ""));
  const code = engine.get("code");
  let values = { ...model.get("values"), ...linked?.values };
  let planned = linked?.log ?? null;
  if (Object.keys(problems(settings, values)).length) {
    [values, planned] = [{ ...model.get("values") }, null];
  }
  let records = [];
  let state = { done: 0, steps: LAB.job(values).steps, log: [], running: false };
  let others = []; // records of further seeds
  let helpers = [];
  const spoken = speech(model);

  const set = (name, value) => {
    const next = LAB.adapt?.({ ...values, [name]: value }, name) ?? { ...values, [name]: value };
    fields[name].show(value);
    const bad = problems(settings, next);
    settings.forEach(({ name: own }) => fields[own].complain(bad[own]));
    if (Object.keys(bad).length) return;
    const before = values;
    values = next;
    model.set("values", values);
    model.save_changes();
    Object.entries(fields).forEach(([own, { show }]) => show(values[own]));
    const { live } = settings.find((one) => one.name === name);
    if (LAB.display?.includes(name)) {
      show();
      return;
    }
    planned = null;
    const same = JSON.stringify(LAB.job(values)) === JSON.stringify(LAB.job(before));
    if (!live || !same || state.done >= state.steps) open(false);
    else {
      here.order("set", { settings: LAB.settings(values) });
      if (!state.running) here.order("pause"); // asks for a report
    }
    forgetOthers();
    show();
  };
  const fields = Object.fromEntries(settings.map((one) => [one.name, field(one, set)]));
  const jobOf = (more = {}) => ({ ...LAB.job(values), seed: values.seed,
    log: planned ?? [[0, LAB.settings(values)]], ...more });
  let broken = ""; // what the status says where this browser does not train
  const unable = (why) => "This browser does not get through the training "
    + `(${why}). The grey curves were measured before.`;
  const received = (message) => {
    broken = message.thrown ? unable(message.failed) : "";
    if (message.failed && !message.thrown) {
      fields[LAB.blame].complain(message.failed);
    }
    const finite = message.records.filter((record) =>
      Object.values(LAB.curves(record, values)).every((v) => v === null || Number.isFinite(v)));
    records.push(...finite);
    state = { ...state, ...message, records: undefined,
      running: message.running && !message.failed };
    show();
  };
  const failed = (error) => {
    broken = unable(error?.message ?? error);
    [play, step, reset, more].forEach((one) => { one.disabled = true; });
    show();
  };
  const here = trainer(code, received, failed);
  const open = (running) => {
    records = [];
    here.open(jobOf({ play: running }));
    forgetOthers();
  };

  const play = button("Play", () => {
    if (state.running) here.order("pause");
    else if (state.done >= state.steps) open(true);
    else here.order("play");
  });
  const step = button("Step", () => {
    if (state.running) here.order("pause");
    here.order("step");
  });
  const reset = button("Reset", () => {
    planned = null;
    settings.forEach(({ name }) => fields[name].complain());
    open(false);
  });
  const more = button("More seeds", () => {
    forgetOthers();
    const log = state.log.length ? state.log : [[0, LAB.settings(values)]];
    helpers = Array.from({ length: MORE }, (_, i) => {
      const own = [];
      const helper = trainer(code, (message) => {
        own.push(...message.records);
        if (message.running || !own.length) return;
        others = [...others, own];
        helper.close();
        show();
      }, () => {});
      helper.open({ ...jobOf({ play: true }), shown: {}, pace: 0, log, seed: values.seed + 1 + i });
      return helper;
    });
  });
  const copied = async (text, from) => {
    const name = from.textContent;
    try {
      await navigator.clipboard.writeText(text);
      from.textContent = "Copied";
    } catch {
      from.textContent = "Not allowed here";
    }
    setTimeout(() => { from.textContent = name; }, 1500);
  };
  const link = button("Copy link", () => {
    const text = packed({ values, log: state.log });
    history.replaceState(null, "", `#lab-${meta.id}=${text}`);
    copied(location.href, link);
  });
  link.hidden = !globalThis.gradbookWidgetHost;
  const forgetOthers = () => {
    helpers.forEach((helper) => helper.close());
    [helpers, others] = [[], []];
  };

  const plot = chart();
  const canvas = LAB.picture ? html("canvas", { class: "picture", role: "img",
    width: LAB.picture.width, height: LAB.picture.height }) : null;
  const table = LAB.table ? html("div", { class: "numbers" }) : null;
  const status = html("p", { class: "status" });
  const legend = html("p", { class: "legend" });
  const python = html("code");
  const copy = button("Copy", () => copied(python.textContent, copy));
  const root = html("div", { class: "gradbook-widget gradbook-lab", "data-lab": meta.id },
    html("div", { class: "frame" }, prose("p", { class: "question" }, meta.title),
      html("div", { class: "settings" }, ...settings.map(({ name }) => fields[name].element)),
      html("div", { class: "orders" }, play, step, reset, more, link), status,
      html("div", { class: "plots" }, plot.element, ...(canvas ? [canvas] : [])), legend,
      ...(table ? [table] : []),
      html("details", {}, html("summary", {}, "The same in Python"), html("pre", {}, python), copy),
      spoken.element));
  const show = () => {
    const { done, steps, running, way, elapsed = 0 } = state;
    const log = state.log.length ? state.log : [[0, LAB.settings(values)]];
    play.textContent = running ? "Pause" : done >= steps ? "Play again" : "Play";
    step.disabled = done >= steps || play.disabled;
    const grey = LAB.measured(values, meta.measured, log);
    const live = records.length ? curvesOf(records, values) : [];
    const bands = others.map((own) => curvesOf(own, values));
    plot.draw({ live, grey, others: bands, steps, label: LAB.axis?.(values) ?? meta.label });
    const now = records.at(-1);
    if (now) {
      if (canvas) LAB.picture.draw(canvas.getContext("2d"), now, values);
      if (table) table.replaceChildren(LAB.table(now, values));
    }
    const said = now ? LAB.sentence(now, values).replaceAll(" %", "\u00a0%") : "";
    status.textContent = broken || `Your browser, seed ${values.seed}, step ${done} of ${steps}, `
      + `${decimals(elapsed / 1000, 2)} s${way === "JavaScript" ? ", without WebAssembly" : ""}. ${said}`;
    plot.element.setAttribute("aria-label", `${meta.title} ${said}`);
    canvas?.setAttribute("aria-label", LAB.picture.label(now, values));
    legend.replaceChildren(
      ...(live.length < 2 ? [] : live.map(({ label }, i) =>
        html("span", { class: `key line${i % 8}` }, label))),
      ...(grey.label ? [html("span", { class: "key grey" }, grey.label)] : []),
      ...(others.length ? [html("span", {}, `Band: ${others.length + 1} seeds.`)] : []),
      prose("span", {}, meta.note));
    python.textContent = LAB.python(values, log, done || steps);
    Object.assign(root.dataset, { done, running, way });
    root.record = now;
    if (!running) spoken.say(() => said);
  };
  Object.entries(fields).forEach(([name, { show: own }]) => own(values[name]));
  open(false);
  return mount({ model, el }, root, [[["none"], show]], [spoken.stop, here.close, forgetOthers]);
}

export default { render };
