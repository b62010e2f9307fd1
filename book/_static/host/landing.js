/* Keeps the section or the explorer that a link names in sight while widgets and pictures above it
   take their place. The reader's first move ends it; a reload or a way back keeps the reader's own. */
(() => {
  const SECONDS = 10;
  const land = () => {
    const [navigation] = performance.getEntriesByType("navigation");
    const name = decodeURIComponent(location.hash.slice(1)).split("?")[0];
    const [, lab] = /^lab-([\w-]+)=/.exec(name) ?? [];
    const target = lab ? document.querySelector(`[data-of="${lab}"]`)
      : name && document.getElementById(name);
    if (!target || navigation?.type !== "navigate") return;
    const moves = new AbortController();
    // What an open bet hides is looked for at the bet.
    const seen = () => (target.getClientRects().length ? target
      : target.closest(".cell_output")?.querySelector(".gradbook-unsettled") ?? target);
    const observer = new ResizeObserver(() => seen().scrollIntoView());
    const release = () => {
      observer.disconnect();
      moves.abort();
    };
    observer.observe(document.querySelector("main"));
    for (const move of ["wheel", "touchstart", "pointerdown", "keydown", "hashchange"]) {
      addEventListener(move, release, { signal: moves.signal, passive: true });
    }
    setTimeout(release, 1000 * SECONDS);
  };
  const soon = () => setTimeout(land); // once the widgets' places have their names
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", soon);
  else soon();
})();
