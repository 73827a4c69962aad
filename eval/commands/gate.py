"""`followup eval gate`: what of a language model's false sentences reaches a reader, and what of its true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eval.commands.terminal import print_json, show, working

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from assistant.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every false sentence that was shown.")
@click.option("--each", default=40, show_default=True, type=click.IntRange(1), help="False replies of each operator.")
@click.pass_context
def gate(ctx: click.Context, as_json: bool, each: int) -> None:
    """Streams false and true replies through the language-model writer. Exit 1 when a false sentence was shown."""
    from assistant.generative.gate import EMBEDDING_FLOOR, LEXICAL_FLOOR, lexical_support
    from assistant.generative.support import support_by
    from corpus.loading import load_corpus
    from corpus.splitting import split_article
    from eval.gate import floors, load_paraphrases, run
    from index.embedding import load_embedder

    settings: Settings = ctx.obj()
    with working("streaming replies"):
        passages = [passage for article in load_corpus(settings.articles) for passage in split_article(article)]
        paraphrases = load_paraphrases()
        embedder = load_embedder(settings)
        support = support_by(lambda: embedder)
        report = run(passages, paraphrases, support, each)
        between = {
            "lexical": (LEXICAL_FLOOR, floors(passages, paraphrases, lexical_support)),
            "embedding": (EMBEDDING_FLOOR, floors(passages, paraphrases, support)),
        }
    if as_json:
        print_json(
            {
                "false_replies": len(report.false),
                "false_shown": len(report.leaked),
                "by_operator": report.by_operator(),
                "true_by_style": report.by_style(),
                "dropped_because": report.reasons(),
                "floors": {
                    name: {"floor": floor, "least_true": round_all(lies.least_true), "most_wrong": round(lies.most_wrong, 3)}
                    for name, (floor, lies) in between.items()
                },
                "shown": [{"operator": one.kind, "statement": one.statement, "sentences": one.wrong} for one in report.leaked],
            }
        )
    else:
        show(
            _table("False replies", "operator", report.by_operator()),
            _table("True sentences", "split, style", report.by_style()),
            *(
                f"{name} floor {floor}: least of the true {round_all(lies.least_true)}; wrong mark at most {lies.most_wrong:.3f}"
                for name, (floor, lies) in between.items()
            ),
            f"{len(report.leaked)} of {len(report.false)} false replies were shown (reach: 0)",
            *(f"{one.kind}, {one.statement}: {' '.join(one.wrong)}" for one in report.leaked),
        )
    ctx.exit(1 if report.leaked else 0)


def round_all(values: Mapping[str, float]) -> dict[str, float]:
    """To three places."""
    return {name: round(value, 3) for name, value in values.items()}


def _table(title: str, kind: str, counts: Mapping[str, tuple[int, int]]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None)
    table.add_column(kind)
    table.add_column("replies", justify="right")
    table.add_column("shown", justify="right")
    for name, (replies, shown) in counts.items():
        table.add_row(name, str(replies), str(shown))
    return table
