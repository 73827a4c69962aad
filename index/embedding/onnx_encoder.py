"""The bundled embedder's ONNX graph: token ids in, unit vectors out. Knows nothing of torch or sentence-transformers.

Importing those takes 5 s and 400 MB, which a build that embeds one edited article must not pay; this loads in 0.2 s.

Every text is run on its own, without padding, on a small pool of threads. The int8 graph scales its activations by the
largest value of the whole batch, so a text's vector depends on its neighbours in a batch (cosine down to .991 between
batches of 1 and 32): alone, each text always gets the same vector, which makes an incremental index equal a rebuilt one.
It costs nothing: 293 statements, 2 cores: one by one on two threads 318/s, batches of 32 257-277/s, batches of 8 338/s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from index.types import Vectors

T = TypeVar("T")


class OnnxEncoder:
    """The first token's last hidden state ([CLS] pooling, as bge was trained), divided by its length."""

    def __init__(self, folder: Path, *, max_tokens: int, threads: int) -> None:
        self.folder = folder
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the pool below is the parallelism; a lone query takes 3.4 ms instead of 2.4
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return int(self._session.get_outputs()[0].shape[-1])

    def tokens(self, text: str) -> list[int]:
        """The ids of a text's tokens, [CLS] and [SEP] with them, cut to `max_tokens`."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def vectors_of(self, ids: Sequence[list[int]]) -> Vectors:
        """One vector for each list of token ids, of whatever lengths: float32 (len(ids), dimension), unit length."""
        return self._stacked(self._each(self._vector, ids))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length."""
        return self._stacked(self._each(lambda text: self._vector(self.tokens(text)), texts))

    def _each(self, make: Callable[[T], Vectors], things: Sequence[T]) -> list[Vectors]:
        """On the pool; a lone one, a query, on the thread that asks."""
        return list(self._pool.map(make, things)) if len(things) > 1 else [make(thing) for thing in things]

    def _vector(self, ids: list[int]) -> Vectors:
        row = np.array([ids], dtype=np.int64)
        feeds = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        state = self._session.run(None, feeds)[0][0, 0]
        # In double precision and text by text, so that the last bit depends on neither neighbours nor a library's summing.
        exact = state.astype(np.float64)
        vector: Vectors = (exact / np.sqrt(exact @ exact)).astype(np.float32)
        return vector

    def _stacked(self, vectors: list[Vectors]) -> Vectors:
        return np.stack(vectors) if vectors else np.empty((0, self.dimension), np.float32)
