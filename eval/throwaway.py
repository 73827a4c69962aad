"""An index over a collection's documents, made and searched by the product's own code, beside the real index.

It is kept by what it was made from (documents, weights, settings), so that a second run opens it; the folder may be
thrown away at any time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.types import Article, Block, BlockKind, Status
from eval.embeddings import KeptEmbedder
from eval.provenance import built_by
from eval.retrieval import MEASURES, run
from index.build import build_index
from index.embedding import identify, load_embedder
from index.search import Index, check_index
from index.staleness import Source

if TYPE_CHECKING:
    from eval.collection import Collection, Document
    from eval.configurations import Configuration
    from eval.results import Result
    from index.settings import IndexSettings
    from index.types import Embedder

#: Called with (what is being done, done so far, to do).
Progress = Callable[[str, int, int], None]

_LINE = re.compile(r"\S(?:[^\n]*\S)?")
#: Beside the real index, under the same git-ignored folder.
_KEPT = Path("var/eval")
#: A document without a title is called by how it begins.
_TITLE_CHARACTERS = 80
#: Documents have no date; an article must.
_NO_DATE = dt.date(1970, 1, 1)


def collection_index(
    documents: Sequence[Document],
    settings: IndexSettings,
    root: Path,
    embedder: Embedder | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Every document as an article without review, every line of it a paragraph. `root` also keeps the vectors."""
    digest = hashlib.sha256("\0".join(f"{doc.id}\0{doc.title}\0{doc.text}" for doc in documents).encode()).hexdigest()
    kept = KeptEmbedder(
        root / "embeddings",
        identify(settings),
        lambda: load_embedder(settings) if embedder is None else embedder,
        settings.query_prompt,
    )
    theirs = settings.model_copy(update={"index": root / "indexes" / f"{digest[:16]}-{settings.max_passage_words}"})
    source = Source(digest, lambda: tuple(_article(document) for document in documents))
    build_index(
        theirs,
        source=source,
        embedder=kept,
        progress=progress and (lambda step: progress(step.done, step.total)),
        allow_shrink=True,
    )
    return Index(*check_index(theirs), ranking=settings.ranking, embedder=lambda: kept)


def _article(document: Document) -> Article:
    title = document.title or document.text.strip().partition("\n")[0][:_TITLE_CHARACTERS]
    paragraphs = tuple(
        Block(BlockKind.PARAGRAPH, (), line.start(), line.end(), (), None, number)
        for number, line in enumerate(_LINE.finditer(document.text), start=1)
    )
    return Article(
        id=document.id,
        title=title,
        heading=title,
        specialty="",
        status=Status.SUBMITTED,
        last_updated=_NO_DATE,
        reviewed_by=None,
        withdrawn=None,
        review_notes=(),
        references=(),
        plain_summary=(),
        questions=(),
        conditions=(),
        disagreements=(),
        text=document.text,
        blocks=paragraphs,
        path="",
    )


def run_configuration(
    collection: Collection,
    configuration: Configuration,
    settings: IndexSettings,
    measures: Sequence[str] = MEASURES,
    progress: Progress | None = None,
    embedder: Embedder | None = None,
) -> Result:
    """Builds or opens the index that a configuration asks for, searches and measures, and says what made the result."""
    report = progress or (lambda stage, done, total: None)
    theirs = settings.model_copy(update={"max_passage_words": configuration.max_passage_words})
    started = time.perf_counter()
    index = collection_index(collection.documents, theirs, _KEPT, embedder, partial(report, "embedding"))
    seconds = time.perf_counter() - started
    index.ranking = configuration.ranking
    result = run(collection, configuration, index, measures, partial(report, "searching"))
    return replace(result, seconds={"index": seconds, **result.seconds}, made_by=built_by(index.manifest.model))
