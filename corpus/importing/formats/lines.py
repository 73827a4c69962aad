"""JSON lines, plain or gzip, read strictly and line by line: no NaN, no key twice, no half characters, no bomb."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from corpus.importing.formats.files import beginning, decoded
from corpus.importing.types import NotTaken

#: Bytes of one line, so of one article. The longest of the two data sets in ../shared has 140,000.
_LONGEST = 4_000_000
#: How many times larger than its file a gzip may be. Text is 3 to 10 times; zeros are 1,000 times.
_RATIO = 100
#: Empty lines in a row.
_EMPTY = 10_000

Record = dict[str, Any]


def records(path: Path) -> Iterator[tuple[int, Record | NotTaken]]:
    """Each line's number and object; a `NotTaken` in place of a line that holds none. Empty lines are passed over."""
    with closing(_opened(path)) as file:
        most = path.stat().st_size * _RATIO
        read = number = empty = 0
        while line := _next(file):
            number += 1
            read += len(line)
            if len(line) > _LONGEST:
                raise NotTaken(f"line {number} has over {_LONGEST:,} bytes")
            if read > most:
                raise NotTaken(f"line {number}: the file is unpacked to over {_RATIO} times its size")
            empty = 0 if line.strip() else empty + 1
            if empty > _EMPTY:
                raise NotTaken(f"line {number}: over {_EMPTY:,} empty lines in a row")
            if not empty:
                yield number, _record(line, number)


def _opened(path: Path) -> IO[bytes]:
    packed = beginning(path, "JSON lines", b"\x1f\x8b" if path.suffix == ".gz" else None).startswith(b"\x1f\x8b")
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _next(file: IO[bytes]) -> bytes:
    try:
        return file.readline(_LONGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotTaken(f"the gzip file is damaged: {error}") from error


def _record(line: bytes, number: int) -> Record | NotTaken:
    try:
        found = json.loads(decoded(line), object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()
    except NotTaken as error:
        return NotTaken(f"line {number}: {error}")
    except UnicodeEncodeError:
        return NotTaken(f"line {number}: half of a character (a lone surrogate)")
    except RecursionError:
        return NotTaken(f"line {number}: nested too deeply")
    except ValueError as error:
        return NotTaken(f"line {number}: not JSON: {error}")
    return found if isinstance(found, dict) else NotTaken(f"line {number}: not an object but a {type(found).__name__}")


def _once(pairs: list[tuple[str, Any]]) -> Record:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise NotTaken(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return made


def _no_constant(text: str) -> NoReturn:
    raise NotTaken(f"{text} is no JSON")


def text(record: Record, key: str, *, needed: bool = False) -> str:
    """A record's text under a key, stripped; "" where it is missing or null and not `needed`. Numbers are taken as text."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise NotTaken(f"{key!r} is no text but a {type(value).__name__}")
    found = (value or "").strip()
    if needed and not found:
        raise NotTaken(f"it has no {key!r}")
    return found
