"""The other end of process.py: orders a build or a reading, with or without a fault, and waits for what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from corpus.errors import FollowupError
from eval.faults.reading import Reading
from eval.faults.tracing import Call, Fault

Given = TypeVar("Given")
Made = TypeVar("Made")

_ROOT = Path(__file__).resolve().parents[2]


class TryFailed(FollowupError):
    """The process that tries faults did not do its work; nothing can be said about what was tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: exit code (a signal is negative), what it said, and what was struck."""

    status: int
    stdout: str
    stderr: str
    struck: str = ""  # "" when it ended before the fault
    hung: bool = False
    calls: tuple[Call, ...] = ()
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index is, and the articles it is made of."""

    articles: Path
    index: Path

    @property
    def settings(self) -> dict[str, str]:
        """For a process."""
        index = self.index.resolve()
        return {"articles": str(self.articles.resolve()), "index": str(index), "audit": f"{index}.audit.jsonl"}


class Worker:
    """One process.py. Not to be shared between threads."""

    def __init__(self, log: Path) -> None:
        given = {name: value for name, value in os.environ.items() if not name.upper().startswith("FOLLOWUP_")}
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "eval.faults.process"],
                cwd=_ROOT,
                # threads of numpy's would make every fork one of a process with threads
                env=given | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._log = log

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=60)

    def run(self, place: Place, *arguments: str, fault: Fault | None = None, traced: bool = False, **settings: str) -> Outcome:
        """`followup …` on an index; `traced` also says every call it made."""
        order = {
            "do": "build",
            "index": str(place.index.resolve()),
            "settings": place.settings | settings,
            "arguments": arguments,
        }
        said = self._order({**order, "traced": traced, "fault": asdict(fault) if fault else None})
        return Outcome(
            said["status"],
            said["stdout"],
            said["stderr"],
            said.get("struck", ""),
            said.get("hung", False),
            tuple(Call(**call) for call in said["calls"]) if traced else (),
            tuple(said["opened"]) if traced else (),
        )

    def build(self, place: Place, fault: Fault | None = None, **more: Any) -> Outcome:
        """`followup index build`."""
        return self.run(place, "index", "build", fault=fault, **more)

    def read(self, place: Place) -> Reading:
        """What a new reader has."""
        said = self._order({"do": "read", "settings": place.settings})
        known = {field.name for field in fields(Reading)}
        return Reading(**{key: value for key, value in said.items() if key in known})

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        pipes = self._process.stdin, self._process.stdout
        if pipes[0] is None or pipes[1] is None:
            raise TryFailed("the process that tries faults has no pipes")
        pipes[0].write(json.dumps(order) + "\n")
        pipes[0].flush()
        line = pipes[1].readline()
        if not line:
            raise TryFailed(f"the process that tries faults ended: {self._log.read_text('utf-8').strip()[-500:]}")
        said: dict[str, Any] = json.loads(line)
        return said


class Pool:
    """Some workers, each of which takes the next thing to try when it is done with one."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            self._free.put(worker)
        self._count = len(workers)

    def map(self, work: Callable[[Worker, Given], Made], given: Sequence[Given]) -> list[Made]:
        """What came of each, in their order."""

        def one(each: Given) -> Made:
            worker = self._free.get()
            try:
                return work(worker, each)
            finally:
                self._free.put(worker)

        with ThreadPoolExecutor(self._count) as pool:
            return list(pool.map(one, given))

    def one(self, work: Callable[[Worker], Made]) -> Made:
        """Something only one of them does."""
        return self.map(lambda worker, _: work(worker), [None])[0]


@contextmanager
def workers(folder: Path, count: int = 2) -> Iterator[Pool]:
    """Workers whose log is in a folder."""
    with ExitStack() as stack:
        made = [Worker(folder / "workers.log") for _ in range(count)]
        for worker in made:
            stack.callback(worker.close)
        yield Pool(made)
