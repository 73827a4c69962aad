"""The first module of a SentenceTransformer that runs an ONNX graph instead of a torch one.

Every text is run on its own, without padding, on a small pool of threads. The int8 graph scales its activations by the
largest value of the whole batch, so a text's vector depends on its neighbours in a batch (cosine down to .991 between
batches of 1 and 32): alone, each text always gets the same vector, which makes an incremental index equal a rebuilt one.
It costs nothing: 293 statements, 2 cores: one by one on two threads 318/s, batches of 32 257-277/s, batches of 8 338/s.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from sentence_transformers.base.modules import InputModule
from tokenizers import Tokenizer


class OnnxTransformer(InputModule):
    """Token ids in, the first token's last hidden state out ([CLS] pooling, as bge was trained)."""

    def __init__(self, folder: Path, *, max_tokens: int, threads: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch.nn.Module
        self.folder = folder
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)
        self.max_seq_length = max_tokens
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the pool below is the parallelism; a lone query takes 3.4 ms instead of 2.4
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """`input_ids`: one list of token ids a text, of different lengths."""
        texts = [f"{prompt or ''}{text}" for text in inputs]
        return {"input_ids": [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds `sentence_embedding`: float32 (len(texts), dimension)."""
        ids = features["input_ids"]
        states = list(self._pool.map(self._first_state, ids)) if len(ids) > 1 else [self._first_state(ids[0])]
        features["sentence_embedding"] = torch.from_numpy(np.stack(states))
        return features

    def _first_state(self, ids: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        row = np.array([ids], dtype=np.int64)
        feeds = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        hidden = self._session.run(None, feeds)[0]
        return np.asarray(hidden[0, 0], dtype=np.float32)

    def get_sentence_embedding_dimension(self) -> int:
        """Length of one vector."""
        return int(self._session.get_outputs()[0].shape[-1])

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Not offered: the weights stay in their package, where their SHA-256 is known."""
        raise RuntimeError(f"the bundled weights are not copied; they live in {self.folder}")
