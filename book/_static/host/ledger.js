/* Keeps the ledger's filters in the address, #chapter=starvation&verdict=fails, so that a choice can
 * be linked to. An address that names what is not there shows all claims, and says so. */
(() => {
  const start = () => {
    const filters = document.querySelector(".ledger-filters");
    if (!filters) return;
    const note = document.createElement("p");
    note.setAttribute("role", "status");
    filters.append(note);
    const names = ["chapter", "verdict"];
    const radios = (name) => [...filters.querySelectorAll(`[name="ledger-${name}"]`)];
    const read = () => {
      const wanted = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
      const unknown = [];
      for (const name of names) {
        const value = wanted.get(name) ?? "all";
        const found = radios(name).find((radio) => radio.value === value);
        if (!found) unknown.push(`${name} “${value}”`);
        (found ?? radios(name)[0]).checked = true;
      }
      note.textContent = unknown.length
        ? `The address names the ${unknown.join(" and the ")}, which the ledger does not have: all are shown.`
        : "";
    };
    const write = () => {
      const chosen = names.map((name) => [name, radios(name).find((radio) => radio.checked).value]);
      const hash = new URLSearchParams(chosen.filter(([, value]) => value !== "all")).toString();
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
      note.textContent = "";
    };
    filters.addEventListener("change", write);
    addEventListener("hashchange", read);
    if (location.hash.includes("=")) read();
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
