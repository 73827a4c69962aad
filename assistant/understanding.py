"""Turns what the reader typed into what is searched, deterministically: no model, the same result every time.

A follow-up leans on the turn before it when it opens like one ("And in pregnancy?"), when it names nothing but a pronoun
or a bare noun ("What starting dose?"), or when it is very short. A first question that leans has only the open article to
lean on: its heading is put before it. A question that names a topic the conversation has not touched is a switch and is
searched as typed: a new topic must not drag the old one along.

Between the two, both readings are searched and their scores are added, because neither alone is right: on the 240
follow-ups (whole corpus, hit@1) elliptical turns gain from .35 as typed and .64 with the previous question put before
them to .73 with both, and stand-alone turns after another question of their article lose nothing (.66, .37, .70).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from assistant.types import Query, Turn, Variant

_OPENER = re.compile(
    r"^(and|but|or|so|also|then|what about|how about|what if|same for|why not|why|else|otherwise|does that|is that)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(it|its|they|them|their|theirs|this|that|these|those|he|him|his|she|her|hers|ones?|both|either|neither|former|"
    r"latter|same|such)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w-]+")
#: A question of at most this many words is read as a continuation.
SHORT = 3
#: Characters of the previous query that are kept, its last ones: it holds the questions before it, and the latest is what
#: a follow-up leans on. The question itself must stay within what the embedder reads.
MAX_ANCHOR = 500
#: Share of the reading with the previous question, for a question that leans on it and for one that may.
#: Tried 0 to 1 in steps of .1-.25: .6-.75 and .25-.5 are flat.
LEANS, MAY_LEAN = 0.8, 0.5
#: Share of the reading with the open article's heading, for a first question that names no topic of its own. On the
#: follow-ups with the article open hit@1/@3/@5 is .787/.946/.971 at 0, .783/.950/.975 at .25, about .775/.946/.979 at .5.
LEANS_ON_ARTICLE = 0.25


class Vocabulary(Protocol):
    """What the corpus speaks of."""

    def topics_in(self, text: str) -> list[str]:
        """The stems of a text that name a topic of the corpus: a drug, a disease, a test."""

    def stands_in(self, term: str, article_id: str) -> bool:
        """Whether an article speaks of a stem."""


def stand_alone(question: str, history: Sequence[Turn], vocabulary: Vocabulary, open_heading: str | None = None) -> Query:
    """What to search for a question asked after `history` (oldest turn first), beside the article with `open_heading`."""
    topics = vocabulary.topics_in(question)
    reason = _leans(question, bool(topics))
    if history:
        last = history[-1]
        if reason is None and last.article_id and not any(vocabulary.stands_in(topic, last.article_id) for topic in topics):
            return _as_typed(question, "names a new topic: searched as typed")
        text, share = f"{_anchor(last.query)} {question}", LEANS if reason else MAY_LEAN
        return _both_ways(question, text, share, True, reason or "may continue the conversation", "your previous question")
    if reason and open_heading:
        return _both_ways(question, f"{open_heading}: {question}", LEANS_ON_ARTICLE, False, reason, "the open article's heading")
    return _as_typed(question, "first question of the conversation: searched as typed")


def _both_ways(question: str, text: str, share: float, used_history: bool, reason: str, before: str) -> Query:
    return Query(
        text=text,
        used_history=used_history,
        reason=f"{reason}: searched as typed and after {before}",
        variants=(Variant(question, 1 - share), Variant(text, share)),
    )


def _anchor(query: str) -> str:
    """The last words of a query, at most `MAX_ANCHOR` characters."""
    if len(query) <= MAX_ANCHOR:
        return query
    return query[-MAX_ANCHOR:].partition(" ")[2] or query[-MAX_ANCHOR:]


def _as_typed(question: str, reason: str) -> Query:
    return Query(question, False, reason, (Variant(question, 1.0),))


def _leans(question: str, topical: bool) -> str | None:
    """Why a question cannot stand alone, or None when it may."""
    if match := _OPENER.match(question):
        return f"opens with “{match[0].lower()}”"
    if len(_WORD.findall(question)) <= SHORT:
        return "very short"
    if topical:
        return None
    if match := _PRONOUN.search(question):
        return f"“{match[0].lower()}” points back"
    return "names no topic of its own"
