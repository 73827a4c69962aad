"""LangChain's textbook set-up, as its tutorial "Build a semantic search engine" shows it.

`RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)` and the in-memory vector store of langchain-core. There
is no hybrid one to measure: EnsembleRetriever, BM25Retriever and FAISS stand in langchain-classic and langchain-community,
which are no longer developed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from eval.peers.peer import best_of_documents, chunks_for, given_text, versions

if TYPE_CHECKING:
    from eval.collection import Document
    from index.types import Embedder, Vectors

#: As in the tutorial.
_SPLIT = {"chunk_size": 1000, "chunk_overlap": 200}


class LangChainVectors:
    """Chunks of 1000 characters; vectors alone."""

    name = "langchain"

    def __init__(self, embedder: Embedder) -> None:
        self._store = InMemoryVectorStore(_Adapter(embedder))
        self._chunks = self._documents = 0

    def about(self) -> dict[str, Any]:
        """The set-up; what is not named is LangChain's default."""
        used = versions("langchain-core", "langchain-text-splitters")
        return {"name": self.name, "store": "InMemoryVectorStore", **_SPLIT, **used}

    def index(self, documents: Sequence[Document]) -> None:
        """Split, then embed and add."""
        splitter = RecursiveCharacterTextSplitter(**_SPLIT, add_start_index=True)
        given = [LangChainDocument(given_text(document), metadata={"document": document.id}) for document in documents]
        chunks = splitter.split_documents(given)
        self._store.add_documents(chunks)
        self._chunks, self._documents = len(chunks), len(documents)

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The nearest chunks."""
        hits = self._store.similarity_search_with_score_by_vector(vector.tolist(), k=chunks_for(k, self._chunks, self._documents))
        return best_of_documents(((hit.metadata["document"], score) for hit, score in hits), k)


class _Adapter(Embeddings):
    """Our embedder in LangChain's role."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """As LangChain asks for the vectors of chunks."""
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """As LangChain asks for a query's vector."""
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector
