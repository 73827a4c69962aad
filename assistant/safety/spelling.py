"""Right spelling of words that no English dictionary knows, towards the words that the safety tables look for.

A word that is English is never changed, so that "breast" stays and "brethe" becomes "breathe". symspellpy has its one place here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symspellpy import SymSpell

#: Letters from which on a word may be one letter off, and two.
ONE_OFF_FROM, TWO_OFF_FROM = 4, 8


@lru_cache(maxsize=1)
def english_words() -> dict[str, int]:
    """The 82,765 words of symspellpy's frequency dictionary (SCOWL and Google n-grams) and how often each is written."""
    path = resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    lines = (line.split() for line in path.read_text("utf-8-sig").splitlines())
    return {word: int(count) for word, count in lines}


class Speller:
    """Corrects towards the words that are looked for, and the English words that begin as those do.

    The dictionary of misspellings (0.12 s) is made when the first unknown word is met.
    """

    def __init__(self, words: Iterable[str], beginnings: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if word.isalpha())
        self._beginnings = frozenset(beginnings)
        self._cached = lru_cache(maxsize=8192)(self._correct)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        ordered = sorted(english_words())
        spans = ((bisect_left(ordered, start), bisect_left(ordered, f"{start}\U0010ffff")) for start in self._beginnings)
        return self._words.union(*(ordered[first:last] for first, last in spans))

    @cached_property
    def _symspell(self) -> SymSpell:
        from symspellpy import SymSpell

        symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word in sorted(self._vocabulary):
            symspell.create_dictionary_entry(word, 1)
        return symspell

    @cached_property
    def _sounds(self) -> dict[str, str]:
        long = (word for word in sorted(self._vocabulary, reverse=True) if len(word) >= TWO_OFF_FROM - 1)
        return {_sound(word): word for word in long}

    def correct(self, word: str) -> str:
        """The word as it was meant, two words where the space was left out, or the word itself."""
        return self._cached(word)

    def _correct(self, word: str) -> str:
        if len(word) < ONE_OFF_FROM or len(word) > 30 or not word.isalpha() or word in self._words or word in english_words():
            return word
        if word.endswith("in") and word + "g" in english_words():
            return word + "g"
        from symspellpy import Verbosity

        distance = 2 if len(word) >= TWO_OFF_FROM else 1
        found = self._symspell.lookup(word, Verbosity.CLOSEST, max_edit_distance=distance)
        found = [item for item in found if (item.distance < 2 and len(word) > ONE_OFF_FROM) or item.term[0] == word[0]]
        if found:
            terms = [str(item.term) for item in found]
            return min(terms, key=lambda term: (*_unlike(word, term), -english_words().get(term, 0), term))
        if len(word) >= TWO_OFF_FROM - 1 and (alike := self._sounds.get(_sound(word))):
            return alike
        for cut in range(3, len(word) - 2):
            if word[:cut] in self._vocabulary and word[cut:] in self._vocabulary:
                return f"{word[:cut]} {word[cut:]}"
        return word


def _unlike(word: str, term: str) -> tuple[bool, bool, bool]:
    """What speaks against `term` among equally near words: other consonants, another first letter, no letter left out."""
    return _consonants(word) != _consonants(term), word[0] != term[0], len(term) <= len(word)


def _consonants(word: str) -> str:
    return "".join(letter for letter in word if letter not in "aeiouy")


def _sound(word: str) -> str:
    """How an English word sounds, roughly: "anafilaxis" and "anaphylaxis" are one."""
    from jellyfish import metaphone

    return str(metaphone(word))
