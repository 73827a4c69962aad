"""The names in a question: rows of content words, and which of them name a topic of the corpus. Pure text, no conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

#: Words that are in no name of a topic, whatever the corpus says: they end it.
_GLUE = (
    "a about after again all also am an and any are as at be because been before being between but by can could did do does "
    "doing done during each else few for from get give had happen happens has have having he help her here hers him his how i "
    "if in into is it its just know like may me mean might more most must my need no nor not of off on one ones only or other "
    "our out over own please same shall she should so some such tell than that the their theirs them then there these they "
    "this those through to too under until up us very want was we were what when where which while who whom whose why will "
    "with without would you your "
    "caused diagnosed dosed given inherited managed monitored prevented safe taken treated used "
    "versus vs compared instead rather"
)
_CONTENT = rf"(?!(?:{_GLUE.replace(' ', '|')})(?![\w'’-]))\w[\w'’-]*"
_CLAUSE = re.compile(r"[^.?!;:]+")
#: Content words in a row: "polycystic kidney disease".
PHRASE = re.compile(rf"(?<![\w'’-]){_CONTENT}(?:[^\w.?!;:]+{_CONTENT})*", re.IGNORECASE)
_WORD = re.compile(r"[\w-]+")
#: A word before a phrase that ties it to the rest as a circumstance: "in gout", not "of gout" or "for gout".
_TIED = re.compile(r"\b(?:in|with|on|during|after|before|under|without)\s+(?:an?\s+|the\s+)?$", re.IGNORECASE)

#: Characters of a name.
LONGEST = 60

#: Where a phrase stands in a text.
Span = tuple[int, int]


class Vocabulary(Protocol):
    """What the corpus speaks of."""

    def topics_in(self, text: str) -> list[str]:
        """The stems of a text that name a topic of the corpus: a drug, a disease, a test."""

    def stands_in(self, term: str, article_id: str) -> bool:
        """Whether an article speaks of a stem."""


def topics(text: str, vocabulary: Vocabulary) -> list[str]:
    """The stems of a text's phrases that name topics."""
    return [topic for phrase in PHRASE.findall(text) for topic in vocabulary.topics_in(phrase)]


def named_phrases(text: str, vocabulary: Vocabulary) -> list[Span]:
    """The phrases that name a topic, each by itself."""
    return [match.span() for match in PHRASE.finditer(text) if vocabulary.topics_in(match[0])]


def named(text: str, vocabulary: Vocabulary) -> list[Span]:
    """In each clause from the first phrase that names a topic to the last: "symptoms of [Marfan syndrome in children]"."""
    return _spans(text, lambda phrase: bool(vocabulary.topics_in(phrase)))


def names(text: str, vocabulary: Vocabulary) -> list[str]:
    """The topics of a text in its own words, each once: what has no word of its own beside those before it is left out."""
    told: list[str] = []
    for start, end in named(text, vocabulary):
        if not says(" ".join(told), text[start:end]):
            told.append(text[start:end])
    return told


def says(text: str, name: str) -> bool:
    """Whether every word of a name stands in a text, in any case."""
    return set(_WORD.findall(name.casefold())) <= set(_WORD.findall(text.casefold()))


def bare_names(text: str, vocabulary: Vocabulary) -> list[str]:
    """The names of topics without the words around them: of "strongly prefers allopurinol, colchicine" the last two words.

    Words in a row that each name a topic are one name, at most `LONGEST` characters of it.
    """
    found = []
    for phrase in PHRASE.findall(text):
        for part in re.split(r"[^\w\s'’-]+", phrase):
            runs = groupby(part.split(), key=lambda word: bool(vocabulary.topics_in(word)))
            found += [" ".join(words)[:LONGEST] for is_topic, words in runs if is_topic]
    return found


def first_clause(text: str) -> str | None:
    """All that the first clause with content speaks of, from its first phrase to its last."""
    return next((text[start:end] for start, end in _spans(text, lambda phrase: True)), None)


def is_tied(text: str, start: int) -> bool:
    """Whether what begins at `start` is a circumstance of the rest: "safe in [gout]", "given with [colchicine]"."""
    return bool(_TIED.search(text[:start]))


def replaced(text: str, spans: Sequence[Span], instead: str) -> str:
    """A text with other words in place of some spans."""
    starts, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return " ".join(instead.join(text[start:end] for start, end in zip(starts, ends, strict=True)).split())


def kept(text: str, most: int) -> str:
    """The last words of a text, at most `most` characters."""
    if len(text) <= most:
        return text
    return text[-most:].partition(" ")[2] or text[-most:]


def _spans(text: str, wanted: Callable[[str], bool]) -> list[Span]:
    spans = []
    for clause in _CLAUSE.finditer(text):
        found = [match for match in PHRASE.finditer(text, *clause.span()) if wanted(match[0])]
        if found:
            spans.append((found[0].start(), found[-1].end()))
    return spans
