// @ts-check
/** The button that prints the page. Without this module it is not shown: the browser's own menu prints as well. */

const button = /** @type {HTMLButtonElement} */ (document.querySelector("button.paper"));
button.hidden = false;
button.addEventListener("click", () => print());
