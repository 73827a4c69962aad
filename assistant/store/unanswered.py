"""Questions that got no answer, kept for staff without personal details: what the articles lack.

On unless the operator turns it off (FOLLOWUP_KEEP_UNANSWERED). Questions are health information, and redaction misses about one
name in ten (assistant/redaction.py has the figures), so that it alone does not make them anonymous. What is kept:

- the redacted wording, the day, whether it was withheld or asked back, and the open article. No conversation, reader, address
  or time of day;
- no long text and none that held several details: that is a letter or a record, which tells who somebody is without a name;
- a question that is asked again is counted, not kept again;
- what a reader deletes is taken back here too: its wording and day are worked out anew from what is deleted, since nothing
  links the two. After a change of what redaction finds, a wording kept before may not be found so, and stays its time out: a
  digest of the words as they were asked would find it, and would also prove to whoever guesses a name that it was there;
- after FOLLOWUP_UNANSWERED_DAYS it is removed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.redaction import details, redact
from assistant.store.database import now
from assistant.types import AnswerStatus
from corpus.clock import today
from corpus.errors import FollowupError, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from assistant.settings import Settings
    from assistant.store.database import Database
    from assistant.types import Answer

log = logging.getLogger(__name__)

#: The statuses of an answer that leaves its question open.
UNANSWERED = frozenset({AnswerStatus.ABSTAINED, AnswerStatus.CLARIFY})
#: Characters of a question that is kept. The longest of the 1,278 shipped titles and questions has 183.
MAX_QUESTION = 300
#: Details taken out of a question that is kept.
MAX_DETAILS = 2


class UnansweredNotFound(FollowupError):
    """No kept question has this id."""

    status = 404


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without an answer, in all its askings. `id` is of its redacted wording. Days are UTC, YYYY-MM-DD."""

    id: str
    question: str
    times: int
    first_day: str
    last_day: str
    statuses: tuple[str, ...]
    article_ids: tuple[str, ...]  # that were open


class UnansweredStore:
    """The kept questions of a database. Every method raises `StoreUnavailable` when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, question: str, status: AnswerStatus, article_id: str | None = None, *, day: str | None = None) -> bool:
        """Counts a question, without its details. False, and nothing is kept, where it is too long or held too many."""
        from sqlalchemy import insert, update

        if len(question) > MAX_QUESTION or details(said := redact(question)) > MAX_DETAILS:
            return False
        table = self._database.unanswered
        row = {"same": _same(said), "day": day or now()[:10], "status": status.value, "article_id": article_id or ""}
        with self._database.writing() as connection:
            again = update(table).where(table.c.id == _id(row)).values(times=table.c.times + 1)
            if not connection.execute(again).rowcount:
                connection.execute(insert(table).values(**row, id=_id(row), question=said, times=1))
        return True

    def all(self, since: str = "") -> list[Unanswered]:
        """Every question asked on a day (UTC) or later: the most often asked first, then the latest."""
        from sqlalchemy import select

        table = self._database.unanswered
        with self._database.reading() as connection:
            chosen = select(table).where(table.c.day >= since).order_by(table.c.day, table.c.id)
            rows = connection.execute(chosen).mappings().all()
        groups: dict[str, list[Any]] = {}
        for row in rows:
            groups.setdefault(row["same"], []).append(row)
        asked = [_together(same, group) for same, group in groups.items()]
        asked.sort(key=lambda one: (one.times, one.last_day), reverse=True)
        return asked

    def delete(self, question_id: str) -> None:
        """Deletes a question in all its askings. Raises `UnansweredNotFound`."""
        if not self._delete(self._database.unanswered.c.same == question_id):
            raise UnansweredNotFound("no kept question has this id")

    def delete_before(self, day: str) -> int:
        """Deletes what was asked before a day (UTC); how many rows that were."""
        return self._delete(self._database.unanswered.c.day < day)

    def _delete(self, which: Any) -> int:
        from sqlalchemy import delete

        with self._database.writing() as connection:
            deleted = connection.execute(delete(self._database.unanswered).where(which)).rowcount
        if deleted:
            self._database.forget()
        return deleted


def keep_unanswered(database: Database, settings: Settings, answer: Answer, article_id: str | None) -> None:
    """Keeps the question of an answer that leaves it open, where the settings say so. Never fails: the answer matters more.

    Not where somebody may be in danger: what they said stays in their own conversation.
    """
    if not settings.keep_unanswered or answer.status not in UNANSWERED or answer.banner:
        return
    store = UnansweredStore(database)
    try:
        store.add(answer.question, answer.status, article_id)
        store.delete_before(f"{today() - dt.timedelta(days=settings.unanswered_days)}")
    except StoreUnavailable as error:
        log.error("an unanswered question was not kept: %s", error)


def take_back(connection: Connection, database: Database, answers: Iterable[Sequence[Any]]) -> None:
    """Uncounts the questions of answers that are being deleted: each its JSON, when it was given and the article of it.

    Those kept before redaction last changed are found only where it still gives the same wording.
    """
    from sqlalchemy import delete, update

    table = database.unanswered
    for body, created_at, article_id in answers:
        answer = json.loads(body)
        if answer["status"] not in UNANSWERED or answer["banner"] or len(answer["question"]) > MAX_QUESTION:
            continue
        same = _same(redact(answer["question"]))
        row = {"same": same, "day": created_at[:10], "status": answer["status"], "article_id": article_id or ""}
        asked = table.c.id == _id(row)
        connection.execute(update(table).where(asked).values(times=table.c.times - 1))
        connection.execute(delete(table).where(asked & (table.c.times < 1)))


def _together(same: str, rows: list[Any]) -> Unanswered:
    return Unanswered(
        id=same,
        question=rows[-1]["question"],
        times=sum(row["times"] for row in rows),
        first_day=rows[0]["day"],
        last_day=rows[-1]["day"],
        statuses=tuple(sorted({row["status"] for row in rows})),
        article_ids=tuple(sorted({row["article_id"] for row in rows} - {""})),
    )


def _same(question: str) -> str:
    """Of the words alone: "What's the dose?" and "whats the dose" are one question."""
    words = re.findall(r"\w+", re.sub(r"['’]", "", question.casefold()))
    return _digest(" ".join(words))


def _id(row: dict[str, str]) -> str:
    return _digest("\n".join(row.values()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
