"""A parser that does what its file says: a real child process dies, stalls or eats memory as hostile files make it do."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats import Format
from corpus.importing.types import Document, NotTaken, Options

#: To be read with `tests` importable in the child: PYTHONPATH is the repository's root.
MISBEHAVING = Format("misbehaving", __name__, (".do",), "commands")


def documents(path: Path, options: Options) -> Iterator[Document | NotTaken]:
    """Each line is a command, or the text of a document whose id is the file's name and the line's number."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        match line.split():
            case ["loop"]:
                while True:
                    pass
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["eat", megabytes]:
                eaten = [bytes(1 << 20) for _ in range(int(megabytes))]
                del eaten
            case ["die"]:
                os.kill(os.getpid(), signal.SIGSEGV)
            case ["leave", code]:
                os._exit(int(code))
            case ["fail"]:
                raise KeyError("an error that no parser should raise")
            case ["recurse"]:
                recurse()
            case ["print"]:
                sys.stdout.write("words on standard output\n" * 1000)
                sys.stdout.flush()
            case ["write", target]:
                Path(target).write_bytes(bytes(3_000_000))
            case ["refuse"]:
                raise NotTaken("it says so")
            case ["skip"]:
                yield NotTaken(f"line {number} is to be skipped")
            case ["many", count]:
                yield from (document(f"{path.stem}-{n}", "Words.") for n in range(int(count)))
            case _:
                yield document(f"{path.stem}-{number}", line)


def document(source_id: str, body: str) -> Document:
    return Document(source_id, source_id.title(), body, (), "Tests", None, "CC0", None, "")


def recurse() -> None:
    recurse()
