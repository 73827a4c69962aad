"""What `followup eval answers` and `followup eval judge` print: tables for people, documents for machines. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.reach import ANSWERS

if TYPE_CHECKING:
    from eval.judging import Worth
    from eval.results import Result


def answers_table(result: Result) -> Table:
    """One line a measure, one column a kind of question; what a kind has no figure for stays empty."""
    columns = {"all": result.means(), **{kind: result.means(kind) for kind in result.kinds()}}
    table = Table(title=f"Answers, {result.configuration['scope']}", title_justify="left", box=None)
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    table.add_row("questions", str(len(result.queries)), *(str(count) for count in result.kinds().values()))
    for measure in dict.fromkeys(name for means in columns.values() for name in means):
        table.add_row(measure, *(f"{means[measure]:.3f}" if measure in means else "" for means in columns.values()))
    return table


def answers_lines(result: Result) -> Iterator[str]:
    """Abstention, length and latency in a line each, then the notes."""
    found = result.extra["abstention"]
    said = [f"{name} {found[name]:.3f}" for name in ("AUROC", "coverage", "risk") if name in found]
    yield f"Abstention below {found['threshold']:g}: {', '.join(said)}"
    for name, length in result.extra["length"].items():
        yield f"{name} of an answer: median {length['median']:g}, p90 {length['p90']:g}"
    yield "ms of an answer: " + ", ".join(f"p{percent} {result.seconds[f'answer_p{percent}_ms']:.1f}" for percent in (50, 95, 99))
    yield from (f"Note: {note}" for note in result.notes)
    yield ""


def answers_document(results: Mapping[str, Result], shipped: bool) -> dict[str, Any]:
    """Each result by its folder, and which figures of the shipped questions are short of what was to be reached."""
    document: dict[str, Any] = {"results": {folder: result.document() for folder, result in results.items()}}
    return {**document, "short_of_reach": short_of_reach(results)} if shipped else document


def short_of_reach(results: Mapping[str, Result]) -> list[str]:
    """Every figure below what was to be reached with the shipped questions, as a sentence."""
    return [
        f"{name}, {scope}: {value:.3f} is not {reach}"
        for result in results.values()
        for scope in [result.configuration["scope"]]
        for name, reach in ANSWERS[scope].items()
        if not reach.holds(value := result.extra["abstention"][name])
    ]


def worth_table(name: str, worth: Worth) -> Table:
    """One judge on one file of labelled pairs."""
    table = Table(box=None)
    for heading in ("judge", "pairs", "supported", "AUROC", "Accuracy"):
        table.add_column(heading, justify="left" if heading == "judge" else "right", no_wrap=True)
    table.add_row(name, str(worth.pairs), str(worth.supported), f"{worth.auroc:.3f}", f"{worth.accuracy:.3f}")
    return table


def worth_document(worth: Worth) -> dict[str, Any]:
    """The same, measures by their names."""
    measures = {"AUROC": round(worth.auroc, 6), "Accuracy": round(worth.accuracy, 6)}
    return {"pairs": worth.pairs, "supported": worth.supported, "measures": measures}
