"""BEIR's corpora: JSON lines with _id, title and text, perhaps source and url, which NFCorpus and others keep in metadata."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats.files import address
from corpus.importing.formats.lines import Record, records, text
from corpus.importing.formats.outline import markdown
from corpus.importing.formats.words import blocks_in
from corpus.importing.types import Document, NotTaken, Options

#: Characters of a title made from the text where a record has none.
_TITLE = 100


def documents(path: Path, options: Options) -> Iterator[Document | NotTaken]:
    """Each record as an article. A record's own source goes before the one of the options; the licence is theirs."""
    for number, record in records(path):
        try:
            yield record if isinstance(record, NotTaken) else _document(record, options)
        except NotTaken as refused:
            yield NotTaken(f"line {number}: {refused}")


def _document(record: Record, options: Options) -> Document:
    said = text(record, "text", needed=True)
    body = markdown(blocks_in(said))
    if not body:
        raise NotTaken("its text has no words")
    return Document(
        source_id=text(record, "_id", needed=True),
        title=text(record, "title") or _beginning(said),
        body=body,
        references=(),
        source=text(record, "source") or options.source,
        url=address(text(record, "url") or _metadata_url(record)),
        licence=options.licence,
        published=None,
        specialty=options.specialty,
    )


def _metadata_url(record: Record) -> str:
    metadata = record.get("metadata")
    return text(metadata, "url") if isinstance(metadata, dict) else ""


def _beginning(said: str) -> str:
    """The first line, cut at a word."""
    line = said.split("\n")[0]
    return line if len(line) <= _TITLE else line[:_TITLE].rsplit(" ", 1)[0] + "…"
