"""`followup index …`: what staff type to build and look into the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from index.priority import step_back
from index.servers import still_answering

if TYPE_CHECKING:
    from index.build import OnStep
    from index.report import BuildReport
    from index.settings import IndexSettings
    from index.types import Step

#: Articles that a build names; of an import there may be thousands.
_NAMED = 20


@click.group()
def index() -> None:
    """The index: build it, check it, go back, search it.

    \b
    followup index build
    followup index generations
    followup index search "colchicine dose on dialysis"
    """  # noqa: D301  # click wants the backspace itself


@index.command()
@click.option(
    "--allow-shrink", is_flag=True, help="Also when over half of the passages would go, or the list of retractions is lost."
)
@click.option("--by", help="Who does it, for the audit log, instead of the user's name.")
@click.option("--workers", type=click.IntRange(1, 64), help="Threads that embed, instead of FOLLOWUP_THREADS.")
@click.option("--progress", "as_lines", is_flag=True, help="Progress as JSON lines on standard error.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def build(load_settings: Any, allow_shrink: bool, by: str | None, workers: int | None, as_lines: bool, as_json: bool) -> None:
    """Makes the index match the articles. Embeds only what is new; the old index serves until the new one is whole.

    When it ends with 0, every running server answers from the new one; with 1, some do not yet, and it says how many. A build
    that was killed goes on where it stopped.
    """
    step_back()
    from index.build import build_index
    from index.recording import record_builds

    settings: IndexSettings = load_settings()
    if workers:
        settings = settings.model_copy(update={"threads": workers})
    with _progress(as_lines=as_lines) as progress:
        report = build_index(settings, progress=progress, allow_shrink=allow_shrink, by=by, record=record_builds(settings))
    _warn_of(report.late_servers)
    click.echo(json.dumps(asdict(report), indent=1) if as_json else _as_text(report))
    raise SystemExit(1 if report.late_servers else 0)


def _warn_of(late_servers: int) -> None:
    if late_servers:
        click.echo(still_answering(late_servers), err=True)


def _as_text(report: BuildReport) -> str:
    if not report.changed:
        return f"Up to date: generation {report.number}, {report.articles} articles, {report.passages} passages."
    first = (
        f"Generation {report.number}: {report.articles} articles, {report.passages} passages; "
        f"{report.embedded} texts embedded, {report.reused} reused; {report.seconds:.1f} s."
    )
    if report.previous is None:  # every article is new
        return first
    diff = report.diff
    lines = [
        first,
        f"Articles: {len(diff.added)} added, {len(diff.changed)} changed, {len(diff.removed)} removed; "
        f"passages: {diff.passages_added} added, {diff.passages_removed} removed.",
    ]
    named = (("+", diff.added), ("~", diff.changed), ("-", diff.removed))
    every = [f"  {sign} {article_id}" for sign, ids in named for article_id in ids]
    lines += every[:_NAMED]
    lines += [f"  and {len(every) - _NAMED} more: --json lists all"] * (len(every) > _NAMED)
    return "\n".join(lines)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def info(load_settings: Any, as_json: bool) -> None:
    """The live generation: what made it, what it holds, whether it matches the articles."""
    from index.generations import live_generation, verify_files
    from index.staleness import is_stale

    settings: IndexSettings = load_settings()
    folder, manifest = live_generation(settings.index)
    verify_files(folder, manifest)
    stale = is_stale(settings)
    if as_json:
        click.echo(json.dumps({**asdict(manifest), "folder": str(folder), "stale": stale}, indent=1))
        return
    click.echo(f"generation {manifest.number}, built {manifest.built_at}, in {folder}")
    click.echo(f"model      {manifest.model.name} ({manifest.model.sha256[:12]}), {manifest.dimension} dimensions")
    click.echo(f"holds      {manifest.articles} articles, {manifest.passages} passages, {manifest.cues} texts to find them by")
    click.echo(f"up to date {'no: run `followup index build`' if stale else 'yes'}")


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def verify(load_settings: Any, as_json: bool) -> None:
    """Compares every file of every generation with its manifest.

    Exit 1 when the live one, or what says that it is live, is not whole.
    """
    from corpus.errors import IndexDamaged
    from index.generations import list_generations
    from index.pointer import pointer_problems, read_pointer

    settings: IndexSettings = load_settings()
    live: int | None = None
    with suppress(IndexDamaged):  # said below
        live = read_pointer(settings.index).number
    problems = pointer_problems(settings.index)
    found = list_generations(settings.index, verify=True)
    if live is not None and all(one.number != live for one in found):
        problems.append(f"generation {live}, which is live, is not there; run `followup index build`")
    if as_json:
        click.echo(json.dumps({"live": live, "problems": problems, "generations": [asdict(one) for one in found]}, indent=1))
    else:
        for one in found:
            click.echo(f"{one.number:>6}  {'live  ' if one.live else '      '}{one.problem or 'whole'}")
        for problem in problems:
            click.echo(problem)
    raise SystemExit(1 if problems or any(one.live and one.problem for one in found) else 0)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with the report of each.")
@click.pass_obj
def generations(load_settings: Any, as_json: bool) -> None:
    """Every generation on this disk, the newest first, with what it changed."""
    from index.folders import generation_folder
    from index.generations import list_generations
    from index.report import read_report_or_none

    settings: IndexSettings = load_settings()
    found = [
        (one, read_report_or_none(generation_folder(settings.index, one.number))) for one in list_generations(settings.index)
    ]
    if as_json:
        rows = [{**asdict(one), "report": asdict(report) if report else None} for one, report in found]
        click.echo(json.dumps({"generations": rows}, indent=1))
        return
    for one, report in found:
        mark = "live" if one.live else "rolled back" if one.passed_over else ""
        click.echo(
            f"{one.number:>6}  {mark:11}  {one.built_at:25}  {one.articles} articles, {one.passages} passages, "
            f"{one.bytes / 1e6:.1f} MB{f', by {report.by}' if report else ''}"
        )
        if one.problem:
            click.echo(f"        {one.problem}")
        elif report and report.previous is not None:
            diff = report.diff
            click.echo(
                f"        since {report.previous}: {len(diff.added)} articles added, {len(diff.changed)} changed, "
                f"{len(diff.removed)} removed; {diff.passages_added} passages added, {diff.passages_removed} removed"
            )


@index.command()
@click.argument("number", required=False, type=click.IntRange(min=1))
@click.option("--by", help="Who does it, for the audit log, instead of the user's name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def rollback(load_settings: Any, number: int | None, by: str | None, as_json: bool) -> None:
    """Goes back to an earlier generation, the one before the live one unless NUMBER says which."""
    from corpus.user import user_name
    from index.recording import record_rollbacks
    from index.rollback import rollback as go_back

    settings: IndexSettings = load_settings()
    by = by or user_name()
    done = go_back(settings, number, by=by, record=record_rollbacks(settings, by))
    manifest = done.manifest
    _warn_of(done.late_servers)
    if as_json:
        told = {"number": manifest.number, "built_at": manifest.built_at, "late_servers": done.late_servers}
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(f"Generation {manifest.number} serves, built {manifest.built_at}.")
        click.echo("The articles stay as they are: `followup index build` makes a new generation of them.")
    raise SystemExit(1 if done.late_servers else 0)


@index.command()
@click.argument("query")
@click.option("-k", default=5, show_default=True, type=click.IntRange(1, 100), help="How many passages.")
@click.option("--article", "article_id", help="Only passages of this article.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def search(load_settings: Any, query: str, k: int, article_id: str | None, as_json: bool) -> None:
    """The best passages for a query, with the scores they were ranked by."""
    from index.search import Index

    # bytes from the terminal that are not UTF-8
    query = query.encode("utf-8", "replace").decode()
    article_id = article_id and article_id.encode("utf-8", "replace").decode()
    opened = Index.open(load_settings())
    if article_id is not None:
        opened.store.article(article_id)  # an unknown one is told before the model is loaded: seconds
    hits = opened.search(opened.encode(query), k=k, article_id=article_id)
    if as_json:
        rows = [
            {"rank": hit.rank, "score": hit.score, "dense": hit.dense, "lexical": hit.lexical, **asdict(hit.passage)}
            for hit in hits
        ]
        click.echo(json.dumps({"hits": rows, "index_generation": opened.manifest.number}, indent=1, ensure_ascii=False))
        return
    for hit in hits:
        click.echo(f"{hit.rank}. {hit.score:.3f}  (vectors {hit.dense:.3f}, words {hit.lexical:.1f})  {hit.passage.id}")
        click.echo(f"   {' > '.join(hit.passage.section)}: {hit.passage.text}")


@contextmanager
def _progress(*, as_lines: bool) -> Iterator[OnStep | None]:
    """A bar on a terminal, JSON lines where they are asked for, else nothing."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if as_lines:
        yield lambda step: click.echo(json.dumps(asdict(step)), err=True)
        return
    if not console.is_terminal:
        yield None
        return
    with Bar(*Bar.get_default_columns(), "{task.fields[rate]}", console=console, transient=True) as bar:
        task = bar.add_task("reading the articles", total=None, rate="")

        def show(step: Step) -> None:
            rate = f"{step.rate:.0f} texts/s" if step.rate else ""
            bar.update(task, description=step.stage, completed=step.done, total=step.total or None, rate=rate)

        yield show
