"""Combines the scores of the two searches. Pure functions over arrays with one entry a passage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from index.types import Fusion

if TYPE_CHECKING:
    from index.pooling import Rows, Values

#: As many of the best as gain by what they speak of (`Ranking.coverage`); all candidates give the same figures.
COVERED = 20
#: What the reranker's relevance (0..1) adds. On the follow-ups no share helps: eval/LOG.md.
RERANKED = 0.2
_RRF_K = 60


def min_max(scores: Values) -> Values:
    """Scaled to 0..1 over the candidates: `[2, 4, 3]` → `[0, 1, 0.5]`; all equal → 0."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros(len(scores))


def by_best(scores: Values) -> Values:
    """As shares of the best, for scores with a zero of their own (no word shared): `[2, 4, 0]` → `[0.5, 1, 0]`."""
    high = scores.max(initial=0.0)
    return scores / high if high > 0 else np.zeros(len(scores))


def combine(dense: Values, lexical: Values, weights: Values | float, fusion: Fusion = Fusion.CONVEX) -> Values:
    """One score, 0..1, for every candidate: a convex combination (Bruch et al. 2023, "An Analysis of Fusion Functions").

    `weights` are the vectors' shares, for all or for each. Scores of 0 have no rank: what a search did not find.
    """
    if fusion is Fusion.RRF:
        dense, lexical = _reciprocal_rank(dense), _reciprocal_rank(lexical)
    else:
        dense, lexical = min_max(dense), by_best(lexical)
    return weights * dense + (1 - weights) * lexical


def best(rows: Rows, scores: Values, count: int) -> Rows:
    """Positions of the `count` highest scores, best first; equal ones in the order of rows."""
    return np.lexsort((rows, -scores))[:count]


def _reciprocal_rank(scores: Values) -> Values:
    """(k + 1) / (k + rank) with k = 60 (Cormack et al. 2009), so that the first has 1; 0 for what was not found."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(scores > 0, (_RRF_K + 1) / (_RRF_K + ranks), 0.0)
