"""`followup eval compare | report`: what result folders say side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.commands.terminal import print_json, show, working

if TYPE_CHECKING:
    pass


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--measure", "measures", multiple=True, help="Only this measure; may be given several times. Else all both have.")
@click.option("--kind", help="Only queries of this kind.")
@click.option("--by-kind", is_flag=True, help="A table for each kind of queries too, corrected over all of them; gates nothing.")
@click.option(
    "--level",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Of significance, after Holm's correction over the measures compared.",
)
@click.option("--anyway", is_flag=True, help="Though they were measured on different data.")
@click.option("--texts", is_flag=True, help="The questions of the queries too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every query.")
@click.pass_context
def compare(
    ctx: click.Context,
    a: Path,
    b: Path,
    measures: Sequence[str],
    kind: str | None,
    by_kind: bool,
    level: float,
    anyway: bool,
    texts: bool,
    as_json: bool,
) -> None:
    """Is result B better or worse than result A, query by query, beyond chance. A and B are folders of `followup eval`.

    Exit status 1 when B is significantly worse by any measure, 2 when they cannot be compared.
    """
    from eval.compare import compare as run
    from eval.compare_report import comparison_document, comparison_parts
    from eval.results import read_result

    first, second = read_result(a), read_result(b)
    with working("comparing"):
        found = run(first, second, measures=measures, kind=kind, level=level, by_kind=by_kind, any_dataset=anyway)
    if as_json:
        print_json(comparison_document(found, texts))
    else:
        show(*comparison_parts(found, texts))
    ctx.exit(1 if found.significantly_worse else 0)


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    default=Path("var/eval/report.html"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page; an older one is replaced.",
)
@click.option("--baseline", metavar="NAME", help="The configuration the others are held against; else the first of a dataset.")
def report(folders: Sequence[Path], out: Path, baseline: str | None) -> None:
    """One HTML page of results: tables, plots, comparisons, and every query with its hits. Needs no network.

    FOLDERs hold results of `followup eval`, or folders of them; without any, all below var/eval/results.
    """
    from eval.page import load_groups, result_folders, write_page

    with working("comparing and drawing"):
        groups = load_groups(result_folders(folders or [Path("var/eval/results")]), baseline)
        size = write_page(groups, out)
    results = sum(len(group.results) for group in groups)
    show(f"{out}: {results} results in {len(groups)} groups, {size / 1e6:.1f} MB")
