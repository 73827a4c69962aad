"""The articles as staff look over them: a table with what is wrong with each and whether readers see it, and one as passages.

Reading and checking 12,000 files takes minutes, so what was read is kept (assistant/staff/kept_rows.py) and a page reads at most
for `BUDGET_S`: where files are left over, `Page.unread` says how many, and the next look goes on.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from assistant.staff.across import AcrossBoard
from assistant.staff.kept_rows import KeptRows, Read
from corpus.errors import CorpusError, IndexUnavailable
from corpus.loading import read_article
from corpus.splitting import split_article
from corpus.types import Severity
from index.cues import wording
from index.embedding.tokens import count_tokens, most_tokens
from index.generations import PASSAGES, live_generation
from index.passages import PassageStore

if TYPE_CHECKING:
    from corpus.types import Article, Passage, Problem
    from index.settings import IndexSettings

log = logging.getLogger(__name__)

#: Rows of a page.
ROWS = 50
#: Seconds that one look may spend on reading files.
BUDGET_S = 2.0


class Presence(StrEnum):
    """Whether readers get answers from an article as its file is now."""

    LIVE = "live"
    CHANGED = "changed"  # the live index has another version of it
    ABSENT = "absent"  # the live index does not have it
    REMOVED = "removed"  # the live index has it and there is no file any more


@dataclass(frozen=True, slots=True)
class Row:
    """One article of the table. An article that cannot be read has its file's name for id and title, and status "unreadable"."""

    id: str
    title: str
    specialty: str
    status: str
    last_updated: str
    source: str  # where it was imported from; empty: written here
    withdrawn: bool
    passages: int
    errors: int
    warnings: int
    presence: Presence
    path: str
    undated: bool = False  # `last_updated` is the day of the import


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows are wanted; an empty one takes all. `text`: in the id or title. `severity`: "error", "warning" or "none"."""

    text: str = ""
    specialty: str = ""
    status: str = ""
    source: str = ""
    severity: str = ""
    presence: str = ""

    def take(self, row: Row) -> bool:
        """Whether a row is wanted."""
        chosen = (
            (self.specialty, row.specialty),
            (self.status, "withdrawn" if self.status == "withdrawn" and row.withdrawn else row.status),
            (self.source, row.source),
            (self.presence, row.presence.value),
        )
        found = {"error": row.errors > 0, "warning": row.warnings > 0, "none": not row.errors and not row.warnings}
        return (
            all(not wanted or wanted == has for wanted, has in chosen)
            and found.get(self.severity, not self.severity)
            and (not self.text or self.text.casefold() in f"{row.id}\n{row.title}".casefold())
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of those wanted, by id. What comes after `pages` is of all articles that were read; how many, where it counts."""

    rows: tuple[Row, ...]
    total: int
    number: int
    pages: int
    specialties: tuple[str, ...]
    sources: tuple[str, ...]
    statuses: Mapping[str, int]
    presences: Mapping[Presence, int]
    with_errors: int
    with_warnings: int
    unread: int


@dataclass(frozen=True, slots=True)
class PassagePreview:
    """A passage as it would be embedded: under its headings, with its tokens. `cut`: the embedder does not read it to its end."""

    passage: Passage
    tokens: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """An article as its file is now, and the passages that a build would make of it."""

    article: Article
    passages: tuple[PassagePreview, ...]


class Overview:
    """Made once a process; safe to share between threads."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self.across = AcrossBoard(settings)
        self._kept = KeptRows(settings)
        self._looking = threading.Lock()
        self._live: tuple[int, Mapping[str, str]] = (0, {})

    def page(self, filters: Filters | None = None, number: int = 1, budget_s: float = BUDGET_S) -> Page:
        """The rows that the filters take, `ROWS` at a time; the nearest page where there is none of that number."""
        with self._looking:
            read, unread = self._kept.look(budget_s)
            rows = self._rows(read)
        wanted = [row for row in rows if (filters or Filters()).take(row)]
        pages = max(1, -(-len(wanted) // ROWS))
        number = min(max(1, number), pages)
        return Page(
            rows=tuple(wanted[(number - 1) * ROWS : number * ROWS]),
            total=len(wanted),
            number=number,
            pages=pages,
            specialties=_values(rows, lambda row: row.specialty),
            sources=_values(rows, lambda row: row.source),
            statuses=dict(sorted(Counter(row.status for row in rows).items())),
            presences=Counter(row.presence for row in rows),
            with_errors=sum(row.errors > 0 for row in rows),
            with_warnings=sum(row.warnings > 0 for row in rows),
            unread=unread,
        )

    def read_all(self) -> None:
        """Reads every file that changed, however long that takes, and keeps what was read for every process."""
        with self._looking:
            self._kept.look(inf)

    def problems(self, article_id: str) -> tuple[Problem, ...]:
        """What is wrong with one article's file by itself. Raises `ArticleNotFound`."""
        return self._kept.problems(article_id)

    def changed_since_across(self, article_id: str) -> bool:
        """Whether its file was changed since the articles were held against each other. Raises `ArticleNotFound`."""
        return self.across.older_than(self._kept.file(article_id))

    def preview(self, article_id: str) -> Preview:
        """An article as passages. Raises `ArticleNotFound`, `CorpusError` (it cannot be read) or `ModelUnavailable`."""
        article, problems = read_article(self._kept.file(article_id))
        if article is None:
            raise CorpusError(problems)
        passages = split_article(article, self._settings.max_passage_words)
        counts = count_tokens(self._settings, [wording(passage) for passage in passages])
        most = most_tokens(self._settings)
        return Preview(
            article,
            tuple(
                PassagePreview(passage, tokens, most is not None and tokens > most)
                for passage, tokens in zip(passages, counts, strict=True)
            ),
        )

    def _rows(self, read: Mapping[str, Read]) -> list[Row]:
        live = self._live_digests()
        across = self.across.by_article()
        rows = [_row(name, one, _presence(name, one, live), across.get(name, ())) for name, one in read.items()]
        gone = live.keys() - self._kept.names()
        rows += [Row(name, name, "", "", "", "", False, 0, 0, 0, Presence.REMOVED, "") for name in gone]
        return sorted(rows, key=lambda row: row.id)

    def _live_digests(self) -> Mapping[str, str]:
        """Article id -> digest in the live generation; none where there is no index that can be read."""
        try:
            folder, manifest = live_generation(self._settings.index)
            if manifest.number != self._live[0]:
                self._live = (manifest.number, PassageStore(folder / PASSAGES).article_digests())
        except IndexUnavailable as error:
            log.warning("the live index cannot be compared with the articles: %s", error)
            self._live = (0, {})
        return self._live[1]


def _row(name: str, read: Read, presence: Presence, across: Sequence[Problem]) -> Row:
    errors = sum(problem.severity is Severity.ERROR for problem in across)
    return Row(
        id=name,
        title=read.title or name,
        specialty=read.specialty,
        status=read.status,
        last_updated=read.last_updated,
        source=read.source,
        withdrawn=read.withdrawn,
        passages=read.passages,
        errors=read.errors + errors,
        warnings=read.warnings + len(across) - errors,
        presence=presence,
        path=read.path,
        undated=read.undated,
    )


def _presence(name: str, read: Read, live: Mapping[str, str]) -> Presence:
    if name not in live:
        return Presence.ABSENT
    return Presence.LIVE if live[name] == read.sha256 else Presence.CHANGED


def _values(rows: Iterable[Row], value: Callable[[Row], str]) -> tuple[str, ...]:
    return tuple(sorted({value(row) for row in rows} - {""}))
