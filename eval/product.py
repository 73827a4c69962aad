"""Asks the product's own stages, as the Assistant does between a question and its answer, without storing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.retrieval import Evidence, find_evidence
from assistant.types import Query, Turn
from assistant.understanding import stand_alone
from assistant.writing import ExtractiveWriter

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
        query = stand_alone(question, history, self.index, heading)
        return Asked(query, find_evidence(self.index, query, article_id))

    def answers(self, asked: Asked) -> bool:
        """Whether the reader gets an answer and not an abstention."""
        return asked.evidence.confidence >= self.settings.abstain_below

    def quoted(self, asked: Asked) -> list[str]:
        """The ids of the passages that the extractive writer would quote, were the question answered."""
        hits = ExtractiveWriter().write(asked.query, asked.evidence.hits, self.settings.max_sentences)
        return [hit.passage.id for hit in hits]

    def _remembered(self, question: str, article_id: str | None) -> Turn:
        """A stored turn keeps the article its answer quoted first; an abstention quotes none and keeps the open one."""
        asked = self.ask(question, article_id)
        answered = self.answers(asked) and asked.evidence.hits
        return Turn(asked.query.text, asked.evidence.hits[0].passage.article_id if answered else article_id)
