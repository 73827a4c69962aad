"""Combines scores: of the cues that lead to one passage, and of the two searches. Pure functions over plain numbers."""

from __future__ import annotations

from collections.abc import Mapping

from index.types import CueKind

#: What the best cue of each kind adds to a passage's score: a question that the passage answers counts like its wording, a
#: plain-language sentence a third. Tried 0.6 and 1 for questions, 0, 0.3 and 0.5 for plain sentences: all within .02 of
#: each other, wording alone .06-.10 lower at hit@1 (eval/LOG.md).
WEIGHTS = {CueKind.WORDING: 1.0, CueKind.QUESTION: 1.0, CueKind.PLAIN: 0.3}


def pool_dense(best: Mapping[CueKind, float], floor: float) -> float:
    """A passage's cosine from its best cue of each kind, as a weighted mean.

    A passage that lists no question is not worse for it: what is missing counts as its wording does. `floor` stands in
    for a wording that was not among the nearest (its true cosine is at most that).
    Example: wording .6, question .9, no plain sentence → (1·.6 + 1·.9 + .3·.6) / 2.3 = .730.
    """
    wording = best.get(CueKind.WORDING, floor)
    total = sum(weight * max(best.get(kind, wording), wording) for kind, weight in WEIGHTS.items())
    return total / sum(WEIGHTS.values())


def pool_lexical(best: Mapping[CueKind, float]) -> float:
    """A passage's word score from its best cue of each kind: a weighted sum, because words shared twice say more."""
    return sum(weight * best.get(kind, 0.0) for kind, weight in WEIGHTS.items())


def min_max(scores: Mapping[int, float]) -> dict[int, float]:
    """Scaled to 0..1 over the candidates: `{1: 2.0, 2: 4.0, 3: 3.0}` → `{1: 0.0, 2: 1.0, 3: 0.5}`; all equal → 0."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {key: (score - low) / (high - low) if high > low else 0.0 for key, score in scores.items()}


def combine(dense: Mapping[int, float], lexical: Mapping[int, float], dense_weight: float) -> dict[int, float]:
    """Convex combination of the two min-max-scaled scores (Bruch et al. 2023, "An Analysis of Fusion Functions").

    On NFCorpus test nDCG@10: reciprocal rank fusion .354, this with equal weights .369.
    """
    scaled_dense, scaled_lexical = min_max(dense), min_max(lexical)
    return {
        key: dense_weight * scaled_dense.get(key, 0.0) + (1 - dense_weight) * scaled_lexical.get(key, 0.0)
        for key in dense.keys() | lexical.keys()
    }
