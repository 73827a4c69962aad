"""What `followup corpus check` asks of an article beyond being well-formed: that patients can read its plain summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.loading import SHIPPED, read_corpus
from corpus.types import Article, Note, Problem

#: Flesch-Kincaid grade; patients' material is asked to stay at or below the eighth school year (issue: main job).
MAX_GRADE = 8.0


def check_corpus(folder: Path = SHIPPED) -> tuple[tuple[Article, ...], list[Problem]]:
    """The readable articles of a folder, and every problem of format and of content, in file order."""
    articles, problems = read_corpus(folder)
    return articles, sorted([*problems, *_unreadable(articles)], key=lambda problem: (problem.path, problem.line))


def reading_grade(notes: Sequence[Note]) -> float:
    """Flesch-Kincaid school grade of a plain summary, as textstat computes it."""
    import textstat  # 0.3 s to import, and only checks need it

    return float(textstat.flesch_kincaid_grade(" ".join(note.text for note in notes)))


def _unreadable(articles: Sequence[Article]) -> Iterator[Problem]:
    for article in articles:
        if article.plain_summary and (grade := reading_grade(article.plain_summary)) > MAX_GRADE:
            yield Problem(article.path, 1, f"plain_summary reads at school grade {grade:.1f}; at most {MAX_GRADE:g}")
