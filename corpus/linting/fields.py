"""Checks of what readers must see beside the text: who reviewed, how old, from where; and that patients can read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from corpus.ages import OUTDATED_YEARS, last_day, years_passed
from corpus.linting.types import Found, KeyPath, Known
from corpus.types import Article, Note, ReferenceType, Status

#: Flesch-Kincaid grade; patients' material is asked to stay at or below the eighth school year (issue: main job).
MAX_GRADE = 8.0


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
    """Over three years: check for update; over five: may be outdated. Of the article, and of its newest guideline.

    An article whose age is not known is told instead.
    """
    updated = article.last_updated
    if article.undated:  # an import day says nothing of the text's age
        yield Found("undated", f"no date: last_updated, {updated}, is only the day of the import", ("last_updated",))
    elif years := years_passed(updated, known.today):
        yield Found(_rule("age", years), f"last updated {updated}, over {years} years ago", ("last_updated",))
    guidelines = [
        (reference.year, position)
        for position, reference in enumerate(article.references)
        if reference.type is ReferenceType.GUIDELINE and reference.year
    ]
    if guidelines:
        year, position = max(guidelines)
        if years := years_passed(last_day(year), known.today):
            said = f"the newest guideline listed is of {year}, over {years} years old"
            yield Found(_rule("guideline-age", years), said, ("references", position))


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


def _rule(what: str, years: int) -> str:
    return f"{what}-{'outdated' if years == OUTDATED_YEARS else 'check'}"
