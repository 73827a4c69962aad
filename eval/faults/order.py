"""In which order a command writes, syncs and renames: what a power cut may lose, which no kill shows.

A killed process loses nothing that it gave to the system; a machine without power loses what was not synced. From the calls of
one build it is worked out what was not synced when the pointer was switched, and what served file was written in place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eval.faults.places import prepare
from eval.faults.tracing import Call
from eval.faults.worker import Worker, workers

_WRITES = {"write", "pwrite64", "writev", "pwritev", "ftruncate", "truncate", "fallocate", "sendfile"}
_SYNCS = {"fsync", "fdatasync"}
_RENAMES = {"rename", "renameat", "renameat2"}
#: Renamed to when another generation becomes the live one.
POINTER = "CURRENT"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The calls of one command, and what is wrong with their order."""

    command: str
    calls: int
    unsynced: tuple[str, ...]
    in_place: tuple[str, ...]


def orders(commands: Sequence[str]) -> list[Ordered]:
    """Each of the commands of places.py, without a fault."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name, workers(Path(name), 1) as pool:

        def trace(worker: Worker) -> list[Ordered]:
            found = []
            for command, prepared in prepare(worker, Path(name), commands).items():
                place = prepared.copy(Path(name) / f"order-{command}")
                calls = worker.run(place, *prepared.arguments, traced=True).calls
                found.append(Ordered(command, len(calls), tuple(unsynced_at_switch(calls)), tuple(written_in_place(calls))))
            return found

        return pool.one(trace)


def unsynced_at_switch(calls: Sequence[Call]) -> list[str]:
    """Files of the new generation, and folders that name them, whose last change was not synced when the pointer was switched.

    Also the pointer's own text and, afterwards, the folder that names it. Empty when a power cut loses nothing.
    """
    at = _switch(calls)
    dirty: dict[str, str] = {}
    for call in calls[:at]:
        _follow(call, dirty)
    serving = {path: why for path, why in dirty.items() if _served(path)}
    later = calls[at + 1 :]
    if not any(call.name in _SYNCS and call.path == "." for call in later):
        serving["."] = f"{POINTER} was renamed"
    return sorted(f"{path}: {why}" for path, why in serving.items())


def written_in_place(calls: Sequence[Call]) -> list[str]:
    """Files that readers may have open, of a generation or the pointer, and that were written under their own name."""
    served = {
        call.path for call in calls if call.name in _WRITES and (call.path == POINTER or call.path.startswith("generations/0"))
    }
    return sorted(served)


def _switch(calls: Sequence[Call]) -> int:
    return next(at for at, call in enumerate(calls) if call.name in _RENAMES and call.to == POINTER)


def _served(path: str) -> bool:
    """Whether readers need it: the new generation by its final name, what names it, and the pointer to be."""
    return path.startswith("generations/0") or path in ("generations", f"{POINTER}.new")


def _follow(call: Call, dirty: dict[str, str]) -> None:
    """What one call makes dirty or clean. A folder is dirty when a name in it changed."""
    parent = str(PurePosixPath(call.path).parent)
    if call.name in _SYNCS:
        dirty.pop(call.path, None)
    elif call.name in _WRITES:
        dirty[call.path] = f"{call.name} was not synced"
    elif call.name in _RENAMES:
        for path in [path for path in dirty if path == call.path or path.startswith(f"{call.path}/")]:
            dirty[call.to + path.removeprefix(call.path)] = dirty.pop(path)
        dirty[str(PurePosixPath(call.to).parent)] = f"{call} was not synced"
    elif call.name in ("mkdir", "mkdirat") or call.creates:
        dirty[parent] = f"{call} was not synced"
