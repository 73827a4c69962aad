"""How near a sentence stands to its quotes in the embedder's space: the gate's last look, and the coarsest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.generative.gate import Support
    from index.types import Embedder


def support_by(embedder: Callable[[], Embedder]) -> Support:
    """The cosine with the nearest quote. EMBEDDING_FLOOR of the gate was fitted on the bundled embedder."""

    def support(sentence: str, quotes: Sequence[str]) -> float:
        vectors = embedder().embed_passages([sentence, *quotes])
        return float((vectors[1:] @ vectors[0]).max())

    return support
