"""What readers thought of answers, kept for staff: one opinion of each reader on each answer, the last one given."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from assistant.store.database import now
from assistant.text import readable
from corpus.errors import AnswerNotFound, FollowupError

if TYPE_CHECKING:
    from assistant.store.database import Database

#: Characters of a comment.
MAX_COMMENT = 1000


class Reason(StrEnum):
    """Why an answer did not help."""

    UNSAFE = "unsafe"
    UNSUPPORTED = "unsupported"
    OFF_TOPIC = "off_topic"
    INCOMPLETE = "incomplete"
    OUT_OF_DATE = "out_of_date"
    HARD_TO_READ = "hard_to_read"
    OTHER = "other"

    @property
    def label(self) -> str:
        """As readers choose it."""
        return _LABELS[self]


_LABELS = {
    Reason.UNSAFE: "It could harm someone",
    Reason.UNSUPPORTED: "A citation does not say what the answer says",
    Reason.OFF_TOPIC: "It answers another question",
    Reason.INCOMPLETE: "Something important is missing",
    Reason.OUT_OF_DATE: "It is out of date",
    Reason.HARD_TO_READ: "It is hard to understand",
    Reason.OTHER: "Something else",
}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reader thought of an answer."""

    helpful: bool
    reason: Reason | None = None
    comment: str = ""


class OpinionNotFound(FollowupError):
    """No kept opinion has this id."""

    exit_code = 2
    status = 404


class FeedbackStore:
    """The opinions in a database. Every method raises `StoreUnavailable` when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, answer_id: str, reader: str, opinion: Opinion) -> None:
        """Keeps an opinion in the place of the reader's earlier one. Raises `AnswerNotFound`."""
        from sqlalchemy import delete, insert, update

        answers, feedback = self._database.answers, self._database.feedback
        with self._database.writing() as connection:
            # An update first: it keeps the answer from being deleted, and a second opinion out, until this one is kept.
            found = connection.execute(update(answers).where(answers.c.id == answer_id).values(id=answer_id))
            if not found.rowcount:
                raise AnswerNotFound("no answer has this id")
            connection.execute(delete(feedback).where(feedback.c.answer_id == answer_id, feedback.c.reader == reader))
            connection.execute(
                insert(feedback).values(
                    answer_id=answer_id,
                    reader=reader,
                    created_at=now(),
                    helpful=int(opinion.helpful),
                    reason=opinion.reason.value if opinion.reason else None,
                    comment=readable(opinion.comment)[:MAX_COMMENT],
                )
            )

    def of(self, reader: str, conversation_id: str) -> dict[str, Opinion]:
        """A reader's opinions on the answers of a conversation, by answer id."""
        from sqlalchemy import select

        answers, feedback = self._database.answers, self._database.feedback
        chosen = (
            select(feedback)
            .join(answers, answers.c.id == feedback.c.answer_id)
            .where(answers.c.conversation_id == conversation_id, feedback.c.reader == reader)
        )
        with self._database.reading() as connection:
            return {row["answer_id"]: _opinion(row) for row in connection.execute(chosen).mappings()}

    def all(self, since: str = "") -> list[dict[str, Any]]:
        """Every opinion for staff, the latest first: id, answer_id, created_at, helpful, reason, comment, question. No reader.

        `since`: an ISO date or time in UTC.
        """
        from sqlalchemy import select

        answers, feedback = self._database.answers, self._database.feedback
        columns = [feedback.c[name] for name in ("answer_id", "reader", "created_at", "helpful", "reason", "comment")]
        chosen = (
            select(*columns, answers.c.body)
            .join(answers, answers.c.id == feedback.c.answer_id)
            .where(feedback.c.created_at >= since)
            .order_by(feedback.c.created_at.desc(), feedback.c.answer_id)
        )
        with self._database.reading() as connection:
            return [_for_staff(dict(row)) for row in connection.execute(chosen).mappings()]

    def delete(self, opinion_id: str) -> None:
        """Deletes the opinion with an `id` of `all`. Raises `OpinionNotFound`."""
        from sqlalchemy import delete, select

        feedback = self._database.feedback
        with self._database.writing() as connection:
            given = connection.execute(select(feedback.c.answer_id, feedback.c.reader)).all()
            found = next((each for each in given if _id(*each) == opinion_id), None)
            if found is None:
                raise OpinionNotFound("no kept opinion has this id")
            own = (feedback.c.answer_id == found.answer_id) & (feedback.c.reader == found.reader)
            connection.execute(delete(feedback).where(own))
        self._database.forget()


def _for_staff(row: dict[str, Any]) -> dict[str, Any]:
    question = json.loads(row.pop("body"))["question"]
    return {"id": _id(row["answer_id"], row.pop("reader")), **row, "helpful": bool(row["helpful"]), "question": question}


def _id(answer_id: str, reader: str) -> str:
    """Names one opinion. It tells nobody which opinions are of one reader."""
    return hashlib.sha256(f"{answer_id}\n{reader}".encode()).hexdigest()[:32]


def _opinion(row: Any) -> Opinion:
    return Opinion(bool(row["helpful"]), Reason(row["reason"]) if row["reason"] else None, row["comment"] or "")
