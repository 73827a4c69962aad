"""The words of the index as frozen values and roles (Protocols). Higher scores are better, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corpus.types import Passage

    Vectors = NDArray[np.float32]


class CueKind(StrEnum):
    """Where a cue's text comes from."""

    WORDING = "wording"
    TEXT = "text"
    QUESTION = "question"
    PLAIN = "plain"


class Fusion(StrEnum):
    """How the scores of the two searches become one."""

    CONVEX = "convex"
    RRF = "rrf"


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a search weighs what it finds. The defaults are what ships; eval/LOG.md has the figures they were chosen by."""

    dense_weight: float = 0.75  # share of the vectors; the rest is the words'. 1: vectors alone, 0: words alone
    dense_weight_bare: float = 0.45  # the same for a passage of text without statement id, which has one vector
    fusion: Fusion = Fusion.CONVEX
    dense_weight_widened: float = 0.7  # the same for every passage when feedback widened the query
    coverage: float = 0.4  # what speaking of all the query's words adds to a score of 0..1
    feedback: int = 8  # best passages that a query which is no question is widened by; 0: never (index/feedback.py)
    reranked: int = 0  # best passages that the reranker scores again; 0: none

    def __post_init__(self) -> None:
        shares = all(0 <= share <= 1 for share in (self.dense_weight, self.dense_weight_bare, self.dense_weight_widened))
        if not shares or not 0 <= self.coverage < inf or min(self.feedback, self.reranked) < 0:
            raise ValueError(f"{self}: dense weights are 0 to 1, nothing is negative or no number")


@dataclass(frozen=True, slots=True)
class Cue:
    """A text by which passages can be found: their own, under its headings or bare, a question, or a plain-language sentence.

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
    """Which share of a question's words (0..1, rare ones weigh more) is spoken of by the best hit, the hits, and its article.

    `unspoken`: how rare the rarest word is that the article does not speak of; 0: it speaks of all, 1: one that stands nowhere.
    """

    by_best: float
    by_hits: float
    by_article: float
    unspoken: float


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


@dataclass(frozen=True, slots=True)
class Step:
    """What a build is at. `done` of `total` texts at `rate` a second only while it embeds."""

    stage: str
    done: int = 0
    total: int = 0
    rate: float | None = None
    seconds_left: float | None = None


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int:
        """Length of one vector."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length; a text's vector does not depend on its neighbours."""

    def embed_query(self, text: str) -> Vectors:
        """float32 (dimension,), unit length, with the model's query prompt."""


class Reranker(Protocol):
    """Reads a query and a passage together."""

    def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
        """0..1 for each text, higher is better; a text's value does not depend on its neighbours."""
