// @ts-check
/**
 * The chat box: asks without leaving the page and puts in place what the server has rendered, sentence by sentence. Every
 * form in the chat that asks is sent as it stands; without this module the same forms work by loading the page again.
 */

/** @type {(selector: string, root?: ParentNode) => any} */
const find = (selector, root = document) => root.querySelector(selector);

const chat = find("#chat");
const form = find("#ask-form");
const box = find("#question");
const log = find(".log", chat);
const sideBySide = matchMedia("(min-width: 64rem) and (min-height: 34rem)");

/** @type {?AbortController} */
let running = null;

/** Something the reader is told: a whole sentence, and whether asking the same again may help. */
class Failure extends Error {
  /** @param {string} message @param {boolean} passing */
  constructor(message, passing = true) {
    super(message);
    this.passing = passing;
  }
}

/** @type {(body: ReadableStream<BufferSource>) => AsyncGenerator<{name: string, data: any}>} Server-sent events, one by one. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (pending + value).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (.*)\ndata: ([^\n]*)/m.exec(block) ?? [];
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}

/** @type {(response: Response) => Promise<Failure>} What a problem+json says, and when to try again. */
async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const wait = response.headers.get("Retry-After");
  const detail = problem.detail ?? `the server answered ${response.status}`;
  const passing = response.status >= 500 || wait !== null;
  return new Failure(`Not asked: ${detail}.${wait ? ` Try again in ${wait} seconds.` : ""}`, passing);
}

/** @type {(fields: URLSearchParams, begin: (html: string) => any, signal: AbortSignal) => Promise<any>} The last event. */
async function answered(fields, begin, signal) {
  fields.set("conversation_id", form.elements.conversation_id.value); // may have begun since the fields were filled in
  const response = await fetch(form.action, { method: "POST", headers: { Accept: "text/event-stream" }, body: fields, signal });
  if (!response.ok || !response.body) throw await refusal(response);
  let node;
  for await (const { name, data } of events(response.body)) {
    if (name === "error") throw new Failure(`Not answered: ${data.detail}.`);
    if (name === "begin") node = begin(data.html);
    if (name === "sentence") for (const part of ["sentences", "passages", "sources"]) add(find(`.${part}`, node), data[part]);
    if (name === "answer") {
      complete(node, made(data.html));
      return data;
    }
  }
  throw new Failure("The connection broke before the answer was complete.");
}

/** @type {(html: string) => any} An element of the server's markup, in which everything that anybody wrote is escaped. */
function made(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** @type {(place: Element, html: string) => void} */
function add(place, html) {
  place.insertAdjacentHTML("beforeend", html);
  if (html) place.closest("[hidden]")?.removeAttribute("hidden");
}

/** @type {(node: Element, whole: Element) => void} A banner stays the same element, so that it is not announced twice. */
function complete(node, whole) {
  const [banner, settled] = [find(".banner", node), find(".banner", whole)];
  if (banner) banner.className = settled.className;
  const focused = node.contains(document.activeElement) && document.activeElement?.getAttribute("href");
  find(".said", node).replaceWith(find(".said", whole));
  if (focused) find(`[href="${CSS.escape(focused)}"]`, node)?.focus({ preventScroll: true });
  node.removeAttribute("aria-busy");
}

/** @type {(fields: URLSearchParams, typed: string) => Promise<void>} Shows what comes; on a failure says what to do. */
async function ask(fields, typed) {
  if (running) return;
  running = new AbortController();
  /** @type {any} */
  let shown = null;
  const begin = (/** @type {string} */ html) => {
    shown = made(html);
    log.append(shown);
    bringUp(shown);
    if (box.value.trim() === typed) box.value = ""; // accepted; what was typed since stays
    return shown;
  };
  for (const broken of log.querySelectorAll(".answer:has(.incomplete)")) broken.remove();
  wait();
  try {
    const { conversation, summary } = await answered(fields, begin, running.signal);
    if (conversation) remember(conversation);
    say(summary);
    if (find(".banner", shown)) bringUp(shown); // a link that appears above the conversation moves what is below it
  } catch (error) {
    if (shown) leaveIncomplete(shown);
    if (!box.value.trim()) box.value = typed;
    fail(told(error), error instanceof Failure && !error.passing ? null : () => ask(fields, typed));
  }
  running = null;
  find("button.primary", form).removeAttribute("aria-disabled");
  find(".stop", form).hidden = true;
}

/** @type {(error: any) => string} */
function told(error) {
  if (error instanceof Failure) return error.message;
  if (error.name === "AbortError") return "Stopped. Your question is kept.";
  if (!navigator.onLine) return "You are offline. Your question is kept; ask again when the connection is back.";
  if (error instanceof TypeError) return "The server cannot be reached. Your question is kept; try again in a moment.";
  return "The answer could not be read. Your question is kept; try again.";
}

/** @type {(node: any) => void} What came before a break stays readable, and says that something is missing. */
function leaveIncomplete(node) {
  if (!find(".sentences p, .banner", node)) return node.remove();
  find(".incomplete", node).hidden = false;
  node.removeAttribute("aria-busy");
}

/** @type {(conversation: string) => void} The next question continues it, and a reload shows it. */
function remember(conversation) {
  const here = `${chat.dataset.page}?conversation=${encodeURIComponent(conversation)}`;
  form.elements.conversation_id.value = conversation;
  history.replaceState(null, "", here);
  find(".fresh", chat).hidden = false;
  const back = find(".audience [name=back]");
  if (back) back.value = here;
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
  find(".failure", form).hidden = true;
  box.removeAttribute("aria-invalid");
  find("button.primary", form).setAttribute("aria-disabled", "true");
  find(".stop", form).hidden = false;
}

/** @type {(message: string, again: ?(() => void)) => void} Says what happened, and offers to ask the same again. */
function fail(message, again) {
  const retry = find(".retry", form);
  say("");
  find(".message", form).textContent = message;
  find(".failure", form).hidden = false;
  retry.hidden = !again;
  retry.onclick = () => {
    box.focus({ preventScroll: true }); // the button goes away
    again?.();
  };
}

chat.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const button = /** @type {?HTMLButtonElement} */ (event.submitter);
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(/** @type {HTMLFormElement} */ (event.target), button)));
  const typed = (fields.get("suggested") ?? fields.get("question") ?? "").trim();
  if (button?.closest(".starters")) log.focus({ preventScroll: true }); // they go away
  if (typed) ask(fields, typed);
  else fail("Type a question first.", null);
});

box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

find(".stop", form).addEventListener("click", () => {
  running?.abort();
  box.focus({ preventScroll: true });
});

// Beside the article a mark shows its passage there; elsewhere the link opens the list of cited passages.
log.addEventListener("click", (/** @type {MouseEvent} */ event) => {
  const mark = /** @type {Element} */ (event.target).closest(".mark");
  const statement = mark instanceof HTMLElement && document.getElementById(mark.dataset.statement ?? "");
  if (!statement || !sideBySide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.hash = statement.id;
  statement.scrollIntoView({ block: "center" }); // the same mark again changes no hash
});

const last = log.lastElementChild;
if (!location.hash && last.matches(".answer") && scrollsAlone()) bringUp(last);
