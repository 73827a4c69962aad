// @ts-check
/**
 * Applies a reading preference at once, where the reader is on the page, and has the server remember it. Without this module
 * the same form loads the page again.
 */

const root = document.documentElement;
const form = /** @type {HTMLFormElement} */ (document.querySelector(".settings form"));
const said = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));

/** The value of each preference that a page without it stands for. */
const USUAL = { size: "normal", theme: "system" };

form.addEventListener("submit", (event) => {
  const button = /** @type {?HTMLButtonElement} */ (event.submitter);
  if (!button || !(button.name in USUAL)) return;
  event.preventDefault();
  const name = /** @type {"size" | "theme"} */ (button.name);
  inPlace(() => apply(name, button.value));
  for (const each of form.querySelectorAll(`button[name=${name}]`)) each.setAttribute("aria-pressed", String(each === button));
  remember(new FormData(form, button));
});

/** @type {(name: "size" | "theme", value: string) => void} */
function apply(name, value) {
  if (value === USUAL[name]) delete root.dataset[name];
  else root.dataset[name] = value;
}

/** @type {(choice: FormData) => Promise<void>} */
async function remember(choice) {
  said.textContent = "";
  const body = new URLSearchParams(/** @type {any} */ (choice));
  const response = await fetch(form.action, { method: "POST", headers: { "X-Requested-With": "fetch" }, body }).catch(() => null);
  if (!response?.ok) said.textContent = "For this page only: the server did not take it. Choose again later to have it remembered.";
}

/** @type {(change: () => void) => void} What is read stays where it is, in the page and in the conversation beside it. */
function inPlace(change) {
  const log = document.querySelector(".log");
  const beside = log && getComputedStyle(log).overflowY === "auto" ? log : null;
  const held = [];
  for (const scroller of beside ? [root, beside] : [root]) {
    const text = scroller.scrollTop > 0 && topmost(scroller, beside);
    if (text) held.push({ scroller, text, at: text.getBoundingClientRect().top });
  }
  change();
  for (const { scroller, text, at } of held) {
    scroller.scrollBy({ top: text.getBoundingClientRect().top - at, behavior: "instant" });
  }
}

/** @type {(scroller: Element, beside: ?Element) => ?Element} The first text that begins in view; not what stays there anyhow. */
function topmost(scroller, beside) {
  const own = scroller === beside;
  const above = own ? scroller.getBoundingClientRect().top : document.querySelector(".contents summary")?.getBoundingClientRect().bottom;
  const from = Math.max(above ?? 0, 0);
  for (const text of scroller.querySelectorAll(":is(main, .log) :is(h1, h2, h3, h4, p, li, td)")) {
    if (text.closest(".contents") || (!own && beside && text.closest(".chat")) || !text.checkVisibility()) continue;
    if (text.getBoundingClientRect().top >= from) return text;
  }
  return null;
}
