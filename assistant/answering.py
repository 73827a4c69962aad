"""question + history + open article -> cited answer. The one place where the stages meet.

`Assistant.stream` yields the answer as it becomes ready; `Assistant.answer` is its last event. Knows nothing of HTTP.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.citations import cite
from assistant.disclaimer import DISCLAIMER, NOTICE
from assistant.questions import clean_question
from assistant.retrieval import Evidence, find_evidence
from assistant.types import Answer, AnswerStatus, AnswerWriter, Audience, Citation, Confidence, Nearest, Query, Sentence
from assistant.understanding import stand_alone
from assistant.writing import ExtractiveWriter
from corpus.types import Status

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.store import ConversationStore
    from corpus.types import Passage
    from index.search import Index
    from index.types import ScoredPassage

#: Articles named when nothing answers, and questions offered under every answer.
_NEAREST = 3
_SUGGESTIONS = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """One question as a caller puts it."""

    question: str
    article_id: str | None = None
    conversation_id: str | None = None
    audience: Audience = Audience.CLINICIAN


@dataclass(frozen=True, slots=True)
class Started:
    """First event: what is searched. Given before the search for evidence."""

    answer_id: str
    conversation_id: str
    query: Query
    disclaimer: str
    notice: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence with the citations it rests on."""

    sentence: Sentence
    citations: tuple[Citation, ...]


Event = Started | Spoken | Answer


class Assistant:
    """Answers questions over one open index. Safe to share between threads."""

    def __init__(self, index: Index, store: ConversationStore, settings: Settings, writer: AnswerWriter | None = None) -> None:
        self.index = index
        self.store = store
        self._settings = settings
        self._writer = writer or ExtractiveWriter()

    def answer(self, ask: Ask) -> Answer:
        """The whole answer, stored.

        Raises `QuestionRefused`, `ArticleNotFound`, `ConversationNotFound`, `ModelUnavailable` or `StoreUnavailable`.
        """
        for event in self.stream(ask):
            if isinstance(event, Answer):
                return event
        raise RuntimeError("the stream ended without an answer")  # _events always ends with one

    def stream(self, ask: Ask) -> Iterator[Event]:
        """`Started`, a `Spoken` for each sentence, then the stored `Answer`.

        Raises like `answer`; what is wrong with the question, article or conversation before the first event.
        """
        started = time.perf_counter()
        question = clean_question(ask.question)
        open_article = self.index.store.article(ask.article_id) if ask.article_id is not None else None
        conversation_id = ask.conversation_id
        history = self.store.turns(conversation_id) if conversation_id else []
        query = stand_alone(question, history, self.index, open_article.heading if open_article else None)
        return self._events(ask, question, query, conversation_id or _new_id(), started)

    def _events(self, ask: Ask, question: str, query: Query, conversation_id: str, started: float) -> Iterator[Event]:
        answer_id = _new_id()
        yield Started(answer_id, conversation_id, query, DISCLAIMER, NOTICE)
        evidence = find_evidence(self.index, query, ask.article_id)
        found = time.perf_counter()
        threshold = self._settings.abstain_below
        answered = evidence.confidence >= threshold
        chosen = self._writer.write(query, evidence.hits, self._settings.max_sentences) if answered else []
        sentences, citations, references = cite([hit.passage for hit in chosen], self.index.store.article)
        for sentence in sentences:
            yield Spoken(sentence, tuple(citation for citation in citations if citation.number in sentence.citations))
        answer = Answer(
            answer_id=answer_id,
            conversation_id=conversation_id,
            question=question,
            query=query,
            status=AnswerStatus.ANSWERED if sentences else AnswerStatus.ABSTAINED,
            mode=self._writer.mode,
            audience=ask.audience,
            sentences=tuple(sentences),
            citations=tuple(citations),
            references=tuple(references),
            review_status=Status.least([Status(citation.review_status) for citation in citations]) if citations else None,
            banner=None,
            caveats=(),
            nearest=() if sentences else _nearest(evidence),
            suggestions=self._suggestions(evidence, chosen, question),
            confidence=Confidence(round(evidence.confidence, 3), threshold),
            disclaimer=DISCLAIMER,
            notice=NOTICE,
            index_generation=self.index.manifest.number,
            timing_ms={
                "search": round((found - started) * 1000, 1),
                "total": round((time.perf_counter() - started) * 1000, 1),
            },
        )
        self.store.add(answer, ask.article_id)
        yield answer

    def _suggestions(self, evidence: Evidence, chosen: list[ScoredPassage], question: str) -> tuple[str, ...]:
        """Questions that the nearest passages answer and that this answer did not."""
        said = {hit.passage.id for hit in chosen}
        unsaid = [hit.passage for hit in evidence.hits if hit.passage.id not in said]
        offered = (self._asking_for(passage) for passage in unsaid)
        fresh = dict.fromkeys(text for text in offered if text and text.casefold() != question.casefold())
        return tuple(fresh)[:_SUGGESTIONS]

    def _asking_for(self, passage: Passage) -> str | None:
        """The first question of its article that a passage is the best answer to."""
        questions = self.index.store.article(passage.article_id).questions
        return next((note.text for note in questions if note.statements[0] == passage.statement), None)


def _nearest(evidence: Evidence) -> tuple[Nearest, ...]:
    """The articles that come closest, each once, with the section to open."""
    near: dict[str, Nearest] = {}
    for hit in evidence.hits:
        passage = hit.passage
        near.setdefault(passage.article_id, Nearest(passage.article_id, passage.article_title, passage.section))
    return tuple(near.values())[:_NEAREST]


def _new_id() -> str:
    return secrets.token_urlsafe(12)


def open_assistant(settings: Settings) -> Assistant:
    """An Assistant over the live index and the stored conversations. Raises `IndexUnavailable`, `ModelUnavailable`."""
    from assistant.store import ConversationStore
    from index.search import Index

    return Assistant(Index.open(settings), ConversationStore(settings.database), settings)
