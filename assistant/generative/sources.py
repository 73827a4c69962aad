"""Where a text names its source: "ACC/AHA (2025)", "the 2023 US guideline", "US label", "American Cancer Society (2020)"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator

from assistant.generative.vocabulary import DOCUMENTS, OPENERS, QUALIFYING
from assistant.generative.wording import Word, base_form

_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_DOCUMENTS = frozenset(map(base_form, DOCUMENTS))
_NO_NAME = frozenset(map(base_form, QUALIFYING | OPENERS | set(calendar.month_name[1:])))
_REGIONS = frozenset({"us", "uk", "eu"})


def sources(some: tuple[Word, ...]) -> list[tuple[int, int]]:
    """`(start, end)` of each: names in a row with a year or with the word for a document."""
    return [
        (0 if start == 1 and _is_name(some[0], 1) and not some[1].comma else start, end)
        for start, end in _runs(some)
        if any(_is_date(word) for word in some[start:end]) and any(_is_name(some[at], at) for at in range(start, end))
    ]


def _runs(some: tuple[Word, ...]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for at, word in enumerate(some):
        fits = _is_date(word) or _is_name(word, at)
        if start is not None and not (fits and _goes_on(some[at - 1], word)):
            yield start, at
            start = None
        if start is None and fits:
            start = at
    if start is not None:
        yield start, len(some)


def _is_date(word: Word) -> bool:
    return word.text in _DOCUMENTS or bool(_YEAR.match(word.text))


def _is_name(word: Word, at: int) -> bool:
    """An acronym, or a capitalised word that the sentence does not merely begin with."""
    capitals = sum(letter.isupper() for letter in word.raw)
    return word.text not in _NO_NAME and (
        capitals >= 2 or (capitals == 1 and len(word.raw) > 1 and word.raw[0].isupper() and at > 0)
    )


def _goes_on(before: Word, word: Word) -> bool:
    """Two acronyms side by side are one name only with a slash: "in COPD GOLD 2026 offers" names GOLD."""
    if word.comma:  # "(AES 2016, NCS 2012)" are two
        return False
    both = all(sum(letter.isupper() for letter in one.raw) >= 2 for one in (before, word))
    return not both or word.slashed or word.group != before.group or before.text in _REGIONS
