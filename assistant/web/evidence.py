"""What a citation mark opens: the quote in its place in the article, with its references, review state and date.

A page of its own without JavaScript; evidence.js shows the same beside the conversation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, render_template, request

from assistant.verification import verify
from assistant.web.addresses import address
from assistant.web.current import assistant
from assistant.web.sections import Section, sections
from corpus.errors import AnswerNotFound, ArticleNotFound
from corpus.types import Article

routes = Blueprint("evidence", __name__)

#: Headings of the article stand under two of the evidence: "Citation 2 of 5" and "In its place".
_HEADINGS_ABOVE = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """A citation as it stands today."""

    citation: Mapping[str, Any]  # as stored with its answer
    updated: dt.date  # of the article, when it was quoted
    article: Article | None  # today's; None where it is gone
    note: str  # what became of the quote since; empty when nothing did
    sections: tuple[Section, ...]  # today's article with the quote marked in it
    found: bool  # whether the quote is marked: the article may no longer say it
    statement: str | None  # the id of the quoted statement, where today's article still has one of that id

    @property
    def edited(self) -> bool:
        """Whether the article has another review state or date than when it was quoted, or is withdrawn."""
        if self.article is None:
            return False
        today = (self.article.status.value, self.article.last_updated)
        return self.article.withdrawn is not None or today != (self.citation["review_status"], self.updated)


@routes.get("/answers/<answer_id>/citations/<int:number>")
def show(answer_id: str, number: int) -> str:
    """A citation of a stored answer. `?part=` leaves the page around it out; `?open=` is the article that is open beside it.

    Raises `AnswerNotFound`, also where the answer has no citation of that number.
    """
    answer = assistant().store.answer(answer_id)
    numbers = [citation["number"] for citation in answer["citations"]]
    if number not in numbers:
        raise AnswerNotFound("the answer has no citation of this number")
    at = numbers.index(number)
    open_article = _article(request.args.get("open", ""))
    open_id = open_article.id if open_article else None
    part = "part" in request.args
    return render_template(
        "_evidence.html" if part else "evidence.html",
        part=part,
        answer=answer,
        evidence=evidence_of(answer["citations"][at], _article(answer["citations"][at]["article_id"])),
        position=at + 1,
        previous=numbers[at - 1] if at else None,
        next=numbers[at + 1] if at + 1 < len(numbers) else None,
        open_id=open_id,
        back=address(open_id, answer["conversation_id"], answer_id),
    )


def evidence_of(citation: Mapping[str, Any], article: Article | None) -> Evidence:
    """A stored citation held against today's article, or against None where that is gone."""
    [now] = verify([citation], [article] if article else [])
    span = _span(citation, article) if article else None
    statements = {block.statement for block in article.blocks} if article else set()
    return Evidence(
        citation=citation,
        updated=dt.date.fromisoformat(citation["last_updated"]),
        article=article,
        note=now.note,
        sections=tuple(_lowered(section) for section in sections(article, span)) if article else (),
        found=span is not None,
        statement=citation["statement_id"] if citation["statement_id"] in statements else None,
    )


def _span(citation: Mapping[str, Any], article: Article) -> tuple[int, int] | None:
    """Where the article says the quote, in its characters; None where it does not. One that is withdrawn still says it."""
    [standing] = verify([citation], [replace(article, withdrawn=None)])
    return None if standing.start is None else (standing.start, standing.start + len(citation["quote"]))


def _lowered(section: Section) -> Section:
    return replace(section, depth=section.depth + _HEADINGS_ABOVE)


def _article(article_id: str) -> Article | None:
    """Today's article, or None where it is gone."""
    try:
        return assistant().index.store.article(article_id)
    except ArticleNotFound:
        return None
