"""Puts questions to the real Assistant, as a reader does, over a store that is thrown away. Measures nothing.

A follow-up that leans on the turn before it is asked after that turn, in a conversation of its own.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answering import Assistant
from assistant.citations import MisquoteError
from assistant.events import Ask
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Role
from corpus.errors import ArticleNotFound, QuestionRefused
from eval.datasets import DatasetError, FollowUp, Unanswerable, load_followups, load_unanswerable
from index.files import sha256_of

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.types import AnswerWriter
    from index.search import Index


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked, and the files it came from. Without unanswerable ones there is no AUROC."""

    answerable: tuple[FollowUp, ...]
    unanswerable: tuple[Unanswerable, ...]
    files: tuple[Path, ...]

    def __iter__(self) -> Iterator[FollowUp | Unanswerable]:
        """The answerable ones first."""
        yield from self.answerable
        yield from self.unanswerable

    def description(self) -> dict[str, Any]:
        """As a result names its dataset."""
        digests = [sha256_of(path) for path in self.files]
        return {
            "name": " + ".join(path.stem for path in self.files),
            "digest": hashlib.sha256("\n".join(digests).encode()).hexdigest(),
            "answerable": len(self.answerable),
            "unanswerable": len(self.unanswerable),
        }


def load_questions(answerable: Path, unanswerable: Path | None) -> Questions:
    """Raises `DatasetError` as `path:line: message`, and for an id that stands in both files."""
    files = (answerable,) if unanswerable is None else (answerable, unanswerable)
    questions = Questions(load_followups(answerable), load_unanswerable(unanswerable) if unanswerable else (), files)
    if twice := {one.id for one in questions.answerable} & {one.id for one in questions.unanswerable}:
        raise DatasetError(f"{unanswerable}: the id {min(twice)} stands in {answerable} too")
    return questions


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question got. `cited` are the passages it cites, or would have cited had it not abstained."""

    question: FollowUp | Unanswerable
    answer: Answer
    cited: tuple[str, ...]
    answering: tuple[str, ...]  # of the cited, those that answer: not the conditions and contrasts that come with them
    milliseconds: float

    @property
    def answered(self) -> bool:
        """Whether the reader got an answer and not an abstention."""
        return self.answer.status is AnswerStatus.ANSWERED

    @property
    def gold(self) -> tuple[str, ...]:
        """None for a question that no article answers."""
        return self.question.gold if isinstance(self.question, FollowUp) else ()

    @property
    def kind(self) -> str:
        """How the results group it."""
        if isinstance(self.question, Unanswerable):
            return "unanswerable"
        return "elliptical" if self.question.previous else "stand-alone"


class Asker:
    """Asks two assistants over one store: the product's, and one that always answers, to see what an abstention withheld."""

    def __init__(self, index: Index, settings: Settings, store: ConversationStore, writer: AnswerWriter) -> None:
        self._product = Assistant(index, store, settings, writer)
        self._eager = Assistant(index, store, settings.model_copy(update={"abstain_below": 0.0}), writer)

    def ask(self, question: FollowUp | Unanswerable, article_open: bool) -> Reply:
        """Asks it after its previous turn, if it has one. Raises `DatasetError`, naming the question, when it cannot."""
        article_id = question.article_id if article_open else None
        try:
            asked = self._after_previous(question, article_id)
            started = time.perf_counter()
            answer = self._product.answer(asked)
            milliseconds = 1000 * (time.perf_counter() - started)
            told = answer
            if answer.status is AnswerStatus.ABSTAINED and isinstance(question, FollowUp):
                told = self._eager.answer(self._after_previous(question, article_id))
        except (QuestionRefused, ArticleNotFound) as error:
            raise DatasetError(f"question {question.id}: {error}") from error
        except MisquoteError as error:
            raise DatasetError(f"question {question.id}: {error}; run `followup index build`") from error
        said = {number for one in told.sentences if one.role is Role.ANSWER for number in one.citations}
        answering = tuple(citation.passage_id for citation in told.citations if citation.number in said)
        return Reply(question, answer, tuple(citation.passage_id for citation in told.citations), answering, milliseconds)

    def _after_previous(self, question: FollowUp | Unanswerable, article_id: str | None) -> Ask:
        """The question as it is asked, in a conversation of its own in which its previous turn was just answered."""
        if isinstance(question, FollowUp) and question.previous:
            first = self._product.answer(Ask(question.previous, article_id))
            return Ask(question.question, article_id, first.conversation_id)
        return Ask(question.question, article_id)


@contextmanager
def opened_asker(index: Index, settings: Settings, writer: AnswerWriter) -> Iterator[Asker]:
    """Until the block ends; then its conversations are gone."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as folder:
        store = ConversationStore(f"sqlite:///{folder}/answers.sqlite")
        try:
            yield Asker(index, settings, store, writer)
        finally:
            store.close()
