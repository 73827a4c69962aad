"""The page: everything that the template shows, and the file. The same results give the same file, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.compare import compare
from eval.datasets import DatasetError
from eval.page.facts import extra_tables, facts_tables, summary
from eval.page.groups import Group, Labelled
from eval.page.plots import DRAWN, Plot, curve_plots, measure_plots
from eval.page.queries import as_script, browser_data
from eval.page.tables import (
    Table,
    comparison_table,
    extremes_table,
    kind_tables,
    measure_tables,
    partial_measures,
    worst_table,
)

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Compared:
    """One configuration against the first; `left_out` says why there is no table."""

    label: str
    table: Table | None
    extremes: Table | None
    notes: tuple[str, ...]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What the page says of one group. `notes`: what must be known, and of which configurations (none named: of all);
    `partial`: which measures only some queries have.
    """

    id: str
    group: Group
    counts: str
    notes: tuple[tuple[str, str], ...]
    measures: list[Table]
    partial: str
    kinds: list[Table]
    extras: list[Table]
    curves: list[Plot]
    by_measure: dict[str, list[Plot]]
    compared: list[Compared]
    worst: Table | None
    facts: list[Table]
    data: Markup | None


def write_page(groups: Sequence[Group], path: Path) -> int:
    """Writes the page, over an older one. Returns its size in bytes."""
    page = page_of(groups).encode("utf-8", "replace")  # half a surrogate pair in a foreign corpus is shown as "?"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page)
    return len(page)


def page_of(groups: Sequence[Group]) -> str:
    """The page's HTML. Raises `DatasetError` for curves of a shape that is not known."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    parts = [_part(position, group) for position, group in enumerate(groups)]
    return environment.get_template("template.html").render(
        parts=parts,
        summary=summary(groups),
        style=_inlined("style.css"),
        script=_inlined("browser.js"),
    )


def _inlined(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704  # a file of ours


def _part(position: int, group: Group) -> Part:
    id = f"part{position}"
    return Part(
        id=id,
        group=group,
        counts=_counts(group),
        notes=_notes(group),
        measures=measure_tables(group),
        partial=partial_measures(group),
        kinds=kind_tables(group),
        extras=extra_tables(group, DRAWN),
        curves=curve_plots(group, id),
        by_measure={
            measure: plots
            for number, measure in enumerate(group.measures)
            if (plots := measure_plots(group, measure, f"{id}-m{number}"))
        },
        compared=[_compared(group, one) for one in group.results[1:] if group.measures],
        worst=worst_table(group),
        facts=facts_tables(group),
        data=as_script(browser_data(group)) if group.measures else None,
    )


def _compared(group: Group, one: Labelled) -> Compared:
    first = group.results[0]
    try:
        comparison = compare(first.result, one.result)
    except DatasetError as error:  # no query or no measure in common: said on the page, the rest stands
        return Compared(one.label, None, None, (), str(error).replace("A and B", f"{first.label} and {one.label}"))
    measure = group.primary if group.primary is not None and group.primary in comparison.deltas else next(iter(comparison.deltas))
    extremes = extremes_table(comparison, measure, first.label, one.label)
    return Compared(
        one.label, comparison_table(comparison, first.label, one.label), extremes if extremes.bodies else None, comparison.notes
    )


def _notes(group: Group) -> tuple[tuple[str, str], ...]:
    """Each note once, with the configurations it is of; with none where it is of all."""
    of: dict[str, list[str]] = {}
    for one in group.results:
        for note in one.result.notes:
            of.setdefault(note, []).append(one.label)
    return tuple((note, "" if len(set(labels)) == len(group.results) else ", ".join(labels)) for note, labels in of.items())


def _counts(group: Group) -> str:
    """`60 queries, 3 configurations`."""
    queries, results = len(group.query_ids), len(group.results)
    counted = [f"{queries:,} {'query' if queries == 1 else 'queries'}"] if queries else []
    return ", ".join([*counted, f"{results} {'configuration' if results == 1 else 'configurations'}"])
