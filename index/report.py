"""What a build did, and what it changed for readers: shown on the terminal, and kept with the generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from corpus.errors import IndexDamaged
from index.files import write_synced
from index.generations import REPORT
from index.sealed import read_sealed, sealed


@dataclass(frozen=True, slots=True)
class Diff:
    """What a generation has that the one before it had not, and the other way round. Articles by id, in order.

    An article is changed when anything of it is, also its status or a reference. A passage counts by its id and wording, so
    one that was reworded is both removed and added.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    passages_added: int = 0
    passages_removed: int = 0


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `changed` is false when the live generation was already up to date.

    `embedded` and `reused` count texts that passages are found by (cues). `previous` is the generation that it is compared with.
    """

    number: int
    changed: bool
    previous: int | None
    by: str
    articles: int
    passages: int
    cues: int
    embedded: int
    reused: int
    embed_seconds: float
    seconds: float
    diff: Diff
    late_servers: int = 0  # server processes that still answered from an earlier generation when patience ended


_ADAPTER = TypeAdapter(BuildReport)


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Which keys were added, removed, and have another value: `{a: 1, b: 1}, {b: 2, c: 1}` → `(c), (a), (b)`."""
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {key for key in after.keys() & before.keys() if after[key] != before[key]}
    return tuple(sorted(added)), tuple(sorted(removed)), tuple(sorted(changed))


def keep_report(folder: Path, report: BuildReport) -> None:
    """Writes the report into the folder of its generation. Raises `OSError`."""
    write_synced(folder / REPORT, sealed(asdict(report)))


def read_report(folder: Path) -> BuildReport:
    """The report of a generation. Raises `IndexDamaged`."""
    try:
        return _ADAPTER.validate_python(read_sealed(folder / REPORT, "a later build writes a report again"))
    except ValidationError as error:
        raise IndexDamaged(f"{folder / REPORT} does not hold what a report holds") from error


def read_report_or_none(folder: Path) -> BuildReport | None:
    """The same, or None where it cannot be read: `followup index verify` says why."""
    try:
        return read_report(folder)
    except IndexDamaged:
        return None
