/* Fifty minibatches as fifty arrows on one axis, under a slider for the epoch. */

const PAUSE = 900;

function sentenceOf(epoch, lengths) {
  const right = lengths.filter((v) => v > 0).length;
  const left = lengths.filter((v) => v < 0).length;
  const pairs = ((right + left) * (right + left - 1)) / 2;
  const share = pairs ? (right * left) / pairs : 0;
  return `Epoch ${epoch}: ${right} of ${lengths.length} minibatches point one way, ${left} the `
    + `other. Of these pairs ${Math.round(100 * share)} % are opposed.`;
}

function render({ model, el }) {
  const { epochs, arrows } = model.get("meta");
  const set = setter(model);
  const spoken = speech(model, "playing");
  const slider = epochSlider(model, epochs, set, PAUSE);
  const picture = shafts(arrows[0].length);
  const line = html("p", { class: "sentence" });
  const root = html("div", { class: "gradbook-widget gradbook-arrows" },
    html("div", { class: "frame" }, picture.element, slider.element, line,
      html("p", { class: "legend" }, "One arrow a minibatch of 64 rows: its gradient in two "
        + "biases of one network in training, along the axis that all share."),
      spoken.element));
  const update = () => {
    const e = model.get("epoch");
    const text = sentenceOf(epochs[e], arrows[e]);
    slider.show();
    picture.show(arrows[e], text);
    line.textContent = text;
    spoken.say(() => text);
  };
  return mount({ model, el }, root, [[["epoch", "playing"], update]], [slider.stop, spoken.stop]);
}

const settings = (get) => ({ epoch: get("meta").epochs.length - 1 });

export default { render, settings };
