"""Reads a tree of markup (HTML, JATS) into an outline: which element is a heading, a list or a table, its vocabulary says.

Whatever is not named there is inline, so that no text is lost because of an element nobody thought of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpus.importing.formats.outline import Block, Heading, Item, Paragraph, Table, raised
from corpus.importing.formats.trees import Element, name

_SENTENCE_END = (".", "!", "?", ":", ";", ",")
#: Cells that one cell may span; a table of medicine has fewer columns.
_WIDEST = 40
_GAP = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the elements of a kind of markup are, by their lower-case names.

    `terms` lead the item after them ("Term: what it is"), `labels` the paragraph after them ("Table 1. What it shows").
    `heading` gives an element's level, or None; `mark` gives the mark that an element stands for ("" to leave it out), or
    None; `drop` says of an element that it is no part of the article.
    """

    blocks: frozenset[str]
    lists: frozenset[str]
    items: frozenset[str]
    terms: frozenset[str]
    labels: frozenset[str]
    numbered: Callable[[Element], bool]
    heading: Callable[[Element], int | None]
    mark: Callable[[Element], str | None]
    drop: Callable[[Element], bool]
    breaks: frozenset[str] = frozenset({"br", "break"})


def outline(root: Element, vocabulary: Vocabulary) -> list[Block]:
    """The headings, paragraphs, lists and tables under an element, in order."""
    reader = _Reader(vocabulary)
    reader.inside(root)
    reader.end()
    return reader.blocks


def text_of(root: Element, vocabulary: Vocabulary) -> str:
    """All text under an element on one line; items and paragraphs are parted by "; " where no sentence ends."""
    text = ""
    for block in outline(root, vocabulary):
        pieces = [" | ".join(row) for row in block.rows] if isinstance(block, Table) else [block.text]
        for piece in pieces:
            text += ("" if not text else " " if text.endswith(_SENTENCE_END) else "; ") + piece
    return text


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.blocks: list[Block] = []
        self._words = vocabulary
        self._text: list[str] = []
        self._depth = 0
        self._lead = ""  # what the next paragraph or item begins with
        self._item: tuple[int, int | None] | None = None  # depth and number of the item whose text comes now

    def flush(self) -> None:
        """Ends the paragraph or item that is being read."""
        for text in _GAP.split("".join(self._text)):
            if text := " ".join(text.split()):
                self._add(self._lead + text)
        self._text = []

    def end(self) -> None:
        """Ends what is being read before something that is no text: also a term or label alone."""
        self.flush()
        if lead := self._lead.strip():
            self._add(lead)

    def _add(self, text: str) -> None:
        self.blocks.append(Item(self._item[0], text, self._item[1]) if self._item else Paragraph(text, self._depth))
        self._item, self._lead = None, ""

    def inside(self, element: Element) -> None:
        """Reads the text and the children of an element."""
        self._text.append(element.text or "")
        for child in element:
            if name(child) and not self._words.drop(child):
                self._read(child)
            self._text.append(child.tail or "")

    def _read(self, element: Element) -> None:
        tag = name(element)
        mark = self._words.mark(element)
        if mark is not None:
            self._text.append(mark)
        elif (level := self._words.heading(element)) is not None:
            self.end()
            self.blocks.append(Heading(level, text_of(element, self._words)))
        elif tag == "table":
            self.end()
            self._table(element)
        elif tag in self._words.lists:
            self.end()
            self._list(element)
        elif tag in self._words.labels:
            self.end()
            label = text_of(element, self._words)
            self._lead = label and f"{label}{'' if label.endswith(_SENTENCE_END) else '.'} "
        elif tag in self._words.breaks:
            self._text.append("\n")
        elif tag in self._words.blocks:
            self.flush()
            self.inside(element)
            self.flush()
        elif tag == "sup":
            self._text.append(raised(text_of(element, self._words)))
        else:
            self.inside(element)

    def _list(self, element: Element) -> None:
        outer, self._depth = self._item, self._depth + 1
        number = _whole(element.get("start"), 1) if self._words.numbered(element) else None
        for child in _entries(element):
            if self._words.drop(child):
                continue
            if name(child) in self._words.terms:
                term = text_of(child, self._words)
                if self._lead:  # two terms that one description is of
                    term = f"{self._lead.removesuffix(': ')}, {term}"
                self._item, self._lead = (self._depth, None), f"{term.removesuffix(':')}: "
            elif name(child) in self._words.items:
                number = None if number is None else _whole(child.get("value"), number)
                self._item = (self._depth, number)
                number = None if number is None else number + 1
                self.inside(child)
                self.end()
            else:
                self._read(child)
                self.flush()
        self.end()
        self._item, self._depth = outer, self._depth - 1

    def _table(self, element: Element) -> None:
        rows = [row for row in element.iter("{*}tr") if _within(row) is element]
        captions = [child for child in element if name(child) == "caption"]
        for caption in captions:
            self.blocks.append(Paragraph(text_of(caption, self._words)))
        laid_out = element.get("role") in {"presentation", "none"}
        if laid_out or any(name(inner) == "table" or self._words.heading(inner) for inner in element.iterdescendants()):
            for cell in (cell for row in rows for cell in _cells(row)):
                self.inside(cell)
                self.flush()
            return
        header, body = _headed(rows)
        table = Table(
            tuple(" ".join(dict.fromkeys(filter(None, column))) for column in zip(*self._grid(header, wide=True), strict=True)),
            tuple(map(tuple, self._grid(body, wide=False))),
        )
        if len(body and table.rows[0]) > 1 or any(table.header):
            self.blocks.append(table)
        else:
            self.blocks += [Paragraph(cell) for row in table.rows for cell in row]

    def _grid(self, rows: list[Element], *, wide: bool) -> list[list[str]]:
        """The cells' texts by row and column, equally many in each row.

        A cell over several rows is in each of them, as each row is read alone; one over several columns is in the first, or
        in each when `wide`.
        """
        grid: list[list[str]] = []
        hanging: dict[int, tuple[int, str]] = {}  # column -> rows left, text
        for row in rows:
            cells = iter(list(_cells(row)))
            written: list[str] = []
            while True:
                if (column := len(written)) in hanging:
                    left, text = hanging.pop(column)
                    if left > 1:
                        hanging[column] = (left - 1, text)
                    written.append(text)
                elif (cell := next(cells, None)) is not None:
                    text = text_of(cell, self._words)
                    for at in range(min(_whole(cell.get("colspan"), 1), _WIDEST)):
                        written.append(text if wide or not at else "")
                        if (left := _whole(cell.get("rowspan"), 1) - 1) > 0:
                            hanging[column + at] = (left, written[-1])
                elif not any(later > column for later in hanging):
                    break
                else:
                    written.append("")
            grid.append(written)
        width = max(map(len, grid), default=0)
        return [[*row, *[""] * (width - len(row))] for row in grid]


def _entries(element: Element) -> Iterator[Element]:
    """The children of a list, and of the groups in a list of definitions."""
    for child in element:
        if name(child) in {"div", "def-item"}:
            yield from _entries(child)
        elif name(child):
            yield child


def _within(element: Element) -> Element | None:
    """The table an element stands in."""
    return next((each for each in element.iterancestors() if name(each) == "table"), None)


def _cells(row: Element) -> Iterator[Element]:
    return (cell for cell in row if name(cell) in {"td", "th"})


def _headed(rows: list[Element]) -> tuple[list[Element], list[Element]]:
    """The rows that head a table, and the rest: those in its thead, or at its top with nothing but th cells."""
    count = 0
    for row in rows:
        if name(row.getparent()) != "thead" and not all(name(cell) == "th" for cell in _cells(row)):
            break
        count += 1
    return (rows[:count], rows[count:]) if count < len(rows) else ([], rows)


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise
