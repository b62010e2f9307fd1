/* Pictures on a slider. Each is an SVG document shown as an image, so that two drawings' ids
 * never meet and the description is the image's own. */

function render({ model, el }) {
  const [labels, pictures, alts] = ["labels", "pictures", "alts"].map((name) => model.get(name));
  const title = model.get("title");
  const set = setter(model);
  const input = html("input", {
    type: "range", min: 0, max: labels.length - 1, step: 1, "aria-label": title,
  });
  const value = html("output", { "aria-live": "off" });
  const image = html("img");
  const root = html("div", { class: "gradbook-widget gradbook-slides" },
    html("div", { class: "slider", "data-control": "index" },
      html("div", { class: "label" }, `${title} `, value), input), image);
  input.addEventListener("input", () => set("index", Number(input.value)));
  const update = () => {
    const i = model.get("index");
    input.value = i;
    input.setAttribute("aria-valuetext", labels[i]);
    value.textContent = labels[i];
    image.src = `data:image/svg+xml,${encodeURIComponent(pictures[i])}`;
    image.alt = alts[i];
  };
  return mount({ model, el }, root, [[["index"], update]], []);
}

const settings = (get) => ({ index: get("labels").length - 1 });

export default { render, settings };
