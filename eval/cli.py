"""`followup eval …`: what evaluators type. Each command measures, prints a table, and with `--json` one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.datasets import FOLLOWUPS, UNANSWERABLE

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.latency import Figure

#: The parts of `latency`, in the order they are measured.
PARTS = ("help", "search", "throughput", "build", "server")


@click.group()
def eval() -> None:
    """Benchmarks: are follow-ups found, are unanswerable questions left alone, how fast is it.

    \b
    followup eval followups
    followup eval abstention
    followup eval latency --only server
    """  # noqa: D301  # click wants the backspace itself


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--dataset",
    default=FOLLOWUPS,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other follow-ups, in the format of eval/data/followups.jsonl.",
)
@click.pass_obj
def followups(load_settings: Any, as_json: bool, dataset: Path) -> None:
    """Is the statement that answers a follow-up found: hit@1/3/5, article open and whole corpus, elliptical turns apart."""
    from eval.datasets import load_followups
    from eval.followups import run
    from eval.product import Product
    from eval.provenance import made_by
    from eval.report import followups_document, followups_table
    from index.search import Index

    settings: Settings = load_settings()
    questions = load_followups(dataset)
    index = Index.open(settings)
    with _working("asking"):
        result = run(Product(index, settings), questions)
    if as_json:
        _print_json({"made_by": made_by(index, settings, [dataset]), **followups_document(result)})
    else:
        _print(followups_table(result), *(result.short_of_reach() or ["Every figure is within reach."]))


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--fit", "refit", is_flag=True, help="Fit the constants of the confidence again (scikit-learn).")
@click.pass_obj
def abstention(load_settings: Any, as_json: bool, refit: bool) -> None:
    """Does the confidence tell answerable questions from others: AUROC, what the threshold does, risk and coverage."""
    from eval.abstention import run
    from eval.datasets import load_followups, load_unanswerable
    from eval.product import Product
    from eval.provenance import made_by
    from eval.report import abstention_document, abstention_lines, abstention_tables
    from index.search import Index

    settings: Settings = load_settings()
    index = Index.open(settings)
    with _working("asking with and without the articles' own questions"):
        result = run(Product(index, settings), load_followups(), load_unanswerable(), refit=refit)
    if as_json:
        _print_json({"made_by": made_by(index, settings, [FOLLOWUPS, UNANSWERABLE]), **abstention_document(result)})
    else:
        _print(*abstention_tables(result), *abstention_lines(result))


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given several times.")
@click.pass_obj
def latency(load_settings: Any, as_json: bool, only: Sequence[str]) -> None:
    """How fast and how big it is on this machine: search, index build, server, command line. Two minutes."""
    from eval.provenance import machine, made_by
    from eval.report import latency_document, latency_table
    from index.search import Index

    settings: Settings = load_settings()
    index = Index.open(settings)
    figures: list[Figure] = []
    for part in only or PARTS:
        with _working(f"measuring: {part}"):
            figures += _measured(part, settings)
    if as_json:
        produced = {**made_by(index, settings, [FOLLOWUPS]), "machine": machine()}
        _print_json({"made_by": produced, **latency_document(figures)})
    else:
        _print(latency_table(figures))


def _measured(part: str, settings: Settings) -> list[Figure]:
    from eval import processes
    from eval.datasets import load_followups
    from eval.latency import search_figures, throughput_figures

    match part:
        case "help":
            return processes.help_figures()
        case "search":
            return search_figures(settings, load_followups())
        case "throughput":
            return throughput_figures(settings)
        case "build":
            return processes.build_figures(settings)
        case _:
            return processes.server_figures(settings, load_followups())


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def _print(*shown: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for part in shown:
        console.print(part)


@contextmanager
def _working(what: str) -> Iterator[None]:
    """Says on a terminal what takes so long; nothing in a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
