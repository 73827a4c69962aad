"""`followup eval …`: what evaluators type. Each command measures, prints a table, and with `--json` one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.datasets import FOLLOWUPS, UNANSWERABLE

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.collection import Collection
    from eval.latency import Figure
    from eval.stages import Row

#: Where results go, beside the embeddings and indexes that benchmarks keep.
RESULTS = Path("var/eval/results")
#: The parts of `latency`, in the order they are measured.
PARTS = ("help", "search", "stages", "throughput", "build", "server", "readers", "scale")


@click.group()
def eval() -> None:
    """Benchmarks: are follow-ups found, are unanswerable questions left alone, how fast is it.

    \b
    followup eval retrieval --dataset ../shared/data/nfcorpus --split dev --config shipped --config lexical
    followup eval followups
    followup eval abstention
    followup eval answers
    followup eval latency --only server
    followup eval compare var/eval/results/before var/eval/results/after
    followup eval peers --dataset ../shared/data/nfcorpus --split dev
    followup eval report
    """  # noqa: D301  # click wants the backspace itself


def _takes_collection(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that name a test collection; the command gets `load`, which reads it."""

    @click.option("--dataset", required=True, type=click.Path(path_type=Path), help="A folder in the BEIR layout.")
    @click.option("--split", help="Which qrels; needed where there is more than one.")
    @click.option("--corpus", default="corpus.jsonl", show_default=True, help="Its documents, if another file.")
    @click.option("--queries", default="queries.jsonl", show_default=True, help="Its queries, if another file; or TREC topics.")
    @click.option("--qrels", help="Its qrels, if another file than qrels/SPLIT.tsv; or TREC's.")
    @wraps(command)
    def with_collection(dataset: Path, split: str | None, corpus: str, queries: str, qrels: str | None, **options: Any) -> None:
        from eval.collection import load_collection

        def load() -> Collection:
            return load_collection(dataset, split, corpus=corpus, queries=queries, qrels=qrels)

        command(load=load, **options)

    return with_collection


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_takes_collection
@click.option("--config", "configs", multiple=True, metavar="NAME", help="shipped, lexical, dense, rrf, convex, reranked …")
@click.option("--configs", "config_file", type=click.Path(path_type=Path), help="Own configurations (TOML).")
@click.option("--measure", "measures", multiple=True, metavar="NAME", help="As in ir-measures: nDCG@10, R@100, RR@10, P@5 …")
@click.option(
    "--out", default=RESULTS, show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Results go here."
)
@click.pass_obj
def retrieval(
    load_settings: Any,
    as_json: bool,
    load: Callable[[], Collection],
    configs: Sequence[str],
    config_file: Path | None,
    measures: Sequence[str],
    out: Path,
) -> None:
    """Any test collection, searched in any configuration: TREC runs, measures per query, and what made them."""
    from eval.configurations import chosen_configurations
    from eval.results import write_result
    from eval.retrieval import MEASURES, parsed
    from eval.retrieval_report import retrieval_document, retrieval_table
    from eval.throwaway import run_configuration

    settings: Settings = load_settings()
    parsed(measures)  # an unknown name is told before anything is read
    chosen = chosen_configurations(settings, configs, config_file)
    collection = load()
    results = []
    for configuration in chosen:
        with _counting(configuration.name) as progress:
            result = run_configuration(collection, configuration, settings, measures or MEASURES, progress)
        write_result(result, out / f"{collection.name}-{collection.split}-{configuration.name}")
        results.append(result)
    if as_json:
        _print_json(retrieval_document(results))
    else:
        _print(retrieval_table(results), *results[0].notes, f"Written to {out}")


@eval.command()
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
    from eval.conversations import is_conversations
    from eval.datasets import load_followups
    from eval.followups import run
    from eval.product import Product
    from eval.provenance import made_by
    from eval.report import followups_document, followups_table
    from index.search import Index

    settings: Settings = load_settings()
    if is_conversations(dataset):
        _conversations(settings, dataset, corpus, out, as_json)
        return
    questions = load_followups(dataset)
    index = Index.open(settings)
    with _working("asking"):
        result = run(Product(index, settings), questions)
    if as_json:
        _print_json({"made_by": made_by(index, settings, [dataset]), **followups_document(result)})
    else:
        _print(followups_table(result), *(result.short_of_reach() or ["Every figure is within reach."]), *result.short_of_aim())


def _conversations(settings: Settings, dataset: Path, corpus: Path | None, out: Path, as_json: bool) -> None:
    from functools import partial

    from eval.conversations import load_conversations
    from eval.conversations_report import conversations_document, conversations_tables, has_reach, short_of_reach
    from eval.resolving import opened, run
    from eval.results import write_result

    conversations = load_conversations(dataset, corpus)
    with _counting(f"{conversations.name} {conversations.split}") as progress:
        product = opened(conversations, settings, progress=partial(progress, "embedding"))
        results = run(conversations, product, partial(progress, "asking"))
    for result in results:
        write_result(result, out / f"{conversations.name}-{conversations.split}-{result.name}")
    if as_json:
        _print_json(conversations_document(results))
        return
    reached = (short_of_reach(results) or ["Every figure is within reach."]) if has_reach(results) else []
    _print(*conversations_tables(results), *conversations.notes, *reached, f"Written to {out}")


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
    with _working("answering"):
        results = run(index, settings, questions, judging, writing)
    for folder, result in results.items():
        write_result(result, out / folder)
    if as_json:
        _print_json(answers_document(results, shipped))
        return
    for result in results.values():
        _print(answers_table(result), *answers_lines(result))
    _print(*((short_of_reach(results) or ["Every figure is within reach."]) if shipped else []), f"Written to {out}")


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--dataset", required=True, type=click.Path(path_type=Path), help="JSON lines of claim, evidence and label.")
@click.option("--judge", default="exact", show_default=True, metavar="exact|MODULE:NAME")
def judge(as_json: bool, dataset: Path, judge: str) -> None:
    """Is a judge of `answers` to be trusted: AUROC and accuracy on pairs that people have labelled."""
    from eval.answer_tables import worth_document, worth_table
    from eval.judging import load_judge, load_pairs, worth
    from index.generations import sha256_of

    pairs, left_out = load_pairs(dataset)
    with _working("judging"):
        result = worth(load_judge(judge), pairs)
    if as_json:
        source = {"name": dataset.name, "digest": sha256_of(dataset), "without_verdict": left_out}
        _print_json({"dataset": source, "judge": judge, **worth_document(result)})
    else:
        _print(worth_table(judge, result), *([f"{left_out} lines without a verdict are left out"] if left_out else []))


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given several times.")
@click.option(
    "--size", "sizes", multiple=True, type=click.IntRange(min=100), help="Passages in an index of `scale`; several times."
)
@click.option("--large", is_flag=True, help="`scale` also at a million passages: ten minutes and 8 GB more.")
@click.option(
    "--out",
    default=Path("var/eval/results/latency"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the result goes.",
)
@click.pass_obj
def latency(load_settings: Any, as_json: bool, only: Sequence[str], sizes: Sequence[int], large: bool, out: Path) -> None:
    """How fast and how big it is on this machine: stages, readers at once, growth, build, command line. Four minutes."""
    from eval.latency_report import latency_document, latency_notes, latency_result, latency_table, latency_tables
    from eval.provenance import machine, made_by
    from eval.results import write_result
    from eval.scale import LARGE, SIZES
    from index.search import Index

    settings: Settings = load_settings()
    index = Index.open(settings)
    figures: list[Figure] = []
    tables: dict[str, list[Row]] = {}
    for part in only or PARTS:
        with _working(f"measuring: {part}"):
            measured, rows = _measured(part, settings, (*(sizes or SIZES), *([LARGE] if large else [])))
        figures += measured
        tables |= {part: rows} if rows else {}
    produced = {**made_by(index, settings, [FOLLOWUPS]), "machine": machine()}
    dataset = {"name": FOLLOWUPS.stem, "digest": produced["datasets"][0]["sha256"]}
    write_result(latency_result(figures, tables, dataset, produced), out)
    if as_json:
        _print_json({"made_by": produced, **latency_document(figures), **tables, "notes": latency_notes(tables)})
    else:
        _print(
            *([latency_table(figures)] if figures else []), *latency_tables(tables), *latency_notes(tables), f"Written to {out}"
        )


@eval.command()
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
    with _working("comparing"):
        found = run(first, second, measures=measures, kind=kind, level=level, by_kind=by_kind, any_dataset=anyway)
    if as_json:
        _print_json(comparison_document(found, texts))
    else:
        _print(*comparison_parts(found, texts))
    ctx.exit(1 if found.significantly_worse else 0)


@eval.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_takes_collection
@click.option("--peer", "names", multiple=True, metavar="NAME", help="txtai, haystack, llamaindex, langchain; or all.")
@click.option(
    "--out", default=RESULTS, show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Results go here."
)
@click.pass_obj
def peers(
    load_settings: Any,
    as_json: bool,
    load: Callable[[], Collection],
    names: Sequence[str],
    out: Path,
) -> None:
    """The shipped configuration and other libraries on the same data in one run: quality and time, as ratios.

    Needs the extra `peers`: pip install --editable '.[peers]' --constraint constraints.txt
    """
    from eval.peers.harness import run
    from eval.peers.peer import chosen_peers
    from eval.peers.report import NOTES, peers_document, peers_table, ratios_table
    from eval.results import write_result

    chosen, missing = chosen_peers(names)
    collection = load()
    with _counting("peers") as progress:
        results = run(collection, chosen, load_settings(), progress, notes=missing)
    folders = [out / f"{collection.name}-{collection.split}-peers-{result.name}" for result in results]
    for result, folder in zip(results, folders, strict=True):
        write_result(result, folder)
    if as_json:
        _print_json(peers_document(results))
    else:
        encoding = f"Encoding a query takes {results[0].made_by['encode_p50_ms']:.1f} ms (p50), for all the same."
        beyond = f"Beyond chance? followup eval compare {folders[1]} {folders[0]}"
        _print(peers_table(results), "", ratios_table(results), "", *NOTES, encoding, *results[0].notes, beyond)


@eval.command()
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

    with _working("comparing and drawing"):
        groups = load_groups(result_folders(folders or [Path("var/eval/results")]), baseline)
        size = write_page(groups, out)
    results = sum(len(group.results) for group in groups)
    _print(f"{out}: {results} results in {len(groups)} groups, {size / 1e6:.1f} MB")


def _measured(part: str, settings: Settings, sizes: Sequence[int]) -> tuple[list[Figure], list[Row]]:
    from eval import processes, scale
    from eval.datasets import load_followups
    from eval.latency import search_figures, throughput_figures
    from eval.stages import warm_rows

    match part:
        case "help":
            return processes.help_figures(), []
        case "search":
            return search_figures(settings, load_followups()), []
        case "stages":
            return [], [*warm_rows(settings, load_followups()), *processes.cold_rows(settings)]
        case "throughput":
            return throughput_figures(settings), []
        case "build":
            return processes.build_figures(settings), []
        case "server":
            return processes.server_figures(settings, load_followups()), []
        case "readers":
            return [], processes.reader_rows(settings, load_followups())
        case _:
            rows = scale.scale_rows(settings, load_followups(), sizes)
            return scale.scale_figures(rows), rows


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def _print(*shown: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for part in shown:
        console.print(part)


@contextmanager
def _counting(what: str) -> Iterator[Callable[[str, int, int], None]]:
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
def _working(what: str) -> Iterator[None]:
    """Says on a terminal what takes so long; nothing in a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
