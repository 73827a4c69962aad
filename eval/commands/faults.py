"""`followup eval faults`: whatever is killed, filled, unplugged or corrupted, readers get the old index whole or the new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import RESULTS, print_json, show, working

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.faults.figures import Measured
    from eval.latency import Figure

#: The parts, in the order they are tried.
PARTS = ("kills", "errors", "disks", "order", "flips", "locks", "edits", "edit", "switches", "endpoints", "imports", "scale")
#: Seconds that readers ask before the first switch.
_IDLE_S = 60.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given several times.")
@click.option("--every", default=1, show_default=True, type=click.IntRange(1), help="Of kills and errors only every Nth call.")
@click.option("--passages", default=100_000, show_default=True, type=click.IntRange(100), help="Passages of `scale`.")
@click.option(
    "--out",
    default=RESULTS / "faults",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the result goes.",
)
@click.pass_obj
def faults(load_settings: Any, as_json: bool, only: Sequence[str], every: int, passages: int, out: Path) -> None:
    """Tries to hurt the index, in real processes on a real file system. An hour; exit 1 when something was not reached."""
    from eval.latency_report import latency_document, latency_table
    from eval.provenance import built_by
    from eval.results import Result, write_result
    from index.embedding import identify

    settings: Settings = load_settings()
    figures: list[Figure] = []
    found: dict[str, Any] = {}
    for part in only or PARTS:
        with working(f"trying: {part}"):
            measured, details = _part(part, settings, every, passages)()
        figures += measured
        found |= details
    produced = built_by(identify(settings))
    document = {**latency_document(figures), "found": found}
    write_result(
        Result(
            command="faults",
            dataset={"name": "faults", "digest": ""},
            configuration={"name": "shipped"},
            queries=(),
            made_by=produced,
            extra=document,
        ),
        out,
    )
    if as_json:
        print_json({"made_by": produced, **document})
    else:
        show(latency_table(figures, "What faults did"))
        for part, details in found.items():
            show(*(f"{part}: {detail}" for detail in details))
        show(f"Written to {out}")
    raise SystemExit(1 if document["not_reached"] else 0)


def _part(part: str, settings: Settings, every: int, passages: int) -> Callable[[], Measured]:
    from eval.faults import disks, edits, endpoints, figures, flips, growth, imports, locks, order, sweeps, switches

    return {
        "kills": lambda: figures.kill_figures(sweeps.sweep(sweeps.COMMANDS, sweeps.KILLS, step=every)),
        "errors": lambda: figures.error_figures(sweeps.sweep(sweeps.COMMANDS, sweeps.ERRORS, step=every)),
        "disks": lambda: figures.disk_figures(disks.try_disks()),
        "order": lambda: figures.order_figures(order.orders(sweeps.COMMANDS)),
        "flips": lambda: figures.flip_figures(flips.flip_bits(flips.FLIPS)),
        "locks": lambda: figures.lock_figures(locks.contend()),
        "edits": lambda: figures.edit_figures(edits.edit_at_random(edits.SEQUENCES)),
        "edit": lambda: figures.live_figures(switches.edits_to_live(settings)),
        "switches": lambda: figures.switch_figures(switches.switch_under_readers(settings, switches.SWITCHES, _IDLE_S)),
        "endpoints": lambda: figures.endpoint_figures(endpoints.knock(settings)),
        "imports": lambda: figures.import_figures(imports.import_all()),
        "scale": lambda: (growth.growth_figures(passages), {}),
    }[part]
