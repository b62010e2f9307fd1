/* The long tail that is trained here: AdamW on every frame, under one slider for the batch size. Its
 * law is that of forms.js, which stands before it. */

const BURST = 60; // steps a frame
const SMOOTH = 0.004; // share of a step in the answer that is drawn
const [WIDE, TALL] = [64, 170]; // of a column, user units

/** Weights of recognizers a = b, with Adam's two means. */
function begin(count, start) {
  const filled = (value) => new Float64Array(count).fill(value);
  return { weight: filled(start), first: filled(0), second: filled(0), step: 0 };
}

/** One step of AdamW in place; shown is how many examples of the minibatch show each feature. */
function stepOf(state, shown, { batch, decay, rate, beta2 }) {
  state.step += 1;
  const [one, two] = [1 - 0.9 ** state.step, 1 - beta2 ** state.step];
  const { weight, first, second } = state;
  for (let k = 0; k < weight.length; k++) {
    const w = weight[k];
    const gradient = (-shown[k] / batch) * (1 - w * w) * w;
    first[k] = 0.9 * first[k] + 0.1 * gradient;
    second[k] = beta2 * second[k] + (1 - beta2) * gradient * gradient;
    weight[k] -= rate * (decay * w + first[k] / one / (Math.sqrt(second[k] / two) + 1e-8));
  }
}

/** How many of many rare examples are drawn: Poisson's numbers, rounded normal ones from 30 on. */
function drawn(mean, random) {
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const least = Math.exp(-mean);
  let count = 0;
  for (let left = random(); left > least; left *= random()) count += 1;
  return count;
}

function sentenceOf(frequencies, settings, right) {
  const fed = frequencies.filter((p) => adamw(p, settings) >= right).length;
  return `With ${settings.batch} examples in a minibatch, features in fewer than `
    + `${brief(100 * half(settings))} % of the examples are answered less than half right: `
    + `${fed} of ${frequencies.length} are fed.`;
}

function render({ model, el }) {
  const meta = model.get("meta");
  const { frequencies: p, batches } = meta;
  const set = setter(model);
  const spoken = speech(model);
  const state = begin(p.length, meta.start);
  const random = generator(1);
  const shownAnswer = Float64Array.from(p, () => meta.start ** 2);
  let left = 0;
  const bars = p.map((_, k) => svg("rect", { class: "bar", x: WIDE * k + 14, width: 36, rx: 2 }));
  const marks = p.map(() => svg("path", { class: "mark" }));
  const picture = svg("svg", { viewBox: `0 0 ${WIDE * p.length} ${TALL + 46}`, role: "img" },
    svg("path", { class: "ground", d: `M0 ${TALL + 14}H${WIDE * p.length}` }), ...bars, ...marks,
    ...p.map((v, k) => svg("text", { x: WIDE * (k + 0.5), y: TALL + 38 }, `${brief(100 * v)} %`)));
  const input = html("input", {
    type: "range", min: 0, max: batches.length - 1, step: 1, "aria-label": "Batch size",
  });
  const value = html("output", { "aria-live": "off" });
  const line = html("p", { class: "sentence" });
  input.addEventListener("input", () => set("batch", Number(input.value)));
  const root = html("div", { class: "gradbook-widget gradbook-tail",
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, picture,
    html("div", { class: "slider", "data-control": "batch" },
      html("div", { class: "label" }, "Batch size ", value), input),
    line, html("p", { class: "legend" }, "A bar is the answer to one feature; the top is right. "
      + "Below it: the share of the examples that show the feature. AdamW trains it here, "
      + `wd = ${meta.decay}; a dash is the formula.`),
    spoken.element));
  const settings = () => ({ ...meta, batch: batches[model.get("batch")] });
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let frame = 0;
  const draw = (now = settings()) => bars.forEach((bar, k) => {
    const tall = TALL * Math.min(1.05, Math.max(0.01, shownAnswer[k]));
    bar.setAttribute("y", TALL + 14 - tall);
    bar.setAttribute("height", tall);
    bar.classList.toggle("starved", adamw(p[k], now) < meta.half);
  });
  const grow = () => {
    const now = settings();
    for (let i = 0; i < (calm.matches ? 20_000 : BURST) && left > 0; i++) {
      left -= 1;
      stepOf(state, p.map((v) => drawn(now.batch * v, random)), now);
      state.weight.forEach((w, k) => { shownAnswer[k] += SMOOTH * (w * w - shownAnswer[k]); });
    }
    draw();
    root.dataset.rest = left <= 0;
    frame = left > 0 ? requestAnimationFrame(grow) : 0;
  };
  const update = () => {
    const now = settings();
    const text = sentenceOf(p, now, meta.half);
    input.value = model.get("batch");
    input.setAttribute("aria-valuetext", `${now.batch}`);
    value.textContent = now.batch;
    line.textContent = text;
    picture.setAttribute("aria-label", text);
    marks.forEach((mark, k) => mark.setAttribute("d",
      `M${WIDE * k + 8} ${(TALL + 14 - TALL * adamw(p[k], now)).toFixed(1)}h48`));
    spoken.say(() => text);
    left = Math.ceil(18 / (meta.rate * meta.decay));
    root.dataset.rest = false;
    if (!frame) frame = requestAnimationFrame(grow);
  };
  draw();
  return mount({ model, el }, root, [[["batch"], update]],
    [spoken.stop, () => cancelAnimationFrame(frame)]);
}

const limits = (get) => ({ batch: get("meta").batches.length - 1 });

export default { render, settings: limits };
