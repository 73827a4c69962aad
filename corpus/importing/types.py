"""What a format's parser gives and what it may say: `Document`, `Refused`, `NotTaken`, `Options`, and escaping.

Everything a source says is text: `plain` is the one way for it into a body, so that no source can write a heading, a
citation mark, a statement id, HTML or front matter of ours.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import FollowupError
from corpus.types import Reference


@dataclass(frozen=True, slots=True)
class Document:
    """One article as its source has it.

    `title` and the references' fields are plain text. `body` is Markdown of our subset: `##` headings, `- ` bullets (two
    spaces a level), numbered lists, paragraphs of one line, pipe tables; all wording in it went through `plain`. A mark
    `[3]` stands only for the reference whose id is 3. `source_id` is the source's own name for it, any text.
    """

    source_id: str
    title: str
    body: str
    references: tuple[Reference, ...]
    source: str
    url: str | None
    licence: str
    published: dt.date | None
    specialty: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file, or a record of one (`topics.xml, record 12`), that was not taken, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. `name` tells it apart: its path below the folder that was given, `a/index.html`, else its own name."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of files that do not say it themselves. An empty text means: not given.

    `name` is the `SourceFile`'s of the file that is being read.
    """

    source: str = ""
    licence: str = ""
    specialty: str = ""
    name: str = ""


class NotTaken(FollowupError):
    """A parser does not take a file, or a record when it goes on with the next one; the message is the reason."""


#: Characters that nobody sees and that change what is shown: controls, text directions, soft hyphens, byte order marks.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_HALVES = re.compile("[\ud800-\udfff]")
_NONCHARACTER = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
#: ESC and what follows it in a terminal's colour or cursor command.
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
#: A number in brackets that could be read as a mark.
_BRACKETED = re.compile(r"\[(\s*\d[\d\s,;–-]*)\]")
#: A circumflex that could begin a statement id.
_CIRCUMFLEX = re.compile(r"\^(?=[A-Za-z])")
#: Breaks what Markdown or our format would read something into, and is not seen (zero-width non-joiner). A backslash would
#: be: readers are shown the text as it stands, and it stood in 139 of 1,852 guideline articles.
_GUARD = "\u200c"
#: A number in brackets that an article has from its source and that is no mark of its references. What it means there, a
#: reference of the source's own or a year, is not known.
SOURCE_NUMBER = re.compile(rf"\[{_GUARD}(\s*\d[\d\s,;–-]*)\]")
#: Looks like the edge of a table's cell, and is none.
_BAR = "\u2223"
#: What begins a block of Markdown, or underlines a heading, where a line begins with it. A number's guard stands after it.
_BEGINS = re.compile(
    r"(?=#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|```|~~~|=+$|(?:\*\s?){3,}$|(?:_\s?){3,}$|:?-+:?$|\[[^\]]*\]:)|\d{1,9}(?=[.)](?:\s|$))"
)
#: Number signs that would close a heading instead of being read.
_CLOSES = re.compile(r"(?<!\S)(?=#+$)")


def clean(text: str) -> str:
    """Text of a title or a name: one line, no character that is not seen. Nothing is escaped."""
    text = _UNSEEN.sub("", _ANSI.sub("", text))
    return " ".join(_NONCHARACTER.sub("\ufffd", _HALVES.sub("\ufffd", text)).split())


def plain(text: str, *, inside: bool = False) -> str:
    """Text of a source as Markdown that says exactly it, on one line: nothing in it is read as a mark, an id or a block.

    `inside`: it stands after a heading's `##` or in a table's cell, where no block can begin, so that `2. Dose` needs no
    guard. What could be a statement id gets a blank instead, and what could be the edge of a cell a bar that is none.
    """
    text = _BRACKETED.sub(rf"[{_GUARD}\1]", clean(text))
    text = _CIRCUMFLEX.sub("^ ", text).replace("|", _BAR)
    if inside:
        return _CLOSES.sub(_GUARD, text)
    begins = _BEGINS.match(text)
    return text if begins is None else f"{begins[0]}{_GUARD}{text[begins.end() :]}"


def unmarked(text: str) -> str:
    """The text of a mark, `[3]`, so that it is none."""
    return f"[{_GUARD}{text[1:]}"
