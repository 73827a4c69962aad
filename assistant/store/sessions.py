"""Sessions of staff who signed in, by a digest of their cookie: what stands in the database lets nobody pose as them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

#: A session ends so long after the last page that somebody asked for, and so long after it began (OWASP: 15-30 min, 4-8 h).
IDLE = dt.timedelta(minutes=30)
WHOLE = dt.timedelta(hours=8)
#: The last page is noted only so often: reading a page need not write.
_NOTED = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """`credential` is of what was shown at the sign-in (assistant/staff/credentials.py)."""

    name: str
    credential: str
    began_at: dt.datetime


class SessionStore:
    """The sessions in a database. Every method raises `StoreUnavailable` when the database fails."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._database, self._clock = database, clock

    def begin(self, name: str, credential: str) -> str:
        """A new session; returns what its cookie holds: 256 random bits. Sessions that are over are removed."""
        from sqlalchemy import delete, insert

        cookie, at, sessions = secrets.token_urlsafe(32), self._clock(), self._database.sessions
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(~self._lasting()))
            begun = {"id": _digest(cookie), "name": name, "credential": credential}
            connection.execute(insert(sessions).values(**begun, began_at=_text(at), seen_at=_text(at)))
        return cookie

    def find(self, cookie: str, *, noted: bool = True) -> Session | None:
        """The session of a cookie, if it is not over. `noted`: somebody is there, the half hour begins again."""
        from sqlalchemy import select, update

        sessions, at = self._database.sessions, self._clock()
        own = sessions.c.id == _digest(cookie)
        with self._database.reading() as connection:
            found = connection.execute(select(sessions).where(own & self._lasting())).mappings().first()
        if found is None:
            return None
        if noted and dt.datetime.fromisoformat(found["seen_at"]) <= at - _NOTED:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(own).values(seen_at=_text(at)))
        return Session(found["name"], found["credential"], dt.datetime.fromisoformat(found["began_at"]))

    def end(self, cookie: str) -> None:
        """Ends the session of a cookie, if there is one."""
        from sqlalchemy import delete

        sessions = self._database.sessions
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.id == _digest(cookie)))

    def _lasting(self) -> ColumnElement[bool]:
        sessions, at = self._database.sessions, self._clock()
        return (sessions.c.seen_at > _text(at - IDLE)) & (sessions.c.began_at > _text(at - WHOLE))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _text(at: dt.datetime) -> str:
    """As every table keeps a time (assistant/store/database.py)."""
    return at.isoformat(timespec="milliseconds")
