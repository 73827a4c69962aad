"""The bodies that the staff API takes. Strict, as all of the API (assistant/web/schemas.py)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.staff.overview import Presence
from corpus.types import Status


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatusBody(_Strict):
    """An act of the editorial workflow; for `retract` also which source, and since when."""

    action: Literal["review", "approve", "send-back", "withdraw", "restore", "retract"]
    reason: Annotated[str, Field(max_length=1000)] = ""
    content: Annotated[str, Field(description="`content_sha256` that was shown; the act is refused where it is another")] = ""
    reference: Annotated[str, Field(description="its number in the article, its DOI or its PubMed number")] | None = None
    date: Annotated[dt.date, Field(description="day of the retraction")] | None = None


class ReindexBody(_Strict):
    """A reindexing."""

    allow_shrink: Annotated[bool, Field(strict=True, description="also when over half of the passages would be gone")] = False


class RollbackBody(_Strict):
    """Which generation; none: the newest whole one before the live one."""

    number: Annotated[int, Field(strict=True, ge=1)] | None = None


class ArticlesQuery(_Strict):
    """What narrows the list of articles; empty: anything."""

    text: str = ""
    specialty: str = ""
    status: Status | Literal["", "withdrawn", "unreadable"] = ""
    source: str = ""
    severity: Literal["", "error", "warning", "none"] = ""
    presence: Presence | Literal[""] = ""
    page: Annotated[int, Field(ge=1)] = 1


class SinceQuery(_Strict):
    """Only what is of that day or later."""

    since: Annotated[dt.date, Field(description="in UTC")] | None = None

    @property
    def day(self) -> str:
        """As the stores compare it: an ISO date, "" for any."""
        return f"{self.since or ''}"


class AuditQuery(_Strict):
    """A part of the audit log."""

    after: Annotated[int, Field(ge=0, description="only entries with a higher number")] = 0
    limit: Annotated[int, Field(ge=1, le=10_000, description="at most so many; the next ones come `after` the last")] = 1000


class ArticlePath(BaseModel):
    """Part of the address."""

    article_id: str


class JobPath(BaseModel):
    """Part of the address."""

    job_id: str


class OpinionPath(BaseModel):
    """Part of the address."""

    opinion_id: str


class QuestionPath(BaseModel):
    """Part of the address."""

    question_id: str
