"""Models: which weights (`identify`), turning texts into vectors (`load_embedder`), reading pairs (`load_reranker`)."""

from index.embedding.models import identify, load_embedder
from index.embedding.reranker import load_reranker

__all__ = ["identify", "load_embedder", "load_reranker"]
