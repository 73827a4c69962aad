"""Checks of the references: listed twice, not to be looked up, retracted or superseded and cited alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from corpus.identifiers import doi_key
from corpus.linting.types import Found, Known
from corpus.types import Article, Reference, ReferenceType

_NOT_WORD = re.compile(r"\W+")
#: "N Engl J Med 2001;344:783-792", "BMJ 2019;365:l2006": enough to find a paper in a library.
_VOLUME = re.compile(r"\d\s?(?:\([^)]{0,20}\))?\s?:\s?[A-Za-z]{0,2}\d")


def duplicates(article: Article, known: Known) -> Iterator[Found]:
    """The same source listed twice; the DOI and number that are equal to the letter are the loader's."""
    first: dict[tuple[str, str], Reference] = {}
    for position, reference in enumerate(article.references):
        doi = doi_key(reference.doi)
        for what, key in (("DOI", doi or ""), ("title, year and venue", _named(reference))):
            if not key:
                continue
            earlier = first.setdefault((what, key), reference)
            told = earlier is reference or (what == "DOI" and earlier.doi == reference.doi)
            if not told and not _told_apart(earlier, reference, what):
                said = f"reference {reference.id} is listed twice: the same {what} as reference {earlier.id}"
                yield Found("duplicate-reference", said, ("references", position))
                break


def lookup(article: Article, known: Known) -> Iterator[Found]:
    """References whose age or place cannot be seen, and an article written here without any."""
    if not article.references and not article.source:
        yield Found("no-references", "the article lists no reference", ("id",))
    for position, reference in enumerate(article.references):
        at = ("references", position)
        if reference.year is None and reference.type is not ReferenceType.LABEL:
            yield Found("reference-year", f"reference {reference.id} ({reference.type}) has no year", at)
        if not (reference.doi or reference.pmid or reference.url or _VOLUME.search(reference.venue)):
            said = f"reference {reference.id} has no doi, pmid or url, and its venue names no volume and page"
            yield Found("reference-lookup", said, at)


def retracted(article: Article, known: Known) -> Iterator[Found]:
    """References that were retracted, by the article's own word or by the list, and statements that rest on them alone."""
    gone: set[int] = set()
    for position, reference in enumerate(article.references):
        at = ("references", position)
        found = known.retractions.find(reference.doi, reference.pmid)
        if found and not reference.retracted:
            notice = f", notice {found.notice}" if found.notice else ""
            said = f"reference {reference.id} was retracted on {found.date}{notice} (list of retractions)"
            yield Found("retracted-reference", said, at)
        if found or reference.retracted:
            gone.add(reference.id)
        elif concern := known.retractions.concern(reference.doi, reference.pmid):
            said = f"reference {reference.id}: expression of concern since {concern.date}"
            yield Found("concern", said + (f", notice {concern.notice}" if concern.notice else ""), at)
    yield from _alone(article, gone, "retracted")


def superseded(article: Article, known: Known) -> Iterator[Found]:
    """Statements that rest on references which something has replaced, and on nothing else."""
    yield from _alone(article, {reference.id for reference in article.references if reference.superseded_by}, "superseded")


def _alone(article: Article, gone: Collection[int], how: str) -> Iterator[Found]:
    for block in article.blocks if gone else ():
        if block.marks and all(mark in gone for mark in block.marks):
            name = f"^{block.statement}" if block.statement else "a text"
            marks = ", ".join(map(str, block.marks))
            yield Found(f"{how}-alone", f"{name} cites nothing but {how} references [{marks}]", block.line)


def _named(reference: Reference) -> str:
    """Title, year and venue without what typing changes: case, punctuation, blanks."""
    words = (_NOT_WORD.sub(" ", said).strip().casefold() for said in (reference.title, reference.venue))
    return f"{reference.year}|{'|'.join(words)}"


def _told_apart(one: Reference, other: Reference, what: str) -> bool:
    """Two parts of one title have numbers of their own."""
    if what == "DOI":
        return False
    differ = (doi_key(one.doi), doi_key(other.doi)), (one.pmid, other.pmid), (one.url, other.url)
    return any(a and b and a != b for a, b in differ)
