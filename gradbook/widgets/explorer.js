/* The explorer: two of one minibatch's gradient fields side by side, the directions of all
 * minibatches, and the numbers. The left side is the right one's start or another view (meta.views)
 * at the same epoch. All of it is computed here, from the bytes in the model, so it needs no
 * kernel. */

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
  const root = html("div", { class: "gradbook-widget gradbook-explorer" },
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

const settings = (get) => {
  const { views, epochs, layers, minibatches, offsets } = get("meta");
  return { view: views.length - 1, other: [-1, views.length - 1], epoch: epochs.length - 1,
    layer: layers.length - 1, minibatch: minibatches - 1, cursor: [-1, offsets.length ** 2 - 1] };
};

export default { render, settings };
