"""The project's own benchmark questions: one JSON object a line, checked as it is read.

`followups.jsonl` and `unanswerable.jsonl` were written with the fact sheets, apart from the articles' own questions.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from corpus.errors import FollowupError

if TYPE_CHECKING:
    from index.search import Index

DATA = Path(__file__).parent / "data"
FOLLOWUPS, UNANSWERABLE, CLARIFY = DATA / "followups.jsonl", DATA / "unanswerable.jsonl", DATA / "clarify.jsonl"


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


@dataclass(frozen=True, slots=True)
class TwoReadings:
    """A question after others, with or without an article open: whether it has two readings, so that it is asked back."""

    id: str
    previous: tuple[str, ...]
    article_id: str | None
    question: str
    asks: bool
    why: str


Row = TypeVar("Row", FollowUp, Unanswerable, TwoReadings)


def load_followups(path: Path = FOLLOWUPS) -> tuple[FollowUp, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(FollowUp))


def load_unanswerable(path: Path = UNANSWERABLE) -> tuple[Unanswerable, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(Unanswerable))


def load_clarify(path: Path = CLARIFY) -> tuple[TwoReadings, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(TwoReadings))


def check_gold(index: Index, followups: Sequence[FollowUp]) -> None:
    """Raises `DatasetError` for gold passages that are not in the index: nothing could find them."""
    there = {passage.id for passage in index.store.all_passages()}
    missing = [(followup.id, gold) for followup in followups for gold in followup.gold if gold not in there]
    if missing:
        question, gold = missing[0]
        raise DatasetError(
            f"{len(missing)} gold passages are not in the index, the first is {gold} of question {question}; "
            "`followup index info` says what the index was built from"
        )


def read_text(path: Path) -> str:
    """A file whole, plain or gzip. Raises `DatasetError`."""
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 at byte {error.start}") from error


def _load(path: Path, row: TypeAdapter[Row]) -> tuple[Row, ...]:
    rows: dict[str, Row] = {}
    lines = read_text(path).removesuffix("\n").split("\n")  # splitlines() would cut a text at U+2028
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
