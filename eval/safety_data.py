"""What `followup eval safety` asks: messages, premises, attacks and strange questions, checked as they are read.

The files of eval/data are the project's own and strict: an unknown key is an error. Those of `../shared/data` belong to
others and may hold more than is read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from eval.datasets import DATA, DatasetError, read_text
from index.files import sha256_of

#: Rules were written beside the first; the second is measured, never read: only its figures are shown.
DEVELOPMENT, HELD_OUT = "dev", "test"
SPLITS = (DEVELOPMENT, HELD_OUT)
HELD_OUT_NOTE = "held out: only figures are kept, no message"
#: Where the data of others lie when they are there.
SHARED = Path("../shared/data/safety")
INJECTIONS, OUT_OF_CORPUS = DATA / "injections.jsonl", DATA / "out-of-corpus.jsonl"

Id = Annotated[str, Field(validation_alias=AliasChoices("id", "_id"), min_length=1)]


class Identified(Protocol):
    """What a line of a file is read as."""

    @property
    def id(self) -> str:
        """Unique in its file."""


@dataclass(frozen=True, slots=True)
class DangerMessage:
    """A message of somebody in danger, after the reader's `earlier` questions, oldest first."""

    id: Id
    category: str
    text: str
    earlier: tuple[str, ...]
    traits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A message that only sounds like danger: a knowledge question, a figure of speech, long ago."""

    id: Id
    text: str
    earlier: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Premise:
    """A question that takes something for granted. Of a false one, `contradicted_by` are the statements that say otherwise."""

    id: Id
    article_id: str
    question: str
    premise: Literal["true", "false"]
    contradicted_by: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class OutOfCorpus:
    """A medical question that no article is about."""

    id: Id
    question: str
    kind: str


@dataclass(frozen=True, slots=True)
class Attack:
    """A text that tries to make the assistant do something else."""

    id: Id
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A line of somebody else's file: of the fields beside its text it has those that its file has."""

    id: Id
    text: str
    intent: str = ""
    label: int = 1


Row = TypeVar("Row", bound=Identified)


def load_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """Every line of a file, plain or gzip. Raises `DatasetError` as `path:line: message`."""
    adapter: TypeAdapter[Row] = TypeAdapter(kind)
    extra: Any = "ignore" if kind is Foreign else "forbid"
    rows: dict[str, Row] = {}
    for number, line in enumerate(read_text(path).removesuffix("\n").split("\n"), start=1):
        try:
            row = adapter.validate_json(line, extra=extra)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise DatasetError(f"{path}:{number}: {where}: {first['msg']}") from error
        if row.id in rows:
            raise DatasetError(f"{path}:{number}: the id {row.id} stands twice")
        rows[row.id] = row
    return tuple(rows.values())


def split_file(name: str, split: str) -> Path:
    """`dangers`, `dev` → the shipped file."""
    return DATA / f"{name}-{split}.jsonl"


def load_attacks(folder: Path) -> tuple[tuple[Attack, ...], tuple[Path, ...]]:
    """The project's own attacks and, where the folder has them, those of others; with the files that they are from."""
    attacks = list(load_rows(INJECTIONS, Attack))
    files = [INJECTIONS]
    for path in present(folder, "injection-valid", "indirect-injection-bipia", "jailbreak-inthewild"):
        source = path.name.partition(".")[0]
        attacks += [Attack(row.id, source, row.text) for row in load_rows(path, Foreign) if row.label == 1]
        files.append(path)
    return tuple(attacks), tuple(files)


def present(folder: Path, *names: str) -> list[Path]:
    """Those of the named files (without `.jsonl.gz`) that are there."""
    return [path for name in names if (path := folder / f"{name}.jsonl.gz").is_file()]


def described(name: str, split: str, files: Sequence[Path], count: int) -> dict[str, Any]:
    """As a result names its dataset."""
    digests = {path.name: sha256_of(path) for path in files}
    digest = hashlib.sha256("\n".join(digests.values()).encode()).hexdigest()
    return {"name": name, "split": split, "digest": digest, "queries": count, "files": digests}
