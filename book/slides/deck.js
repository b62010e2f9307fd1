/* A deck: reveal.js turns the slides, hands are counted, explorers fill their slide. */
(() => {
  "use strict";
  const deck = new Reveal({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    controls: false,
    slideNumber: "c/t",
    transition: "none",
    backgroundTransition: "none",
    // Keys move what has the focus: sliders, choices, points.
    keyboardCondition: () => !document.activeElement?.closest(".gradbook-widget"),
    plugins: [RevealNotes],
  });

  /* Hands, by bet and choice. They stay through a reload, and go with the window. */
  const KEY = `gradbook.hands.${document.title}`;
  let counted = {};
  try {
    counted = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch { /* without storage they go with the page */ }

  function show() {
    for (const list of document.querySelectorAll("[data-vote]")) {
      [...list.children].forEach((item, i) => {
        item.querySelector("output").textContent = counted[list.dataset.vote]?.[i] ?? 0;
      });
    }
  }
  function count(vote, choice, by) {
    const hands = (counted[vote] ??= {});
    hands[choice] = Math.max(0, (hands[choice] ?? 0) + by);
    try {
      sessionStorage.setItem(KEY, JSON.stringify(counted));
    } catch { /* as above */ }
    show();
  }
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.(".vote button");
    if (!button) return;
    const item = button.closest("li");
    const list = item.parentElement;
    count(list.dataset.vote, [...list.children].indexOf(item), button.matches(".more") ? 1 : -1);
  });
  const isShown = (list) => list.querySelector("button") && list.checkVisibility({
    visibilityProperty: true, opacityProperty: true,
  });
  document.addEventListener("keydown", (event) => {
    const inside = document.activeElement?.closest(".gradbook-widget");
    if (inside && event.key === "Escape") {
      document.activeElement.blur();
      event.stopImmediatePropagation();
      return;
    }
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (inside || !digit || event.ctrlKey || event.metaKey || event.altKey) return;
    const list = [...deck.getCurrentSlide().querySelectorAll("[data-vote]")].find(isShown);
    if (list?.children[digit - 1]) count(list.dataset.vote, digit - 1, event.shiftKey ? -1 : 1);
  }, true);

  /* An explorer's pictures get the height that is left, and its labels 24 px of the slide. */
  const LABEL = 24.2;
  function fit(widget) {
    const section = widget.closest("section");
    const pictures = [...widget.querySelectorAll("svg")].filter((e) => !e.closest("button"));
    const { paddingTop, paddingBottom } = getComputedStyle(section);
    const room = section.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom) - 4;
    const height = () => widget.getBoundingClientRect().height / deck.getScale();
    const style = widget.style;
    style.removeProperty("--tall");
    for (let tall = 340; tall > 90 && (tall === 340 || height() > room); tall -= 5) {
      style.setProperty("--tall", `${tall}px`);
    }
    const scales = pictures.filter((e) => e.querySelector("text"))
      .map((e) => e.getScreenCTM().a / deck.getScale());
    if (scales.length) style.setProperty("--label", `${LABEL / Math.min(...scales)}px`);
  }
  function fitCurrent() {
    for (const widget of deck.getCurrentSlide()?.querySelectorAll("[data-widget]") ?? []) {
      if (widget.dataset.widget === "ready") fit(widget);
    }
  }
  new MutationObserver(fitCurrent).observe(document.querySelector(".slides"), {
    subtree: true, attributeFilter: ["data-widget"],
  });
  show();
  deck.on("slidechanged", fitCurrent);
  deck.on("resize", fitCurrent);
  deck.initialize().then(fitCurrent);
})();
