"""A comparison as tables for people and as a document for machines. Measures nothing.

What comes out of a result is put in as `Text`: a question may hold brackets that rich would take for its own marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from eval.compare import DECIMALS, Verdict
from eval.significance import CONFIDENCE, RESAMPLES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eval.compare import Comparison, MeasureDelta, QueryDelta
    from eval.results import Result

#: The verdict is one narrow column, so that the table fits 80 columns.
_VERDICTS = {Verdict.BETTER: "better", Verdict.WORSE: "WORSE", Verdict.UNDECIDED: "–"}
_FIGURES = ("A", "B", "B - A", f"{CONFIDENCE:.0%} interval", "p", "p Holm", "w/t/l", "verdict")


def comparison_parts(comparison: Comparison, texts: bool = False) -> list[RenderableType]:
    """What is printed, from top to bottom; `texts` shows the questions of the worst and best queries."""
    kind = f" of the kind {comparison.kind}" if comparison.kind else ""
    title = f"{_most(comparison.measures)} common queries{kind}: {comparison.a.name} (A) against {comparison.b.name} (B)"
    parts: list[RenderableType] = [_measures_table(title, comparison.measures)]
    for name, rows in comparison.by_kind.items():
        parts.append(_measures_table(f"{_most(rows)} queries of the kind {name}", rows))
    first = comparison.measures[0].measure
    for title, queries in (("Worst for B", comparison.worst(first)), ("Best for B", comparison.best(first))):
        if queries:
            parts.append(_queries_table(f"{title} by {first}", queries, texts))
    if comparison.settings:
        parts.append(_settings_table(comparison))
    parts += [Text(f"Note: {note}") for note in comparison.notes]
    return [*parts, Text(_verdict_line(comparison))]


def comparison_document(comparison: Comparison, texts: bool = False) -> dict[str, Any]:
    """Everything that was compared: the measures, every query's differences by measure (the worst for B first), the notes."""
    first = comparison.measures[0].measure
    return {
        "a": _of_result(comparison.a),
        "b": _of_result(comparison.b),
        "kind": comparison.kind,
        "level": comparison.level,
        "resamples": RESAMPLES,
        "confidence": CONFIDENCE,
        "measures": {row.measure: _of_row(row) for row in comparison.measures},
        "by_kind": {kind: {row.measure: _of_row(row) for row in rows} for kind, rows in comparison.by_kind.items()},
        "worst": [_of_query(query, texts) for query in comparison.worst(first)],
        "best": [_of_query(query, texts) for query in comparison.best(first)],
        "deltas": {name: [_of_query(query, texts) for query in found] for name, found in comparison.deltas.items()},
        "settings": {name: {"a": a, "b": b} for name, (a, b) in comparison.settings.items()},
        "notes": list(comparison.notes),
        "significantly_worse": list(comparison.significantly_worse),
    }


def _measures_table(title: str, rows: Sequence[MeasureDelta]) -> Table:
    table = _table(title, 1, "", *_FIGURES)
    for row in rows:
        _add(table, row.measure, *_figures(row))
    return table


def _most(rows: Sequence[MeasureDelta]) -> int:
    return max(row.queries for row in rows)


def _queries_table(title: str, queries: Sequence[QueryDelta], texts: bool) -> Table:
    table = _table(title, 2, "query", "kind", "A", "B", "B - A")
    if texts:
        table.add_column("text")
    for query in queries:
        figures = (query.id, query.kind, f"{query.a:.4f}", f"{query.b:.4f}", f"{query.delta:+.4f}")
        _add(table, *figures, *([query.text] if texts else []))
    return table


def _settings_table(comparison: Comparison) -> Table:
    table = _table("What differs", 3, "", "A", "B")
    for name, values in comparison.settings.items():
        _add(table, name, *(json.dumps(value, ensure_ascii=False) for value in values))
    return table


def _table(title: str, left: int, *columns: str) -> Table:
    """The first `left` columns hold words, which may take several lines; the others figures, which may not."""
    table = Table(title=Text(title), title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number >= left else "left", no_wrap=number >= left, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))


def _figures(row: MeasureDelta) -> Iterable[str]:
    return (
        f"{row.mean_a:.4f}",
        f"{row.mean_b:.4f}",
        f"{row.delta:+.4f}",
        f"{row.low:+.4f} {row.high:+.4f}",
        _p(row.p),
        _p(row.p_holm),
        f"{row.wins}/{row.ties}/{row.losses}",
        _VERDICTS[row.verdict],
    )


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.0005 else "<.001"


def _verdict_line(comparison: Comparison) -> str:
    corrected = f"level {comparison.level:g}, Holm's correction over {len(comparison.measures)}"
    if worse := comparison.significantly_worse:
        return f"B is significantly worse by {', '.join(worse)} ({corrected})."
    return f"B is significantly worse by no measure ({corrected})."


def _of_result(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "command": result.command,
        "dataset": dict(result.dataset),
        "configuration": dict(result.configuration),
        "queries": len(result.queries),
        "notes": list(result.notes),
        "made_by": dict(result.made_by),
    }


def _of_row(row: MeasureDelta) -> dict[str, Any]:
    return {**asdict(row), "p": round(row.p, DECIMALS), "p_holm": round(row.p_holm, DECIMALS)}


def _of_query(query: QueryDelta, texts: bool) -> dict[str, Any]:
    found = asdict(query)
    if not texts:
        del found["text"]
    return found
