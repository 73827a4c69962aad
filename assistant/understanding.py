"""Turns what the reader typed into what is searched, deterministically: no model, the same result every time.

What of a conversation matters to the next question is its topic, not its wording: "What are the symptoms of gout?", then
"What causes it?" is searched as "gout: What causes it?". The topic is what the last query that names one names, however
many turns ago within `REACH`; where none does, what the last answer quoted speaks of. Only what asks nothing of its own
("And in pregnancy?") also needs the question before it, which it continues; and where it is nothing but a new topic ("And
for asthma?"), that question is asked again with the new topic in the old one's place. A question that names a topic the
conversation has not touched is searched as typed: a new topic must not drag the old one along. A first question that leans
has only the open article to lean on: its heading is put before it. What the reader edited is searched as it is.

Each reading is searched beside the question as typed and their scores are added, because neither alone is right.
Text is only ever searched: whatever it says, it changes nothing else. Figures and what was tried: eval/LOG.md, 2026-11-23;
`followup eval followups` gives them again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from assistant.phrases import (
    PHRASE,
    bare_names,
    first_clause,
    is_tied,
    kept,
    named,
    named_phrases,
    names,
    replaced,
    says,
    topics,
)
from assistant.phrases import Vocabulary as Vocabulary  # what `stand_alone` is asked with
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
_VERB = "is|are|was|were|do|does|did|can|could|should|would|will|may|must|has|have|had"
#: How a question of its own begins; anything else continues the question before it or states something.
_ASKS = re.compile(
    r"^((and|but|or|so|also|then)\b[\s,]*)?(what(?! about| if)|which|who|whom|whose|when|where|why(?! not)|how(?! about)|"
    rf"{_VERB}|tell|explain|describe|compare|list|show)\b",
    re.IGNORECASE,
)
#: A question whose answer is one thing with a name: "Which drug is …?", "What is first-line for …?". "Which genes …?" is not.
_CHOOSES = re.compile(
    rf"^(which|what)\s+((?!({_VERB}|about|if|else)\b)[\w-]+\s+){{1,3}}(?<=[^\Ws]\s)(is|was|does|has|should|can|could|would|will|"
    r"may|must|do i|to|for|first|comes)\b|\b(first[- ]line|preferred|of choice)\b",
    re.IGNORECASE,
)
#: Who says it, which is not what it is about: "ACR 2020", "the 2022 AHA/ACC guideline".
_BODY = re.compile(r"\b(?:19|20)\d\d\s+[A-Z][A-Z/]+\b|\b[A-Z][A-Z/]+\s*\(?(?:19|20)\d\d\b")
_ONE = re.compile(r"\b(it|its)\b", re.IGNORECASE)
_WORD = re.compile(r"[\w-]+")
#: How far back a topic is looked for, in turns.
REACH = 6
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
#: Share of the reading with the heading of a section that the reader chose to ask about: hit@1 of the shipped follow-ups, asked
#: without their conversation beside the section that answers them, is .73 at 0, .90 at .5 and .65, .88 at .8, .78 at 1; of
#: the questions that stand alone .83, .87, .89, .87, .86.
OF_SECTION = 0.65


def stand_alone(question: str, history: Sequence[Turn], vocabulary: Vocabulary, open_heading: str | None = None) -> Query:
    """What to search for a question asked after `history` (oldest turn first), beside the article with `open_heading`."""
    asked_of = topics(question, vocabulary)
    reason = _leans(question, bool(asked_of))
    if history:
        return _after(history, question, asked_of, reason, vocabulary)
    if reason and open_heading:
        reason += ": searched as typed and after the open article's heading"
        return _searched(question, False, reason, (f"{open_heading}: {question}", LEANS_ON_ARTICLE))
    return _searched(question, False, "first question of the conversation: searched as typed")


def edited(question: str, query: str) -> Query:
    """What the reader made of the query: searched as it stands, whatever was asked before. `question` may be anything."""
    text = " ".join(query.split()) or question
    return Query(text, False, "edited by you", (Variant(text, 1.0),))


def of_section(question: str, section: str) -> Query:
    """A question about the section of the open article that the reader chose, whatever was asked before."""
    return _searched(question, False, f"about the section “{section}”, which you chose", (f"{section}: {question}", OF_SECTION))


def _after(history: Sequence[Turn], question: str, asked_of: Sequence[str], reason: str | None, vocabulary: Vocabulary) -> Query:
    """A question after a turn, whose query holds what mattered of the turns before it."""
    last, asks = history[-1], _ASKS.match(question)
    new = _new(asked_of, last, vocabulary)
    if new and not asks and (swapped := _swapped(last.query, question, vocabulary)):
        why = "names a new topic and asks nothing: searched as typed and as your previous question on it"
        return _searched(question, True, why, (swapped, SWAPPED))
    if asked_of and new == asked_of and (asks or not _OPENER.match(question)) and not _PRONOUN.search(question):
        return _searched(question, False, "names a new topic: searched as typed")
    share = LEANS if reason else MAY_LEAN
    reason = f"{reason or 'may continue the conversation'}: searched as typed"
    subject = _subject(history, question, vocabulary)
    on_topic = f"{kept(subject, MAX_ANCHOR)}: {question}" if subject else question
    if asks and not subject:
        return _searched(question, False, "names the topic of the conversation: searched as typed")
    if asks:
        return _searched(question, True, f"{reason} and on the topic of your previous question", (on_topic, share))
    continued = f"{kept(last.query, MAX_ANCHOR)} {question}"
    why = f"{reason}, after your previous question and on its topic"
    return _searched(question, True, why, (continued, share * CONTINUES), (on_topic, share * (1 - CONTINUES)))


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


def _new(asked_of: Sequence[str], last: Turn, vocabulary: Vocabulary) -> list[str]:
    """The topics that neither the last query names nor the article that answered it speaks of."""
    known = set(topics(last.query, vocabulary))
    unnamed = [topic for topic in asked_of if topic not in known]
    return [topic for topic in unnamed if not (last.article_id and vocabulary.stands_in(topic, last.article_id))]


def _swapped(query: str, question: str, vocabulary: Vocabulary) -> str | None:
    """A query with its topics replaced by those of a question that is nothing but topics, or None when it is not.

    "What are the symptoms of gout?", "And for asthma?" → "What are the symptoms of asthma?" What comes as a circumstance
    takes the place of a circumstance: "Is ibuprofen safe in gout?", "And in asthma?" → "Is ibuprofen safe in asthma?"
    """
    asked = query.rpartition(": ")[2]  # without the topic that an earlier turn was searched with, if it names its own
    query = asked if named(asked, vocabulary) else query
    old, instead = named(query, vocabulary), named(question, vocabulary)
    if not all(vocabulary.topics_in(phrase) for phrase in PHRASE.findall(_OPENER.sub("", question))):
        return None
    if instead and is_tied(question, instead[0][0]):
        old = [span for span in named_phrases(query, vocabulary) if is_tied(query, span[0])]
    return replaced(query, old, ", ".join(question[start:end] for start, end in instead)) if old else None


def _subject(history: Sequence[Turn], question: str, vocabulary: Vocabulary) -> str:
    """What the conversation is about, in its own words, each topic once; empty when the question names all of it itself.

    The topics of the last query that names any, else all that the last query's first clause speaks of. Where that turn asked
    for a thing by what it is ("Which drug first?") and the question speaks of it ("What is its dose?"), also its name, which
    the answer gave.
    """
    last = history[-1]
    told = next((found for turn in reversed(history[-REACH:]) if (found := names(turn.query, vocabulary))), [])
    if not told and (clause := first_clause(last.query)):
        told = [clause]
    if not told or (_ONE.search(question) and _CHOOSES.search(last.question)):
        told += _answering(last, vocabulary)
    left = [name for name in told if not says(question, name)]
    return ", ".join({name.casefold(): name for name in left}.values()) if told else last.query


def _answering(turn: Turn, vocabulary: Vocabulary) -> list[str]:
    """The first name in what was quoted first that the turn's own query does not hold; none where nothing was quoted."""
    known = set(topics(turn.query, vocabulary))
    quote = _BODY.sub(" . ", turn.quotes[0]) if turn.quotes else ""
    found = (name for name in bare_names(quote, vocabulary) if known.isdisjoint(vocabulary.topics_in(name)))
    return list(islice(found, 1))
