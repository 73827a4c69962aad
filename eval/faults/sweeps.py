"""Every call by which a command changes the disk, struck one after the other: killed, killed half-way, refused.

The promise is a database's: whatever happened, readers have exactly the old index or exactly the new one, and the next
command succeeds without anybody's help and leaves nothing behind.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.faults.places import Prepared, prepare
from eval.faults.promises import left_too_much, not_mended, served, told_wrongly
from eval.faults.tracing import Fault, How
from eval.faults.worker import Pool, Worker, workers

#: What is struck (places.py).
COMMANDS = ("change", "first", "rollback")
#: What ends a process, before a call and half-way through it.
KILLS = {How.KILL: False, How.TORN: False}
#: What refuses calls, and whether it lasts: a broken sector, a full disk, a disk that became read-only.
ERRORS = {How.EIO: False, How.ENOSPC: True, How.EROFS: True}


@dataclass(frozen=True, slots=True)
class Point:
    """One try: a fault in a prepared command."""

    prepared: Prepared
    fault: Fault

    def __str__(self) -> str:
        more = " and after" if self.fault.lasting else ""
        return f"{self.prepared.name}: {self.fault.how.value} at call {self.fault.at}{more}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `wrong` is empty when every promise held."""

    point: Point
    struck: str  # the call
    status: int
    said: str
    served: str  # "old" or "new", else what else
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.point} ({self.struck or 'nothing'}), exit {self.status}: {'; '.join(self.wrong)}"


def sweep(names: Sequence[str], hows: Mapping[How, bool], *, step: int = 1, processes: int = 2) -> list[Tried]:
    """Tries the faults at every call of the commands, or at every `step`-th. Those that struck nothing are left out."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        folder = Path(name)
        with workers(folder, processes) as pool:
            prepared = pool.one(lambda worker: prepare(worker, folder, names))
            points = [point for each in names for point in _points(pool, prepared[each], folder, hows)]
            tried = pool.map(
                lambda worker, given: _try(worker, given[1], folder / f"try{given[0]}"), list(enumerate(points[::step]))
            )
    return [each for each in tried if each.struck]


def _points(pool: Pool, prepared: Prepared, folder: Path, hows: Mapping[How, bool]) -> list[Point]:
    """A fault of each kind at each call. Only what is written can be torn."""
    place = prepared.copy(folder / f"calls-{prepared.name}")
    calls = pool.one(lambda worker: worker.run(place, *prepared.arguments, traced=True)).calls
    return [
        Point(prepared, Fault(how, number, lasting))
        for number, call in enumerate(calls, start=1)
        for how, lasting in hows.items()
        if how is not How.TORN or call.name in ("write", "pwrite64")
    ]


def _try(worker: Worker, point: Point, into: Path) -> Tried:
    prepared = point.prepared
    place = prepared.copy(into)
    try:
        outcome = worker.run(place, *prepared.arguments, fault=point.fault)
        serves, wrong = served(worker, prepared, place)
        wrong += left_too_much(place)
        if point.fault.how not in KILLS:
            wrong += told_wrongly(outcome, serves)
        wrong += not_mended(worker, prepared, place)
    finally:
        shutil.rmtree(into)
    return Tried(point, outcome.struck, outcome.status, outcome.stderr.strip(), serves, tuple(wrong))
