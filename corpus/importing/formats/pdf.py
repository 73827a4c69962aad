"""PDFs with text in them: headings by the size and weight of their letters, paragraphs, bullets, simple tables, references.

A PDF says where letters are printed, not what they are, so this is the least sure of the formats: staff compare the article
with its source, and corpus/linting/layouts.py tells them where. Pictures of pages (scans) have no text and are not taken.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

from pypdf import PdfReader, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError

from corpus.importing.formats.citations import taken_out, with_marks
from corpus.importing.formats.files import LARGEST, beginning
from corpus.importing.formats.outline import Block, Heading, Item, Paragraph, Table, markdown
from corpus.importing.formats.pdf_columns import Columns, in_columns
from corpus.importing.formats.pdf_lines import SIGN, Cell, Line, lines_of, without_edges
from corpus.importing.types import Document, NotTaken, Options

_PAGES = 2_000
#: Bytes that one stream of a PDF may unpack to; pypdf's own limit of 75 million would take more than the memory there is.
_UNPACKED = 20_000_000
#: How much larger than the text a heading's letters are.
_LARGER = 1.12
#: Characters of the longest heading.
_HEADING = 200
#: How much farther apart than the lines of a paragraph two paragraphs are.
_APART = 1.35
#: The most characters, in parts of all, that no letter is known for.
_UNKNOWN = 0.1
_ITEM = re.compile(rf"(?:{SIGN.pattern})\s+(?P<text>\S.*)")
#: How pypdf begins its warning about text that is left out.
_LOST = "Impossible to decode XFormObject"
_SENTENCE_END = (".", "!", "?", ":")


def documents(path: Path, options: Options) -> Iterator[Document]:
    """The PDF as one article; `source` and `licence` come from the options, the date is that of the file's making."""
    beginning(path, "a PDF", b"%PDF-")
    if path.stat().st_size > LARGEST:
        raise NotTaken(f"the file has {path.stat().st_size:,} bytes; at most {LARGEST:,} are read")
    with apply_configuration(
        maximum_declared_stream_length=_UNPACKED,
        zlib_maximum_output_length=_UNPACKED,
        lzw_maximum_output_length=_UNPACKED,
        run_length_maximum_output_length=_UNPACKED,
        array_based_stream_maximum_output_length=_UNPACKED,
    ):
        yield _document(path, options)


def _document(path: Path, options: Options) -> Document:
    try:
        with PdfReader(path) as reader:
            lines = _read(reader)
            made = reader.metadata and reader.metadata.creation_date
            named = " ".join(str((reader.metadata and reader.metadata.title) or "").split())
    except NotTaken:
        raise
    except LimitReachedError as error:
        raise NotTaken(f"the PDF asks for more memory or time than one document has: {error}") from error
    except RecursionError as error:
        raise NotTaken("the PDF's objects are nested too deeply") from error
    except Exception as error:  # pypdf lets KeyError, TypeError and many others through for broken files
        what = str(error) if isinstance(error, PyPdfError) and str(error) else type(error).__name__
        raise NotTaken(f"the PDF is damaged: {what}") from error
    blocks, listed = taken_out(_blocks(lines))
    ids = {each.id for each in listed}
    title, blocks = _titled(with_marks(blocks, ids), named or path.stem)
    body = markdown(blocks, ids)
    if not body:
        raise NotTaken("the PDF has nothing but a title")
    return Document(
        source_id=options.name or path.name,
        title=title,
        body=body,
        references=listed,
        source=options.source,
        url=None,
        licence=options.licence,
        published=made.date() if made else None,
        specialty=options.specialty,
    )


def _read(reader: PdfReader) -> list[Line]:
    """The lines of all pages. Raises NotTaken for a PDF that is encrypted, too long, without text or in unknown letters."""
    if reader.is_encrypted:
        raise NotTaken("the PDF is encrypted; save it without a password")
    pages = len(reader.pages)
    if pages > _PAGES:
        raise NotTaken(f"the PDF has {pages:,} pages; at most {_PAGES:,} are read")
    with _told() as told:
        lines = [line for number, page in enumerate(reader.pages) for line in lines_of(page, number)]
    if lost := next((each for each in told if each.startswith(_LOST)), None):
        raise NotTaken(f"a part of a page cannot be read: {lost}")
    text = "".join(line.text for line in lines)
    if not any(character.isalnum() for character in text):
        raise NotTaken("the PDF has no text: its pages are pictures (a scan); run text recognition on it first")
    unknown = sum(character == "\ufffd" or unicodedata.category(character) in {"Cc", "Cn", "Co"} for character in text)
    if unknown > _UNKNOWN * len(text):
        raise NotTaken(f"the PDF's fonts do not say which letters they print: {unknown:,} of {len(text):,} are unknown")
    return without_edges(lines, pages)


@contextmanager
def _told() -> Iterator[list[str]]:
    """What pypdf logs meanwhile: it goes on without a form within a page that it cannot read, and only says so there."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("pypdf")
    log.addHandler(handler)
    try:
        yield told
    finally:
        log.removeHandler(handler)


def _titled(blocks: list[Block], named: str) -> tuple[str, list[Block]]:
    """The title and the blocks without it: the heading in the largest letters when it is alone and first, else the file's."""
    largest = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
    if len(largest) == 1 and largest[0] in [block for block in blocks if isinstance(block, Heading)][:1]:
        return largest[0].text, [block for block in blocks if block is not largest[0]]
    lower = 1 if largest else 0
    return named, [Heading(block.level + lower, block.text) if isinstance(block, Heading) else block for block in blocks]


def _blocks(lines: Sequence[Line]) -> list[Block]:
    """What the lines are, by their sizes and distances."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    size = max(sizes, key=lambda each: sizes[each])
    larger = sorted({line.size for line in lines if line.size >= _LARGER * size and len(line.text) <= _HEADING}, reverse=True)
    levels = {each: level for level, each in enumerate(larger, 1)}
    steps = [step for one, other in pairwise(lines) if 0 < (step := one.y - other.y) < 3 * size]
    writer = _Writer(size, levels, median(steps) if steps else 1.2 * size, _words(lines))
    for group in in_columns(lines):
        if isinstance(group, Line):
            writer.line(group)
        else:
            writer.table(group)
    return writer.blocks


def _words(lines: Sequence[Line]) -> frozenset[str]:
    return frozenset(word for line in lines for word in re.findall(r"[^\W\d_]+", line.text.lower()))


class _Writer:
    """Puts lines together. `size` and `step` are the text's letter size and distance of lines, in points."""

    def __init__(self, size: float, levels: dict[float, int], step: float, words: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self._size, self._levels, self._step, self._words = size, levels, step, words
        self._before: Line | None = None
        self._bullets: list[float] = []  # x of the open items' bullets, outermost first

    def line(self, line: Line) -> None:
        """Adds a line: to the block before it, or as one of its own."""
        before, self._before = self._before, line
        level = self._level(line)
        last = self.blocks[-1] if self.blocks else None
        if level is not None:
            if isinstance(last, Heading) and before and before.size == line.size and self._follows(before, line):
                self.blocks[-1] = Heading(last.level, self._joined(last.text, line.text))
            else:
                self.blocks.append(Heading(level, line.text))
            self._bullets = []
        elif (found := _ITEM.fullmatch(line.text)) or line.bulleted:
            self._bullets = [x for x in self._bullets if x < line.x - self._size / 2] + [line.x]
            text, number = (found["text"], found["number"]) if found else (line.text, None)
            self.blocks.append(Item(len(self._bullets), text, int(number) if number else None))
        elif before and isinstance(last, Item | Paragraph) and self._goes_on(before, line, last.text):
            text = self._joined(last.text, line.text)
            self.blocks[-1] = Item(last.depth, text, last.number) if isinstance(last, Item) else Paragraph(text)
        else:
            self._bullets = []
            self.blocks.append(Paragraph(line.text))

    def table(self, found: Columns) -> None:
        """Adds lines with the same columns: a table, or the columns of a page one after the other."""
        if found.prose:
            for column in (0, 1):
                for line, row in zip(found.lines, found.rows, strict=True):
                    cell = Cell(line.x, line.cells[-1].end, row[column])
                    self.line(Line(line.page, line.y, line.height, line.size, line.bold, (cell,)))
            return
        rows = found.rows
        self.blocks.append(Table(rows[0], rows[1:]) if found.headed else Table((), rows))
        self._before, self._bullets = None, []

    def _level(self, line: Line) -> int | None:
        """The level of a heading: larger letters than the text's, or bold ones on a short line without the end of a sentence."""
        if len(line.text) > _HEADING or not any(character.isalpha() for character in line.text):
            return None
        if line.size in self._levels:
            return self._levels[line.size]
        if line.bold and line.size >= self._size and not line.text.endswith((*_SENTENCE_END, ",", ";")) and len(line.parted) == 1:
            return len(self._levels) + 1
        return None

    def _follows(self, before: Line, line: Line) -> bool:
        return before.page == line.page and 0 <= before.y - line.y < 1.6 * line.size

    def _goes_on(self, before: Line, line: Line, text: str) -> bool:
        """Whether a line belongs to the paragraph or item before it."""
        step = before.y - line.y
        if before.page == line.page and step >= 0:
            indented = line.x > before.x + self._size and text.endswith(_SENTENCE_END) and not self._bullets
            return step < _APART * self._step and not indented
        # At the top of the next column or page a sentence may go on.
        return not text.endswith(_SENTENCE_END) and line.text[0].islower()

    def _joined(self, text: str, more: str) -> str:
        """Two lines as one. A hyphen at the end goes where the document has the word without it elsewhere, else it stays."""
        first, second = re.search(r"([^\W\d_]+)-$", text), re.match(r"[^\W\d_]+", more)
        if first and second and more[0].islower():
            whole = (first[1] + second[0]).lower() in self._words
            return (text[:-1] if whole else text) + more
        return f"{text} {more}"
