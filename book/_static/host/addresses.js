/* Explorers in the page's address: #boundary?margin=1&epoch=28. A widget that can be linked to
 * exports `settings`: for each trait that its address carries the largest value, or the smallest and
 * the largest; of a trait that is a list, those of each place. An address that names what is not
 * there shows the explorer as it opens, and says so. */
(() => {
  const REST = 400; // milliseconds without a change after which the address follows
  const LINK = "M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.6-2.6a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.4 6.6a2.6 2.6 0 0 0"
    + "-3.7 0L3.1 9.2a2.6 2.6 0 0 0 3.7 3.7l.9-.9";

  /** The name and the settings that the address carries. */
  function asked() {
    const [name, settings] = location.hash.slice(1).split("?");
    return { name, settings: settings && new URLSearchParams(settings) };
  }

  /** An id of its own for a widget: the one that its data give it, or the name of its kind. What
   * its data give it is kept, too: a training and an explorer may both be of one garden. */
  function name(el, { state }) {
    if (state.meta?.id) el.dataset.of = state.meta.id;
    const own = state.meta?.id ?? `${state._anywidget_id ?? ""}`.split(".").at(-1);
    const stem = own.replace(/(?<=[a-z])(?=[A-Z])/g, "-").replace(/\W+/g, "-").toLowerCase();
    for (let n = 1; stem && !el.id; n++) {
      const id = n === 1 ? stem : `${stem}-${n}`;
      if (!document.getElementById(id)) el.id = id;
    }
  }

  const pair = (limit) => (Array.isArray(limit) ? limit : [0, limit]);
  const text = (value) => [value].flat().join(",");

  /** The values that a text stands for, or nothing where one is out of its limits. */
  function parsed(limits, given) {
    const numbers = given.split(",").map((part) => (/^-?\d+$/.test(part) ? Number(part) : NaN));
    const list = limits.each;
    const all = list ?? [limits];
    const within = all.length === numbers.length && all.every((limit, i) => {
      const [low, high] = pair(limit);
      return low <= numbers[i] && numbers[i] <= high;
    });
    return within ? (list ? numbers : numbers[0]) : undefined;
  }

  /** What ties an explorer to the address; `show` before it is drawn, `follow` after. */
  function of(el, widget, model) {
    const limits = widget.settings?.((trait) => model.get(trait));
    if (!limits || !el.id) return null;
    const traits = Object.keys(limits);
    const opened = Object.fromEntries(traits.map((trait) => [trait, model.get(trait)]));
    const said = Object.assign(document.createElement("span"), { className: "said" });
    said.setAttribute("role", "status");
    const hash = () => `#${el.id}?${new URLSearchParams(traits.map((trait) =>
      [trait, text(model.get(trait))]))}`.replaceAll("%2C", ",");

    const show = () => {
      const { name, settings } = asked();
      if (name !== el.id || !settings) return;
      const wrong = [...settings].filter(([trait, given]) =>
        !traits.includes(trait) || parsed(limits[trait], given) === undefined);
      said.textContent = wrong.length ? `The address asks for ${wrong.map((one) => one.join(" = "))
        .join(" and ")}, which this explorer does not have: it stands as it opens.` : "";
      model.set(wrong.length ? opened : { ...opened, ...Object.fromEntries([...settings]
        .map(([trait, given]) => [trait, parsed(limits[trait], given)])) });
    };

    const follow = () => {
      let rest;
      const write = () => {
        clearTimeout(rest);
        history.replaceState(null, "", hash());
      };
      const later = () => {
        clearTimeout(rest);
        rest = setTimeout(write, REST);
      };
      traits.forEach((trait) => model.on(`change:${trait}`, later));
      const button = document.createElement("button");
      button.type = "button";
      button.className = "gradbook-link";
      button.title = "Copy a link to these settings";
      button.setAttribute("aria-label", button.title);
      button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${LINK}"/></svg>`;
      button.addEventListener("click", async () => {
        write();
        try {
          await navigator.clipboard.writeText(location.href);
          said.textContent = "The link is copied.";
        } catch {
          said.textContent = "The page’s address is the link.";
        }
      });
      el.append(Object.assign(document.createElement("div"), { className: "gradbook-share" }));
      el.lastChild.append(said, button);
      const again = () => {
        clearTimeout(rest);
        show();
        clearTimeout(rest);
      };
      addEventListener("hashchange", again);
      return () => {
        clearTimeout(rest);
        removeEventListener("hashchange", again);
      };
    };
    return { show, follow };
  }

  window.gradbookAddress = { name, of };
})();
