"""Runs every rule over a folder of articles, or over one article, and gives what was found as `Problem`s with their lines."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.linting import editions, fields, labels, layouts, neighbours, references, statements
from corpus.linting.rules import BY_ID
from corpus.linting.textfile import TextFile
from corpus.linting.types import Check, CorpusCheck, Found, Known
from corpus.linting.untidy import untidy
from corpus.loading import SAME_TITLE, read_article, read_corpus
from corpus.retractions import RetractionList
from corpus.types import Article, Problem, Severity

#: As `FOLLOWUP_MAX_PASSAGE_WORDS` is by default.
MAX_WORDS = 280
CHECKS: tuple[Check, ...] = (
    statements.nameless,
    statements.alike_ids,
    statements.too_long,
    labels.conflicts,
    references.duplicates,
    references.lookup,
    references.retracted,
    references.superseded,
    fields.age,
    fields.future,
    fields.reviewer,
    fields.source,
    layouts.pdf_layout,
    fields.summary,
    fields.questions,
)
CORPUS_CHECKS: tuple[CorpusCheck, ...] = (editions.newer_editions, neighbours.near_duplicates)


@dataclass(frozen=True, slots=True)
class Report:
    """The articles that could be read, and everything found, in file and line order."""

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many are warnings."""
        return len(self.problems) - self.errors

    def by_rule(self) -> dict[str, int]:
        """How often each rule is broken, the most broken first."""
        return dict(Counter(problem.rule for problem in self.problems).most_common())


def lint(folder: Path, *, today: dt.date, retracted: RetractionList | None = None, max_words: int = MAX_WORDS) -> Report:
    """Everything the rules find in a folder: what the loader says of each file, then each check, then across articles."""
    known = Known(today, retracted or RetractionList(), max_words)
    articles, problems = read_corpus(folder)
    for path in sorted({*(article.path for article in articles), *(problem.path for problem in problems)}):
        problems += _of_file(path)
    for article in articles:
        problems += _of_article(article, known)
    return Report(articles, _sorted([*problems, *_across(articles, known)]))


def lint_across(folder: Path, *, today: dt.date, retracted: RetractionList | None = None, max_words: int = MAX_WORDS) -> Report:
    """Only what `lint_article` leaves out. 12,000 imported articles take 50 s, most of them to read the files."""
    known = Known(today, retracted or RetractionList(), max_words)
    articles, problems = read_corpus(folder)
    same_titles = [problem for problem in problems if problem.rule == SAME_TITLE]
    return Report(articles, _sorted([*same_titles, *_across(articles, known)]))


def lint_article(path: Path, *, today: dt.date, retracted: RetractionList | None = None, max_words: int = MAX_WORDS) -> Report:
    """The same of one file, without what only shows across articles (same titles, near-duplicates, newer editions there)."""
    known = Known(today, retracted or RetractionList(), max_words)
    article, problems = read_article(path)
    problems = [*problems, *_of_file(str(path))]
    if article:
        problems += _of_article(article, known)
    return Report((article,) if article else (), _sorted(problems))


def _across(articles: Sequence[Article], known: Known) -> list[Problem]:
    return [
        problem
        for check in CORPUS_CHECKS
        for article, found in check(articles, known)
        for problem in _placed(article.path, [found])
    ]


def _of_article(article: Article, known: Known) -> list[Problem]:
    return _placed(article.path, [found for check in CHECKS for found in check(article, known)])


def _of_file(path: str) -> list[Problem]:
    file = TextFile.read(Path(path))
    return _placed(path, untidy(file), file) if file else []


def _placed(path: str, found: Sequence[Found] | Iterator[Found], file: TextFile | None = None) -> list[Problem]:
    """Findings with their severity and line. The file is read again only for those that name a key of the front matter."""
    problems = []
    for one in found:
        line = one.at
        if not isinstance(line, int):
            file = file or TextFile.read(Path(path))
            line = file.line(line) if file else 1
        problems.append(Problem(path, line, one.message, one.rule, BY_ID[one.rule].severity))
    return problems


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.line)))
