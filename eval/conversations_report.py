"""Results of `followup eval followups` on conversations, as tables and as a document. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.conversations import UNANSWERABLE, UPPER
from eval.reach import CONVERSATIONS, SWITCHED_TO_GOLD
from eval.resolving import PRODUCT

if TYPE_CHECKING:
    from eval.results import Result

#: The measure that ways are held against each other by, kind by kind.
_FOUND, _WORDED, _LEFT_ALONE = "nDCG@10", "AddedF1", "Abstained"
_COUNT, _SWITCHED = "queries", "switched topics"

#: Group or kind -> number of turns and means.
Columns = Mapping[str, Mapping[str, float]]


def conversations_tables(results: Sequence[Result]) -> list[Table]:
    """Every measure of every way, over all follow-ups or, of wordings, over all turns and health; then kind by kind."""
    columns = {result.name: _columns(result) for result in results}
    found = any(_FOUND in result.means() for result in results)
    groups = ("all follow-ups",) if found else ("all turns", "health")
    dataset = results[0].dataset
    about = f"{dataset['name']} {dataset['split']}"
    tables = [_every_measure(columns, group, about) for group in groups if any(group in column for column in columns.values())]
    main = _FOUND if found else _WORDED
    return [*tables, _by_kind(columns, main, {group: bound for group, (_, bound) in _bounds(results).items()})]


def _every_measure(columns: Mapping[str, Columns], group: str, about: str) -> Table:
    """One row a way, one column a measure."""
    means = {way: column.get(group, {}) for way, column in columns.items()}
    count = max(int(row.get(_COUNT, 0)) for row in means.values())
    names = dict.fromkeys(name for row in means.values() for name in row if name != _COUNT)
    table = _table(f"{about}: {group} ({count})", "", *names)
    for way, row in means.items():
        table.add_row(way, *(_number(row.get(name)) for name in names))
    return table


def _by_kind(columns: Mapping[str, Columns], measure: str, bounds: Mapping[str, float]) -> Table:
    """One row a kind or group of kinds, one column a way; under it what was to be reached. What nothing answers is apart."""
    table = _table(f"{measure} by kind of turn", "", "turns", *columns)
    for kind, first in next(iter(columns.values())).items():
        for name in (measure, _LEFT_ALONE):
            if any(name in column[kind] for column in columns.values()) and (name == measure or kind == UNANSWERABLE):
                shown = kind if name == measure else f"{kind}: {name}"
                table.add_row(shown, f"{first[_COUNT]:g}", *(_number(column[kind].get(name)) for column in columns.values()))
        if kind in bounds:
            table.add_row("  reach", "", _number(bounds[kind]), style="dim")
    return table


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in names:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    return table


def conversations_document(results: Sequence[Result]) -> dict[str, Any]:
    """Every result file by its name, what was to be reached, and what was not."""
    return {
        "dataset": dict(results[0].dataset),
        "results": {result.name: result.document() for result in results},
        "reach": {
            name: {"value": round(value, 6), "at_least": round(bound, 6)} for name, (value, bound) in _bounds(results).items()
        },
        "short_of_reach": short_of_reach(results),
    }


def short_of_reach(results: Sequence[Result]) -> list[str]:
    """Every figure of the product below what was to be reached, as a sentence."""
    return [
        f"{name}: {_FOUND} {value:.3f} is below {bound:.3f}" for name, (value, bound) in _bounds(results).items() if value < bound
    ]


def has_reach(results: Sequence[Result]) -> bool:
    """Whether something was to be reached on this dataset."""
    return bool(_bounds(results))


def _bounds(results: Sequence[Result]) -> dict[str, tuple[float, float]]:
    """Group -> the product's nDCG@10 and its bound; on switched topics the bound is a share of the gold rewrite's figure."""
    dataset = results[0].dataset
    by_name = {result.name: result.extra["groups"] for result in results}
    reach = CONVERSATIONS.get((dataset["name"], dataset["split"]), {})
    product, gold = by_name[PRODUCT], by_name[UPPER]
    least = {group: bound.bound for group, bound in reach.items()}
    if reach and _FOUND in gold.get(_SWITCHED, {}):
        least[_SWITCHED] = round(SWITCHED_TO_GOLD.bound * gold[_SWITCHED][_FOUND], 6)
    return {group: (product[group][_FOUND], bound) for group, bound in least.items() if _FOUND in product.get(group, {})}


def _columns(result: Result) -> Columns:
    kinds = {kind: {_COUNT: count, **result.means(kind)} for kind, count in result.kinds().items()}
    everything = {_COUNT: len(result.queries), **result.means()}
    return {**kinds, **result.extra["groups"], "all turns": everything}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
