"""Two results held against each other query by query: A is the baseline, B the candidate. Reads and prints nothing.

A difference counts only on queries that both have, and only after Holm's correction over all measures compared: of
twenty measures of two like runs one would else be "significant". Higher is better by every measure of a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

import numpy as np

from eval.datasets import DatasetError
from eval.pairing import (
    Pair,
    check_figures,
    dataset_notes,
    gap_notes,
    pair_queries,
    query_notes,
    settings_that_differ,
    shared_measures,
)
from eval.results import Result
from eval.significance import holm, interval, p_value

#: Decimals of a result's figures; what a subtraction leaves below them is no difference.
DECIMALS = 6
#: How many queries are listed as the worst and the best.
LISTED = 10


class Verdict(StrEnum):
    """What the corrected p value says of B."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "no difference shown"


@dataclass(frozen=True, slots=True)
class QueryDelta:
    """One query by one measure; `delta` is b - a."""

    id: str
    kind: str
    text: str
    a: float
    b: float
    delta: float


@dataclass(frozen=True, slots=True)
class MeasureDelta:
    """One measure over the queries that both have: means, and how sure the difference is.

    `low` to `high` is the 95 % bootstrap interval of `delta` (not corrected), `p` the randomisation test's, `p_holm` the
    corrected one, which alone decides the verdict. Wins and losses are B's.
    """

    measure: str
    queries: int
    mean_a: float
    mean_b: float
    delta: float
    low: float
    high: float
    p: float
    p_holm: float
    wins: int
    ties: int
    losses: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A; `measures` and `deltas` in the same order of measures."""

    a: Result
    b: Result
    level: float
    kind: str | None  # only queries of this kind
    measures: tuple[MeasureDelta, ...]
    by_kind: Mapping[str, tuple[MeasureDelta, ...]]  # corrected over all its rows together; gates nothing
    deltas: Mapping[str, tuple[QueryDelta, ...]]  # by measure, the worst for B first
    settings: Mapping[str, tuple[Any, Any]]  # what was set or made otherwise: "configuration.dense_weight" -> (A's, B's)
    notes: tuple[str, ...]  # what a reader must know: queries and measures left out

    @property
    def significantly_worse(self) -> tuple[str, ...]:
        """The measures by which B is worse."""
        return tuple(row.measure for row in self.measures if row.verdict is Verdict.WORSE)

    def worst(self, measure: str, count: int = LISTED) -> tuple[QueryDelta, ...]:
        """At most `count` queries that B lost by this measure, the greatest loss first."""
        return tuple(query for query in self.deltas[measure][:count] if query.delta < 0)

    def best(self, measure: str, count: int = LISTED) -> tuple[QueryDelta, ...]:
        """At most `count` queries that B won by this measure, the greatest gain first."""
        best_first = sorted(self.deltas[measure], key=lambda query: -query.delta)
        return tuple(query for query in best_first[:count] if query.delta > 0)


def compare(
    a: Result,
    b: Result,
    *,
    measures: Sequence[str] = (),
    kind: str | None = None,
    level: float = 0.05,
    by_kind: bool = False,
    any_dataset: bool = False,
) -> Comparison:
    """Every measure both have, or only `measures`, over the queries both have, or only those of one `kind` (A's word for it).

    Raises `DatasetError` for other data unless `any_dataset`, for figures that are no numbers, and where nothing is
    common: no query, no measure, no such kind.
    """
    check_figures("A", a)
    check_figures("B", b)
    notes = [*dataset_notes(a, b, any_dataset), *query_notes(a, b)]
    pairs = pair_queries(a, b, kind)
    names, notes_on_measures = shared_measures(a, b, measures)
    deltas = {name: _deltas(pairs, name) for name in names}
    if empty := [name for name, found in deltas.items() if not found]:
        if measures or len(empty) == len(deltas):
            raise DatasetError(f"no query compared has {empty[0]} in both A and B")
        notes_on_measures.append(f"of no query compared in both A and B: {', '.join(empty)}")
        deltas = {name: found for name, found in deltas.items() if found}
    kinds = dict.fromkeys(first.kind for first, _ in pairs) if by_kind else ()
    return Comparison(
        a=a,
        b=b,
        level=level,
        kind=kind,
        measures=_rows(deltas.values(), deltas, level),
        by_kind=_rows_by_kind(deltas, kinds, level),
        deltas=deltas,
        settings=settings_that_differ(a, b),
        notes=(*notes, *notes_on_measures, *gap_notes(pairs, deltas)),
    )


def _deltas(pairs: Sequence[Pair], measure: str) -> tuple[QueryDelta, ...]:
    """Of the queries that have it on both sides, the worst for B first, else in A's order."""
    found = []
    for first, second in pairs:
        if measure in first.measures and measure in second.measures:
            a, b = first.measures[measure], second.measures[measure]
            found.append(QueryDelta(first.id, first.kind, first.text, a, b, round(b - a, DECIMALS)))
    return tuple(sorted(found, key=lambda query: query.delta))


def _rows(tables: Iterable[Sequence[QueryDelta]], measures: Iterable[str], level: float) -> tuple[MeasureDelta, ...]:
    """One row a table of differences, corrected for being so many."""
    tables = list(tables)
    p_values = [p_value(np.array([query.delta for query in queries])) for queries in tables]
    rows = zip(measures, tables, p_values, holm(p_values), strict=True)
    return tuple(_row(measure, queries, p, p_holm, level) for measure, queries, p, p_holm in rows)


def _rows_by_kind(
    deltas: Mapping[str, Sequence[QueryDelta]], kinds: Iterable[str], level: float
) -> dict[str, tuple[MeasureDelta, ...]]:
    tables = {(kind, name): [query for query in found if query.kind == kind] for kind in kinds for name, found in deltas.items()}
    tables = {key: queries for key, queries in tables.items() if queries}
    grouped: dict[str, tuple[MeasureDelta, ...]] = {}
    for (kind, _), row in zip(tables, _rows(tables.values(), (name for _, name in tables), level), strict=True):
        grouped[kind] = (*grouped.get(kind, ()), row)
    return grouped


def _row(measure: str, queries: Sequence[QueryDelta], p: float, p_holm: float, level: float) -> MeasureDelta:
    differences = np.array([query.delta for query in queries])
    low, high = interval(differences)
    return MeasureDelta(
        measure=measure,
        queries=len(queries),
        mean_a=round(fmean(query.a for query in queries), DECIMALS),
        mean_b=round(fmean(query.b for query in queries), DECIMALS),
        delta=round(float(differences.mean()), DECIMALS),
        low=round(low, DECIMALS),
        high=round(high, DECIMALS),
        p=p,
        p_holm=p_holm,
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
        verdict=_verdict(float(differences.sum()), p_holm, level),
    )


def _verdict(difference: float, p_holm: float, level: float) -> Verdict:
    if p_holm > level:
        return Verdict.UNDECIDED
    return Verdict.BETTER if difference > 0 else Verdict.WORSE
