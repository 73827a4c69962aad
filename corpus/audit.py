"""The audit log: who changed what and when, one JSON object a line, each bound to the one before by SHA-256.

Lines are only ever added, by any number of processes, under one lock. Beside the log a head file holds how many entries
there are and the hash of the last, so that a cut-off end is noticed. What this proves and what not: docs/editorial.md.
Holds ids, hashes, dates and reasons; never what a reader asked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout
from pydantic import ValidationError

from corpus.audit_entries import ENTRY, HEAD, START, Action, Entry, Head, canonical, read_entry
from corpus.audit_verifying import Verified, verified
from corpus.errors import AuditUnavailable
from corpus.replacing import replace_bytes

__all__ = ["Action", "AuditLog", "Entry", "Head", "Verified"]

log = logging.getLogger(__name__)

#: Seconds to wait for another process that is adding an entry; one takes about 10 ms.
LOCK_S = 10.0
#: Bytes read at once from the end of the log; an entry has about 500.
_BLOCK = 65_536
#: Details that the log itself writes.
_RESERVED = frozenset({"torn", "head_found"})


#: Of the log and of its head file.
_Times = tuple[tuple[int, ...] | None, tuple[int, ...] | None]


class AuditLog:
    """The log in one file. Every error of reading or writing it is `AuditUnavailable`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head_path = path.with_name(f"{path.name}.head")
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_S)
        self._verified: tuple[_Times, Verified] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else adds an entry meanwhile. May be held around `append`."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            said = f"{self._lock.lock_file} was held by another process for {LOCK_S:g} s; nothing was done, try again"
            raise AuditUnavailable(said) from None
        except OSError as error:
            raise self._unavailable("written", error) from error
        try:
            yield
        finally:
            self._lock.release()

    def append(self, actor: str, action: Action, subject: str, **details: Any) -> Entry:
        """Adds an entry; when this returns it is on the disk. When it raises, what it was to record must not be done.

        `details` are JSON values, and never what a reader asked. Raises ValueError or TypeError for others.
        """
        if reserved := _RESERVED & details.keys():
            raise ValueError(f"the log itself writes {', '.join(sorted(reserved))}")
        with self.locked():
            try:
                return self._append(actor, action, subject, details)
            except OSError as error:
                raise self._unavailable("written", error) from error

    @contextmanager
    def recorded(
        self, actor: str, action: Action, subject: str, *, took_place: Callable[[], bool] = lambda: False, **details: Any
    ) -> Iterator[None]:
        """An entry before the block, and a second one, `undone`, where the block fails and the act did not take place.

        `took_place` is asked only where the block fails: what failed may have come after the act. The block's error is
        always what is raised. Raises `AuditUnavailable` before the block, which then does not run.
        """
        entry = self.append(actor, action, subject, **details)
        try:
            yield
        except BaseException as error:
            if not took_place():
                self._undone(entry, error)
            raise

    def check(self) -> None:
        """Raises `AuditUnavailable` where no entry can be added: what takes long asks before it begins."""
        with self.locked():
            try:
                os.close(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640))
            except OSError as error:
                raise self._unavailable("written", error) from error

    def entries(self, subject: str | None = None) -> list[Entry]:
        """Every entry that is whole in itself, in file order, or those about one subject.

        Whether the chain holds is what `verify` says.
        """
        # A line is written in one way only, so others need not be parsed: 0.1 ms each, where there may be 100,000.
        about = b"" if subject is None else canonical({"subject": subject})[1:-1]
        found = (read_entry(line) for line in self.lines() if about in line)
        return [entry for entry in found if entry is not None and subject in (None, entry.subject)]

    def verify(self, noted: str | None = None) -> Verified:
        """What is wrong with the log. `noted` is the hash of an entry, written down elsewhere, that must still be in it."""
        return verified(str(self.path), self.lines, self.head, noted)

    def last_verified(self) -> Verified:
        """What `verify` found last, unless a file has changed since by its size and times: 100,000 entries take 6 s.

        For pages. Whoever holds the log against a noted hash, or trusts no file's times, calls `verify`.
        """
        times = _times(self.path), _times(self.head_path)  # taken first: what is added meanwhile is looked at next time
        if self._verified is None or self._verified[0] != times:
            self._verified = (times, self.verify())
        return self._verified[1]

    def lines(self) -> Iterator[bytes]:
        """The lines as they stand, each with its line end; the last may lack it. Nothing where nothing was ever logged."""
        try:
            with self.path.open("rb") as file:
                yield from file
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable("read", error) from error

    def head(self) -> Head | None:
        """What the head file holds; None where there is none or it holds something else."""
        try:
            return HEAD.validate_json(self.head_path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error

    def _undone(self, entry: Entry, error: BaseException) -> None:
        try:
            self.append(entry.actor, Action.UNDONE, entry.subject, entry=entry.sequence, error=type(error).__name__)
        except AuditUnavailable as unavailable:  # what stopped the act, a full disk, may stop this; that is what is raised
            log.error("entry %d of the audit log did not take place: %s", entry.sequence, unavailable)

    def _append(self, actor: str, action: Action, subject: str, details: Mapping[str, Any]) -> Entry:
        for stray in self.path.parent.glob(f".{self.head_path.name}.*.part"):  # a kill left it; only the lock's holder writes one
            stray.unlink()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            last, torn, glue = _end(file)
            sequence, previous, found = _after(last, self.head())
            if torn:  # it stays where it is, and this entry answers for it
                found["torn"] = {"bytes": len(torn + glue), "sha256": hashlib.sha256(torn + glue).hexdigest()}
            at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            entry = Entry(sequence, at, actor, action.value, subject, {**details, **found}, previous, "")
            entry = ENTRY.validate_python(entry.values | {"hash": entry.own_hash})
            if json.loads(entry.line) != entry.values:
                raise ValueError("details are not JSON values")
            self._write(file, glue + entry.line, Head(entry.sequence, entry.hash))
        return entry

    def _write(self, file: BinaryIO, content: bytes, head: Head) -> None:
        """Both files, the log first: the head is never ahead of it. After an error the log is as before, if the disk lets it."""
        size = os.fstat(file.fileno()).st_size
        try:
            rest = memoryview(content)
            while rest:  # one `write` may take a part, when the disk is nearly full
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            replace_bytes(self.head_path, canonical(asdict(head)) + b"\n")
        except OSError:
            if self.head() != head:
                with suppress(OSError):  # where this fails too, `verify` and the next entry tell of the piece that is left
                    os.ftruncate(file.fileno(), size)
            raise

    def _unavailable(self, done: str, error: OSError) -> AuditUnavailable:
        said = (
            f"the audit log {self.path} cannot be {done} ({error.strerror}), so nothing was done; it is where FOLLOWUP_AUDIT says"
        )
        return AuditUnavailable(said)


def _times(path: Path) -> tuple[int, ...] | None:
    """What changes when a file does: which one it is, its size, and its times; the last one nobody can set."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _end(file: BinaryIO) -> tuple[Entry | None, bytes, bytes]:
    """The last whole entry, the bytes after it that are none, and the line end that is missing at the end."""
    size = file.seek(0, os.SEEK_END)
    length = min(_BLOCK, size)
    while True:
        file.seek(size - length)
        lines = io.BytesIO(file.read(length)).readlines()
        glue = b"\n" if lines and not lines[-1].endswith(b"\n") else b""
        if glue and (entry := read_entry(lines[-1] + glue)) is not None:
            return entry, b"", glue  # cut short before its very last byte
        for position in range(len(lines) - 1, -1, -1):
            if (entry := read_entry(lines[position])) is not None:
                return entry, b"".join(lines[position + 1 :]), glue
        if length == size:
            return None, b"".join(lines), glue
        length = min(2 * length, size)


def _after(last: Entry | None, head: Head | None) -> tuple[int, str, dict[str, Any]]:
    """Sequence and previous hash of the next entry, and what it must tell of a head file that does not fit.

    The head counts where it is ahead of the log or contradicts its end: the gap then stays in the chain for ever, and a
    cut-off end cannot be hidden by going on.
    """
    count, link = (last.sequence, last.hash) if last else (0, START)
    if head is not None and head.count >= count:
        return head.count + 1, head.hash, {}
    if last is None or (count == 1 and head is None) or head == Head(count - 1, last.previous):  # killed before the head
        return count + 1, link, {}
    return count + 1, link, {"head_found": asdict(head) if head else None}
