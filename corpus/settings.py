"""The corpus' own settings. Each folder adds its own to those before it; `assistant.settings.Settings` is the whole."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from corpus.loading import SHIPPED


class CorpusSettings(BaseSettings):
    """Where the articles are."""

    model_config = SettingsConfigDict(env_prefix="FOLLOWUP_", env_file=".env", extra="forbid", frozen=True)

    articles: Path = Field(SHIPPED, description="folder of the articles (`*.md`)")
    max_passage_words: int = Field(
        120, ge=20, le=400, description="longest passage made of text without statement ids; statements are never cut"
    )
