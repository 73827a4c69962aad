"""Puts imported articles into a folder of articles: new ones beside the others, changed ones in place of what was imported.

What staff did here (wording, review, withdrawal, another file name) is never written over unless it is asked for.
"""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml

from corpus.errors import ArticleNotWritten
from corpus.importing.files import shown
from corpus.importing.rendering import Rendered, is_as_imported
from corpus.loading import MAX_FILE_BYTES, article_files, read_article
from corpus.replacing import replace_bytes
from corpus.types import Article, Status

#: The block of the front matter that says where an article is from, in lines of its own or on one.
_SOURCE = re.compile(r"^source:.*(?:\n[ \t]+.*)*", re.MULTILINE)
#: Comparing longer texts line by line takes seconds (10,000 lines of which half changed: 6 s).
_MOST_LINES = 4_000
#: Files written at once: each waits for the disk, which takes four in the time of one (190 files/s by one, 3,100 by four).
_WRITERS = 4
_UNFINISHED = 32
_FOLDER_ABOVE = "Import the folder that holds both files: they are then told apart by their paths in it."


class Kind(StrEnum):
    """What became of a document."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: its article and, for `KEPT`, why. `before` and `after` are the file's text, of a change."""

    kind: Kind
    article_id: str
    source: str
    source_id: str
    reason: str = ""
    before: str = ""
    after: str = ""

    def diff(self) -> str:
        """The change as a unified diff, nothing where there is none."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        if not new:
            return ""
        name = f"{self.article_id}.md"
        if old and len(old) + len(new) > _MOST_LINES:
            return f"--- a/{name}\n+++ b/{name}\n({len(old)} lines become {len(new)}: too long to compare here)\n"
        return "".join(difflib.unified_diff(old, new, f"a/{name}" if old else "/dev/null", f"b/{name}"))


@dataclass(frozen=True, slots=True)
class _Known:
    """An article of the folder that was imported: its file's name without `.md`, and the hash of what was imported."""

    name: str
    sha256: str


class Shelf:
    """A folder of articles that documents are put into; it remembers what was there and what came since.

    New files are written beside the caller: leaving the `with` block waits for them, and raises what went wrong.
    """

    def __init__(
        self,
        folder: Path,
        *,
        replace: bool = False,
        dry_run: bool = False,
        file_names: bool = False,
        locked: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`locked` is held while a file is judged and replaced, so that no review of it comes in between.

        `file_names`: documents are known by their file's path. One with another title is then perhaps another document, and
        only replaces the article where it is told to: two folders with an index.html each lost the first one's article.
        """
        self.folder = folder
        self.written: list[str] = []  # ids of the articles whose files are on the disk, in no order
        self._locked = locked
        self._replace = replace
        self._dry_run = dry_run
        self._file_names = file_names
        files = article_files(folder) if folder.is_dir() else []
        self._names = {path.stem for path in files}
        self._known = dict(_imported(files))
        self._came: dict[tuple[str, str], str] = {}
        self._writers = ThreadPoolExecutor(_WRITERS)
        self._unfinished: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._writers:
            self._wait(0)

    def put(self, document: Rendered) -> Outcome | str:
        """Writes a document's article where that is due. A text says why it could not be taken at all.

        Raises `ArticleNotWritten`: then its file is as before.
        """
        key = (document.source, document.source_id)
        if self._came.setdefault(key, document.sha256) != document.sha256:
            said = f"{shown(document.source_id)!r} was there before in this import, with another text; only the first was taken"
            return f"{said}. {_FOLDER_ABOVE}" if self._file_names else said
        known = self._known.get(key)
        if known is not None and known.sha256 == document.sha256:
            return Outcome(Kind.UNCHANGED, known.name, document.source, document.source_id)
        with self._locked() if known else nullcontext():
            outcome = self._again(document, known) if known else self._new(document)
            if isinstance(outcome, Outcome) and outcome.kind in (Kind.ADDED, Kind.UPDATED):
                self._known[key] = _Known(outcome.article_id, document.sha256)
                self._names.add(outcome.article_id)
                if not self._dry_run:
                    self._unfinished.append(self._writers.submit(self._write, outcome))
                    self._wait(_UNFINISHED if known is None else 0)
        return outcome

    def _wait(self, most: int) -> None:
        """Until at most so many files are unfinished."""
        while len(self._unfinished) > most:
            self._unfinished.popleft().result()

    def _write(self, outcome: Outcome) -> None:
        path = self._path(outcome.article_id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_bytes(path, outcome.after.encode())
            self.written.append(outcome.article_id)
        except OSError as error:
            raise ArticleNotWritten(
                f"{shown(path)} cannot be written ({error.strerror}); what was imported before it is there, and the same"
                " command goes on from here"
            ) from error

    def _new(self, document: Rendered) -> Outcome | str:
        free = [name for name in document.ids if name not in self._names and not self._path(name).exists()]
        if not free:
            return f"{document.ids[0]}.md and {document.ids[1]}.md are other articles"
        return Outcome(Kind.ADDED, free[0], document.source, document.source_id, after=document.text(free[0]))

    def _again(self, document: Rendered, known: _Known) -> Outcome | str:
        """A document that was imported before with another text."""

        def outcome(kind: Kind, reason: str = "", before: str = "", after: str = "") -> Outcome:
            return Outcome(kind, known.name, document.source, document.source_id, reason, before, after)

        path = self._path(known.name)
        # Read now, not when the import began: somebody may have edited it since.
        article, problems = read_article(path)
        if article is None:
            return outcome(Kind.KEPT, f"the source has changed, but the file here has an error: {problems[0]}")
        before, after = path.read_text("utf-8-sig"), document.text(known.name)
        if article.withdrawn:
            return outcome(Kind.KEPT, "the source has changed, but the article is withdrawn here", before, after)
        if self._file_names and not self._replace and article.title != document.title and is_as_imported(article):
            other = f"{known.name} was imported as {shown(document.source_id)!r} with the title {article.title!r}; this may be"
            return f"{other} another document, as its title is {document.title!r}. {_FOLDER_ABOVE} --replace takes the new text."
        if (reason := _touched(article)) and not self._replace:
            return outcome(Kind.KEPT, f"the source has changed, but {reason} here; --replace takes the new text", before, after)
        return outcome(Kind.UPDATED, "", before, after)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.md"


def _touched(article: Article) -> str:
    """What staff did with an imported article, nothing when they did nothing."""
    if not is_as_imported(article):
        return "the article was edited"
    return f"the article is {article.status.label.lower()}" if article.status is not Status.SUBMITTED else ""


def _imported(files: list[Path]) -> Iterator[tuple[tuple[str, str], _Known]]:
    """Source and source id of every imported article among the files.

    Only the `source` block of each is read: 11,000 files take 2 s so, and 60 s when their whole front matter is.
    """
    for path in reversed(files):  # of two copies, the first by name counts
        try:
            head = path.read_text("utf-8-sig")[:MAX_FILE_BYTES].partition("\n---\n")[0]
            found = _SOURCE.search(head)
            source = yaml.safe_load(found[0])["source"] if found else None
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue  # `followup corpus check` says so; its name stays taken
        if isinstance(source, dict) and {"name", "id", "sha256"} <= source.keys():
            yield (str(source["name"]), str(source["id"])), _Known(path.stem, str(source["sha256"]))
