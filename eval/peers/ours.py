"""The product's shipped configuration as one of the systems that are measured beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.configurations import named_configurations
from eval.peers.peer import best_of_documents
from eval.throwaway import collection_index
from index.types import EncodedQuery

if TYPE_CHECKING:
    from eval.collection import Document
    from index.search import Index
    from index.settings import IndexSettings
    from index.types import Embedder, Vectors


class Ours:
    """An index built anew in `folder`, which must stay as long as this is searched."""

    name = "shipped"

    def __init__(self, embedder: Embedder, settings: IndexSettings, folder: Path) -> None:
        self._embedder = embedder
        self._settings = settings
        self._folder = folder
        self._index: Index
        self._passages_a_document = 1

    def about(self) -> dict[str, Any]:
        """As a result of `followup eval retrieval` says it."""
        return named_configurations(self._settings)["shipped"].about()

    def index(self, documents: Sequence[Document]) -> None:
        """Splits, embeds, builds both indexes and passes the build's own gate."""
        self._index = collection_index(documents, self._settings, self._folder, self._embedder)
        self._passages_a_document = math.ceil(self._index.manifest.passages / self._index.manifest.articles)

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """As a reader's question is searched, without its encoding."""
        hits = self._index.search(EncodedQuery(text, vector), k=k * self._passages_a_document)
        return best_of_documents(((hit.passage.article_id, hit.score) for hit in hits), k)
