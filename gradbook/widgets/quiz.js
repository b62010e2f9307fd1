/* A quiz: each choice is answered at once and can be changed; the first choices are counted. */

function render({ model, el }) {
  const { id, questions } = model.get("meta");
  const answers = record();
  const tally = html("p", { class: "verdict", "aria-live": "polite" });
  const again = button("Start again", { class: "plain", "data-action": "again" });
  const parts = questions.map(({ text, choices }, q) => {
    const name = `quiz-${Math.random().toString(36).slice(2)}`;
    const why = html("div", { class: "outcome", "aria-live": "polite" });
    const entries = choices.map((choice, i) => {
      const input = html("input", { type: "radio", name, value: i });
      input.addEventListener("change", () => choose(q, i));
      return { input, label: html("label", {}, input, prose("span", {}, choice.text)) };
    });
    const heading = prose("p", { class: "question", id: name }, text);
    const element = html("div", { class: "asked", "data-question": q }, heading,
      html("div", { class: "answers", role: "radiogroup", "aria-labelledby": name },
        ...entries.map(({ label }) => label)), why);
    const show = (chosen) => {
      entries.forEach(({ input, label }, i) => {
        input.checked = i === chosen;
        label.classList.toggle("true", i === chosen && choices[i].right);
        label.classList.toggle("false", i === chosen && !choices[i].right);
      });
      why.hidden = chosen < 0;
      if (chosen < 0) return;
      const { right, why: text } = choices[chosen];
      why.className = `outcome ${right ? "right" : "wrong"}`;
      why.innerHTML = `<strong>${right ? "Right." : "Not so."}</strong> ${text}`;
    };
    return { element, show };
  });
  const choose = (q, i) => {
    const kept = answers.get(id);
    const chosen = [...model.get("chosen")];
    const first = kept?.first ? [...kept.first] : chosen.map(() => -1);
    chosen[q] = i;
    if (first[q] === -1) first[q] = i;
    answers.set(id, { kind: "quiz", chosen, first });
  };
  const recall = () => {
    const chosen = answers.get(id)?.chosen ?? questions.map(() => -1);
    if (`${chosen}` !== `${model.get("chosen")}`) {
      model.set("chosen", chosen);
      model.save_changes();
    }
    update();
  };
  const update = () => {
    const chosen = model.get("chosen");
    parts.forEach(({ show }, q) => show(chosen[q] ?? -1));
    const first = answers.get(id)?.first ?? chosen;
    const right = first.filter((i, q) => i >= 0 && questions[q].choices[i]?.right).length;
    const made = first.filter((i) => i >= 0).length;
    tally.textContent = made ? `${right} of ${made} right at the first try.` : "";
    again.hidden = !made;
  };
  again.addEventListener("click", () => answers.set(id, undefined));
  const forget = answers.watch(recall);
  const root = html("div", { class: "gradbook-widget gradbook-quiz", "data-quiz": id,
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, html("div", { class: "kind" }, "Quiz"),
    ...parts.map(({ element }) => element), tally, html("div", { class: "acts" }, again)));
  const undo = mount({ model, el }, root, [[["chosen"], update]], [forget]);
  recall();
  return undo;
}

export default { render };
