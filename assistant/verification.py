"""Holds the quotes of a stored answer against today's articles, to say whether each still stands where it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from corpus.types import Article, Reference


class Standing(StrEnum):
    """What became of a quote."""

    UNCHANGED = "unchanged"  # the same words at the same place
    MOVED = "moved"  # the same words elsewhere in the article
    CHANGED = "changed"  # the article no longer says these words
    WITHDRAWN = "withdrawn"  # the article was withdrawn, or there is no such article any more


@dataclass(frozen=True, slots=True)
class Verified:
    """One citation of a stored answer as it stands today. `start` is where its quote is now, None where it is not."""

    number: int
    article_id: str
    standing: Standing
    start: int | None
    retracted: tuple[int, ...]  # the answer's numbers of references that were retracted since
    note: str  # the same for a reader; empty when nothing changed

    @property
    def holds(self) -> bool:
        """Whether the article still says it and no source behind it was retracted."""
        return self.standing in (Standing.UNCHANGED, Standing.MOVED) and not self.retracted


def verify(citations: Iterable[Mapping[str, Any]], articles: Iterable[Article]) -> list[Verified]:
    """Each stored citation, in order. `articles` are today's."""
    by_id = {article.id: article for article in articles}
    return [_hold(citation, by_id.get(citation["article_id"])) for citation in citations]


def _hold(citation: Mapping[str, Any], article: Article | None) -> Verified:
    standing, start = _standing(citation, article)
    retracted = _retracted(citation["references"], article.references) if article else ()
    return Verified(citation["number"], citation["article_id"], standing, start, retracted, _note(standing, retracted, article))


def _standing(citation: Mapping[str, Any], article: Article | None) -> tuple[Standing, int | None]:
    if article is None or article.withdrawn:
        return Standing.WITHDRAWN, None
    quote: str = citation["quote"]
    if article.text[citation["start"] : citation["end"]] == quote:
        return Standing.UNCHANGED, int(citation["start"])
    found = article.text.find(quote)
    return (Standing.MOVED, found) if found >= 0 else (Standing.CHANGED, None)


def _retracted(cited: Iterable[Mapping[str, Any]], today: Iterable[Reference]) -> tuple[int, ...]:
    """Of the references behind a citation those that their article lists as retracted today."""
    gone = {key for reference in today if reference.retracted for key in _keys(reference.doi, reference.pmid, reference.title)}
    return tuple(source["number"] for source in cited if gone.intersection(_keys(source["doi"], source["pmid"], source["title"])))


def _keys(doi: str | None, pmid: str | None, title: str) -> list[tuple[str, str]]:
    """A source is known again by its DOI or its PMID; by its title only where it has neither."""
    known = [("doi", doi.lower())] if doi else []
    known += [("pmid", pmid)] if pmid else []
    return known or [("title", title.casefold())]


def _note(standing: Standing, retracted: tuple[int, ...], article: Article | None) -> str:
    said = {
        Standing.UNCHANGED: "",
        Standing.MOVED: "",
        Standing.CHANGED: "The article was edited since and no longer says this.",
        Standing.WITHDRAWN: "The article is no longer here.",
    }[standing]
    if article and article.withdrawn:
        said = f"The article was withdrawn on {article.withdrawn.since.isoformat()}: {article.withdrawn.reason}"
    if retracted:
        numbers = " and ".join(f"({number})" for number in retracted)
        said = f"{said} Retracted since: reference {numbers}.".strip()
    return said
