"""What the staff pages of the running application work with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

from corpus.clock import today

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.staff.credentials import Staff
    from assistant.staff.jobs import JobBoard
    from assistant.staff.overview import Overview
    from assistant.store.sessions import SessionStore
    from assistant.store.unanswered import UnansweredStore
    from assistant.web.staff.throttling import SignIns
    from corpus.audit import AuditLog


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once by `register_staff`."""

    settings: Settings
    staff: Staff
    sessions: SessionStore
    sign_ins: SignIns
    audit: AuditLog
    jobs: JobBoard
    overview: Overview
    unanswered: UnansweredStore

    @property
    def today(self) -> dt.date:
        """In UTC."""
        return today()


def desk() -> Desk:
    """That of the application that answers this request."""
    return cast(Desk, current_app.extensions["staff"])
