"""What every format is read into: headings, paragraphs, list items and tables; and the Markdown of it that articles are in.

A citation mark within a text stands between two characters that no text has (`mark`), so that what an author typed in
brackets is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.importing.types import plain

#: Unicode sets these two aside for use inside a program.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
MARK = re.compile(rf"{_OPEN}(\d+(?:,\d+)*){_CLOSE}")
#: "[1, 2]" and "[1]-[3]", with the marks in place of the numbers: they are one, and its brackets are ours.
_MARKS = re.compile(rf"\[?\s*{MARK.pattern}(?:\s*[,;]?\s*{MARK.pattern})*\s*\]?")
_RANGE = re.compile(rf"{_OPEN}(\d+){_CLOSE}\s*[–-]\s*{_OPEN}(\d+){_CLOSE}")
#: As many references as "[1-3]" may name; more is no range of citations.
_LONGEST_RANGE = 100
#: markdown-it reads 20 containers deep; a list and its item are two.
_DEEPEST = 7
_HEADINGS = (2, 6)
_RAISED = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_RAISED_DIGITS = re.compile(r"[+\-−–(]*\d[\d+\-−–=()n]*|[+\-−–]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `level` 1 is the article's own title, 2 its sections."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. With a `depth` it goes on within the list item above it: 1 is an item of an outermost list."""

    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A list item: `depth` from 1, `number` where the list is numbered."""

    depth: int
    text: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `header` is empty where none of its rows is marked as one."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Item | Table


def mark(*ids: int) -> str:
    """The mark of references, to be put into a text: `mark(1, 3)` is written as `[1, 3]`."""
    return f"{_OPEN}{','.join(map(str, ids))}{_CLOSE}"


def raised(text: str) -> str:
    """A superscript as characters: 10⁹, m². Without this "10<sup>9</sup>/L" would read 109/L. Letters go into brackets."""
    text = text.strip()
    if MARK.search(text) or not text:
        return text
    if _RAISED_DIGITS.fullmatch(text):
        return text.translate(_RAISED)
    ordinal = text.lower() in {"st", "nd", "rd", "th"}
    return text if ordinal or not text[0].isalnum() else f"({text})"


def markdown(blocks: Iterable[Block], references: Collection[int] = ()) -> str:
    """The body of an article: the blocks in order, parted by a blank line but for the items of a list.

    `references`: the ids that marks may name; marks of others are left out. Empty blocks are left out, and a heading is at
    most one level below the one before it. "" when there is nothing but headings and signs.
    """
    written: list[str] = []
    indents: list[int] = []  # of what stands within the open items, outermost first, in characters
    level = 1
    for block in blocks:
        match block:
            case Heading():
                if text := _written(block.text, references, inside=True):
                    level = min(max(block.level, _HEADINGS[0]), _HEADINGS[1], level + 1)
                    indents = []
                    written.append(f"\n{'#' * level} {text}\n")
            case Paragraph():
                if text := _written(block.text, references):
                    indents = indents[: block.depth]
                    written.append(f"\n{' ' * (indents[-1] if indents else 0)}{text}\n")
            case Item():
                if text := _written(block.text, references):
                    outer = indents[: min(block.depth, _DEEPEST) - 1]
                    bullet = "- " if block.number is None else f"{block.number}. "
                    indent = outer[-1] if outer else 0
                    # Markdown takes "3." right under an item's text for more of that text: only a 1 may begin a list there.
                    apart = not _goes_on(written) or (len(outer) == len(indents) and block.number not in {None, 1})
                    indents = [*outer, indent + len(bullet)]
                    written.append("\n" * apart + f"{' ' * indent}{bullet}{text}\n")
            case Table():
                indents = []
                written += _table(block, references)
    body = "".join(written).strip("\n")
    return f"{body}\n" if any(map(_says, body.split("\n"))) else ""


def _says(line: str) -> bool:
    """Whether a line has a letter or digit and is no heading."""
    return not line.startswith(("## ", "### ", "#### ", "##### ", "###### ")) and any(map(str.isalnum, line))


def _goes_on(written: Sequence[str]) -> bool:
    """Whether what was written last is an item: its list goes on without a blank line."""
    return bool(written) and re.match(r"\n? *(?:- |\d+\. )", written[-1]) is not None


def _written(text: str, references: Collection[int], *, inside: bool = False) -> str:
    """A block's text on one line as Markdown reads it, its marks in brackets after a blank."""
    parts = MARK.split(_joined_marks(text) if _OPEN in text else text)
    written = ""
    for at, part in enumerate(parts):
        if at % 2:
            ids = [number for number in part.split(",") if int(number) in references]
            written = written.rstrip() + (f" [{', '.join(ids)}]" if ids else "")
        elif piece := plain(part, inside=inside or at > 0):
            # "[1](see" would be a link.
            apart = part[0].isspace() or (at > 0 and piece[0] in "(\\" and written.endswith("]"))
            written += (" " if apart and written else "") + piece + (" " if part[-1].isspace() else "")
    return written.strip()


def _joined_marks(text: str) -> str:
    """Neighbouring marks as one, without the brackets around them; "1–3" names 2 too."""

    def span(found: re.Match[str]) -> str:
        first, last = int(found[1]), int(found[2])
        return mark(*range(first, last + 1)) if first < last < first + _LONGEST_RANGE else mark(first) + mark(last)

    def joined(found: re.Match[str]) -> str:
        ids = mark(*dict.fromkeys(int(number) for ids in MARK.finditer(found[0]) for number in ids[1].split(",")))
        opened, closed = found[0].startswith("["), found[0].endswith("]")
        before, after = found[0][: found[0].index(_OPEN)], found[0][found[0].rindex(_CLOSE) + 1 :]
        return ids if opened and closed else before + ids + after

    return _MARKS.sub(joined, _RANGE.sub(span, text))


def _table(table: Table, references: Collection[int]) -> Iterator[str]:
    rows = [[_written(cell, references, inside=True) for cell in row] for row in (table.header, *table.rows)]
    width = max(map(len, rows))
    header, *body = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |\n" if any(row) else "" for row in rows]
    if any(body):
        yield "\n" + (header or "| " * width + "|\n") + "|---" * width + "|\n"
        yield from filter(None, body)
