"""The numbers behind the plots. Rankings, paired values and `extra` in, arrays and points out; draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eval.datasets import DatasetError
from eval.page.groups import Labelled
from eval.results import QueryResult, Result

Floats = NDArray[np.float64]

RECALL_LEVELS = tuple(level / 10 for level in range(11))
#: Bars of a histogram of per-query values.
BINS = 20


class RiskPoint(BaseModel):
    """Answering the surest `coverage` of all questions, those at `threshold` or above, errs in `risk` of the answers."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    coverage: float
    risk: float
    threshold: float | None = None


class ScalePoint(BaseModel):
    """How long one stage takes over an index of so many passages, and how much of exact search it finds."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    passages: int = Field(gt=0)
    stage: str
    p50_ms: float
    p95_ms: float
    recall: float | None = Field(None, alias="recall@10")


_RISKS = TypeAdapter(list[RiskPoint] | dict[str, list[RiskPoint]])
_SCALE = TypeAdapter(list[ScalePoint])


def interpolated_precision(ranking: Sequence[str], gold: Mapping[str, int]) -> Floats:
    """The highest precision at any recall of at least 0, .1 … 1, as trec_eval's `iprec_at_recall`; gold not found counts.

    Ranking a b c d, gold a and d: precision 1 at recall .5 and 2/4 at recall 1 → 1 for 0 to .5, then .5.
    """
    relevant = {document for document, grade in gold.items() if grade > 0}
    found = np.cumsum([document in relevant for document in ranking])
    precision = found / np.arange(1, len(ranking) + 1)
    levels = np.zeros(len(RECALL_LEVELS))
    for number in range(len(levels)):
        # Whole numbers: 0.7 * 10 in floating point would ask for an eighth document.
        reached = found * 10 >= number * len(relevant)
        if reached.any():
            levels[number] = precision[reached].max()
    return levels


def precision_recall(result: Result) -> tuple[Floats, int] | None:
    """Mean interpolated precision at `RECALL_LEVELS` and over how many queries: those with gold. None without rankings."""
    judged = [query for query in result.queries if any(grade > 0 for grade in query.gold.values())]
    if not any(query.ranking for query in judged):
        return None
    curves = [interpolated_precision([document for document, _ in query.ranking], query.gold) for query in judged]
    return np.mean(curves, axis=0), len(judged)


def paired_deltas(first: Mapping[str, QueryResult], other: Mapping[str, QueryResult], measure: str) -> list[tuple[str, float]]:
    """(query, other - first) of the queries that both have the measure for, lowest first."""
    both = [key for key, query in first.items() if measure in query.measures and key in other and measure in other[key].measures]
    deltas = [(key, round(other[key].measures[measure] - first[key].measures[measure], 6)) for key in both]
    return sorted(deltas, key=lambda pair: pair[1])


def sampled(count: int, most: int) -> list[int]:
    """At most `most` positions of `count`, evenly apart, both ends among them: 5 of 9 → 0, 2, 4, 6, 8."""
    return sorted({round(position) for position in np.linspace(0, count - 1, min(count, most))}) if count else []


@dataclass(frozen=True, slots=True)
class Spread:
    """How one measure's values lie over the queries: five quantiles (linear), the mean, and shares of all by value."""

    queries: int
    quantiles: tuple[float, float, float, float, float]  # 0, 25, 50, 75, 100 %
    mean: float
    shares: Floats  # (BINS,), sums to 1


def spread(values: Sequence[float], low: float, high: float) -> Spread:
    """The spread of at least one value between `low` and `high`."""
    array = np.asarray(values, np.float64)
    counts, _ = np.histogram(array, bins=BINS, range=(low, high))
    zero, quarter, half, three, one = (float(value) for value in np.quantile(array, (0, 0.25, 0.5, 0.75, 1)))
    return Spread(len(array), (zero, quarter, half, three, one), float(array.mean()), counts / len(array))


def risk_curves(one: Labelled) -> dict[str, list[RiskPoint]]:
    """`extra["risk_coverage"]`: a list of points, or lists by name (then labelled `configuration: name`), by coverage."""
    read = _read(one, "risk_coverage", _RISKS, {})
    named = {one.label: read} if isinstance(read, list) else {f"{one.label}: {name}": points for name, points in read.items()}
    return {name: sorted(points, key=lambda point: point.coverage) for name, points in named.items() if points}


def scale_curves(one: Labelled) -> dict[str, list[ScalePoint]]:
    """`extra["scale"]` by stage, each by number of passages."""
    curves: dict[str, list[ScalePoint]] = {}
    for point in sorted(_read(one, "scale", _SCALE, []), key=lambda point: point.passages):
        curves.setdefault(point.stage, []).append(point)
    return curves


def _read(one: Labelled, key: str, shape: TypeAdapter[Any], missing: Any) -> Any:
    if key not in one.result.extra:
        return missing
    try:
        return shape.validate_python(one.result.extra[key])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in (key, *first["loc"]))
        raise DatasetError(
            f"{one.folder}: extra.{where}: {first['msg']}; measure again with `followup eval {one.result.command}`"
        ) from error
