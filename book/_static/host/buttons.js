/* The theme's buttons call a function by name, so that a page needs no script of its own inside it
 * and works where a policy allows files alone.
 */
addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-calls]");
  if (button) window[button.dataset.calls]?.();
});
