"""An Embedder whose vectors are kept on disk, so that a benchmark repeated with another configuration embeds nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.kept import KeptVectors, passage_key, query_key

if TYPE_CHECKING:
    from index.types import Embedder, ModelIdentity, Vectors


class KeptEmbedder:
    """An Embedder that asks another one only for what it has not seen before. For one thread."""

    def __init__(self, folder: Path, model: ModelIdentity, load: Callable[[], Embedder], query_prompt: str | None = None) -> None:
        self._kept = KeptVectors(folder, model)
        self._load = load
        self._query_prompt = query_prompt

    @cached_property
    def _embedder(self) -> Embedder:
        return self._load()

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length."""
        keys = [passage_key(text) for text in texts]
        found = self._kept.find(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            made = dict(zip(new, self._embedder.embed_passages(list(new.values())), strict=True))
            self._kept.keep(made)
            found |= made
        return np.stack([found[key] for key in keys])

    def embed_query(self, text: str) -> Vectors:
        """float32 (dimension,), unit length, with the model's query prompt."""
        key = query_key(text, self._query_prompt)
        found = self._kept.find([key])
        if not found:
            found = {key: self._embedder.embed_query(text)}
            self._kept.keep(found)
        return found[key]
