// @ts-check
/**
 * The search of the home page: shows what the server finds as the reader types. Without this module the same form works by
 * loading the page. What was typed goes to this server only, and into the address, so that reloading shows the same again.
 */

import { fragment } from "./dom.js";
import { personalDetails } from "./personal.js";

/** Of quiet before a search: shorter would search between two letters of a word. */
const QUIET_MS = 150;
/** After which the reader is told that it is being searched. */
const SLOW_MS = 1000;
/** Longest address that every server and proxy between takes. */
const MAX_ADDRESS = 4000;

/** @type {(id: string, root?: Document | DocumentFragment) => any} */
const byId = (id, root = document) => root.getElementById(id);

const form = byId("finder");
const box = byId("question");
const count = byId("count");
const found = byId("found");
const signpost = byId("signpost");
const failure = byId("failure");
const personal = byId("personal");

/** @type {?AbortController} The search under way. */
let running = null;
/** What is shown is what was found at this address; "" where something was typed before this module came. */
let shown = box.value === box.defaultValue ? address() : "";
/** The text that raised the signpost. */
let alarming = signpost.childElementCount ? box.value : "";
let quiet = 0;

/** The address of what the form asks for. */
function address() {
  const asked = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  const query = new URLSearchParams(asked.filter(([, value]) => value.trim())).toString();
  return query ? `${form.action}?${query}` : form.action;
}

/** @type {(message: string, refused?: boolean) => void} Says why nothing was searched, or "" that it was. */
function tell(message, refused = false) {
  failure.textContent = message;
  failure.hidden = !message;
  if (refused) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
}

/** Searches now. A newer search makes an older one void. */
async function search() {
  clearTimeout(quiet);
  running?.abort();
  const asked = address();
  if (asked === shown && failure.hidden) {
    count.textContent = found.dataset.summary;
    return;
  }
  if (asked.length > MAX_ADDRESS) {
    tell("That is too long to search for. “Ask all articles” takes up to 4,000 characters.", true);
    return;
  }
  const mine = (running = new AbortController());
  const slow = setTimeout(() => (count.textContent = "Searching…"), SLOW_MS);
  try {
    const response = await fetch(asked, { headers: { Accept: "text/html", "X-Part": "found" }, signal: mine.signal });
    const page = fragment(await response.text());
    if (mine.signal.aborted) return;
    if (byId("found", page)) show(page, asked);
    else fail(unsearched(response));
  } catch {
    if (!mine.signal.aborted) fail("Not searched: the server cannot be reached. What you typed is still here; press Search to try again.");
  } finally {
    clearTimeout(slow);
  }
}

/** @type {(message: string) => void} What was found before stays, and is said again. */
function fail(message) {
  tell(message);
  count.textContent = found.dataset.summary;
}

/** @type {(response: Response) => string} */
function unsearched(response) {
  const wait = Number(response.headers.get("Retry-After"));
  const again = wait ? `try again in ${wait} ${wait === 1 ? "second" : "seconds"}` : "try again in a minute";
  if (response.status === 429) return `Not searched: too much came from your network address; ${again}.`;
  if (response.status === 503) return `The articles cannot be searched at the moment; ${again}.`;
  return `Not searched: the server answered ${response.status}.`;
}

/** @type {(page: Document, asked: string) => void} Puts the server's part in place of the one that is shown. */
function show(page, asked) {
  const fresh = byId("found", page);
  found.replaceChildren(...fresh.childNodes);
  found.dataset.summary = fresh.dataset.summary;
  count.textContent = fresh.dataset.summary;
  const refused = byId("refused", page).textContent;
  tell(refused, Boolean(refused));
  warn(byId("signpost", page));
  shown = asked;
  // Who is in danger, or gave a name away, should not find it in the list of visited pages.
  const open = !signpost.childElementCount && !personal.textContent;
  history.replaceState(null, "", open ? asked : form.action);
}

/**
 * The signpost is said once, not with every letter. It stays while what raised it is being taken back, so that it is not lost
 * with the text.
 *
 * @type {(fresh: HTMLElement) => void}
 */
function warn(fresh) {
  if (fresh.childElementCount) {
    alarming = box.value;
    if (fresh.innerHTML !== signpost.innerHTML) signpost.replaceChildren(...fresh.childNodes);
  } else if (!alarming.startsWith(box.value)) {
    signpost.replaceChildren();
  }
}

/** Says which personal details obviously stand in the box. */
function look() {
  const kinds = personalDetails(box.value);
  const said = kinds.length ? `This seems to hold ${new Intl.ListFormat("en").format(kinds)}. Please leave it out.` : "";
  if (personal.textContent !== said) personal.textContent = said;
}

box.addEventListener("input", () => {
  clearTimeout(quiet);
  look();
  if (!personal.textContent) quiet = setTimeout(search, QUIET_MS); // else not before the reader presses Search
});

form.addEventListener("change", (/** @type {Event} */ event) => {
  if (event.target !== box) search();
});

form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  if (event.submitter?.hasAttribute("formaction")) return; // asks, and leaves the page
  event.preventDefault();
  search();
});

addEventListener("online", () => {
  if (!failure.hidden) search();
});

look();
if (!shown && !personal.textContent) search();
