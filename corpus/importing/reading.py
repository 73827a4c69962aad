"""Reads files through a parser in a child process that is confined, watched, and replaced when it dies or stalls.

A parser that loops, eats memory or crashes on one file costs that file alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict
from typing import Any, Self

from corpus.errors import FollowupError
from corpus.importing.files import shown
from corpus.importing.formats import Format
from corpus.importing.limits import Limits
from corpus.importing.rendering import Rendered
from corpus.importing.types import Options, Refused, SourceFile
from corpus.loading import MAX_FILE_BYTES

#: Bytes of requests that may be on their way, with what the system counts for each besides: a third of what Linux holds for
#: a socket (208 KiB), so that neither side ever waits for the other.
_AHEAD = 65_536
_EACH = 1_024
#: No reply of ours is longer: an article's text as JSON, where a character may take 6 bytes (`\u0000`).
_LONGEST_REPLY = 6 * MAX_FILE_BYTES
#: What an interpreter needs to find itself and its libraries.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
#: The kinds of death that a limit causes.
_SIGNALS = {signal.SIGXCPU: "it took too much CPU time", signal.SIGXFSZ: "it wanted to write a file"}
#: What the last line of a traceback begins with -> what that says of the file.
_EXCEPTIONS = {"MemoryError": "it needs more than {megabytes} MB of memory", "RecursionError": "it is nested too deeply"}


class ReaderFailed(FollowupError):
    """The child cannot be started at all: that is no file's fault, and nothing can be imported."""


class _Died(Exception):
    """The child ended or was killed; the message is what that says of the file."""


def read(
    files: Iterable[SourceFile | Refused], form: Format, options: Options, limits: Limits, today: dt.date
) -> Generator[tuple[SourceFile, Rendered] | Refused]:
    """The articles of all files in the order given, and each file or record that is refused; the rest goes on.

    Files are asked for while earlier ones are still read. Raises `ReaderFailed`.
    """
    waiting: deque[SourceFile | Refused] = deque()
    source = iter(files)
    while waiting or _fill(waiting, source):
        with _Child(form, options, limits, today) as child:
            yield from _through(child, waiting, source)


def _fill(waiting: deque[SourceFile | Refused], source: Iterator[SourceFile | Refused]) -> bool:
    """Whether one more file could be put into the queue."""
    for file in source:
        waiting.append(file)
        return True
    return False


def _through(
    child: _Child, waiting: deque[SourceFile | Refused], source: Iterator[SourceFile | Refused]
) -> Iterator[tuple[SourceFile, Rendered] | Refused]:
    """What one child gives for as long as it lives. `waiting` holds the files that it has not finished."""
    asked = 0  # how many of those waiting the child has been asked for
    room = _AHEAD
    while True:
        while room > 0 and (asked < len(waiting) or _fill(waiting, source)):
            file = waiting[asked]
            if isinstance(file, SourceFile):
                child.ask(file)
                room -= _cost(file)
            asked += 1
        if not waiting:
            return
        file = waiting[0]
        if isinstance(file, Refused):
            waiting.popleft()
            yield file
            asked -= 1
            continue
        try:
            message = child.reply()
        except _Died as died:
            waiting.popleft()
            yield Refused(shown(file.path), str(died))
            return
        if "leaving" in message:
            return
        if "done" in message:
            waiting.popleft()
            asked -= 1
            room += _cost(file)
        elif "article" in message:
            yield file, Rendered(**(message["article"] | {"ids": tuple(message["article"]["ids"])}))
        else:
            yield Refused(_record(file, message), shown(" ".join(message["refused"].split())))


def _record(file: SourceFile, message: dict[str, Any]) -> str:
    """The name of a file, or of a record in it."""
    if "source_id" in message:
        return f"{shown(file.path)}, {shown(message['source_id'])[:100]}"
    return f"{shown(file.path)}, record {message['record']}" if "record" in message else shown(file.path)


def _request(file: SourceFile) -> bytes:
    path = os.path.abspath(file.path)  # noqa: PTH100  # resolves no link
    return json.dumps({"path": path, "name": file.name}).encode() + b"\n"


def _cost(file: SourceFile) -> int:
    """What a request counts while it is on its way."""
    return len(_request(file)) + _EACH


class _Child:
    """One process of corpus/importing/child.py and the socket to it."""

    def __init__(self, form: Format, options: Options, limits: Limits, today: dt.date) -> None:
        self._limits = limits
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        self._socket, theirs = socket.socketpair()
        # -P: nothing is imported from the folder in which the command is typed. No variable of ours is handed on.
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "corpus.importing.child"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                env=kept,
                start_new_session=True,  # Ctrl-C is for the parent, which ends this one
            )
        begin = {"parser": form.module, "options": asdict(options), "limits": asdict(limits), "today": today.isoformat()}
        self._send(json.dumps(begin).encode() + b"\n")

    def __enter__(self) -> Self:
        try:
            self.reply(self._limits.start_seconds)
        except _Died as died:
            self.__exit__()
            raise ReaderFailed(f"the process that reads files did not start: {died}") from died
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.close()
        self._errors.close()

    def ask(self, file: SourceFile) -> None:
        """Asks for a file."""
        self._send(_request(file))

    def reply(self, seconds: float | None = None) -> dict[str, Any]:
        """The next message. Raises `_Died`."""
        allowed = seconds or self._limits.seconds
        deadline = time.monotonic() + allowed
        parts = [self._buffer]
        size = len(self._buffer)
        while b"\n" not in parts[-1]:
            part = self._received(deadline)
            if part is None:
                self._process.kill()
                raise _Died(f"it took more than {allowed:g} s to read; --seconds allows more")
            if not part:
                raise _Died(self._cause())
            parts.append(part)
            size += len(part)
            if size > _LONGEST_REPLY:
                self._process.kill()
                raise _Died("its text is too long for one article")
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _received(self, deadline: float) -> bytes | None:
        """What comes next, nothing at the child's end, None when nothing came in time."""
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            return self._socket.recv(1 << 16)
        except TimeoutError:
            return None
        except ConnectionResetError:  # it ended with requests unread
            return b""

    def _send(self, line: bytes) -> None:
        """Writes to the child; of one that is gone, the next `reply` tells."""
        self._socket.settimeout(self._limits.start_seconds)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(line)

    def _cause(self) -> str:
        """Why the child ended: a signal, or the last line of its traceback."""
        code = self._process.wait()
        if code < 0:
            return _SIGNALS.get(signal.Signals(-code), f"its reader was ended by {signal.Signals(-code).name}")
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        said = lines[-1] if lines else f"exit code {code}"
        known = next((told for name, told in _EXCEPTIONS.items() if said.startswith(name)), None)
        return known.format(megabytes=self._limits.megabytes) if known else f"its reader failed: {shown(said)[:300]}"
