"""Does the assistant ask back where a question has two readings, and only there: `ClarifyRate`.

Its own conversations (`data/clarify.jsonl`) say of each question whether it should; the shipped follow-ups have one topic
each, so every question asked back there is one too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.clarifying import clarify
from assistant.retrieval import find_evidence
from assistant.understanding import stand_alone
from eval.datasets import CLARIFY, FollowUp, load_clarify
from eval.product import Asked, remembered

if TYPE_CHECKING:
    from assistant.types import Clarification, Turn
    from eval.product import Product

#: Of the questions that have one reading, at most this share may be asked back (issue 4).
MOST_ASKED = 0.03
_SHOULD = "should ask"


@dataclass(frozen=True, slots=True)
class Rate:
    """The share of some questions that is asked back, and which of them went the wrong way."""

    name: str
    questions: int
    clarify_rate: float
    wrong: tuple[str, ...]


def clarified(product: Product, question: str, history: Sequence[Turn], article_id: str | None) -> Clarification | None:
    """What the product asks back: readings are searched where the answer would come from."""
    index = product.index

    def find(text: str) -> list[str]:
        return [hit.passage.id for hit in index.search(index.encode(text), k=1, article_id=article_id)]

    return clarify(question, history, index, find)


def played(product: Product, questions: Sequence[str], article_id: str | None) -> list[Turn]:
    """The turns that earlier questions leave behind, each asked after those before it."""
    turns: list[Turn] = []
    heading = product.index.store.article(article_id).heading if article_id else None
    for question in questions:
        query = stand_alone(question, turns, product.index, heading)
        asked = Asked(query, find_evidence(product.index, query, article_id))
        turns.append(remembered(question, product, asked, article_id))
    return turns


def run(product: Product, followups: Sequence[FollowUp], path: Path | None = CLARIFY) -> tuple[Rate, ...]:
    """`should ask` and `must not ask` of a file of conversations, and the elliptical follow-ups, article open and not."""
    asked = {
        one: clarified(product, one.question, played(product, one.previous, one.article_id), one.article_id)
        for one in (load_clarify(path) if path else ())
    }
    rates = []
    for name, wanted in ((_SHOULD, True), ("must not ask", False)):
        some = {one.id: bool(found) for one, found in asked.items() if one.asks is wanted}
        rates.append(_rate(name, some, wanted))
    elliptical = [followup for followup in followups if followup.previous]
    for scope in ("article open", "whole corpus"):
        some = {}
        for one in elliptical:
            article_id = one.article_id if scope == "article open" else None
            history = played(product, [one.previous or ""], article_id)
            some[one.id] = bool(clarified(product, one.question, history, article_id))
        rates.append(_rate(f"elliptical, {scope}", some, wanted=False))
    return tuple(rate for rate in rates if rate.questions)


def too_often(rates: Sequence[Rate]) -> list[str]:
    """The rows of questions with one reading that are asked back more often than `MOST_ASKED`, as sentences."""
    one_reading = [rate for rate in rates if rate.name != _SHOULD]
    above = [rate for rate in one_reading if rate.clarify_rate > MOST_ASKED]
    return [f"{rate.name}: ClarifyRate {rate.clarify_rate:.3f} is above {MOST_ASKED:g}" for rate in above]


def _rate(name: str, asked: dict[str, bool], wanted: bool) -> Rate:
    wrong = tuple(identifier for identifier, was in asked.items() if was is not wanted)
    return Rate(name, len(asked), sum(asked.values()) / len(asked) if asked else 0.0, wrong)
