/* The examples explorer: the dose of one general recognizer and of the private ones over epochs,
 * what the net gets wrong, and whether an example's own gradient agrees with the others'. Drawn
 * here from the bytes in the model: no kernel. */

const PAUSE = 400; // milliseconds an epoch stays in view
const CURVES = ["general", "right", "wrong", "general_pull", "right_pull", "wrong_pull",
  "train_error", "wrong_error", "test_error"];
const BESIDE = ["rest", "right", "wrong"]; // whom a gradient is compared with

// ---------------------------------------------------------------- numbers as text

/** Two significant digits: 0.012, 830, 1.2 × 10⁻⁵. */
function significant(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) {
    return minus(Number(x.toPrecision(2)).toLocaleString("en", { maximumSignificantDigits: 2 }));
  }
  const [mantissa, exponent] = x.toExponential(1).split("e");
  return `${minus(mantissa)} × 10${raised(Number(exponent))}`;
}

// ---------------------------------------------------------------- data

/** The model's arrays as functions of a setting. */
function readData(model) {
  const meta = model.get("meta");
  const bytes = (name) => bytesOf(model, name);
  const widen = (name) => // a bfloat16 is the upper half of a float32
    new Float32Array(Uint32Array.from(new Uint16Array(bytes(name)), (code) => code << 16).buffer);
  const [curves, doses] = [new Float32Array(bytes("curves")), widen("doses")];
  const agreements = new Int8Array(bytes("agreements"));
  const answered = new Uint8Array(bytes("answered"));
  const [S, E] = [meta.shown.length, meta.epochs.length];
  const [M, row] = [doses.length / S / E, answered.length / S / E];
  const before = (r) => meta.regularizers.slice(0, r).reduce((n, x) => n + x.strengths.length, 0);
  const runs = before(meta.regularizers.length);
  const over = (get) => Float32Array.from({ length: E }, (_, e) => get(e));
  /** The shown seed's line and its band, [3] arrays over epochs. */
  const curve = (setting, name) => {
    const at = (band) => ((setting * 3 + band) * CURVES.length + CURVES.indexOf(name)) * E;
    return [0, 1, 2].map((band) => curves.subarray(at(band), at(band) + E));
  };
  const fed = meta.shown.flatMap((_, setting) => [...curve(setting, "general")[2]]);
  return {
    meta,
    most: M,
    top: Math.ceil(Math.log10(Math.max(1e-9, ...fed))),
    curve,
    setting() {
      const [w, n, r, s] = ["share", "size", "regularizer", "strength"].map((x) => model.get(x));
      const { strengths } = meta.regularizers[r];
      return (w * meta.sizes.length + n) * runs + before(r) + Math.min(s, strengths.length - 1);
    },
    dose: (setting, m) => [over((e) => doses[(setting * E + e) * M + m])],
    agreement(setting, m, beside) {
      const k = BESIDE.indexOf(beside);
      return [over((e) => {
        const code = agreements[((setting * E + e) * M + m) * 3 + k];
        return code === -128 ? NaN : code / 127;
      })];
    },
    answered: (setting, e, m) =>
      Boolean(answered[(setting * E + e) * row + (m >> 3)] & (128 >> (m & 7))),
  };
}

// ---------------------------------------------------------------- the widget

/** Where the error on new examples is first at its lowest, and how long it stays there. */
function earlyStopping(errors, epochs) {
  const best = errors.indexOf(Math.min(...errors));
  const risen = errors.findIndex((error, i) => i > best && error > errors[best]);
  const last = risen < 0 ? errors.length - 1 : risen - 1;
  const when = [...new Set([best, last])].map((i) => epochs[i].toLocaleString("en"));
  return `Early stopping: fewest new examples missed at epoch${when.length > 1 ? "s" : ""} `
    + when.join(" to ");
}

function render({ model, el }) {
  const data = readData(model);
  const { shares, sizes, regularizers, epochs, shown, seeds } = data.meta;
  const set = setter(model);
  const most = mostStrengths(regularizers);
  const share = choice("share", "Wrong labels", shares.length, set);
  const size = choice("size", "Examples n", sizes.length, set);
  const regularizer = choice("regularizer", "Regularizer", regularizers.length, set);
  const strength = choice("strength", "Strength", most, set);
  strength.element.hidden = most < 2;
  const slider = epochSlider(model, epochs, set, PAUSE);

  const powers = Array.from({ length: DECADES / 2 + 1 }, (_, i) => data.top - 2 * i);
  const dose = chart("dose", {
    epochs, heads: ["dose", "decay"], text: significant,
    axis: {
      place: logarithmic(data.top - DECADES, data.top),
      least: 10 ** (data.top - DECADES),
      ticks: powers.map((power) => [10 ** power, power ? `10${raised(power)}` : "1"]),
    },
    rows: [["general", "general", "general", "general_pull"],
      ["own, right label", "right", "right", "right_pull"],
      ["own, wrong label", "wrong", "wrong", "wrong_pull"],
      ["the chosen example’s", "own", "own"]],
  });
  const error = chart("error", {
    epochs, heads: ["now"], text: percent,
    axis: { place: linear(0, 1), least: 0, ticks: [0, 0.5, 1].map((x) => [x, percent(x)]) },
    rows: [["new examples", "general", "test_error"], ["training examples", "right", "train_error"],
      ["those with wrong labels", "wrong", "wrong_error"]],
  });
  const agreement = chart("agreement", {
    epochs, heads: ["now"], text: (x) => decimals(x), corner: "cosine with",
    axis: { place: linear(-1, 1), least: -1, ticks: [-1, 0, 1].map((x) => [x, minus(`${x}`)]) },
    rows: [["the others’ mean", "own", "own_rest"],
      ["right-labelled ones, on average", "right", "own_right"],
      ["wrong-labelled ones, on average", "wrong", "own_wrong"]],
  });
  const field = fieldPicture(data.most, (m) => set("example", m));
  const counts = html("p", { class: "counts" });
  const stop = html("p", { class: "counts" });
  error.element.append(stop);
  const examples = html("div", { class: "field" },
    html("div", { class: "title" }, "Agreement with the others"), field.root, counts);
  const summary = html("p", { class: "summary" });
  const notes = regularizers.map((each) => html("p", {}, each.note));
  const spoken = speech(model, "playing");
  const sign = (kind) =>
    html("span", { class: "sign" }, html("i", { class: `mark ${kind}` }), kind);
  const legend = html("p", { class: "legend" },
    "Each mark is an example, with a ", sign("right"), " or a ", sign("wrong"),
    " label; full once the net answers as it is labelled. It stands above its line where its "
    + "gradient agrees with the mean of all others, by the cosine, and below where it opposes it. "
    + "Click one, or use the arrow keys, to follow it. A line of doses has a gap where the gradient "
    + `makes the recognizer smaller. ${seeds}`);
  const root = html("div", { class: "gradbook-widget gradbook-examples" },
    html("div", { class: "frame" },
      html("div", { class: "choices" }, share.element, size.element),
      html("div", { class: "choices" }, regularizer.element, strength.element), slider.element,
      summary,
      html("div", { class: "panels" }, dose.element, examples, error.element,
        agreement.element),
      html("div", { class: "notes" }, ...notes), legend, spoken.element));

  const update = () => {
    const [e, r] = ["epoch", "regularizer"].map((trait) => model.get(trait));
    const { symbol, strengths, name } = regularizers[r];
    const s = data.setting();
    const [right, wrong] = shown[s];
    const m = Math.min(model.get("example"), right + wrong - 1);
    const kind = (i) => (i < right ? "right" : "wrong");
    share.show(model.get("share"), shares.map((each) => percent(each)));
    size.show(model.get("size"), sizes.map((n) => n.toLocaleString("en")));
    regularizer.show(r, regularizers.map((each) => each.name));
    strength.show(model.get("strength"), strengths.map(String), `Strength ${symbol}`.trim());
    strength.element.style.visibility = strengths.length < 2 ? "hidden" : "";
    slider.show();
    const series = Object.fromEntries(CURVES.map((curve) => [curve, data.curve(s, curve)]));
    series.own = data.dose(s, m);
    BESIDE.forEach((beside) => { series[`own_${beside}`] = data.agreement(s, m, beside); });
    const n = sizes[model.get("size")];
    dose.show("Dose of a recognizer", e, series);
    error.show("Not answered as labelled", e, series);
    agreement.show(`Example ${m + 1}, ${kind(m)} label`, e, series);
    field.show(m, Array.from({ length: right + wrong }, (_, i) => ({
      kind: kind(i), agreement: data.agreement(s, i, "rest")[0][e],
      answered: data.answered(s, e, i),
    })));
    counts.textContent = `Shown of ${n.toLocaleString("en")}: ${right} right, ${wrong} wrong labels`;
    stop.textContent = earlyStopping(series.test_error[0], epochs);
    const times = (beside) => {
      const ratio = series.general[0][e] / series[beside][0][e];
      return ratio > 0 && Number.isFinite(ratio) ? `${significant(ratio)} times` : "";
    };
    const ratios = ["right", "wrong"].filter(times).map((beside, i) =>
      `${times(beside)} ${i ? "" : "that of an own one "}with a ${beside} ${i ? "one" : "label"}`);
    const fed = series.general[0][e] > 0;
    summary.textContent = `At epoch ${epochs[e].toLocaleString("en")} the general recognizer`
      + (ratios.length ? `’s dose is ${ratios.join(", and ")}.`
        : fed ? " alone gets a dose." : " gets no dose: its gradient makes it smaller.");
    field.root.setAttribute("aria-label", `${right + wrong} examples, example ${m + 1} chosen, `
      + `${kind(m)} label; arrow keys choose another`);
    notes.forEach((each, i) => each.classList.toggle("shown", i === r));
    spoken.say(() => `${name}. ${summary.textContent} Not answered as labelled: `
      + `${error.speak()}. Example ${m + 1}, ${kind(m)} label: cosine with ${agreement.speak()}`);
  };
  const traits = ["share", "size", "regularizer", "strength", "epoch", "example", "playing"];
  return mount({ model, el }, root, [[traits, update]], [slider.stop, spoken.stop]);
}

const settings = (get) => {
  const { shares, sizes, regularizers, epochs, shown } = get("meta");
  return { share: shares.length - 1, size: sizes.length - 1, regularizer: regularizers.length - 1,
    strength: mostStrengths(regularizers) - 1, epoch: epochs.length - 1, 
    example: Math.max(...shown.map(([right, wrong]) => right + wrong)) - 1 };
};

export default { render, settings };
