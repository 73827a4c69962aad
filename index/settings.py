"""The index' own settings, added to the corpus'."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from corpus.settings import CorpusSettings
from index.types import Ranking

_SHIPPED = Ranking()
#: Names the real index to the command of `gate`. No setting: only such a command is given it.
LIVE_INDEX = "FOLLOWUP_LIVE_INDEX"


class IndexSettings(CorpusSettings):
    """Where the index is, and which model embeds."""

    index: Path = Field(Path("var/index"), description="folder of the index generations")
    model: str = Field(
        "bundled", min_length=1, description="embedder: `bundled`, or any sentence-transformers model by name or folder"
    )
    query_prompt: str | None = Field(None, description="put before every query; unset = the model's own `query` prompt")
    dense_weight: float = Field(
        _SHIPPED.dense_weight, ge=0, le=1, description="share of the vectors in the fused score; the rest is the lexical index'"
    )
    dense_weight_bare: float = Field(
        _SHIPPED.dense_weight_bare, ge=0, le=1, description="the same for passages of text without statement ids"
    )
    dense_weight_widened: float = Field(
        _SHIPPED.dense_weight_widened, ge=0, le=1, description="the same for a query that feedback widened"
    )
    coverage: float = Field(
        _SHIPPED.coverage,
        ge=0,
        le=2,
        description="what a passage gains by speaking of all a question's words, beside 0 to 1",
    )
    feedback: int = Field(
        _SHIPPED.feedback, ge=0, le=50, description="best passages that widen a query which is no question; 0 = never"
    )
    reranked: int = Field(
        _SHIPPED.reranked,
        ge=0,
        le=50,
        description="best passages that the cross-encoder scores again, 10 ms each; 0 = off",
    )
    threads: int = Field(2, ge=1, le=64, description="threads that embed")
    gate: str = Field("", description="command that a new generation must pass, with FOLLOWUP_INDEX naming it; empty: none")
    keep_generations: int = Field(2, ge=2, le=50, description="complete generations kept on disk, the live one included")

    @property
    def ranking(self) -> Ranking:
        """How searches weigh what they find."""
        return Ranking(
            dense_weight=self.dense_weight,
            dense_weight_bare=self.dense_weight_bare,
            dense_weight_widened=self.dense_weight_widened,
            coverage=self.coverage,
            feedback=self.feedback,
            reranked=self.reranked,
        )
