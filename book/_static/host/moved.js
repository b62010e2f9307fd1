/* Sends old links on: an anchor that moved to another page says where to, in data-moved. */
(() => {
  const follow = () => {
    const anchor = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const target = anchor?.dataset.moved;
    if (target) location.replace(new URL(target, location.href));
  };
  addEventListener("hashchange", follow);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", follow);
  else follow();
})();
