"""The project's own benchmark questions: one JSON object a line, checked as it is read.

`followups.jsonl` and `unanswerable.jsonl` were written with the fact sheets, apart from the articles' own questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from corpus.errors import FollowupError

DATA = Path(__file__).parent / "data"
FOLLOWUPS, UNANSWERABLE = DATA / "followups.jsonl", DATA / "unanswerable.jsonl"


class DatasetError(FollowupError):
    """A benchmark file is not what the command reads, or asks for passages that are not in the index."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that an article answers: `gold` are the ids of the passages that do, any of them will do.

    An elliptical one ("And in pregnancy?") was asked after `previous`.
    """

    id: str
    article_id: str
    question: str
    previous: str | None
    gold: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.gold:
            raise ValueError("no gold passage")


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A question on the topic of an article that no article of the corpus answers."""

    id: str
    article_id: str
    question: str


Row = TypeVar("Row", FollowUp, Unanswerable)


def load_followups(path: Path = FOLLOWUPS) -> tuple[FollowUp, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(FollowUp))


def load_unanswerable(path: Path = UNANSWERABLE) -> tuple[Unanswerable, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(Unanswerable))


def _load(path: Path, row: TypeAdapter[Row]) -> tuple[Row, ...]:
    rows: dict[str, Row] = {}
    try:
        lines = path.read_text("utf-8").removesuffix("\n").split("\n")  # splitlines() would cut a text at U+2028
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}:1: not UTF-8 at byte {error.start}") from error
    for number, line in enumerate(lines if any(lines) else [], start=1):
        try:
            read = row.validate_json(line, extra="forbid")
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise DatasetError(f"{path}:{number}: {where}: {first['msg']}") from error
        if read.id in rows:
            raise DatasetError(f"{path}:{number}: the id {read.id} stands twice")
        rows[read.id] = read
    if not rows:
        raise DatasetError(f"{path}: no questions in this file")
    return tuple(rows.values())
