"""The files of a generation beside its vectors: passages, what is near, and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from index.coverage import spoken_stems
from index.generations import LEXICAL, NEAREST, PASSAGES, VECTORS
from index.lexical import LexicalDocument, LexicalIndex, analyzer
from index.passages import write_passages
from index.topics import topic_terms
from index.types import CueKind
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corpus.types import Article, Passage
    from index.types import Cue, Vectors


def write_files(folder: Path, articles: Sequence[Article], passages: Sequence[Passage], cues: Sequence[Cue]) -> None:
    """Writes what is made of the vectors, which are there already, and of the texts. Raises `OSError`."""
    stems = analyzer().analyze
    spoken = spoken_stems(passages, cues, stems)
    write_passages(folder / PASSAGES, articles, passages, cues, topic_terms(articles, stems), spoken)
    VectorIndex.build(read_vectors(folder)).write(folder / NEAREST)
    LexicalIndex.build((_document(row, cue, passages[cue.passages[0]]) for row, cue in enumerate(cues)), folder / LEXICAL)


def read_vectors(folder: Path) -> Vectors:
    """A row for each cue: what later builds reuse, and what feedback moves a query by. Not read into memory."""
    mapped: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    return mapped


def _document(row: int, cue: Cue, passage: Passage) -> LexicalDocument:
    if cue.kind is CueKind.TEXT:  # its words stand in its wording already
        return LexicalDocument(row=row, article_id=passage.article_id, title="", text="")
    title = " ".join(dict.fromkeys((passage.article_title, passage.article_heading)))
    return LexicalDocument(row=row, article_id=passage.article_id, title=title, text=cue.text)
