"""What two results have in common, and what must be said of the rest. A is the baseline, B the candidate.

Nothing is dropped in silence: what is not compared is a sentence of the notes, or an error where nothing would be left.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from eval.datasets import DatasetError
from eval.results import QueryResult, Result

#: A's and B's result of one query.
Pair = tuple[QueryResult, QueryResult]

#: How many ids a sentence names.
_NAMED = 10


def check_figures(side: str, result: Result) -> None:
    """Raises `DatasetError` naming the first figure that is not a number; `side` is "A" or "B"."""
    for query in result.queries:
        for name, value in query.measures.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise DatasetError(f"{side} ({result.name}): {name} of query {query.id} is {value}, not a number; measure again")


def dataset_notes(a: Result, b: Result, any_dataset: bool) -> list[str]:
    """Whether both were measured on the same data by the same command. Raises `DatasetError` for other data unless told."""
    notes = [
        f"the {key} of the dataset differs: {a.dataset.get(key)} in A, {b.dataset.get(key)} in B"
        for key in ("name", "split")
        if a.dataset.get(key) != b.dataset.get(key)
    ]
    digest_a, digest_b = a.dataset.get("digest"), b.dataset.get("digest")
    if digest_a != digest_b:
        named_a, named_b = (f"{result.dataset.get('name')} with digest {result.dataset.get('digest')}" for result in (a, b))
        said = f"measured on different data: A on {named_a}, B on {named_b}"
        if not any_dataset:
            raise DatasetError(f"{said}; measure both on the same, or compare them all the same with --anyway")
        notes.append(said)
    elif digest_a is None:
        notes.append("neither result names the digest of its dataset: whether the data is the same is not known")
    if a.command != b.command:
        notes.append(f"measured by different commands: A by {a.command}, B by {b.command}")
    return notes


def query_notes(a: Result, b: Result) -> list[str]:
    """The queries that only one has, and those that changed their kind."""
    kinds_a, kinds_b = ({query.id: query.kind for query in result.queries} for result in (a, b))
    moved = [key for key, kind in kinds_a.items() if kinds_b.get(key, kind) != kind]
    told = (
        ("in A alone, not compared", [key for key in kinds_a if key not in kinds_b]),
        ("in B alone, not compared", [key for key in kinds_b if key not in kinds_a]),
        ("of another kind in B, A's kind is used", moved),
    )
    return [f"{_counted(ids)} {what}: {_some(ids)}" for what, ids in told if ids]


def pair_queries(a: Result, b: Result, kind: str | None) -> list[Pair]:
    """The queries that both have (of one kind), in A's order. Raises `DatasetError` where there are none."""
    theirs = {query.id: query for query in b.queries}
    pairs = [(query, theirs[query.id]) for query in a.queries if query.id in theirs]
    if not pairs:
        sides = (f"{_counted(ids)} ({_some(ids, 3)})" for ids in ([query.id for query in side.queries] for side in (a, b)))
        raise DatasetError("A and B have no query in common: A has {}, B has {}".format(*sides))
    if kind is None:
        return pairs
    chosen = [pair for pair in pairs if pair[0].kind == kind]
    if not chosen:
        kinds = ", ".join(dict.fromkeys(first.kind for first, _ in pairs))
        raise DatasetError(f"no common query is of the kind {kind}; there are: {kinds}")
    return chosen


def shared_measures(a: Result, b: Result, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names in the order asked for, else in A's, and what is to be said of the others. Raises `DatasetError` for none."""
    in_a, in_b = (list(dict.fromkeys(name for query in side.queries for name in query.measures)) for side in (a, b))
    shared = [name for name in in_a if name in in_b]
    if not shared:
        raise DatasetError(f"A and B have no measure in common: A has {', '.join(in_a) or 'none'}, B {', '.join(in_b) or 'none'}")
    if missing := [name for name in wanted if name not in shared]:
        raise DatasetError(f"{missing[0]} is not a measure of both A and B; both have: {', '.join(shared)}")
    if wanted:
        return list(dict.fromkeys(wanted)), []
    alone = {"A": [name for name in in_a if name not in in_b], "B": [name for name in in_b if name not in in_a]}
    return shared, [f"measured in {side} alone, not compared: {', '.join(names)}" for side, names in alone.items() if names]


def gap_notes(pairs: Sequence[Pair], measures: Collection[str]) -> list[str]:
    """The common queries that have a measure on one side only: of an abstention, say, no quote can be judged."""
    gaps: dict[tuple[str, ...], list[str]] = {}
    for name in measures:
        ids = tuple(a.id for a, b in pairs if (name in a.measures) != (name in b.measures))
        gaps.setdefault(ids, []).append(name)
    said = ((ids, ", ".join(names)) for ids, names in gaps.items() if ids)
    return [f"{_counted(ids)} with {names} on one side only, there not compared: {_some(ids)}" for ids, names in said]


def settings_that_differ(a: Result, b: Result) -> dict[str, tuple[Any, Any]]:
    """What was set or made otherwise, time apart: `{"configuration.dense_weight": (0.5, 0.6)}`; None where it is not there."""
    found = {}
    for part in ("configuration", "made_by"):
        of_a, of_b = getattr(a, part), getattr(b, part)
        for key in dict.fromkeys((*of_a, *of_b)):
            if of_a.get(key) != of_b.get(key) and key != "measured_at":
                found[f"{part}.{key}"] = (of_a.get(key), of_b.get(key))
    return found


def _counted(ids: Sequence[str]) -> str:
    return f"{len(ids)} {'query' if len(ids) == 1 else 'queries'}"


def _some(ids: Sequence[str], count: int = _NAMED) -> str:
    return ", ".join(ids[:count]) + (" …" if len(ids) > count else "")
