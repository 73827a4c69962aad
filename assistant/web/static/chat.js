// @ts-check
/**
 * The chat box: asks without leaving the page and shows sentences as they come. Without this module the same form works
 * by loading the page again.
 *
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("./answer.js").Citation} Citation
 * @typedef {import("./answer.js").Reference} Reference
 */

import { find, render } from "./answer.js";

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

/** @type {(question: string, show: (answer: Answer) => void, signal: AbortSignal) => Promise<Answer>} */
async function answered(question, show, signal) {
  const { article_id, conversation_id, audience } = form.elements;
  const response = await fetch(chat.dataset.api, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({
      question,
      article_id: article_id.value || null,
      conversation_id: conversation_id.value || null,
      audience: audience.value,
    }),
    signal,
  });
  if (!response.ok || !response.body) throw await refusal(response);
  /** @type {any} */
  const partial = { question, status: "", banner: null, sentences: [], citations: [], references: [], review_status: null,
    caveats: [], nearest: [], suggestions: [] };
  for await (const { name, data } of events(response.body)) {
    if (name === "answer") return data;
    if (name === "error") throw new Failure(`Not answered: ${data.detail}.`);
    if (name === "meta") Object.assign(partial, data);
    if (name === "sentence") {
      partial.sentences.push({ text: data.text, citations: data.citations.map((/** @type {Citation} */ c) => c.number) });
      const known = new Map([...partial.citations, ...data.citations].map((c) => [c.number, c]));
      partial.citations = [...known.values()];
      const sources = partial.citations.flatMap((/** @type {Citation} */ c) => c.references);
      partial.references = [...new Map(sources.map((/** @type {Reference} */ s) => [s.number, s])).values()];
    }
    show(partial);
  }
  throw new Failure("The connection broke before the answer was complete.");
}

/** @type {(question: string) => Promise<void>} Shows what comes; on a failure keeps the question and says what to do. */
async function ask(question) {
  if (running) return;
  running = new AbortController();
  /** @type {any} */
  let shown = null;
  /** @type {(answer: Answer) => void} */
  const show = (answer) => {
    const node = render(answer);
    node.setAttribute("aria-busy", "true");
    if (shown) shown.replaceWith(node);
    else {
      log.append(node);
      bringUp(node);
      if (box.value.trim() === question) box.value = ""; // accepted; what was typed since stays
    }
    shown = node;
  };
  for (const broken of log.querySelectorAll(".answer:has(.incomplete)")) broken.remove();
  wait("Answering…");
  try {
    const answer = await answered(question, show, running.signal);
    show(answer);
    shown.removeAttribute("aria-busy");
    remember(answer.conversation_id);
    const count = answer.sentences.length;
    say(`Answer ready: ${count ? `${count} quoted ${count === 1 ? "sentence" : "sentences"}` : "the articles do not answer this"}.`);
  } catch (error) {
    if (shown) leaveIncomplete(shown);
    if (!box.value.trim()) box.value = question;
    fail(told(error), error instanceof Failure && !error.passing ? "" : question);
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

/** @type {(node: any) => void} Quotes that came before a break stay readable, and say that something is missing. */
function leaveIncomplete(node) {
  const sentences = find(".sentences", node);
  if (!sentences) return node.remove();
  const line = document.createElement("p");
  line.className = "incomplete";
  line.textContent = "This answer is incomplete.";
  sentences.after(line);
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

/** @type {(node: any) => void} Its beginning comes into view; focus stays where it is. */
function bringUp(node) {
  if (scrollsAlone()) log.scrollTop = node.offsetTop - log.offsetTop;
  else node.scrollIntoView({ block: "start" });
}

/** @type {(text: string) => void} */
const say = (text) => find(".status", form).replaceChildren(text);

/** @type {(text: string) => void} */
function wait(text) {
  say(text);
  find(".failure", form).hidden = true;
  box.removeAttribute("aria-invalid");
  find("button.primary", form).setAttribute("aria-disabled", "true");
  find(".stop", form).hidden = false;
}

/** @type {(message: string, question: string) => void} Says what happened, and offers to ask a question again. */
function fail(message, question) {
  const retry = find(".retry", form);
  say("");
  find(".message", form).textContent = message;
  find(".failure", form).hidden = false;
  retry.hidden = !question;
  retry.onclick = () => {
    box.focus({ preventScroll: true }); // the button goes away
    ask(question);
  };
}

form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const button = /** @type {?HTMLButtonElement} */ (event.submitter);
  const question = (button?.name === "suggested" ? button.value : box.value).trim();
  if (button?.closest(".starters")) log.focus({ preventScroll: true }); // they go away
  if (question) ask(question);
  else fail("Type a question first.", "");
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
