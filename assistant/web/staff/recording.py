"""Everything that staff do here stands in the audit log before it is done: what the log cannot take is not done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assistant.web.staff.current import desk
from assistant.web.staff.guarding import member
from corpus.audit import Action


@contextmanager
def recorded(action: Action, subject: str, **details: Any) -> Iterator[None]:
    """An entry for the block; a second one where it fails, that it did not take place. Raises `AuditUnavailable`."""
    entry = desk().audit.append(member().name, action, subject, **details)
    try:
        yield
    except BaseException as error:
        desk().audit.append(member().name, Action.UNDONE, subject, entry=entry.sequence, error=type(error).__name__)
        raise
