"""What a benchmark leaves behind: one folder a run, the same shape for every command.

    result.json      what was measured on what, by which commit, configuration and weights; the means
    per-query.jsonl  one line a query: its kind, its measures
    run.trec         (rankings only) `query Q0 document rank score tag`, as trec_eval reads it
    hits.jsonl       (rankings only) what a person looks at: the first hits with the score of each stage, the gold

Everything outside `made_by` and `seconds` is the same bit for bit when the same commit measures the same data again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from eval.datasets import DatasetError

RESULT, PER_QUERY, RUN, HITS = "result.json", "per-query.jsonl", "run.trec", "hits.jsonl"
#: Raise when a reader of older folders would misread a newer one.
FORMAT = 1
#: Decimals that are kept: differences below are those of another order of additions.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One found document: grade is the gold's (0: not relevant), `stages` the scores by the name of the stage."""

    id: str
    score: float
    grade: int
    title: str
    text: str
    stages: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One query: `kind` groups queries ("pronoun", "elliptical"); `measures` by name ("nDCG@10"), of all more is better."""

    id: str
    text: str
    kind: str
    measures: Mapping[str, float]
    ranking: Sequence[tuple[str, float]] = ()  # (document, score), best first
    hits: Sequence[Hit] = ()
    gold: Mapping[str, int] = field(default_factory=dict)  # document -> grade


@dataclass(frozen=True, slots=True)
class Result:
    """One configuration measured on one dataset. `command` is "retrieval", "followups", "answers", "latency"."""

    command: str
    dataset: Mapping[str, Any]  # name, split, digest, counts
    configuration: Mapping[str, Any]  # "name" and every value that decides the outcome
    queries: tuple[QueryResult, ...]
    made_by: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)  # what only this command has: curves, baselines
    notes: tuple[str, ...] = ()  # what a reader of the figures must know: queries without gold, missing documents

    @property
    def name(self) -> str:
        """The configuration's name."""
        return str(self.configuration["name"])

    def means(self, kind: str | None = None) -> dict[str, float]:
        """Mean of every measure over the queries (of one kind) that have it. A mean over nothing is left out."""
        values: dict[str, list[float]] = {}
        for query in self.queries:
            if kind is None or query.kind == kind:
                for name, value in query.measures.items():
                    values.setdefault(name, []).append(round(value, _DECIMALS))  # as it is written
        return {name: round(fmean(some), _DECIMALS) for name, some in values.items()}

    def kinds(self) -> dict[str, int]:
        """How many queries of each kind, in the order they come."""
        counts: dict[str, int] = {}
        for query in self.queries:
            counts[query.kind] = counts.get(query.kind, 0) + 1
        return counts

    def document(self) -> dict[str, Any]:
        """`result.json`: all but the single queries."""
        return {
            "format": FORMAT,
            "command": self.command,
            "dataset": dict(self.dataset),
            "configuration": dict(self.configuration),
            "queries": len(self.queries),
            "measures": self.means(),
            "by_kind": {kind: {"queries": count, **self.means(kind)} for kind, count in self.kinds().items()},
            "extra": dict(self.extra),
            "notes": list(self.notes),
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "made_by": dict(self.made_by),
        }


def write_result(result: Result, folder: Path) -> None:
    """Writes the folder's files, over older ones of the same run. Raises `DatasetError` for a figure that is not a number."""
    for query in result.queries:
        for name, value in query.measures.items():
            if not math.isfinite(value):
                raise DatasetError(f"{name} of query {query.id} is {value}: nothing is written")
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / PER_QUERY, (_per_query(query) for query in result.queries))
    if any(query.ranking for query in result.queries):
        lines = (line for query in result.queries for line in _trec(query, result.name))
        (folder / RUN).write_text("".join(lines), "utf-8")
        _write_lines(folder / HITS, (_shown(query) for query in result.queries))
    (folder / RESULT).write_text(json.dumps(result.document(), indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_result(folder: Path) -> Result:
    """What `write_result` wrote. Raises `DatasetError` naming the file that is not one of ours."""
    path = folder / RESULT if folder.is_dir() else folder
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != FORMAT:
            raise DatasetError(f"{path}: format {document['format']}, this version reads {FORMAT}; measure again")
        lines = {line["id"]: line for line in _read_lines(path.parent / PER_QUERY)}
        shown = {line["id"]: line for line in _read_lines(path.parent / HITS)} if (path.parent / HITS).exists() else {}
        rankings = _read_trec(path.parent / RUN) if (path.parent / RUN).exists() else {}
        return Result(
            command=document["command"],
            dataset=document["dataset"],
            configuration=document["configuration"],
            queries=tuple(_query(line, shown.get(key, {}), rankings.get(key, ())) for key, line in lines.items()),
            made_by=document["made_by"],
            seconds=document["seconds"],
            extra=document["extra"],
            notes=tuple(document["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is not a result of `followup eval` ({type(error).__name__}: {error})") from error


def rounded(score: float) -> float:
    """A score as it is written, so that measures of the ranking and of the file are the same."""
    return round(score, _DECIMALS)


def _per_query(query: QueryResult) -> dict[str, Any]:
    measures = {name: round(value, _DECIMALS) for name, value in query.measures.items()}
    return {"id": query.id, "kind": query.kind, "text": query.text, "measures": measures}


def _trec(query: QueryResult, tag: str) -> Iterable[str]:
    for rank, (document, score) in enumerate(query.ranking, start=1):
        yield f"{query.id} Q0 {document} {rank} {score:.{_DECIMALS}f} {tag}\n"


def _shown(query: QueryResult) -> dict[str, Any]:
    hits = [
        {
            "id": hit.id,
            "score": round(hit.score, _DECIMALS),
            "grade": hit.grade,
            "title": hit.title,
            "text": hit.text,
            "stages": {name: round(value, _DECIMALS) for name, value in hit.stages.items()},
        }
        for hit in query.hits
    ]
    return {"id": query.id, "hits": hits, "gold": dict(query.gold)}


def _query(line: Mapping[str, Any], shown: Mapping[str, Any], ranking: Sequence[tuple[str, float]]) -> QueryResult:
    hits = tuple(Hit(**hit) for hit in shown.get("hits", ()))
    measures, gold = dict(line["measures"]), shown.get("gold", {})
    return QueryResult(line["id"], line["text"], line["kind"], measures, tuple(ranking), hits, gold)


def _read_trec(path: Path) -> dict[str, list[tuple[str, float]]]:
    rankings: dict[str, list[tuple[str, float]]] = {}
    for line in path.read_text("utf-8").splitlines():
        query, _, document, _, score, _ = line.split()
        rankings.setdefault(query, []).append((document, float(score)))
    return rankings


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").removesuffix("\n").split("\n") if line]
