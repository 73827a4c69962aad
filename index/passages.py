"""The passages, cues and articles of one generation, in one read-only SQLite file: the generation's source of truth.

Rows count from 0 in reading order, so that the passages (and the cues) of an article are one range.
"""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from corpus.errors import ArticleNotFound, IndexDamaged
from corpus.splitting import rests_on_retracted
from corpus.types import Article, Passage
from index.taken_back import NOTHING, TakenBack
from index.types import Cue, CueKind

_SCHEMA = """
CREATE TABLE article (id TEXT PRIMARY KEY, position INTEGER, first_cue INTEGER, cues INTEGER, body TEXT NOT NULL,
    sha256 TEXT NOT NULL);
CREATE TABLE passage (row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, article_id TEXT NOT NULL, section TEXT NOT NULL,
    statement TEXT, text TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, marks TEXT NOT NULL,
    article_title TEXT NOT NULL, article_heading TEXT NOT NULL, sha256 TEXT NOT NULL, stems TEXT NOT NULL);
CREATE TABLE cue (row INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE found_by (cue INTEGER NOT NULL, passage INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (cue, position)) WITHOUT ROWID;
CREATE INDEX found_by_passage ON found_by (passage);
CREATE TABLE topic (term TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_PASSAGE_COLUMNS = 'id, article_id, article_title, article_heading, section, statement, text, start, "end", marks'
_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)


def write_passages(
    path: Path,
    articles: Sequence[Article],
    passages: Sequence[Passage],
    cues: Sequence[Cue],
    topics: Iterable[str],
    stems: Iterable[Collection[str]],
) -> None:
    """Writes the file whole; it must not exist yet. `stems` are what each passage speaks of. Raises `OSError` (disk)."""
    first_cue: dict[str, int] = {}
    counts: dict[str, int] = {}
    for article_id, group in groupby(enumerate(cues), key=lambda pair: passages[pair[1].passages[0]].article_id):
        rows = [row for row, _ in group]
        first_cue[article_id], counts[article_id] = rows[0], len(rows)
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path)
        connection.executescript(_SCHEMA)
        connection.executemany(
            "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?)",
            (
                (one.id, position, first_cue.get(one.id, 0), counts.get(one.id, 0), _json(one), article_sha256(one))
                for position, one in enumerate(articles)
            ),
        )
        connection.executemany(
            "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (row, p.id, p.article_id, json.dumps(p.section), p.statement, p.text, p.start, p.end, json.dumps(p.marks),
                 p.article_title, p.article_heading, p.sha256, " ".join(sorted(spoken)))
                for row, (p, spoken) in enumerate(zip(passages, stems, strict=True))
            ),
        )  # fmt: skip
        connection.executemany("INSERT INTO cue VALUES (?, ?, ?)", ((row, c.kind.value, c.text) for row, c in enumerate(cues)))
        connection.executemany(
            "INSERT INTO found_by VALUES (?, ?, ?)",
            ((row, passage, at) for row, cue in enumerate(cues) for at, passage in enumerate(cue.passages)),
        )
        connection.executemany("INSERT INTO topic VALUES (?)", ((term,) for term in sorted(topics)))
        connection.commit()
    except sqlite3.OperationalError as error:
        raise OSError(errno.EIO, f"SQLite cannot write it ({error})", str(path)) from error
    finally:
        if connection is not None:
            connection.close()


def article_sha256(article: Article) -> str:
    """SHA-256 of everything an article holds, its status and sources too, but not where its file lies."""
    return hashlib.sha256(_json(replace(article, path="")).encode()).hexdigest()


def _json(article: Article) -> str:
    return _ARTICLE.dump_json(article).decode()


@dataclass(frozen=True, slots=True)
class StoredCue:
    """A text that passages are found by: its row, which is that of its vector, and the rows of the passages."""

    row: int
    kind: CueKind
    text: str
    passages: tuple[int, ...]


class PassageStore:
    """Reads the file of one generation; safe to share between threads.

    One connection, opened at once and kept: later builds may remove the file while this generation still serves.
    """

    def __init__(self, path: Path, taken_back: TakenBack = NOTHING) -> None:
        """`taken_back`: after the generation was built; its passages are hidden, and its articles say so."""
        self._taken_back = taken_back
        self._lock = threading.Lock()
        try:
            # immutable: no lock and no journal is ever needed, so a read-only disk will do
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True, check_same_thread=False)
            # A connection is in a cycle with its own cache: without this its descriptor stayed until Python looks for cycles.
            weakref.finalize(self, self._connection.close).atexit = False
            self._read("SELECT count(*) FROM passage")
        except sqlite3.Error as error:
            raise IndexDamaged(f"{path}: {error}; run `followup index build`") from error

    def counts(self) -> tuple[int, int, int]:
        """How many articles, passages and cues."""
        articles, passages, cues = (self._read(f"SELECT count(*) FROM {table}")[0][0] for table in ("article", "passage", "cue"))
        return articles, passages, cues

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """Every article of the generation, by id, as it stands since."""
        return self._taken_back.applied(self._stored)

    @cached_property
    def _stored(self) -> tuple[Article, ...]:
        return tuple(_ARTICLE.validate_json(body) for (body,) in self._read("SELECT body FROM article ORDER BY position"))

    @cached_property
    def hidden_rows(self) -> frozenset[int]:
        """The rows of passages that rest on what was taken back after the generation was built: none may be quoted."""
        if self._taken_back == NOTHING:
            return frozenset()
        hidden: set[int] = set()
        for stored, now in zip(self._stored, self.articles, strict=True):
            if now is not stored:
                held = self._read('SELECT row, start, "end" FROM passage WHERE article_id = ?', (now.id,))
                hidden |= {row for row, start, end in held if now.withdrawn or _rests_on_retracted(now, start, end)}
        return frozenset(hidden)

    @cached_property
    def _articles_by_id(self) -> dict[str, Article]:
        return {article.id: article for article in self.articles}

    def article(self, article_id: str) -> Article:
        """One article. Raises `ArticleNotFound`."""
        try:
            return self._articles_by_id[article_id]
        except KeyError:
            raise ArticleNotFound("no article has this id; `followup corpus list` prints those there are") from None

    def article_digests(self) -> dict[str, str]:
        """Article id -> digest of everything it holds (`article_sha256`)."""
        return dict(self._read("SELECT id, sha256 FROM article"))

    def passage_digests(self) -> dict[str, str]:
        """Passage id -> SHA-256 of its text."""
        return dict(self._read("SELECT id, sha256 FROM passage"))

    def cue_rows(self, article_id: str) -> range:
        """The rows of an article's cues. Raises `ArticleNotFound`."""
        rows = self._read("SELECT first_cue, cues FROM article WHERE id = ?", (article_id,))
        if not rows:
            raise ArticleNotFound("no article has this id; `followup corpus list` prints those there are")
        first, count = rows[0]
        return range(first, first + count)

    def leads(self) -> tuple[list[str], list[tuple[int, int]]]:
        """The kind of every cue in row order, and every `(cue, passage)` in the order of cues."""
        kinds = [kind for (kind,) in self._read("SELECT kind FROM cue ORDER BY row")]
        return kinds, self._read("SELECT cue, passage FROM found_by ORDER BY cue, position")

    def wordings(self, passages: Iterable[int]) -> dict[int, tuple[int, str]]:
        """For each passage row the row and the text of the cue that is its own wording."""
        found = self._read_many(
            f"SELECT passage, cue, text FROM found_by JOIN cue ON cue.row = cue WHERE kind = '{CueKind.WORDING}' AND passage IN",
            passages,
        )
        return {passage: (cue, text) for passage, cue, text in found}

    def passages(self, rows: Iterable[int]) -> dict[int, Passage]:
        """Passages by row."""
        return {
            row: _passage(values)
            for row, *values in self._read_many(f"SELECT row, {_PASSAGE_COLUMNS} FROM passage WHERE row IN", rows)
        }

    def passages_of(self, article_id: str) -> list[Passage]:
        """The passages of one article that may be quoted, in reading order."""
        found = self._read(f"SELECT row, {_PASSAGE_COLUMNS} FROM passage WHERE article_id = ? ORDER BY row", (article_id,))
        return [_passage(values) for row, *values in found if row not in self.hidden_rows]

    def all_passages(self) -> list[Passage]:
        """Every passage in row order."""
        return [_passage(values) for values in self._read(f"SELECT {_PASSAGE_COLUMNS} FROM passage ORDER BY row")]

    def cue_texts(self) -> list[str]:
        """The text of every cue in row order."""
        return [text for (text,) in self._read("SELECT text FROM cue ORDER BY row")]

    def topics_among(self, terms: Sequence[str]) -> list[str]:
        """Those of the stems that name a topic of the corpus (index/topics.py)."""
        found = self._read(
            "SELECT term FROM topic WHERE term IN (SELECT value FROM json_each(?)) ORDER BY term", (json.dumps(terms),)
        )
        return [term for (term,) in found]

    def stems(self, rows: Iterable[int]) -> dict[int, frozenset[str]]:
        """What passages speak of, by row (index/coverage.py)."""
        return {
            row: frozenset(said.split()) for row, said in self._read_many("SELECT row, stems FROM passage WHERE row IN", rows)
        }

    def stems_of(self, passage_ids: Sequence[str]) -> frozenset[str]:
        """What any of some passages speaks of."""
        found = self._read(
            "SELECT stems FROM passage WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(passage_ids)),)
        )
        return frozenset(stem for (said,) in found for stem in said.split())

    def question_count(self) -> int:
        """How many QUESTION cues there are."""
        count: int = self._read("SELECT count(*) FROM cue WHERE kind = ?", (CueKind.QUESTION.value,))[0][0]
        return count

    def cues_of(self, rows: Iterable[int]) -> dict[int, dict[int, str]]:
        """For each passage row the rows and texts of all cues that lead to it."""
        found: dict[int, dict[int, str]] = {}
        for passage, cue, text in self._read_many(
            "SELECT passage, cue, text FROM found_by JOIN cue ON cue.row = cue WHERE passage IN", rows
        ):
            found.setdefault(passage, {})[cue] = text
        return found

    def some_cues(self, kind: CueKind, count: int) -> list[StoredCue]:
        """At most `count` cues of a kind, spread evenly over the generation."""
        rows = [row for (row,) in self._read("SELECT row FROM cue WHERE kind = ? ORDER BY row", (kind.value,))]
        chosen = rows[:: max(1, len(rows) // count)][:count] if rows else []
        texts = dict(self._read_many("SELECT row, text FROM cue WHERE row IN", chosen))
        leads: dict[int, list[int]] = {}
        for cue, passage in self._read_many("SELECT cue, passage FROM found_by WHERE cue IN", chosen):
            leads.setdefault(cue, []).append(passage)
        return [StoredCue(row, kind, texts[row], tuple(leads[row])) for row in chosen]

    def _read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def _read_many(self, sql: str, rows: Iterable[int | str]) -> list[Any]:
        wanted = json.dumps(list(rows))  # one parameter for any number of rows
        return self._read(f"{sql} (SELECT value FROM json_each(?))", (wanted,))


def _rests_on_retracted(article: Article, start: int, end: int) -> bool:
    """Whether any block of a span rests on retracted sources alone; a new build would leave out that block."""
    blocks = (block for block in article.blocks if block.start < end and start < block.end)
    return any(rests_on_retracted(article, block) for block in blocks)


def _passage(values: Sequence[Any]) -> Passage:
    identifier, article_id, title, heading, section, statement, text, start, end, marks = values
    return Passage(
        identifier, article_id, title, heading, tuple(json.loads(section)), statement, text, start, end, tuple(json.loads(marks))
    )
