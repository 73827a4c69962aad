"""`followup eval followups | abstention | answers | judge`: questions asked of the product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import RESULTS, counting, print_json, show, working
from eval.datasets import CLARIFY, FOLLOWUPS, UNANSWERABLE

if TYPE_CHECKING:
    from assistant.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--dataset",
    default=FOLLOWUPS,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other follow-ups, in the format of eval/data/followups.jsonl, or conversations (JSON lines, plain or gzip).",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Conversations: the folder of their documents in the BEIR layout; else `medquad` beside the dataset's folder.",
)
@click.option(
    "--out",
    default=RESULTS,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Conversations: a result for the product and each baseline goes here.",
)
@click.pass_obj
def followups(load_settings: Any, as_json: bool, dataset: Path, corpus: Path | None, out: Path) -> None:
    """Is what answers a follow-up found: shipped follow-ups (hit@k), or conversations by kind of turn, against baselines.

    Conversations that name documents are searched in an index of their own; of others only the wording is measured.
    """
    from eval import clarifying
    from eval.conversations import is_conversations
    from eval.datasets import load_followups
    from eval.followups import run
    from eval.product import Product
    from eval.provenance import made_by
    from eval.report import clarify_document, clarify_table, followups_document, followups_table
    from index.search import Index

    settings: Settings = load_settings()
    if is_conversations(dataset):
        _conversations(settings, dataset, corpus, out, as_json)
        return
    questions = load_followups(dataset)
    index = Index.open(settings)
    with working("asking"):
        result = run(Product(index, settings), questions)
        rates = clarifying.run(Product(index, settings), questions, CLARIFY if dataset == FOLLOWUPS else None)
    if as_json:
        clarify = clarify_document(rates)
        files = [dataset, CLARIFY] if dataset == FOLLOWUPS else [dataset]
        print_json({"made_by": made_by(index, settings, files), **followups_document(result), "clarify": clarify})
    else:
        reached = [*result.short_of_reach(), *clarifying.too_often(rates)] or ["Every figure is within reach."]
        show(followups_table(result), clarify_table(rates), *reached, *result.short_of_aim())


def _conversations(settings: Settings, dataset: Path, corpus: Path | None, out: Path, as_json: bool) -> None:
    from functools import partial

    from eval.conversations import load_conversations
    from eval.conversations_report import conversations_document, conversations_tables, has_reach, short_of_reach
    from eval.resolving import opened, run
    from eval.results import write_result

    conversations = load_conversations(dataset, corpus)
    with counting(f"{conversations.name} {conversations.split}") as progress:
        product = opened(conversations, settings, progress=partial(progress, "embedding"))
        results = run(conversations, product, partial(progress, "asking"))
    for result in results:
        write_result(result, out / f"{conversations.name}-{conversations.split}-{result.name}")
    if as_json:
        print_json(conversations_document(results))
        return
    reached = (short_of_reach(results) or ["Every figure is within reach."]) if has_reach(results) else []
    show(*conversations_tables(results), *conversations.notes, *reached, f"Written to {out}")


@click.command()
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
    with working("asking with and without the articles' own questions"):
        result = run(Product(index, settings), load_followups(), load_unanswerable(), refit=refit)
    if as_json:
        print_json({"made_by": made_by(index, settings, [FOLLOWUPS, UNANSWERABLE]), **abstention_document(result)})
    else:
        show(*abstention_tables(result), *abstention_lines(result))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--dataset",
    default=FOLLOWUPS,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other answerable questions, in the format of eval/data/followups.jsonl.",
)
@click.option(
    "--unanswerable",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Questions that nothing answers, as in eval/data/unanswerable.jsonl, which goes with the shipped dataset.",
)
@click.option("--judge", default="exact", show_default=True, metavar="exact|MODULE:NAME", help="Says whether quotes support.")
@click.option("--writer", default="extractive", show_default=True, metavar="extractive|MODULE:NAME", help="An AnswerWriter.")
@click.option(
    "--out",
    default=Path("var/eval/results"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the folders answers-open and answers-corpus go.",
)
@click.pass_obj
def answers(
    load_settings: Any, as_json: bool, dataset: Path, unanswerable: Path | None, judge: str, writer: str, out: Path
) -> None:
    """Are answers right, are they what they cite, and are questions left alone that no article answers."""
    from assistant.writing import ExtractiveWriter
    from eval.answer_tables import answers_document, answers_lines, answers_table, short_of_reach
    from eval.answers import Chosen, run
    from eval.asking import load_questions
    from eval.judging import load_judge, load_named
    from eval.results import write_result
    from index.search import Index

    settings: Settings = load_settings()
    shipped = dataset == FOLLOWUPS and unanswerable is None
    questions = load_questions(dataset, UNANSWERABLE if shipped else unanswerable)
    judging = Chosen(judge, load_judge(judge))
    writing = Chosen(writer, ExtractiveWriter() if writer == "extractive" else load_named("--writer", writer, ("mode", "write")))
    index = Index.open(settings)
    with working("answering"):
        results = run(index, settings, questions, judging, writing)
    for folder, result in results.items():
        write_result(result, out / folder)
    if as_json:
        print_json(answers_document(results, shipped))
        return
    for result in results.values():
        show(answers_table(result), *answers_lines(result))
    show(*((short_of_reach(results) or ["Every figure is within reach."]) if shipped else []), f"Written to {out}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--dataset", required=True, type=click.Path(path_type=Path), help="JSON lines of claim, evidence and label.")
@click.option("--judge", default="exact", show_default=True, metavar="exact|MODULE:NAME")
def judge(as_json: bool, dataset: Path, judge: str) -> None:
    """Is a judge of `answers` to be trusted: AUROC and accuracy on pairs that people have labelled."""
    from eval.answer_tables import worth_document, worth_table
    from eval.judging import load_judge, load_pairs, worth
    from index.files import sha256_of

    pairs, left_out = load_pairs(dataset)
    with working("judging"):
        result = worth(load_judge(judge), pairs)
    if as_json:
        source = {"name": dataset.name, "digest": sha256_of(dataset), "without_verdict": left_out}
        print_json({"dataset": source, "judge": judge, **worth_document(result)})
    else:
        show(worth_table(judge, result), *([f"{left_out} lines without a verdict are left out"] if left_out else []))
