"""Models: which weights (`identify`), turning texts into vectors (`load_embedder` serves, `load_passage_embedder` builds),
many of them on disk (`embed_all`, `KeptVectors`), reading pairs (`load_reranker`).
"""

from index.embedding.kept import KeptVectors
from index.embedding.many import Embedded, Known, embed_all
from index.embedding.models import identify, load_embedder, load_passage_embedder
from index.embedding.reranker import load_reranker

__all__ = [
    "Embedded", "KeptVectors", "Known", "embed_all", "identify", "load_embedder", "load_passage_embedder",
    "load_reranker",
]  # fmt: skip
