"""Which servers answer from an index, and from which of its generations: so that a build returns when all have switched.

Each server process keeps one file in `<index>/serving/`, which it holds locked and in which the oldest generation stands
that any answer of it still rests on. The system frees the lock when the process ends, however it ends, so a dead server is
told from a slow one. Without this a withdrawn article could be cited after the command that withdrew it has returned.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

#: Servers look for a new generation this often; what they do is one read of a small file.
LOOK_EVERY_S = 0.2
#: An answer of a language model takes up to 20 s (FOLLOWUP_WRITER_DEADLINE_S).
_PATIENCE_S = 30.0


class Announcement:
    """What one server process says of itself. On a disk that cannot be written nothing is said, and nothing can be built."""

    def __init__(self, root: Path) -> None:
        self._path = root / "serving" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._file: int | None = None  # its descriptor: the system closes it with the process
        self._said: int | None = None
        self._complained = False

    def say(self, number: int) -> None:
        """The oldest generation that an answer may still rest on. What could not be said is said when it can."""
        try:
            if self._file is not None and not self._is_there(self._file):  # the index was removed and built anew
                os.close(self._file)
                self._file = None
            if self._file is None:
                self._file = self._locked(number)
            elif number != self._said:
                # In place and of one length, so that no reader sees half a number.
                os.pwrite(self._file, _line(number), 0)
        except OSError as error:
            if not self._complained:
                log.warning("builds cannot see which generation this process answers from: %s", error.strerror)
            self._complained = True
            return
        self._said, self._complained = number, False

    def _is_there(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False

    def _locked(self, number: int) -> int:
        """The file, under its name only when it is locked and written: what is not would be taken for a dead server's."""
        self._path.parent.mkdir(exist_ok=True)
        unnamed = self._path.with_name(f".{self._path.name}")
        file = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.pwrite(file, _line(number), 0)
            unnamed.rename(self._path)
        except OSError:
            os.close(file)
            raise
        return file

    def end(self) -> None:
        """The server stops."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None


def wait_for_servers(root: Path, number: int, patience_s: float = _PATIENCE_S) -> int:
    """Waits until no server answers from another generation; returns how many still do when patience ends, and logs it."""
    until = time.monotonic() + patience_s
    while (late := _late(root, number)) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S / 10)
    if late:
        log.warning("after %.0f s %s", patience_s, still_answering(late))
    return late


def still_answering(late: int) -> str:
    """What is said of servers that have not switched."""
    return f"{late} server processes still answer from another generation than the live one; restart them"


def _late(root: Path, number: int) -> int:
    """How many servers that run have not switched. What dead ones left is removed."""
    late = 0
    for path in (root / "serving").glob("[0-9]*-*"):
        with suppress(FileNotFoundError), path.open("rb") as file:  # it may be another user's
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                late += file.read() != _line(number)
            else:
                path.unlink(missing_ok=True)
    return late


def _line(number: int) -> bytes:
    return f"{number:012d}".encode()
