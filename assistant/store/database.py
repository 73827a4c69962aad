"""The tables, in any database SQLAlchemy speaks to; SQLite by default. What fails is a `StoreUnavailable` without its text."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import SettingsError, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData


class Database:
    """Opened once a process; safe to share between threads."""

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
            tables = _tables()
            _make(self._engine, tables)
        except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
            # the URL may hold a password: only the kind of failure is told
            raise SettingsError(
                f"FOLLOWUP_DATABASE cannot be opened ({type(error).__name__}): check its URL and folder"
            ) from error
        self.conversations = tables.tables["conversation"]
        self.answers = tables.tables["answer"]
        self.feedback = tables.tables["feedback"]
        self.sessions = tables.tables["staff_session"]
        self.unanswered = tables.tables["unanswered"]
        self._writing = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction. Raises `StoreUnavailable`, which names the failure without what was to be written."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            raise StoreUnavailable(f"conversations cannot be kept or read now ({said}); check FOLLOWUP_DATABASE") from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same, one at a time: SQLite's own lock is not fair, and of 200 questions at once some would wait over 5 s."""
        with self._writing, self.reading() as connection:
            yield connection

    def forget(self) -> None:
        """Takes what was deleted out of the files too: SQLite's log holds old pages until it is written anew.

        Where somebody reads at this moment, the log is only cut back when it is written back the next time.
        """
        from sqlalchemy import text

        if self._engine.dialect.name == "sqlite":
            with self.writing() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()


def now() -> str:
    """As every table keeps a time: UTC, to the millisecond, so that texts sort as times do."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _tables() -> MetaData:
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

    metadata = MetaData()
    Table(
        "conversation",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("created_at", String(32), nullable=False),
        Column("article_id", String(80)),
        Column("title", String(200)),
        Column("reader", String(64), index=True),  # a digest of the reader's cookie; null: begun through the API
    )
    Table(
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
    Table(
        "feedback",
        metadata,
        Column("answer_id", String(32), ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True),
        Column("reader", String(64), primary_key=True),
        Column("created_at", String(32), nullable=False),
        Column("helpful", Integer, nullable=False),
        Column("reason", String(40)),
        Column("comment", Text),
    )
    Table(
        "staff_session",
        metadata,
        Column("id", String(64), primary_key=True),  # a digest of the cookie
        Column("name", String(60), nullable=False),
        Column("credential", String(64), nullable=False),  # what it was begun with: it ends when that is taken back
        Column("began_at", String(32), nullable=False),
        Column("seen_at", String(32), nullable=False),
    )
    Table(
        "unanswered",
        metadata,
        Column("id", String(32), primary_key=True),  # a digest of what follows up to article_id
        Column("same", String(32), nullable=False, index=True),  # a digest of the redacted words
        Column("day", String(10), nullable=False, index=True),
        Column("status", String(20), nullable=False),
        Column("article_id", String(80), nullable=False),  # empty: none was open
        Column("question", Text, nullable=False),  # redacted
        Column("times", Integer, nullable=False),
    )
    return metadata


def _make(engine: Engine, metadata: MetaData) -> None:
    """Makes what is missing. A database of an earlier version gets the columns that it lacks; nothing is ever dropped."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    failed: list[str] = []
    while missing := _missing(engine, metadata):
        try:
            with engine.begin() as connection:
                for statement in missing:
                    connection.execute(text(statement))
        except DBAPIError:  # where another process makes the same now, less is missing when it is looked again
            if missing == failed:
                raise
            failed = missing


def _missing(engine: Engine, metadata: MetaData) -> list[str]:
    """The statements that would make what is not there."""
    from sqlalchemy import inspect
    from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

    found, statements = inspect(engine), []
    for table in metadata.sorted_tables:
        if found.has_table(table.name):
            there = {column["name"] for column in found.get_columns(table.name)}
            added = [CreateColumn(column).compile(engine) for column in table.columns if column.name not in there]
            statements += [f"ALTER TABLE {table.name} ADD COLUMN {column}" for column in added]
            indexed = {index["name"] for index in found.get_indexes(table.name)}
        else:
            statements.append(str(CreateTable(table).compile(engine)))
            indexed = set()
        statements += [str(CreateIndex(index).compile(engine)) for index in table.indexes if index.name not in indexed]
    return statements


def _configure_sqlite(connection: Any, _record: object) -> None:
    """WAL: readers do not wait for the writer. 2,366 single-row commits a second with 8 threads, no errors.

    What is deleted is overwritten with zeros: SQLite would leave it in the file until its page is used again.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
