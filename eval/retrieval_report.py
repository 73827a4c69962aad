"""Results of `followup eval retrieval` as a table and as a document. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.reach import RETRIEVAL

if TYPE_CHECKING:
    from eval.results import Result


def retrieval_table(results: Sequence[Result]) -> Table:
    """One row a measure, one column a configuration, and beside them what was to be reached by the shipped one."""
    dataset = results[0].dataset
    about = f"{dataset['name']} ({dataset['split']}): {dataset['queries']} queries, {dataset['documents']} documents"
    table = Table(title=about, title_justify="left", box=None)
    bounds = RETRIEVAL.get((dataset["name"], dataset["split"]), {})
    for name in ("", *(result.name for result in results), *(["reach"] if bounds else [])):
        table.add_column(name, justify="right" if name else "left")
    means = [result.means() for result in results]
    for name in means[0]:
        table.add_row(name, *(f"{mean[name]:.4f}" for mean in means), *([str(bounds.get(name, ""))] if bounds else []))
    table.add_row("ms a query", *(f"{1000 * result.seconds['search'] / len(result.queries):.1f}" for result in results))
    return table


def retrieval_document(results: Sequence[Result]) -> dict[str, Any]:
    """Every result file, by the configuration's name, and what was to be reached."""
    dataset = results[0].dataset
    bounds = RETRIEVAL.get((dataset["name"], dataset["split"]), {})
    return {
        "dataset": dict(dataset),
        "results": {result.name: result.document() for result in results},
        "reach": {name: str(bound) for name, bound in bounds.items()},
    }
