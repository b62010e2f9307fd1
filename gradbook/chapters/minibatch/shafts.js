/* Arrows on one axis from a middle line, shared by what shows a minibatch as an arrow. */

const [WIDE, STEP, REACH, EDGE] = [640, 5.4, 296, 8];

/** A shaft with a head, from the middle. */
function arrowOf(length, y) {
  const [middle, tip] = [WIDE / 2, WIDE / 2 + REACH * length];
  const head = Math.sign(length) * Math.min(6, Math.abs(REACH * length));
  return `M${middle} ${y}H${tip.toFixed(1)}M${(tip - head).toFixed(1)} ${y - 2}L${tip.toFixed(1)} `
    + `${y}L${(tip - head).toFixed(1)} ${y + 2}`;
}

/** A picture of `count` arrows; `show` takes their signed lengths, at most 1, and a description. */
function shafts(count) {
  const tall = 2 * EDGE + STEP * (count - 1);
  const marks = Array.from({ length: count }, () => svg("path"));
  const element = svg("svg", { viewBox: `0 0 ${WIDE} ${tall}`, role: "img",
    preserveAspectRatio: "none", class: "arrows" },
  svg("path", { class: "middle", d: `M${WIDE / 2} 0V${tall}` }), ...marks);
  const show = (lengths, text) => {
    marks.forEach((mark, m) => {
      const length = lengths[m];
      mark.setAttribute("class", length > 0 ? "right" : "left");
      mark.setAttribute("d", length ? arrowOf(length, EDGE + STEP * m) : "");
    });
    element.setAttribute("aria-label", text);
  };
  return { element, show };
}
