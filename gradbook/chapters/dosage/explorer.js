/* The garden: one column a recognizer. Its plant is as tall as its norm; under the soil stand its
 * dose and what the diet takes, side by side. Drawn here from the bytes in the model: no kernel. */

const PAUSE = 450; // milliseconds an epoch stays in view
const ALIVE = 0.02; // an answer below this, where 1 is right, counts as dead
const [WIDE, TALL, DEEP] = [80, 150, 90]; // of a column, user units


/** The model's arrays: numbers of a diet, a strength and an epoch, one a recognizer. */
function readData(model) {
  const meta = model.get("meta");
  const [E, K] = [meta.epochs.length, meta.frequencies.length];
  const arrays = Object.fromEntries(
    ["norm", "answer", "dose", "pull"].map((n) => [n, new Float32Array(bytesOf(model, n))]));
  const before = (d) => meta.diets.slice(0, d).reduce((n, diet) => n + diet.strengths.length, 0);
  const run = (d, s) => before(d) + Math.min(s, meta.diets[d].strengths.length - 1);
  return {
    meta,
    at(name, d, s, e) {
      const start = (run(d, s) * E + e) * K;
      return arrays[name].subarray(start, start + K);
    },
    /** The largest of some arrays over a run's epochs but the first, to draw on one scale. */
    top(names, d, s) {
      const start = run(d, s) * E * K;
      const of = (name) => arrays[name].subarray(start + (E > 1 ? K : 0), start + E * K);
      return Math.max(1e-9, ...names.flatMap((name) => [...of(name)]));
    },
  };
}

/** The columns: a plant, the soil, and two roots. */
function picture(count) {
  const root = svg("svg", {
    viewBox: `0 0 ${WIDE * count} ${TALL + DEEP + 14}`, role: "img", class: "beds",
  });
  const plants = Array.from({ length: count }, (_, k) => {
    const x = k * WIDE;
    const bar = (kind, left, width) => svg("rect", { class: kind, x: x + left, width, rx: 2 });
    const parts = {
      stem: bar("stem", 30, 20), dose: bar("dose", 16, 20), pull: bar("pull", 44, 20),
    };
    root.append(...Object.values(parts));
    return parts;
  });
  root.append(svg("path", { class: "soil", d: `M0 ${TALL + 4}H${WIDE * count}` }));
  const draw = (now, scale) => {
    plants.forEach(({ stem, dose, pull }, k) => {
      const tall = Math.min(TALL, (TALL * now.norm[k]) / scale.norm);
      stem.setAttribute("y", TALL - tall);
      stem.setAttribute("height", tall);
      stem.setAttribute("class", `stem ${now.answer[k] >= ALIVE ? "alive" : "dead"}`);
      for (const [bar, value] of [[dose, now.dose[k]], [pull, now.pull[k]]]) {
        bar.setAttribute("y", TALL + 8);
        bar.setAttribute("height", Math.min(DEEP, (DEEP * Math.max(0, value)) / scale.gradient));
      }
    });
  };
  return { root, draw };
}

const ROWS = [
  ["state", "fate", (now, k) => (now.answer[k] >= ALIVE ? "alive" : "dead")],
  ["answer", "answer", (now, k) => decimals(now.answer[k], 2)],
  ["norm", "norm", (now, k) => decimals(now.norm[k], 2)],
  ["dose", "dose ·10³", (now, k) => decimals(1000 * now.dose[k], 1)],
  ["pull", "taken ·10³", (now, k) => decimals(1000 * now.pull[k], 1)],
];

/** The numbers under the plants, a column each. */
function numbers(frequencies) {
  const head = html("tr", {}, html("th", { scope: "row" }, "p"),
    ...frequencies.map((p) => html("th", { scope: "col" }, p ? percent(p, 3) : "never")));
  const rows = ROWS.map(([key, label, text]) => {
    const cells = frequencies.map((_, k) =>
      html("td", { "data-number": key, "data-recognizer": k }));
    const show = (now) => cells.forEach((cell, k) => {
      cell.textContent = text(now, k);
      if (now[key]) cell.dataset.value = now[key][k];
      cell.classList.toggle("dead", now.answer[k] < ALIVE);
    });
    return { element: html("tr", { class: key }, html("th", { scope: "row" }, label), ...cells), show };
  });
  return {
    element: html("table", {}, html("thead", {}, head),
      html("tbody", {}, ...rows.map(({ element }) => element))),
    show: (now) => rows.forEach(({ show }) => show(now)),
  };
}

function render({ model, el }) {
  const data = readData(model);
  const { diets, epochs, frequencies } = data.meta;
  const set = setter(model);
  const most = mostStrengths(diets);
  const diet = choice("diet", "Diet", diets.length, set);
  const strength = choice("strength", "Strength", most, set);
  const slider = epochSlider(model, epochs, set, PAUSE);
  const beds = picture(frequencies.length);
  const table = numbers(frequencies);
  const note = html("p", { class: "note" });
  const spoken = speech(model, "playing");
  const key = (kind, text) => html("span", { class: `key ${kind}` }, text);
  const legend = html("p", { class: "legend" }, "Above the soil: ‖w‖ of each recognizer, ",
    key("alive", "alive"), " or ", key("dead", "dead"), `, which is to answer its feature with less `
    + `than ${ALIVE}. Below: `, key("fed", "dose"), " less erosion, and what the ",
    key("taken", "diet takes"), ". p is the share of examples that show the feature.");
  const root = html("div", { class: "gradbook-widget gradbook-garden" },
    html("div", { class: "frame" }, diet.element, strength.element, slider.element,
      html("div", { class: "plot" }, html("div", { class: "bed" }, beds.root), table.element),
      note, legend, spoken.element));
  root.style.setProperty("--count", frequencies.length);
  strength.element.hidden = most < 2;
  const update = () => {
    const [d, s, e] = ["diet", "strength", "epoch"].map((trait) => model.get(trait));
    const chosen = diets[d];
    diet.show(d, diets.map(({ name }) => name));
    strength.show(s, chosen.strengths.map(String), `Strength ${chosen.symbol}`);
    strength.element.style.visibility = chosen.strengths.length < 2 ? "hidden" : "";
    slider.show();
    const now = Object.fromEntries(
      ["norm", "answer", "dose", "pull"].map((name) => [name, data.at(name, d, s, e)]));
    beds.draw(now, { norm: data.top(["norm"], d, s), gradient: data.top(["dose", "pull"], d, s) });
    const living = [...now.answer].filter((answer) => answer >= ALIVE).length;
    const summary = `${chosen.name}, epoch ${epochs[e]}: ${living} of ${now.answer.length} alive`;
    beds.root.setAttribute("aria-label", summary);
    table.show(now);
    note.textContent = chosen.note;
    spoken.say(() => summary);
  };
  const traits = ["diet", "strength", "epoch", "playing"];
  return mount({ model, el }, root, [[traits, update]], [slider.stop, spoken.stop]);
}

const settings = (get) => {
  const { diets, epochs } = get("meta");
  return { diet: diets.length - 1, strength: mostStrengths(diets) - 1, epoch: epochs.length - 1 };
};

export default { render, settings };
