"""Results as tables for people and as documents for machines. Measures nothing."""

from __future__ import annotations

from dataclasses import asdict, astuple, fields
from typing import TYPE_CHECKING, Any

from rich.table import Table

from assistant.retrieval import Signals
from eval.abstention import SHIPPED, WRONG
from eval.followups import KS, SCOPES
from eval.reach import FOLLOWUPS, FOLLOWUPS_AIM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.abstention import Constants, Report
    from eval.clarifying import Rate
    from eval.followups import Result


def followups_table(result: Result) -> Table:
    """One line a row, and under it what was to be reached."""
    table = Table(title="Follow-ups: hit@k with the article open | over the whole corpus", title_justify="left", box=None)
    for name in ("", "n", *(f"open@{k}" for k in KS), *(f"all@{k}" for k in KS)):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in result.rows:
        table.add_row(row.name, str(row.questions), *(f"{row.hits[scope][k]:.3f}" for scope in SCOPES for k in KS))
        for name, wanted in (("  reach", FOLLOWUPS), ("  aim", FOLLOWUPS_AIM)):
            bounds = {scope: wanted[scope].get(row.name, {}) for scope in SCOPES}
            if any(bounds.values()):
                cells = (f"{bounds[scope][k]:.2f}" if k in bounds[scope] else "" for scope in SCOPES for k in KS)
                table.add_row(name, "", *cells, style="dim")
    return table


def followups_document(result: Result) -> dict[str, Any]:
    """Measures by scope, row and name; what was to be reached; the product's rank for each question (null: not in 20)."""
    return {
        "questions": result.rows[0].questions,
        "measures": {
            scope: {row.name: {"questions": row.questions, **_named(row.hits[scope])} for row in result.rows} for scope in SCOPES
        },
        "reach": {scope: {name: _named(bounds) for name, bounds in FOLLOWUPS[scope].items()} for scope in SCOPES},
        "aim": {scope: {name: _named(bounds) for name, bounds in FOLLOWUPS_AIM[scope].items()} for scope in SCOPES},
        "short_of_reach": result.short_of_reach(),
        "ranks": result.ranks,
    }


def clarify_table(rates: Sequence[Rate]) -> Table:
    """How often the reader is asked back, and where that is wrong."""
    table = Table(title="Asked back where a question has two readings", title_justify="left", box=None)
    for name in ("", "n", "ClarifyRate", "wrong"):
        table.add_column(name, justify="right" if name in ("n", "ClarifyRate") else "left")
    for rate in rates:
        table.add_row(rate.name, str(rate.questions), f"{rate.clarify_rate:.3f}", " ".join(rate.wrong))
    return table


def clarify_document(rates: Sequence[Rate]) -> dict[str, Any]:
    """The same by the name of the row."""
    return {
        rate.name: {"questions": rate.questions, "ClarifyRate": round(rate.clarify_rate, 4), "wrong": list(rate.wrong)}
        for rate in rates
    }


def abstention_tables(result: Report) -> list[Table]:
    """How well it separates, and what answering less gains."""
    separation = Table(title=f"Abstention below {result.threshold:g}", title_justify="left", box=None)
    for name in ("", "AUROC", "answerable answered", "unanswerable abstained"):
        separation.add_column(name, justify="right" if name else "left", no_wrap=True)
    for name, row in _separations(result).items():
        separation.add_row(name, *(f"{row[key]:.3f}" for key in ("AUROC", "answerable_answered", "unanswerable_abstained")))
    risk = Table(title="Wrong answers when only the surest are answered", title_justify="left", box=None)
    for name in ("", *(f"{point.coverage:.0%}" for point in next(iter(result.held_out.values())).risks)):
        risk.add_column(name, justify="right" if name else "left")
    for scope, held in result.held_out.items():
        risk.add_row(scope, *(f"{point.risk:.3f}" for point in held.risks))
    return [separation, risk]


def abstention_lines(result: Report) -> list[str]:
    """What is answered at a bearable risk; the constants, shipped and (with `--fit`) fitted, with their held-out AUROC."""
    lines = [
        f"Answerable answered with at most {WRONG:.0%} wrong answers, {scope}: {held.answered_at_risk:.3f}"
        for scope, held in result.held_out.items()
    ]
    lines.append(_constants_line("shipped", SHIPPED, result))
    if result.fitted:
        lines.append(_constants_line("fitted", result.fitted, result))
    return lines


def abstention_document(result: Report) -> dict[str, Any]:
    """The same as the tables, with the thresholds of the risk-coverage points."""
    document: dict[str, Any] = {
        "threshold": result.threshold,
        "measures": _separations(result),
        "answered_at_risk": {scope: round(held.answered_at_risk, 4) for scope, held in result.held_out.items()},
        "risk_coverage": {scope: [asdict(point) for point in held.risks] for scope, held in result.held_out.items()},
        "shipped": {"constants": asdict(SHIPPED), "held_out_AUROC": result.held_out_auroc(SHIPPED)},
    }
    if result.fitted:
        document["fitted"] = {"constants": asdict(result.fitted), "held_out_AUROC": result.held_out_auroc(result.fitted)}
    return document


def _named(hits: dict[int, float]) -> dict[str, float]:
    return {f"hit@{k}": round(value, 4) for k, value in hits.items()}


def _separations(result: Report) -> dict[str, dict[str, float]]:
    sets = {f"held out, {scope}": held.separation for scope, held in result.held_out.items()}
    return {
        name: {
            "answerable": len(separation.answerable),
            "unanswerable": len(separation.unanswerable),
            "AUROC": round(separation.auroc(), 4),
            "answerable_answered": round(separation.answered(result.threshold), 4),
            "unanswerable_abstained": round(separation.abstained(result.threshold), 4),
        }
        for name, separation in {**sets, "own questions": result.own}.items()
    }


def _constants_line(name: str, constants: Constants, result: Report) -> str:
    numbers = (constants.intercept, *astuple(constants.weights))
    aurocs = ", ".join(f"{value:.3f} {scope}" for scope, value in result.held_out_auroc(constants).items())
    return (
        f"{name}: INTERCEPT, {', '.join(field.name for field in fields(Signals))} = "
        f"{', '.join(f'{number:.2f}' for number in numbers)}\n"
        f"         AUROC held out {aurocs}"
    )
