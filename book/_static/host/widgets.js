/* Runs the anywidgets of a built page with no kernel and no network.
 *
 * myst-nb writes the models' state in one <script type="…widget-state+json"> and, where a widget
 * is shown, a <script type="…widget-view+json"> with the model's id. For each of these views that
 * comes near the screen this file makes the model, loads the widget's code and data, and renders it
 * in place. In the built book these parts are files in ../widgets, in a page of one's own they stand
 * in the state. Of a panel that only a kernel can run a sentence says what it adds. The interface is
 * anywidget's front-end module, https://anywidget.dev/en/afm/, as far as it makes sense with no
 * kernel.
 */
(() => {
  "use strict";
  if (window.gradbookWidgetHost) return;
  if (!window.CSSScopeRule) return; // the widgets' styles need @scope: their stills stay

  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const NEAR = "200%"; // of a screen's height above and below it
  const FILES = new URL("../widgets/", document.currentScript.src);
  const models = new Map(); // model id → promise of { model, widget }
  const records = {}; // model id → its state in the page
  const parts = new Map(); // name → promise of a part's value
  const waiting = new Map(); // element → what shows its widget

  /** What a part's file calls; its own `await part(name)` takes the value from here. */
  const arrived = new Map();
  window.gradbookPart = (name, value) => arrived.set(name, value);

  /** A value that stands in the state, or in the file that the state names. */
  function resolved(value) {
    const name = value?.part;
    if (!name) return value;
    if (!parts.has(name)) {
      parts.set(name, new Promise((resolve, reject) => {
        const src = new URL(`${name}.js`, FILES).href;
        document.head.append(Object.assign(document.createElement("script"), {
          src,
          onload: () => resolve(arrived.get(name)),
          onerror: () => reject(new Error(`${src} did not load. Reload the page to try again.`)),
        }));
      }));
    }
    return parts.get(name);
  }

  /** Base64 text as the DataView that Jupyter gives for a Bytes trait. */
  function decode(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  /** A model's state with its binary buffers put back at their paths. */
  async function restore({ state, buffers = [] }) {
    const values = Object.entries(state).filter(([, value]) => value?.part);
    const [texts] = await Promise.all([
      Promise.all(buffers.map(({ data }) => resolved(data))),
      ...values.map(async ([key, value]) => { state[key] = await resolved(value); }),
    ]);
    buffers.forEach(({ path }, i) => {
      const parent = path.slice(0, -1).reduce((node, key) => node[key], state);
      parent[path.at(-1)] = decode(texts[i]);
    });
    return state;
  }

  /** The model of a widget: Backbone's get, set and events, with no kernel behind it. */
  function makeModel(state) {
    const listeners = []; // { event, callback, owner }
    const emit = (event, ...args) => {
      for (const entry of [...listeners]) if (entry.event === event) entry.callback(...args);
    };
    const needsKernel = () => Promise.reject(new Error("This needs a running Python kernel."));

    /** What one view, or initialize, sees of the model; `forget` removes the listeners it added. */
    function proxy() {
      const owner = {};
      const remove = (test) => {
        for (let i = listeners.length; i--; ) if (test(listeners[i])) listeners.splice(i, 1);
      };
      const model = {
        get: (name) => state[name],
        set(name, value) {
          const entries = Object.entries(typeof name === "object" ? name : { [name]: value });
          const changed = entries.filter(([key, next]) => !Object.is(state[key], next));
          Object.assign(state, Object.fromEntries(changed));
          for (const [key, next] of changed) emit(`change:${key}`, model, next, {});
          if (changed.length) emit("change", model, {});
        },
        on(names, callback) {
          for (const event of names.split(/\s+/)) listeners.push({ event, callback, owner });
        },
        off(names, callback) {
          const events = names?.split(/\s+/);
          remove((entry) => entry.owner === owner
            && (!events || events.includes(entry.event))
            && (!callback || entry.callback === callback));
        },
        save_changes() {},
        send() {},
        widget_manager: { get_model: async (id) => (await loaded(id)).model.proxy().model },
      };
      return { model, forget: () => remove((entry) => entry.owner === owner) };
    }
    return { proxy, invoke: needsKernel };
  }

  /** The default export of a module given as text, or as the function that a part holds. */
  async function imported(code) {
    const widget = typeof code === "function" ? code() : await importText(code);
    return typeof widget === "function" ? await widget() : widget;
  }

  async function importText(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      return (await import(url)).default;
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  function injectCss(css, id) {
    if (!css || document.getElementById(id)) return;
    document.head.append(Object.assign(document.createElement("style"), { id, textContent: css }));
  }

  /** Loads a model's module once, however many views it has. */
  async function load(record) {
    const state = await restore(record);
    for (const text of [state._esm, state._css]) {
      if (/^https?:/.test(text)) throw new Error("Its code is not part of this page.");
    }
    const model = makeModel(state);
    injectCss(state._css, state._anywidget_id);
    const widget = await imported(state._esm);
    await widget.initialize?.({
      model: model.proxy().model,
      signal: new AbortController().signal,
      experimental: { invoke: model.invoke },
    });
    return { model, widget };
  }

  /** A model of the page, made once. */
  function loaded(id) {
    if (!records[id]) return Promise.reject(new Error(`This page has no model ${id}.`));
    if (!models.has(id)) models.set(id, load(records[id]));
    return models.get(id);
  }

  /** Renders a widget into el; returns what undoes it. */
  async function show(id, el) {
    const { model, widget } = await loaded(id);
    const view = model.proxy();
    const address = window.gradbookAddress?.of(el, widget, view.model);
    address?.show();
    const controller = new AbortController();
    const cleanup = await widget.render?.({
      model: view.model,
      el,
      signal: controller.signal,
      experimental: { invoke: model.invoke },
    });
    const leave = address?.follow();
    return () => {
      leave?.();
      controller.abort();
      view.forget();
      cleanup?.();
    };
  }

  function element(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  function note(el, kind, title, ...paragraphs) {
    el.replaceChildren(
      element("div", { className: `admonition ${kind}` },
        element("p", { className: "admonition-title", textContent: title }),
        ...paragraphs.filter((body) => body.length).map((body) => element("p", {}, ...body))),
    );
  }

  /** Says what a kernel adds here, with the page's own launch links. */
  function addsWithKernel(el) {
    const links = [...document.querySelectorAll(".dropdown-launch-buttons a[href]")]
      .map(({ href, textContent }) => ({ href, name: /colab|binder/i.exec(textContent + href)?.[0] }))
      .filter(({ name }) => name)
      .map(({ href, name }) => element("a", {
        href, target: "_blank", rel: "noopener",
        textContent: `Open in ${name[0].toUpperCase()}${name.slice(1).toLowerCase()}`,
      }));
    el.dataset.widget = "needs-kernel";
    note(el, "note", "With a kernel",
      ["Beside what this page trains and shows, a notebook adds a panel here that trains with "
        + "PyTorch. Open this chapter in Colab or Binder with the launch button (rocket) at the top "
        + "of the page."],
      links.flatMap((link, i) => (i ? [" · ", link] : [link])));
  }

  function failed(el, error) {
    console.error(error);
    el.dataset.widget = "failed";
    note(el, "error", "This widget could not be shown", [String(error?.message ?? error)]);
  }

  /** Calls undo once el has left the page, as when live code replaces an output. */
  function onRemoval(el, undo) {
    const observer = new MutationObserver(() => {
      if (el.isConnected) return;
      observer.disconnect();
      undo();
    });
    observer.observe(document.body, { childList: true, subtree: true });
  }

  /** Takes away the still that stands where a widget has come to stand. */
  function removeStill(el) {
    const next = el.nextElementSibling;
    if (next?.matches(".gradbook-still") || next?.querySelector(":scope > .gradbook-still")) {
      next.remove();
    }
  }

  document.documentElement.classList.add("gradbook-live");

  function start() {
    for (const script of document.querySelectorAll(`script[type="${STATE}"]`)) {
      Object.assign(records, JSON.parse(script.textContent).state);
    }
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) waiting.get(target)?.();
    }, { rootMargin: `${NEAR} 0px` });
    for (const script of document.querySelectorAll(`script[type="${VIEW}"]`)) {
      const id = JSON.parse(script.textContent).model_id;
      const el = element("div", { className: "gradbook-widget" });
      script.after(el);
      if (records[id]?.model_module !== "anywidget") {
        addsWithKernel(el);
        continue;
      }
      el.dataset.widget = "waiting";
      window.gradbookAddress?.name(el, records[id]);
      waiting.set(el, () => {
        waiting.delete(el);
        near.unobserve(el);
        el.dataset.widget = "loading";
        show(id, el).then(
          (undo) => {
            el.dataset.widget = "ready";
            removeStill(el);
            onRemoval(el, undo);
          },
          (error) => failed(el, error),
        );
      });
      near.observe(el);
    }
  }

  /** Shows every widget now, as before printing. */
  window.gradbookWidgetHost = { showAll: () => [...waiting.values()].forEach((show) => show()) };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
