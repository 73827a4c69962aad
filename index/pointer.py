"""Which generation of an index is live: one small sealed file, twice, and the switch from one to the next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from corpus.errors import IndexDamaged, IndexMissing, IndexUnavailable
from corpus.replacing import sync
from index.files import write_synced
from index.folders import numbers
from index.sealed import read_sealed, sealed
from index.taken_back import NOTHING, TakenBack

if TYPE_CHECKING:
    from pathlib import Path

_POINTER, _COPY, _FRESH = "CURRENT", "CURRENT.last", "CURRENT.new"
_BUILD = "run `followup index build`"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which generation is live.

    `passed_over`: later ones that a rollback left; they never serve again by themselves. `taken_back`: what the last build
    found withdrawn or retracted, which an earlier generation that serves again still holds (taken_back.py).
    """

    number: int
    passed_over: tuple[int, ...] = ()
    taken_back: TakenBack = NOTHING


#: Made once: servers look every second, and to make it takes 4 ms.
_ADAPTER = TypeAdapter(Pointer)


def read_pointer(root: Path, name: str = _POINTER) -> Pointer:
    """Which generation is live. Raises `IndexMissing` where there was none yet, or `IndexDamaged`."""
    path = root / name
    if not path.is_symlink() and not path.exists():
        if numbers(root):
            raise IndexDamaged(f"{path} is missing, so that nothing says which generation is live; {_BUILD}")
        raise IndexMissing(f"there is no index in {root}; {_BUILD}")
    try:
        return _ADAPTER.validate_python(read_sealed(path, _BUILD))
    except ValidationError as error:
        raise IndexDamaged(f"{path} does not name a generation; {_BUILD}") from error


def remembered(root: Path) -> Pointer | None:
    """What is known of which generation is live: also from the copy, where the pointer itself cannot be read."""
    for name in (_POINTER, _COPY):
        try:
            return read_pointer(root, name)
        except IndexUnavailable:
            continue
    return None


def pointer_problems(root: Path) -> list[str]:
    """What is wrong with the pointer and its copy; a build mends both."""
    problems, found = [], []
    for name in (_POINTER, _COPY):
        try:
            found.append(read_pointer(root, name))
        except IndexUnavailable as error:
            problems.append(str(error))
    if len(found) == 2 and found[0] != found[1]:
        problems.append(f"{root / _COPY} is of generation {found[1].number}, {_POINTER} of {found[0].number}; {_BUILD}")
    return problems


def live_number(root: Path) -> int | None:
    """Which generation is live; None where that cannot be told."""
    try:
        return read_pointer(root).number
    except IndexUnavailable:
        return None


def switch(root: Path, pointer: Pointer) -> None:
    """Makes a generation the live one. Atomic: a reader sees the old pointer or the new one."""
    for name in (_POINTER, _COPY):
        fresh = root / _FRESH
        write_synced(fresh, sealed(asdict(pointer)))
        fresh.replace(root / name)
        sync(root)


def remove_unfinished_switch(root: Path) -> None:
    """What a switch left that was killed. Only for the holder of the lock."""
    (root / _FRESH).unlink(missing_ok=True)
