"""How well a generation finds the articles' own questions, each searched as if it were not listed in its article.

A question that is searched by its own wording finds itself; what tells something is whether the rest of the index leads to
its statements. Kept beside the generations, so that one can be compared with the one before:

    <index>/benchmarks/000007.json
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from corpus.errors import FollowupError
from corpus.replacing import replace_bytes
from index.leaving_out import LeavingOut
from index.types import CueKind

if TYPE_CHECKING:
    from index.passages import StoredCue
    from index.search import Index

log = logging.getLogger(__name__)

#: Questions that are searched at most: about three seconds.
AT_MOST = 300
#: Passages looked at for each question; one that is not among them counts as not found.
DEPTH = 10
#: Benchmarks that are kept, the latest generations'.
KEPT = 50


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured on one generation. Shares are 0 to 1; `mrr`: mean of 1/rank of the first right passage, 0 past 10.

    `questions` were searched of the `of` that the articles list. Without any, the shares are None.
    """

    generation: int
    measured_at: str  # UTC, ISO 8601
    questions: int
    of: int
    hit_at_1: float | None
    hit_at_3: float | None
    mrr: float | None
    seconds: float


_BENCHMARK = TypeAdapter(Benchmark)


class BenchmarkNotKept(FollowupError):
    """What was measured cannot be written beside the generations: a full or read-only disk."""

    exit_code = 2
    status = 503


def measure(index: Index, at_most: int = AT_MOST) -> Benchmark:
    """Searches at most so many questions, spread evenly over the articles."""
    started = time.perf_counter()
    asked = index.store.some_cues(CueKind.QUESTION, at_most)
    ranks = [_rank(index, question) for question in asked]

    def share(at: int) -> float | None:
        return round(sum(0 < rank <= at for rank in ranks) / len(ranks), 4) if ranks else None

    return Benchmark(
        generation=index.manifest.number,
        measured_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        questions=len(ranks),
        of=index.store.question_count(),
        hit_at_1=share(1),
        hit_at_3=share(3),
        mrr=round(sum(1 / rank for rank in ranks if rank) / len(ranks), 4) if ranks else None,
        seconds=round(time.perf_counter() - started, 2),
    )


def keep(root: Path, benchmark: Benchmark) -> Path:
    """Writes it in the place of an earlier one of the same generation. Raises `BenchmarkNotKept`."""
    folder = root / "benchmarks"
    path = folder / f"{benchmark.generation:06d}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, json.dumps(asdict(benchmark), indent=1).encode())
        for old in sorted(folder.glob("*.json"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        measured = f"generation {benchmark.generation} was measured (hit@1 {benchmark.hit_at_1}, MRR {benchmark.mrr})"
        raise BenchmarkNotKept(
            f"{measured}, but {path} cannot be written: {error.strerror}; make room and measure again"
        ) from error
    return path


def kept(root: Path) -> dict[int, Benchmark]:
    """What was measured, by generation number, the latest first. One that cannot be read is left out and logged."""
    found: dict[int, Benchmark] = {}
    for path in sorted((root / "benchmarks").glob("*.json"), reverse=True):
        try:
            benchmark = _BENCHMARK.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.error("%s cannot be read (%s)", path, type(error).__name__)
            continue
        found[benchmark.generation] = benchmark
    return found


def _rank(index: Index, question: StoredCue) -> int:
    """Where the first right passage stands, from 1; 0 where it is not among the first `DEPTH`."""
    wanted = {passage.id for passage in index.store.passages(question.passages).values()}
    hits = LeavingOut(index, question.row, question.passages).search(index.encode(question.text), k=DEPTH)
    return next((hit.rank for hit in hits if hit.passage.id in wanted), 0)
