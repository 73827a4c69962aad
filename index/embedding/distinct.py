"""Which of many texts are the same, and where one is among others, by the keys of their contents: 130 bytes a text.

A dict of 1,000,000 keys would take 200 MB, and one of their vectors 2 GB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.kept import passage_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Keys = NDArray[np.bytes_]

#: A key is a SHA-256. NumPy drops its zeros at the end when it is taken out, so it is filled up again.
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Distinct:
    """The different texts among many. A different text's number is its place among the sorted keys."""

    keys: Keys  # of each different text, sorted
    first: Numbers  # for each different text, the first row that has it
    which: Numbers  # for each row, the number of its text
    _order: Numbers  # all rows, those of the same text together
    _starts: Numbers  # for each different text, and one more, where its rows begin in `_order`

    @staticmethod
    def of(texts: Iterable[str]) -> Distinct:
        """Reads the texts once."""
        keys, first, which = np.unique(_keys(texts), return_index=True, return_inverse=True)
        order = np.argsort(which, kind="stable")
        return Distinct(keys, first, which, order, np.searchsorted(which[order], np.arange(len(keys) + 1)))

    def names(self, numbers: Numbers) -> list[bytes]:
        """The keys of some texts, 32 bytes each."""
        return [key.ljust(_BYTES, b"\0") for key in self.keys[numbers].tolist()]

    def rows(self, numbers: Numbers) -> tuple[Numbers, Numbers]:
        """The rows that have any of some texts; and for each of those rows, the place in `numbers` of its text."""
        counts = self._starts[numbers + 1] - self._starts[numbers]
        places = np.repeat(np.arange(len(numbers)), counts)
        within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._order[self._starts[numbers][places] + within], places

    def found_among(self, others: Iterable[str]) -> Numbers:
        """For each different text its place among other texts, or -1."""
        theirs = _keys(others)
        if not len(theirs):
            return np.full(len(self.keys), -1)
        order = np.argsort(theirs, kind="stable")
        place = order[np.minimum(np.searchsorted(theirs, self.keys, sorter=order), len(order) - 1)]
        return np.where(theirs[place] == self.keys, place, -1)


def _keys(texts: Iterable[str]) -> Keys:
    return np.fromiter((passage_key(text) for text in texts), dtype=f"S{_BYTES}")
