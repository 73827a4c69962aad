"""MedQuAD: a topic of the NIH as questions and answers, one XML file each. CC BY 4.0 (its readme.txt)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.importing.formats.files import address
from corpus.importing.formats.outline import Block, Heading, markdown
from corpus.importing.formats.trees import Element, xml
from corpus.importing.formats.words import blocks_in
from corpus.importing.types import Document, NotTaken, Options

_LICENCE = "CC BY 4.0 (MedQuAD)"


def documents(path: Path, options: Options) -> Iterator[Document]:
    """The topic as one article: each answered question is the heading over its answer.

    A topic without a <Focus> is named after its first question.

    Three of MedQuAD's twelve folders (A.D.A.M., drugs, herbs) have no answers, for copyright: their files are not taken.
    """
    root = xml(path, "Document", "document")
    focus, source = _said(root, "Focus"), (root.get("source") or "").strip()
    pairs = [(_said(pair, "Question"), pair.findtext("Answer") or "") for pair in root.iter("QAPair")]
    body = markdown(_blocks(pairs))
    if not body:
        raise NotTaken(f"no answers: all of its {len(pairs)} are empty" if pairs else "no answers: it has no <QAPair>")
    number = (root.get("id") or path.stem).strip()
    yield Document(
        source_id=f"{source}_{number}" if source else number,
        title=focus or next(question for question, answer in pairs if answer.strip()) or number,
        body=body,
        references=(),
        source=f"MedQuAD: {source}" if source else options.source or "MedQuAD",
        url=address(root.get("url")),
        licence=options.licence or _LICENCE,
        published=None,
        specialty=options.specialty,
    )


def _blocks(pairs: list[tuple[str, str]]) -> Iterator[Block]:
    for question, answer in pairs:
        if answer.strip():
            yield Heading(2, question)
            yield from blocks_in(answer)


def _said(element: Element, part: str) -> str:
    return " ".join((element.findtext(part) or "").split())
