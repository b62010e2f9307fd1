/* Pictures on a slider. Each is an SVG document shown as an image, so that two drawings' ids
 * never meet and the description is the image's own. */

function render({ model, el }) {
  const [labels, pictures, alts] = ["labels", "pictures", "alts"].map((name) => model.get(name));
  const make = (tag, attributes, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const input = make("input", { type: "range", min: 0, max: labels.length - 1, step: 1 });
  const value = make("output", {});
  const image = make("img", {});
  input.setAttribute("aria-label", model.get("title"));
  const root = make("div", { className: "gradbook-slides" },
    make("label", {}, make("span", {}, model.get("title"), " ", value), input), image);
  root.dataset.lmSuppressShortcuts = "true";

  const update = () => {
    const i = model.get("index");
    input.value = i;
    input.setAttribute("aria-valuetext", labels[i]);
    value.textContent = labels[i];
    image.src = `data:image/svg+xml,${encodeURIComponent(pictures[i])}`;
    image.alt = alts[i];
  };
  input.addEventListener("input", () => {
    model.set("index", Number(input.value));
    model.save_changes();
  });
  model.on("change:index", update);
  update();
  el.append(root);
  return () => {
    model.off("change:index", update);
    root.remove();
  };
}

export default { render };
