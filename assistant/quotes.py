"""How quoted text is shown: a number that the text itself has in brackets is told from a citation, a table is one.

Only what readers see is made here: a quote is stored and checked as the article's exact text. What a number in brackets
means in its source is not known (a reference of its own, a year: "Head Face Med 6, 7 [2010]"), so it is not said either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from corpus.body import MARK
from corpus.importing.types import SOURCE_NUMBER

#: What parts the cells of a table's row; an escaped one is wording (GitHub Flavored Markdown, 4.10).
PIPE = re.compile(r"(?<!\\)\|")
#: A number of the source, or one of the quoted article's own references, which is not the answer's number for it.
_NUMBER = re.compile(rf"{SOURCE_NUMBER.pattern}|{MARK.pattern}")
#: Stands in a line of text for a cell without words.
_EMPTY = "–"


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text as it is shown, and whether it is a number that could be taken for a citation."""

    text: str
    number: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a quote. `header` is empty where it has none, or where the quote begins below it."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pieces(text: str, *, quoted: bool = True) -> tuple[Piece, ...]:
    """A text cut around its numbers: `"Reduces it [2]."` → "Reduces it ", "[source: 2]", ".".

    Not `quoted`: on an article's own page, where the marks of its references lead to its own list.
    """
    found: list[Piece] = []
    position = 0
    for match in (_NUMBER if quoted else SOURCE_NUMBER).finditer(text):
        found.append(Piece(text[position : match.start()], False))
        found.append(Piece(f"[source: {next(filter(None, match.groups())).strip()}]", True))
        position = match.end()
    found.append(Piece(text[position:], False))
    return tuple(piece for piece in found if piece.text)


def parts(quote: str) -> tuple[str | Table, ...]:
    """A quote's text and its tables in order; one without a table is one text, as it stands."""
    lines = quote.split("\n")
    found: list[str | Table] = []
    position = at = 0
    while at < len(lines):
        end = _table_end(lines, at)
        if end > at:
            found += ["\n".join(lines[position:at]).strip("\n"), _table(lines[at:end], _has_header(lines, at))]
            position = end
        at = max(end, at + 1)
    text = "\n".join(lines[position:])
    return tuple(part for part in (*found, text.strip("\n") if found else text) if part)


def lines_of(quote: str) -> list[str]:
    """A quote for where there is no layout: its texts, and each row of its tables in a line: "Drug: A; Dose: 5 mg"."""
    said: list[str] = []
    for part in parts(quote):
        said += [part] if isinstance(part, str) else [_as_line(part.header, row) for row in part.rows]
    return ["".join(piece.text for piece in pieces(line)) for line in said]


def _table_end(lines: Sequence[str], at: int) -> int:
    """Where the table ends that begins at a line; `at` where none does.

    It begins with its header, or as the quote does: then its next row, which the quote has whole, begins with a pipe.
    """
    end = next((end for end in range(at, len(lines)) if not PIPE.search(lines[end])), len(lines))
    if _has_header(lines, at):
        return end if end > at + 2 else at
    return end if at == 0 and end > 1 and lines[1].startswith("|") else at


def _has_header(lines: Sequence[str], at: int) -> bool:
    """Whether a line is a table's header: `|---|:-:|` stands under it, and as many cells.

    A quote that begins with a row begins behind its first pipe, and a row of dashes may follow that too.
    """
    rule = lines[at + 1] if at + 1 < len(lines) else ""
    ruled = "-" in rule and not rule.strip("|-: ") and len(_cells(lines[at])) == len(_cells(rule))
    return ruled and (at > 0 or lines[0].startswith("|"))


def _table(lines: Sequence[str], headed: bool) -> Table:
    """A quote that begins with a row lacks the empty cells before its words, and one that ends with a row those behind them."""
    rows = [_cells(line) for line in lines]
    header: tuple[str, ...] = ()
    if headed:
        header, rows = rows[0] if any(rows[0]) else (), rows[2:]
    elif missing := max(map(len, rows)) - len(rows[0]):
        rows[0] = ("",) * missing + rows[0]
    width = max(map(len, (header, *rows)))
    return Table(header, tuple((*row, *[""] * (width - len(row))) for row in rows))


def _cells(row: str) -> tuple[str, ...]:
    cells = PIPE.split(row.strip().removeprefix("|"))
    return tuple(cell.strip() for cell in (cells if cells[-1] else cells[:-1]))


def _as_line(header: Sequence[str], row: Sequence[str]) -> str:
    named = zip_longest((label.rstrip(": ") for label in header), row, fillvalue="")
    return "; ".join(f"{label}: {cell or _EMPTY}" if label else cell or _EMPTY for label, cell in named)
