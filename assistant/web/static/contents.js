// @ts-check
/** Marks in the table of contents the section that is being read. */

/** Pixels under where a link puts a heading: one above this line has begun the section that is read. */
const LINE = 24;

const now = /** @type {HTMLElement} */ (document.querySelector(".contents .now"));
/** @type {Map<Element, HTMLAnchorElement>} Headings in order, with the links to them. */
const links = new Map();
for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".contents a"))) {
  const heading = document.querySelector(link.hash);
  if (heading?.matches(".article *")) links.set(heading, link);
}

/** @type {Set<Element>} */
const begun = new Set();

/** @type {(entries: IntersectionObserverEntry[]) => void} */
function mark(entries) {
  for (const { target, isIntersecting } of entries) begun[isIntersecting ? "add" : "delete"](target);
  const read = [...links].findLast(([heading]) => begun.has(heading))?.[1];
  for (const link of links.values()) link.removeAttribute("aria-current");
  read?.setAttribute("aria-current", "true");
  now.textContent = read?.textContent ?? "";
}

/** @type {?IntersectionObserver} */
let observer = null;

function watch() {
  observer?.disconnect();
  const [heading] = links.keys();
  if (!heading) return;
  const line = parseFloat(getComputedStyle(heading).scrollMarginTop) + LINE;
  // The watched area reaches far above the window: a heading that a jump carries past it is seen as well.
  observer = new IntersectionObserver(mark, { rootMargin: `10000000px 0px ${line - innerHeight}px` });
  for (const heading of links.keys()) observer.observe(heading);
}

watch();
addEventListener("resize", watch);
