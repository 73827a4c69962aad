"""Measures: rankings and confidences in, one number out. Pure; imports nothing of ours."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass


def first_hit(ranking: Sequence[str], gold: Collection[str]) -> int | None:
    """The rank, from 1, of the first id that is gold; None when none is there: `(["b", "a"], {"a"})` → 2."""
    return next((rank for rank, identifier in enumerate(ranking, start=1) if identifier in gold), None)


def hit_at(k: int, ranks: Sequence[int | None]) -> float:
    """Share of questions with a gold passage among the first `k`: ranks 1, 3, none, 2 → hit@1 .25, hit@2 .5, hit@3 .75."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive has the higher score of a random pair, a tie counting half (Hanley and McNeil 1982).

    Positive .9 and .4 against negative .4 and .1: three pairs are won and one is a tie → 3.5 / 4 = .875.
    """
    won = sum((high > low) + 0.5 * (high == low) for high in positive for low in negative)
    return won / (len(positive) * len(negative))


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest value that at least `percent` of all are not above: 50 of (1, 2, 3, 4) → 2."""
    return sorted(values)[max(1, math.ceil(percent / 100 * len(values))) - 1]


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """Answering only the surest `coverage` of all questions, those at `threshold` or above, errs in `risk` of the answers."""

    coverage: float
    risk: float
    threshold: float


def answered_at_risk(confidences: Sequence[float], right: Sequence[bool], answerable: Sequence[bool], risk: float) -> float:
    """Share of the answerable questions that are answered when as many are as keep the share of wrong answers within `risk`.

    Confidences .9 right, .8 wrong, .7 right, .6 unanswerable: at a risk of 1/3 the first three, 3 of 3; at 0 the first, 1 of 3.
    """
    ordered = sorted(zip(confidences, right, answerable, strict=True), key=lambda row: -row[0])
    wrong, reached, best = 0, 0, 0
    for count, (_, is_right, is_answerable) in enumerate(ordered, start=1):
        wrong += not is_right
        reached += is_answerable
        if wrong <= risk * count:
            best = reached
    return best / sum(answerable)


def risk_coverage(confidences: Sequence[float], right: Sequence[bool], coverages: Sequence[float]) -> list[RiskPoint]:
    """The risk at each coverage (El-Yaniv and Wiener 2010), the surest questions first.

    Confidences .9 right, .8 wrong, .7 right, .1 wrong: coverage .25 → risk 0, .5 → 1/2, .75 → 1/3, 1 → 1/2.
    """
    ordered = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points = []
    for coverage in coverages:
        answered = ordered[: max(1, round(coverage * len(ordered)))]
        wrong = sum(not is_right for _, is_right in answered)
        points.append(RiskPoint(coverage, wrong / len(answered), answered[-1][0]))
    return points
