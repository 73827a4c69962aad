"""Axes, lines, bars and marks as inline SVG. Knows positions and classes; colours, dashes and fonts are in style.css.

Every drawing is 400 wide, so that it stays readable on a 320 px screen and three fit beside each other on a wide one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from markupsafe import Markup

WIDTH = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 12, 46
#: At most about twice as many marks stand on a line: of a curve of hundreds of points they would make a band.
_MARKED = 8
#: Series that look different in colour, dash and mark; the ninth looks like the first.
STYLES = 8
#: Paths around 0, 0, each about 8 wide, by style.
_MARKS = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # disc
    "M-3.5 -3.5h7v7h-7z",  # square
    "M0 -4.5L4.5 3.5H-4.5z",  # triangle
    "M0 -5L5 0L0 5L-5 0z",  # diamond
    "M-4 -4L4 4M-4 4L4 -4",  # cross
    "M0 -5V5M-5 0H5",  # plus
    "M0 4.5L4.5 -3.5H-4.5z",  # triangle, point down
    "M-4 -2.5h8v5h-8z",  # flat bar
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high` with a tick at each of `ticks`; `percent` writes .5 as 50 %."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False
    percent: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends: 0 to 1."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def text(self, value: float) -> str:
        """A tick's label: 1500 → `1,500`, 1000000 → `1M`."""
        if self.percent:
            return f"{value * 100:g} %"
        for size, letter in ((1e6, "M"), (1e4, "k")):
            if self.logarithmic and value >= size:
                return f"{value / (1e3 if letter == 'k' else 1e6):g}{letter}"
        return f"{value:,g}".replace("-", "−")


def linear(label: str, low: float, high: float, *, percent: bool = False) -> Axis:
    """Ends on whole steps of 1, 2, 2.5 or 5 around `low` and `high`, five or six ticks."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= span / 5 * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
    return Axis(label, ticks[0], ticks[-1], ticks, percent=percent)


def logarithmic(label: str, low: float, high: float) -> Axis:
    """Ends on powers of ten, with ticks at 2 and 5 between them where it is less than two decades. `low` above 0."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    last = max(last, first + 1)
    factors = (1, 2, 5) if last - first < 2 else (1,)
    ticks = (*(factor * 10.0**power for power in range(first, last) for factor in factors), 10.0**last)
    return Axis(f"{label}, logarithmic", ticks[0], ticks[-1], ticks, logarithmic=True)


class Chart:
    """A drawing with two axes; `id` must be the only one of the page."""

    def __init__(self, id: str, title: str, about: str, x: Axis, y: Axis, height: int = 270) -> None:
        self._x, self._y, self._height = x, y, height
        self._svg = picture(id, title, about, WIDTH, height)
        self._draw_axes()

    def at(self, point: Point) -> Point:
        """Data → drawing."""
        x, y = point
        across, down = WIDTH - _LEFT - _RIGHT, self._height - _TOP - _BOTTOM
        return _LEFT + self._x.share(x) * across, self._height - _BOTTOM - self._y.share(y) * down

    def line(self, points: Sequence[Point], style: int, *, faint: bool = False, marks: bool = True) -> None:
        """A line through the points, each with the mark of the style; `faint` for one that belongs to another."""
        placed = [self.at(point) for point in points]
        kind = f"s{style % STYLES}{' faint' if faint else ''}"
        add(self._svg, "path", d=path(placed), class_=f"line {kind}")
        if marks:
            apart = max(1, len(placed) // _MARKED)
            for x, y in placed[::apart]:
                mark(self._svg, x, y, style)

    def steps(self, values: Sequence[float], above: str, below: str) -> None:
        """Columns side by side over the whole x axis, from 0 up in class `above` and from 0 down in class `below`."""
        wide = (self._x.high - self._x.low) / len(values)
        ends = [(self._x.low, 0.0), (self._x.high, 0.0)]
        for name, some in ((above, [max(value, 0) for value in values]), (below, [min(value, 0) for value in values])):
            outline = [(self._x.low + (number + side) * wide, value) for number, value in enumerate(some) for side in (0, 1)]
            add(self._svg, "path", d=path(map(self.at, [ends[0], *outline, ends[1]])) + "z", class_=f"area {name}")
        add(self._svg, "path", d=path(map(self.at, ends)), class_="zero")

    def note(self, point: Point, text: str, *, anchor: str = "start", down: float = 0) -> None:
        """Words at a point."""
        x, y = self.at(point)
        add(self._svg, "text", text, x=x, y=y + down, class_="note", text_anchor=anchor)

    def markup(self) -> Markup:
        """The drawing."""
        return markup(self._svg)

    def _draw_axes(self) -> None:
        low, right = self.at((self._x.low, self._y.low)), self.at((self._x.high, self._y.low))
        top = self.at((self._x.low, self._y.high))
        for tick in self._y.ticks:
            x, y = self.at((self._x.low, tick))
            add(self._svg, "path", d=path([(x, y), (right[0], y)]), class_="grid")
            add(self._svg, "text", self._y.text(tick), x=x - 7, y=y + 4, class_="tick", text_anchor="end")
        for tick in self._x.ticks:
            x, y = self.at((tick, self._y.low))
            add(self._svg, "path", d=path([(x, y), (x, y + 4)]), class_="axis")
            add(self._svg, "text", self._x.text(tick), x=x, y=y + 18, class_="tick", text_anchor="middle")
        add(self._svg, "path", d=path([top, low, right]), class_="axis")
        middle = (low[1] + top[1]) / 2
        add(self._svg, "text", self._x.label, x=(low[0] + right[0]) / 2, y=self._height - 8, class_="label", text_anchor="middle")
        turned = f"rotate(-90 12 {_number(middle)})"
        add(self._svg, "text", self._y.label, x=12, y=middle, class_="label", text_anchor="middle", transform=turned)


def picture(id: str, title: str, about: str, width: int, height: int) -> ET.Element:
    """An empty drawing that assistive technology reads as one image with a name and a description."""
    names = f"{id}-title {id}-about"
    svg = ET.Element("svg", {"viewBox": f"0 0 {width} {height}", "role": "img", "aria-labelledby": names, "class": "plot"})
    add(svg, "title", title, id=f"{id}-title")
    add(svg, "desc", about, id=f"{id}-about")
    return svg


def add(parent: ET.Element, name: str, text: str = "", **attributes: object) -> ET.Element:
    """A child; `class_` and `text_anchor` become `class` and `text-anchor`, numbers keep one decimal."""
    named = {key.rstrip("_").replace("_", "-"): _number(value) for key, value in attributes.items()}
    child = ET.SubElement(parent, name, named)
    child.text = text or None
    return child


def mark(parent: ET.Element, x: float, y: float, style: int, kind: str = "") -> None:
    """The mark of a series, or in its shape something else of class `kind`."""
    number = style % STYLES
    add(
        parent, "path", d=_MARKS[number], class_=f"mark {kind or f's{number}'}", transform=f"translate({_number(x)} {_number(y)})"
    )


def path(points: Iterable[Point]) -> str:
    """`M0 1L2 3`."""
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def key(style: int | None, kind: str = "") -> Markup:
    """The piece of line with its mark that stands in a legend; without a style a patch of class `kind`. Hidden from readers."""
    svg = ET.Element("svg", {"viewBox": "0 0 34 14", "aria-hidden": "true", "class": "key"})
    if style is None:
        add(svg, "path", d="M3 1h28v12h-28z", class_=f"area {kind}")
    else:
        add(svg, "path", d="M1 7L33 7", class_=f"line s{style % STYLES} {kind}".strip())
        if not kind:
            mark(svg, 17, 7, style)
    return markup(svg)


def markup(svg: ET.Element) -> Markup:
    """The element as it stands in the page; ElementTree has escaped every text and attribute."""
    return Markup(ET.tostring(svg, encoding="unicode"))  # noqa: S704


def _number(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)
