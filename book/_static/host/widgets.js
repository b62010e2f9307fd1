/* Runs the anywidgets of a built page with no kernel and no network.
 *
 * myst-nb writes the models' state in one <script type="…widget-state+json"> and, where a widget
 * is shown, a <script type="…widget-view+json"> with the model's id. For each of these views this
 * file makes the model, imports the widget's module from its own text and renders it in place. A
 * widget that needs a kernel gets a sentence that says so instead. The interface is anywidget's
 * front-end module, https://anywidget.dev/en/afm/, as far as it makes sense with no kernel.
 */
(() => {
  "use strict";
  if (window.gradbookWidgetHost) return;
  window.gradbookWidgetHost = true;

  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const models = new Map(); // model id → promise of { model, widget }

  /** Base64 text as the DataView that Jupyter gives for a Bytes trait. */
  function decode(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  /** A model's state with its binary buffers put back at their paths. */
  function restore({ state, buffers = [] }) {
    for (const { path, data } of buffers) {
      const parent = path.slice(0, -1).reduce((node, key) => node[key], state);
      parent[path.at(-1)] = decode(data);
    }
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
        widget_manager: { get_model: needsKernel },
      };
      return { model, forget: () => remove((entry) => entry.owner === owner) };
    }
    return { proxy, invoke: needsKernel };
  }

  /** The default export of a module given as text. */
  async function importText(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      const { default: widget } = await import(url);
      return typeof widget === "function" ? await widget() : widget;
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
    const state = restore(record);
    for (const text of [state._esm, state._css]) {
      if (/^https?:/.test(text)) throw new Error("Its code is not part of this page.");
    }
    const model = makeModel(state);
    injectCss(state._css, state._anywidget_id);
    const widget = await importText(state._esm);
    await widget.initialize?.({
      model: model.proxy().model,
      signal: new AbortController().signal,
      experimental: { invoke: model.invoke },
    });
    return { model, widget };
  }

  /** Renders a widget into el; returns what undoes it. */
  async function show(id, record, el) {
    if (!models.has(id)) models.set(id, load(record));
    const { model, widget } = await models.get(id);
    const view = model.proxy();
    const controller = new AbortController();
    const cleanup = await widget.render?.({
      model: view.model,
      el,
      signal: controller.signal,
      experimental: { invoke: model.invoke },
    });
    return () => {
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

  /** Says that this widget needs Python, with the page's own launch links. */
  function needsPython(el) {
    const links = [...document.querySelectorAll(".dropdown-launch-buttons a[href]")]
      .map(({ href, textContent }) => ({ href, name: /colab|binder/i.exec(textContent + href)?.[0] }))
      .filter(({ name }) => name)
      .map(({ href, name }) => element("a", {
        href, target: "_blank", rel: "noopener",
        textContent: `Open in ${name[0].toUpperCase()}${name.slice(1).toLowerCase()}`,
      }));
    el.dataset.widget = "needs-kernel";
    note(el, "note", "Needs Python",
      ["This panel trains a network, so it needs a running Python kernel. Open this chapter in "
        + "Colab or Binder with the launch button (rocket) at the top of the page."],
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

  function start() {
    const state = {};
    for (const script of document.querySelectorAll(`script[type="${STATE}"]`)) {
      Object.assign(state, JSON.parse(script.textContent).state);
    }
    for (const script of document.querySelectorAll(`script[type="${VIEW}"]`)) {
      const id = JSON.parse(script.textContent).model_id;
      const el = element("div", { className: "gradbook-widget" });
      script.after(el);
      if (state[id]?.model_module !== "anywidget") {
        needsPython(el);
        continue;
      }
      el.dataset.widget = "loading";
      show(id, state[id], el).then(
        (undo) => {
          el.dataset.widget = "ready";
          onRemoval(el, undo);
        },
        (error) => failed(el, error),
      );
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
