"""Which day it is: the same for everybody who works on the articles, wherever a server or a terminal stands."""

from __future__ import annotations

import datetime as dt


def today() -> dt.date:
    """The day in UTC, as in the audit log."""
    return dt.datetime.now(dt.UTC).date()
