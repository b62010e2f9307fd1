/* The garden that grows here: plain gradient descent on every frame, under one slider. */

const BURST = 40; // steps a frame
const STILL = 1e-5; // a plant whose weights change by a smaller share a step has grown up
const WITHERED = 2e-3; // a dying plant is kept at this size, as a seed, or it would be late back
const [WIDE, TALL] = [64, 190]; // of a plant, user units

/** One step of descent in place; returns whether something still moves. */
function stepOf(p, decay, a, b) {
  let moves = false;
  for (let k = 0; k < p.length; k++) {
    const size = Math.hypot(a[k], b[k]);
    if (p[k] < decay && size <= WITHERED) continue;
    const pull = p[k] * (1 - a[k] * b[k]);
    const [da, db] = [pull * b[k] - decay * a[k], pull * a[k] - decay * b[k]];
    a[k] += da;
    b[k] += db;
    moves ||= p[k] < decay || Math.hypot(da, db) > STILL * size;
  }
  return moves;
}

const brief = (x) => `${Number(x.toPrecision(3))}`;

const sentenceOf = ({ frequencies }, decay) =>
  `At λ = ${decay}, features seen in fewer than ${brief(100 * decay)} of 100 examples die: `
  + `${frequencies.filter((p) => p > decay).length} of ${frequencies.length} live.`;

/** A plant of height 1: a stem, four leaves, a flower. */
function plant(k) {
  const leaf = (y, side) => svg("path", { class: "leaf",
    d: `M0 ${y}C${side * 9} ${y - 16} ${side * 24} ${y - 18} ${side * 27} ${y - 12}`
      + `C${side * 22} ${y + 1} ${side * 9} ${y + 4} 0 ${y}Z` });
  const stem = svg("path", { class: "stem", d: "M0 0C-5 -50 5 -100 0 -150" });
  const flower = svg("g", { class: "flower", transform: "translate(0 -152)" },
    ...[0, 72, 144, 216, 288].map((turn) => svg("ellipse", {
      class: "petal", cx: 0, cy: -12, rx: 8, ry: 12, transform: `rotate(${turn})` })),
    svg("circle", { class: "eye", r: 7 }));
  const grown = svg("g", {}, stem, leaf(-34, 1), leaf(-58, -1), leaf(-84, 1), leaf(-108, -1), flower);
  const element = svg("g", { class: "plant", transform: `translate(${WIDE * (k + 0.5)} ${TALL})` },
    svg("g", { class: "sway", style: `animation-delay: ${-0.7 * k}s` }, grown));
  const show = (norm, alive) => {
    grown.setAttribute("transform", `scale(${Math.max(0.04, norm / Math.SQRT2).toFixed(4)})`);
    element.classList.toggle("dead", !alive);
  };
  return { element, show };
}

function render({ model, el }) {
  const meta = model.get("meta");
  const { frequencies: p, decays, start, alive } = meta;
  const set = setter(model);
  const spoken = speech(model);
  const a = Float64Array.from(p, () => start[0]);
  const b = Float64Array.from(p, () => start[1]);
  const plants = p.map((_, k) => plant(k));
  const picture = svg("svg", { viewBox: `0 0 ${WIDE * p.length} ${TALL + 34}`, role: "img" },
    svg("path", { class: "soil", d: `M0 ${TALL}H${WIDE * p.length}` }),
    ...plants.map(({ element }) => element),
    ...p.map((v, k) => svg("text", { x: WIDE * (k + 0.5), y: TALL + 22 }, `${brief(100 * v)} %`)));
  const input = html("input", {
    type: "range", min: 0, max: decays.length - 1, step: 1, "aria-label": "Weight decay λ",
  });
  const value = html("output", { "aria-live": "off" });
  const line = html("p", { class: "sentence" });
  input.addEventListener("input", () => set("decay", Number(input.value)));
  const root = html("div", { class: "gradbook-widget gradbook-growing",
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, picture,
    html("div", { class: "slider", "data-control": "decay" },
      html("div", { class: "label" }, "Weight decay λ ", value), input),
    line, html("p", { class: "legend" }, "A plant is a group of weights that recognizes one feature. "
      + "Below it: the share of the examples that show the feature. It is trained here, as you watch."),
    spoken.element));

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let frame = 0;
  const draw = () => plants.forEach(({ show }, k) =>
    show(Math.hypot(a[k], b[k]), a[k] * b[k] >= alive));
  const grow = () => {
    const decay = decays[model.get("decay")];
    let moves = true;
    for (let i = 0; i < (calm.matches ? 50_000 : BURST) && moves; i++) {
      moves = stepOf(p, decay, a, b);
    }
    draw();
    root.dataset.rest = !moves;
    frame = moves ? requestAnimationFrame(grow) : 0;
  };
  const update = () => {
    const i = model.get("decay");
    const text = sentenceOf(meta, decays[i]);
    input.value = i;
    input.setAttribute("aria-valuetext", `${decays[i]}`);
    value.textContent = decays[i];
    line.textContent = text;
    picture.setAttribute("aria-label", text);
    spoken.say(() => text);
    root.dataset.rest = false;
    if (!frame) frame = requestAnimationFrame(grow);
  };
  draw();
  return mount({ model, el }, root, [[["decay"], update]],
    [spoken.stop, () => cancelAnimationFrame(frame)]);
}

const settings = (get) => ({ decay: get("meta").decays.length - 1 });

export default { render, settings };
