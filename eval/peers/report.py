"""Results of `followup eval peers` as a table and as a document: figures, and the product beside each peer as ratios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.peers.harness import OF_SHORT
from eval.reach import PEERS

if TYPE_CHECKING:
    from eval.results import Result

_QUALITY = ("nDCG@10", OF_SHORT, "R@100")
_TIMES = ("p50@10", "p95@10", "p50@100")
#: The last decimal that figures have: a peer that finds nothing has a ratio too.
_LEAST = 1e-6
#: Every reader of the figures must know these.
NOTES = (
    "Each is asked for 10 documents (short) and for 100; quality is of the 100, short nDCG@10 of the 10.",
    "Times are in ms, the query's encoding apart; build is without embedding.",
    "Ratios are above 1 where the product is better: its quality over theirs, their time over its.",
)


@dataclass(frozen=True, slots=True)
class Ratios:
    """The product beside one peer, by the name of the figure; above 1 the product is better."""

    peer: str
    values: dict[str, float]

    @property
    def short_of(self) -> list[str]:
        """The figures that do not reach what was asked."""
        return [name for name, reach in PEERS.items() if not reach.holds(self.values[name])]


def ratios(results: Sequence[Result]) -> list[Ratios]:
    """For each peer; the first result is the product's."""
    ours = _figures(results[0])
    return [Ratios(theirs.name, {name: _ratio(name, ours, _figures(theirs)) for name in ours}) for theirs in results[1:]]


def peers_table(results: Sequence[Result]) -> Table:
    """One row a system."""
    dataset = results[0].dataset
    about = f"{dataset['name']} ({dataset['split']}): {dataset['queries']} queries, {dataset['documents']} documents"
    table = _table(about, _figures(results[0]))
    for result in results:
        table.add_row(result.name, *(_said(name, value) for name, value in _figures(result).items()))
    return table


def ratios_table(results: Sequence[Result]) -> Table:
    """One row a peer: the product beside it, and whether the product is better in all that was asked."""
    names = [name for name in _figures(results[0]) if name != "p95@10"]
    table = _table(f"{results[0].name} beside each peer", [*names, "better"])
    for beside in ratios(results):
        table.add_row(beside.peer, *(f"{beside.values[name]:.3g}" for name in names), "no" if beside.short_of else "yes")
    return table


def peers_document(results: Sequence[Result]) -> dict[str, Any]:
    """Every result file by the system's name, the ratios, and what was to be reached."""
    return {
        "dataset": dict(results[0].dataset),
        "results": {result.name: result.document() for result in results},
        "ratios": {beside.peer: {name: round(value, 4) for name, value in beside.values.items()} for beside in ratios(results)},
        "reach": {name: str(bound) for name, bound in PEERS.items()},
        "not_reached": {beside.peer: beside.short_of for beside in ratios(results) if beside.short_of},
    }


def _table(title: str, names: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    return table


def _figures(result: Result) -> dict[str, float]:
    means, milliseconds = result.means(), result.made_by["milliseconds"]
    return {
        **{name: means[name] for name in _QUALITY},
        **{name: milliseconds[name] for name in _TIMES},
        "build s": result.seconds["build"],
    }


def _ratio(name: str, ours: dict[str, float], theirs: dict[str, float]) -> float:
    over, under = (ours, theirs) if name in _QUALITY else (theirs, ours)
    return over[name] / max(under[name], _LEAST)


def _said(name: str, value: float) -> str:
    return f"{value:.4f}" if name in _QUALITY else f"{value:.1f}" if name == "build s" else f"{value:.2f}"
