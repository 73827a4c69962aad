"""An article as its page shows it: headings with their statements and tables, and a quoted span marked where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from assistant.quotes import PIPE
from corpus.types import Article, Block, BlockKind, Reference

#: What stands before the first cell.
_LEAD = re.compile(r"[\s>]*\|?")
#: What stands before an item's wording on its line: how far in it is, and its bullet or number.
_BULLET = re.compile(r"(?P<indent>[\s>]*)(?P<bullet>[-*+]|(?P<number>\d{1,9})[.)])?\s*")
#: Deeper items are shown at this depth.
_DEEPEST = 3

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a statement's text, and whether it is what an answer quoted."""

    text: str
    quoted: bool


#: The wording of a statement, of a table's row or of its header. Only a table's has more than one cell.
Cells = tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One block of an article."""

    anchor: str | None  # "F12": what citations link to
    kind: BlockKind
    cells: Cells
    references: tuple[Reference, ...]
    missing: tuple[int, ...]  # marks whose reference the article does not list
    depth: int = 0  # of an item: how many items it stands under
    number: str = ""  # of an item in a numbered list: "2"


@dataclass(frozen=True, slots=True)
class Group:
    """Statements that stand together: the rows of one table under its `header`, or a list, which has none."""

    header: Cells
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it; `depth` 0 is outermost."""

    heading: str
    depth: int
    anchor: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article cites a reference: a section, and what its link leads to."""

    heading: str
    anchor: str


def sections(article: Article, quoted: Span | None = None) -> list[Section]:
    """The headings of an article in order; one without text of its own is shown over those below it.

    `quoted` is a span of `article.text` (characters, end excluded), which may reach over several statements.
    """
    found: list[Section] = []
    shown: tuple[str, ...] = ()
    for path, group in groupby(article.blocks, key=lambda block: block.section):
        groups = tuple(_group(article, blocks, quoted) for blocks in _together(group))
        for depth in range(len(path) - 1):
            if shown[: depth + 1] != path[: depth + 1]:
                found.append(Section(path[depth], depth, _anchor(found), ()))
        shown = path
        found.append(Section(path[-1] if path else "", max(0, len(path) - 1), _anchor(found), groups))
    return found


def section_heading(article: Article, anchor: str) -> str | None:
    """The heading of the section with this anchor, or None."""
    return next((section.heading for section in sections(article) if section.anchor == anchor and section.heading), None)


def places(shown: Iterable[Section]) -> dict[int, list[Place]]:
    """By reference: the sections that cite it, in order, each by its first statement that does."""
    found: dict[int, list[Place]] = {}
    for section in shown:
        if not section.heading:
            continue
        cited: set[int] = set()
        for statement in (statement for group in section.groups for statement in group.statements):
            for source in statement.references:
                if source.id not in cited:
                    cited.add(source.id)
                    found.setdefault(source.id, []).append(Place(section.heading, statement.anchor or section.anchor))
    return found


def _anchor(before: list[Section]) -> str:
    return f"section-{len(before) + 1}"


def _together(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Lists and tables: rows on lines that follow one another are one table."""
    group: list[Block] = []
    for block in blocks:
        same = group and group[-1].kind is BlockKind.ROW and block.line == group[-1].line + 1
        if group and (same if block.kind is BlockKind.ROW else group[-1].kind is not BlockKind.ROW):
            group.append(block)
            continue
        if group:
            yield group
        group = [block]
    if group:
        yield group


def _group(article: Article, blocks: list[Block], quoted: Span | None) -> Group:
    header: Cells = ()
    if blocks[0].kind is BlockKind.ROW:
        header = tuple(
            _pieces(article.text, cell, quoted) for cell in _cells(article.text, *_header(article.text, blocks[0].start))
        )
    places = _nested(article.text, blocks)
    return Group(
        header, tuple(_statement(article, one, len(header), quoted, *at) for one, at in zip(blocks, places, strict=True))
    )


def _nested(text: str, blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """The depth and number of each item: an exception shown beside its rule would read as another rule."""
    open_items: list[int] = []
    for block in blocks:
        line = text[text.rfind("\n", 0, block.start) + 1 : block.start]
        found = _BULLET.fullmatch(line)
        if block.kind is not BlockKind.ITEM or found is None:
            open_items = []
            yield 0, ""
            continue
        indent = len(found["indent"])
        open_items = [each for each in open_items if each < indent]
        if found["bullet"]:
            open_items.append(indent)
        yield min(max(0, len(open_items) - 1), _DEEPEST), found["number"] or ""


def _statement(article: Article, block: Block, columns: int, quoted: Span | None, depth: int, number: str) -> Statement:
    listed = {mark: article.reference(mark) for mark in block.marks}
    spans = _row(article.text, block, columns) if columns else [(block.start, block.end)]
    return Statement(
        anchor=block.statement,
        kind=block.kind,
        cells=tuple(_pieces(article.text, span, quoted) for span in spans),
        references=tuple(source for source in listed.values() if source),
        missing=tuple(mark for mark, source in listed.items() if source is None),
        depth=depth,
        number=number,
    )


def _header(text: str, row: int) -> Span:
    """Of the table whose first row begins at `row`: it stands two lines above."""
    before, _, _ = text[:row].rsplit("\n", 2)
    return _first_cell(before, len(before)), len(before.rstrip().removesuffix("|"))


def _row(text: str, block: Block, columns: int) -> list[Span]:
    """The cells of a row, also those that are no part of its wording: empty ones before it, those of its marks behind it."""
    before = [(block.start, block.start)] * text.count("|", _first_cell(text, block.start), block.start)
    cells = [*before, *_cells(text, block.start, block.end)]
    return cells + [(block.end, block.end)] * (columns - len(cells))


def _first_cell(text: str, position: int) -> int:
    """Where the first cell of the line of `position` begins."""
    return _LEAD.match(text, text.rfind("\n", 0, position) + 1, position).end()  # type: ignore[union-attr]  # it also matches ""


def _cells(text: str, start: int, end: int) -> list[Span]:
    """The cells of a row, without the spaces around them."""
    pipes = [pipe.span() for pipe in PIPE.finditer(text, start, end)]
    edges = zip([start, *(after for _, after in pipes)], [*(before for before, _ in pipes), end], strict=True)
    return [_trimmed(text, *edge) for edge in edges]


def _trimmed(text: str, start: int, end: int) -> Span:
    cell = text[start:end]
    return start + len(cell) - len(cell.lstrip()), end - len(cell) + len(cell.rstrip())


def _pieces(text: str, span: Span, quoted: Span | None) -> tuple[Piece, ...]:
    """The wording of a span, cut where the quoted one begins and ends in it."""
    first, last = span
    start, end = quoted or (last, last)
    start, end = max(start, first), min(end, last)
    if start >= end:
        return (Piece(text[first:last], False),) if first < last else ()
    cuts = (Piece(text[first:start], False), Piece(text[start:end], True), Piece(text[end:last], False))
    return tuple(piece for piece in cuts if piece.text)
