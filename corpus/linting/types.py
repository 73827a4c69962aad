"""The words of the checks: a rule, what a check knows besides the article, what it finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.retractions import RetractionList
from corpus.types import Article, Severity

#: Where a finding stands in the front matter: `("references", 2)`.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong: what it means for readers, and how staff mend it."""

    id: str
    severity: Severity
    what: str
    mend: str
    fixable: bool = False  # `followup corpus check --fix` does it


@dataclass(frozen=True, slots=True)
class Known:
    """What the checks know besides the articles."""

    today: dt.date
    retractions: RetractionList
    max_words: int  # longest passage that is embedded whole


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that an article breaks. `at` is a line of its file, or a key of its front matter."""

    rule: str
    message: str
    at: int | KeyPath = ()


#: A check of one article.
Check = Callable[[Article, Known], Iterator[Found]]
#: A check that holds articles against each other.
CorpusCheck = Callable[[Sequence[Article], Known], Iterator[tuple[Article, Found]]]
