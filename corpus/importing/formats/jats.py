"""JATS: journal articles as PubMed Central and publishers give them, one article a file.

Kept: title, date, licence, abstract, sections, lists, tables, captions, notes, and every reference with its marks. Left out:
authors' addresses, interests, funding, acknowledgements, pictures and supplementary files. A retracted article is not taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats.citations import DOI, kind_of
from corpus.importing.formats.files import address, dated
from corpus.importing.formats.markup import Vocabulary, outline, text_of
from corpus.importing.formats.outline import Block, Heading, mark, markdown
from corpus.importing.formats.trees import Element, name, xml
from corpus.importing.types import Document, NotTaken, Options
from corpus.types import Reference

_DROPPED = frozenset(
    "object-id graphic inline-graphic media supplementary-material tex-math alt-text long-desc permissions attrib "
    "processing-meta related-article related-object fn-group ack ref-list glossary kwd-group counts "
    "inline-supplementary-material".split()
)
_BLOCKS = frozenset(
    "abstract trans-abstract sec p boxed-text caption disp-quote disp-formula disp-formula-group fig fig-group fn hr "
    "statement speech table-wrap table-wrap-foot table-wrap-group verse-group verse-line sig-block preformat array title body "
    "subtitle app app-group".split()
)
#: Elements whose title is no section of the article.
_CAPTIONED = {"caption", "fn", "list", "def-list", "table-wrap-foot"}
_RETRACTIONS = {"retraction", "partial-retraction", "withdrawal", "retraction-forward", "retracted-article"}
_LICENCES = {
    "creativecommons.org/publicdomain/zero": "CC0",
    **{
        f"creativecommons.org/licenses/{kind}/": f"CC {kind.upper()}"
        for kind in ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
    },
}
_CITATIONS = ("element-citation", "mixed-citation", "citation", "nlm-citation")
_TITLES = ("article-title", "chapter-title", "data-title")
_PLACES = ("source", "conf-name", "publisher-name")
_XLINK = "{http://www.w3.org/1999/xlink}href"


def documents(path: Path, options: Options) -> Iterator[Document | NotTaken]:
    """The article of the file, or those of a <pmc-articleset>. `licence` is of the options only where an article states none."""
    root = xml(path, "article", "pmc-articleset")
    for article in [root] if name(root) == "article" else root.findall("article"):
        try:
            yield _document(article, path.stem, options)
        except NotTaken as refused:
            if article is root:
                raise
            yield refused


def _document(article: Element, file: str, options: Options) -> Document:
    front = article.find("front/article-meta")
    if front is None:
        raise NotTaken("the article has no <article-meta>: it is no journal article")
    _not_retracted(article, front)
    licence = _licence(front) or options.licence
    if not licence:
        raise NotTaken("the article states no licence: give one with --licence")
    identifiers = {each.get("pub-id-type"): " ".join((each.text or "").split()) for each in front.findall("article-id")}
    listed = list(_references(article))
    body = markdown(_blocks(article, front, {key: each.id for key, each in listed}), {each.id for _, each in listed})
    if not body:
        raise NotTaken("the article has neither an abstract nor a text")
    doi = identifiers.get("doi")
    return Document(
        source_id=next(filter(None, map(identifiers.get, ("pmcid", "pmc", "pmid", "doi", "publisher-id"))), file),
        title=_title(front) or file,
        body=body,
        references=tuple(each for _, each in listed),
        source=_plain(article.find("front/journal-meta//journal-title")) or options.source or "JATS",
        url=address(f"https://doi.org/{doi}") if doi else None,
        licence=licence,
        published=_published(front),
        specialty=options.specialty,
    )


def _not_retracted(article: Element, front: Element) -> None:
    kinds = {article.get("article-type")} | {each.get("related-article-type") for each in front.findall("related-article")}
    titled = _plain(front.find("title-group/article-title")).lower()
    if found := sorted(kinds & _RETRACTIONS):
        raise NotTaken(f"the article is retracted, or is the notice of a retraction ({found[0]})")
    if titled.startswith(("retracted:", "retracted article", "withdrawn:")):
        raise NotTaken("the article's title says that it is retracted")


def _vocabulary(marks: dict[str, int]) -> Vocabulary:
    """JATS's elements; `marks` gives the reference that an xref names by the id of its <ref>."""

    def heading(element: Element) -> int | None:
        over = name(element.getparent()) if element.getparent() is not None else ""
        if name(element) != "title" or over in _CAPTIONED:
            return None
        return 1 + sum(
            name(each) in {"sec", "abstract", "trans-abstract", "boxed-text", "app"} for each in element.iterancestors()
        )

    def marked(element: Element) -> str | None:
        if name(element) != "xref" or element.get("ref-type") != "bibr":
            return None
        ids = [marks[rid] for rid in (element.get("rid") or "").split() if rid in marks]
        return mark(*ids) if ids else None

    return Vocabulary(
        blocks=_BLOCKS,
        lists=frozenset({"list", "def-list"}),
        items=frozenset({"list-item", "def"}),
        terms=frozenset({"term"}),
        labels=frozenset({"label"}),
        numbered=lambda element: element.get("list-type") == "order",
        heading=heading,
        mark=marked,
        drop=_dropped,
    )


def _dropped(element: Element) -> bool:
    """Also the number of a section or an item, which Markdown or nobody needs; that of a table or figure stays."""
    over = element.getparent()
    numbers = name(element) == "label" and over is not None and name(over) in {"sec", "list-item", "app"}
    return name(element) in _DROPPED or numbers


def _blocks(article: Element, front: Element, marks: dict[str, int]) -> list[Block]:
    """Abstract, body and appendices in order; an abstract without a title is headed as one."""
    vocabulary = _vocabulary(marks)
    blocks: list[Block] = []
    for abstract in front.findall("abstract"):
        if abstract.get("abstract-type") in {"graphical", "toc"}:
            continue
        if abstract.find("title") is None:
            blocks.append(Heading(2, "Abstract"))
        blocks += outline(abstract, vocabulary)
    for part in (*article.findall("body"), *article.findall("back/app-group")):
        blocks += outline(part, vocabulary)
    return blocks


def _title(front: Element) -> str:
    title, subtitle = (_plain(front.find(f"title-group/{part}")) for part in ("article-title", "subtitle"))
    return f"{title}: {subtitle}" if title and subtitle else title


def _plain(element: Element | None) -> str:
    """All words of an element on one line, without its marks."""
    return "" if element is None else text_of(element, _vocabulary({}))


def _published(front: Element) -> dt.date | None:
    """The earliest date of publication that has a day, else the earliest; that of the release in an archive only when alone."""
    dates = front.findall("pub-date")
    released = [each for each in dates if "release" in (each.get("pub-type") or each.get("date-type") or "")]
    for some in ([each for each in dates if each not in released], released):
        found = [
            (each.find("day") is None, date) for each in some if (date := dated(*map(each.findtext, ("year", "month", "day"))))
        ]
        if found:
            return min(found)[1]
    return None


def _licence(front: Element) -> str:
    """The licence by its short name and address, else its wording."""
    for each in front.findall("permissions/license"):
        link = each.get(_XLINK) or ""
        inner = (ref.text or ref.get(_XLINK) or "" for ref in each.iter("{*}license_ref", "ext-link"))
        for told in (link, *inner):
            short = next((label for part, label in _LICENCES.items() if part in told), None)
            if short:
                version = told.rstrip("/").rpartition("/")[2]
                return f"{short} {version}" if version[:1].isdigit() else short
        if said := _plain(each) or link:
            return said[:200]
    return ""


def _references(article: Element) -> Iterator[tuple[str, Reference]]:
    """Every reference with the id that its marks name it by, numbered in order."""
    for number, each in enumerate(article.iterfind("back//ref-list//ref"), 1):
        # A ref may hold several forms of one citation, and several citations; its number is the first one's.
        yield each.get("id") or "", _reference(number, next(each.iter(*_CITATIONS), each))


def _reference(number: int, citation: Element) -> Reference:
    said = " ".join(" ".join(citation.itertext()).split())
    title, place = (next(filter(None, (_plain(citation.find(part)) for part in parts)), "") for parts in (_TITLES, _PLACES))
    identifiers = {each.get("pub-id-type"): "".join(each.itertext()).strip() for each in citation.iter("pub-id")}
    links = [each.get(_XLINK) or each.text or "" for each in citation.iter("ext-link", "uri")]
    doi = DOI.search(" ".join([identifiers.get("doi", ""), *links, said]))
    year, pmid = (citation.findtext("year") or "")[:4], identifiers.get("pmid", "")
    # A mixed citation is worded and punctuated as printed; the parts of an element citation are not.
    whole = _plain(citation) if name(citation) == "mixed-citation" else place or said
    return Reference(
        id=number,
        type=kind_of(title or whole),
        title=title or whole,
        authors=_authors(citation),
        venue=_venue(citation, place) if title else "",
        year=int(year) if year.isdigit() else None,
        doi=doi[0] if doi else None,
        pmid=pmid if pmid.isdigit() else None,
        url=next((found for link in links if (found := address(link)) and "doi.org" not in found), None),
    )


def _authors(citation: Element) -> str:
    """The first six authors, and "et al." for more: "FitzGerald JD, Dalbeth N"."""
    names = []
    groups = [each for each in citation.iter("person-group") if each.get("person-group-type") in {"author", None}]
    for each in (each for group in groups or [citation] for each in group.iter("name", "string-name", "collab")):
        if name(each) == "collab":
            names.append(_plain(each))
        else:
            parts = (
                " ".join("".join(part.itertext()).split()) for part in (*each.findall("surname"), *each.findall("given-names"))
            )
            names.append(" ".join(filter(None, parts)) or _plain(each))
    names = [each for each in names if each]
    others = citation.find(".//etal") is not None or len(names) > 6
    return ", ".join(names[:6]) + (" et al." if others and names else "")


def _venue(citation: Element, place: str) -> str:
    """Where it was printed, as in "Arthritis Rheumatol 2020;72:879-895"."""
    year, volume, first, last = (
        " ".join((citation.findtext(part) or "").split()) for part in ("year", "volume", "fpage", "lpage")
    )
    pages = f"{first}-{last}" if first and last and last != first else first
    numbers = f"{year};{volume}" if year and volume else year or volume
    return " ".join(filter(None, (place, f"{numbers}:{pages}" if pages and numbers else numbers)))
