/* The plane of the two coordinates: what a net decides there, and its examples. It stands before the
 * explorers that show it, in one file with each. */

const LEVELS = [1, 2, 4, 8, 16, 32].flatMap((level) => [level, -level]); // of thin contours
const TINTS = { 1: [60, 165, 110], "-1": [165, 100, 185] }; // green and purple
const FINE = 4; // points of the picture for one of the grid
const UNIT = 90; // user units of the picture for one of a coordinate
const round = (x) => Math.round(100 * x) / 100;

/** A grid's values on one FINE times as fine, by cubics through them (Catmull and Rom). */
function refine(values, [nx, ny]) {
  const weights = Array.from({ length: FINE }, (_, i) => i / FINE).map((u) => [
    -u + 2 * u ** 2 - u ** 3, 2 - 5 * u ** 2 + 3 * u ** 3, u + 4 * u ** 2 - 3 * u ** 3,
    u ** 3 - u ** 2].map((w) => w / 2));
  const along = (line) => { // it goes on straight beyond its ends
    const n = line.length;
    const padded = [2 * line[0] - line[1], ...line, 2 * line[n - 1] - line[n - 2], 0];
    return Array.from({ length: (n - 1) * FINE + 1 }, (_, i) =>
      weights[i % FINE].reduce((sum, w, k) => sum + w * padded[Math.floor(i / FINE) + k], 0));
  };
  const columns = Array.from({ length: nx }, (_, i) =>
    along([...values.subarray(i * ny, (i + 1) * ny)]));
  return columns[0].map((_, j) => along(columns.map((column) => column[j]))); // [second][first]
}

/** Where rows of values pass each level: outlines of short lines, in steps of the rows' grid. */
function contours(rows, levels) {
  const parts = levels.map(() => []);
  const cut = (level, a, b) => (level - a) / (b - a);
  for (let j = 0; j + 1 < rows.length; j++) {
    for (let i = 0; i + 1 < rows[0].length; i++) {
      const [a, b, c, d] = [rows[j][i], rows[j][i + 1], rows[j + 1][i + 1], rows[j + 1][i]];
      const [low, high] = [Math.min(a, b, c, d), Math.max(a, b, c, d)];
      for (let l = 0; l < levels.length; l++) {
        const level = levels[l];
        if (level < low || level >= high) continue;
        const ends = [];
        if (a > level !== b > level) ends.push([i + cut(level, a, b), j]);
        if (b > level !== c > level) ends.push([i + 1, j + cut(level, b, c)]);
        if (c > level !== d > level) ends.push([i + cut(level, d, c), j + 1]);
        if (d > level !== a > level) ends.push([i, j + cut(level, a, d)]);
        for (let k = 0; k + 1 < ends.length; k += 2) parts[l].push(ends.slice(k, k + 2));
      }
    }
  }
  return parts;
}

/** What the net decides at every point of the plane, and the examples it learns from. */
function plane({ meta, examples }) {
  const [[left, right, nx], [bottom, top, ny]] = meta.grid;
  const [wide, tall] = [(right - left) * UNIT, (top - bottom) * UNIT];
  const place = ([x, y]) => [round((x - left) * UNIT), round((top - y) * UNIT)];
  const shades = html("canvas", { width: (nx - 1) * FINE + 1, height: (ny - 1) * FINE + 1 });
  const [thin, edge] = [svg("path", { class: "contours" }), svg("path", { class: "edge" })];
  const marks = svg("g");
  const zero = place([0, 0]);
  const root = svg("svg", { viewBox: `0 0 ${wide} ${tall}`, role: "img" },
    svg("path", { class: "axes", d: `M${zero[0]} 0V${tall}M0 ${zero[1]}H${wide}` }), thin, marks,
    edge);
  const axis = (name, [from, to]) => html("div", { class: `axis ${name}` },
    html("span", {}, decimals(from, 1)), html("span", {}, `coordinate ${name === "x" ? 1 : 2}`),
    html("span", {}, decimals(to, 1)));
  let shown;
  const draw = (values, margin) => {
    if (shown !== margin) {
      marks.replaceChildren(...examples(margin).map(({ at, label }) => {
        const [x, y] = place(at);
        const square = `M${x - 3} ${y}l3 -3 3 3 -3 3Z`;
        return label > 0 ? svg("circle", { class: "plus", cx: x, cy: y, r: 2.6 })
          : svg("path", { class: "minus", d: square });
      }));
      shown = margin;
    }
    const rows = refine(values, [nx, ny]);
    const image = new ImageData(shades.width, shades.height);
    rows.forEach((row, j) => row.forEach((f, i) => {
      const at = 4 * ((rows.length - 1 - j) * shades.width + i);
      const tint = TINTS[f > 0 ? 1 : -1];
      for (let k = 0; k < 3; k++) image.data[at + k] = tint[k];
      image.data[at + 3] = 160 * Math.tanh(Math.abs(f) / 5);
    }));
    shades.getContext("2d").putImageData(image, 0, 0);
    const [first, ...rest] = contours(rows, [0, ...LEVELS]).map((parts) => parts.map((ends) => "M"
      + ends.map(([i, j]) => place([left + (i * (right - left)) / (shades.width - 1),
        bottom + (j * (top - bottom)) / (shades.height - 1)]).join(" ")).join("L")).join(""));
    edge.setAttribute("d", first);
    thin.setAttribute("d", rest.join(""));
    return rows;
  };
  const element = html("div", { class: "plane" }, axis("y", [bottom, top]),
    html("div", { class: "map" }, shades, root), axis("x", [left, right]));
  return { element, root, draw, place };
}
