"""`followup index …`: what staff type to build and look into the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from index.build import Progress
    from index.settings import IndexSettings


@click.group()
def index() -> None:
    """The index: build it, see what it is, search it.

    \b
    followup index build
    followup index search "colchicine dose on dialysis"
    """  # noqa: D301  # click wants the backspace itself


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def build(load_settings: Any, as_json: bool) -> None:
    """Makes the index match the articles. Embeds only what is new; the old index serves until the new one is whole."""
    from index.build import build_index

    settings: IndexSettings = load_settings()
    with _progress(hidden=as_json) as progress:
        report = build_index(settings, progress=progress)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=1))
    elif not report.changed:
        click.echo(f"Up to date: generation {report.number}, {report.articles} articles, {report.passages} passages.")
    else:
        click.echo(
            f"Generation {report.number}: {report.articles} articles, {report.passages} passages; "
            f"{report.embedded} texts embedded, {report.reused} reused; {report.seconds:.1f} s."
        )


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def info(load_settings: Any, as_json: bool) -> None:
    """The live generation: what made it, what it holds, whether it matches the articles."""
    from index.build import is_stale
    from index.generations import live_generation, verify_files

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
def _progress(hidden: bool) -> Iterator[Progress | None]:
    """A progress bar on a terminal; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if hidden or not console.is_terminal:
        yield None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("embedding", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
