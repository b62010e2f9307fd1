/* Small explorers: a closed form computed here, under controls, with measured points that stay. */

const [WIDE, TALL, NAME, EDGE] = [640, 280, 20, { left: 62, right: 16, top: 14, bottom: 48 }];

/* FORMS */

/** Where values lie on an axis, in user units from `start` over `length`. */
function scaleOf({ low, high, log }, start, length) {
  const f = log ? Math.log : (v) => v;
  return (v) => {
    const share = (f(v) - f(low)) / (f(high) - f(low));
    return start + length * Math.min(1.02, Math.max(-0.02, share));
  };
}

/** A row of choices or a slider; calls `set` with an index. */
function controlOf({ name, label, values, unit }, set) {
  const text = (i) => (typeof values[i] === "number" ? `${minus(`${values[i]}`)}${unit}` : values[i]);
  if (typeof values[0] !== "number") {
    const row = choice(name, label, values.length, (_, i) => set(i));
    return { element: row.element, show: (i) => row.show(i, values) };
  }
  const input = html("input", {
    type: "range", min: 0, max: values.length - 1, step: 1, "aria-label": label,
  });
  const value = html("output", { "aria-live": "off" });
  input.addEventListener("input", () => set(Number(input.value)));
  const show = (i) => {
    input.value = i;
    value.textContent = text(i);
    input.setAttribute("aria-valuetext", text(i));
  };
  return {
    element: html("div", { class: "slider", "data-control": name },
      html("div", { class: "label" }, `${label} `, value), input),
    show,
  };
}

/** The axes with their numbers. */
function axesOf(meta, x, y) {
  const ticks = ({ ticks, texts }) => ticks.map((v, i) => [v, texts[i] ?? minus(`${v}`)]);
  const bottom = TALL - EDGE.bottom;
  return [
    svg("path", { class: "axis", d: `M${EDGE.left} ${EDGE.top}V${bottom}H${WIDE - EDGE.right}` }),
    ...ticks(meta.x).flatMap(([v, text], i) => [
      svg("path", { class: "axis", d: `M${x(v)} ${bottom}v5` }),
      svg("text", { x: x(v), y: bottom + 20, class: i % 2 ? "odd" : "" }, text)]),
    ...ticks(meta.y).flatMap(([v, text]) => [
      svg("path", { class: "grid", d: `M${EDGE.left} ${y(v)}H${WIDE - EDGE.right}` }),
      svg("text", { x: EDGE.left - 8, y: y(v) + 5, class: "end" }, text)]),
    svg("text", { x: (EDGE.left + WIDE) / 2, y: TALL - 6, class: "name" }, meta.x.label),
    svg("text", { class: "name", transform: `translate(-2 ${bottom / 2}) rotate(-90)` }, meta.y.label),
  ];
}

function render({ model, el }) {
  const meta = model.get("meta");
  const form = FORMS[meta.form];
  const spoken = speech(model);
  const controls = meta.controls.map((control, k) => controlOf(control, (i) => {
    const setting = [...model.get("setting")];
    setting[k] = i;
    model.set("setting", setting);
    model.save_changes();
  }));
  const x = scaleOf(meta.x, EDGE.left, WIDE - EDGE.left - EDGE.right);
  const y = scaleOf(meta.y, TALL - EDGE.bottom, EDGE.top + EDGE.bottom - TALL);
  const curves = svg("g");
  const measured = svg("g");
  const picture = svg("svg", { viewBox: `${-NAME} 0 ${WIDE + NAME} ${TALL}`, role: "img", class: "picture" },
    ...axesOf(meta, x, y), measured, curves);
  const sentence = html("p", { class: "sentence" });
  const legend = html("p", { class: "legend" });
  const root = html("div", { class: "gradbook-widget gradbook-curves", "data-curves": meta.id,
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, prose("p", { class: "question" }, meta.title), ...controls.map(({ element }) => element),
    picture, sentence, legend, spoken.element));
  const update = () => {
    const setting = model.get("setting");
    controls.forEach(({ show }, k) => show(setting[k]));
    const settings = { ...meta.fixed };
    meta.controls.forEach(({ name, values }, k) => { settings[name] = values[setting[k]]; });
    const lines = Object.entries(form.lines(settings));
    const colour = (label) => `line${Math.max(0, lines.findIndex(([name]) => name === label)) % 4}`;
    curves.replaceChildren(...lines.map(([label, [xs, ys]]) => svg("path", {
      class: colour(label), "data-line": label,
      d: xs.map((v, i) => `${i ? "L" : "M"}${x(v).toFixed(1)} ${y(ys[i]).toFixed(1)}`).join(""),
    })));
    const shown = meta.points.filter(({ when }) =>
      Object.entries(when).every(([name, value]) => settings[name] === value));
    measured.replaceChildren(...shown.flatMap((points) => points.x.flatMap((v, i) => [
      svg("path", { class: `bar ${colour(points.line)}`,
        d: `M${x(v)} ${y(points.low[i])}V${y(points.high[i])}` }),
      svg("circle", { class: `dot ${colour(points.line)}`, cx: x(v), cy: y(points.mean[i]), r: 4.5 }),
    ])));
    legend.replaceChildren(
      ...(lines.length > 1 ? lines.map(([label]) =>
        html("span", { class: `key ${colour(label)}` }, label)) : []),
      ...[...new Set(shown.map(({ label }) => label))].map((label) =>
        html("span", { class: "key points" }, label)));
    if (meta.note) legend.append(html("span", {}, meta.note));
    sentence.textContent = form.sentence(settings);
    picture.setAttribute("aria-label", sentence.textContent);
    spoken.say(() => sentence.textContent);
  };
  return mount({ model, el }, root, [[["setting"], update]], [spoken.stop]);
}

const settings = (get) => ({
  setting: { each: get("meta").controls.map(({ values }) => values.length - 1) },
});

export default { render, settings };
