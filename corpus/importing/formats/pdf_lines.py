"""The lines of a PDF as they are printed, by pypdf: text, place, size and weight, without what is repeated on every page."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject

from corpus.importing.formats.outline import raised

#: How much smaller than its line a raised number is, and how far above it, in parts of the line's size.
_SMALLER, _HIGHER = 0.85, 0.15
#: A letter's width and the widest blank within a text, in parts of its size: Helvetica's and Times' letters have 0.4 to 0.55.
_LETTER, _BLANK = 0.5, 1.5
#: The part of a page at its top and at its bottom in which headers and footers stand.
_EDGE = 0.12


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a line with a wide blank before it. `x` in points."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line: `y` in points from the bottom of the page, `size` in points, the part of the page's height it is at."""

    page: int
    y: float
    height: float  # 0 at the bottom, 1 at the top
    size: float
    bold: bool
    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def x(self) -> float:
        """Where it begins."""
        return self.cells[0].x


@dataclass(slots=True)
class _Piece:
    text: str
    x: float
    y: float
    size: float
    bold: bool


def lines_of(page: PageObject, number: int) -> list[Line]:
    """The lines of a page in the order in which they are drawn."""
    box = page.mediabox
    bottom, tall = float(box.bottom), float(box.height) or 1.0
    drawn: list[list[_Piece]] = [[]]

    def seen(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        x, y = (tm[4] * cm[at] + tm[5] * cm[at + 2] + cm[at + 4] for at in (0, 1))
        points = abs(size) * math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3])
        bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
        for at, part in enumerate(text.split("\n")):
            if at:
                drawn.append([])
            if part.strip():
                drawn[-1].append(_Piece(part, x, y, points, bold))

    page.extract_text(visitor_text=seen)
    return [_line(pieces, number, bottom, tall) for pieces in drawn if pieces]


def _line(pieces: list[_Piece], page: int, bottom: float, tall: float) -> Line:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[round(piece.size, 1)] += len(piece.text.strip())
    size = max(sizes, key=lambda each: sizes[each]) or 1.0
    y = next(piece.y for piece in pieces if round(piece.size, 1) == size or size == 1.0)
    cells: list[Cell] = []
    end = -math.inf
    for piece in pieces:
        text = piece.text
        if piece.size < _SMALLER * size and piece.y > y + _HIGHER * size and cells:
            cells[-1] = Cell(cells[-1].x, cells[-1].text.rstrip() + raised(text))
        elif cells and piece.x < end + _BLANK * size:
            cells[-1] = Cell(cells[-1].x, cells[-1].text + text)
        else:
            cells.append(Cell(piece.x, text))
        end = piece.x + len(text) * _LETTER * piece.size
    parts = tuple(Cell(cell.x, " ".join(cell.text.split())) for cell in cells)
    return Line(page, y, (y - bottom) / tall, size, all(piece.bold for piece in pieces), parts)


def without_repeated(lines: Sequence[Line], pages: int) -> list[Line]:
    """The lines without what stands at the edge of at least half of the pages, digits aside: headers, footers, page numbers."""
    found: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for line in lines:
        if key := _at_edge(line):
            found[key].add(line.page)
    return [line for line in lines if not (key := _at_edge(line)) or len(found[key]) < max(2, pages / 2)]


def _at_edge(line: Line) -> tuple[str, int] | None:
    """What makes two lines at the edge of pages the same one."""
    if _EDGE < line.height < 1 - _EDGE:
        return None
    return re.sub(r"\d+", "#", line.text), round(line.y / 4)


def in_columns(lines: Sequence[Line]) -> list[Line | list[Line]]:
    """The lines, and in place of each run of lines with the same columns a list of them."""
    grouped: list[Line | list[Line]] = []
    run: list[Line] = []
    for line in lines:
        if run and not _same_columns(run[-1], line):
            grouped += _closed(run)
            run = []
        run.append(line)
    return grouped + _closed(run)


def _same_columns(one: Line, other: Line) -> bool:
    same = one.page == other.page and len(one.cells) == len(other.cells) > 1
    return same and all(abs(a.x - b.x) < one.size / 2 for a, b in zip(one.cells, other.cells, strict=True))


def _closed(run: list[Line]) -> list[Line | list[Line]]:
    return [run] if len(run) > 1 else [*run]
