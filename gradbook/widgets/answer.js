/* An answer: a number that is checked as Python's math.isclose does, or a text beside a model. */

/**
 * The numbers that a text may stand for: "1,500" is fifteen hundred, and one and a half to those who
 * write a comma for the point. "3e-4", "2/3" and "40 %" are read, and the field's own unit behind a
 * number; of other text nothing is.
 */
function readings(text, unit) {
  const plain = text.trim().replace("−", "-");
  const bare = unit && plain.endsWith(unit) ? plain.slice(0, -unit.length).trim() : plain;
  const thousands = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(bare);
  const written = [...(thousands ? [bare.replaceAll(",", "")] : []), bare.replace(",", ".")];
  const number = String.raw`([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`;
  const one = new RegExp(`^${number}\\s*(?:/\\s*${number})?\\s*(%)?$`);
  return written.map((form) => one.exec(form)).filter((found) => found)
    .map(([, over, under, percent]) => (over / (under ?? 1)) * (percent ? 0.01 : 1))
    .filter(Number.isFinite);
}

const close = (a, b, tolerance) =>
  Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));

/** What is said of an answer, and whether it is right. */
function judged({ expected, tolerance, hint, unit }, text) {
  const all = readings(text, unit);
  if (!all.length) return ["Enter one number, such as 0.25, 3e-4 or 2/3.", null];
  const brief = (x) => minus(`${Number(x.toPrecision(3))}`);
  if (all.some((given) => close(given, expected, tolerance))) {
    return [`Right: ${brief(expected)}.`, true];
  }
  const side = all[0] > expected ? "large" : "small";
  return [`Not yet: ${minus(text.trim())} is too ${side}. Hint: ${hint}.`, false];
}

function render({ model, el }) {
  const meta = model.get("meta");
  const set = setter(model);
  const answers = record();
  const written = "model" in meta;
  const id = `answer-${Math.random().toString(36).slice(2)}`;
  const field = written
    ? html("textarea", { id, rows: 3 })
    : html("input", { id, type: "text", inputmode: "text", autocomplete: "off", size: 12 });
  const check = button(written ? "Compare" : "Check", { class: "first", "data-action": "check" });
  const outcome = html("div", { class: "outcome", "aria-live": "polite" });
  const give = () => answers.set(meta.id, { kind: written ? "text" : "number", given: field.value });
  check.addEventListener("click", give);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !written) give();
  });
  const root = html("div", { class: "gradbook-widget gradbook-answer", "data-answer": meta.id,
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, prose("label", { for: id, class: "prompt" }, meta.prompt),
    html("div", { class: written ? "entry long" : "entry" }, field,
      ...(meta.unit ? [html("span", { class: "unit" }, meta.unit)] : []), check),
    outcome));
  const update = () => {
    const given = model.get("given");
    if (field.value !== given) field.value = given;
    const shown = given.trim() !== "" && answers.get(meta.id) !== undefined;
    outcome.hidden = !shown;
    if (!shown) return;
    if (written) {
      outcome.className = "outcome";
      outcome.innerHTML = `<strong>A model answer.</strong> ${meta.model}`;
      return;
    }
    const [text, right] = judged(meta, given);
    outcome.className = `outcome ${right === null ? "" : right ? "right" : "wrong"}`;
    outcome.textContent = text;
  };
  const recall = () => {
    set("given", answers.get(meta.id)?.given ?? "");
    update();
  };
  const forget = answers.watch(recall);
  const undo = mount({ model, el }, root, [[["given"], update]], [forget]);
  recall();
  return undo;
}

export default { render };
