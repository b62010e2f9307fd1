/* The explorer's pictures: fields, roses and the small charts above its sliders. */

const CELL = 20; // user units a grid point takes up in a field
const RIM = 60; // radius of a rose
const PETALS = 24;
const SIDES = ["left", "right"];

/** Text that is left out where there is little room. */
const long = (text) => html("span", { class: "long" }, text);

/** Texts in one place, of which one shows; the place is as high as the highest. */
function pile(tag, className, contents) {
  const items = contents.map((content) => html(tag, {}, ...content));
  return {
    element: html("div", { class: `pile ${className}` }, ...items),
    show: (i) => items.forEach((item, j) => item.classList.toggle("shown", j === i)),
  };
}

/** draw, but only when its key differs from the last one's. */
function whenNew(draw) {
  let last;
  return (key, ...data) => {
    if (key !== last) draw(...data);
    last = key;
  };
}

const round = (x) => x.toFixed(2);

/** The outline of an arrow (dx, dy) centred at (x, y); of a dot where it is too short. */
function arrow(x, y, dx, dy, width, longestHead) {
  const length = Math.hypot(dx, dy);
  if (length < 2 * width) {
    const half = `a${width} ${width} 0 1 0 `;
    return `M${round(x - width)} ${round(y)}${half}${2 * width} 0${half}${-2 * width} 0Z`;
  }
  const head = Math.min(longestHead, 0.6 * length);
  const barb = Math.max(width, 0.45 * head);
  const at = (along, across) => `${round(x + (along * dx - across * dy) / length)} `
    + round(y + (along * dy + across * dx) / length);
  const [back, neck, tip] = [-length / 2, length / 2 - head, length / 2];
  return `M${at(back, -width)}L${at(neck, -width)} ${at(neck, -barb)} ${at(tip, 0)} `
    + `${at(neck, barb)} ${at(neck, width)} ${at(back, width)}Z`;
}

/** The arrow from the middle of a rose to its rim. */
function ray({ x, y, norm }, width, head) {
  const [dx, dy] = norm > 0 ? [(RIM * x) / norm, (-RIM * y) / norm] : [0, 0];
  return arrow(dx / 2, dy / 2, dx, dy, width, head);
}

/** The i-th sector of a rose, its area in proportion to share. */
function petal(i, share) {
  const radius = RIM * Math.sqrt(share);
  const at = (j) => {
    const angle = (2 * Math.PI * j) / PETALS;
    return `${round(radius * Math.cos(angle))} ${round(-radius * Math.sin(angle))}`;
  };
  return `M0 0L${at(i - 0.5)}A${round(radius)} ${round(radius)} 0 0 0 ${at(i + 0.5)}Z`;
}

/** The colour for a product or cosine with the mean gradient. */
const colour = (x) => (x > 0 ? "with" : x < 0 ? "against" : "neither");

/** An SVG with one path a colour; paint takes pairs of a colour and an outline. */
function picture(name, side, viewBox, ...marks) {
  const paths = ["with", "against", "neither"].map((kind) => svg("path", { class: kind }));
  const root = svg("svg", {
    viewBox, role: "img", class: name, "data-picture": name, "data-side": side,
  }, ...marks, ...paths);
  const paint = (shapes) => paths.forEach((path) => {
    const own = shapes.filter(([kind]) => kind === path.getAttribute("class"));
    path.setAttribute("d", own.map(([, outline]) => outline).join(""));
  });
  return { root, paint };
}

/** One landscape as arrows on the grid of offsets, the longest filling its cell. */
function fieldPicture(side, { offsets }, cursor) {
  const G = offsets.length;
  const width = G * CELL;
  const at = (i) => [(Math.floor(i / G) + 0.5) * CELL, (G - (i % G) - 0.5) * CELL];
  const box = svg("rect", { class: "cursor", width: 1.2 * CELL, height: 1.2 * CELL, rx: 2 });
  const { root, paint } = picture("field", side, `0 0 ${width} ${width}`,
    svg("circle", { class: "centre", cx: width / 2, cy: width / 2, r: 0.64 * CELL }), box);
  fill(root, { role: "application", tabindex: 0 }, []);
  pointWith(root, G, cursor);
  const draw = whenNew((landscape, longest, mean) => {
    const unit = longest > 0 ? (0.92 * CELL) / longest : 0;
    paint(landscape.map((g, i) =>
      [colour(dot(g, mean)), arrow(...at(i), g.x * unit, -g.y * unit, 1.1, 8)]));
  });
  const mark = (i) => {
    const [x, y] = at(Math.max(i, 0));
    box.style.display = i < 0 ? "none" : "";
    box.setAttribute("x", x - 0.6 * CELL);
    box.setAttribute("y", y - 0.6 * CELL);
  };
  return { root, draw, mark };
}

/** Mouse, finger and arrow keys move the cursor over a field of G by G points. */
function pointWith(root, G, { get, set }) {
  const clamp = (i) => Math.min(G - 1, Math.max(0, i));
  const move = (x, y) => set(clamp(x) * G + clamp(y));
  const point = (event) => {
    const { left, bottom, width, height } = root.getBoundingClientRect();
    move(Math.floor((G * (event.clientX - left)) / width),
      Math.floor((G * (bottom - event.clientY)) / height));
  };
  const hovering = (act) => (event) => { if (event.pointerType !== "touch") act(event); };
  root.addEventListener("pointermove", hovering(point));
  root.addEventListener("pointerleave", hovering(() => set(-1)));
  root.addEventListener("click", point); // a tap; a finger that moves scrolls the page
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  root.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || !(step || event.key === "Escape")) return;
    event.preventDefault();
    const i = get() < 0 ? (G * G - 1) / 2 : get();
    if (step) move(Math.floor(i / G) + step[0], (i % G) + step[1]);
    else set(-1);
  });
}

/** All directions as arrows of one length; behind them petals that count them. */
function rosePicture(side) {
  const petals = svg("path", { class: "petals" });
  const mean = svg("path", { class: "mean", d: `M${RIM + 2} 0l9 -5v10Z` });
  const chosen = svg("path");
  const names = [
    svg("text", { x: 80, y: 78, "text-anchor": "end" }), svg("text", { x: -80, y: -66 }),
  ];
  const { root, paint } = picture("rose", side, "-80 -80 160 160",
    svg("path", { class: "axes", d: `M${-RIM} 0H${RIM}M0 ${-RIM}V${RIM}` }),
    svg("circle", { class: "rim", r: RIM }), petals);
  root.append(mean, chosen, ...names);
  const draw = whenNew((summary, parameters) => {
    const live = summary.all.filter((v) => v.norm > 0);
    const counts = new Array(PETALS).fill(0);
    for (const v of live) {
      counts[Math.round((Math.atan2(v.y, v.x) / Math.PI / 2 + 1) * PETALS) % PETALS] += 1;
    }
    petals.setAttribute("d", counts.map((n, i) => petal(i, n / summary.all.length)).join(""));
    paint(summary.all.map((v) =>
      [colour(dot(v, summary.mean)), ray(v, v.norm > 0 ? 0.5 : 2.5, 6)]));
    mean.style.display = summary.mean.norm > 0 ? "" : "none";
    const turn = (-180 / Math.PI) * Math.atan2(summary.mean.y, summary.mean.x);
    mean.setAttribute("transform", `rotate(${round(turn)})`);
    names.forEach((text, i) => { text.textContent = `${parameters[i]} ${"→↑"[i]}`; });
  });
  const choose = whenNew((summary, m) => {
    const v = summary.all[m];
    chosen.setAttribute("class", `chosen ${colour(dot(v, summary.mean))}`);
    chosen.setAttribute("d", ray(v, v.norm > 0 ? 2 : 5, 13));
  });
  return { root, draw, choose };
}

/** The small chart above a slider: a bar for each step, on a scale from low to 1. */
function stripPicture(trait, side, low) {
  const height = (value) => round((30 * (1 - value)) / (1 - low));
  const { root, paint } = picture("strip", `${trait} ${side}`, "0 0 100 30",
    svg("path", { class: "base", d: `M0 ${height(0)}H100` }));
  fill(root, {
    preserveAspectRatio: "none", "aria-label": `Mean cosine at every ${trait}, ${side} side`,
  }, []);
  const draw = whenNew((values) => {
    const step = 100 / Math.max(1, values.length - 1);
    const bar = (value, i) => `M${round((i - 0.3) * step)} ${height(0)}h${round(0.6 * step)}`
      + `V${height(value)}h${round(-0.6 * step)}Z`;
    paint(values.map((value, i) => [colour(value), value ? bar(value, i) : ""])); // NaN: no bar
  });
  const letter = html("span", { class: "compared" }, side[0].toUpperCase());
  const when = side === "left" ? "compared" : "";
  return { element: html("div", { class: `bars ${side} ${when}` }, letter, root), draw };
}
