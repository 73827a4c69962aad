// @ts-check
/**
 * Makes the markup of an answer: the sample in _answer.html is cloned and filled, through textContent and attributes only.
 * Knows nothing of asking.
 *
 * @typedef {{number: number, type: string, title: string, authors: string, venue: string, year: ?number, doi: ?string,
 *   pmid: ?string, url: ?string}} Reference
 * @typedef {{number: number, article_id: string, article_title: string, section: string[], statement_id: ?string,
 *   quote: string, review_status: string, last_updated: string, references: Reference[]}} Citation
 * @typedef {{answer_id: string, conversation_id: string, question: string, query: {text: string, reason: string},
 *   status: string, banner: ?{text: string}, sentences: {text: string, citations: number[]}[], citations: Citation[],
 *   references: Reference[], review_status: ?string, caveats: string[],
 *   nearest: {article_id: string, title: string, section: string[]}[], suggestions: string[], disclaimer: string,
 *   notice: string}} Answer
 */

/** @type {(selector: string, root?: ParentNode) => any} */
export const find = (selector, root = document) => root.querySelector(selector);

/** @type {(id: string) => string} */
const pageOf = (id) => find("#chat").dataset.article.replace("ARTICLE", id);
const openId = find("#ask-form").elements.article_id.value;

/** @type {(root: Element, selector: string, text: ?string|number) => any} The place goes when there is no text. */
function put(root, selector, text) {
  const place = find(selector, root);
  if (text === null || text === "") place.remove();
  else place.textContent = text;
  return place;
}

/** @type {<T>(place: Element, items: T[], fill: (node: any, item: T) => void) => void} The first child, once for each item. */
function repeat(place, items, fill) {
  const [first] = place.children;
  place.replaceChildren(
    ...items.map((item) => {
      const node = first.cloneNode(true);
      fill(node, item);
      return node;
    }),
  );
}

/** @type {(id: string) => any} */
const template = (id) => find(`#${id}`).content.firstElementChild.cloneNode(true);
/** @type {(section: string[]) => string} */
const path = (section) => section.join(" › ");
/** @type {(doi: string) => string} What Jinja's urlencode makes of it. */
const encoded = (doi) =>
  encodeURIComponent(doi).replace(/%2F/g, "/").replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** @type {(id: string, statement: ?string, conversation: string) => string} The conversation comes along. */
function address(id, statement, conversation) {
  if (id === openId) return `#${statement ?? "main"}`;
  return `${pageOf(id)}?conversation=${conversation}${statement ? `#${statement}` : ""}`;
}

/** @type {(node: any, source: Reference, id: string) => void} */
function fillReference(node, source, id) {
  node.id = id;
  node.value = source.number;
  put(node, ".type", source.type[0].toUpperCase() + source.type.slice(1)).classList.replace("guideline", source.type);
  put(node, "cite", source.title);
  put(node, ".authors", source.authors);
  put(node, ".venue", source.venue === source.authors ? null : source.venue);
  put(node, ".year", source.year && !source.venue.includes(String(source.year)) ? source.year : null);
  put(node, ".doi", source.doi && `doi:${source.doi}`).href = `https://doi.org/${encoded(source.doi ?? "")}`;
  put(node, ".pmid", source.pmid && `PubMed ${source.pmid}`).href = `https://pubmed.ncbi.nlm.nih.gov/${source.pmid}/`;
  put(node, ".url", source.url).setAttribute("href", source.url);
}

/** @type {(node: any, citation: Citation, answer: Answer) => void} */
function fillMark(node, citation, answer) {
  const [source] = citation.references;
  const named = [`citation ${citation.number}`, citation.section.at(-1) ?? citation.article_title];
  if (source) named.push(source.year ? `${source.authors} ${source.year}` : source.authors);
  node.textContent = `[${citation.number}]`;
  node.href = `#${answer.answer_id}-cite-${citation.number}`;
  node.setAttribute("aria-label", named.join(", "));
  if (citation.article_id === openId && citation.statement_id) node.dataset.statement = citation.statement_id;
  else delete node.dataset.statement;
}

/** @type {(node: any, sentence: {text: string, citations: number[]}, answer: Answer) => void} */
function fillSentence(node, sentence, answer) {
  const behind = answer.citations.filter((citation) => sentence.citations.includes(citation.number));
  const mark = find(".mark", node);
  put(node, ".text", sentence.text);
  mark.replaceWith(
    ...behind.flatMap((citation, position) => {
      const made = mark.cloneNode(true);
      fillMark(made, citation, answer);
      return position ? [" ", made] : [made]; // the sample has the space before the first
    }),
  );
  if (!openId || behind.every((citation) => citation.article_id === openId)) find(".elsewhere", node).remove();
}

/** @type {(node: any, citation: Citation, answer: Answer) => void} */
function fillPassage(node, citation, answer) {
  node.id = `${answer.answer_id}-cite-${citation.number}`;
  node.value = citation.number;
  put(node, "blockquote", citation.quote);
  put(node, ".where a", citation.article_title).setAttribute(
    "href", address(citation.article_id, citation.statement_id, answer.conversation_id));
  find(".path", node).textContent = path(citation.section);
  find(".badge", node).replaceWith(find(".badge", template(`review-${citation.review_status}`)));
  put(node, "time", citation.last_updated);
  const behind = find(".behind", node);
  const link = find("a", behind);
  link.remove();
  for (const source of citation.references) {
    const made = link.cloneNode(true);
    made.textContent = `(${source.number})`;
    made.setAttribute("href", `#${answer.answer_id}-ref-${source.number}`);
    made.setAttribute("aria-label", `reference ${source.number}, ${source.type}`);
    behind.append(made, " ");
  }
}

/** @type {(answer: Answer) => any} The element that shows an answer, or as much of it as there is. */
export function render(answer) {
  const node = template("sample-answer");
  /** @type {<T>(part: string, list: string, items: T[], fill: (node: any, item: T) => void) => void} */
  const part = (name, list, items, fill) => {
    if (items.length) repeat(find(list, node), items, fill);
    else find(name, node).remove();
  };
  node.id = answer.answer_id;
  put(node, ".question", answer.question);
  put(node, ".query", answer.query.text);
  put(node, ".reason", answer.query.reason);
  put(node, ".banner", answer.banner && answer.banner.text);
  if (answer.status === "abstained") {
    repeat(find(".nearest", node), answer.nearest, (item, near) => {
      put(item, "a", near.title).setAttribute("href", pageOf(near.article_id));
      find(".path", item).textContent = path(near.section);
    });
  } else find(".no-answer", node).remove();
  part(".sentences", ".sentences", answer.sentences, (item, sentence) => fillSentence(item, sentence, answer));
  part(".caveats", ".caveats", answer.caveats, (item, caveat) => (item.textContent = caveat));
  if (answer.review_status) find(".review", node).replaceWith(template(`review-${answer.review_status}`));
  else find(".review", node).remove();
  part(".references", ".sources", answer.references, (item, source) =>
    fillReference(item, source, `${answer.answer_id}-ref-${source.number}`));
  if (answer.citations.length) put(node, ".count", answer.citations.length);
  part(".cited", ".passages", answer.citations, (item, citation) => fillPassage(item, citation, answer));
  put(node, ".disclaimer", answer.disclaimer);
  put(node, ".notice", answer.notice);
  part(".suggestions", ".askable", answer.suggestions, (item, question) => (put(item, "button", question).value = question));
  return node;
}
