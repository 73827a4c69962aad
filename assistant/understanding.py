"""Turns what the reader typed into a stand-alone query, deterministically: no model, the same result every time.

A follow-up leans on the turn before it when it opens like one ("And in pregnancy?"), when it names nothing but a pronoun
or a bare noun ("What starting dose?"), or when it is very short. Then the last stand-alone turn is put before it. A
question that names its own topic is searched as typed, whatever was asked before: a new topic must not drag the old one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.types import Query, Turn

_OPENER = re.compile(
    r"^(and|but|or|so|also|then|what about|how about|what if|and if|same for|why not|why|else|otherwise|does that|is that)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(it|its|they|them|their|theirs|this|that|these|those|he|him|his|she|her|hers|one|ones|both|either|neither|former|latter|"
    r"same|such)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w-]+")
#: A question of at most this many words with an earlier turn before it is read as its continuation.
SHORT = 3
#: Characters of the previous query that are kept: the question itself must stay within what the embedder reads.
MAX_ANCHOR = 500

#: Says whether a text names a topic of the corpus (a drug, a disease, a test) on its own.
NamesTopic = Callable[[str], bool]


def stand_alone(question: str, history: Sequence[Turn], names_topic: NamesTopic) -> Query:
    """The query for a question after `history` (oldest first)."""
    if not history:
        return Query(question, False, "first question of the conversation: searched as typed")
    reason = _leans(question, names_topic)
    if reason is None:
        return Query(question, False, "names its own topic: searched as typed")
    anchor = history[-1].query[:MAX_ANCHOR]
    return Query(f"{anchor} {question}", True, f"{reason}: your previous question was put before it")


def _leans(question: str, names_topic: NamesTopic) -> str | None:
    """Why a question cannot stand alone, or None when it can."""
    if match := _OPENER.match(question):
        return f"opens with “{match[0].lower()}”"
    if len(_WORD.findall(question)) <= SHORT:
        return "very short"
    topical = names_topic(question)
    if not topical and (match := _PRONOUN.search(question)):
        return f"“{match[0].lower()}” points back"
    if not topical:
        return "names no topic of its own"
    return None
