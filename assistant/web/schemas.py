"""The bodies of the JSON API. Requests are strict: an unknown key or a number where a text belongs is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from assistant.types import Answer, Audience

Id = Annotated[str, Field(min_length=1, max_length=80)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChatBody(_Strict):
    """A question, with the article that is open and the conversation it belongs to."""

    question: Annotated[str, Field(description="at most 4,000 characters")]
    article_id: Id | None = None
    conversation_id: Id | None = None
    audience: Audience = Audience.CLINICIAN
    query: Annotated[str, Field(max_length=4000, description="searched instead of what the question became")] | None = None
    safe: Annotated[bool, Field(strict=True, description="after an emergency banner: nobody is in danger")] = False
    mode: Literal["extractive", "generative"] | None = None
    section: Annotated[str, Field(max_length=400, description="heading of the open article that it is about")] | None = None


class AnswerBody(RootModel[Answer]):
    """A whole answer."""


class RetrieveBody(_Strict):
    """A query to search, as typed."""

    query: str
    k: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    article_id: Id | None = None


class Hit(BaseModel):
    """One passage found."""

    rank: int
    score: float
    passage_id: str
    statement_id: str | None
    article_id: str
    section: list[str]
    text: str


class HitsBody(BaseModel):
    """What a retrieval found, and in which generation."""

    hits: list[Hit]
    index_generation: int


class ArticleLine(BaseModel):
    """One article in the list."""

    id: str
    title: str
    specialty: str
    status: str
    last_updated: str


class ArticlesBody(BaseModel):
    """Every article."""

    articles: list[ArticleLine]


class ArticlePath(BaseModel):
    """Part of the address."""

    article_id: str


class AnswerPath(BaseModel):
    """Part of the address."""

    answer_id: str


class ConversationPath(BaseModel):
    """Part of the address."""

    conversation_id: str


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    disclaimer: str
