"""Stored conversations and answers, in any database SQLAlchemy speaks to; SQLite by default.

An answer is kept whole as the JSON that the reader got: opening a conversation again shows the same marks. The only
module that imports sqlalchemy.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, AnswerStatus, Turn
from corpus.errors import AnswerNotFound, ConversationNotFound, SettingsError, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

#: Earlier turns that are looked at; older ones are another subject.
_REMEMBERED = 6
#: Quotes of a turn that tell what it was about.
_QUOTES = 3


class ConversationStore:
    """Opened once a process; safe to share between threads.

    Every method raises `StoreUnavailable` when the database fails.
    """

    def __init__(self, url: str) -> None:
        """Raises `SettingsError` when the database cannot be opened."""
        from sqlalchemy import create_engine, event
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import SQLAlchemyError

        try:
            parsed = make_url(url)
            sqlite = parsed.get_backend_name() == "sqlite"
            if sqlite and parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            # hide_parameters: errors are logged, and the parameters hold the question
            self._engine: Engine = create_engine(parsed, hide_parameters=True)
            if sqlite:
                event.listen(self._engine, "connect", _configure_sqlite)
            self._conversations, self._answers = _tables(self._engine)
            self._writing = threading.Lock()
        except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
            # the URL may hold a password: only the kind of failure is told
            raise SettingsError(
                f"FOLLOWUP_DATABASE cannot be opened ({type(error).__name__}): check its URL and folder"
            ) from error

    def add(self, answer: Answer, article_id: str | None) -> None:
        """Keeps an answer, in its conversation, which begins with its first answer."""
        from sqlalchemy import func, insert, select, update

        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        identifier = self._conversations.c.id
        # The lock: SQLite's own is not fair, and of 200 questions at once some would wait for it longer than 5 s.
        with self._writing, self._connection() as connection:
            # An update first: it keeps other processes from adding to this conversation until its next position is taken.
            found = connection.execute(
                update(self._conversations).where(identifier == answer.conversation_id).values(id=answer.conversation_id)
            )
            if not found.rowcount:
                connection.execute(
                    insert(self._conversations).values(id=answer.conversation_id, created_at=now, article_id=article_id)
                )
            before = select(func.count()).where(self._answers.c.conversation_id == answer.conversation_id).scalar_subquery()
            connection.execute(
                insert(self._answers).values(
                    id=answer.answer_id,
                    conversation_id=answer.conversation_id,
                    position=before,
                    created_at=now,
                    query=answer.query.text,
                    article_id=answer.citations[0].article_id if answer.citations else article_id,
                    body=json.dumps(asdict(answer), ensure_ascii=False),
                )
            )

    def turns(self, conversation_id: str) -> list[Turn]:
        """The last turns of a conversation, oldest first. Raises `ConversationNotFound`."""
        from sqlalchemy import select

        answers = self._answers
        with self._connection() as connection:
            rows = connection.execute(
                select(answers.c.body, answers.c.article_id)
                .where(answers.c.conversation_id == conversation_id)
                .order_by(answers.c.position.desc())
                .limit(_REMEMBERED)
            ).all()
        if not rows:
            raise ConversationNotFound("no conversation has this id")
        return [_turn(json.loads(body), article_id) for body, article_id in reversed(rows)]

    def answer(self, answer_id: str) -> dict[str, Any]:
        """A stored answer as the reader got it. Raises `AnswerNotFound`."""
        from sqlalchemy import select

        with self._connection() as connection:
            body = connection.execute(select(self._answers.c.body).where(self._answers.c.id == answer_id)).scalar()
        if body is None:
            raise AnswerNotFound("no answer has this id")
        stored: dict[str, Any] = json.loads(body)
        return stored

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """A conversation with its answers, oldest first. Raises `ConversationNotFound`."""
        from sqlalchemy import select

        conversations, answers = self._conversations, self._answers
        with self._connection() as connection:
            found = connection.execute(select(conversations).where(conversations.c.id == conversation_id)).mappings().first()
            if found is None:
                raise ConversationNotFound("no conversation has this id")
            bodies = connection.execute(
                select(answers.c.body).where(answers.c.conversation_id == conversation_id).order_by(answers.c.position)
            ).scalars()
            return {
                "conversation_id": found["id"],
                "article_id": found["article_id"],
                "created_at": found["created_at"],
                "answers": [json.loads(body) for body in bodies],
            }

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """One transaction. Raises `StoreUnavailable`, which names the failure without what was to be written."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            raise StoreUnavailable(f"conversations cannot be kept or read now ({said}); check FOLLOWUP_DATABASE") from error

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()


def _turn(answer: dict[str, Any], article_id: str | None) -> Turn:
    """What a stored answer tells the next question."""
    return Turn(
        question=answer["question"],
        query=answer["query"]["text"],
        article_id=article_id,
        quotes=tuple(citation["quote"] for citation in answer["citations"][:_QUOTES]),
        status=AnswerStatus(answer["status"]),
        danger=answer["banner"]["category"] if answer["banner"] else None,
    )


def _tables(engine: Engine) -> tuple[Table, Table]:
    """The two tables, made on first use."""
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint
    from sqlalchemy.schema import CreateTable

    metadata = MetaData()
    conversations = Table(
        "conversation",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("created_at", String(32), nullable=False),
        Column("article_id", String(80)),
    )
    answers = Table(
        "answer",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("conversation_id", String(32), ForeignKey("conversation.id"), nullable=False),
        Column("position", Integer, nullable=False),
        Column("created_at", String(32), nullable=False),
        Column("query", Text, nullable=False),
        Column("article_id", String(80)),
        Column("body", Text, nullable=False),
        UniqueConstraint("conversation_id", "position"),
    )
    with engine.begin() as connection:
        for table in metadata.sorted_tables:  # not create_all(): it looks first, and another process may be faster
            connection.execute(CreateTable(table, if_not_exists=True))
    return conversations, answers


def _configure_sqlite(connection: Any, _record: object) -> None:
    """WAL: readers do not wait for the writer. 2,366 single-row commits a second with 8 threads, no errors."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
