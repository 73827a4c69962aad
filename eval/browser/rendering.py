"""Whether every article is rendered whole, for every audience: all marks, no link that leads nowhere, no heading over nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.types import Audience
from eval.browser.chromium import tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from corpus.types import Article

#: Of the page: the marks of each statement; marks that name nothing; addresses within it, and of this site, that it links to;
#: headings of the article, each with its level and the text between it and the next.
_READ = """() => {
  const headings = [...document.querySelectorAll(".article :is(h1, h2, h3, h4, h5, h6)")];
  const between = (start, end) => {
    const range = document.createRange();
    range.setStartAfter(start);
    end ? range.setEndBefore(end) : range.setEndAfter(start.closest(".article").lastElementChild);
    const found = range.cloneContents();
    for (const link of found.querySelectorAll(".about")) link.remove(); // stands beside every heading
    return found.textContent.trim();
  };
  return {
    marks: [...document.querySelectorAll(".article > .section .statement")].map(statement =>
      [...statement.querySelectorAll("a.mark")].map(mark => Number(mark.textContent.replace(/\\D/g, "")))),
    missing: [...document.querySelectorAll(".missing")].map(each => each.textContent),
    targets: [...document.querySelectorAll("a[href^='#']")].map(link => link.getAttribute("href").slice(1)),
    ids: [...document.querySelectorAll("[id]")].map(each => each.id),
    links: [...document.links].filter(link => link.origin === location.origin && link.pathname !== location.pathname)
      .map(link => link.href.split("#")[0]),
    sections: headings.map((heading, index) => ({
      level: Number(heading.localName[1]), text: heading.textContent.trim(),
      under: between(heading, headings[index + 1])}))}; }"""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is wrong with one article for one audience; all empty: nothing."""

    article_id: str
    audience: str
    missing_marks: tuple[str, ...] = ()
    dead_links: tuple[str, ...] = ()
    empty_sections: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing_marks or self.dead_links or self.empty_sections)


def rendered(browser: Browser, address: str, articles: Iterable[Article]) -> Iterator[Rendered]:
    """Every article for every audience. A page of this site that is linked to is asked for once."""
    known: dict[str, bool] = {}
    articles = list(articles)
    for audience in Audience:
        with tab(browser) as page:
            page.context.add_cookies([{"name": "audience", "value": audience.value, "url": address}])
            for article in articles:
                page.goto(f"{address}/articles/{article.id}")
                yield read(page, article, audience, known)


def read(page: Page, article: Article, audience: Audience, known: dict[str, bool]) -> Rendered:
    """What is wrong with the page that is open. `known` remembers which addresses of this site lead somewhere."""
    seen = page.evaluate(_READ)
    for link in set(seen["links"]) - known.keys():
        known[link] = page.request.get(link).ok
    expected = [list(block.marks) for block in article.blocks]
    wrong = [
        f"{block.statement or block.line}: {shown} for {list(block.marks)}"
        for block, shown in zip(article.blocks, seen["marks"], strict=False)
        if shown != list(block.marks)
    ]
    if len(expected) != len(seen["marks"]):
        wrong.append(f"{len(seen['marks'])} statements for {len(expected)}")
    ids = set(seen["ids"])
    twice = [f"id {name} stands twice" for name in sorted(ids) if seen["ids"].count(name) > 1]
    return Rendered(
        article.id,
        audience.value,
        missing_marks=(*wrong, *seen["missing"]),
        dead_links=(
            *(f"#{target}" for target in dict.fromkeys(seen["targets"]) if target and target not in ids),
            *(link for link in dict.fromkeys(seen["links"]) if not known[link]),
            *twice,
        ),
        empty_sections=tuple(_empty(seen["sections"])),
    )


def _empty(sections: list[dict[str, object]]) -> Iterator[str]:
    """Headings with nothing under them, not even a smaller heading."""
    for section, following in zip(sections, [*sections[1:], None], strict=True):
        smaller = following is not None and int(str(following["level"])) > int(str(section["level"]))
        if not section["under"] and not smaller:
            yield str(section["text"])
