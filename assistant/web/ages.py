"""How old what a reader relies on is, and what to do about it.

Of the clinical recommendations of a guideline programme 92, 86, 81 and 78 % were still valid after one to four years, and half
of the NICE guidelines that were followed had lived for 60 months (safety.md, 1c). Hence three and five years.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

_CHECK_YEARS = 3
_OLD_YEARS = 5


class Age(StrEnum):
    """What the age of something dated asks of its reader."""

    CHECK = "check"
    OLD = "old"

    @property
    def hint(self) -> str:
        """As readers see it."""
        return {Age.CHECK: "check for newer guidance", Age.OLD: "may be outdated"}[self]


def age_of(dated: dt.date | str, today: dt.date) -> Age | None:
    """For a date or an ISO date ("2026-11-22"); None up to three years, to the day. Raises `ValueError` for another text."""
    day = dt.date.fromisoformat(dated) if isinstance(dated, str) else dated
    if _older(day, _OLD_YEARS, today):
        return Age.OLD
    return Age.CHECK if _older(day, _CHECK_YEARS, today) else None


def age_of_year(year: int | None, today: dt.date) -> Age | None:
    """The same where only the year is known, which then counts as its last day: nothing looks older than it is."""
    return age_of(dt.date(year, 12, 31), today) if year else None


def _older(day: dt.date, years: int, today: dt.date) -> bool:
    # compared field by field: 29 February has no day of its own in the years that follow
    return (today.year - years, today.month, today.day) > (day.year, day.month, day.day)
