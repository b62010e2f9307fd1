/* Keeps the keys of the panel of ipywidgets that this stands in; it shows nothing itself. */

function render({ el }) {
  el.style.display = "none";
  // The panel takes this in after it is drawn, so it is looked for when a key is pressed.
  return keepKeys(document.body, (target) => el.closest(".gradbook-panel")?.contains(target));
}

export default { render };
