"""LlamaIndex' hybrid retriever, as its page "Reciprocal Rerank Fusion Retriever" builds it.

The default splitter (`SentenceSplitter`: 1024 tokens, 200 of overlap), the default in-memory vector store, `BM25Retriever`
and `QueryFusionRetriever(mode="reciprocal_rerank")`. No language model writes further queries (`num_queries=1`, as the
page says), and the two retrievers run one after the other: a loop of events only costs time where nothing is waited for.
Vectors are handed over on the nodes and the query, so its own embedder is never asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llama_index.core import Document as LlamaDocument
from llama_index.core import QueryBundle, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.retrievers.bm25 import BM25Retriever

from eval.peers.peer import best_of_documents, chunks_for, given_text, versions

if TYPE_CHECKING:
    from eval.collection import Document
    from index.types import Embedder, Vectors

_MODE = "reciprocal_rerank"


class LlamaIndexHybrid:
    """Chunks of 1024 tokens; BM25 and vectors fused by reciprocal ranks."""

    name = "llamaindex"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._splitter = SentenceSplitter()
        self._chunks = self._documents = 0
        self._by_vectors: Any
        self._by_words: Any
        self._both: Any

    def about(self) -> dict[str, Any]:
        """The set-up; what is not named is LlamaIndex' default."""
        split = {"chunk_size": self._splitter.chunk_size, "chunk_overlap": self._splitter.chunk_overlap}
        used = versions("llama-index-core", "llama-index-retrievers-bm25", "bm25s")
        return {"name": self.name, **split, "mode": _MODE, "num_queries": 1, **used}

    def index(self, documents: Sequence[Document]) -> None:
        """Split, embed, and make the three retrievers."""
        given = [LlamaDocument(text=given_text(document), id_=document.id) for document in documents]
        nodes = self._splitter.get_nodes_from_documents(given)
        vectors = self._embedder.embed_passages([node.get_content(metadata_mode="embed") for node in nodes])
        for node, vector in zip(nodes, vectors, strict=True):
            node.embedding = vector.tolist()
        index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=vectors.shape[1]))
        self._by_vectors = index.as_retriever()
        self._by_words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=1)
        self._both = QueryFusionRetriever(
            [self._by_vectors, self._by_words], llm=MockLLM(), mode=_MODE, num_queries=1, use_async=False
        )
        self._chunks, self._documents = len(nodes), len(documents)

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """One retrieval."""
        top_k = chunks_for(k, self._chunks, self._documents)
        for retriever in (self._by_vectors, self._by_words, self._both):
            retriever.similarity_top_k = top_k
        hits = self._both.retrieve(QueryBundle(text, embedding=vector.tolist()))
        return best_of_documents(((hit.node.ref_doc_id, hit.score) for hit in hits), k)
