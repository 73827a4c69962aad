"""What is asked, and the events by which it is answered: first what is searched, then each sentence, then the answer."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Answer, Audience, Banner, Citation, Mode, Query, Sentence


@dataclass(frozen=True, slots=True)
class Ask:
    """One question as a caller puts it.

    `query` is what to search instead, as the reader changed it. `safe`: shown the banner, the reader said that nobody is in
    danger. `mode`: extractive even where a language model is set up. `section`: a heading of the open article that the question
    is about. `reader`: whatever tells one reader from another; a conversation belongs to the one who begins it. `after`: a
    conversation of another reader that the question follows, without becoming part of it.
    """

    question: str
    article_id: str | None = None
    conversation_id: str | None = None
    audience: Audience = Audience.CLINICIAN
    query: str | None = None
    safe: bool = False
    mode: Mode | None = None
    section: str | None = None
    reader: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """First event: what is searched, and the banner that comes before everything. Given before the search for evidence."""

    answer_id: str
    conversation_id: str
    query: Query
    banner: Banner | None
    caveats: tuple[str, ...]
    disclaimer: str
    notice: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence with the citations it rests on."""

    sentence: Sentence
    citations: tuple[Citation, ...]


Event = Started | Spoken | Answer
