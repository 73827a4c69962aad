"""Haystack's hybrid retrieval, as its tutorial "Creating a Hybrid Retrieval Pipeline" builds it.

`DocumentSplitter` by 512 words with 32 of overlap, the in-memory store with its BM25L and its exact vectors, a joiner.
The tutorial reranks what the joiner concatenates with a large cross-encoder; without one the joiner fuses by reciprocal
ranks, which its page names for this. The indexing pipeline's three components are called one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read at import: nothing that is measured here leaves the machine

from haystack import Document as HaystackDocument
from haystack import Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from eval.peers.peer import best_of_documents, chunks_for, given_text, versions

if TYPE_CHECKING:
    from eval.collection import Document
    from index.types import Embedder, Vectors

#: As in the tutorial.
_SPLIT = {"split_by": "word", "split_length": 512, "split_overlap": 32}
_JOIN = "reciprocal_rank_fusion"


class HaystackHybrid:
    """Chunks of 512 words; BM25 and vectors fused by reciprocal ranks."""

    name = "haystack"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._store = InMemoryDocumentStore()
        self._pipeline = _pipeline(self._store)
        self._chunks = self._documents = 0

    def about(self) -> dict[str, Any]:
        """The set-up; what is not named is Haystack's default."""
        return {"name": self.name, **_SPLIT, "join_mode": _JOIN, **versions("haystack-ai")}

    def index(self, documents: Sequence[Document]) -> None:
        """Split, embed, write."""
        splitter = DocumentSplitter(**_SPLIT)
        given = [HaystackDocument(content=given_text(document), meta={"document": document.id}) for document in documents]
        chunks = splitter.run(documents=given)["documents"]
        vectors = self._embedder.embed_passages([chunk.content for chunk in chunks])
        self._store.write_documents(
            [replace(chunk, embedding=vector.tolist()) for chunk, vector in zip(chunks, vectors, strict=True)]
        )
        self._chunks, self._documents = len(chunks), len(documents)

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """One run of the pipeline."""
        top_k = chunks_for(k, self._chunks, self._documents)
        found = self._pipeline.run(
            {
                "bm25_retriever": {"query": text, "top_k": top_k},
                "embedding_retriever": {"query_embedding": vector.tolist(), "top_k": top_k},
            }
        )
        return best_of_documents(((hit.meta["document"], hit.score) for hit in found["document_joiner"]["documents"]), k)


def _pipeline(store: Any) -> Any:
    pipeline = Pipeline()
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("document_joiner", DocumentJoiner(join_mode=_JOIN))
    pipeline.connect("bm25_retriever", "document_joiner")
    pipeline.connect("embedding_retriever", "document_joiner")
    return pipeline
