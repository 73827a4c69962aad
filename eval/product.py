"""Asks the product's own stages, as the Assistant does between a question and its answer, without storing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.parts import asked_part, queries
from assistant.retrieval import Evidence, find_evidence
from assistant.selection import Selection, select
from assistant.types import Query, Turn
from assistant.understanding import stand_alone

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.search import Index


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question became and what was found for it."""

    query: Query
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Product:
    """The index and the settings that the Assistant would answer with."""

    index: Index
    settings: Settings

    def ask(self, question: str, article_id: str | None, previous: str | None = None) -> Asked:
        """`previous` is asked first, as the first question of the conversation, and remembered as the store would."""
        history = [self._remembered(previous, article_id)] if previous else []
        heading = self.index.store.article(article_id).heading if article_id else None
        query = stand_alone(asked_part(question, self.index), history, self.index, heading)
        return Asked(query, find_evidence(self.index, query, article_id))

    def answers(self, asked: Asked) -> bool:
        """Whether the reader gets an answer and not an abstention."""
        return asked.evidence.confidence >= self.settings.abstain_below

    def quoted(self, asked: Asked) -> list[str]:
        """The ids of the passages that the answer would quote, were the question answered."""
        return [one.hit.passage.id for one in self.selected(asked).chosen]

    def selected(self, asked: Asked) -> Selection:
        """What the answer would hold, were the question answered."""
        parts = queries(asked.query.variants[0].text, [], self.index)
        return select(self.index, asked.query, asked.evidence, parts, self.settings.max_sentences)

    def _remembered(self, question: str, article_id: str | None) -> Turn:
        """A stored turn keeps what its answer quoted and the article it quoted first; an abstention, the open article."""
        return remembered(question, self, self.ask(question, article_id), article_id)


def remembered(question: str, product: Product, asked: Asked, article_id: str | None) -> Turn:
    """The turn that the store gives back for a question; its quotes are the best passages, as many as an answer has."""
    passages = [hit.passage for hit in asked.evidence.hits[: product.settings.max_sentences]] if product.answers(asked) else []
    quotes = tuple(passage.text for passage in passages)
    return Turn(question, asked.query.text, passages[0].article_id if passages else article_id, quotes)
