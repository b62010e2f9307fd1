/* The explorer's controls: rows of toggles, pickers of a view, sliders that play. */

const PAUSE = { minibatch: 330, epoch: 600 }; // milliseconds a step stays in view

function button(action, onClick) {
  const path = svg("path");
  const element = html("button", { type: "button", "data-action": action },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path));
  element.addEventListener("click", onClick);
  const show = (icon, label) => {
    path.setAttribute("d", ICONS[icon]);
    element.setAttribute("aria-label", label);
    element.title = label;
  };
  return { element, show };
}

/** Radio buttons drawn as a row of toggles; show hides those that are not among `open`. */
function toggles(title, labels, choose) {
  // Radios of one name exclude each other, across all views and modules on the page.
  const id = `explorer-${Math.random().toString(36).slice(2)}`;
  const inputs = labels.map((_, i) => {
    const input = html("input", { type: "radio", name: id, value: i });
    input.addEventListener("change", () => choose(i));
    return input;
  });
  const options = html("div", { class: "options", role: "radiogroup", "aria-labelledby": id },
    ...labels.map((label, i) => html("label", {}, inputs[i], html("span", {}, label || "–"))));
  const element = html("div", { class: "choice", "data-control": title.toLowerCase() },
    html("div", { class: "label", id }, title), options);
  const show = (i, open = labels) => {
    inputs[i].checked = true;
    labels.forEach((label, j) => { options.children[j].hidden = !open.includes(label); });
  };
  return { element, show };
}

/** The view with a facet's value that keeps the others' best, an earlier facet before all later. */
function nearestView(views, from, facet, value) {
  const kept = ({ facets }) =>
    facets.reduce((sum, own, f) => 2 * sum + (own === views[from].facets[f] ? 1 : 0), 0);
  const found = views.filter(({ facets }) => facets[facet] === value);
  return views.indexOf(found.reduce((best, view) => (kept(view) > kept(best) ? view : best)));
}

/** A view chosen facet by facet, among the values that go with those of the facets before. */
function picker(trait, title, { facets, views }, get, set) {
  const rows = facets.map((name, f) => {
    const values = [...new Set(views.map((view) => view.facets[f]))];
    const { element, show } = toggles(name, values, (i) =>
      set(trait, nearestView(views, get(trait), f, values[i])));
    return {
      element,
      show({ facets: own }) {
        const open = views.filter((view) => own.slice(0, f).every((x, i) => x === view.facets[i]))
          .map((view) => view.facets[f]);
        element.hidden = open.every((value) => value === "");
        show(values.indexOf(own[f]), open);
      },
    };
  });
  const element = html("div", { class: "picker", role: "group", "aria-label": title },
    html("div", { class: "label compared" }, title), ...rows.map((row) => row.element));
  const show = (i) => rows.forEach((row) => row.show(views[i]));
  const reserve = () => { // the height of the highest, so that a choice moves nothing below
    element.style.minHeight = "";
    const heights = views.map((_, i) => {
      show(i);
      return element.getBoundingClientRect().height;
    });
    element.style.minHeight = `${Math.max(...heights)}px`;
    show(Math.max(get(trait), 0));
  };
  return { element, show, reserve };
}

/** A slider over a trait's entries, with its value, buttons and a small chart a side. */
function slider(trait, title, hint, texts, set, buttons, strips) {
  const input = html("input", {
    type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": title,
  });
  const value = html("output", { "aria-live": "off" }); // .spoken says it, once it rests
  input.addEventListener("input", () => set(trait, Number(input.value)));
  const element = html("div", { class: "slider", "data-control": trait },
    html("div", { class: "label" }, title, " ", value,
      html("small", {}, html("span", { class: "started" }, "bars: "),
        html("span", { class: "compared" }, "L, R: "), hint)),
    html("div", { class: "transport" }, html("div", { class: "buttons" }, ...buttons),
      html("div", { class: "track" }, ...strips.map((strip) => strip.element), input)));
  const show = (i) => {
    input.value = i;
    input.setAttribute("aria-valuetext", texts[i]);
    value.textContent = texts[i];
  };
  return { element, show };
}

/** Steps a trait while flag is set. A step restarts every view's wait, so one view steps. */
function player(model, trait, flag, length, set) {
  let timer;
  const step = () => {
    const next = model.get(trait) + 1;
    if (next < length) set(trait, next);
    else set(flag, false);
  };
  const wait = () => {
    clearTimeout(timer);
    if (model.get(flag)) timer = setTimeout(step, pace(PAUSE[trait]));
  };
  const toggle = () => {
    const start = !model.get(flag);
    if (start && model.get(trait) === length - 1) set(trait, 0);
    set(flag, start);
  };
  const { element, show } = button(`play-${trait}`, toggle);
  const events = [`change:${trait}`, `change:${flag}`];
  events.forEach((event) => model.on(event, wait));
  wait();
  return {
    element,
    show: () => show(model.get(flag) ? "pause" : "play",
      `${model.get(flag) ? "Pause" : "Play"} ${trait === "epoch" ? "epochs" : "minibatches"}`),
    stop() {
      clearTimeout(timer);
      events.forEach((event) => model.off(event, wait));
    },
  };
}

function controlPanel(model, meta, set) {
  const M = meta.minibatches;
  const get = (trait) => model.get(trait);
  const players = {
    epoch: player(model, "epoch", "playing_epochs", meta.epochs.length, set),
    minibatch: player(model, "minibatch", "playing", M, set),
  };
  const [previous, next] = [["previous", M - 1], ["next", 1]].map(([action, step]) => {
    const move = () => set("minibatch", (get("minibatch") + step) % M);
    const { element, show } = button(action, move);
    show(action, `${action === "next" ? "Next" : "Previous"} minibatch`);
    return element;
  });
  const strips = {
    epoch: SIDES.map((side) => stripPicture("epoch", side, 0)),
    minibatch: SIDES.map((side) => stripPicture("minibatch", side, -1)),
  };
  const pickers = {
    other: picker("other", "Left", meta, get, set), view: picker("view", "Right", meta, get, set),
  };
  const pickerPlace = html("div", { class: "pickers" }, pickers.view.element);
  const reserve = () => Object.values(pickers).forEach((each) => each.reserve());
  const controls = {
    layer: toggles("Layer", meta.layers.map(({ label }) => label), (i) => set("layer", i)),
    epoch: slider("epoch", "Epoch", "mean pairwise cosine", meta.epochs.map(String), set,
      [players.epoch.element], strips.epoch),
    minibatch: slider("minibatch", "Minibatch", "cosine with the mean",
      Array.from({ length: M }, (_, i) => `${i + 1} of ${M}`), set,
      [previous, players.minibatch.element, next], strips.minibatch),
  };
  const sizes = new ResizeObserver(reserve);
  sizes.observe(controls.epoch.element); // as wide as the page lets it, however high the pickers
  return {
    element: html("div", { class: "controls" }, pickerPlace,
      ...Object.values(controls).map((c) => c.element)),
    strips,
    show() {
      const [{ element }, compared] = [pickers.other, get("other") >= 0];
      if (compared !== Boolean(element.parentNode)) {
        if (compared) pickerPlace.prepend(element);
        else element.remove();
        reserve();
      }
      if (compared) pickers.other.show(get("other"));
      pickers.view.element.setAttribute("aria-label", compared ? "Right" : "View");
      pickers.view.show(get("view"));
      for (const [trait, control] of Object.entries(controls)) control.show(get(trait));
      for (const each of Object.values(players)) each.show();
    },
    stop() {
      sizes.disconnect();
      Object.values(players).forEach((each) => each.stop());
    },
  };
}
