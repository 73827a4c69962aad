// @ts-check
/** Finding elements, and making them of what the server has rendered, in which everything that anybody wrote is escaped. */

/** @type {(selector: string, root?: ParentNode) => any} */
export const find = (selector, root = document) => root.querySelector(selector);

/** The only way of markup into a page: its policy lets the browser refuse every other (require-trusted-types-for). */
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("fragments", { createHTML: (/** @type {string} */ html) => html });

/** @type {(html: string) => DocumentFragment} */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

/** @type {(html: string) => any} Its first element. */
export const made = (html) => fragment(html).firstElementChild;
