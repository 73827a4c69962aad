// @ts-check
/**
 * The chat box: asks without leaving the page and puts in place what the server has rendered, sentence by sentence. Every
 * form in the chat that asks is sent as it stands; without this module the same forms work by loading the page again.
 */

import { find, fragment, made } from "./dom.js";
import { personalDetails } from "./personal.js";
import { answer, failure } from "./stream.js";

const chat = find("#chat");
const form = find("#ask-form");
const box = find("#question");
const log = find(".log", chat);
const draft = `draft ${location.pathname}`;

/** Milliseconds after which the reader is told that an answer takes long, and what to do about it. */
const SLOW = [
  { after: 3_000, text: "Still answering…" },
  { after: 15_000, text: "This takes longer than it should. Wait, or stop and ask again." },
];
/** Milliseconds between looks at whether a server that went away is back, and how often at most. */
const LOOK_MS = 2_000;
const LOOKS = 60;

/** @type {?AbortController} */
let running = null;
/** @type {Array<ReturnType<typeof setTimeout>>} */
let timers = [];

/** @type {(place: Element, html: string) => void} */
function add(place, html) {
  place.append(fragment(html));
  if (html) place.closest("[hidden]")?.removeAttribute("hidden");
}

/** @type {(node: Element, whole: Element) => void} A banner stays the same element, so that it is not announced twice. */
function complete(node, whole) {
  const [banner, settled] = [find(".banner", node), find(".banner", whole)];
  if (banner) banner.className = settled.className;
  const active = node.contains(document.activeElement) ? document.activeElement : null;
  const same = active?.matches("summary") ? ".cited summary" : active && `[href="${CSS.escape(active.getAttribute("href") ?? "")}"]`;
  find(".cited", whole)?.toggleAttribute("open", Boolean(find(".cited[open]", node) ?? find(".cited[open]", whole)));
  find(".said", node).replaceWith(find(".said", whole));
  if (same) find(same, node)?.focus({ preventScroll: true });
  node.removeAttribute("aria-busy");
  chat.dispatchEvent(new CustomEvent("answered", { detail: node }));
}

/** @type {(fields: URLSearchParams, typed: string) => Promise<void>} Shows what comes; on a failure says what to do. */
async function ask(fields, typed) {
  if (running) {
    say("One answer at a time: wait, or stop this one.");
    return;
  }
  running = new AbortController();
  /** @type {any} */
  let shown = null;
  for (const broken of log.querySelectorAll(".answer:has(.incomplete)")) broken.remove();
  wait();
  fields.set("conversation_id", form.elements.conversation_id.value); // may have begun since the fields were filled in
  try {
    for await (const { name, data } of answer(form.action, fields, running.signal)) {
      if (name === "begin") shown = begin(data.html, typed);
      if (name === "sentence") for (const part of ["sentences", "passages", "sources"]) add(find(`.${part}`, shown), data[part]);
      if (name === "answer") {
        complete(shown, made(data.html));
        if (data.conversation) remember(data.conversation);
        say(data.summary);
        if (find(".banner", shown)) bringUp(shown); // what appears above the conversation moves what is below it
      }
    }
  } catch (error) {
    if (shown) leaveIncomplete(shown);
    if (!box.value.trim()) box.value = typed;
    keepDraft();
    const failed = failure(error);
    if (failed.gone) form.elements.conversation_id.value = ""; // deleted meanwhile: asked again, it begins a new one
    fail(failed, () => ask(fields, typed));
  }
  rest();
}

/** @type {(html: string, typed: string) => any} The answer that begins: its question is accepted. */
function begin(html, typed) {
  const shown = made(html);
  log.append(shown);
  bringUp(shown);
  if (box.value.trim() === typed) box.value = ""; // what was typed since stays
  keepDraft();
  chooseSection("");
  return shown;
}

/** @type {(node: any) => void} What came before a break stays readable, and says that something is missing. */
function leaveIncomplete(node) {
  if (!find(".sentences > *, .banner", node)) return node.remove();
  find(".incomplete", node).hidden = false;
  node.removeAttribute("aria-busy");
}

/** @type {(conversation: string) => void} The next question continues it, and a reload shows it. */
function remember(conversation) {
  const here = `${chat.dataset.page}?conversation=${encodeURIComponent(conversation)}`;
  form.elements.conversation_id.value = conversation;
  history.replaceState(history.state, "", here);
  for (const item of chat.querySelectorAll(".begun")) item.hidden = false;
  find(".whole", chat).href = `${chat.dataset.conversations}/${encodeURIComponent(conversation)}.md`;
  for (const back of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[name=back]"))) back.value = here;
}

/** Beside an article the conversation has a scroll bar of its own; elsewhere the page scrolls. */
const scrollsAlone = () => getComputedStyle(log).overflowY === "auto";

/** @type {(node: any) => void} Its beginning comes into view, at once: it may be a warning. Focus stays where it is. */
function bringUp(node) {
  if (scrollsAlone()) log.scrollTo({ top: node.offsetTop - log.offsetTop - 12, behavior: "instant" });
  else node.scrollIntoView({ block: "start", behavior: "instant" });
}

/** @type {(text: string) => void} */
const say = (text) => find(".status", form).replaceChildren(text);

function wait() {
  say("Answering…");
  timers = SLOW.map(({ after, text }) => setTimeout(() => say(text), after));
  find(".failure", form).hidden = true;
  box.removeAttribute("aria-invalid");
  find("button.primary", form).setAttribute("aria-disabled", "true");
  find(".stop", form).hidden = false;
}

function rest() {
  timers.forEach(clearTimeout);
  running = null;
  find("button.primary", form).removeAttribute("aria-disabled");
  const stop = find(".stop", form);
  if (stop === document.activeElement) box.focus({ preventScroll: true }); // the button goes away
  stop.hidden = true;
}

/** @type {(failed: {message: string, passing: boolean, away?: boolean, wait?: number}, again?: () => void) => void} */
function fail(failed, again) {
  const retry = find(".retry", form);
  say("");
  timers.forEach(clearTimeout);
  find(".message", form).textContent = failed.message;
  find(".failure", form).hidden = false;
  find(".failure", form).scrollIntoView({ block: "nearest" });
  if (!failed.passing) box.setAttribute("aria-invalid", "true");
  retry.hidden = !failed.passing || !again;
  retry.onclick = () => {
    box.focus({ preventScroll: true }); // the button goes away
    again?.();
  };
  if (failed.wait) setTimeout(() => !running && say("You can ask again now."), failed.wait * 1000);
  if (failed.away) look(LOOKS);
}

/** @type {(times: number) => void} Says when a server that went away is back; nothing is asked without the reader. */
function look(times) {
  setTimeout(async () => {
    if (running || find(".failure", form).hidden) return;
    const ready = await fetch("/readyz").catch(() => null);
    if (ready?.ok) say("The server is there again: you can ask now.");
    else if (times > 1) look(times - 1);
  }, LOOK_MS);
}

/** @type {(text: string, send: () => void) => boolean} Whether a text seems to tell who somebody is: then the reader decides. */
function warned(text, send) {
  const warning = find(".personal", form);
  const kinds = personalDetails(text);
  warning.hidden = true;
  find(".failure", form).hidden = true; // it was about what was typed before
  if (!kinds.length) return false;
  say("");
  find(".kinds", warning).textContent = new Intl.ListFormat("en").format(kinds);
  warning.hidden = false;
  warning.scrollIntoView({ block: "nearest" });
  find(".anyway", warning).onclick = () => {
    box.focus({ preventScroll: true });
    warning.hidden = true;
    send();
  };
  find(".mend", warning).onclick = () => {
    warning.hidden = true;
    box.focus();
  };
  return true;
}

/** @type {(heading: string) => void} The section of the open article that the next question is about; "" for none. */
function chooseSection(heading) {
  const field = form.elements.section;
  field.value = heading;
  field.disabled = !heading;
  find(".section-asked .name", form).textContent = heading;
  find(".section-asked", form).hidden = !heading;
}

/** What is typed outlives a reload of the tab, and nothing else. */
function keepDraft() {
  try {
    if (box.value) sessionStorage.setItem(draft, box.value);
    else sessionStorage.removeItem(draft);
  } catch {
    // A browser that keeps nothing keeps no draft either.
  }
}

function restoreDraft() {
  try {
    if (!box.value) box.value = sessionStorage.getItem(draft) ?? "";
  } catch {
    // As above.
  }
}

/** Whether a question is on its way to a page of its own. */
let leaving = false;

chat.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  const target = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {?HTMLButtonElement} */ (event.submitter);
  if (target.action !== form.action || leaving) return; // feedback
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(target, button)));
  const typed = (fields.get("suggested") ?? fields.get("question") ?? "").trim();
  const own = "own" in chat.dataset; // else it is only read, and what is asked begins another, on a page of its own
  const send = own ? () => ask(fields, typed) : () => leave(target, button);
  if (warned(`${typed}\n${fields.get("query") ?? ""}`, send)) return event.preventDefault();
  if (!own) return;
  event.preventDefault();
  if (button?.closest(".starters")) log.focus({ preventScroll: true }); // they go away
  if (typed) send();
  else fail({ message: "Type a question first.", passing: false });
});

/** @type {(target: HTMLFormElement, button: ?HTMLButtonElement) => void} As the browser sends it without this module. */
function leave(target, button) {
  leaving = true;
  target.requestSubmit(button);
  leaving = false;
}

box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

box.addEventListener("input", keepDraft);

find(".stop", form).addEventListener("click", () => {
  running?.abort();
  box.focus({ preventScroll: true });
});

find(".section-asked .drop", form).addEventListener("click", (/** @type {MouseEvent} */ event) => {
  event.preventDefault();
  chooseSection("");
  box.focus();
});

document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a.about, a.rephrase");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.matches(".about")) chooseSection(link.dataset.section ?? "");
  else rewrite(find(".question", link.closest(".answer") ?? chat).textContent.trim());
  box.focus();
});

/** @type {(question: string) => void} Into the box; the browser's Undo brings back what stood there. */
function rewrite(question) {
  box.select();
  document.execCommand("insertText", false, question);
}

const net = find(".notice-net", chat);
addEventListener("offline", () => (net.textContent = "You are offline. You can read on; asking needs a connection."));
addEventListener("online", () => {
  net.textContent = "You are online again.";
  setTimeout(() => navigator.onLine && (net.textContent = ""), 5_000);
});

restoreDraft();
const last = log.lastElementChild;
if (["", "#chat"].includes(location.hash) && last.matches(".answer") && scrollsAlone()) bringUp(last);
