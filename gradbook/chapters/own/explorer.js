/* The pictures that two scores suspect first, under one slider for the epochs. */

const [COLUMNS, CELL] = [8, 10];
const LEVELS = "0123456789abcdefg";

function sentenceOf(epochs, wrong, networks, means) {
  const [loss, agreement] = ["loss", "agreement"].map((score) =>
    wrong[score].reduce((sum, flag) => sum + flag, 0));
  return `After ${epochs} epoch${epochs > 1 ? "s" : ""}, ${loss} of the ${wrong.loss.length} with `
    + `the highest loss have a wrong label, and ${agreement} of those that agree least; over `
    + `${networks} networks it is ${means.loss} and ${means.agreement} on average.`;
}

/** A path for each grey but none: pixels of pictures in rows of eight. */
function shapesOf(pictures) {
  const found = [...LEVELS].map(() => "");
  pictures.forEach((pixels, place) => {
    const left = CELL * (place % COLUMNS) + 1;
    const top = CELL * Math.floor(place / COLUMNS) + 1;
    [...pixels].forEach((level, k) => {
      found[LEVELS.indexOf(level)] += `M${left + (k % 8)} ${top + Math.floor(k / 8)}h1v1h-1z`;
    });
  });
  return found.slice(1);
}

function render({ model, el }) {
  const meta = model.get("meta");
  const set = setter(model);
  const spoken = speech(model);
  const groups = Object.entries(meta.titles).map(([score, title]) => {
    const count = meta.pictures[score][0].length;
    const paths = [...LEVELS.slice(1)].map((_, k) =>
      svg("path", { class: "ink", "fill-opacity": (k + 1) / 16 }));
    const frames = Array.from({ length: count }, (_, k) => svg("rect", {
      class: "wrong", x: CELL * (k % COLUMNS) + 0.5, y: CELL * Math.floor(k / COLUMNS) + 0.5,
      width: CELL - 1, height: CELL - 1,
    }));
    const picture = svg("svg", { role: "img",
      viewBox: `0 0 ${CELL * COLUMNS} ${CELL * Math.ceil(count / COLUMNS)}` }, ...paths, ...frames);
    const element = html("div", { class: "group" }, html("div", { class: "label" }, title), picture);
    return { score, title, paths, frames, picture, element, drawn: [] };
  });
  const input = html("input", {
    type: "range", min: 0, max: meta.epochs.length - 1, step: 1, "aria-label": "Epochs",
  });
  const value = html("output", { "aria-live": "off" });
  const line = html("p", { class: "sentence" });
  input.addEventListener("input", () => set("epoch", Number(input.value)));
  const root = html("div", { class: "gradbook-widget gradbook-suspects",
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" },
    html("div", { class: "slider", "data-control": "epoch" },
      html("div", { class: "label" }, "Epochs ", value), input),
    html("div", { class: "groups" }, ...groups.map(({ element }) => element)),
    line, html("p", { class: "legend" }, "Framed: the label is wrong. Of sixteen in no order, one or "
      + "two would be."),
    spoken.element));
  const update = () => {
    const at = model.get("epoch");
    const wrong = Object.fromEntries(groups.map(({ score }) => [score, meta.wrong[score][at]]));
    groups.forEach(({ score, title, paths, frames, picture, drawn }) => {
      drawn[at] ??= shapesOf(meta.pictures[score][at]);
      drawn[at].forEach((d, k) => paths[k].setAttribute("d", d));
      frames.forEach((frame, k) => frame.classList.toggle("on", wrong[score][k] === 1));
      const count = wrong[score].filter(Boolean).length;
      picture.setAttribute("aria-label", `${title}: ${count} of ${wrong[score].length} wrong`);
    });
    const means = Object.fromEntries(groups.map(({ score }) => [score, meta.means[score][at]]));
    const text = sentenceOf(meta.epochs[at], wrong, meta.networks, means);
    input.value = at;
    input.setAttribute("aria-valuetext", `${meta.epochs[at]}`);
    value.textContent = meta.epochs[at];
    line.textContent = text;
    spoken.say(() => text);
  };
  return mount({ model, el }, root, [[["epoch"], update]], [spoken.stop]);
}

const limits = (get) => ({ epoch: get("meta").epochs.length - 1 });

export default { render, settings: limits };
