// @ts-check
/** A part that unfolds over the page folds again when the reader turns to something else, follows a link of it, or presses Escape. */

const OPEN = ":is(.menu, .more, .export)[open]";

/** @type {(except?: ?Node) => void} */
function fold(except = null) {
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!except || !menu.contains(except)) menu.removeAttribute("open");
  }
}

/** Folds all; focus that was inside goes to what unfolds it again. */
function putAway() {
  const summary = document.activeElement?.closest(OPEN)?.querySelector("summary");
  fold();
  summary?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const clicked = /** @type {Element} */ (event.target);
  if (clicked.closest("a")) putAway();
  else fold(clicked);
});

document.addEventListener("focusin", (event) => fold(/** @type {Node} */ (event.target)));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !document.querySelector(OPEN)) return;
  event.preventDefault(); // what lies under it stays open
  putAway();
});
