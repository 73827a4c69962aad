"""How much of a question's wording a passage speaks of: its own words, its headings, and the texts it is found by."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.types import Passage
    from index.lexical import LexicalIndex
    from index.passages import PassageStore

#: Passages whose stems are kept: about 40 MB. Finding them again costs .02 ms a passage.
_KEPT = 20_000


class Spoken:
    """The stems that passages speak of, kept once found. Safe to share between threads."""

    def __init__(self, store: PassageStore, lexical: LexicalIndex) -> None:
        self._store = store
        self._lexical = lexical
        self._kept: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def stems(self, passages: Sequence[Passage]) -> list[frozenset[str]]:
        """Of each passage, in order."""
        with self._lock:
            new = [passage for passage in passages if passage.id not in self._kept]
            if len(self._kept) + len(new) > _KEPT:
                self._kept.clear()
                new = list(passages)
            for passage, cues in zip(new, self._store.cues_of([passage.id for passage in new]), strict=True):
                spoken = " ".join((passage.article_title, passage.article_heading, *passage.section, *cues))
                self._kept[passage.id] = frozenset(self._lexical.terms(spoken))
            return [self._kept[passage.id] for passage in passages]

    def rarities(self, text: str) -> dict[str, float]:
        """The stems of a text, and what each weighs."""
        return {term: self._lexical.rarity(term) for term in self._lexical.terms(text)}


def share(weights: Mapping[str, float], spoken: Collection[str]) -> float:
    """Which share of the stems, by weight, is spoken of: `({"gout": 3, "dose": 1}, {"gout"})` → `.75`; of none: 0."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in spoken) / total if total else 0.0
