/* Saves the notebook also from disk, where browsers ignore a link's download attribute and show the
 * file in a tab: there a script beside the notebook hands over its text. Over http the link does it.
 */
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[download]");
  if (!link || location.protocol !== "file:") return;
  event.preventDefault();
  const script = document.createElement("script");
  window.gradbookFile = (text) => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
    Object.assign(document.createElement("a"), { href: url, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    script.remove();
  };
  script.src = `${link.href}.js`;
  document.head.append(script);
});
