/* A bet by sorting: the reader puts names in an order, by dragging or by buttons. */

const PLACES = (meta) => meta.names.map((_, i) => i);

/** The share of pairs that a seed has in the order of a guess, the mean over seeds. */
function pairsInOrder({ names, values }, guess) {
  const place = names.map((_, i) => guess.indexOf(i));
  let agreed = 0;
  let pairs = 0;
  values.forEach((seed) => seed.forEach((a, i) => seed.slice(0, i).forEach((b, j) => {
    pairs += 1;
    if (a !== b && (a > b) === (place[i] < place[j])) agreed += 1;
  })));
  return agreed / pairs;
}

function order(meta, place) {
  let sorted = PLACES(meta);
  const heard = html("div", { class: "spoken", "aria-live": "polite" });
  const list = html("ol", { class: "order" });
  let held; // which is dragged; the list has the pointer, since a row that moves would lose it
  list.addEventListener("pointermove", (event) => {
    if (!list.hasPointerCapture(event.pointerId)) return;
    const at = [...list.children].findIndex((other) =>
      event.clientY < other.getBoundingClientRect().bottom);
    shift(held, at < 0 ? sorted.length - 1 : at);
  });
  const rows = meta.names.map((name, i) => {
    const move = (by) => {
      const at = sorted.indexOf(i);
      shift(i, at + by);
      heard.textContent = `${name}: place ${sorted.indexOf(i) + 1} of ${sorted.length}`;
    };
    const buttons = [["up", "▲", -1], ["down", "▼", 1]].map(([way, sign, by]) => {
      const element = button(sign, { "aria-label": `Move ${name} ${way}`, "data-action": way });
      element.addEventListener("click", () => {
        move(by);
        buttons.find((one) => !one.disabled && (one === element || element.disabled)).focus();
      });
      return element;
    });
    const label = html("span", { class: "name" }, name);
    const row = html("li", { "data-name": name }, label, ...buttons);
    label.addEventListener("pointerdown", (event) => {
      if (list.classList.contains("open")) return;
      held = i;
      list.setPointerCapture(event.pointerId);
    });
    return { row, buttons };
  });
  const shift = (i, to) => {
    const from = sorted.indexOf(i);
    if (to < 0 || to >= sorted.length || to === from) return;
    sorted.splice(from, 1);
    sorted.splice(to, 0, i);
    draw();
  };
  const draw = () => {
    const now = [...list.children];
    sorted.forEach((i, at) => {
      if (now[at] !== rows[i].row) list.insertBefore(rows[i].row, list.children[at] ?? null);
    });
    sorted.forEach((i, at) => {
      rows[i].buttons[0].disabled = at === 0 || list.classList.contains("open");
      rows[i].buttons[1].disabled = at === sorted.length - 1 || list.classList.contains("open");
    });
  };
  const element = html("div", { role: "group", "data-control": "guess" },
    html("p", { class: "legend" }, meta.ends[0]), list,
    html("p", { class: "legend" }, meta.ends[1]), html("div", { class: "speech" }, heard));
  const show = (guess, open) => {
    list.classList.toggle("open", open);
    if (guess) sorted = [...guess];
    else if (open) sorted = PLACES(meta);
    element.hidden = open && !guess;
    draw();
  };
  return { element, show, value: () => [...sorted] };
}

order.agreement = pairsInOrder;
order.verdict = (meta, guess) => {
  const count = (meta.names.length * (meta.names.length - 1)) / 2;
  const right = pairsInOrder({ ...meta, values: [meta.mean] }, guess) * count;
  return `By the means ${Math.round(right)} of ${count} pairs stand as you sorted them; a seed agrees `
    + `on ${percent(pairsInOrder(meta, guess))} of the pairs.`;
};
PARTS.order = order;
