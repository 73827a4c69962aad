// @ts-check
/**
 * The page of the index: shows how far a reindexing is without loading the page again. Without this module the page loads
 * itself again every few seconds. What the server sends takes the place of the part that it is; what the reader has unfolded
 * stays unfolded, and focus stays where it is.
 */

import { find, fragment } from "./dom.js";

const PAUSE_MS = 1000;
/** After a failure. */
const LONGER_MS = 5000;

const said = find("#live-said");

/** @type {(message: string) => void} */
function tell(message) {
  if (said.textContent !== message) said.textContent = message;
}

/** Asks for the parts, and goes on asking as long as a reindexing runs. */
async function look() {
  let pause = PAUSE_MS;
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html", "X-Part": "index" } });
    if (response.status === 401) {
      tell("You are signed out. Load this page again to sign in; the reindexing goes on.");
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    show(find("#live", fragment(await response.text())));
    tell("");
  } catch {
    tell("The server cannot be reached; the reindexing goes on without it. Trying again.");
    pause = LONGER_MS;
  }
  if (pause === LONGER_MS || find("#live").hasAttribute("data-running")) setTimeout(look, pause);
  else free();
}

/** @type {(fresh: HTMLElement) => void} */
function show(fresh) {
  const live = find("#live");
  replace(live, fresh, "#job");
  if (live.dataset.version !== fresh.dataset.version) replace(live, fresh, "#generations");
  live.dataset.version = fresh.dataset.version;
  live.toggleAttribute("data-running", fresh.hasAttribute("data-running"));
}

/** @type {(live: HTMLElement, fresh: HTMLElement, part: string) => void} */
function replace(live, fresh, part) {
  const before = find(part, live);
  const after = find(part, fresh);
  if (before.innerHTML === after.innerHTML) return;
  const focused = [...before.querySelectorAll("summary, a, button, pre")].indexOf(/** @type {any} */ (document.activeElement));
  keepUnfolded(before, after);
  const status = find("[role=status]", before);
  const told = find("[role=status]", after);
  if (status && told && status.innerHTML === told.innerHTML) told.replaceWith(status); // else it would be read aloud again
  const log = find(".log-text", before);
  const below = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  const at = log?.scrollTop ?? 0;
  before.replaceChildren(...after.childNodes);
  const grown = find(".log-text", before);
  if (grown) grown.scrollTop = below ? grown.scrollHeight : at;
  if (focused >= 0) before.querySelectorAll("summary, a, button, pre")[focused]?.focus({ preventScroll: true });
}

/** @type {(before: HTMLElement, after: HTMLElement) => void} */
function keepUnfolded(before, after) {
  const old = [...before.querySelectorAll("details")];
  after.querySelectorAll("details").forEach((each, at) => {
    const was = old.find((other) => other.className === each.className && name(other) === name(each)) ?? old[at];
    if (was && name(was) === name(each)) each.open = was.open;
  });
}

/** @type {(details: HTMLElement) => string} */
const name = (details) => find("summary", details).textContent.replace(/\(\d+\)$/, "");

/** The button works again, and what it said when it was pressed is past. */
function free() {
  find(".done").textContent = "";
  const button = find("button[aria-disabled]");
  button?.removeAttribute("aria-disabled");
  button?.parentElement?.querySelector(".hint")?.remove();
}

if (find("#live")?.hasAttribute("data-running")) setTimeout(look, PAUSE_MS);
