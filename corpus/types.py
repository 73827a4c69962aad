"""The words of the corpus as frozen values: Article > Block > sentence, Reference, Question, Passage.

All offsets are in characters (Unicode code points) of `Article.text`, the Markdown body without its front matter.
Knows nothing of vectors, HTTP or questions that readers ask.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

#: Stands in a reference's authors or venue, or as a specialty, where an imported article does not say; never shown as a name.
NOT_STATED = "Not stated"


class Status(StrEnum):
    """How far a human has reviewed an article. Ordered: the least approved first."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"

    @property
    def label(self) -> str:
        """As readers see it: "Under Review"."""
        return self.value.replace("_", " ").title()

    @staticmethod
    def least(statuses: list[Status]) -> Status:
        """The least approved of several; an answer is only as reviewed as its weakest source."""
        return min(statuses, key=list(Status).index)


class ReferenceType(StrEnum):
    """The article's own label for a source."""

    GUIDELINE = "guideline"
    RESEARCH = "research"
    LABEL = "label"


class BlockKind(StrEnum):
    """What a block of the body is."""

    ITEM = "item"
    PARAGRAPH = "paragraph"
    ROW = "row"


class Severity(StrEnum):
    """Whether a problem keeps an article from being indexed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file: prints as `path:line: message`. `rule` names what it breaks (corpus/linting)."""

    path: str
    line: int
    message: str
    rule: str = "format"
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A source the article lists. `id` is the number its marks use: `[3]`."""

    id: int
    type: ReferenceType
    title: str
    authors: str
    venue: str
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    retracted: dt.date | None = None
    superseded_by: str | None = None  # what replaced it: "2026 ACR guideline"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an imported article comes from. `id` is its name there; `sha256` is of what was imported, before staff edited it."""

    name: str
    id: str
    url: str | None
    licence: str
    sha256: str
    imported: dt.date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An article that is no longer answered from: since when, and why."""

    since: dt.date
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A text that rests on statements of its article: an askable question, a plain-language sentence, a review note."""

    text: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A statement and those that must be quoted with it: its exceptions, limits, contraindications."""

    statement: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """What one body holds where bodies disagree: who, the year of its advice, the statements that say it."""

    body: str
    year: int | None
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet, paragraph or table row. `start:end` is its wording in `Article.text`, without bullet, trailing marks and id."""

    kind: BlockKind
    section: tuple[str, ...]  # the heading path above it, outermost first
    start: int
    end: int
    marks: tuple[int, ...]  # reference ids, in the order they stand
    statement: str | None  # "F12"
    line: int  # in the file, from 1

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a block spans {self.start}:{self.end}: it must not be empty")


@dataclass(frozen=True, slots=True)
class Article:
    """One guideline-backed article, as loaded from its file."""

    id: str
    title: str
    heading: str
    specialty: str
    status: Status
    last_updated: dt.date
    reviewed_by: str | None
    withdrawn: Withdrawal | None
    review_notes: tuple[Note, ...]
    references: tuple[Reference, ...]
    plain_summary: tuple[Note, ...]
    questions: tuple[Note, ...]
    conditions: tuple[Condition, ...] | None  # None: the article declares none, they are worked out from its wording
    disagreements: tuple[tuple[Position, ...], ...] | None  # None: likewise
    text: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    path: str
    source: Source | None = None  # None: written here
    reviewed_on: dt.date | None = None
    reviewed_sha256: str | None = None  # `content_sha256` of what was approved

    @property
    def undated(self) -> bool:
        """Whether its source gave no date: then `last_updated` is the day it was imported, and says nothing of its age."""
        return self.source is not None and self.last_updated == self.source.imported

    def reference(self, mark: int) -> Reference | None:
        """The reference that a mark names, or None when the article does not list it."""
        return next((reference for reference in self.references if reference.id == mark), None)

    def quote(self, block: Block) -> str:
        """The exact wording of a block."""
        return self.text[block.start : block.end]


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded, retrieved and cited: an exact span of one article under one heading path.

    `id` is readable and stable: `gout-flares-urate-lowering#F2`, or `…#p7` (seventh passage) where the author gave no
    statement id.
    """

    id: str
    article_id: str
    article_title: str
    article_heading: str
    section: tuple[str, ...]
    statement: str | None
    text: str
    start: int
    end: int
    marks: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"passage {self.id} is empty")
        if self.end - self.start != len(self.text):
            raise ValueError(f"passage {self.id}: {len(self.text)} characters do not fill the span {self.start}:{self.end}")

    @property
    def sha256(self) -> str:
        """Of the quoted text alone: what a citation stores and `verify` compares."""
        return hashlib.sha256(self.text.encode()).hexdigest()
