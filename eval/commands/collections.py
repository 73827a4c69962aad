"""`followup eval retrieval | peers`: any test collection, searched by the product and by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import RESULTS, counting, print_json, show

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.collection import Collection


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


@click.command()
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
        with counting(configuration.name) as progress:
            result = run_configuration(collection, configuration, settings, measures or MEASURES, progress)
        write_result(result, out / f"{collection.name}-{collection.split}-{configuration.name}")
        results.append(result)
    if as_json:
        print_json(retrieval_document(results))
    else:
        show(retrieval_table(results), *results[0].notes, f"Written to {out}")


@click.command()
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
    with counting("peers") as progress:
        results = run(collection, chosen, load_settings(), progress, notes=missing)
    folders = [out / f"{collection.name}-{collection.split}-peers-{result.name}" for result in results]
    for result, folder in zip(results, folders, strict=True):
        write_result(result, folder)
    if as_json:
        print_json(peers_document(results))
    else:
        encoding = f"Encoding a query takes {results[0].made_by['encode_p50_ms']:.1f} ms (p50), for all the same."
        beyond = f"Beyond chance? followup eval compare {folders[1]} {folders[0]}"
        show(peers_table(results), "", ratios_table(results), "", *NOTES, encoding, *results[0].notes, beyond)
