"""From cues to passages: what the best cues of each kind say about the passages they lead to. Arrays, because at 100,000
passages the same in Python loops and SQL took 2.7 ms of a search, and this .4 (eval/LOG.md, 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.types import CueKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Values = NDArray[np.float64]

_KINDS = tuple(CueKind)
_WORDING, _TEXT, _QUESTION, _PLAIN = (_KINDS.index(kind) for kind in ("wording", "text", "question", "plain"))
#: What a passage's nearest question and plain sentence add to its own nearness (1): a question that it answers counts like
#: its wording, a plain-language sentence a third. Tried 0.6 and 1 for questions, 0, 0.3 and 0.5 for plain sentences: all
#: within .02 of each other, wording alone .06-.10 lower at hit@1 (eval/LOG.md).
QUESTION, PLAIN = 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Pooled:
    """Passages that were found, by row in rising order: cosine, and word score (0: no word shared).

    `near` are those that a near vector leads to; the others have the cosine of the farthest. `informed` are those whose
    cosine is of several cues: statements, which questions and plain sentences lead to as well.
    """

    rows: Rows
    dense: Values
    lexical: Values
    informed: NDArray[np.bool_]
    near: NDArray[np.bool_]


class Leads:
    """Which passages each cue leads to, and of which kind it is: 9 bytes a cue, 4 a lead."""

    def __init__(self, kinds: Sequence[str], leads: Sequence[tuple[int, int]]) -> None:
        self._kinds = np.array([_KINDS.index(CueKind(kind)) for kind in kinds], np.int8)
        pairs = np.array(leads, np.int64).reshape(-1, 2)  # (cue, passage), by cue
        self._starts = np.searchsorted(pairs[:, 0], np.arange(len(kinds) + 1))
        self._passages = pairs[:, 1].astype(np.int32)
        self._has_text = np.zeros(int(self._passages.max(initial=-1)) + 1, bool)
        self._has_text[self._passages[self._kinds[pairs[:, 0]] == _TEXT]] = True

    def pool(self, near: Sequence[tuple[int, float]], words: Sequence[tuple[int, float]]) -> Pooled:
        """Every passage that a near cue or a cue with shared words leads to. `near` and `words`: (cue row, score)."""
        near_passages, near_kinds, cosines = self._follow(near)
        word_passages, _, scores = self._follow(words)
        rows, at = np.unique(np.concatenate([near_passages, word_passages]), return_inverse=True)
        by_kind = np.full((len(_KINDS), len(rows)), -np.inf)
        np.maximum.at(by_kind, (near_kinds, at[: len(near_passages)]), cosines)
        lexical = np.zeros(len(rows))
        np.maximum.at(lexical, at[len(near_passages) :], scores)
        floor = near[-1][1] if near else 0.0
        informed = self._has_text[rows]
        return Pooled(rows, pooled_cosine(by_kind, informed, floor), lexical, informed, np.isin(rows, near_passages))

    def _follow(self, found: Sequence[tuple[int, float]]) -> tuple[Rows, NDArray[np.int8], Values]:
        """Passage, kind and score of every lead."""
        cues = np.array([row for row, _ in found], np.int64)
        scores = np.array([score for _, score in found], np.float64)
        counts = self._starts[cues + 1] - self._starts[cues]
        before = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(cues) else counts
        at = np.repeat(self._starts[cues] - before, counts) + np.arange(counts.sum())
        return self._passages[at].astype(np.int64), np.repeat(self._kinds[cues], counts), np.repeat(scores, counts)


def pooled_cosine(by_kind: Values, has_text: NDArray[np.bool_], floor: float) -> Values:
    """A passage's cosine from the best of each kind, float (kinds, passages), -inf where no cue of it is near.

    Its own nearness is the mean of its wording's, headings included, and of its bare text's where that is a cue. What is
    not near counts as the farthest that is (`floor`: its cosine is at most that). A question or plain sentence never makes
    it worse, nor does having none. Example: wording .6, text .8, question .9 → (1·.7 + 1·.9 + .3·.7) / 2.3 = .787.
    """
    known = np.where(np.isneginf(by_kind), floor, by_kind)
    own = np.where(has_text, (known[_WORDING] + known[_TEXT]) / 2, known[_WORDING])
    question, plain = (np.maximum(by_kind[kind], own) for kind in (_QUESTION, _PLAIN))
    pooled: Values = (own + QUESTION * question + PLAIN * plain) / (1 + QUESTION + PLAIN)
    return pooled


def aligned(wanted: Rows, rows: Rows, values: Values, missing: float) -> Values:
    """The values of `rows` (rising) for other rows: `([1, 2, 5], [2, 5], [.2, .5], 0)` → `[0, .2, .5]`."""
    if not len(rows):
        return np.full(len(wanted), missing)
    at = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return np.where(rows[at] == wanted, values[at], missing)
