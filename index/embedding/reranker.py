"""The bundled reranker: ms-marco-MiniLM-L-12-v2, int8 ONNX, from the same package as the embedder. Off by default.

Measured where it might have helped and does not: over whole abstracts of NFCorpus nDCG@10 .369 to .351, over the best 8
statements of the follow-ups hit@1 within .01 either way, at 10 ms a passage (eval/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from index.embedding import bundled

if TYPE_CHECKING:
    from index.types import Reranker

_FOLDER = "reranker_en"
_FILES = {
    "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
}
_MAX_TOKENS = 512


@cache
def load_reranker() -> Reranker:
    """The bundled cross-encoder. Raises `ModelUnavailable`."""
    folder = bundled.checked_folder(_FOLDER, _FILES)
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()  # the file pads every pair to 512 tokens
    tokenizer.enable_truncation(_MAX_TOKENS, strategy="longest_first")  # a question may be longer than the passage
    options = SessionOptions()
    options.intra_op_num_threads = 1  # requests are the parallelism
    session = InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return _CrossEncoder(tokenizer, session)


class _CrossEncoder:
    """The Reranker role. Each pair alone: the int8 graph scales its activations over a whole batch (onnx_module.py)."""

    def __init__(self, tokenizer: Any, session: Any) -> None:
        self._tokenizer = tokenizer
        self._session = session

    def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
        return [self._of_pair(query, text) for text in texts]

    def _of_pair(self, query: str, text: str) -> float:
        encoding = self._tokenizer.encode(query, text)
        parts = {"input_ids": encoding.ids, "attention_mask": encoding.attention_mask, "token_type_ids": encoding.type_ids}
        feeds = {name: np.array([part], dtype=np.int64) for name, part in parts.items()}
        logit = float(self._session.run(None, feeds)[0].ravel()[0])
        return 1 / (1 + math.exp(-logit))
