/* Says so where Live Code cannot start: on the reader's click sphinx-thebe loads thebe from another
 * host, and where that fails it waits for ever.
 */
addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement && target.src.includes("/thebe@"))) return;
    target.remove();
    const button = document.querySelector(".thebe-launch-button");
    button.textContent = "Live Code could not be loaded. It needs a network: press to try again.";
    button.onclick = () => {
      button.onclick = null;
      initThebe();
    };
  },
  true, // a script's error does not bubble
);
