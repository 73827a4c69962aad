"""`followup corpus …`: what staff type about articles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from corpus.care_cli import check, import_retractions
from corpus.importing.cli import import_articles
from corpus.review_cli import COMMANDS

if TYPE_CHECKING:
    from corpus.types import Article


@click.group()
def corpus() -> None:
    """The articles: check them, list them, show one.

    \b
    followup corpus check
    followup corpus show gout-flares-urate-lowering
    """  # noqa: D301  # click wants the backspace itself


for _command in COMMANDS:
    corpus.add_command(_command)


corpus.add_command(check)
corpus.add_command(import_retractions)
corpus.add_command(import_articles)


@corpus.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def list_articles(load_settings: Any, as_json: bool) -> None:
    """Every article: id, status, last update, title."""
    from corpus.loading import load_corpus

    articles = load_corpus(load_settings().articles)
    if as_json:
        rows = [
            {
                "id": a.id,
                "title": a.title,
                "specialty": a.specialty,
                "status": a.status,
                "last_updated": a.last_updated.isoformat(),
            }
            for a in articles
        ]
        click.echo(json.dumps({"articles": rows}, indent=1, ensure_ascii=False))
        return
    width = max(len(article.id) for article in articles)
    for article in articles:
        click.echo(f"{article.id:{width}}  {article.status.label:12}  {_updated(article)}  {article.title}")


@corpus.command()
@click.argument("article_id", metavar="ARTICLE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def show(load_settings: Any, article_id: str, as_json: bool) -> None:
    """One article: its statements with their ids and references."""
    from corpus.loading import find_article, load_corpus

    article = find_article(load_corpus(load_settings().articles), article_id)
    if as_json:
        from pydantic import TypeAdapter

        from corpus.types import Article

        click.echo(TypeAdapter(Article).dump_json(article, indent=1).decode())
        return
    click.echo(f"{article.title}\n{article.status.label}, last updated {_updated(article)}, {article.specialty}\n")
    section: tuple[str, ...] = ()
    for block in article.blocks:
        if block.section != section:
            section = block.section
            click.echo(f"\n{' > '.join(section)}")
        marks = f" [{', '.join(map(str, block.marks))}]" if block.marks else ""
        click.echo(f"  {block.statement or '-':>4}  {article.quote(block)}{marks}")
    click.echo("\nReferences")
    for reference in article.references:
        year = reference.year or "undated"
        click.echo(
            f"  [{reference.id}] {reference.type.value}: {reference.authors}. {reference.title}. {reference.venue} ({year})"
        )


def _updated(article: Article) -> str:
    """The day of the last update; that of an import is none."""
    return "not stated" if article.undated else article.last_updated.isoformat()
