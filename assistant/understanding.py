"""Turns what the reader typed into what is searched, deterministically: no model, the same result every time.

What of a conversation matters to the next question is its topic, not its wording: "What are the symptoms of gout?", then
"What causes it?" is searched as "gout: What causes it?". Only what asks nothing of its own ("And in pregnancy?") also needs
the question before it, which it continues; and where it is nothing but a new topic ("And for asthma?"), that question is
asked again with the new topic in the old one's place. A question that names a topic the conversation has not touched is
searched as typed: a new topic must not drag the old one along. A first question that leans has only the open article to
lean on: its heading is put before it.

Each reading is searched beside the question as typed and their scores are added, because neither alone is right.
Figures and what was tried: eval/LOG.md, 2026-11-23; `followup eval followups` gives them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
#: How a question of its own begins; anything else continues the question before it or states something.
_ASKS = re.compile(
    r"^((and|but|or|so|also|then)\b[\s,]*)?(what(?! about| if)|which|who|whom|whose|when|where|why(?! not)|how(?! about)|is|are|"
    r"was|were|do|does|did|can|could|should|would|will|may|must|has|have|had|"
    r"tell|explain|describe|compare|list|show)\b",
    re.IGNORECASE,
)
#: Words that are in no name of a topic, whatever the corpus says: they end it.
_GLUE = (
    "a about after again all also am an and any are as at be because been before being between but by can could did do does "
    "doing done during each else few for from get give had happen happens has have having he help her here hers him his how i "
    "if in into is it its just know like may me mean might more most must my need no nor not of off on one ones only or other "
    "our out over own please same shall she should so some such tell than that the their theirs them then there these they "
    "this those through to too under until up us very want was we were what when where which while who whom whose why will "
    "with without would you your "
    "caused diagnosed dosed given inherited managed monitored prevented safe taken treated used"
)
_CONTENT = rf"(?!(?:{_GLUE.replace(' ', '|')})(?![\w'’-]))\w[\w'’-]*"
_CLAUSE = re.compile(r"[^.?!;:]+")
#: Content words in a row: "polycystic kidney disease".
_PHRASE = re.compile(rf"(?<![\w'’-]){_CONTENT}(?:[^\w.?!;:]+{_CONTENT})*", re.IGNORECASE)
_WORD = re.compile(r"[\w-]+")
#: What is no question and has at most this many words is read as a continuation.
SHORT = 3
#: Characters of earlier turns that are kept, their last ones. The question itself must stay within what the embedder reads.
MAX_ANCHOR = 500
#: Share of the readings with the history, for a question that leans on it and for one that may: .8 and .9 are level on
#: MedQuAD's follow-ups, .9 is worse on the shipped ones.
LEANS, MAY_LEAN = 0.8, 0.5
#: Of that share, what "previous question, then this one" has where nothing is asked; its topic alone has the rest. MedQuAD's
#: "And the treatment?" is better with less (nDCG@10 .72 at 1, .75 at .75, .78 at .5), the shipped "And in pregnancy?" with
#: more (hit@3 over the corpus .91, .91, .90).
CONTINUES = 0.75
#: Share of the previous question asked of a new topic: on MedQuAD's elliptic switches nDCG@10 is .72 at .8, .75 at .9, .78
#: at 1; what was typed keeps a say for where the reading is wrong.
SWAPPED = 0.95
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
    topics = _topics(question, vocabulary)
    reason = _leans(question, bool(topics))
    if history:
        return _after(history[-1], question, topics, reason, vocabulary)
    if reason and open_heading:
        reason += ": searched as typed and after the open article's heading"
        return _searched(question, False, reason, (f"{open_heading}: {question}", LEANS_ON_ARTICLE))
    return _searched(question, False, "first question of the conversation: searched as typed")


def _after(last: Turn, question: str, topics: Sequence[str], reason: str | None, vocabulary: Vocabulary) -> Query:
    """A question after a turn, whose query holds what mattered of the turns before it."""
    asks = _ASKS.match(question)
    new = _new(topics, last, vocabulary)
    if new and not asks and (swapped := _swapped(last.query, question, vocabulary)):
        why = "names a new topic and asks nothing: searched as typed and as your previous question on it"
        return _searched(question, True, why, (swapped, SWAPPED))
    if topics and new == topics and (asks or not _OPENER.match(question)) and not _PRONOUN.search(question):
        return _searched(question, False, "names a new topic: searched as typed")
    share = LEANS if reason else MAY_LEAN
    reason = f"{reason or 'may continue the conversation'}: searched as typed"
    on_topic = f"{_kept(_subject(last.query, vocabulary))}: {question}"
    if asks:
        return _searched(question, True, f"{reason} and on the topic of your previous question", (on_topic, share))
    continued = (f"{_kept(last.query)} {question}", share * CONTINUES)
    return _searched(
        question, True, f"{reason}, after your previous question and on its topic", continued, (on_topic, share * (1 - CONTINUES))
    )


def _searched(question: str, used_history: bool, reason: str, *readings: tuple[str, float]) -> Query:
    """The question as typed and other readings of it, each with its share; the first of them is what the reader sees."""
    as_typed = Variant(question, 1 - sum(share for _, share in readings))
    text = readings[0][0] if readings else question
    return Query(text, used_history, reason, (as_typed, *(Variant(reading, share) for reading, share in readings)))


def _leans(question: str, topical: bool) -> str | None:
    """Why a question cannot stand alone, or None when it may."""
    if match := _OPENER.match(question):
        return f"opens with “{match[0].lower()}”"
    if len(_WORD.findall(question)) <= SHORT and not _ASKS.match(question):
        return "very short"
    if topical:
        return None
    if match := _PRONOUN.search(question):
        return f"“{match[0].lower()}” points back"
    return "names no topic of its own"


def _topics(text: str, vocabulary: Vocabulary) -> list[str]:
    return [topic for phrase in _PHRASE.findall(text) for topic in vocabulary.topics_in(phrase)]


def _new(topics: Sequence[str], last: Turn, vocabulary: Vocabulary) -> list[str]:
    """The topics that neither the last query names nor the article that answered it speaks of."""
    known = set(_topics(last.query, vocabulary))
    unnamed = [topic for topic in topics if topic not in known]
    return [topic for topic in unnamed if not (last.article_id and vocabulary.stands_in(topic, last.article_id))]


def _swapped(query: str, question: str, vocabulary: Vocabulary) -> str | None:
    """A query with its topics replaced by those of a question that is nothing but topics, or None when it is not.

    "What are the symptoms of gout?", "And for asthma?" → "What are the symptoms of asthma?"
    """
    phrases = _PHRASE.findall(_OPENER.sub("", question))
    asked = query.rpartition(": ")[2]  # without the topic that an earlier turn was searched with, if it names its own
    query = asked if _named(asked, vocabulary) else query
    old = _named(query, vocabulary)
    if not old or not all(vocabulary.topics_in(phrase) for phrase in phrases):
        return None
    instead = ", ".join(question[start:end] for start, end in _named(question, vocabulary))
    starts, ends = [0, *(end for _, end in old)], [*(start for start, _ in old), len(query)]
    return " ".join(instead.join(query[start:end] for start, end in zip(starts, ends, strict=True)).split())


def _subject(query: str, vocabulary: Vocabulary) -> str:
    """The topics of a query in its own words, each once; where it names none, all that its first clause speaks of."""
    spans = _named(query, vocabulary) or _spans(query, lambda phrase: True)[:1]
    named = [query[start:end] for start, end in spans]
    return ", ".join({name.casefold(): name for name in named}.values()) or query


def _named(text: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    return _spans(text, lambda phrase: bool(vocabulary.topics_in(phrase)))


def _spans(text: str, wanted: Callable[[str], bool]) -> list[tuple[int, int]]:
    """In each clause from the first wanted phrase to the last: "symptoms of [Marfan syndrome in children]"."""
    spans = []
    for clause in _CLAUSE.finditer(text):
        found = [match for match in _PHRASE.finditer(text, *clause.span()) if wanted(match[0])]
        if found:
            spans.append((found[0].start(), found[-1].end()))
    return spans


def _kept(text: str) -> str:
    """The last words of a text, at most `MAX_ANCHOR` characters."""
    if len(text) <= MAX_ANCHOR:
        return text
    return text[-MAX_ANCHOR:].partition(" ")[2] or text[-MAX_ANCHOR:]
