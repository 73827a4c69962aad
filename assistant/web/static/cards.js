// @ts-check
/**
 * A card beside a citation mark: what the mark points at, without leaving the text. It shows nothing that the page does not
 * hold already; a mark is a link and stays one.
 *
 * WCAG 2.2, 1.4.13: it comes with the pointer and with the keyboard, stays while the pointer is on it, goes with Escape, and
 * never lies over its mark. A finger follows the link instead. The card's own links are left out of the keyboard's path, which
 * three marks a sentence would make three times as long: the entry that the mark leads to has the same ones.
 */

const OPEN_MS = 120; // a pointer on its way across the text opens nothing
const CLOSE_MS = 250; // enough to move from the mark to the card
const GAP = 6; // pixels between the mark and the card
const TALL = 416; // pixels: a longer one scrolls
const STEP = 40; // pixels that an arrow key scrolls it by
const EDGE = 8; // pixels between the card and the edge of the window

const card = document.createElement("div");
card.className = "card";
card.popover = "manual"; // above everything else, and never cut off by what scrolls
card.role = "group";
card.ariaLabel = "What the mark points at";
card.tabIndex = 0; // it may scroll
document.body.append(card);

/** @type {?HTMLAnchorElement} The mark whose card is shown. */
let shown = null;
let timer = 0;

/** @type {(event: Event) => ?HTMLAnchorElement} */
const markOf = (event) => /** @type {Element} */ (event.target).closest(".mark[href^='#']");

/** @type {(then: () => void, after: number) => void} One thing at a time is about to happen. */
function soon(then, after) {
  clearTimeout(timer);
  timer = setTimeout(then, after);
}

/** @type {(mark: HTMLAnchorElement) => void} */
function show(mark) {
  clearTimeout(timer);
  if (mark === shown) return;
  const content = contentOf(document.getElementById(decodeURIComponent(mark.hash.slice(1))));
  if (!content || !mark.isConnected) return hide();
  shown = mark;
  card.replaceChildren(...content);
  card.scrollTop = 0;
  if (!card.matches(":popover-open")) card.showPopover();
  follow();
}

function hide() {
  clearTimeout(timer);
  if (!shown) return;
  shown = null;
  card.hidePopover();
}

/** @type {(target: ?Element) => ?Element[]} What is known of the entry that a mark points at; null where it is none. */
function contentOf(target) {
  if (target?.matches(".source")) return source(target);
  if (target?.matches(".passages li")) return passage(target);
  if (target?.matches(".statement")) return [titled("Statement"), copy(target)];
  return null;
}

/** @type {(entry: Element) => Element[]} */
const source = (entry) => [titled(`Reference ${entry.getAttribute("value")}`), copy(entry)];

/** @type {(entry: Element) => Element[]} A quote with its article, section and state, then the references behind it. */
function passage(entry) {
  const whole = copy(entry);
  const behind = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (entry.querySelectorAll(".behind a"))];
  whole.querySelector(".behind")?.remove();
  const references = behind.flatMap((link) => document.getElementById(link.hash.slice(1)) ?? []);
  return [titled(`Citation ${entry.getAttribute("value")}`), whole, ...references.map(copy)];
}

/** @type {(text: string) => Element} */
function titled(text) {
  const title = document.createElement("p");
  title.className = "card-title";
  title.textContent = text;
  return title;
}

/** @type {(entry: Element) => Element} Its content in a block of its own, without ids, marks and what unfolds. */
function copy(entry) {
  const block = document.createElement("div");
  block.className = entry.className;
  block.append(...[...entry.childNodes].map((node) => node.cloneNode(true)));
  for (const part of block.querySelectorAll(".mark, .in-place, details, button, form")) part.remove();
  for (const part of block.querySelectorAll("[id]")) part.removeAttribute("id");
  for (const stop of block.querySelectorAll("a, [tabindex]")) stop.tabIndex = -1;
  return block;
}

/** @type {(mark: DOMRect) => void} Under the mark, or over it where there is more room; scrolls where neither is enough. */
function place(mark) {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  card.style.maxHeight = "none";
  const wanted = Math.min(card.offsetHeight, TALL);
  const [above, below] = [mark.top - GAP - EDGE, height - mark.bottom - GAP - EDGE];
  const under = below >= wanted || below >= above;
  const tall = Math.min(wanted, Math.max(under ? below : above, 0));
  card.style.maxHeight = `${tall}px`;
  card.style.top = `${under ? mark.bottom + GAP : mark.top - GAP - tall}px`;
  card.style.left = `${Math.max(EDGE, Math.min(mark.left - EDGE, width - card.offsetWidth - EDGE))}px`;
}

/** Stays beside its mark while the page moves, unseen while the mark is: focus may be on its way to it, smoothly. */
function follow() {
  if (!shown) return;
  if (!shown.isConnected) return hide();
  const mark = shown.getBoundingClientRect();
  const frame = shown.closest(".log")?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
  const seen = mark.bottom > Math.max(frame.top, 0) && mark.top < Math.min(frame.bottom, innerHeight);
  card.style.visibility = seen ? "visible" : "hidden";
  if (seen) place(mark);
}

/** @type {(step: number) => boolean} Whether there was something left to scroll; else the page does. */
function scrolled(step) {
  const before = card.scrollTop;
  card.scrollBy({ top: step, behavior: "instant" });
  return card.scrollTop !== before;
}

/** The pointer is elsewhere; a card that the keyboard brought stays. */
function leave() {
  if (!shown?.matches(":focus-visible")) soon(hide, CLOSE_MS);
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const mark = markOf(event);
  if (mark) soon(() => show(mark), shown ? 0 : OPEN_MS);
  else if (card.contains(/** @type {Node} */ (event.target))) clearTimeout(timer);
  else leave();
});
document.documentElement.addEventListener("pointerleave", leave);

document.addEventListener("focusin", (event) => {
  const mark = markOf(event);
  if (mark?.matches(":focus-visible")) show(mark);
  else if (!card.contains(/** @type {Node} */ (event.target))) hide();
});
document.addEventListener("focusout", () => {
  if (!card.matches(":hover")) soon(hide, CLOSE_MS);
});

document.addEventListener("click", (event) => {
  if (!card.contains(/** @type {Node} */ (event.target))) hide();
});

document.addEventListener(
  "keydown",
  (event) => {
    if (!shown) return;
    if (event.key === "Escape") {
      event.stopPropagation(); // what lies under the card stays open
      hide();
    }
    const step = { ArrowDown: STEP, ArrowUp: -STEP }[event.key];
    if (step && event.target === shown && scrolled(step)) event.preventDefault();
  },
  { capture: true },
);

document.addEventListener("scroll", (event) => event.target !== card && follow(), { capture: true, passive: true });
addEventListener("resize", follow);
