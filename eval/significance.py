"""Is a mean difference more than chance: arrays of paired differences in, numbers out. Pure; the one owner of scipy.

Seeded, so that the same differences give the same numbers; each call starts from the seed anew, so that a measure's
figures do not depend on which others are compared with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import DegenerateDataWarning, bootstrap, permutation_test

Differences = NDArray[np.float64]

SEED = 20260101
RESAMPLES = 10_000
CONFIDENCE = 0.95
#: Numbers held at once while resampling: 8 MB, and faster than one big array (2,000 differences: 0.6 s against 2.6 s).
_AT_ONCE = 1_000_000


def p_value(differences: Differences) -> float:
    """Two-sided paired randomisation test of the mean difference being 0 (Smucker, Allan and Carterette, CIKM 2007).

    Were the two runs alike, each difference could as well have had the other sign. (3, 1, 2): of the 8 ways to sign them
    two give a mean as far from 0, so p = 2/8. Exact where there are at most `RESAMPLES` ways, else a sample of them.
    """
    able_to_flip = differences[differences != 0]
    if able_to_flip.size < 2:  # scipy wants two; one is as far from 0 with either sign
        return 1.0
    test = permutation_test(
        (able_to_flip,),
        np.sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=_batch(able_to_flip),
        alternative="two-sided",
        rng=np.random.default_rng(SEED),
    )
    return float(test.pvalue)


def interval(differences: Differences) -> tuple[float, float]:
    """Bootstrap interval of the mean difference: BCa (Efron 1987), or plain percentiles where that is not defined.

    It is not where no resample differs from another; then both ends are their mean.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # answered by the percentiles below
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = _bootstrap(differences, "BCa")
    return ends if np.isfinite(ends).all() else _bootstrap(differences, "percentile")


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values adjusted for being several (Holm 1979), in the order given: .01, .04, .03 → .03, .06, .06.

    The smallest is multiplied by their number, the next by one less and so on; none may fall below one before it.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return [float(value) for value in adjusted]


def _bootstrap(differences: Differences, method: str) -> tuple[float, float]:
    if differences.size == 1:  # scipy wants two; of one there is one resample
        return float(differences[0]), float(differences[0])
    found: Any = bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=_batch(differences),
        confidence_level=CONFIDENCE,
        method=method,
        rng=np.random.default_rng(SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _batch(differences: Differences) -> int:
    return max(1, _AT_ONCE // differences.size)
