"""The process in which parsers run: `python -m corpus.importing.child`, started and watched by corpus/importing/reading.py.

One JSON line in, then one for each file (`SourceFile`); JSON lines out, on a pipe of their own, as libraries write on standard
output:

    {"parser": "corpus.importing.formats.html", "options": {…}, "limits": {…}, "today": "2026-11-23"}     →  {"ready": true}
    {"path": "/…/a.html", "name": "a.html"}
        →  {"article": {…}} or {"refused": …, "record": 3} for each record, then {"done": "/…/a.html"}
    after a file that took much memory     →  {"leaving": true}

What goes wrong unexpectedly ends the process: its parent names the file and starts another one.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from corpus.importing.formats import Documents
from corpus.importing.limits import Limits, allow_cpu, confine, peak_megabytes
from corpus.importing.rendering import render
from corpus.importing.types import NotTaken, Options

Message = dict[str, Any]


def answer(requests: BinaryIO, replies: BinaryIO) -> None:
    """Serves requests until they end, or until so much memory was used that the next file should start afresh."""
    begin = json.loads(requests.readline())
    limits, options = Limits(**begin["limits"]), Options(**begin["options"])
    today = dt.date.fromisoformat(begin["today"])
    documents: Documents = import_module(begin["parser"]).documents
    confine(limits)

    def say(message: Message) -> None:
        replies.write(json.dumps(message).encode() + b"\n")
        replies.flush()
        allow_cpu(limits.seconds)

    say({"ready": True})
    for request in requests:
        asked = json.loads(request)
        for message in _records(documents, Path(asked["path"]), replace(options, name=asked["name"]), today):
            say(message)
        say({"done": asked["path"]})
        if peak_megabytes() > limits.megabytes / 2:
            say({"leaving": True})
            return


def _records(documents: Documents, path: Path, options: Options, today: dt.date) -> Iterator[Message]:
    """A message for each record of a file."""
    try:
        for number, document in enumerate(documents(path, options), start=1):
            if isinstance(document, NotTaken):
                yield {"refused": str(document), "record": number}
                continue
            try:
                yield {"article": asdict(render(document, today)), "record": number}
            except NotTaken as error:
                yield {"refused": str(error), "record": number, "source_id": document.source_id}
    except NotTaken as error:
        yield {"refused": str(error)}
    except OSError as error:
        yield {"refused": f"it cannot be read: {error.strerror or error}"}


def main() -> None:
    """Takes standard output away from the libraries, and serves."""
    with os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)
        answer(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
