"""What was read of each article file, kept in a SQLite file beside the index, so that a file is read again only when it changed.

A file counts as unchanged while its size and time of change are the same. What is wrong with an article also depends on the day
and on the list of retractions: after a week, or when the list changed, it is read again as time allows and shown as it was
until then. The file holds nothing that is not in the articles: it may be deleted at any time.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from corpus.clock import today
from corpus.errors import ArticleNotFound, SettingsError
from corpus.linting import lint_article
from corpus.retractions import RetractionList, marked
from corpus.splitting import split_article
from index.passages import article_sha256

if TYPE_CHECKING:
    from corpus.types import Problem
    from index.settings import IndexSettings

log = logging.getLogger(__name__)

#: Days after which a file that did not change is checked again: its sources grow old.
_DAYS = 7
#: Raise when `Read` or how it is made changes.
_VERSION = 2
_SCHEMA = """CREATE TABLE IF NOT EXISTS read (name TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL,
    day TEXT NOT NULL, by TEXT NOT NULL, row TEXT NOT NULL) WITHOUT ROWID"""


class ArticlesNotListed(SettingsError):
    """The folder of the articles is not there, or may not be read."""

    status = 503


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held when it was read. `sha256` is empty where it could not be read as an article."""

    path: str
    sha256: str
    title: str
    specialty: str
    status: str
    last_updated: str
    source: str
    withdrawn: bool
    passages: int
    errors: int
    warnings: int
    undated: bool  # `last_updated` is the day of the import


_READ = TypeAdapter(Read)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as it was when it was read, and by which rules and list."""

    mtime_ns: int
    size: int
    day: str
    by: str
    read: Read

    def is_of(self, stat: os.stat_result) -> bool:
        """Whether the file did not change."""
        return (self.mtime_ns, self.size) == (stat.st_mtime_ns, stat.st_size)


class KeptRows:
    """The files of a folder. `look` is for one thread at a time."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._path = settings.index / "overview.sqlite"
        self._entries: dict[str, _Entry] = {}
        self._stats: dict[str, os.stat_result] = {}
        self._loaded = False

    def names(self) -> frozenset[str]:
        """The ids that the files of the last look stand for."""
        return frozenset(self._stats)

    def look(self, budget_s: float) -> tuple[dict[str, Read], int]:
        """Article id -> what was read of its file, and how many files nothing is known of yet. Reads at most so many seconds,
        but one file in any case. Raises `ArticlesNotListed`.
        """
        if not self._loaded:
            self._load()
        self._stats = file_stats(self._settings.articles)
        day, by = today(), self._rules()
        old = f"{day - dt.timedelta(days=_DAYS)}"
        changed = self._changed()
        if len(changed) > len(self._stats) // 2:
            self._load()  # another process may have read them
            changed = self._changed()
        aged = [name for name in self._stats if (entry := self._entries.get(name)) and (entry.day < old or entry.by != by)]
        self._read([*changed, *aged], day, by, budget_s)
        known = {name: self._entries[name].read for name in self._stats if name in self._entries}
        return known, len(self._stats) - len(known)

    def file(self, article_id: str) -> Path:
        """The file of an article. Raises `ArticleNotFound` or `ArticlesNotListed`."""
        if article_id not in self._stats:
            self._stats = file_stats(self._settings.articles)
        if article_id not in self._stats:
            raise ArticleNotFound("no article has this id; `followup corpus list` prints those there are")
        return self._settings.articles / f"{article_id}.md"

    def problems(self, article_id: str) -> tuple[Problem, ...]:
        """What is wrong with an article's file by itself. Raises `ArticleNotFound`, `RetractionsUnreadable`."""
        path = self.file(article_id)
        retracted = RetractionList.load(self._settings.retractions)
        return lint_article(path, today=today(), retracted=retracted, max_words=self._settings.max_passage_words).problems

    def _read(self, names: list[str], day: dt.date, by: str, budget_s: float) -> None:
        if not names:
            return
        until = time.monotonic() + budget_s
        retracted = RetractionList.load(self._settings.retractions)
        fresh: dict[str, _Entry] = {}
        for name in names:
            path, stat = self._settings.articles / f"{name}.md", self._stats[name]
            read = _read(path, day, retracted, self._settings.max_passage_words)
            fresh[name] = _Entry(stat.st_mtime_ns, stat.st_size, f"{day}", by, read)
            if time.monotonic() > until:
                break
        self._entries |= fresh
        self._keep(fresh)

    def _changed(self) -> list[str]:
        """The files that were not read as they are now."""
        return [name for name, stat in self._stats.items() if not ((entry := self._entries.get(name)) and entry.is_of(stat))]

    def _rules(self) -> str:
        """What decides how a file is read, besides the file and the day."""
        try:
            stat = self._settings.retractions.stat()
            listed = f"{stat.st_mtime_ns} {stat.st_size}"
        except FileNotFoundError:
            listed = "none"
        return f"{_VERSION} {self._settings.max_passage_words} {listed}"

    def _load(self) -> None:
        """Takes over what this or another process kept."""
        self._loaded = True
        try:
            with closing(self._open()) as database:
                rows = database.execute("SELECT name, mtime_ns, size, day, by, row FROM read").fetchall()
            kept = {row[0]: _Entry(row[1], row[2], row[3], row[4], _READ.validate_json(row[5])) for row in rows}
        except (sqlite3.Error, OSError, ValidationError) as error:
            log.warning("%s cannot be read (%s): the articles are read again", self._path, error)
            # An OperationalError is another process that writes, or the disk; so is an OSError. The file is sound then.
            if isinstance(error, (sqlite3.DatabaseError, ValidationError)) and not isinstance(error, sqlite3.OperationalError):
                with suppress(OSError):
                    self._path.unlink()
            return
        self._entries |= kept

    def _keep(self, fresh: Mapping[str, _Entry]) -> None:
        """For the next process. Where it cannot be kept this one still knows."""
        rows = [
            (name, entry.mtime_ns, entry.size, entry.day, entry.by, json.dumps(asdict(entry.read), ensure_ascii=False))
            for name, entry in fresh.items()
        ]
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO read VALUES (?, ?, ?, ?, ?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            log.warning("%s cannot be written (%s): another process will read the articles again", self._path, error)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=2)
        try:
            database.execute(_SCHEMA)
        except sqlite3.Error:
            database.close()
            raise
        return database


def file_stats(folder: Path) -> dict[str, os.stat_result]:
    """Article id -> size and time of change of its file, by id. Raises `ArticlesNotListed`."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".md") and not entry.name.startswith("."):
                    with suppress(FileNotFoundError):  # deleted meanwhile, or a link to nothing
                        found[entry.name.removesuffix(".md")] = entry.stat()
    except OSError as error:
        raise ArticlesNotListed(f"the articles in {folder} cannot be listed: {error.strerror}; set FOLLOWUP_ARTICLES") from error
    return dict(sorted(found.items()))


def _read(path: Path, day: dt.date, retracted: RetractionList, max_words: int) -> Read:
    report = lint_article(path, today=day, retracted=retracted, max_words=max_words)
    if not report.articles:
        return Read(str(path), "", "", "", "unreadable", "", "", False, 0, report.errors, report.warnings, False)
    (article,) = marked(report.articles, retracted)  # as a build indexes it
    return Read(
        path=article.path,
        sha256=article_sha256(article),
        title=article.title,
        specialty=article.specialty,
        status=article.status.value,
        last_updated=article.last_updated.isoformat(),
        source=article.source.name if article.source else "",
        withdrawn=article.withdrawn is not None,
        passages=0 if article.withdrawn else len(split_article(article, max_words)),
        errors=report.errors,
        warnings=report.warnings,
        undated=article.undated,
    )
