/* The examples explorer's pictures: charts over epochs, and the field of examples. */

const [COLUMNS, WIDE, TALL, REACH] = [12, 32, 60, 22]; // of the field's cells; of a cosine of 1
const DECADES = 6; // that the dose's axis spans
const HEADS = { right: "M5 0A5 5 0 1 1 -5 0A5 5 0 1 1 5 0Z", wrong: "M0 -6.5 6.5 0 0 6.5 -6.5 0Z" };

const linear = (low, high) => (x) => Math.min(1, Math.max(0, (x - low) / (high - low)));
const logarithmic = (low, high) => (x) => (x > 0 ? linear(low, high)(Math.log10(x)) : NaN);

/** Lines over epochs with their numbers under them.
 *
 * rows: label, the line's kind, and keys of the series, the second of which is dashed.
 * axis: place maps a value from least on to 0 … 1, ticks are pairs of a value and its text.
 */
function chart(name, { epochs, rows, heads, axis, text, corner = "" }) {
  const E = epochs.length;
  const x = (i) => (E > 1 ? (100 * i) / (E - 1) : 50);
  const y = (value) => 100 - 100 * axis.place(value);
  const point = (value, i) => `${x(i).toFixed(2)} ${y(value).toFixed(2)}`;
  const path = (values) => [...values].reduce((d, value, i) => { // a gap where there is no place
    if (Number.isNaN(y(value))) return d;
    const starts = i === 0 || Number.isNaN(y(values[i - 1]));
    return `${d}${starts ? `M${point(value, i)}h0` : `L${point(value, i)}`}`;
  }, "");
  const area = ([, low, high]) => {
    if (!low || high.some(Number.isNaN)) return "";
    const floor = (values) => [...values].map((value) => Math.max(value, axis.least));
    const [under, over] = [floor(low), floor(high)];
    return `M${[...under.map(point), ...over.map(point).reverse()].join("L")}Z`;
  };
  const now = svg("path", { class: "now" });
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img" },
    ...axis.ticks.map(([value]) => svg("path", { class: "grid", d: `M0 ${y(value)}H100` })), now);
  const marks = html("div", { class: "marks", "aria-hidden": "true" });
  const lines = [...rows].reverse().map(([label, kind, ...keys]) => { // the first lies on top
    const series = keys.map((key, j) => {
      const band = svg("path", { class: `band ${kind}` });
      const line = svg("path", { class: `line ${kind} ${j ? "pull" : ""}`, "data-line": key });
      now.before(band, line);
      return { key, band, line };
    });
    const mark = html("i", { class: `mark ${kind}` });
    marks.append(mark);
    const cells = heads.map((_, j) =>
      (keys[j] ? html("td", { "data-number": keys[j] }) : html("td")));
    const swatch = html("span", { class: `swatch ${kind}` }, html("i", { class: `mark ${kind}` }));
    const row = html("tr", {}, html("th", { scope: "row" }, swatch, label), ...cells);
    return { series, mark, cells, row };
  }).reverse();
  const table = html("table", {},
    html("thead", {}, html("tr", {}, corner ? html("th", {}, corner) : html("td"),
      ...heads.map((head) => html("th", { scope: "col" }, head)))),
    html("tbody", {}, ...lines.map(({ row }) => row)));
  const title = html("div", { class: "title" });
  const named = epochs.map((_, i) => i).filter((i) => i === 0 || /^10+$/.test(epochs[i]));
  const element = html("div", { class: `chart ${name}`, "data-chart": name }, title,
    html("div", { class: "area" },
      html("div", { class: "ys", "aria-hidden": "true" }, ...axis.ticks.map(([value, label]) =>
        html("span", { style: `top: ${y(value)}%` }, label))),
      html("div", { class: "plot" }, root, marks),
      html("div", { class: "xs", "aria-hidden": "true" }, ...named.map((i) =>
        html("span", { style: `left: ${x(i)}%` }, `${epochs[i]}`)))),
    table);
  const show = (heading, e, series) => {
    title.textContent = heading;
    now.setAttribute("d", `M${x(e)} 0V100`);
    for (const { series: drawn, mark, cells } of lines) {
      drawn.forEach(({ key, band, line }, j) => {
        const values = series[key];
        line.setAttribute("d", path(values[0]));
        band.setAttribute("d", area(values));
        cells[j].dataset.value = values[0][e];
        cells[j].textContent = text(values[0][e]);
      });
      const value = series[drawn[0].key][0][e];
      mark.hidden = Number.isNaN(y(value));
      mark.style.left = `${x(e)}%`;
      mark.style.top = `${y(value)}%`;
    }
    root.setAttribute("aria-label", `${heading}, epoch ${epochs[e]}: ${speak()}`);
  };
  const speak = () => lines.map(({ row }) => [...row.children].map((cell) => cell.textContent)
    .filter(Boolean).join(" ")).join("; ");
  return { element, show, speak };
}

/** One mark an example: as high above its line as its gradient agrees with the others'. */
function fieldPicture(most, choose) {
  const height = TALL * Math.ceil(most / COLUMNS);
  const chosen = svg("rect", { class: "chosen", width: WIDE, height: TALL - 4, rx: 4 });
  const root = svg("svg", {
    viewBox: `0 0 ${WIDE * COLUMNS} ${height}`, role: "application", tabindex: 0, class: "marks",
  }, chosen);
  const at = (m) => [WIDE * (m % COLUMNS), TALL * Math.floor(m / COLUMNS)];
  const marks = Array.from({ length: most }, (_, m) => {
    const [x, y] = at(m);
    const stem = svg("path");
    const head = svg("path", { "data-example": m });
    const base = svg("path", { class: "grid", d: `M${3 - WIDE / 2} 0h${WIDE - 6}` });
    const place = `translate(${x + WIDE / 2} ${y + TALL / 2})`;
    const mark = svg("g", { transform: place }, base, stem, head);
    root.append(mark);
    return { mark, stem, head };
  });
  let count = most;
  root.addEventListener("click", (event) => {
    const { left, top, width, height: high } = root.getBoundingClientRect();
    const column = Math.floor((COLUMNS * (event.clientX - left)) / width);
    const row = Math.floor(((height / TALL) * (event.clientY - top)) / high);
    const m = Math.min(COLUMNS - 1, Math.max(0, column)) + COLUMNS * Math.max(0, row);
    if (m < count) choose(m);
  });
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
  let current = 0;
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const ends = { Home: 0, End: count - 1 };
    const next = steps[event.key] ? current + steps[event.key] : ends[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0 && next < count) choose(next);
  });
  const show = (m, examples) => {
    [count, current] = [examples.length, m];
    const [x, y] = at(m);
    chosen.setAttribute("x", x);
    chosen.setAttribute("y", y + 2);
    marks.forEach(({ mark, stem, head }, i) => {
      mark.style.display = i < count ? "" : "none";
      if (i >= count) return;
      const { kind, agreement, answered } = examples[i];
      const up = Number.isNaN(agreement) ? 0 : -REACH * agreement;
      stem.setAttribute("d", `M0 0V${up.toFixed(2)}`);
      stem.setAttribute("class", `stem ${kind}`);
      head.setAttribute("d", HEADS[kind]);
      head.setAttribute("class", `head ${kind} ${answered ? "answered" : ""}`);
      head.setAttribute("transform", `translate(0 ${up.toFixed(2)})`);
    });
  };
  return { root, show };
}
