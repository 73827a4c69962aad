"""What `followup eval safety` prints: tables for people, a document for machines. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.reach import SAFETY, SAFETY_ADDED
from eval.safety import short_of_reach

if TYPE_CHECKING:
    from eval.results import Result

#: Ids that are shown of a longer list; all of them stand in the result's file.
_SHOWN = 12
#: With fewer queries a kind on average, a table by kind says nothing.
_PER_KIND = 10


def safety_tables(results: Mapping[str, Result]) -> Iterator[Table | str]:
    """A line a figure with its reach, then kinds and traits of what has several, then what to look at."""
    if any(result.means() for result in results.values()):
        yield _figures(results)
    for folder, result in results.items():
        yield from _details(folder.removeprefix("safety-"), result)


def safety_document(results: Mapping[str, Result]) -> dict[str, Any]:
    """Each result by its folder, and which figures are short of what was to be reached."""
    return {
        "results": {folder: result.document() for folder, result in results.items()},
        "short_of_reach": short_of_reach(results),
    }


def _figures(results: Mapping[str, Result]) -> Table:
    table = Table(title="Safety", title_justify="left", box=None)
    for name in ("", "asked", "measure", "figure", "reach"):
        table.add_column(name, justify="right" if name in ("asked", "figure") else "left", no_wrap=True)
    for folder, result in results.items():
        first = folder.removeprefix("safety-")
        for kind, measure, value in _rows(result, SAFETY.get(folder, {})):
            asked = sum(measure in query.measures for query in result.queries if query.kind == (kind or query.kind))
            named = f"{measure} ({kind})" if kind else measure
            table.add_row(first, str(asked), named, f"{value:.3f}", str(SAFETY.get(folder, {}).get((kind, measure), "")))
            first = ""
    return table


def _rows(result: Result, reach: Mapping[tuple[str, str], object]) -> Iterator[tuple[str, str, float]]:
    """Kind, measure and mean: over all queries, but of the kind alone where the reach is of one kind."""
    for measure, value in result.means().items():
        kinds = [kind for kind, name in reach if name == measure and kind]
        if not kinds:
            yield "", measure, value
        yield from ((kind, measure, result.means(kind)[measure]) for kind in kinds if kind in result.kinds())


def _details(name: str, result: Result) -> Iterator[Table | str]:
    if 1 < len(result.kinds()) <= len(result.queries) / _PER_KIND:
        yield _by(f"{name}, by kind", {kind: {"queries": count, **result.means(kind)} for kind, count in result.kinds().items()})
    if traits := result.extra.get("traits"):
        yield _by(f"{name}, by way of writing", traits)
    if times := result.extra.get("milliseconds"):
        bounds = {stage: f" ({SAFETY_ADDED[stage]})" if stage in SAFETY_ADDED else "" for stage in times}
        yield f"{name}: {', '.join(f'{stage} {value:.1f}{bounds[stage]}' for stage, value in times.items())}"
    for what in ("missed", "alarmed", "to_look_at", "effective", "refused_by_the_article_format"):
        if some := list(result.extra.get(what, ())):
            more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
            yield f"{name}, {what.replace('_', ' ')} ({len(some)}): {', '.join(some[:_SHOWN])}{more}"
    yield from (f"Note: {name}: {note}" for note in result.notes)


def _by(title: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for kind, row in rows.items():
        table.add_row(kind, *(_cell(name, row.get(name)) for name in names))
    return table


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else f"{value:g}" if name == "queries" else f"{value:.3f}"
