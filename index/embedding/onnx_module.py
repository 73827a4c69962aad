"""The first module of a SentenceTransformer that runs the ONNX graph of onnx_encoder.py instead of a torch one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from sentence_transformers.base.modules import InputModule

if TYPE_CHECKING:
    from index.embedding.onnx_encoder import OnnxEncoder


class OnnxTransformer(InputModule):
    """Texts in, the encoder's unit vectors out."""

    def __init__(self, encoder: OnnxEncoder, *, max_tokens: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch.nn.Module
        self._encoder = encoder
        self.tokenizer = encoder.tokenizer
        self.max_seq_length = max_tokens

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """`input_ids`: one list of token ids a text, of different lengths."""
        return {"input_ids": [self._encoder.tokens(f"{prompt or ''}{text}") for text in inputs]}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds `sentence_embedding`: float32 (len(texts), dimension), unit length."""
        features["sentence_embedding"] = torch.from_numpy(self._encoder.vectors_of(features["input_ids"]))
        return features

    def get_sentence_embedding_dimension(self) -> int:
        """Length of one vector."""
        return self._encoder.dimension

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Not offered: the weights stay in their package, where their SHA-256 is known."""
        raise RuntimeError(f"the bundled weights are not copied; they live in {self._encoder.folder}")
