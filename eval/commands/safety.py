"""`followup eval safety`: is danger noticed, is nothing said that must not be, does no attack work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import RESULTS, counting, print_json, show

if TYPE_CHECKING:
    from assistant.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--only",
    default="dangers,premises,domain,injection,time",
    show_default=True,
    metavar="PART,PART",
    help="Parts to measure.",
)
@click.option(
    "--data",
    default=Path("../shared/data/safety"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Attacks, harmful requests and strange questions of others; what is not there is left out.",
)
@click.option(
    "--out",
    default=RESULTS,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the folders safety-… go.",
)
@click.pass_obj
def safety(load_settings: Any, as_json: bool, only: str, data: Path, out: Path) -> None:
    """Danger noticed, false alarms, false premises, questions out of corpus and domain, injection, and the time it takes.

    Of held-out messages only the figures are shown and kept; texts of attacks and harmful requests never are.
    """
    from eval.safety import keep, run, short_of_reach
    from eval.safety_tables import safety_document, safety_tables
    from index.search import Index

    settings: Settings = load_settings()
    parts = tuple(part.strip() for part in only.split(",") if part.strip())
    with counting("safety") as progress:
        results = run(lambda: Index.open(settings), settings, data, parts, progress)
    keep(results, out)
    if as_json:
        print_json(safety_document(results))
    else:
        show(*safety_tables(results), *(short_of_reach(results) or ["Every figure is within reach."]), f"Written to {out}")
