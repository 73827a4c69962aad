"""`followup eval latency`: how fast and how big it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import print_json, show, working
from eval.datasets import FOLLOWUPS

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.latency import Figure
    from eval.stages import Row

#: The parts of `latency`, in the order they are measured.
PARTS = ("help", "search", "stages", "throughput", "build", "server", "readers", "scale")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given several times.")
@click.option(
    "--size", "sizes", multiple=True, type=click.IntRange(min=100), help="Passages in an index of `scale`; several times."
)
@click.option("--large", is_flag=True, help="`scale` also at a million passages: ten minutes and 8 GB more.")
@click.option(
    "--out",
    default=Path("var/eval/results/latency"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the result goes.",
)
@click.pass_obj
def latency(load_settings: Any, as_json: bool, only: Sequence[str], sizes: Sequence[int], large: bool, out: Path) -> None:
    """How fast and how big it is on this machine: stages, readers at once, growth, build, command line. Four minutes."""
    from eval.latency_report import latency_document, latency_notes, latency_result, latency_table, latency_tables
    from eval.provenance import machine, made_by
    from eval.results import write_result
    from eval.scale import LARGE, SIZES
    from index.search import Index

    settings: Settings = load_settings()
    index = Index.open(settings)
    figures: list[Figure] = []
    tables: dict[str, list[Row]] = {}
    for part in only or PARTS:
        with working(f"measuring: {part}"):
            measured, rows = _measured(part, settings, (*(sizes or SIZES), *([LARGE] if large else [])))
        figures += measured
        tables |= {part: rows} if rows else {}
    produced = {**made_by(index, settings, [FOLLOWUPS]), "machine": machine()}
    dataset = {"name": FOLLOWUPS.stem, "digest": produced["datasets"][0]["sha256"]}
    write_result(latency_result(figures, tables, dataset, produced), out)
    if as_json:
        print_json({"made_by": produced, **latency_document(figures), **tables, "notes": latency_notes(tables)})
    else:
        show(*([latency_table(figures)] if figures else []), *latency_tables(tables), *latency_notes(tables), f"Written to {out}")


def _measured(part: str, settings: Settings, sizes: Sequence[int]) -> tuple[list[Figure], list[Row]]:
    from eval import processes, scale
    from eval.datasets import load_followups
    from eval.latency import search_figures, throughput_figures
    from eval.stages import warm_rows

    match part:
        case "help":
            return processes.help_figures(), []
        case "search":
            return search_figures(settings, load_followups()), []
        case "stages":
            return [], [*warm_rows(settings, load_followups()), *processes.cold_rows(settings)]
        case "throughput":
            return throughput_figures(settings), []
        case "build":
            return processes.build_figures(settings), []
        case "server":
            return processes.server_figures(settings, load_followups()), []
        case "readers":
            return [], processes.reader_rows(settings, load_followups())
        case _:
            rows = scale.scale_rows(settings, load_followups(), sizes)
            return scale.scale_figures(rows), rows
