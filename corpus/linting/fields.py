"""Checks of what readers must see beside the text: who reviewed, how old, from where; and that patients can read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from corpus.linting.types import Found, KeyPath, Known
from corpus.types import Article, Note, ReferenceType, Status

#: Flesch-Kincaid grade; patients' material is asked to stay at or below the eighth school year (issue: main job).
MAX_GRADE = 8.0
#: Of 100 recommendations 81 hold after three years and 78 after four (CMAJ); half of NICE's guidelines last five.
CHECK_YEARS, OUTDATED_YEARS = 3, 5


def reading_grade(notes: Sequence[Note]) -> float:
    """Flesch-Kincaid school grade of a plain summary, as textstat computes it."""
    import textstat  # 0.3 s to import, and only checks need it

    return float(textstat.flesch_kincaid_grade(" ".join(note.text for note in notes)))


def summary(article: Article, known: Known) -> Iterator[Found]:
    """A plain summary that is missing or hard to read."""
    if not article.plain_summary and not article.source:
        yield Found("no-summary", "no plain_summary: patients have nothing to read first", ("id",))
    elif article.plain_summary and (grade := reading_grade(article.plain_summary)) > MAX_GRADE:
        yield Found("hard-summary", f"plain_summary reads at school grade {grade:.1f}; at most {MAX_GRADE:g}", ("plain_summary",))


def questions(article: Article, known: Known) -> Iterator[Found]:
    """An article written here that suggests no question."""
    if not article.questions and not article.source:
        yield Found("no-questions", "no questions: readers are suggested none", ("id",))


def reviewer(article: Article, known: Known) -> Iterator[Found]:
    """A review that says not who or when. An approval without a name is the loader's."""
    if article.status is Status.UNDER_REVIEW and not article.reviewed_by:
        yield Found("reviewer", "under review, and reviewed_by names nobody", ("status",))
    if article.status is Status.APPROVED and not article.reviewed_on:
        yield Found("reviewer", f"approved by {article.reviewed_by}, and reviewed_on says no day", ("reviewed_by",))


def source(article: Article, known: Known) -> Iterator[Found]:
    """An imported article that readers cannot look up."""
    if article.source and not article.source.url:
        yield Found("source-address", f"imported from {article.source.name}, and source.url is missing", ("source",))


def age(article: Article, known: Known) -> Iterator[Found]:
    """Over three years: check for update; over five: may be outdated. Of the article, and of its newest guideline."""
    updated = article.last_updated
    if rule := _old(updated, known.today, "age"):
        yield Found(rule, f"last updated {updated}, over {_years(rule)} years ago", ("last_updated",))
    guidelines = [
        (reference.year, position)
        for position, reference in enumerate(article.references)
        if reference.type is ReferenceType.GUIDELINE and reference.year
    ]
    if guidelines:
        year, position = max(guidelines)
        # Only the year is known: its last day counts, so that nothing is called older than it is.
        if rule := _old(dt.date(year, 12, 31), known.today, "guideline-age"):
            said = f"the newest guideline listed is of {year}, over {_years(rule)} years old"
            yield Found(rule, said, ("references", position))


def future(article: Article, known: Known) -> Iterator[Found]:
    """Days that have not come yet. A reference may be of the coming year: journals print ahead."""
    days: list[tuple[KeyPath, dt.date | None]] = [
        (("last_updated",), article.last_updated),
        (("reviewed_on",), article.reviewed_on),
    ]
    days += [(("withdrawn",), article.withdrawn.since)] if article.withdrawn else []
    days += [(("references", at), reference.retracted) for at, reference in enumerate(article.references)]
    for at, day in days:
        if day and day > known.today:
            yield Found("future-date", f"{'.'.join(map(str, at))}: {day} lies after today, {known.today}", at)
    for position, reference in enumerate(article.references):
        if reference.year and reference.year > known.today.year + 1:
            yield Found("future-date", f"reference {reference.id} is of the year {reference.year}", ("references", position))


def _old(day: dt.date, today: dt.date, rule: str) -> str | None:
    if _later(day, OUTDATED_YEARS) < today:
        return f"{rule}-outdated"
    return f"{rule}-check" if _later(day, CHECK_YEARS) < today else None


def _years(rule: str) -> int:
    return OUTDATED_YEARS if rule.endswith("outdated") else CHECK_YEARS


def _later(day: dt.date, years: int) -> dt.date:
    """The same day `years` later; 29 February becomes 1 March. The calendar ends with the year 9999."""
    if day.year + years > dt.MAXYEAR:
        return dt.date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)
