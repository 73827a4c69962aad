"""Which embedder the settings ask for: its identity without loading it, and the loaded one.

With onnx_module.py the only module that imports sentence_transformers, and only where a loaded model needs it: importing it
takes 5 s and 400 MB, which a build with the bundled embedder and `followup --help` must not pay.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import ModelUnavailable
from index.embedding import bundled
from index.types import ModelIdentity

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.embedding.onnx_encoder import OnnxEncoder
    from index.settings import IndexSettings
    from index.types import Embedder, Vectors

#: Texts handed to sentence-transformers at a time: bounds memory; the bundled module runs each text alone anyway.
BATCH = 64


def identify(settings: IndexSettings) -> ModelIdentity:
    """Name and weight hash of the embedder that the settings ask for. Does not load it: 40 ms for the bundled one."""
    if settings.model == "bundled":
        bundled.bundled_folder()
        weights = "".join(bundled.FILES.values())
        return ModelIdentity(bundled.NAME, hashlib.sha256(weights.encode()).hexdigest())
    return ModelIdentity(settings.model, _folder_sha256(model_folder(settings.model)))


def load_embedder(settings: IndexSettings) -> Embedder:
    """The embedder that the settings ask for, as a SentenceTransformer, for serving. Raises `ModelUnavailable`."""
    if settings.model == "bundled":
        return _SentenceTransformerEmbedder(_bundled_transformer(settings.threads), _bundled_prompt(settings), normalize=False)
    return _of_folder(settings, threads=1)  # requests are the parallelism: 98 queries/s from two of 1 thread, 82 from one of 2


def load_passage_embedder(settings: IndexSettings) -> Embedder:
    """The same embedder, for a build: all its threads work on one batch. Raises `ModelUnavailable`.

    The bundled one comes without sentence-transformers and torch, in .3 s instead of 5; its vectors are the same to the bit.
    """
    if settings.model == "bundled":
        return _OnnxEmbedder(_bundled_encoder(settings.threads), _bundled_prompt(settings))
    return _of_folder(settings, threads=settings.threads)


class _OnnxEmbedder:
    """The Embedder role over the bundled graph alone."""

    def __init__(self, encoder: OnnxEncoder, query_prompt: str) -> None:
        self._encoder = encoder
        self._query_prompt = query_prompt

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode(texts)

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._encoder.encode([f"{self._query_prompt}{text}"])[0]
        return vector


class _SentenceTransformerEmbedder:
    """The Embedder role over any SentenceTransformer. `normalize`: its vectors are not of unit length yet."""

    def __init__(self, model: SentenceTransformer, query_prompt: str, *, normalize: bool) -> None:
        self._model = model
        self._query_prompt = query_prompt
        self._normalize = normalize

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(list(texts), "")

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._encode([text], self._query_prompt)[0]
        return vector

    def _encode(self, texts: list[str], prompt: str) -> Vectors:
        vectors: Vectors = self._model.encode(
            texts, prompt=prompt, batch_size=BATCH, normalize_embeddings=self._normalize, show_progress_bar=False
        )
        return vectors


def _bundled_prompt(settings: IndexSettings) -> str:
    return bundled.QUERY_PROMPT if settings.query_prompt is None else settings.query_prompt


def _bundled_encoder(threads: int) -> OnnxEncoder:
    folder = bundled.bundled_folder()
    from index.embedding.onnx_encoder import OnnxEncoder

    return OnnxEncoder(folder, max_tokens=bundled.MAX_TOKENS, threads=threads)


def _bundled_transformer(threads: int) -> SentenceTransformer:
    encoder = _bundled_encoder(threads)
    _stay_offline()
    from sentence_transformers import SentenceTransformer

    from index.embedding.onnx_module import OnnxTransformer

    return SentenceTransformer(modules=[OnnxTransformer(encoder, max_tokens=bundled.MAX_TOKENS)], device="cpu")


def _of_folder(settings: IndexSettings, threads: int) -> _SentenceTransformerEmbedder:
    model = _load_folder(model_folder(settings.model), threads)
    prompt = (model.prompts.get("query") or "") if settings.query_prompt is None else settings.query_prompt
    return _SentenceTransformerEmbedder(model, prompt, normalize=True)


def _load_folder(folder: Path, threads: int) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    try:
        return SentenceTransformer(str(folder), device="cpu")
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{folder} is not a sentence-transformers model: {error}") from error


def _stay_offline() -> None:
    """The bundled model needs no hub; nothing may try to reach one."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@cache
def model_folder(name: str) -> Path:
    """The folder itself, or the hub's snapshot of a model name (downloaded once when the machine has network)."""
    if (folder := Path(name)).is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelUnavailable(
            f"model {name!r} is neither a folder nor a model that can be fetched ({type(error).__name__}); "
            "set FOLLOWUP_MODEL to a folder, or to `bundled`"
        ) from error


@cache
def _folder_sha256(folder: Path) -> str:
    """One hash over the names and contents of all files of a model folder."""
    whole: Any = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            whole.update(f"{path.relative_to(folder)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return str(whole.hexdigest())
