/* The page's bets against the seeds: how often a seed agrees with the reader, and with another. */

function render({ model, el }) {
  const { page, bets } = model.get("meta");
  const answers = record();
  const line = html("p", { class: "verdict", "aria-live": "polite" });
  const note = html("p", { class: "legend" });
  const save = button("Export my answers", { "data-action": "export" });
  const clear = button("Clear this page's answers", { "data-action": "clear" });
  const root = html("div", { class: "gradbook-widget gradbook-score",
    "data-lm-suppress-shortcuts": "true" },
  html("div", { class: "frame" }, html("div", { class: "kind" }, "Your bets"), line,
    html("div", { class: "acts" }, save, clear), note));
  const update = () => {
    const made = bets.map(({ id }) => answers.get(id)).filter((kept) => kept?.agree != null);
    const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
    line.textContent = made.length
      ? `${made.length} of ${bets.length} bets made. A seed agrees with you in `
        + `${percent(mean(made.map(({ agree }) => agree)))} of them; two seeds agree with each other `
        + `in ${percent(mean(bets.filter(({ id }) => answers.get(id)?.agree != null)
          .map(({ between }) => between)))}.`
      : `None of this page's ${bets.length} bets made so far.`;
    note.textContent = answers.kept
      ? "Your answers stay in this browser; nothing is sent anywhere."
      : "This browser keeps no answers here: they are forgotten with the page.";
  };
  save.addEventListener("click", () =>
    download("gradient-dosage-answers.json", JSON.stringify(answers.all(), null, 2)));
  clear.addEventListener("click", () => answers.clear(page));
  const forget = answers.watch(update);
  return mount({ model, el }, root, [[["meta"], update]], [forget]);
}

export default { render };
