"""The words of the index as frozen values and roles (Protocols). Higher scores are better, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corpus.types import Passage

    Vectors = NDArray[np.float32]


class CueKind(StrEnum):
    """Where a cue's text comes from."""

    WORDING = "wording"
    QUESTION = "question"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Cue:
    """A text by which passages can be found: their own wording, a question they answer, or a plain-language sentence.

    Cues are embedded and searched, passages are cited: a cue of another kind than WORDING is never quoted.
    `passages` are positions in the generation's list of passages, the best answer first.
    """

    kind: CueKind
    text: str
    passages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query and its vector: float32 (dimension,), unit length. Encoded once, searched in any scope.

    Where several readings of one question are searched together, `share` is what each counts; shares add up to 1.
    """

    text: str
    vector: Vectors = field(repr=False)
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage that was found. `rank` counts from 1; `dense` and `lexical` are the scores before they were combined."""

    passage: Passage
    score: float
    rank: int
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which share of a question's words (0..1, rare ones weigh more) is spoken of by the hits, and by the first hit's article."""

    by_hits: float
    by_article: float


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights make the vectors: two identities are equal only when the vectors would be."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of; written last, so a folder without one is not a generation."""

    format: int
    number: int
    built_at: str  # UTC, ISO 8601; for people only, order is by number
    model: ModelIdentity
    dimension: int
    corpus_sha256: str
    settings_sha256: str
    articles: int
    passages: int
    cues: int
    files: dict[str, str]  # path in the generation -> SHA-256


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int:
        """Length of one vector."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length; a text's vector does not depend on its neighbours."""

    def embed_query(self, text: str) -> Vectors:
        """float32 (dimension,), unit length, with the model's query prompt."""
