"use strict";
/* The browser of single queries, and the choice of a measure for the plots.
   Texts come from foreign corpora: they are only ever set as text, never as markup. */

(() => {
  const PAGE = 100; // entries of the list that are made at once
  const $ = (id) => document.getElementById(id);
  const [part, text, kind, measure, order, first, second] = ["part", "text", "kind", "measure", "order", "a", "b"].map((name) => $(`f-${name}`));
  const parsed = new Map();
  let data = null; // of the chosen part, as eval/page/queries.py draws it
  let found = []; // places of the queries that the filters leave, in order
  let shown = 0; // how many of them are in the list
  let chosen = -1; // place of the query in the detail

  /** An element with properties and children; strings become text nodes. */
  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function options(select, rows, value) {
    select.replaceChildren(...rows.map(([key, label]) => element("option", { value: key }, label)));
    select.value = value;
  }

  function number(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    const text = size >= 1000 ? size.toFixed(0) : size >= 100 ? size.toFixed(1) : size.toFixed(3);
    return value < 0 && Number(text) ? `−${text}` : text;
  }

  function signed(value) {
    const text = number(value);
    if (value === null || text.startsWith("−")) return text;
    return (Number(text) ? "+" : "±") + text;
  }

  /* The list */

  function valueOf(query, configuration) {
    return query.results[configuration]?.values[measure.value] ?? null;
  }

  function deltaOf(query) {
    const [a, b] = [valueOf(query, first.value), valueOf(query, second.value)];
    return a === null || b === null ? null : a - b;
  }

  function isCompared() {
    return data.configurations.length > 1 && first.value !== second.value;
  }

  const ORDERS = {
    dataset: ["as in the dataset", null, 1],
    lowest: ["lowest value first", (query) => valueOf(query, first.value), 1],
    highest: ["highest value first", (query) => valueOf(query, first.value), -1],
    losses: ["greatest loss first", deltaOf, 1],
    gains: ["greatest gain first", deltaOf, -1],
  };

  function takePart() {
    if (!parsed.has(part.value)) parsed.set(part.value, JSON.parse($(`${part.value}-data`).textContent));
    data = parsed.get(part.value);
    const kinds = [...new Set(data.queries.map((query) => query.kind))];
    const configurations = data.configurations.map((label, place) => [place, label]);
    const several = configurations.length > 1;
    options(kind, [["", "all kinds"], ...kinds.map((name) => [`=${name}`, name || "no kind given"])], "");
    options(measure, data.measures.map((name, place) => [place, name]), data.measures.indexOf(data.primary));
    options(first, configurations, configurations.length - 1);
    options(second, configurations, 0);
    const orders = Object.entries(ORDERS).filter(([, [, by]]) => several || by !== deltaOf);
    options(order, orders.map(([key, [label]]) => [key, label]), several ? "losses" : "lowest");
    kind.parentElement.hidden = kinds.length < 2;
    first.parentElement.hidden = second.parentElement.hidden = !several;
    chosen = -1;
    $("detail").replaceChildren(element("p", { className: "quiet" }, "Choose a query to see what each configuration found."));
    filter();
  }

  function filter() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (query) => {
      const searched = `${query.id} ${query.text}`.toLowerCase();
      return (!kind.value || `=${query.kind}` === kind.value) && words.every((word) => searched.includes(word));
    };
    found = [...data.queries.keys()].filter((place) => matches(data.queries[place]));
    const [, by, sign] = ORDERS[order.value];
    if (by) {
      const values = new Map(found.map((place) => [place, by(data.queries[place])]));
      const last = (value) => (value === null ? Infinity : sign * value); // what has no value comes last either way
      found.sort((one, other) => {
        const [a, b] = [last(values.get(one)), last(values.get(other))];
        return a === b ? one - other : a - b;
      });
    }
    const told = isCompared() ? `; ${data.measures[measure.value]} of ${data.configurations[first.value]} (minus that of ${data.configurations[second.value]})` : "";
    $("found").textContent = `${found.length} of ${data.queries.length} queries${told}`;
    $("list").replaceChildren();
    shown = 0;
    showMore();
    $("list").parentElement.scrollTop = 0;
  }

  function showMore() {
    const next = found.slice(shown, shown + PAGE);
    $("list").append(...next.map(entry));
    shown += next.length;
    $("more").hidden = shown >= found.length;
    return next.length;
  }

  function entry(place) {
    const query = data.queries[place];
    const change = isCompared() ? ` (${signed(deltaOf(query))})` : "";
    const value = `${data.measures[measure.value]} ${number(valueOf(query, first.value))}${change}`;
    const about = [query.id, query.kind].filter(Boolean).join(" · ");
    const button = element(
      "button",
      { type: "button" },
      element("span", { className: "words" }, query.text),
      element("span", { className: "quiet" }, about),
      element("span", { className: "quiet" }, value),
    );
    button.dataset.place = place;
    button.setAttribute("aria-current", String(place === chosen));
    return element("li", {}, button);
  }

  /* One query */

  function choose(place) {
    chosen = place;
    for (const button of $("list").querySelectorAll("button")) button.setAttribute("aria-current", String(Number(button.dataset.place) === place));
    const query = data.queries[place];
    const heading = element("h3", { tabIndex: -1 }, query.text);
    const back = element("button", { type: "button" }, "Back to the list");
    back.addEventListener("click", () => ($("list").querySelector("[aria-current=true]") ?? text).focus());
    const columns = element("div", { className: "columns" }, ...data.configurations.map((_, configuration) => column(query, configuration)));
    const whole = element("input", { type: "checkbox", id: "whole" });
    whole.addEventListener("change", () => columns.classList.toggle("whole", whole.checked));
    $("detail").replaceChildren(
      heading,
      element("p", { className: "counts" }, [query.id, query.kind].filter(Boolean).join(" · ")),
      measuresTable(query),
      element("div", { className: "bar" }, element("label", {}, whole, " Whole texts"), back),
      columns,
    );
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "nearest" });
    measureScrolls();
  }

  function measuresTable(query) {
    const head = element("tr", {}, ...["Measure", ...data.configurations].map((name) => element("th", { scope: "col" }, name)));
    const rows = data.measures.map((name, place) => {
      const values = query.results.map((result) => result?.values[place]);
      return element("tr", {}, element("th", { scope: "row" }, name), ...values.map((value) => element("td", {}, number(value))));
    });
    const caption = element("caption", { className: "unseen" }, "Measures of this query");
    const table = element("table", { className: "numeric" }, caption, element("thead", {}, head), element("tbody", {}, ...rows));
    const scroll = element("div", { className: "scroll", ariaLabel: "Measures of this query" }, table);
    scroll.setAttribute("role", "group");
    return scroll;
  }

  function column(query, configuration) {
    const result = query.results[configuration];
    const section = element("section", {}, element("h4", {}, data.configurations[configuration]));
    if (result === null) {
      section.append(element("p", { className: "quiet" }, "Did not measure this query."));
      return section;
    }
    if (result.hits.length) section.append(element("ol", { className: "hits" }, ...result.hits.map((hit, place) => hitItem(query, configuration, hit, place))));
    else section.append(element("p", { className: "quiet" }, result.ranked ? "The hits were not kept." : "No hits."));
    if (result.missed.length) {
      section.append(element("h5", {}, "Gold that is not among these"));
      section.append(element("ul", { className: "hits" }, ...result.missed.map((gold) => missedItem(result, gold))));
    }
    return section;
  }

  function badge(grade) {
    return element("span", { className: "badge" }, `✓ gold, grade ${grade}`);
  }

  function hitItem(query, configuration, [id, score, grade, document_, stages], place) {
    const [title, words] = data.documents[document_];
    const names = data.stages[configuration];
    const parts = stages.map((value, stage) => (value === null ? "" : `${names[stage]} ${number(value)}`)).filter(Boolean);
    const item = element("li", { className: grade > 0 ? "gold" : "" });
    item.append(element("span", { className: "rank" }, `${place + 1}.`), " ", element("strong", {}, title || id), " ");
    if (grade > 0) item.append(badge(grade));
    const facts = [title ? id : "", `score ${number(score)}`, ...parts, elsewhere(query, configuration, id)];
    item.append(element("p", { className: "scores" }, facts.filter(Boolean).join(" · ")));
    item.append(element("p", { className: "text" }, words));
    return item;
  }

  /** Where the configuration that this one is held against has the same document. */
  function elsewhere(query, configuration, id) {
    const other = Number(configuration === Number(second.value) ? first.value : second.value);
    const hits = query.results[other]?.hits;
    if (other === configuration || !hits?.length) return "";
    const place = hits.findIndex((hit) => hit[0] === id);
    return `${data.configurations[other]}: ${place < 0 ? `not in the first ${hits.length}` : `rank ${place + 1}`}`;
  }

  function missedItem(result, [id, grade, rank, document_]) {
    const [title, words] = document_ === null ? ["", ""] : data.documents[document_];
    const item = element("li", {}, element("strong", {}, title || id), " ", badge(grade));
    const missed = result.ranked ? `not among the ${result.ranked} ranked` : "nothing was ranked";
    const where = rank === null ? missed : `rank ${rank} of ${result.ranked}`;
    item.append(element("p", { className: "scores" }, title ? `${id} · ${where}` : where));
    if (words) item.append(element("p", { className: "text" }, words));
    return item;
  }

  /* What the reader does */

  /** `#query=part0/q7` opens that query, whatever is filtered. */
  function followLink() {
    const link = /^#query=([^/]+)\/(.*)$/.exec(location.hash);
    if (!link || !$(`${link[1]}-data`)) return;
    if (part.value !== link[1]) {
      part.value = link[1];
      takePart();
    }
    const id = decodeURIComponent(link[2]);
    const place = data.queries.findIndex((query) => query.id === id);
    if (place < 0) return;
    text.value = kind.value = "";
    filter();
    while (!found.slice(0, shown).includes(place)) showMore();
    choose(place);
    $("list").querySelector("[aria-current=true]").scrollIntoView();
    $("queries").scrollIntoView();
  }

  function arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...$("list").querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[at + step]?.focus();
  }

  /** Only a table that is wider than its place is a stop of the keyboard. */
  function measureScrolls() {
    for (const scroll of document.querySelectorAll(".scroll")) {
      scroll.tabIndex = scroll.scrollWidth > scroll.clientWidth || scroll.scrollHeight > scroll.clientHeight ? 0 : -1;
    }
  }

  for (const select of document.querySelectorAll("select[data-part]")) {
    select.addEventListener("change", () => {
      for (const plots of $(select.dataset.part).querySelectorAll("[data-measure]")) plots.hidden = plots.dataset.measure !== select.value;
      measureScrolls();
    });
  }
  const facts = [...document.querySelectorAll(".facts:not([open])")];
  addEventListener("beforeprint", () => facts.forEach((folded) => (folded.open = true)));
  addEventListener("afterprint", () => facts.forEach((folded) => (folded.open = false)));
  document.addEventListener("toggle", measureScrolls, true);
  addEventListener("resize", measureScrolls);
  measureScrolls();

  if (!$("queries")) return;
  $("queries").hidden = false;
  part.parentElement.hidden = part.options.length < 2;
  part.addEventListener("change", takePart);
  text.addEventListener("input", filter);
  for (const select of [kind, measure, order, first, second]) select.addEventListener("change", filter);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(Number(button.dataset.place));
  });
  $("list").addEventListener("keydown", arrows);
  $("more").addEventListener("click", () => {
    const before = shown;
    showMore();
    $("list").querySelectorAll("button")[before]?.focus();
  });
  addEventListener("hashchange", followLink);
  takePart();
  followLink();
})();
