"""A view of an open index without one of its cues: how a question of an article is found by everything but itself.

What the cue would have added is left out of both searches and of what its passages speak of. How rare words are is counted
over all cues, this one included.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from index.search import DEPTH, Index

if TYPE_CHECKING:
    from index.pooling import Pooled
    from index.types import Vectors


class LeavingOut(Index):
    """Searches like the index it is made of, which stays as it is. Costs nothing to make."""

    def __init__(self, index: Index, cue: int, passages: Sequence[int]) -> None:
        """`cue`: the row that is left out; `passages`: the rows it leads to."""
        self.__dict__.update(index.__dict__)  # opens no file again
        self._cue = cue
        self._led_to = frozenset(passages)

    def _candidates(self, vector: Vectors, terms: Mapping[str, float], scope: range | None, article_id: str | None) -> Pooled:
        depth = len(scope) if scope is not None else DEPTH
        near = self._vectors.nearest(vector, depth + 1, scope)  # one more, for the one that goes
        words = self._lexical.best(terms, DEPTH + 1, article_id)
        return self._leads.pool(self._others(near)[:depth], self._others(words)[:DEPTH])

    def _others(self, found: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
        return [pair for pair in found if pair[0] != self._cue]

    def _stems(self, rows: Sequence[int]) -> Mapping[int, Collection[str]]:
        said = dict(super()._stems(rows))
        led_to = [row for row in rows if row in self._led_to]
        passages = self.store.passages(led_to)
        for row, cues in self.store.cues_of(led_to).items():
            passage = passages[row]
            texts = [text for cue, text in cues.items() if cue != self._cue]
            texts += [passage.article_title, passage.article_heading, *passage.section]
            said[row] = frozenset(self._lexical.terms(" ".join(texts)))
        return said
