"""What `followup eval latency` measured, as tables for people, as a document for machines and as a result. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.reach import SPEED
from eval.results import Result

if TYPE_CHECKING:
    from eval.latency import Figure
    from eval.stages import Row

#: Titles of the parts that are tables.
_TITLES = {
    "stages": "Stages of a question, whole corpus, so many readers at once",
    "readers": "POST /api/v1/chat with so many readers at once",
    "scale": "Search by number of passages, encoding apart",
}
#: What is the same in every row of one size.
_OF_INDEX = ("synthetic", "build_s", "disk_mb")


def latency_table(figures: Sequence[Figure], title: str = "Speed and size on this machine") -> Table:
    """One line a figure, with what was to be reached and whether it was."""
    table = Table(title=title, title_justify="left", box=None)
    for name in ("", "measured", "reach", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for figure in figures:
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[figure.within]
        decimals = 0 if figure.value == int(figure.value) else 2 if figure.value >= 1 else 3
        table.add_row(figure.name, f"{figure.value:,.{decimals}f}", str(SPEED.get(figure.name, "")), verdict)
    return table


def latency_document(figures: Sequence[Figure]) -> dict[str, Any]:
    """Figures by name, and beside them the bounds and verdicts of those that have one."""
    return {
        "figures": {figure.name: round(figure.value, 4) for figure in figures},
        "reach": {figure.name: str(SPEED[figure.name]) for figure in figures if figure.name in SPEED},
        "not_reached": [figure.name for figure in figures if figure.within is False],
    }


def latency_tables(tables: Mapping[str, Sequence[Row]]) -> list[Table]:
    """A table for each part that has one, and one more for what grows with an index beside its searches."""
    shown = [_table(_TITLES[part], [_without(row, _OF_INDEX) for row in rows]) for part, rows in tables.items()]
    sizes = {row["passages"]: {name: row[name] for name in ("passages", *_OF_INDEX)} for row in tables.get("scale", ())}
    return [*shown, *([_table("Index by number of passages", list(sizes.values()))] if sizes else [])]


def latency_notes(tables: Mapping[str, Sequence[Row]]) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    synthetic = [row["passages"] - row["synthetic"] for row in tables.get("scale", ()) if row["synthetic"]]
    if not synthetic:
        return ()
    return (
        f"scale: passages above {max(synthetic):,} are synthetic neighbours of real ones (eval/neighbours.py), one vector each",
    )


def latency_result(
    figures: Sequence[Figure], tables: Mapping[str, Sequence[Row]], dataset: Mapping[str, Any], made_by: Mapping[str, Any]
) -> Result:
    """The measured figures and tables as a result folder holds them: there are no measures by query."""
    return Result(
        command="latency",
        dataset=dataset,
        configuration={"name": "shipped"},
        queries=(),
        made_by=made_by,
        extra={**latency_document(figures), **tables},
        notes=latency_notes(tables),
    )


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in rows[0]:
        table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _without(row: Row, names: Sequence[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if value < 10 else f"{value:,.1f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
