"""What a reader looks for among the articles, while it is being typed: by what they are called, else by what they mean.

Articles and their askable questions are found by every typed word (index/titles.py). Where nothing is called that, the best
passages lead to the articles nearest in meaning, if they would be good enough to answer from. Knows nothing of HTTP.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from assistant.glossary import marked
from assistant.offers import nearest
from assistant.retrieval import find_evidence
from assistant.types import Query, Variant
from corpus.errors import ModelUnavailable
from corpus.types import Status
from index.titles import Entry, Question, TitleIndex

if TYPE_CHECKING:
    from corpus.types import Article
    from index.search import Index

log = logging.getLogger(__name__)

#: Articles on a page.
PAGE = 50
#: Questions shown under an article.
QUESTIONS = 4
WITHDRAWN = "withdrawn"
#: What an article can be, for the reader: how far it is reviewed, or withdrawn.
STATUSES = (*(status.value for status in Status), WITHDRAWN)
#: A plain wording of at most this many words is another name ("high blood pressure"), a longer one describes.
_NAME_WORDS = 4
#: Best passages whose articles are nearest in meaning.
_NEAREST = 5
_EXAMPLES = 6
_EXAMPLE_CHARACTERS = 40


class How(StrEnum):
    """How the articles were come by."""

    LISTED = "listed"  # nothing was looked for
    CALLED = "called"  # every typed word stands in what they are called, or in a question they answer
    RESPELLED = "respelled"  # words spelled nearly so
    NEAREST = "nearest"  # nearest in meaning


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Blank text: every article. An unknown specialty or status is one that no article has."""

    text: str = ""
    specialty: str = ""
    status: str = ""
    page: int = 1

    @property
    def labels(self) -> list[str]:
        """The filters as the index has them."""
        return [f"{name}: {value}" for name, value in (("specialty", self.specialty), ("status", self.status)) if value]


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article, its questions that match, and the section that is nearest in meaning."""

    article: Article
    questions: tuple[str, ...] = ()
    section: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """One of `STATUSES`."""
        return WITHDRAWN if self.article.withdrawn else self.article.status.value


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found. `total` counts the articles of all pages; `unfiltered` those found without the filters."""

    how: How
    articles: tuple[FoundArticle, ...]
    total: int
    page: int = 1
    unfiltered: int = 0

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))

    @property
    def first(self) -> int:
        """The place of the first article shown, from 1."""
        return (self.page - 1) * PAGE + 1

    @property
    def last(self) -> int:
        """The place of the last one."""
        return self.first + len(self.articles) - 1

    @property
    def questions(self) -> int:
        """How many questions are shown."""
        return sum(len(each.questions) for each in self.articles)


class Finder:
    """The articles of one generation by what they are called. Made once: 40 articles take 10 ms, 11,000 a few seconds."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = sorted(articles, key=lambda article: (field_of(article).casefold(), article.title.casefold()))
        self._titles = TitleIndex([_entry(article) for article in self._articles])
        self._labels = [set(_labels(article)) for article in self._articles]
        self.count = len(self._articles)
        self.specialties = tuple(dict.fromkeys(map(field_of, self._articles)))
        spread = islice(self._articles, 0, None, max(1, len(self._articles) // _EXAMPLES))
        self.examples = tuple(islice(filter(None, map(_example, spread)), _EXAMPLES))

    def listed(self, search: Search) -> Found:
        """Every article by specialty and title."""
        wanted = set(search.labels)
        rows = [row for row, labels in enumerate(self._labels) if wanted <= labels]
        page = _page(search.page, len(rows))
        shown = tuple(FoundArticle(self._articles[row]) for row in rows[(page - 1) * PAGE : page * PAGE])
        return Found(How.LISTED, shown, len(rows), page, len(self._articles))

    def called(self, search: Search) -> Found:
        """The articles that have every typed word, best first."""
        asked = _page(search.page, len(self._articles))
        matches = self._titles.search(search.text, search.labels, PAGE, (asked - 1) * PAGE)
        page = _page(asked, matches.total)
        if page != asked:  # past the last one
            matches = self._titles.search(search.text, search.labels, PAGE, (page - 1) * PAGE)
        shown = tuple(
            FoundArticle(self._articles[row], tuple(self._titles.questions(row, matches.words)[:QUESTIONS]))
            for row in matches.rows
        )
        filtered_out = search.labels and not matches.total
        unfiltered = self._titles.search(search.text, limit=1).total if filtered_out else matches.total
        return Found(How.RESPELLED if matches.respelled else How.CALLED, shown, matches.total, page, unfiltered)


def find(index: Index, search: Search, threshold: float, least: Status) -> Found:
    """What a search finds: by name, else by meaning where the confidence is at least `threshold` (0..1).

    `least`: passages of articles reviewed less far lead nowhere.
    """
    found = find_named(index, search)
    if found.unfiltered:
        return found
    near = _nearest(index, search.text, threshold, least)
    wanted = set(search.labels)
    kept = tuple(each for each in near if wanted <= set(_labels(each.article)))
    return Found(How.NEAREST, kept, len(kept), unfiltered=len(near))


def find_named(index: Index, search: Search) -> Found:
    """What is called so, without a model; every article where nothing is looked for."""
    finder = finder_of(index)
    return finder.called(search) if search.text else finder.listed(search)


def _nearest(index: Index, text: str, threshold: float, least: Status) -> list[FoundArticle]:
    """The articles of the best passages; none when these would not be answered from, or the embedder is not there."""
    try:
        evidence = find_evidence(index, Query(text, False, "searched as typed", (Variant(text, 1.0),)), least=least)
    except ModelUnavailable as error:
        log.error("articles are found by name only: %s", error)
        return []
    if evidence.confidence < threshold:
        return []
    near = nearest(replace(evidence, hits=evidence.hits[:_NEAREST]))
    return [FoundArticle(index.store.article(each.article_id), section=each.section) for each in near]


_FINDERS: WeakKeyDictionary[Index, Finder] = WeakKeyDictionary()
_MAKING = threading.Lock()


def finder_of(index: Index) -> Finder:
    """The finder of a generation, made when it is first asked for and dropped with it."""
    with _MAKING:
        finder = _FINDERS.get(index)
        if finder is None:
            finder = _FINDERS[index] = Finder(index.store.articles)
        return finder


def field_of(article: Article) -> str:
    """The specialty that an article is listed under: the first that it names."""
    return article.specialty.partition(" / ")[0]


def _labels(article: Article) -> tuple[str, ...]:
    return f"specialty: {field_of(article)}", f"status: {WITHDRAWN if article.withdrawn else article.status}"


def _entry(article: Article) -> Entry:
    """Withdrawn articles are found, and offer nothing to ask."""
    questions = () if article.withdrawn else article.questions
    return Entry(
        title=article.title,
        heading=article.heading,
        specialty=article.specialty,
        names=f"{article.id} {_other_names(f'{article.title} {article.heading}')}",
        questions=tuple(Question(note.text, _other_names(note.text)) for note in questions),
        labels=_labels(article),
    )


def _other_names(text: str) -> str:
    """What else the terms of a text are called, after the glossary: "CKD", "high blood pressure"."""
    glosses = dict.fromkeys(gloss for _, _, gloss in marked(text))
    return " ".join(name for gloss in glosses for name in (gloss.term, gloss.plain) if name == gloss.term or _is_name(name))


def _is_name(plain: str) -> bool:
    return len(plain.split()) <= _NAME_WORDS


def _example(article: Article) -> str | None:
    """What can be typed to find an article: how its heading begins."""
    begun = article.heading.partition(" - ")[0].partition(":")[0].strip()
    return begun if 0 < len(begun) <= _EXAMPLE_CHARACTERS else None


def _page(wanted: int, total: int) -> int:
    return min(max(1, wanted), max(1, -(-total // PAGE)))
