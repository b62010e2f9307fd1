/* A bet: the reader chooses, sets a number or draws a curve; then the result appears, and with it
 * whatever stands after the bet in its cell. */

const [WIDE, TALL, EDGE] = [640, 300, { left: 66, right: 14, top: 12, bottom: 44 }];

const seedsOf = (share, meta) => `${Math.round(share * meta.seeds)} of ${meta.seeds} seeds`;

/** The share of seeds that agree with a guess. */
function agreement(meta, guess) {
  const own = PARTS[meta.kind].agreement;
  if (own) return own(meta, guess);
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  if (meta.kind === "choice") return meta.choices[guess].seeds / meta.seeds;
  if (meta.kind === "number") {
    const near = (v) => (meta.log
      ? Math.abs(Math.log(v / guess)) <= Math.log(meta.within)
      : Math.abs(v - guess) <= meta.within);
    return mean(meta.values.map((v) => Number(near(v))));
  }
  return mean(meta.values.map((seed) =>
    mean(seed.map((v, i) => Number(Math.abs(v - guess[i]) <= meta.within)))));
}

/** What is said of a guess. */
function verdict(meta, guess) {
  if (guess === null) return "You did not bet.";
  const own = PARTS[meta.kind].verdict;
  if (own) return own(meta, guess);
  const share = agreement(meta, guess);
  if (meta.kind === "choice") return `${seedsOf(share, meta)} agree with your bet.`;
  if (meta.kind === "curve") {
    return `Your curve is within ${meta.within} of a seed's at ${percent(share)} of the places.`;
  }
  const room = meta.log ? `a factor of ${meta.within}` : `${meta.within}${meta.unit}`;
  const [mean, low, high] = meta.interval.map((v) => written({ ...meta, unit: "" }, v));
  return `You bet ${written(meta, guess)}. Measured: ${mean} (${low} to ${high})${meta.unit}. `
    + `${seedsOf(share, meta)} lie within ${room} of your bet.`;
}

const written = (meta, value) => minus(`${Number(value.toPrecision(meta.digits))}${meta.unit}`);

/** Buttons in a column: no radio buttons, which arrow keys would bet with on their way. */
function choices(meta, place) {
  const entries = meta.choices.map(({ text, seeds }, i) => {
    const choose = prose("button", { type: "button", class: "option" }, text);
    choose.addEventListener("click", () => place(i));
    return { choose, right: seeds > meta.seeds / 2 };
  });
  const element = html("div", { class: "choices", role: "group" },
    ...entries.map(({ choose }) => choose));
  const show = (guess, open) => entries.forEach(({ choose, right }, i) => {
    choose.setAttribute("aria-pressed", guess === i);
    choose.disabled = open;
    choose.classList.toggle("true", open && right);
    choose.classList.toggle("false", open && guess === i && !right);
  });
  return { element, show };
}

/** A slider, and after the bet a line with the seeds on it. */
function number(meta, place) {
  const STEPS = 200;
  const at = (i) => (meta.log
    ? meta.low * (meta.high / meta.low) ** (i / STEPS)
    : meta.low + ((meta.high - meta.low) * i) / STEPS);
  const share = (v) => (meta.log
    ? Math.log(v / meta.low) / Math.log(meta.high / meta.low)
    : (v - meta.low) / (meta.high - meta.low));
  const input = html("input", { type: "range", min: 0, max: STEPS, step: 1, value: 0 });
  const value = html("output", { "aria-live": "off" });
  const dots = svg("svg", { viewBox: "0 0 640 44", class: "seeds", role: "img" });
  const say = () => {
    value.textContent = written(meta, at(Number(input.value)));
    input.setAttribute("aria-valuetext", value.textContent);
  };
  input.addEventListener("input", say);
  const element = html("div", { class: "number", "data-control": "guess" },
    html("div", { class: "label" }, "Your number: ", value), input, dots);
  const show = (guess, open) => {
    if (guess !== null) input.value = Math.round(STEPS * share(guess));
    input.disabled = open;
    say();
    dots.toggleAttribute("hidden", !open);
    if (!open) return;
    const x = (v) => 12 + 616 * Math.min(1, Math.max(0, share(v)));
    dots.replaceChildren(svg("path", { class: "axis", d: "M12 22H628" }),
      ...meta.values.map((v) => svg("circle", { class: "seed", cx: x(v), cy: 22, r: 5 })));
    if (guess !== null) {
      dots.append(svg("path", { class: "mine", d: `M${x(guess)} 6V38` }));
    }
    dots.setAttribute("aria-label", `Seeds from ${written(meta, Math.min(...meta.values))} to `
      + `${written(meta, Math.max(...meta.values))}`);
  };
  return { element, show, value: () => at(Number(input.value)), name: input };
}

/** Empty axes to draw over: by pointer, or by a slider at each place. */
function curve(meta, model) {
  const count = meta.xlabels.length;
  const x = (i) => EDGE.left + ((WIDE - EDGE.left - EDGE.right) * i) / (count - 1);
  const span = TALL - EDGE.top - EDGE.bottom;
  const y = (v) => EDGE.top + (span * (meta.high - v)) / (meta.high - meta.low);
  const path = (values) => values.map((v, i) => `${i ? "L" : "M"}${x(i)} ${y(v)}`).join("");
  const root = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "axes", "aria-hidden": "true" });
  const [low, high] = [y(meta.low), y(meta.high)];
  root.append(svg("path", { class: "axis", d: `M${x(0)} ${high}V${low}H${x(count - 1)}` }),
    svg("text", { x: WIDE / 2, y: TALL - 6, class: "name" }, meta.xlabel),
    svg("text", { class: "name", transform: `translate(14 ${(low + high) / 2}) rotate(-90)` },
      meta.ylabel),
    ...[0, 0.5, 1].map((part) => {
      const v = meta.low + part * (meta.high - meta.low);
      return svg("text", { x: EDGE.left - 16, y: y(v) + 5, class: "tick end" }, decimals(v, 1));
    }),
    ...meta.xlabels.map((text, i) =>
      svg("text", { x: x(i), y: low + 18, class: i % 2 ? "tick odd" : "tick" }, text)));
  const band = svg("path", { class: "band" });
  const mean = svg("path", { class: "mean" });
  const mine = svg("path", { class: "mine" });
  const handles = meta.xlabels.map(() => svg("circle", { class: "handle", r: 6 }));
  root.append(band, mean, mine, ...handles);
  const step = (meta.high - meta.low) / 20;
  const inputs = meta.xlabels.map((text, i) => {
    const input = html("input", {
      type: "range", min: meta.low, max: meta.high, step,
      "aria-label": `${meta.ylabel} at ${text}`,
    });
    input.addEventListener("input", () => put(i, Number(input.value)));
    input.addEventListener("focus", () => handles[i].classList.add("focus"));
    input.addEventListener("blur", () => handles[i].classList.remove("focus"));
    return input;
  });
  const middle = (meta.low + meta.high) / 2;
  let drawn = meta.xlabels.map(() => null);
  const filled = () => drawn.map((v) => v ?? middle);
  const draw = () => {
    const touched = drawn.some((v) => v !== null);
    mine.setAttribute("d", touched ? path(filled()) : "");
    filled().forEach((v, i) => {
      handles[i].setAttribute("cx", x(i));
      handles[i].setAttribute("cy", y(v));
      handles[i].classList.toggle("empty", drawn[i] === null);
      inputs[i].value = v;
    });
  };
  const put = (i, v) => {
    drawn[i] = Math.min(meta.high, Math.max(meta.low, v));
    draw();
  };
  let last = null;
  const point = (event) => {
    const box = root.getBoundingClientRect();
    const px = ((event.clientX - box.left) * WIDE) / box.width;
    const py = ((event.clientY - box.top) * TALL) / box.height;
    const i = Math.round(((px - EDGE.left) * (count - 1)) / (WIDE - EDGE.left - EDGE.right));
    const v = meta.high - ((py - EDGE.top) * (meta.high - meta.low)) / span;
    return { i: Math.min(count - 1, Math.max(0, i)), v };
  };
  const move = (event) => {
    const { i, v } = point(event);
    const from = last ?? { i, v };
    const [a, b] = from.i <= i ? [from, { i, v }] : [{ i, v }, from];
    for (let k = a.i; k <= b.i; k++) {
      put(k, b.i === a.i ? v : a.v + ((b.v - a.v) * (k - a.i)) / (b.i - a.i));
    }
    last = { i, v };
  };
  root.addEventListener("pointerdown", (event) => {
    if (model.get("settled")) return;
    root.setPointerCapture(event.pointerId);
    last = null;
    move(event);
  });
  root.addEventListener("pointermove", (event) => {
    if (root.hasPointerCapture(event.pointerId)) move(event);
  });
  const element = html("div", { class: "curve", "data-control": "guess" },
    root, html("div", { class: "sliders", role: "group", "aria-label": "Your curve" }, ...inputs));
  const show = (guess, open) => {
    if (guess !== null) drawn = [...guess];
    else if (open || !drawn.some((v) => v !== null)) drawn = meta.xlabels.map(() => null);
    inputs.forEach((input) => { input.disabled = open; });
    handles.forEach((handle) => handle.classList.toggle("off", open));
    const both = [...meta.upper.keys()].map((i) => `${x(i)} ${y(meta.upper[i])}`)
      .concat([...meta.lower.keys()].reverse().map((i) => `${x(i)} ${y(meta.lower[i])}`));
    band.setAttribute("d", open ? `M${both.join("L")}Z` : "");
    mean.setAttribute("d", open ? path(meta.mean) : "");
    draw();
  };
  return { element, show, value: () => (drawn.some((v) => v !== null) ? filled() : null) };
}

/** How each kind of bet is made; a chapter may add one, with its own `agreement` and `verdict`. */
const PARTS = { choice: choices, number, curve };

function render({ model, el }) {
  const meta = model.get("meta");
  const set = setter(model);
  const answers = record();
  let output; // JupyterLab attaches el only after it is drawn
  const place = (guess) => {
    answers.set(meta.id, { kind: "bet", guess, agree: guess === null ? null : agreement(meta, guess) });
  };
  const part = PARTS[meta.kind](meta, meta.kind === "curve" ? model : place);
  const id = `question-${Math.random().toString(36).slice(2)}`;
  const named = part.name ?? part.element;
  named.setAttribute("aria-labelledby", id);
  const hint = html("p", { class: "legend" });
  const bet = button("Bet", { class: "first", "data-action": "bet" });
  const skip = button("Show me", { class: "plain", "data-action": "show" });
  const undo = button("Take it back", { class: "plain", "data-action": "undo" });
  const said = html("p", { class: "verdict", "aria-live": "polite" });
  const outcome = html("div", { class: "outcome" }, said, prose("div", { class: "result" }, meta.result));
  if (part.value) bet.addEventListener("click", () => {
    const guess = part.value();
    if (guess === null) hint.textContent = "Draw your curve first: drag over the axes.";
    else place(guess);
  });
  skip.addEventListener("click", () => place(null));
  undo.addEventListener("click", () => answers.set(meta.id, undefined));
  const root = html("div", { class: "gradbook-widget gradbook-bet", "data-bet": meta.id,
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, meta.head ? prose("div", { class: "head" }, meta.head)
    : html("div", { class: "kind" }, "Your bet"),
    prose("p", { class: "question", id }, meta.question), part.element, hint,
    html("div", { class: "acts" }, bet, skip, undo), outcome));

  const recall = () => {
    const kept = answers.get(meta.id);
    set("guess", kept?.guess ?? null);
    set("settled", kept !== undefined);
    update();
  };
  const update = () => {
    const [guess, open] = [model.get("guess"), model.get("settled")];
    part.show(guess, open);
    bet.hidden = open || !part.value;
    skip.hidden = open;
    undo.hidden = !open;
    outcome.hidden = !open;
    hint.textContent = open || meta.kind !== "curve" ? ""
      : "Drag over the axes, or set each place with the arrow keys.";
    said.textContent = open ? verdict(meta, guess) : "";
    const share = open && guess !== null ? agreement(meta, guess) : null;
    outcome.classList.toggle("right", share !== null && share > 0.5);
    outcome.classList.toggle("wrong", share !== null && share <= 0.5);
    output ??= outputOf(el);
    output?.classList.toggle(UNSETTLED, !open);
  };
  const forget = answers.watch(recall);
  const undoAll = mount({ model, el }, root, [[["guess", "settled"], update]],
    [forget, ...(part.stop ? [part.stop] : [])]);
  recall();
  if (!el.isConnected) requestAnimationFrame(update);
  return () => {
    output?.classList.remove(UNSETTLED);
    undoAll();
  };
}

export default { render };
