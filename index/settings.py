"""The index' own settings, added to the corpus'."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from corpus.settings import CorpusSettings


class IndexSettings(CorpusSettings):
    """Where the index is, and which model embeds."""

    index: Path = Field(Path("var/index"), description="folder of the index generations")
    model: str = Field(
        "bundled", min_length=1, description="embedder: `bundled`, or any sentence-transformers model by name or folder"
    )
    query_prompt: str | None = Field(None, description="put before every query; unset = the model's own `query` prompt")
    dense_weight: float = Field(
        0.5, ge=0, le=1, description="share of the vectors in the fused score; the rest is the lexical index'"
    )
    threads: int = Field(2, ge=1, le=64, description="threads that embed")
    keep_generations: int = Field(2, ge=2, le=50, description="complete generations kept on disk, the live one included")
