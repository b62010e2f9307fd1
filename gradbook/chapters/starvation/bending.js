/* The boundary that bends: what nets trained with one regularizer or another decide on two moons.
 * A choice moves the boundary from the one before to its own; no time passes in the net meanwhile. */

const TURN = 600; // milliseconds from one boundary to the next
const CROSS = "M-6 -6 6 6M-6 6 6 -6";

/** Value of a picture's rows at a place of the plane, the nearest point's. */
function valueAt(rows, [[left, right], [bottom, top]], [x, y]) {
  const at = (v, low, high, n) =>
    Math.round(Math.min(1, Math.max(0, (v - low) / (high - low))) * (n - 1));
  return rows[at(y, bottom, top, rows.length)][at(x, left, right, rows[0].length)];
}

function render({ model, el }) {
  const meta = model.get("meta");
  const floats = (name) => new Float32Array(bytesOf(model, name));
  const bytes = (name) => new Int8Array(bytesOf(model, name));
  const [codes, scale] = [bytes("field"), floats("scale")];
  const size = codes.length / scale.length;
  const fields = Array.from(scale, (most, c) => Float32Array.from(
    codes.subarray(c * size, (c + 1) * size), (code) => (code / 127) * most));
  const pairs = (points, labels) => Array.from(labels, (label, i) =>
    ({ at: [points[2 * i], points[2 * i + 1]], label }));
  const examples = pairs(floats("points"), bytes("labels"));
  const asked = pairs(floats("asked"), bytes("answers"));
  const picture = plane({ meta, examples: () => examples });
  const rings = asked.map(({ at, label }) => {
    const mark = svg("g", { class: "asked", transform: `translate(${picture.place(at).join(" ")})` },
      svg("circle", { class: label > 0 ? "plus" : "minus", r: 6.5 }),
      svg("path", { class: "cross", d: CROSS }));
    picture.root.append(mark);
    return mark;
  });
  const set = setter(model);
  const spoken = speech(model);
  const { element, show } = choice("regularizer", "Regularizer", meta.choices.length,
    (_, i) => set("choice", i));
  const line = html("p", { class: "sentence" });
  const key = (kind, text) => html("span", { class: `key ${kind}` }, text);
  const root = html("div", { class: "gradbook-widget gradbook-plane gradbook-bending",
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, html("div", { class: "side" }, picture.element),
    html("div", { class: "words" }, element, line, html("p", { class: "legend" },
      "Labels ", key("plus", "+1"), " ", key("minus", "−1"), " Rings: new examples whose "
      + "coordinate 1 misleads, crossed if wrong.")),
    spoken.element));

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let [frame, seen, wanted] = [0, null, null];
  const draw = (field) => {
    seen = field;
    const rows = picture.draw(field, 0);
    let right = 0;
    asked.forEach(({ at, label }, i) => {
      const hit = valueAt(rows, meta.grid, at) * label > 0;
      rings[i].classList.toggle("wrong", !hit);
      right += hit;
    });
    root.dataset.right = right;
  };
  const move = (from, start) => (now) => {
    const share = Math.min(1, (now - start) / TURN);
    const eased = share * share * (3 - 2 * share);
    draw(share < 1 ? from.map((v, i) => v + eased * (wanted[i] - v)) : wanted);
    root.dataset.rest = share >= 1;
    frame = share < 1 ? requestAnimationFrame(move(from, start)) : 0;
  };
  const update = () => {
    const c = model.get("choice");
    const { sentence } = meta.choices[c];
    wanted = fields[c];
    show(c, meta.choices.map(({ name }) => name));
    line.textContent = sentence;
    picture.root.setAttribute("aria-label", `Decision boundary among the two moons. ${sentence}`);
    spoken.say(() => sentence);
    cancelAnimationFrame(frame);
    if (calm.matches || !seen) {
      draw(wanted);
      root.dataset.rest = true;
    } else {
      root.dataset.rest = false;
      frame = requestAnimationFrame(move(seen, performance.now()));
    }
  };
  return mount({ model, el }, root, [[["choice"], update]],
    [spoken.stop, () => cancelAnimationFrame(frame)]);
}

const settings = (get) => ({ choice: get("meta").choices.length - 1 });

export default { render, settings };
