"""Vectors kept on disk by content, so that a benchmark repeated with another configuration embeds nothing twice.

One SQLite file for each set of weights. A text's vector does not depend on its neighbours (the Embedder role), so a
kept vector is the one that would be made again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from index.types import Embedder, ModelIdentity, Vectors

_PASSAGE, _QUERY = b"passage", b"query"
#: SQLite takes at most 32,766 parameters; fewer keep one read short.
_AT_ONCE = 5_000


class KeptEmbedder:
    """An Embedder that asks another one only for what it has not seen before. For one thread."""

    def __init__(self, folder: Path, model: ModelIdentity, load: Callable[[], Embedder], query_prompt: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / f"{model.sha256[:16]}.sqlite")
        self._connection.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        self._load = load
        # Weights are told apart by the file, prompts by the key: a query under another prompt is another vector.
        self._query = _QUERY if query_prompt is None else _QUERY + b"\0" + query_prompt.encode()

    @cached_property
    def _embedder(self) -> Embedder:
        return self._load()

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length."""
        keys = [_key(_PASSAGE, text) for text in texts]
        kept = self._kept(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        if new:
            made = dict(zip(new, self._embedder.embed_passages(list(new.values())), strict=True))
            self._keep(made)
            kept |= made
        return np.stack([kept[key] for key in keys])

    def embed_query(self, text: str) -> Vectors:
        """float32 (dimension,), unit length, with the model's query prompt."""
        key = _key(self._query, text)
        kept = self._kept([key])
        if not kept:
            kept = {key: self._embedder.embed_query(text)}
            self._keep(kept)
        return kept[key]

    def _kept(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(f"SELECT key, vector FROM kept WHERE key IN ({marks})", some)  # noqa: S608  # question marks
            found |= {key: np.frombuffer(vector, np.float32) for key, vector in rows}
        return found

    def _keep(self, vectors: dict[bytes, Vectors]) -> None:
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?)",
                ((key, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in vectors.items()),
            )


def _key(role: bytes, text: str) -> bytes:
    return hashlib.sha256(role + b"\0" + text.encode()).digest()
