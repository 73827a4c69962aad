"""Holds the quotes of a stored answer against today's articles, to say whether each still stands where it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from corpus.types import Article


class Standing(StrEnum):
    """What became of a quote."""

    UNCHANGED = "unchanged"  # the same words at the same place
    MOVED = "moved"  # the same words elsewhere in the article
    CHANGED = "changed"  # the article no longer says these words
    WITHDRAWN = "withdrawn"  # there is no such article any more


def verify(citations: Iterable[Mapping[str, Any]], articles: Iterable[Article]) -> list[dict[str, Any]]:
    """For each stored citation its number, article, standing, and where the quote stands now (None when it does not)."""
    by_id = {article.id: article for article in articles}
    return [_hold(citation, by_id.get(citation["article_id"])) for citation in citations]


def _hold(citation: Mapping[str, Any], article: Article | None) -> dict[str, Any]:
    quote: str = citation["quote"]
    start: int | None = citation["start"]
    if article is None:
        standing, start = Standing.WITHDRAWN, None
    elif article.text[citation["start"] : citation["end"]] == quote:
        standing = Standing.UNCHANGED
    elif (found := article.text.find(quote)) >= 0:
        standing, start = Standing.MOVED, found
    else:
        standing, start = Standing.CHANGED, None
    return {"number": citation["number"], "article_id": citation["article_id"], "standing": standing, "start": start}
