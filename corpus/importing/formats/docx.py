"""Word documents: headings, lists, tables, footnotes and endnotes, by python-docx.

The body is walked as XML, as python-docx's paragraphs leave out what was inserted with tracked changes and what stands in
content controls. Text that was deleted with tracked changes is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.importing.formats.archives import checked
from corpus.importing.formats.citations import reference, taken_out, with_marks
from corpus.importing.formats.files import LARGEST, beginning
from corpus.importing.formats.outline import Block, Heading, Item, Paragraph, Table, mark, markdown, raised
from corpus.importing.formats.trees import Element, name
from corpus.importing.formats.wordml import (
    NOTES,
    W,
    first_row_heads,
    heading_level,
    is_struck,
    notes,
    number_formats,
    symbol,
    value,
)
from corpus.importing.types import Document, NotTaken, Options

if TYPE_CHECKING:
    from docx.document import Document as Word

_LIST_STYLE = re.compile(r"list (?P<kind>bullet|number|paragraph)?(?: (?P<depth>\d))?", re.IGNORECASE)
#: Bodies of runs that are no wording of the text: deleted, comments, text boxes' second form, formulas' and fields' codes.
_DROPPED = {"del", "movefrom", "deltext", "instrtext", "pict", "fallback", "annotationref", "ppr", "rpr"}


def documents(path: Path, options: Options) -> Iterator[Document]:
    """The document as one article; `source` and `licence` come from the options."""
    beginning(path, "a Word document (.docx)", b"PK\x03\x04")
    if path.stat().st_size > LARGEST:
        raise NotTaken(f"the file has {path.stat().st_size:,} bytes; at most {LARGEST:,} are read")
    checked(path, "word/document.xml")
    word = _opened(path)
    reader = _Reader(word)
    blocks = list(reader.blocks(word.element.body))
    notes = [reference(number, text) for number, text in enumerate(reader.noted, 1)]
    blocks, listed = taken_out(blocks)
    if not notes:
        notes, blocks = list(listed), with_marks(blocks, {each.id for each in listed})
    elif listed:  # both: the notes keep their numbers, the list goes on after them
        notes += [reference(len(notes) + number, each.title) for number, each in enumerate(listed, 1)]
    title, blocks = _titled(word, blocks, path.stem)
    body = markdown(blocks, {each.id for each in notes})
    if not body:
        raise NotTaken("the document has no text")
    made = word.core_properties.created
    yield Document(
        source_id=options.name or path.name,
        title=title,
        body=body,
        references=tuple(notes),
        source=options.source,
        url=None,
        licence=options.licence,
        published=made.date() if made else None,
        specialty=options.specialty,
    )


def _opened(path: Path) -> Word:
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        word = docx.Document(str(path))
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError) as error:
        raise NotTaken(f"no Word document that can be read: {error}") from error
    if word.element.getroottree().docinfo.internalDTD is not None:
        raise NotTaken("the document declares a DTD, which Word documents do not have")
    return word


def _titled(word: Word, blocks: list[Block], file: str) -> tuple[str, list[Block]]:
    """The title and the blocks without it: in the style Title, or the only one in Heading 1, else the file's property."""
    first = [block for block in blocks if isinstance(block, Heading) and block.level <= 1]
    if len(first) == 1:
        return first[0].text, [block for block in blocks if block is not first[0]]
    titles = [block for block in first if block.level == 0]
    rest = [block for block in blocks if not titles or block is not titles[0]]
    if first and (titles or len(first) > 1):  # several first-level headings are the sections
        rest = [Heading(block.level + 1, block.text) if isinstance(block, Heading) else block for block in rest]
    return (titles[0].text if titles else " ".join((word.core_properties.title or "").split()) or file), rest


class _Reader:
    """Reads one document. `noted` are the texts of its footnotes and endnotes, in the order in which they are named."""

    def __init__(self, word: Word) -> None:
        self.noted: list[str] = []
        self._numbers: dict[tuple[str, str], int] = {}  # kind and id of a note -> its place in `noted`, from 1
        self._styles = {style.style_id: style for style in word.styles}
        self._formats = number_formats(word)
        self._notes = {kind: notes(word, kind) for kind in NOTES}
        self._counts: dict[tuple[str, int], int] = {}

    def blocks(self, body: Element) -> Iterator[Block]:
        """The blocks of a body, a cell or a content control."""
        for element in body:
            match name(element):
                case "p":
                    yield from self._paragraph(element)
                case "tbl":
                    yield from self._table(element)
                case "sdt":
                    for content in element.findall(f"{W}sdtContent"):
                        yield from self.blocks(content)
                case "ins" | "moveto" | "customxml" | "smarttag":
                    yield from self.blocks(element)
                case _:
                    pass

    def _paragraph(self, element: Element) -> Iterator[Block]:
        text = self._text(element)
        style = value(element, "pPr/pStyle")
        level = self._heading(style)
        if level is not None:
            yield Heading(level, text)
        elif listed := self._listed(element, style):
            yield Item(listed[0], text, listed[1])
        else:
            yield Paragraph(text)

    def _text(self, element: Element) -> str:
        """The text of a paragraph or run: insertions, links and notes' marks included, deletions not."""
        text = ""
        for child in element:
            match name(child):
                case "t":
                    text += child.text or ""
                case "tab" | "br" | "cr":
                    text += " "
                case "nobreakhyphen":
                    text += "-"
                case "sym":
                    text += symbol(child)
                case "footnotereference" | "endnotereference":
                    text += self._note(f"{name(child).removesuffix('reference')}s", child.get(f"{W}id") or "")
                case "r" if value(child, "rPr/vertAlign") == "superscript" and child.find(f"{W}t") is not None:
                    text += raised(self._text(child))
                case "r" if child.find(f"{W}rPr/{W}vanish") is not None or is_struck(child):
                    pass
                case "p":  # of a text box
                    text += f" {self._text(child)} "
                case kind if kind not in _DROPPED:
                    text += self._text(child)
        return text

    def _note(self, kind: str, note: str) -> str:
        """The mark of a note; its text is listed when it is first named."""
        element = self._notes[kind].get(note)
        if element is None:
            return ""
        if (kind, note) not in self._numbers:
            self.noted.append(" ".join(" ".join(self._text(each) for each in element.iter(f"{W}p")).split()))
            self._numbers[kind, note] = len(self.noted)
        return mark(self._numbers[kind, note])

    def _heading(self, style: str | None) -> int | None:
        """The level of a heading's style or of the one it is based on: 0 is the document's title."""
        found: int | None = self._of_style(
            style, lambda each: heading_level(each.name or "", value(each.element, "pPr/outlineLvl"))
        )
        return found

    def _of_style(self, style: str | None, read: Callable[[Any], Any]) -> Any:
        """What `read` finds in a style, or in the first of those it is based on that has it."""
        each = self._styles.get(style or "")
        for _ in range(10):  # styles that are based on each other in a ring would never end
            if each is None:
                return None
            if (found := read(each)) is not None:
                return found
            each = getattr(each, "base_style", None)
        return None

    def _listed(self, element: Element, style: str | None) -> tuple[int, int | None] | None:
        """Depth and number of an item, by the paragraph's own numbering or its style's; None for no item."""
        numbering = value(element, "pPr/numPr/numId") or self._of_style(
            style, lambda each: value(each.element, "pPr/numPr/numId")
        )
        depth = (
            value(element, "pPr/numPr/ilvl") or self._of_style(style, lambda each: value(each.element, "pPr/numPr/ilvl")) or "0"
        )
        if numbering is None or numbering == "0":
            return None
        level = int(depth) if depth.isdigit() else 0
        named = _LIST_STYLE.fullmatch(self._of_style(style, lambda each: each.name) or "")
        if named and named["depth"]:
            level = max(level, int(named["depth"]) - 1)
        if self._formats.get((numbering, int(depth) if depth.isdigit() else 0), "bullet") in {"bullet", "none"}:
            return level + 1, None
        count = self._counts[numbering, level] = self._counts.get((numbering, level), 0) + 1
        for deeper in [key for key in self._counts if key[0] == numbering and key[1] > level]:
            del self._counts[deeper]
        return level + 1, count

    def _table(self, element: Element) -> Iterator[Block]:
        if element.find(f".//{W}tbl") is not None:  # not data, but a page laid out by tables
            for cell in element.findall(f"{W}tr/{W}tc"):
                yield from self.blocks(cell)
            return
        rows: list[tuple[str, ...]] = []
        headed = 0
        above: list[str] = []
        for row in element.iter(f"{W}tr"):
            if row.find(f"{W}trPr/{W}tblHeader") is not None and headed == len(rows):
                headed += 1
            above = self._row(row, above)
            rows.append(tuple(above))
        first = element.find(f"{W}tblPr/{W}tblLook")
        if not headed and first is not None and len(rows) > 1 and first_row_heads(first):
            headed = 1
        header = tuple(" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows[:headed], strict=False))
        yield Table(header, tuple(rows[headed:])) if headed < len(rows) else Table((), tuple(rows))

    def _row(self, row: Element, above: list[str]) -> list[str]:
        """The texts of a row's cells; a cell merged with the one above has its text, as each row is read alone."""
        cells: list[str] = []
        for cell in row.iter(f"{W}tc"):
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            if merged is not None and merged.get(f"{W}val") != "restart" and len(cells) < len(above):
                text = above[len(cells)]
            else:
                pieces = [block.text for block in self.blocks(cell) if not isinstance(block, Table) and block.text.strip()]
                text = "; ".join(piece.strip().removesuffix(";") for piece in pieces)
            span = value(cell, "tcPr/gridSpan") or "1"
            cells += [text, *[""] * (min(int(span), 40) - 1 if span.isdigit() else 0)]
        return cells
