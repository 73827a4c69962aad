"""What a reader can do next: articles to open where nothing answers, and questions that the evidence does answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Answer, Nearest

if TYPE_CHECKING:
    from assistant.retrieval import Evidence
    from corpus.types import Passage
    from index.search import Index

_NEAREST = 3
_SUGGESTIONS = 4


def nearest(evidence: Evidence) -> tuple[Nearest, ...]:
    """The articles that come closest, each once, with the section to open."""
    near: dict[str, Nearest] = {}
    for hit in evidence.hits:
        passage = hit.passage
        near.setdefault(passage.article_id, Nearest(passage.article_id, passage.article_title, passage.section))
    return tuple(near.values())[:_NEAREST]


def suggestions(index: Index, evidence: Evidence, answer: Answer) -> tuple[str, ...]:
    """Questions that the nearest passages answer and that this answer did not."""
    said = {citation.passage_id for citation in answer.citations}
    unsaid = [hit.passage for hit in evidence.hits if hit.passage.id not in said]
    offered = (_asking_for(index, passage) for passage in unsaid)
    fresh = dict.fromkeys(text for text in offered if text and text.casefold() != answer.question.casefold())
    return tuple(fresh)[:_SUGGESTIONS]


def _asking_for(index: Index, passage: Passage) -> str | None:
    """The first question of its article that a passage is the best answer to."""
    questions = index.store.article(passage.article_id).questions
    return next((note.text for note in questions if note.statements[0] == passage.statement), None)
