"""Articles with sections as JSON lines: _id, title, year or pub_date, source, url, licence, sections of heading and text.

A heading is a path: "Rationale > Benefits" is the section Benefits within Rationale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.importing.formats.files import address, date_in
from corpus.importing.formats.lines import Record, records, text
from corpus.importing.formats.outline import Block, Heading, markdown
from corpus.importing.formats.words import blocks_in
from corpus.importing.types import Document, NotTaken, Options

_WITHIN = " > "


def documents(path: Path, options: Options) -> Iterator[Document | NotTaken]:
    """Each record as an article. What it does not say of source and licence is taken from the options."""
    for number, record in records(path):
        try:
            yield record if isinstance(record, NotTaken) else _document(record, options)
        except NotTaken as refused:
            yield NotTaken(f"line {number}: {refused}")


def _document(record: Record, options: Options) -> Document:
    sections = record.get("sections")
    if not isinstance(sections, list):
        raise NotTaken("it has no list of 'sections'")
    body = markdown(_blocks(sections))
    if not body:
        raise NotTaken("its sections have no words")
    licence = text(record, "licence") or options.licence
    if not licence:
        raise NotTaken("it states no 'licence': give one with --licence")
    return Document(
        source_id=text(record, "_id", needed=True),
        title=text(record, "title", needed=True),
        body=body,
        references=(),
        source=text(record, "source") or options.source,
        url=address(text(record, "url")),
        licence=licence,
        published=date_in(text(record, "pub_date")) or date_in(text(record, "year")),
        specialty=options.specialty,
    )


def _blocks(sections: list[Any]) -> Iterator[Block]:
    """The sections' blocks. Of a heading's path only what differs from the section before is a heading of its own."""
    before: list[str] = []
    for section in sections:
        if not isinstance(section, dict):
            raise NotTaken(f"a section is no object but a {type(section).__name__}")
        path = [part.strip() for part in text(section, "heading").split(_WITHIN) if part.strip()]
        same = next(
            (at for at, (old, new) in enumerate(zip(before, path, strict=False)) if old != new), min(len(before), len(path))
        )
        # The same heading again is another section of that name.
        same -= bool(path) and same == len(path) and before[: len(path)] == path
        yield from (Heading(2 + depth, part) for depth, part in enumerate(path) if depth >= same)
        yield from blocks_in(text(section, "text"))
        before = path
