"""Embedders: which weights (`identity`), and turning texts into vectors (`load_embedder`)."""

from index.embedding.models import identify, load_embedder

__all__ = ["identify", "load_embedder"]
