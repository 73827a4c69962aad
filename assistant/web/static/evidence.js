// @ts-check
/**
 * The evidence panel: a citation mark opens the quote in its place, with its references, review state and date.
 *
 * The quote is highlighted in the article that is open; another article is shown in the panel itself. What the panel shows is
 * the page of the citation, rendered by the server; while that is on its way, or cannot be had, it is what the answer has of it.
 */

import { find, made } from "./dom.js";

const WIDE = matchMedia("(min-width: 64rem) and (min-height: 34rem)");
const PATIENCE_MS = 150; // what comes sooner replaces nothing
const HIGHLIGHT = "quote";

const HEAD = `
  <div class="evidence-head">
    <h2 id="evidence-title" tabindex="-1"></h2>
    <p class="unseen" role="status"></p>
    <div class="turns">
      <button type="button" class="previous" aria-label="Previous citation" title="Previous citation">${icon("m14 6-6 6 6 6")}</button>
      <button type="button" class="next" aria-label="Next citation" title="Next citation">${icon("m10 6 6 6-6 6")}</button>
      <button type="button" class="close" aria-label="Close the citation" title="Close (Esc)">${icon("m7 7 10 10M17 7 7 17")}</button>
    </div>
  </div>
  <div class="evidence-body"></div>`;

/** @type {(path: string) => string} */
function icon(path) {
  return `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="${path}" fill="none" stroke="currentColor" stroke-width="2"/></svg>`;
}

/** @type {?HTMLElement} */
let panel = null;
/** @type {Element} The cited passage that is shown, of the list below its answer. */
let passage;
/** @type {Element} What was activated to show it. */
let opener;
/** Whether the reader asked for the panel and is not in it yet. */
let arriving = false;
/** @type {Range[]} Where the quote stands in the open article; empty where it stands in another. */
let quoted = [];
/** @type {AbortController} */
let loading = new AbortController();

// ---- Opening, turning, closing

/** @type {(link: Element) => ?Element} The cited passage that a mark, or the link in the list of passages, is about. */
const passageOf = (link) => link.closest(".passages li") ?? document.getElementById(/** @type {any} */ (link).hash.slice(1));

/** @type {() => Element[]} All cited passages of the answer, in order. */
const passages = () => [...(passage.closest(".answer")?.querySelectorAll(".passages > li") ?? [])];

/** @type {(link: Element, cited: Element) => Promise<void>} */
async function open(link, cited) {
  [opener, passage, arriving] = [link, cited, true];
  await load();
}

/** @type {(by: number) => Promise<void>} Shows the citation before (-1) or after (1); focus stays where it is. */
async function turn(by) {
  const turned = passages()[passages().indexOf(passage) + by];
  if (!turned) return;
  passage = turned;
  opener = markOf(passage) ?? opener;
  await load();
  say(`${title()} ${panel?.querySelector(".remark p")?.textContent ?? ""}`);
}

/** @type {(focus?: boolean) => void} */
function close(focus = true) {
  loading.abort();
  steady(() => panel?.remove());
  panel = null;
  heights.disconnect();
  document.documentElement.style.removeProperty("--evidence");
  highlight((quoted = []));
  pointOut(null);
  if (focus) /** @type {any} */ (opener.isConnected ? opener : (markOf(passage) ?? find("#question")))?.focus();
}

/** @type {() => Promise<void>} Shows the passage: as the server has it, or what the page itself has and why. */
async function load() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  if (passage.closest("[aria-busy]")) {
    show(ownEvidence(), "The answer is not complete yet. Its place in the article follows.");
    whenComplete(signal);
    return;
  }
  const waiting = setTimeout(() => show(ownEvidence(), "Looking for its place in the article…"), PATIENCE_MS);
  try {
    const evidence = await fetched(signal);
    if (!signal.aborted) show(evidence);
  } catch (error) {
    if (!signal.aborted) show(ownEvidence(), ...told(error));
  } finally {
    clearTimeout(waiting);
  }
}

/** @type {(signal: AbortSignal) => Promise<Element>} Throws the Response where the server refuses. */
async function fetched(signal) {
  const address = new URL(find(".in-place a", passage).href);
  address.searchParams.set("part", "1");
  if (openArticle()) address.searchParams.set("open", openArticle());
  const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
  const evidence = response.ok && made(await response.text());
  if (!evidence || !evidence.matches(".evidence-of")) throw response;
  return evidence;
}

/** @type {(signal: AbortSignal) => void} The server knows an answer once it is whole; what is shown of it until then is replaced. */
function whenComplete(signal) {
  const [answer, id] = [passage.closest(".answer"), passage.id];
  const observer = new MutationObserver(() => {
    passage = document.getElementById(id) ?? passage; // the whole answer comes as new elements
    load();
  });
  if (answer) observer.observe(answer, { attributeFilter: ["aria-busy"] });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** @type {(error: any) => [message: string, again: boolean]} Why the place of a quote cannot be shown, and whether to try again. */
function told(error) {
  if (error instanceof Response && error.status === 404) {
    return ["The server does not keep this answer. This is the passage as the answer quoted it.", false];
  }
  const why = !navigator.onLine
    ? "You are offline."
    : error instanceof Response && error.status === 429
      ? "The server is asked too much at the moment."
      : error instanceof Response
        ? "The server cannot show the article at the moment."
        : "The server cannot be reached.";
  return [`${why} This is the passage as the answer quoted it.`, true];
}

// ---- What is shown

/** @type {() => string} */
const openArticle = () => find("#ask-form [name=article_id]")?.value ?? "";

/** @type {() => string} */
const title = () => `Citation ${passage.getAttribute("value")}${passages().length > 1 ? ` of ${passages().length}` : ""}`;

/** @type {(text: string) => void} */
const say = (text) => panel && find("[role=status]", panel).replaceChildren(text);

/** @type {() => Element} The evidence as far as the answer itself has it. */
function ownEvidence() {
  const evidence = made(`<div class="evidence-of own"><div class="facts"></div></div>`);
  const facts = evidence.firstElementChild;
  for (const part of passage.querySelectorAll("blockquote, .where, .note, .state")) facts.append(part.cloneNode(true));
  find("blockquote", facts).classList.add("quote");
  find(".behind", evidence)?.remove();
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (passage.querySelectorAll(".behind a"));
  const sources = [...links].flatMap((link) => document.getElementById(link.hash.slice(1))?.cloneNode(true) ?? []);
  for (const source of sources) /** @type {Element} */ (source).removeAttribute("id");
  if (sources.length) facts.append(made("<h3>References behind it</h3>"), made(`<ol class="sources"></ol>`));
  facts.lastElementChild.append(...sources);
  return evidence;
}

/** @type {(evidence: Element, message?: string, again?: boolean) => void} */
function show(evidence, message = "", again = false) {
  const lost = panel?.contains(document.activeElement) && !document.activeElement?.closest(".evidence-head");
  panel ??= placed();
  find("h2", panel).textContent = title();
  for (const [button, end] of /** @type {const} */ ([["previous", passages()[0]], ["next", passages().at(-1)]])) {
    find(`.${button}`, panel).setAttribute("aria-disabled", String(passage === end));
    find(`.${button}`, panel).hidden = passages().length < 2;
  }
  find(".evidence-body", panel).replaceChildren(...(message ? [remark(message, again)] : []), evidence);
  say(message);
  pointOut(passage);
  highlight((quoted = ranges(evidence)));
  panel.classList.toggle("here", quoted.length > 0);
  settle();
  if (arriving || lost) find("h2", panel).focus({ preventScroll: true });
  arriving = false;
}

/** @type {(message: string, again: boolean) => Element} */
function remark(message, again) {
  const shown = made(`<div class="remark"><p></p></div>`);
  shown.firstElementChild.textContent = message;
  if (again) {
    const button = made(`<button type="button">Try again</button>`);
    button.onclick = load;
    shown.append(button);
  }
  return shown;
}

/** @type {() => HTMLElement} A new panel: in the column of the open article, or after the conversation. */
function placed() {
  const section = made(`<section class="evidence" aria-labelledby="evidence-title">${HEAD}</section>`);
  find(".previous", section).onclick = () => turn(-1);
  find(".next", section).onclick = () => turn(1);
  find(".close", section).onclick = () => close();
  steady(() => (find("main > .article") ?? find("main")).append(section));
  heights.observe(section);
  return section;
}

/** @type {(change: () => void) => void} Makes a change that may move the conversation, and keeps it where the reader sees it. */
function steady(change) {
  const before = opener.getBoundingClientRect().top;
  change();
  const moved = opener.isConnected ? opener.getBoundingClientRect().top - before : 0;
  if (moved) scrollBy({ top: moved, behavior: "instant" });
}

/** Says how much of the window the panel covers, so that nothing with focus is hidden under it. */
function cover() {
  if (panel) document.documentElement.style.setProperty("--evidence", `${panel.offsetHeight}px`);
}
const heights = new ResizeObserver(cover);

/** @type {(cited: ?Element) => ?Element} A mark of the passage in the text of its answer. */
const markOf = (cited) => cited && find(`.answer a.mark[href="#${CSS.escape(cited.id)}"]`);

/** @type {(cited: ?Element) => void} Marks what is open, in the answer. */
function pointOut(cited) {
  for (const link of document.querySelectorAll(".answer [aria-current]")) link.removeAttribute("aria-current");
  if (cited) (opener.isConnected ? opener : markOf(cited))?.setAttribute("aria-current", "true");
}

// ---- The quote in its place

/** @type {(evidence: Element) => Range[]} Where the quote stands in the open article, as the server marked it in the same text. */
function ranges(evidence) {
  if (evidence.matches(".own")) return ownRanges();
  if (/** @type {HTMLElement} */ (evidence).dataset.article !== openArticle()) return [];
  const here = wordings(find("main > .article"));
  const found = wordings(evidence).flatMap((wording, index) => {
    const mark = find("mark", wording);
    return mark ? [range(here[index], before(mark, wording), mark.textContent)] : [];
  });
  return found.every(Boolean) ? /** @type {Range[]} */ (found) : []; // the article was edited since this page was loaded
}

/** @type {(root: Element) => Element[]} What holds the wording of an article: list items and the cells of tables, in order. */
const wordings = (root) => [...root.querySelectorAll(".section :is(li.statement, th, td)")];

/** @type {(mark: Element, wording: Element) => number} How many characters of the wording stand before a mark in it. */
function before(mark, wording) {
  const text = new Range();
  text.setStart(wording, 0);
  text.setEndBefore(mark);
  return text.toString().length;
}

/** @type {() => Range[]} By the statement's id and wording alone. */
function ownRanges() {
  const statement = document.getElementById(/** @type {any} */ (markOf(passage))?.dataset.statement ?? "");
  const quote = find("blockquote", passage).textContent;
  const found = range(statement, statement?.textContent?.indexOf(quote) ?? -1, quote);
  return found ? [found] : [];
}

/** @type {(wording: ?Element, start: number, quote: string) => ?Range} Null where it does not say the quote there. */
function range(wording, start, quote) {
  const end = start + quote.length;
  if (!wording || start < 0 || wording.textContent?.slice(start, end) !== quote) return null;
  const found = new Range();
  const texts = document.createTreeWalker(wording, NodeFilter.SHOW_TEXT);
  for (let at = 0; texts.nextNode() && at < end; ) {
    const text = /** @type {Text} */ (texts.currentNode);
    if (start >= at) found.setStart(text, Math.min(start - at, text.length));
    at += text.length;
    if (end <= at) found.setEnd(text, text.length - (at - end));
  }
  return found;
}

/** @type {(found: Range[]) => void} The statements get a mark at their side; where the browser can, the exact words are coloured. */
function highlight(found) {
  for (const statement of document.querySelectorAll(".statement.shown")) statement.classList.remove("shown");
  for (const { startContainer } of found) startContainer.parentElement?.closest(".statement")?.classList.add("shown");
  if ("highlights" in CSS) CSS.highlights.set(HIGHLIGHT, new Highlight(...found));
}

/** @type {() => void} Brings the quote into view, and makes what scrolls of the panel reachable by keyboard. */
function settle() {
  if (!panel) return;
  const [body, place] = [find(".evidence-body", panel), find(".its-place", panel)];
  const scroller = WIDE.matches && place ? place : body;
  for (const each of [body, place]) each?.removeAttribute("tabindex");
  scroller.tabIndex = 0;
  cover();
  opener.scrollIntoView({ block: "nearest" });
  if (!WIDE.matches) body.scrollTop = 0;
  else if (quoted.length) bringUp(quoted[0]);
  else if (place) {
    const mark = find("#quote", place) ?? find(find('.note [href^="#"]', panel)?.hash ?? "#its-place", place);
    place.scrollTop += mark.getBoundingClientRect().top - place.getBoundingClientRect().top - place.clientHeight / 4;
  }
}

/** @type {(place: Range) => void} To the middle of what the panel leaves of the window. */
function bringUp(place) {
  const { top, height } = place.getBoundingClientRect();
  const bar = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  const free = innerHeight - bar - (panel?.offsetHeight ?? 0);
  scrollBy({ top: top - bar - Math.max(16, (free - height) / 2) });
}

// ---- What the reader does

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = /** @type {Element} */ (event.target).closest(".answer a.mark, .answer .in-place a, .evidence .where a");
  if (!link) return;
  if (link.closest(".evidence")) {
    if (link.getAttribute("href")?.startsWith("#")) close(false); // it leads to what the panel covers
    return;
  }
  const cited = passageOf(link);
  if (!cited) return;
  event.preventDefault();
  open(link, cited);
});

document.addEventListener("keydown", (event) => {
  const typing = /** @type {Element} */ (event.target).matches("textarea, input, select");
  if (event.key === "Escape" && panel && !event.defaultPrevented && !typing) close();
});

WIDE.addEventListener("change", settle);
