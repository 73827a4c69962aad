"""Reading a file that anybody may have made: how large it may be, what it begins with, and in which encoding its text is."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from pathlib import Path

from corpus.importing.types import NotTaken

#: Bytes of a file that holds one article. The largest of 500 open guideline PDFs is about 20 MB; its text is far smaller.
LARGEST = 50_000_000
#: Bytes of a file that is nothing but text.
LARGEST_TEXT = 10_000_000
_OTHERS = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive (or a Word document)",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office document",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?![\d-])")


def beginning(path: Path, wanted: str, begins: bytes | None = None) -> bytes:
    """The first kilobyte of a file that is `wanted` ("a PDF"), and begins so where that is said; not empty, not another kind."""
    with path.open("rb") as file:
        head = file.read(1024)
    if not head.strip(b"\0 \t\r\n"):
        raise NotTaken("the file is empty")
    if begins and head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(begins):
        return head
    other = next((name for magic, name in _OTHERS.items() if head.startswith(magic)), None)
    if begins or other:
        raise NotTaken(f"the file is {other or 'something else'}, not {wanted}, whatever its name says")
    return head


def whole(path: Path, largest: int) -> bytes:
    """All bytes of a file of at most `largest` bytes."""
    with path.open("rb") as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise NotTaken(f"the file has {path.stat().st_size:,} bytes; at most {largest:,} are read")
    return data


def text_of(path: Path, wanted: str) -> str:
    """The text of a UTF-8 file, without its byte order mark; line ends are line feeds."""
    beginning(path, wanted)
    return decoded(whole(path, LARGEST_TEXT)).replace("\r\n", "\n").replace("\r", "\n")


def decoded(data: bytes) -> str:
    """UTF-8 as text. Other encodings are refused: a wrong guess turns "µg" into something else."""
    if data.startswith(_WIDE):
        raise NotTaken("the text is UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f" (line {line})" if line > 1 else ""
        raise NotTaken(f"byte {data[error.start]:#04x} at {error.start:,}{where} is not UTF-8") from error
    if "\0" in text:
        raise NotTaken(f"line {text.count(chr(10), 0, text.index(chr(0))) + 1} holds a zero byte: this is no text file")
    return text


def date_in(text: str | None) -> dt.date | None:
    """The date a text begins with: 2024-05-03, 2024-05 or 2024. What is left out counts as the first: an article never
    looks newer than it is.
    """
    found = _DATE.match((text or "").strip().replace("/", "-"))
    return found and dated(found[1], found[2], found[3])


def dated(year: str | int | None, month: str | int | None = None, day: str | int | None = None) -> dt.date | None:
    """A date from its parts, those that are missing or wrong as the first; None without a year."""
    try:
        return dt.date(int(year or ""), int(month or 1), int(day or 1))
    except ValueError:
        try:
            return dt.date(int(year or ""), 1, 1)
        except ValueError:
            return None


def address(text: str | None) -> str | None:
    """A web address, with https:// where only the scheme is missing; None where it is none."""
    text = (text or "").strip()
    if re.fullmatch(r"https?://[^\s/]+\S*", text):
        return text
    return f"https://{text}" if re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?", text) else None
