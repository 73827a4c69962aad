"""Tables of a PDF: lines one below the other whose cells stand in the same columns."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from corpus.importing.formats.pdf_lines import SIGN, Cell, Line

#: How far apart, in parts of the letters' size, the edges of cells are that begin (or end, or have their middle) in one place.
_ALIGNED = 1 / 3
#: How far below the line before it the next line of one cell's text stands, at most, in parts of the letters' size and of
#: what is between two rows. Where rows stand as near as that, what goes on becomes a row: two doses never become one.
_WRAPPED, _NEARER = 1.3, 0.9
#: How the item of a list begins: its words are no columns, however they are placed.
_LISTED = re.compile(rf"(?:{SIGN.pattern})\s")
#: Characters of a cell from which on two columns of text are columns of a page and no table.
_PROSE = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Lines with the same columns, at least two, as rows of cells; an empty text where a row has none. `headed`: by the first."""

    lines: tuple[Line, ...]
    rows: tuple[tuple[str, ...], ...]
    headed: bool

    @property
    def prose(self) -> bool:
        """Whether they are the columns of a page: their lines have one cell for each."""
        return _is_prose(self.rows)


def in_columns(lines: Sequence[Line]) -> list[Line | Columns]:
    """The lines, and in place of each run of lines with the same columns those."""
    grouped: list[Line | Columns] = []
    at = 0
    while at < len(lines):
        found = _columns(lines, at)
        grouped.append(found or lines[at])
        at += len(found.lines) if found else 1
    return grouped


def _columns(lines: Sequence[Line], at: int) -> Columns | None:
    """The run that begins with a line."""
    for near in (True, False):
        run = _Run(lines[at], near)
        for line in lines[at + 1 :]:
            if not run.takes(line):
                break
        if run.told > 1:
            return Columns(tuple(run.lines), tuple(map(tuple, run.rows)), run.headed)
    return None


class _Run:
    """Lines with the same columns, as they are found. `near`: columns may be as near to each other as words are."""

    def __init__(self, first: Line, near: bool) -> None:
        self._near = near
        cells = self._cells(first)
        self.lines = [first]
        self.rows = [[cell.text for cell in cells]]
        self.told = 1  # lines with a cell in every column
        self._step = math.inf  # between two of them, in points
        self._last = cells
        self._spans = [(cell.x, cell.end) for cell in cells]

    @property
    def headed(self) -> bool:
        """Whether the first row heads the others."""
        return self.lines[0].bold and not self.lines[1].bold

    def takes(self, line: Line) -> bool:
        """Adds a line where it belongs to the columns."""
        before, cells = self.lines[-1], self._cells(line)
        if line.page != before.page or len(self._spans) < 2 or line.y >= before.y:
            return False
        if len(cells) == len(self._spans):
            spans = [(min(x, cell.x), max(end, cell.end)) for (x, end), cell in zip(self._spans, cells, strict=True)]
            heads = before.bold and not line.bold and self.told == 1
            if not _apart(spans) or not (heads or self._aligned(cells, line.size)):
                return False
            self._step = min(self._step, before.y - line.y)
            self._spans, self._last = spans, cells
            self.rows.append([cell.text for cell in cells])
            self.told += 1
        elif self.told > 1 and (columns := self._columns_of(cells)):
            if (
                columns[0] and not _is_prose(self.rows) and before.y - line.y < min(_WRAPPED * line.size, _NEARER * self._step)
            ):  # a cell's text goes on
                for column, cell in zip(columns, cells, strict=True):
                    self.rows[-1][column] = f"{self.rows[-1][column]} {cell.text}".strip()
            elif len(cells) > 1:
                self.rows.append([""] * len(self._spans))
                for column, cell in zip(columns, cells, strict=True):
                    self.rows[-1][column] = cell.text
            else:
                return False
        else:
            return False
        self.lines.append(line)
        return True

    def _cells(self, line: Line) -> tuple[Cell, ...]:
        return line.cells if self._near and not _LISTED.match(line.text) else line.parted

    def _aligned(self, cells: Sequence[Cell], size: float) -> bool:
        """Whether all cells begin, end or have their middle where those of the row before do."""
        pairs = zip(self._last, cells, strict=True)
        if not self._near:
            return all(abs(one.x - other.x) < size / 2 or _same_place(one, other, size) for one, other in pairs)
        return all(_same_place(one, other, size) for one, other in pairs)

    def _columns_of(self, cells: Sequence[Cell]) -> list[int] | None:
        """The column that each cell stands in; None where one stands in none or in several."""
        found = []
        for cell in cells:
            over = [at for at, (x, end) in enumerate(self._spans) if cell.x < end and x < cell.end]
            if len(over) != 1 or over[0] in found:
                return None
            found += over
        return found


def _same_place(one: Cell, other: Cell, size: float) -> bool:
    apart = (one.x - other.x, one.end - other.end, (one.x + one.end - other.x - other.end) / 2)
    return any(abs(each) < _ALIGNED * size for each in apart)


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    return len(rows[0]) == 2 and all(median(map(len, column)) > _PROSE for column in zip(*rows, strict=True))


def _apart(spans: Sequence[tuple[float, float]]) -> bool:
    """Whether no column reaches into the next one."""
    return all(end < x for (_, end), (x, _) in pairwise(spans))
