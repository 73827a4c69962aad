"""The words of the assistant as frozen values: Query, Citation, Answer, and the AnswerWriter role.

`Answer` is the HTTP contract's answer, field by field.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from corpus.types import Passage
    from index.types import ScoredPassage


class Audience(StrEnum):
    """Who reads. Decides which words are explained and what is read first; never citations, numbers, caveats or status."""

    CLINICIAN = "clinician"
    STUDENT = "student"
    PATIENT = "patient"


class Mode(StrEnum):
    """Who wrote the sentences."""

    EXTRACTIVE = "extractive"
    GENERATIVE = "generative"
    EXTRACTIVE_FALLBACK = "extractive_fallback"  # a language model was asked, and failed or said nothing that holds


class AnswerStatus(StrEnum):
    """What kind of reply it is. "We do not know" is an answer."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    CLARIFY = "clarify"  # two readings of the question compete: the reader chooses
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    REFUSED = "refused"


#: Replies that say what to do instead of what the articles say.
STOPPED = (AnswerStatus.EMERGENCY, AnswerStatus.CRISIS, AnswerStatus.REFUSED)


class Role(StrEnum):
    """Why a sentence is in an answer."""

    ANSWER = "answer"
    CONDITION = "condition"  # qualifies or contradicts an answering one, so it must not be missing
    CONTRAST = "contrast"  # what another guideline says about the same


class AbstentionReason(StrEnum):
    """Why nothing is answered."""

    NOT_IN_CORPUS = "not_in_corpus"
    WEAK_EVIDENCE = "weak_evidence"
    WITHDRAWN = "withdrawn"
    UNREVIEWED = "unreviewed"


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
    retracted: str | None  # the day it was retracted, where the article knows


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a quoted article was imported from, which its licence asks to be said wherever it is quoted."""

    name: str  # who publishes it
    id: str  # its name there
    url: str | None
    licence: str
    imported: str  # the day
    dated: bool  # False: the source gives no date, and the article's is the day of the import


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
    origin: Origin | None = None  # None: the article was written here


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of the citations it rests on."""

    text: str
    citations: tuple[int, ...]
    role: Role = Role.ANSWER


@dataclass(frozen=True, slots=True)
class Banner:
    """A warning that comes before the answer: a fixed text of the safety table, with where it was taken from."""

    category: str
    title: str
    text: str
    source: str
    reviewed: str | None  # the day a clinician signed it off; None: not yet


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer, in a word and in a sentence for the reader."""

    reason: AbstentionReason
    text: str


@dataclass(frozen=True, slots=True)
class Clarification:
    """What the reader is asked, and the readings to choose from, each a query that can be sent back."""

    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one guideline says where guidelines disagree: who, when, and the numbers of the citations that say it."""

    body: str
    year: int | None
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gloss:
    """A technical term that stands in the answer, in plain words."""

    term: str
    plain: str
    source: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One reply; what it does not have is empty. There is no default disclaimer, so none can be built without one."""

    answer_id: str
    conversation_id: str
    question: str
    query: Query
    status: AnswerStatus
    mode: Mode
    audience: Audience
    plain: tuple[Sentence, ...] = ()  # the same in plain words, of the articles' own plain summaries; for patients
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    references: tuple[CitedReference, ...] = ()
    review_status: str | None = None
    banner: Banner | None = None
    abstention: Abstention | None = None
    clarification: Clarification | None = None
    caveats: tuple[str, ...] = ()
    conflicts: tuple[tuple[Side, ...], ...] = ()
    glosses: tuple[Gloss, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: Confidence | None = None  # None where nothing was searched
    fallback: str | None = None  # why a language model's answer is not shown
    dropped: int = 0  # sentences of a language model that its citations do not support
    disclaimer: str
    notice: str
    index_generation: int | None = None
    timing_ms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.disclaimer.strip():
            raise ValueError("an answer without a disclaimer")
        numbers = {citation.number for citation in self.citations}
        for sentence in (*self.plain, *self.sentences):
            if not sentence.citations or not numbers.issuperset(sentence.citations):
                raise ValueError(f"sentence cites {sentence.citations}, the answer has citations {sorted(numbers)}")


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, the query it became, and what its answer quoted, the first quote first."""

    question: str
    query: str
    article_id: str | None
    quotes: tuple[str, ...] = ()
    status: AnswerStatus = AnswerStatus.ANSWERED
    danger: str | None = None  # the category of its banner

    @property
    def settled(self) -> bool:
        """Whether the reader, shown the banner of an emergency, said that nobody is in danger."""
        return self.danger is not None and self.status not in STOPPED


@dataclass(frozen=True, slots=True)
class Chosen:
    """A passage that the answer must hold, and why."""

    hit: ScoredPassage
    role: Role


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence before its marks are numbered: its text and the passages that it rests on, at least one."""

    text: str
    passages: tuple[Passage, ...]
    role: Role


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that a language model wrote and its citations do not support: never shown, only counted."""

    reason: str


class AnswerWriter(Protocol):
    """Puts what was chosen into sentences, each with the passages that it rests on."""

    mode: Mode

    def write(self, query: Query, chosen: Sequence[Chosen]) -> Generator[Draft | Dropped, None, None]:
        """Sentence by sentence, as each is ready. Raises `WriterFailed` when it cannot go on."""
