"""`followup eval conditions`: whether quoted recommendations keep their conditions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import print_json, show, working

if TYPE_CHECKING:
    from rich.table import Table

    from assistant.settings import Settings
    from eval.conditions import Row


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--pairs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other pairs, in the format of eval/data/conditions-dev.jsonl; may be given several times.",
)
@click.option("--fit", "refit", is_flag=True, help="Also fit the weights of assistant/conditions.py again and print them.")
@click.pass_obj
def conditions(load_settings: Any, as_json: bool, pairs: tuple[Path, ...], refit: bool) -> None:
    """Does a quoted recommendation keep its condition, and how many statements come along for it."""
    from corpus.loading import load_corpus
    from corpus.splitting import split_article
    from eval.conditions import DEVELOPED, HELD_OUT, answered, declared_by, fit, load_declared, load_pairs, measure
    from eval.product import Product
    from index.search import Index

    settings: Settings = load_settings()
    loaded = load_corpus(settings.articles)
    articles = {article.id: split_article(article) for article in loaded}
    with working("asking"):
        product = Product(Index.open(settings), settings)
        rows = {
            path.name: [
                measure(articles, load_pairs(path), "worked out from the wording"),
                measure(articles, load_pairs(path), "declared by the articles", declared_by(loaded)),
                answered(product, load_pairs(path)),
            ]
            for path in pairs or (DEVELOPED, HELD_OUT)
        }
    fitted = fit(articles, load_pairs(DEVELOPED), load_declared()) if refit else None
    if as_json:
        print_json({"files": {name: _documents(found) for name, found in rows.items()}, **_fit_document(fitted)})
        return
    show(_table(rows))
    if fitted:
        show(f"intercept {fitted.intercept:.2f}", *(f"{name}: {weight:.2f}" for name, weight in fitted.weights.items()))


def _table(rows: dict[str, list[Row]]) -> Table:
    from rich.table import Table

    table = Table(title="Conditions of quoted recommendations", title_justify="left", box=None)
    for name in ("pairs of", "conditions", "pairs", "in another statement", "dropped", "extra a statement"):
        table.add_column(name, justify="left" if name in {"pairs of", "conditions"} else "right")
    for file, found in rows.items():
        for row in found:
            table.add_row(file, row.name, str(row.pairs), str(row.apart), str(len(row.dropped)), f"{row.extra:.2f}")
    return table


def _documents(found: list[Row]) -> list[dict[str, Any]]:
    return [
        {
            "conditions": row.name,
            "pairs": row.pairs,
            "in another statement": row.apart,
            "dropped": len(row.dropped),
            "extra a statement": row.extra,
            "dropped pairs": list(row.dropped),
        }
        for row in found
    ]


def _fit_document(fitted: Any) -> dict[str, Any]:
    return {"fit": {"intercept": fitted.intercept, "weights": dict(fitted.weights)}} if fitted else {}
