"""txtai's hybrid search, as its "Embeddings" page shows it: `Embeddings(hybrid=True, content=True)` over whole documents.

All else is its default: vectors and BM25 half and half, faiss beneath, documents in SQLite. txtai takes vectors from
outside by `method="external"` and a function; that function does not say whether it is given a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from txtai import Embeddings

from eval.peers.peer import given_text, versions

if TYPE_CHECKING:
    from eval.collection import Document
    from index.types import Embedder, Vectors


class TxtaiHybrid:
    """Whole documents; vectors and words weighted equally."""

    name = "txtai"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._asked: Vectors | None = None  # the vector of the query that is being searched
        # A lambda: txtai calls anything but a plain function to make the function.
        self._embeddings = Embeddings(method="external", transform=lambda texts: self._vectors(texts), hybrid=True, content=True)

    def about(self) -> dict[str, Any]:
        """The set-up; what is not named is txtai's default."""
        return {"name": self.name, "hybrid": True, "content": True, "chunks": "whole documents", **versions("txtai")}

    def index(self, documents: Sequence[Document]) -> None:
        """All documents at once."""
        self._embeddings.index((document.id, given_text(document), None) for document in documents)

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """One hybrid search."""
        self._asked = vector
        try:
            return [(hit["id"], float(hit["score"])) for hit in self._embeddings.search(text, k)]
        finally:
            self._asked = None

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts) if self._asked is None else self._asked[None, :]
