"""How the commands print: tables for people, one JSON document for machines, and what takes so long."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

#: Where results go, beside the embeddings and indexes that benchmarks keep.
RESULTS = Path("var/eval/results")


def print_json(document: dict[str, Any]) -> None:
    """One document on standard output."""
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def show(*shown: Any) -> None:
    """Tables and lines, one under the other."""
    from rich.console import Console

    console = Console(highlight=False)
    for part in shown:
        console.print(part)


@contextmanager
def counting(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal for each stage, with what is done and left; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

    console = Console(stderr=True)
    bars = Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def update(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(f"{what}: {stage}", total=total)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield update


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says on a terminal what takes so long; nothing in a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
