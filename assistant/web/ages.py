"""How old what a reader relies on is (corpus/ages.py), and what to do about it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from corpus.ages import CHECK_YEARS, OUTDATED_YEARS, last_day, years_passed


class Age(StrEnum):
    """What the age of something dated asks of its reader."""

    CHECK = "check"
    OLD = "old"

    @property
    def hint(self) -> str:
        """As readers see it."""
        return {Age.CHECK: "check for newer guidance", Age.OLD: "may be outdated"}[self]


_PAST = {CHECK_YEARS: Age.CHECK, OUTDATED_YEARS: Age.OLD}


def age_of(dated: dt.date | str, today: dt.date) -> Age | None:
    """For a date or an ISO date ("2026-11-22"); None up to three years, to the day. Raises `ValueError` for another text."""
    years = years_passed(dt.date.fromisoformat(dated) if isinstance(dated, str) else dated, today)
    return _PAST[years] if years else None


def age_of_year(year: int | None, today: dt.date) -> Age | None:
    """The same where only the year is known, which then counts as its last day."""
    return age_of(last_day(year), today) if year else None
