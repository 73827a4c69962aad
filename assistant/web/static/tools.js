// @ts-check
/** What can be done with an answer and a conversation beside asking: copy, share, print, say what one thinks of it. */

import { find } from "./dom.js";

const chat = find("#chat");

/** @type {(text: Promise<string>) => Promise<void>} Safari takes a text that is still on its way only as an item. */
async function copy(text) {
  if (!navigator.clipboard || !("ClipboardItem" in window)) return copySelected(await text);
  const item = new ClipboardItem({ "text/plain": text.then((ready) => new Blob([ready], { type: "text/plain" })) });
  return navigator.clipboard.write([item]);
}

/** @type {(text: string) => void} Where there is no clipboard to write to: on a page that came without TLS. */
function copySelected(text) {
  const area = document.createElement("textarea");
  area.value = text;
  chat.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser does not copy");
}

/** What keeps a character from being markup: a note or a mail shows it as it is. */
const MARKDOWN_ESCAPE = /\\([!-/:-@[-`{-~])/g;

/** @type {(address: string) => Promise<string>} The text of an address, as it is pasted. */
async function loaded(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(String(response.status));
  return (await response.text()).replace(MARKDOWN_ESCAPE, "$1");
}

/** @type {(button: HTMLButtonElement, text: Promise<string>) => Promise<void>} Says on the button what became of it. */
async function copyFrom(button, text) {
  const said = await copy(text).then(
    () => "Copied",
    () => "Could not copy",
  );
  const status = find(".status", chat);
  const before = button.textContent;
  button.textContent = said;
  status.replaceChildren(said);
  setTimeout(() => (button.textContent = before), 2_000);
}

/** @type {(event: SubmitEvent) => Promise<void>} Sends what a reader thinks of an answer, in place. */
async function think(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {HTMLButtonElement} */ (event.submitter);
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
  const headers = { "X-Requested-With": "fetch" };
  const response = await fetch(form.action, { method: "POST", headers, body: fields }).catch(() => null);
  const thanks = find(".thanks", form);
  if (!response?.ok) {
    thanks.textContent = "Not sent: the server cannot take it now. Try again in a moment.";
    return;
  }
  const helpful = button.value === "yes";
  find("button[value=yes]", form).setAttribute("aria-pressed", String(helpful));
  const details = find("details", form);
  if (details.contains(document.activeElement)) find("summary", details).focus();
  details.open = false;
  details.classList.toggle("chosen", !helpful);
  find(".yours", details).hidden = helpful;
  thanks.textContent = "Thank you: the editors can see it.";
}

/** The address of the conversation, or of the page where none has begun. */
function ofConversation() {
  const begun = find("#ask-form").elements.conversation_id.value;
  return new URL(`${chat.dataset.page}${begun ? `?conversation=${encodeURIComponent(begun)}` : ""}#chat`, location.href).href;
}

/** @type {(root: ParentNode) => void} Shows the buttons that need this module. */
function show(root) {
  for (const item of root.querySelectorAll(".copy, .share, .print")) item.removeAttribute("hidden");
}

chat.addEventListener("click", (/** @type {MouseEvent} */ event) => {
  const button = /** @type {Element} */ (event.target).closest("button");
  if (!button) return;
  if (button.matches(".copy")) copyFrom(button, loaded(button.dataset.text ?? ""));
  if (button.closest(".share")) copyFrom(button, Promise.resolve(ofConversation()));
  if (button.closest(".print")) print();
});

chat.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  if (/** @type {Element} */ (event.target).matches(".feedback")) think(event);
});

chat.addEventListener("answered", (/** @type {CustomEvent} */ event) => show(event.detail));

show(chat);

const paper = find("button.paper"); // prints the article; it stands outside the chat
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
}
