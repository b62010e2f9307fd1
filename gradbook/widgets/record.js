/* What a reader has bet and answered: one object in local storage, from an id to what was given.
 * Where storage is blocked it is forgotten with the page. One copy a page, shared by its widgets. */

const RECORD = "gradbook.answers";

function makeRecord() {
  let answers = {};
  let kept = true;
  const watchers = new Set();
  const load = () => {
    try {
      const found = JSON.parse(localStorage.getItem(RECORD) ?? "{}");
      answers = found && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch (error) {
      if (!(error instanceof SyntaxError)) kept = false;
    }
  };
  const save = () => {
    try {
      localStorage.setItem(RECORD, JSON.stringify(answers));
    } catch {
      kept = false;
    }
    watchers.forEach((call) => call());
  };
  load();
  window.addEventListener("storage", (event) => {
    if (event.key !== RECORD && event.key !== null) return;
    load();
    watchers.forEach((call) => call());
  });
  return {
    get: (id) => answers[id],
    set(id, value) {
      if (kept) load();
      if (value === undefined) delete answers[id];
      else answers[id] = { ...value, at: new Date().toISOString() };
      save();
    },
    clear(page) {
      if (kept) load();
      for (const id of Object.keys(answers)) if (id.startsWith(`${page}/`)) delete answers[id];
      save();
    },
    all: () => answers,
    get kept() { return kept; },
    watch(call) {
      watchers.add(call);
      return () => watchers.delete(call);
    },
  };
}

const record = () => (window.gradbookRecord ??= makeRecord());

const button = (text, attributes = {}) =>
  html("button", { type: "button", ...attributes, class: `act ${attributes.class ?? ""}` }, text);

/** Downloads text as a file. */
function download(name, text) {
  const link = html("a", {
    href: `data:application/json;charset=utf-8,${encodeURIComponent(text)}`, download: name,
  });
  link.click();
}

/** The class of an output that hides those after it in its cell, whenever they come: record.css. */
const UNSETTLED = "gradbook-unsettled";

/** The output in which a widget stands, in the book and in JupyterLab. */
const outputOf = (el) => el.closest(".cell_output > *, .jp-OutputArea-child, .output_area");
