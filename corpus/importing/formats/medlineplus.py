"""MedlinePlus health topics: one XML file of all topics, each with its summary. US public domain (NLM).

Kept: the summary with its headings, lists and links' words, other names of the topic, its group. Left out: the list of sites
and the one-sentence description for search engines. Topics in Spanish are passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats.files import address, dated
from corpus.importing.formats.html import blocks_of
from corpus.importing.formats.outline import Block, Heading, Paragraph, markdown
from corpus.importing.formats.trees import Element, records
from corpus.importing.types import Document, NotTaken, Options

_LICENCE = "US public domain (NLM)"


def documents(path: Path, options: Options) -> Iterator[Document | NotTaken]:
    """Each English topic as an article; its groups ("Heart and Circulation") are its specialty unless one is given."""
    for topic in records(path, "health-topics", "health-topic"):
        if (topic.get("language") or "English") != "English":
            continue
        try:
            yield _document(topic, options)
        except NotTaken as refused:
            yield NotTaken(f"topic {topic.get('id')} ({topic.get('title')}): {refused}")


def _document(topic: Element, options: Options) -> Document:
    title, number = (topic.get("title") or "").strip(), (topic.get("id") or "").strip()
    body = markdown(_blocks(topic))
    if not (title and number and body):
        missing = [name for name, value in (("title", title), ("id", number), ("full-summary", body)) if not value]
        raise NotTaken(f"it has no {', '.join(missing)}")
    return Document(
        source_id=number,
        title=title,
        body=body,
        references=(),
        source="MedlinePlus",
        url=address(topic.get("url")),
        licence=options.licence or _LICENCE,
        published=_created(topic.get("date-created")),
        specialty=options.specialty or " / ".join(_texts(topic, "group")),
    )


def _blocks(topic: Element) -> list[Block]:
    """The summary as it is. Its headings are third-level ones, so the first of them makes them sections."""
    blocks = blocks_of(topic.findtext("full-summary") or "")
    highest = min((block.level for block in blocks if isinstance(block, Heading)), default=2)
    blocks = [Heading(2 + block.level - highest, block.text) if isinstance(block, Heading) else block for block in blocks]
    names = _texts(topic, "also-called")
    return [Paragraph(f"Also called: {', '.join(names)}"), *blocks] if names and blocks else blocks


def _texts(topic: Element, part: str) -> list[str]:
    return list(dict.fromkeys(text for each in topic.findall(part) if (text := " ".join((each.text or "").split()))))


def _created(text: str | None) -> dt.date | None:
    """A date like 04/30/2019, as Americans write it."""
    month, _, rest = (text or "").partition("/")
    day, _, year = rest.partition("/")
    return dated(year.strip(), month, day)
