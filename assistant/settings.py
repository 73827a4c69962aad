"""Every setting of the product, read from `FOLLOWUP_…` environment variables and `.env`.

`load_settings` is the only door: it names an unknown or bad setting and stops the start.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_serializer, field_validator

from corpus.errors import SettingsError
from corpus.types import Status
from index.settings import LIVE_INDEX, IndexSettings

PREFIX = "FOLLOWUP_"
#: Where a database URL holds its password: `//user:…@` up to the last @ (a password may hold any character), `?password=…`.
_BEFORE_HOST = re.compile(r"(://[^:/@]*:).*(?=@)")
_IN_QUERY = re.compile(r"([?&][^=&]*password[^=&]*=)[^&]*", re.IGNORECASE)


class StaffPages(StrEnum):
    """Whether there are staff pages: wherever somebody may sign in, or nowhere."""

    AUTO = "auto"
    OFF = "off"


class Settings(IndexSettings):
    """The corpus' and the index' settings, and how questions are answered and served."""

    database: str = Field("sqlite:///var/assistant.sqlite", description="SQLAlchemy URL of the stored conversations and answers")
    abstain_below: float = Field(0.6, ge=0, le=1, description="confidence under which the answer is that the articles do not say")
    max_sentences: int = Field(6, ge=1, le=12, description="statements that answer in one answer; their conditions come besides")
    answer_from: Status = Field(
        Status.SUBMITTED, description="least approved status that is answered from: submitted, under_review or approved"
    )
    mark_unapproved: bool = Field(False, description="answers that rest on articles nobody approved begin with a warning")
    region: str = Field("neutral", description="whose emergency numbers are given: a name in assistant/safety/regions.toml")
    writer_model: str = Field("", description="language model that writes answers, as `init_chat_model` names it; empty: none")
    writer_base_url: str = Field("", description="address of an OpenAI-compatible server: vLLM, llama.cpp, Ollama")
    writer_key: SecretStr = Field(SecretStr(""), description="its key; else the one in the provider's own variable")
    writer_deadline_s: float = Field(20.0, gt=0, le=300, description="seconds a whole answer of the model may take")
    writer_first_token_s: float = Field(10.0, gt=0, le=300, description="seconds its first word may take")
    writer_rewrites: bool = Field(False, description="the model also makes follow-up questions stand alone")
    writer_max_tokens: int = Field(700, ge=50, le=8000, description="longest answer of the model")
    host: str = Field("127.0.0.1", min_length=1, description="address that `followup serve` listens on")
    port: int = Field(8000, ge=0, le=65535, description="port that `followup serve` listens on; 0 = any free one")
    workers: int = Field(1, ge=1, le=16, description="server processes; each holds its own embedder")
    worker_threads: int = Field(32, ge=2, le=256, description="threads of a server process; a stream holds one")
    proxies: int = Field(
        0, ge=0, le=10, description="proxies in front that set X-Forwarded-For, -Proto and -Host; 0 = nobody's are believed"
    )
    questions_per_minute: int = Field(
        120, ge=0, description="questions a minute that a worker takes from one address; 0 = any number"
    )
    answers_at_once: int = Field(
        12, ge=0, description="answers that a worker gives to one address at the same time; 0 = any number"
    )
    keep_unanswered: bool = Field(
        True,
        description="keep questions without an answer for staff: their words without the names and other details that are found",
    )
    unanswered_days: int = Field(90, ge=1, le=3650, description="days that they are kept")
    staff: StaffPages = Field(StaffPages.AUTO, description="auto: staff pages wherever somebody may sign in; off: none")
    staff_tokens: SecretStr = Field(
        SecretStr(""), description="who may sign in by a token; `followup staff token` prints entries"
    )
    staff_passwords: SecretStr = Field(
        SecretStr(""), description="who may sign in by a password; `followup staff password` prints entries"
    )

    @field_validator("region")
    @classmethod
    def _known(cls, region: str) -> str:
        """A region without numbers would leave a reader in danger without them."""
        from assistant.safety.tables import load_regions

        if region not in (regions := load_regions()):
            raise ValueError(f"not a region; there are {', '.join(sorted(regions))}")
        return region

    @field_validator("staff_tokens")
    @classmethod
    def _tokens(cls, given: SecretStr) -> SecretStr:
        from assistant.staff.credentials import read_tokens

        read_tokens(given.get_secret_value())
        return given

    @field_validator("staff_passwords")
    @classmethod
    def _passwords(cls, given: SecretStr) -> SecretStr:
        from assistant.staff.credentials import read_passwords

        read_passwords(given.get_secret_value())
        return given

    @field_serializer("database")
    def _masked(self, url: str) -> str:
        """A database's password is nobody's business."""
        return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(r"\1***", url))


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings in force. Raises `SettingsError` naming every unknown and every bad one.

    pydantic-settings ignores unknown environment variables; a misspelt FOLLOWUP_MODLE must not pass in silence.
    """
    given = {name.upper(): "the environment" for name in os.environ}
    try:
        given |= {name.upper(): str(env_file) for name in (dotenv_values(env_file) if env_file else {})}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read as UTF-8 text ({type(error).__name__})") from error
    known = {LIVE_INDEX, *(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)}
    problems = [
        f"{name} (in {where}) is not a setting; `followup settings` prints those there are"
        for name, where in sorted(given.items())
        if name.startswith(PREFIX) and name not in known
    ]
    settings = None
    if not problems:
        try:
            settings = Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own keyword
        except ValidationError as error:
            problems = [
                f"{PREFIX}{'_'.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
                for detail in error.errors(include_input=False, include_url=False)
            ]
    if settings is None:
        raise SettingsError("\n".join(problems))
    return settings
