"""`followup eval points`: fits the points by which a message is told from one that only looks like a danger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from eval.commands.terminal import print_json, show, working

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--write", is_flag=True, help="Write assistant/safety/points.json, fitted on all development messages.")
def points(as_json: bool, write: bool) -> None:
    """How do messages fare that were left out of the fit of the danger points. Takes two minutes."""
    from assistant.safety.points import TABLE
    from eval.danger_points import Outcome, fit_table, left_out, messages, read, share, with_asides

    with working("fitting in five parts"):
        data = list(messages())
        rows = [read(message.text, message.earlier) for message in data]
        asides = [with_asides(message, number) for number, message in enumerate(data)]
        aside_rows = [read(message.text, message.earlier) for message in asides]
        outcomes = left_out(data, rows, asides, aside_rows)
    found = {
        source: {"messages": len(own), **{name: round(share(own, name), 4) for name in Outcome.__slots__}}
        for source, own in sorted(outcomes.items())
    }
    if as_json:
        print_json({"left out of the fit": found})
    else:
        show(_table(found))
    if write:
        table = fit_table([*data, *asides], [*rows, *aside_rows])
        TABLE.write_text(json.dumps(table.model_dump(), ensure_ascii=False, sort_keys=True, indent=0) + "\n", "utf-8")


def _table(found: Mapping[str, Mapping[str, float]]) -> Table:
    from rich.table import Table

    table = Table(title="Development messages, each left out of the fit", title_justify="left", box=None)
    names = list(next(iter(found.values())))
    for name in ("", *names):
        table.add_column(name.replace("_", " "), justify="right" if name else "left", no_wrap=True)
    for source, figures in found.items():
        table.add_row(source, *(str(figures[name]) if name == "messages" else f"{figures[name]:.3f}" for name in names))
    return table
