"""The lines of a PDF as they are printed, without the headers and footers that stand at the edges of its pages."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pypdf import PageObject

from corpus.importing.formats.outline import raised
from corpus.importing.formats.pdf_page import Dot, Piece, printed

#: How much smaller than its line a raised number is, and how far above it, in parts of the line's size.
_SMALLER, _HIGHER = 0.85, 0.15
#: Gaps in parts of the letters' size: one that may part two cells (as a blank does two words), and one that surely does.
_NEAR, _WIDE = 0.2, 1.0
#: The part of a page at its top and at its bottom in which headers and footers stand.
_EDGE = 0.12
#: How far before a line, in parts of its size, its bullet is drawn.
_BEFORE = 3.0
#: The sign or number of a list's item.
SIGN = re.compile(r"[•‣▪●○◦■□–*\uf0b7\uf0a7\x7f-]|(?P<number>\d{1,3})[.)]")
#: What browsers print at the edges of a page of their own accord: day and time, the file's address, the page's number.
_PRINTED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d\d(?: ?[AP]M)?(?:\s.*)?|file:///\S*(?:\s.*)?|\d+/\d+")


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a line with a gap before it, `wide` where that is more than a blank. `x` and `end` in points."""

    x: float
    end: float
    text: str
    wide: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line: `y` in points from the bottom of the page, `size` in points, the part of the page's height it is at."""

    page: int
    y: float
    height: float  # 0 at the bottom, 1 at the top
    size: float
    bold: bool
    cells: tuple[Cell, ...]  # at every gap that may part two
    bulleted: bool = False  # a bullet is drawn before it

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def x(self) -> float:
        """Where it begins."""
        return self.cells[0].x

    @property
    def parted(self) -> tuple[Cell, ...]:
        """Its cells at wide gaps only."""
        cells: list[Cell] = []
        for cell in self.cells:
            if cell.wide or not cells:
                cells.append(cell)
            else:
                cells[-1] = Cell(cells[-1].x, cell.end, f"{cells[-1].text} {cell.text}", cells[-1].wide)
        return tuple(cells)


def lines_of(page: PageObject, number: int) -> list[Line]:
    """The lines of a page in the order in which they are drawn."""
    box = page.mediabox
    bottom, tall = float(box.bottom), float(box.height) or 1.0
    drawn, dots = printed(page)
    return [_line(pieces, number, bottom, tall, dots) for pieces in drawn]


def _line(pieces: Sequence[Piece], page: int, bottom: float, tall: float, dots: Sequence[Dot]) -> Line:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[round(piece.size, 1)] += len(piece.text.strip())
    size = max(sizes, key=lambda each: sizes[each]) or 1.0
    y = next(piece.y for piece in pieces if round(piece.size, 1) == size or size == 1.0)
    cells: list[Cell] = []
    at, end = 0, -math.inf  # the cell that the last piece is of, and where that piece ends
    for piece in pieces:
        last = cells[at] if cells else Cell(0, end, "")
        gap, end = piece.x - end, piece.end
        raises = piece.size < _SMALLER * size and piece.y > y + _HIGHER * size
        if cells and (raises or -size < gap < _NEAR * size):
            text = last.text.rstrip() + raised(piece.text) if raises else last.text + piece.text
            cells[at] = Cell(last.x, max(last.end, piece.end), text, last.wide)
        elif (under := _under(cells, piece)) is not None:  # the next line of a cell, of which the row's others are in the middle
            at, above = under, cells[under]
            cells[at] = Cell(min(above.x, piece.x), max(above.end, piece.end), f"{above.text} {piece.text}", above.wide)
        else:
            cells.append(Cell(piece.x, piece.end, piece.text, not 0 <= gap < _WIDE * size))
            at = len(cells) - 1
    cells.sort(key=lambda cell: cell.x)  # some programs draw the cells of a row in another order
    if len(cells) > 1 and SIGN.fullmatch(cells[0].text.strip()):  # no column, but where the line's item begins
        cells[:2] = [Cell(cells[0].x, cells[1].end, f"{cells[0].text} {cells[1].text}", cells[0].wide)]
    parts = tuple(Cell(cell.x, cell.end, " ".join(cell.text.split()), cell.wide) for cell in cells)
    bulleted = any(0 < parts[0].x - dot.x < _BEFORE * size and 0 < dot.y - y < size for dot in dots)
    return Line(page, y, (y - bottom) / tall, size, all(piece.bold for piece in pieces), parts, bulleted)


def _under(cells: Sequence[Cell], piece: Piece) -> int | None:
    """The cell that stands where a piece does, by its number."""
    return next((at for at, cell in enumerate(cells) if piece.x < cell.end and cell.x < piece.end), None)


def without_edges(lines: Sequence[Line], pages: int) -> list[Line]:
    """The lines without headers, footers and page numbers: what stands at the edge of at least half of the pages, digits
    aside, and what browsers print there.
    """
    found: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for line in lines:
        if key := _at_edge(line):
            found[key].add(line.page)
    return [
        line
        for line in lines
        if not (key := _at_edge(line)) or not (len(found[key]) >= max(2, pages / 2) or _PRINTED.fullmatch(line.text))
    ]


def _at_edge(line: Line) -> tuple[str, int] | None:
    """What makes two lines at the edge of pages the same one."""
    if _EDGE < line.height < 1 - _EDGE:
        return None
    return re.sub(r"\d+", "#", line.text), round(line.y / 4)
