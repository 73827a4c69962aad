"""Web pages: the main part of a page, without navigation, scripts and forms.

The main part is what the page itself marks as such (<main>, <article>), not what an extractor finds probable: trafilatura
2.3.1 left the doses out of a table (<td><ul><li>100 mg) and the reference list out of a page on hypertension in pregnancy,
without a word. A menu too many is seen by staff; a dose that is missing is not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats.citations import is_over_references, reference, taken_out, with_marks
from corpus.importing.formats.files import address, date_in
from corpus.importing.formats.markup import Vocabulary, outline, text_of
from corpus.importing.formats.outline import Block, Heading, mark, markdown
from corpus.importing.formats.trees import Element, html_document, html_fragment, name
from corpus.importing.types import Document, NotTaken, Options
from corpus.types import Reference

_DROPPED = frozenset(
    "script style noscript template nav iframe object embed svg canvas audio video button select option input textarea dialog "
    "del s strike head menu area map".split()
)
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog"}
_OUTSIDE = {"header", "footer", "aside"}
_BLOCKS = frozenset(
    "address article aside blockquote body center details div "
    "fieldset figcaption figure footer form header hgroup hr legend main "
    "p pre section summary".split()
)
_HEADING = re.compile(r"h([1-6])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WHOLE = re.compile(r"https?://", re.IGNORECASE)
_LISTED = re.compile(r"references?|bibliography|footnotes?|endnotes?|citations?", re.IGNORECASE)
_PERMALINKS = {"#", "¶", "§", "🔗"}
#: Where a page says when it was published, else when it was changed: the earlier counts, so that no page looks newer than it is.
_DATES = (
    "citation_publication_date", "citation_date", "article:published_time", "dcterms.issued", "dc.date.issued", "datepublished",
    "dcterms.date", "dc.date", "date", "article:modified_time", "dcterms.modified", "datemodified", "last-modified",
)  # fmt: skip


def documents(path: Path, options: Options) -> Iterator[Document]:
    """The page as one article; `source` and `licence` come from the options. It is known by its address where it names one."""
    page = html_document(path)
    main = _main(page)
    linked = _references(main)
    blocks = outline(main, _vocabulary({anchor: each.id for anchor, each in linked.items()}))
    listed = {each.id: each for each in linked.values()}
    if not listed:
        blocks, found = taken_out(blocks)
        listed = {each.id: each for each in found}
    blocks = with_marks(blocks, listed)
    title, blocks = _titled(page, blocks)
    body = markdown(blocks, listed)
    if not body:
        raise NotTaken("the page has no text outside its navigation and scripts")
    url = _address(page)
    yield Document(
        source_id=(_identity(url) if url else options.name) or path.name,
        title=title or path.stem,
        body=body,
        references=tuple(listed.values()),
        source=options.source,
        url=url,
        licence=options.licence,
        published=_published(page),
        specialty=options.specialty,
    )


def blocks_of(fragment: str) -> list[Block]:
    """The blocks of an HTML fragment, such as a MedlinePlus summary."""
    return outline(html_fragment(fragment), _vocabulary({}))


def _vocabulary(anchors: dict[str, int]) -> Vocabulary:
    """HTML's elements; `anchors` are the ids of the page's references: a link to one is its mark."""

    def marked(element: Element) -> str | None:
        if name(element) != "a" or not (target := _target(element)) or target not in anchors:
            return None
        return mark(anchors[target])

    return Vocabulary(
        blocks=_BLOCKS,
        lists=frozenset({"ul", "ol", "dl", "dir"}),
        items=frozenset({"li", "dd"}),
        terms=frozenset({"dt"}),
        labels=frozenset(),
        numbered=lambda element: name(element) == "ol",
        heading=lambda element: int(found[1]) if (found := _HEADING.fullmatch(name(element))) else None,
        mark=marked,
        drop=_dropped,
    )


def _dropped(element: Element) -> bool:
    tag = name(element)
    return (
        tag in _DROPPED
        or (element.get("role") or "").lower() in _DROPPED_ROLES
        or element.get("hidden") is not None
        or (element.get("aria-hidden") or "").lower() == "true"
        or _HIDDEN.search(element.get("style") or "") is not None
        or _is_permalink(element)
        or (tag in _OUTSIDE and not any(name(each) in {"main", "article"} for each in element.iterancestors()))
    )


def _is_permalink(element: Element) -> bool:
    """The sign beside a heading that links to the heading itself: "Dose#", "Dose¶"."""
    return _target(element) is not None and name(element) == "a" and "".join(element.itertext()).strip() in _PERMALINKS


def _main(page: Element) -> Element:
    """The only <main> (or role=main) of a page, else its only <article>, else its body."""
    for path in ("//main | //*[@role='main']", "//article"):
        found = [each for each in page.xpath(path) if not any(_dropped(outer) for outer in each.iterancestors())]
        if len(found) == 1:
            return found[0]
    return page.find("body") if page.find("body") is not None else page


def _titled(page: Element, blocks: list[Block]) -> tuple[str, list[Block]]:
    """The page's title and the blocks without it: the only first-level heading, else what its head says."""
    first = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
    if len(first) == 1:
        return first[0].text, [block for block in blocks if block is not first[0]]
    told = [each for key in ("citation_title", "og:title", "dc.title") for each in _meta(page, key)]
    return (told or [" ".join((page.findtext(".//title") or "").split())])[0], blocks


def _references(main: Element) -> dict[str, Reference]:
    """The references by anchor: the items of a list under a heading that says so, or of one that is marked so and linked to.

    The list and the heading over it are taken out of the page.
    """
    targets = {target for link in main.iter("a") if (target := _target(link))}
    for items in main.iter("ol", "ul"):
        entries = [item for item in items if name(item) == "li"]
        over = _over(items)
        heading = over is not None and is_over_references(" ".join(over.itertext()))
        if not heading and not (any(_anchors(entry) & targets for entry in entries) and _of_references(items, over)):
            continue
        found: dict[str, Reference] = {}
        for number, entry in enumerate(entries, 1):
            links = [link.get("href") or "" for link in entry.iter("a")]
            listed = reference(number, text_of(entry, _vocabulary({})).lstrip("^↑ "), links=links)
            # One that nothing links to is listed under a name that no anchor has.
            found |= dict.fromkeys(_anchors(entry) or {f"#{number}"}, listed)
        items.drop_tree()
        if over is not None and heading:
            over.drop_tree()
        return found
    return {}


def _over(items: Element) -> Element | None:
    """The heading before a list."""
    before = items.xpath("preceding::*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6][1]")
    return before[0] if before else None


def _of_references(items: Element, over: Element | None) -> bool:
    """Whether a list is one of references: the class, id or label of it or of a box around it says so, or its heading."""
    told = [
        each.get(key) or "" for each in (items, *items.iterancestors("div", "section")) for key in ("class", "id", "aria-label")
    ]
    return any(_LISTED.search(text) for text in [*told, " ".join(over.itertext()) if over is not None else ""])


def _anchors(item: Element) -> set[str]:
    return {anchor for each in item.iter() for anchor in (each.get("id"), each.get("name")) if anchor}


def _target(link: Element) -> str | None:
    href = link.get("href") or ""
    return href[1:] if href.startswith("#") and len(href) > 1 else None


def _meta(page: Element, key: str) -> list[str]:
    """What the page's <meta> elements say under a name, whichever attribute they name it by."""
    found = [
        each for each in page.iter("meta") if key in {(each.get(by) or "").lower() for by in ("name", "property", "itemprop")}
    ]
    return [text for each in found if (text := " ".join((each.get("content") or "").split()))]


def _address(page: Element) -> str | None:
    """The whole address that a page gives as its own. A relative one is none: `index.html` would be a host's name."""
    links = [each for each in page.iter("link") if "canonical" in (each.get("rel") or "").lower().split()]
    told = [*(link.get("href") or "" for link in links), *_meta(page, "og:url")]
    return next((found for text in told if _WHOLE.match(text.strip()) and (found := address(text))), None)


def _identity(url: str) -> str:
    """An address as a page's name: without scheme, fragment and the last slash, which servers answer alike."""
    return _WHOLE.sub("", url).partition("#")[0].rstrip("/")


def _published(page: Element) -> dt.date | None:
    told = [text for key in _DATES for text in _meta(page, key)]
    times = [each.get("datetime") or "" for each in page.iter("time")]
    return next(filter(None, map(date_in, [*told, *times])), None)
