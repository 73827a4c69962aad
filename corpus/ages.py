"""How old what readers rely on may become before it must be looked at.

Of the clinical recommendations of a guideline programme 92, 86, 81 and 78 % were still valid after one to four years, and half
of the NICE guidelines that were followed had lived for 60 months (safety.md, 1c). Hence three and five years.
"""

from __future__ import annotations

import datetime as dt

#: Past the first: check for newer guidance; past the second: may be outdated.
CHECK_YEARS, OUTDATED_YEARS = 3, 5


def years_passed(day: dt.date, today: dt.date) -> int | None:
    """The longer of the two limits that a day is past, in years; None up to three years, to the day."""
    # Compared field by field: 29 February has no day of its own in the years that follow, and is past on 1 March.
    for years in (OUTDATED_YEARS, CHECK_YEARS):
        if (today.year - years, today.month, today.day) > (day.year, day.month, day.day):
            return years
    return None


def last_day(year: int) -> dt.date:
    """What a year alone counts as: nothing looks older than it is."""
    return dt.date(year, 12, 31)
