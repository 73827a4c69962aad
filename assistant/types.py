"""The words of the assistant as frozen values: Query, Citation, Answer, and the AnswerWriter role.

`Answer` is the HTTP contract's answer, field by field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from index.types import ScoredPassage


class Audience(StrEnum):
    """Who reads. Decides whether an article opens with its plain summary; an answer only records it."""

    CLINICIAN = "clinician"
    STUDENT = "student"
    PATIENT = "patient"


class Mode(StrEnum):
    """Who wrote the sentences."""

    EXTRACTIVE = "extractive"


class AnswerStatus(StrEnum):
    """What kind of reply it is. "We do not know" is an answer."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Variant:
    """One reading of a question and its share of the score; the shares of a query add up to 1."""

    text: str
    share: float


@dataclass(frozen=True, slots=True)
class Query:
    """The stand-alone text that is searched, whether earlier turns went into it, and why."""

    text: str
    used_history: bool
    reason: str
    variants: tuple[Variant, ...]  # the question as typed comes first

    @property
    def asked(self) -> str:
        """What an answer must speak of: the reader's words, of the turn before too where the question leans on it.

        Not the open article's heading, of which its own article always speaks.
        """
        return self.text if self.used_history else self.variants[0].text


@dataclass(frozen=True, slots=True)
class CitedReference:
    """A source behind a citation. `number` counts the answer's references, each source once."""

    number: int
    type: str
    title: str
    authors: str
    venue: str
    year: int | None
    doi: str | None
    pmid: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact quote: `quote == article.text[start:end]`, and the references of that very statement."""

    number: int
    article_id: str
    article_title: str
    section: tuple[str, ...]
    passage_id: str
    statement_id: str | None
    quote: str
    start: int
    end: int
    sha256: str
    review_status: str
    last_updated: str
    references: tuple[CitedReference, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of the citations it rests on."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """A warning that comes before the answer."""

    category: str
    text: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """Where the reader might look instead."""

    article_id: str
    title: str
    section: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confidence:
    """0..1, and the threshold under which the assistant abstains."""

    score: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply. There is no default disclaimer, so none can be built without one."""

    answer_id: str
    conversation_id: str
    question: str
    query: Query
    status: AnswerStatus
    mode: Mode
    audience: Audience
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    references: tuple[CitedReference, ...]
    review_status: str | None
    banner: Banner | None
    caveats: tuple[str, ...]
    nearest: tuple[Nearest, ...]
    suggestions: tuple[str, ...]
    confidence: Confidence
    disclaimer: str
    notice: str
    index_generation: int
    timing_ms: dict[str, float]

    def __post_init__(self) -> None:
        if not self.disclaimer.strip():
            raise ValueError("an answer without a disclaimer")
        numbers = {citation.number for citation in self.citations}
        for sentence in self.sentences:
            if not sentence.citations or not numbers.issuperset(sentence.citations):
                raise ValueError(f"sentence cites {sentence.citations}, the answer has citations {sorted(numbers)}")


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation: the query it became, and the article that its answer quoted first."""

    query: str
    article_id: str | None


class AnswerWriter(Protocol):
    """Chooses and orders what is said. Every passage it returns is quoted whole, in that order."""

    mode: Mode

    def write(self, query: Query, evidence: Sequence[ScoredPassage], limit: int) -> list[ScoredPassage]:
        """At most `limit` passages that answer the query, the one that answers it first."""
