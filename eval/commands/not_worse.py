"""`followup eval not-worse`: the gate of a build that asks both generations the same questions (FOLLOWUP_GATE)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.commands.terminal import print_json, show, working
from index.settings import LIVE_INDEX

if TYPE_CHECKING:
    from assistant.settings import Settings


@click.command("not-worse")
@click.option(
    "--live",
    envvar=LIVE_INDEX,
    show_envvar=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Index whose live generation is the baseline; a build sets it.",
)
@click.option("--measure", "measures", multiple=True, help="Only this measure; may be given several times. Else all.")
@click.option(
    "--level",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Of significance, after Holm's correction over the measures compared.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every question's difference, without texts.")
@click.pass_context
def not_worse(ctx: click.Context, live: Path, measures: Sequence[str], level: float, as_json: bool) -> None:
    """Does the generation in FOLLOWUP_INDEX find what the live one finds. Made for FOLLOWUP_GATE.

    Asks the shipped follow-ups that both can answer, and the articles' own questions that both list, each without itself.
    Exit status 1, with one line that says by what, when the new one is significantly worse; 0 also where there is nothing to
    compare yet; 2 when an index or a model cannot be read.
    """
    from eval.compare import compare
    from eval.compare_report import comparison_document, comparison_parts
    from eval.datasets import load_followups
    from eval.not_worse import open_both, run, shared_questions, too_few, worse

    settings: Settings = ctx.obj()
    generations = open_both(settings, live)
    if isinstance(generations, str):
        _nothing(generations, as_json)
        return
    with working("asking both generations"):
        shared = shared_questions(generations, load_followups())
        if not shared.followups and not shared.own:
            _nothing("no question can be asked of both generations", as_json)
            return
        found = compare(*run(generations, shared, settings), measures=measures, level=level)
    notes = [*shared.notes, *too_few(found)]
    if as_json:
        print_json({"compared": True, **comparison_document(found), "notes": [*notes, *found.notes]})
    else:
        show(*comparison_parts(found), *notes)
    if refused := worse(found):
        click.echo(refused, err=True)
        ctx.exit(1)


def _nothing(why: str, as_json: bool) -> None:
    """Nothing to compare lets a build through, and says so."""
    if as_json:
        print_json({"compared": False, "why": why})
    else:
        show(f"Nothing was compared: {why}.")
