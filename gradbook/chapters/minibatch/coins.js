/* Fifty minibatches that vote: 64 coins each, and a slider for the chance of heads. */

const [SIDE, COIN] = [8, 24];

/** The coins [minibatches][rows], each a number below 1 that does not change with the chance. */
function coinsOf({ minibatches, rows, seed }) {
  let state = seed;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return Array.from({ length: minibatches }, () => Array.from({ length: rows }, next));
}

/** Each minibatch's heads less tails. */
const votes = (coins, chance) =>
  coins.map((row) => row.reduce((sum, coin) => sum + (coin < chance ? 1 : -1), 0));

function sentenceOf(chance, found, opposed) {
  const heads = found.filter((v) => v > 0).length;
  const tails = found.filter((v) => v < 0).length;
  const pairs = ((heads + tails) * (heads + tails - 1)) / 2;
  const share = pairs ? (heads * tails) / pairs : 0;
  return `Chance ${chance.toFixed(2)}: ${heads} of ${found.length} minibatches vote “too high”, `
    + `${tails} “too low”. Of these pairs ${Math.round(100 * share)} % are opposed, where formula `
    + `(3) expects ${Math.round(100 * opposed)} %.`;
}

function render({ model, el }) {
  const meta = model.get("meta");
  const coins = coinsOf(meta);
  const set = setter(model);
  const spoken = speech(model);
  const picture = shafts(meta.minibatches);
  const discs = coins[0].map((_, i) => svg("circle", {
    cx: COIN * ((i % SIDE) + 0.5), cy: COIN * (Math.floor(i / SIDE) + 0.5), r: 9 }));
  const tray = svg("svg", { viewBox: `0 0 ${SIDE * COIN} ${SIDE * COIN}`, role: "img", class: "tray" },
    ...discs);
  const input = html("input", { type: "range", min: 0, max: meta.opposed.length - 1, step: 1,
    "aria-label": "Chance that a row votes “too high”, π" });
  const value = html("output", { "aria-live": "off" });
  input.addEventListener("input", () => set("index", Number(input.value)));
  const line = html("p", { class: "sentence" });
  const root = html("div", { class: "gradbook-widget gradbook-arrows gradbook-coins" },
    html("div", { class: "frame" },
      html("p", { class: "question" }, meta.title),
      html("div", { class: "slider", "data-control": "chance" },
        html("div", { class: "label" }, "Chance of “too high”, π = ", value), input),
      html("div", { class: "vote" }, tray, picture.element), line,
      html("p", { class: "legend" }, "Left, the first minibatch: filled coins say “too high”. Right, "
        + "one arrow a minibatch, as long as its majority is large; the first is that of the coins, "
        + "the longest fills the picture, and a tie has none."),
      spoken.element));
  const update = () => {
    const index = model.get("index");
    const chance = index / (meta.opposed.length - 1);
    const found = votes(coins, chance);
    const text = sentenceOf(chance, found, meta.opposed[index]);
    const longest = Math.max(...found.map(Math.abs)) || 1;
    input.value = index;
    input.setAttribute("aria-valuetext", chance.toFixed(2));
    value.textContent = chance.toFixed(2);
    discs.forEach((disc, i) =>
      disc.setAttribute("class", coins[0][i] < chance ? "heads" : "tails"));
    const heads = (meta.rows + found[0]) / 2;
    tray.setAttribute("aria-label", `${heads} of ${meta.rows} coins show “too high”.`);
    picture.show(found.map((v) => v / longest), text);
    line.textContent = text;
    spoken.say(() => text);
  };
  return mount({ model, el }, root, [[["index"], update]], [spoken.stop]);
}

const settings = (get) => ({ index: get("meta").opposed.length - 1 });

export default { render, settings };
