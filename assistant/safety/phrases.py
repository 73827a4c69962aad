"""The small language in which the safety tables say what to look for, and the search for it in a message.

    chest|breast pain|ache*      words side by side (light words such as "in the" may stand between); | is or, * any ending
    face .. droop*               up to 3 other words between;  ... up to 7
    chest & tight*               both within 8 words, in either order, in one sentence
    <pain>                       any word of the set `pain`
    #fever                       a number that means this (assistant/safety/text.py)

Time is linear in the words of a message for each phrase whose rarest word occurs.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.safety.text import Message

NEAR, FAR, WINDOW = 3, 7, 8
_WORD = re.compile(r"#[a-z-]+|[a-z0-9]+\*?|<[a-z-]+>")


class PhraseError(ValueError):
    """A phrase that is not written in the language, or that no message can match."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words start..end-1 of a message."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Parts in any order; a part is words in order, `gaps[i]` counted words at most before its word i."""

    name: str
    parts: tuple[tuple[tuple[str, int], ...], ...]  # (alternatives as written, gap before)

    @property
    def elements(self) -> Iterable[str]:
        """Every place of the phrase, as written."""
        return (written for part in self.parts for written, _ in part)


def parse_phrase(name: str, written: str, sets: Mapping[str, str]) -> Phrase:
    """The phrase `written` for the sign `name`. Raises `PhraseError`."""
    parts = [_part(text.split(), sets) for text in written.split(" & ")]
    if not written.strip() or not all(parts):
        raise PhraseError("is empty")
    return Phrase(name, tuple(parts))


def _part(written: Sequence[str], sets: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    places: list[tuple[str, int]] = []
    gap = 0
    for place in written:
        if place in ("..", "..."):
            gap = NEAR if place == ".." else FAR
            continue
        words = "|".join(_alternatives(place, sets))
        places.append((words, gap))
        gap = 0
    return tuple(places)


def _alternatives(token: str, sets: Mapping[str, str]) -> Iterable[str]:
    for word in token.split("|"):
        if not _WORD.fullmatch(word):
            raise PhraseError(f"{word!r} is not a word in lower case, a <set> or a #number")
        if word.startswith("<"):
            if word[1:-1] not in sets:
                raise PhraseError(f"there is no word set {word}")
            for inner in sets[word[1:-1]].split():
                yield from _alternatives(inner, sets)
        else:
            yield word


class Finder:
    """All phrases of a table at once."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._ids: dict[str, int] = {}
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._prefix: defaultdict[str, list[int]] = defaultdict(list)
        self._by_key: defaultdict[int, list[tuple[str, tuple[tuple[tuple[int, int], ...], ...]]]] = defaultdict(list)
        self._cache: dict[str, tuple[int, ...]] = {}
        for phrase in phrases:
            parts = tuple(tuple((self._element(written), gap) for written, gap in part) for part in phrase.parts)
            # The place with the fewest alternatives is the rarest: only messages that hold it are looked at.
            key = min(phrase.elements, key=lambda written: (written.count("|"), written.endswith("*"), -len(written)))
            self._by_key[self._ids[key]].append((phrase.name, parts))

    def _element(self, written: str) -> int:
        if written not in self._ids:
            number = self._ids[written] = len(self._ids)
            for word in written.split("|"):
                (self._prefix if word.endswith("*") else self._exact)[word.rstrip("*")].append(number)
        return self._ids[written]

    @property
    def vocabulary(self) -> tuple[frozenset[str], frozenset[str]]:
        """The whole words and the beginnings of words that any phrase looks for."""
        return frozenset(self._exact), frozenset(self._prefix)

    def find(self, message: Message, masked: frozenset[int] = frozenset()) -> dict[str, list[Span]]:
        """Sign -> where it stands, in reading order. Words in `masked` are not seen."""
        places: defaultdict[int, list[int]] = defaultdict(list)
        for i, forms in enumerate(message.forms):
            if i not in masked:
                for element in {element for form in forms for element in self._elements(form)}:
                    places[element].append(i)
        found: defaultdict[str, set[Span]] = defaultdict(set)
        for element in places.keys() & self._by_key.keys():
            for name, parts in self._by_key[element]:
                found[name].update(_match(parts, places, message))
        return {name: sorted(spans, key=lambda span: (span.start, span.end)) for name, spans in found.items() if spans}

    def _elements(self, form: str) -> tuple[int, ...]:
        known = self._cache.get(form)
        if known is None:
            known = (*self._exact.get(form, ()), *(e for k in range(2, len(form) + 1) for e in self._prefix.get(form[:k], ())))
            if len(self._cache) < 20_000:
                self._cache[form] = known
        return known


def _match(parts: Sequence[Sequence[tuple[int, int]]], places: Mapping[int, list[int]], message: Message) -> Iterable[Span]:
    occurrences = []
    for part in parts:
        if not all(element in places for element, _ in part):
            return
        spans = list(_match_part(part, places, message))
        if not spans:
            return
        occurrences.append(spans)
    first, *others = occurrences
    starts = [[span.start for span in spans] for spans in others]
    for span in first:
        whole = span
        for spans, begins in zip(others, starts, strict=True):
            near = _nearest(whole, spans, begins, message)
            if near is None:
                break
            whole = Span(min(whole.start, near.start), max(whole.end, near.end))
        else:
            yield whole


def _match_part(part: Sequence[tuple[int, int]], places: Mapping[int, list[int]], message: Message) -> Iterable[Span]:
    """From each first word on, the next word of the part that is near enough, and so to the end."""
    for start in places[part[0][0]]:
        end = start + 1
        for element, gap in part[1:]:
            positions = places[element]
            k = bisect_left(positions, end)
            if (
                k == len(positions)
                or message.sentence[positions[k]] != message.sentence[start]
                or message.between(end, positions[k]) > gap
            ):
                break
            end = positions[k] + 1
        else:
            yield Span(start, end)


def _nearest(span: Span, spans: Sequence[Span], starts: Sequence[int], message: Message) -> Span | None:
    """The nearest of `spans` beside `span`, within the window and the sentence."""
    k = bisect_right(starts, span.start)
    best: tuple[int, Span] | None = None
    for other in spans[max(0, k - 2) : k + 3]:
        if message.sentence[other.start] != message.sentence[span.start]:
            continue
        apart = (
            message.between(span.end, other.start)
            if other.start >= span.end
            else message.between(other.end, span.start)
            if other.end <= span.start
            else None
        )
        if apart is not None and apart <= WINDOW and (best is None or apart < best[0]):
            best = (apart, other)
    return best[1] if best else None
