"""Holds the audit log against its own chain: what was changed, removed, put in, moved, or cut off at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from corpus.audit_entries import BEGINNING, START, Entry, Head, read_entry
from corpus.types import Problem

#: Times the log is read again because somebody adds to it meanwhile.
_ATTEMPTS = 10
#: Shortest beginning of a hash that may be noted: 48 bits.
_NOTED = 12


@dataclass(frozen=True, slots=True)
class Verified:
    """`count` whole entries, the hash of the last, what is wrong, and what is worth knowing but nobody's wrong."""

    count: int
    head: str
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()


def verified(
    path: str, lines: Callable[[], Iterable[bytes]], head: Callable[[], Head | None], noted: str | None = None
) -> Verified:
    """Every problem of the log. Takes no lock, so that somebody who may only read can do it."""
    for _ in range(_ATTEMPTS):
        found = head()
        walk = _Walk(path, lines())
        if found == head():
            break
    walk.hold_against_head(found)
    if noted is not None and (len(noted) < _NOTED or not any(known.startswith(noted.lower()) for known in walk.hashes)):
        walk.problem(f"no entry has the hash {noted}: the log was cut off before it, or written anew")
    return Verified(len(walk.hashes), walk.last.hash if walk.last else START, tuple(walk.problems), tuple(walk.notes))


class _Walk:
    """Reads the log once, from its first line to its last."""

    def __init__(self, path: str, lines: Iterable[bytes]) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.hashes: list[str] = []
        self.last: Entry | None = None
        self.line = 0
        other: list[bytes] = []  # lines since the last entry that are none
        for line in lines:
            self.line += 1
            if (entry := read_entry(line)) is None:
                other.append(line)
                continue
            self._answers_for(entry, b"".join(other))
            self._follows(entry)
            self.last = entry
            self.hashes.append(entry.hash)
            other.clear()
        self._ends_with(other)

    def problem(self, message: str) -> None:
        """Something wrong at the line that was read last."""
        self.problems.append(Problem(self.path, max(self.line, 1), message, "audit"))

    def _note(self, message: str) -> None:
        self.notes.append(Problem(self.path, max(self.line, 1), message, "audit"))

    def _answers_for(self, entry: Entry, other: bytes) -> None:
        """Whether an entry tells of exactly the cut-short text before it."""
        told = entry.details.get("torn")
        answered = told.get("sha256") if isinstance(told, dict) else None
        if other and answered == hashlib.sha256(other).hexdigest():
            self._note(
                f"an entry was cut short before entry {entry.sequence}, which answers for it; its {len(other)} bytes are kept"
            )
        elif other:
            self.problem(f"before entry {entry.sequence} stands text that is no entry: one was changed or put in")
        elif answered is not None:
            self.problem(f"the cut-short text that entry {entry.sequence} answers for is gone")

    def _follows(self, entry: Entry) -> None:
        """Whether an entry continues the one before it."""
        count, link = (self.last.sequence, self.last.hash) if self.last else (0, START)
        if entry.sequence > count + 1:
            self.problem(f"{_missing(count + 1, entry.sequence - 1)} missing: entry {entry.sequence} stands after entry {count}")
        elif entry.sequence <= count:
            self.problem(f"entry {entry.sequence} stands after entry {count}: moved, or put in twice")
        elif entry.previous != link:
            self.problem(f"entry {entry.sequence} was written after another entry {count} than the one that stands here")
        if "head_found" in entry.details:
            self.problem(f"when entry {entry.sequence} was written, the head file was missing or of another log")

    def _ends_with(self, other: list[bytes]) -> None:
        """What a power cut leaves is a piece of an entry; a whole JSON object is something that was changed or put in."""
        if not other:
            return
        if not all(map(_is_piece, other)):
            self.problem("the end is no entry and no piece of one: it was changed or put in")
        else:
            size = sum(map(len, other))
            self._note(f"the last entry is cut short ({size} bytes): a power cut, or it is being written just now")

    def hold_against_head(self, head: Head | None) -> None:
        """Whether the log ends where the head file says."""
        count, link, before = (self.last.sequence, self.last.hash, self.last.previous) if self.last else (0, START, START)
        if head is None:
            if count == 1:
                self._note("there is no head file: the first entry was cut short, or is being written just now")
            elif count:
                self.problem("the head file is missing or broken: whether the end was cut off cannot be told")
        elif head.count > count:
            self.problem(f"{_missing(count + 1, head.count)} missing at the end: the head file tells of {head.count}")
        elif head.count < count - 1:
            self.problem(f"the head file tells of {head.count} entries, the log has {count}: it is an old one")
        elif head.count == count and head.hash != link:
            self.problem(f"the head file tells of another entry {count}: one was replaced")
        elif head.count == count - 1 and head.hash != before:
            self.problem(f"the head file tells of another entry {head.count}: one was replaced")
        elif head.count == count - 1:
            self._note(f"the head file is one entry behind: writing was cut short after entry {count}")


def _missing(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _is_piece(line: bytes) -> bool:
    """Whether a line may be an entry cut short. Some file systems put zeros where the rest should have been."""
    piece = line.removesuffix(b"\n").rstrip(b"\0")
    if not piece.startswith(BEGINNING):
        return BEGINNING.startswith(piece)
    try:
        json.loads(piece)
    except (ValueError, RecursionError):
        return True
    return not line.endswith(b"\n")
