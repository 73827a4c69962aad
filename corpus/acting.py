"""One act on one article: recorded in the audit log first, then its file replaced whole, and only as intended.

Knows files and the log; what may be done when is in corpus/reviewing.py.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus.audit import Action, AuditLog, Entry
from corpus.editing import NotEditable
from corpus.errors import ArticleNotFound, ArticleNotWritten, AuditUnavailable, CorpusError, ReviewRefused
from corpus.loading import article_files, parse_article, read_article
from corpus.replacing import replace_article
from corpus.types import Article, Problem

#: Longest name and reason; the log is no place for letters.
MAX_NAME, MAX_REASON = 100, 1000
#: A killed act leaves its half-written copy; older ones are removed.
_STRAY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Done:
    """An act that took place: the article as it is now, what to look at in it, and the act's entry in the log."""

    article: Article
    warnings: tuple[Problem, ...]
    entry: Entry


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """An article's file as it was read, and the acts on it, the last one last; those numbered in `undone` did not take place."""

    path: Path
    raw: bytes
    article: Article
    history: tuple[Entry, ...]
    undone: frozenset[int]

    @property
    def text(self) -> str:
        """With byte order mark and line ends as they stand."""
        return self.raw.decode("utf-8")


@dataclass(frozen=True, slots=True)
class Change:
    """What an act does: the new text of the file, the article it must be read as, and what the log keeps of it."""

    text: str
    article: Article
    details: dict[str, Any]


Plan = Callable[[ArticleFile], Change]


def clean_name(by: str) -> str:
    """Who does it, on one printable line. Raises `ReviewRefused` where nobody is named."""
    return _line("a name: who does it", by, MAX_NAME)


def clean_reason(reason: str | None) -> str:
    """Why, on one printable line. Raises `ReviewRefused` where there is none."""
    return _line("a reason", reason, MAX_REASON)


def _line(what: str, text: str | None, longest: int) -> str:
    line = "".join(letter for letter in " ".join((text or "").split()) if letter.isprintable())
    if not line:
        raise ReviewRefused(f"this needs {what}")
    if len(line) > longest:
        raise ReviewRefused(f"this needs {what}, of at most {longest} characters; given are {len(line)}")
    return line


def unfinished(folder: Path, log: AuditLog) -> list[Entry]:
    """The last entry of each article whose act did not take place: cut short after the log, or the old file was put back."""
    histories: dict[str, list[Entry]] = {}
    for entry in log.entries():
        histories.setdefault(entry.subject, []).append(entry)
    cut = ((path, _cut_short(histories.get(path.stem, ()), path)) for path in article_files(folder))
    return [entry for _, entry in cut if entry is not None]


def act(action: Action, folder: Path, article_id: str, plan: Plan, *, by: str, reason: str | None, log: AuditLog) -> Done:
    """Reads, plans, records, replaces: in this order, and no other act of this log in between."""
    name, given = clean_name(by), {} if reason is None else {"reason": clean_reason(reason)}
    with log.locked():
        file = _read(folder, article_id, log)
        try:
            change = plan(file)
            article, warnings = _as_intended(file, change)
        except NotEditable as error:
            raise NotEditable(f"{file.path}: {error}; change it by hand") from error
        raw = change.text.encode("utf-8")
        entry = log.append(
            name, action, article_id, **change.details, **given, file_before=_sha256(file.raw), file_after=_sha256(raw)
        )
        if raw != file.raw:
            _replace(file, raw, entry, log)
    return Done(article, warnings, entry)


def _read(folder: Path, article_id: str, log: AuditLog) -> ArticleFile:
    """The article's file and history. First says in the log what earlier act did not take place."""
    path = next((path for path in article_files(folder) if path.stem == article_id), None)
    if path is None:
        raise ArticleNotFound(f"no article {article_id!r} in {folder}; `followup corpus list` prints those there are")
    for stray in path.parent.glob(f".{path.name}.*.part"):
        if time.time() - stray.stat().st_mtime > _STRAY_S:
            stray.unlink()
    article, problems = read_article(path)
    if article is None:
        raise CorpusError(problems)
    entries = log.entries(article_id)
    if cut := _cut_short(entries, path):
        why = "cut short, or the old file was put back"
        entries.append(log.append("followup", Action.UNDONE, article_id, entry=cut.sequence, why=why))
    return ArticleFile(path, _bytes(path), article, _acts(entries), _undone(entries))


def _acts(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if "file_after" in entry.details)


def _undone(entries: Sequence[Entry]) -> frozenset[int]:
    """The numbers of the acts that an entry says did not take place."""
    return frozenset(int(entry.details.get("entry", 0)) for entry in entries if entry.action == Action.UNDONE)


def _cut_short(entries: Sequence[Entry], path: Path) -> Entry | None:
    """The last act, when the file is still exactly as before it."""
    undone = _undone(entries)
    acts = [entry for entry in _acts(entries) if entry.sequence not in undone]
    if not acts:
        return None
    before, after = acts[-1].details.get("file_before"), acts[-1].details["file_after"]
    return acts[-1] if before != after and _sha256(_bytes(path)) == before else None


def _replace(file: ArticleFile, raw: bytes, entry: Entry, log: AuditLog) -> None:
    """The new file in place of the old one. When that fails the log says so."""
    try:
        replace_article(file.path, file.raw, raw)
    except ArticleNotWritten:
        stands = _bytes(file.path)
        if stands != raw:
            why = "the file could not be replaced" if stands == file.raw else "the file was changed meanwhile"
            with suppress(AuditUnavailable):  # the same disk may be full; `followup audit verify` finds it by the file's hash
                log.append("followup", Action.UNDONE, file.article.id, entry=entry.sequence, why=why)
        raise


def _as_intended(file: ArticleFile, change: Change) -> tuple[Article, tuple[Problem, ...]]:
    """The new text as the product will read it: the old article but for what the act is about, and its warnings."""
    article, problems = parse_article(change.text.removeprefix("\ufeff"), file.article.path)
    if article is None:
        raise CorpusError(problems)
    moved = article.blocks[0].line - change.article.blocks[0].line
    blocks = tuple(replace(block, line=block.line + moved) for block in change.article.blocks)
    if article != replace(change.article, blocks=blocks):
        raise NotEditable("the front matter is written in a way in which this cannot be changed alone")
    return article, tuple(problems)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArticleNotWritten(f"{path} cannot be read ({error.strerror})") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
