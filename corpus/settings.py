"""The corpus' own settings. Each folder adds its own to those before it; `assistant.settings.Settings` is the whole."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from corpus.loading import SHIPPED


class CorpusSettings(BaseSettings):
    """Where the articles are."""

    # extra: `.env` may hold other programs' variables; `load_settings` names the unknown ones that begin with FOLLOWUP_
    model_config = SettingsConfigDict(env_prefix="FOLLOWUP_", env_file=".env", extra="ignore", frozen=True)

    articles: Path = Field(SHIPPED, description="folder of the articles (`*.md`)")
    audit: Path = Field(Path("var/audit.jsonl"), description="the audit log: who changed what and when")
    retractions: Path = Field(
        Path("var/retractions.csv"), description="list of retracted papers; `followup corpus import-retractions` makes it"
    )
    max_passage_words: int = Field(
        280, ge=20, le=400, description="longest passage made of text without statement ids; statements are never cut"
    )
