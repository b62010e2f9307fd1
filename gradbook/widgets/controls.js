/* What the explorers share: elements, numbers as text, radio buttons, a slider that plays. Their own
 * modules follow this text in one file: see controls.py. */

const ICONS = {
  play: "M4 2 14 8 4 14Z",
  pause: "M4 2h3v12H4zM9 2h3v12H9z",
  previous: "M11 2v12L4 8Z",
  next: "M5 2v12l7-6Z",
};

/** A copy of a model's bytes: floats must be aligned. */
function bytesOf(model, name) {
  const { buffer, byteOffset, byteLength } = model.get(name);
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

/** What sets a trait, and tells the kernel where there is one. */
const setter = (model) => (trait, value) => {
  if (model.get(trait) === value) return;
  model.set(trait, value);
  model.save_changes();
};

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const html = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** An element with an author's HTML in it. */
function prose(tag, attributes, text) {
  const element = html(tag, attributes);
  element.innerHTML = text;
  return element;
}

const minus = (text) => text.replace("-", "−");
const percent = (x, digits = 2) =>
  (Number.isFinite(x) ? `${Number((100 * x).toPrecision(digits))} %` : "–");
const raised = (n) => [...`${n}`].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

function decimals(x, digits = 2) {
  if (!Number.isFinite(x)) return "–";
  return minus(x.toFixed(digits).replace(/^-(0\.0*)$/, "$1"));
}

/** How many strengths that regularizer has that has most of them. */
const mostStrengths = (regularizers) =>
  Math.max(...regularizers.map(({ strengths }) => strengths.length));

/** Radio buttons drawn as a row of toggles; `show` may also rename them, and hides the nameless. */
function choice(trait, title, count, set) {
  const id = `choice-${Math.random().toString(36).slice(2)}`;
  const entries = Array.from({ length: count }, (_, i) => {
    const input = html("input", { type: "radio", name: id, value: i });
    const text = html("span");
    input.addEventListener("change", () => set(trait, i));
    return { input, text, label: html("label", {}, input, text) };
  });
  const heading = html("div", { class: "label", id }, title);
  const element = html("div", { class: "choice", "data-control": trait }, heading,
    html("div", { class: "options", role: "radiogroup", "aria-labelledby": id },
      ...entries.map(({ label }) => label)));
  const show = (chosen, texts, name = title) => {
    heading.textContent = name;
    entries.forEach(({ input, text, label }, i) => {
      label.hidden = (texts[i] ?? null) === null;
      text.textContent = texts[i] ?? "";
      input.checked = i === Math.min(chosen, texts.length - 1);
    });
  };
  return { element, show };
}

/** A slider over a model's epochs with a button that plays them, `pause` milliseconds each. */
function epochSlider(model, epochs, set, pause) {
  const icon = svg("path");
  const play = html("button", { type: "button", "data-action": "play-epoch" },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, icon));
  const input = html("input", {
    type: "range", min: 0, max: epochs.length - 1, step: 1, "aria-label": "Epoch",
  });
  const value = html("output", { "aria-live": "off" });
  input.addEventListener("input", () => set("epoch", Number(input.value)));
  play.addEventListener("click", () => {
    const start = !model.get("playing");
    if (start && model.get("epoch") === epochs.length - 1) set("epoch", 0);
    set("playing", start);
  });
  let timer;
  const wait = () => {
    clearTimeout(timer);
    if (!model.get("playing")) return;
    timer = setTimeout(() => {
      const next = model.get("epoch") + 1;
      if (next < epochs.length) set("epoch", next);
      else set("playing", false);
    }, pace(pause));
  };
  const show = () => {
    const e = model.get("epoch");
    const label = model.get("playing") ? "Pause" : "Play epochs";
    icon.setAttribute("d", ICONS[model.get("playing") ? "pause" : "play"]);
    play.setAttribute("aria-label", label);
    play.title = label;
    input.value = e;
    input.setAttribute("aria-valuetext", `${epochs[e]}`);
    value.textContent = epochs[e];
    wait();
  };
  const element = html("div", { class: "slider", "data-control": "epoch" },
    html("div", { class: "label" }, "Epoch ", value),
    html("div", { class: "transport" }, play, input));
  return { element, show, stop: () => clearTimeout(timer) };
}

/** Milliseconds between the steps of a play: a second or more where motion is to be reduced. */
const pace = (pause) =>
  (matchMedia("(prefers-reduced-motion: reduce)").matches ? Math.max(pause, 1000) : pause);

const SPOKEN = 120; // characters that are said unasked

/** The beginning of a text, cut where a clause ends. */
function beginning(text) {
  if (text.length <= SPOKEN) return text;
  const ends = [...text.slice(0, SPOKEN).matchAll(/[;.,](?= )/g)];
  return text.slice(0, ends.at(-1)?.index ?? text.lastIndexOf(" ", SPOKEN));
}

/** A place that is heard and not seen; what it says waits until the reader rests, and what stands
 * there at first is not said. Its button, seen when it has the focus, says the rest. */
function speech(model, ...playing) {
  let quiet;
  let whole;
  const live = html("div", { class: "spoken", "aria-live": "polite" });
  const rest = html("button", { type: "button", class: "rest" }, "Say all numbers");
  const element = html("div", { class: "speech" }, live, rest);
  rest.addEventListener("click", () => { live.textContent = whole?.() ?? ""; });
  const say = (text) => {
    clearTimeout(quiet);
    if (whole && !playing.some((flag) => model.get(flag))) {
      quiet = setTimeout(() => { live.textContent = beginning(text()); }, 500);
    }
    whole = text;
  };
  return { element, say, stop: () => clearTimeout(quiet) };
}

const KEPT = "data-lm-suppress-shortcuts"; // JupyterLab runs no shortcut on what bears it
const saves = ({ ctrlKey, metaKey, key }) => (ctrlKey || metaKey) && key === "s";

/** Keys pressed in root stay there, but for the one that saves: JupyterLab would cut, fold or leave
 * the cell. It asks the pressed element first, so that the attribute of an ancestor comes too late:
 * whatever gets the focus is given its own. `ours` may pick among root's elements. Returns what
 * ends it. */
function keepKeys(root, ours = () => true) {
  const keep = (event) => {
    if (ours(event.target)) event.target.toggleAttribute(KEPT, !saves(event));
  };
  const types = ["focusin", "keydown"];
  types.forEach((type) => root.addEventListener(type, keep));
  return () => types.forEach((type) => root.removeEventListener(type, keep));
}

/** Shows root, keeps its keys and keeps it up to date: acts are pairs of traits and what to do when
 * one of them changes, the first also now. Returns what takes it all away again, calling each of stops. */
function mount({ model, el }, root, acts, stops) {
  const listeners = acts.flatMap(([traits, act]) =>
    traits.map((trait) => [`change:${trait}`, act]));
  listeners.forEach(([event, act]) => model.on(event, act));
  acts[0][1]();
  keepKeys(root);
  el.append(root);
  return () => {
    listeners.forEach(([event, act]) => model.off(event, act));
    stops.forEach((stop) => stop());
    root.remove();
  };
}
