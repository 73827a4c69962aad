"""What a page of a PDF prints, by pypdf: pieces of text with their place, width, size and weight, and drawn bullets."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, ContentStream, NameObject, NumberObject, TextStringObject
from pypdf.generic._font import Font  # the only place where pypdf knows how wide letters are; constraints.txt pins it

log = logging.getLogger(__name__)

_SHOWS = {b"Tj", b"TJ", b"'", b'"'}
_MOVES = {b"Td", b"TD", b"Tm", b"T*"}
_PAINTS = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s"}
#: Changes nothing, and makes pypdf give what came before it as a piece of its own.
_SAME = [NumberObject(each) for each in (1, 0, 0, 1, 0, 0)]
#: Thousandths of the letters' size from which on a gap within one text may part two columns; a blank has 250 to 330.
_GAP = 700
#: Such a gap within a text, as `_in_pieces` writes it and `_parts` reads it.
_MARK = "\x1f"
_MARKED = re.compile(f"{_MARK}([0-9.]+){_MARK}")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
#: A letter's width, in parts of its size, where its font does not say it: Helvetica's and Times' have 0.4 to 0.55.
_LETTER = 0.5
#: How far apart in height, in parts of the letters' size, the texts of one line are at most.
_SAME_LINE = 0.25
#: Left, right, low and high edge of nothing.
_NOWHERE = (math.inf, -math.inf, math.inf, -math.inf)
#: The largest drawing that may be a bullet, in points.
_BULLET = 8.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and where it stands; `x` and `end` in points from the left, `y` from the bottom, `size` in points."""

    text: str
    x: float
    end: float
    y: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """The middle of something small that is drawn, in points: a bullet where it stands before a line."""

    x: float
    y: float


def printed(page: PageObject) -> tuple[list[list[Piece]], list[Dot]]:
    """The pieces line by line, in the order in which they are drawn, and the drawings that may be bullets."""
    lines: list[list[Piece]] = [[]]
    widths: dict[int, tuple[Any, Callable[[str], float]]] = {}  # with the font, so that no other one gets its id
    drawings = _Drawings()
    origin, pen = (math.inf, math.inf), 0.0  # where the last text was placed, and where it ended

    def seen(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        nonlocal origin, pen
        if text.strip():
            x, y = (tm[4] * cm[at] + tm[5] * cm[at + 2] + cm[at + 4] for at in (0, 1))
            points = abs(size) * math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3])
            bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
            if id(font) not in widths:
                widths[id(font)] = font, _width_of(font)
            # A text that is placed nowhere, as its letters only change, goes on where the one before it ended.
            begins, origin = pen if (x, y) == origin else x, (x, y)
            for part in _parts(text, begins, y, points, bold, widths[id(font)][1]):
                if part is None:
                    lines.append([])
                else:
                    lines[-1].append(part)
                    pen = part.end
        elif "\n" in text:
            lines.append([])
        elif text and lines[-1]:  # a blank of its own
            lines[-1][-1] = replace(lines[-1][-1], text=f"{lines[-1][-1].text} ")

    with _in_pieces(page):
        page.extract_text(visitor_text=seen, visitor_operand_before=drawings.seen)
    return _whole([pieces for pieces in lines if pieces]), drawings.dots


def _whole(lines: list[list[Piece]]) -> list[list[Piece]]:
    """The lines, those put together that go on at the same height: some programs end a line after every cell of a row."""
    whole: list[list[Piece]] = []
    for pieces in lines:
        last, first = whole[-1][-1] if whole else None, pieces[0]
        if last and abs(last.y - first.y) < _SAME_LINE * first.size and first.x >= last.end:
            whole[-1] += pieces
        else:
            whole.append(pieces)
    return whole


@contextmanager
def _in_pieces(page: PageObject) -> Iterator[None]:
    """Has pypdf give every text that is placed anew as a piece of its own, and say where one has a wide gap in it.

    It joins those on one line otherwise, and of the cells of a row only the first one's place is known.
    """
    if "/Contents" not in page:
        yield
        return
    contents = page.raw_get("/Contents")
    stream = ContentStream(contents.get_object(), page.pdf, "bytes")
    operations: list[tuple[Any, bytes]] = []
    moved = False
    for operands, operator in stream.operations:
        if operator in (_SHOWS if moved else _MOVES):  # before a move: the blank that pypdf puts for it is no letter then
            operations.append((_SAME, b"cm"))
        moved = operator in _MOVES or (moved and operator not in _SHOWS)
        operations.append((_gaps_marked(operands), operator) if operator == b"TJ" else (operands, operator))
    stream.operations = operations
    page[NameObject("/Contents")] = stream
    try:
        yield
    finally:
        page[NameObject("/Contents")] = contents  # what was parsed takes much more memory


def _gaps_marked(operands: Any) -> Any:
    if not operands or not isinstance(operands[0], ArrayObject):
        return operands
    if not any(isinstance(each, (int, float)) and -each >= _GAP for each in operands[0]):
        return operands
    marked = ArrayObject()
    for each in operands[0]:
        wide = isinstance(each, (int, float)) and -each >= _GAP
        marked.append(TextStringObject(f"{_MARK}{-float(each):.0f}{_MARK}") if wide else each)
    return [marked]


def _parts(text: str, x: float, y: float, size: float, bold: bool, width: Callable[[str], float]) -> list[Piece | None]:
    """The pieces of a text, parted at its gaps; None for each line end in it."""
    parts: list[Piece | None] = []
    for at, line in enumerate(text.split("\n")):
        if at:
            parts.append(None)
        for number, part in enumerate(_MARKED.split(line)):
            if number % 2:
                x += float(part) / 1000 * size
            elif part.strip():
                end = x + width(part) * size
                parts.append(Piece(part.translate(_LIGATURES), x, end, y, size, bold))
                x = end
    return parts


def _width_of(resource: Any) -> Callable[[str], float]:
    """How wide texts are in a font, in parts of the letters' size."""
    try:
        font = Font.from_font_resource(resource)
    except (PyPdfError, AttributeError, KeyError, TypeError, ValueError) as error:
        log.debug("a font does not say how wide its letters are: %s", type(error).__name__)
        return lambda text: _LETTER * len(text)
    encoding = font.encoding if isinstance(font.encoding, dict) else {}
    widths: dict[str, float] = {}
    # Those last that the font says the letter of: of the others, the code of one may be another one's letter.
    for raw, wide in sorted(font.character_widths.items(), key=lambda each: each[0] in font.character_map):
        if len(raw) == 1:
            named = encoding.get(ord(raw), raw)
            widths[str(font.character_map.get(raw, font.character_map.get(named, named)))] = float(wide) / 1000
    usual = float(font.character_widths.get("default", 1000 * _LETTER)) / 1000
    return lambda text: sum(widths.get(letter, usual) for letter in text)


class _Drawings:
    """Watches what is drawn beside the text."""

    def __init__(self) -> None:
        self.dots: list[Dot] = []
        self._edges = _NOWHERE

    def seen(self, operator: bytes, operands: Sequence[Any], cm: Sequence[float], _tm: Sequence[float]) -> None:
        """One operator of a page's content."""
        if operator in _PAINTS:
            self._painted()
            self._edges = _NOWHERE
        elif operator == b"n":
            self._edges = _NOWHERE
        elif operator in {b"m", b"l", b"c", b"v", b"y", b"re"}:
            numbers = [float(each) for each in operands if isinstance(each, (int, float))]
            if operator == b"re" and len(numbers) == 4:
                numbers = [numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3]]
            left, right, low, high = self._edges
            for at, other in zip(numbers[::2], numbers[1::2], strict=False):
                x, y = at * cm[0] + other * cm[2] + cm[4], at * cm[1] + other * cm[3] + cm[5]
                left, right, low, high = min(left, x), max(right, x), min(low, y), max(high, y)
            self._edges = left, right, low, high

    def _painted(self) -> None:
        left, right, low, high = self._edges
        wide, tall = right - left, high - low
        if 1 < wide <= _BULLET and 0.6 * wide <= tall <= 1.6 * wide:
            self.dots.append(Dot((left + right) / 2, (low + high) / 2))
