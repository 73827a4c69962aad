"""Asks back where a question has two readings and nothing decides: "allopurinol or febuxostat?", then "What is the dose?".

Rare by design. The conversation must have set topics side by side as alternatives, the question must speak of one of them
without saying which, and the readings must be answered by different passages. `followup eval followups` measures how often
it asks where it should and where it should not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.drugs import drugs_in
from assistant.phrases import PHRASE, Vocabulary, bare_names, says
from assistant.types import Clarification, Turn
from assistant.understanding import REACH

#: More readings than this are no alternatives but a list: then nothing is asked.
MOST = 3
#: What stands between two alternatives; not "with" or "in", and "and" only between drugs or where they are compared: 30 of
#: MedQuAD's 944 follow-ups on one topic were asked back with any "and" ("spinal and bulbar muscular atrophy").
_BESIDE = re.compile(
    r"^[\s,]*(or|vs\.?|versus|((\w+er|more \w+) )?than|as \w+ as|(preferred|superior) (to|over)|compared (to|with)|"
    r"instead of|rather than)(\s+(the|an?))*\s*$",
    re.IGNORECASE,
)
_AND = re.compile(r"^[\s,]*and\s+(the\s+)?$", re.IGNORECASE)
_COMPARED = re.compile(r"\b(between|compare|comparing|comparison|differences?|choose|choice)\b", re.IGNORECASE)
#: A turn that sets a new name beside what it points to: "Is it better than febuxostat?", "Or febuxostat?".
_AGAINST = re.compile(
    r"^or\b|\b(than|versus|vs\.?|compared (to|with)|instead of|rather than)\s+(the\s+|an?\s+)?$|\bit\s+or\s+$", re.IGNORECASE
)
#: One thing, not named. Not "it" of "is it possible to" and "how long does it take".
_ONE = re.compile(r"\b(it|its|this (one|drug|medicine|treatment|test)|that (one|drug|medicine|treatment|test))\b", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\bit\s+((take|mean|matter|depend)s?\b|(better|ok|okay|normal|enough|important|likely)\s+(to|that|if)\b|"
    r"(true|possible|necessary|worth)\b)",
    re.IGNORECASE,
)
#: A property asked of something not named: "What is the dose?", "And the side effects?", "How is the dose adjusted?".
_PROPERTY = re.compile(
    r"^((and|but|so|then|what about|how about)\b[\s,]*)?((what|how|when)('s| is| are| should| do| does)\b.*?\s)?(the|its)\s+\w+",
    re.IGNORECASE,
)
#: Says which, asks of all of them, or asks about the comparison itself.
_DECIDED = re.compile(
    r"\b(they|them|their|theirs|these|those|both|each|either|neither|all|any|which|who|whose|two|compare|comparison|compared|"
    r"differ|difference|differences|better|best|versus|vs|between|together|combine|combined|combination|other|others|another|"
    r"evidence|guidelines?|recommend\w*|reasons?|why|stud(y|ies)|trials?|sources?|references?|choice|alternatives?|options?|"
    r"former|latter|first|second|last|one of|same|interaction|interactions|interact|switch|switching)\b",
    re.IGNORECASE,
)
#: What comes after it is a verb: "should I [choose] alteplase".
_DOES = re.compile(r"\b(i|we|you|he|she|they|to)\s+$", re.IGNORECASE)
#: Content words that a question may have beside the property: more are a matter of their own.
_SHORT = 4

#: The ids of the passages found for a text, best first.
Find = Callable[[str], Sequence[str]]


def clarify(question: str, history: Sequence[Turn], vocabulary: Vocabulary, find: Find) -> Clarification | None:
    """What to ask back, each choice a stand-alone query; None when the question has one reading, which is nearly always.

    `find` searches where the answer would come from, the open article or the corpus. It is called once a reading, and only
    when the conversation holds rivals that the question does not choose between.
    """
    if not history or not _points_at_one(question):
        return None
    rivals = _rivals(history, _WithDrugs(vocabulary))
    if not 2 <= len(rivals) <= MOST or any(says(question, name) for name in rivals):
        return None
    choices = tuple(f"{name}: {question}" for name in rivals)
    found = [find(choice)[:1] for choice in choices]
    if any(not best for best in found) or len({best[0] for best in found}) < len(found):
        return None  # a reading that finds nothing is none, and readings with one answer need no choice
    return Clarification(f"Which do you mean: {', '.join(rivals[:-1])} or {rivals[-1]}?", choices)


def _points_at_one(question: str) -> bool:
    """Whether a question speaks of one thing without naming it."""
    if _DECIDED.search(question) or _EMPTY_IT.search(question):
        return False
    if _ONE.search(question):
        return True
    words = [word for phrase in PHRASE.findall(question) for word in phrase.split()]
    return bool(_PROPERTY.match(question)) and " of " not in f" {question.casefold()} " and len(words) <= _SHORT


def _rivals(history: Sequence[Turn], vocabulary: Vocabulary) -> list[str]:
    """The topics that the last turn which names any set side by side, and that the last query still speaks of."""
    recent = list(history[-REACH:])
    for at in range(len(recent) - 1, -1, -1):
        asked = recent[at].question
        if not bare_names(asked, vocabulary):
            continue
        rivals = _side_by_side(asked, vocabulary) or _set_against(asked, recent[:at], vocabulary)
        return [name for name in rivals if says(history[-1].query, name)]
    return []


def _side_by_side(text: str, vocabulary: Vocabulary) -> list[str]:
    """The first names with nothing but "or", "than" and the like between them, each once; fewer than two are none.

    Commas may part the first of them: "apixaban, edoxaban or warfarin".
    """
    row: list[str] = []
    parted = False  # by more than commas
    places = _places(text, vocabulary)
    for (start, end), (after, its_end) in zip(places, [*places[1:], (len(text), len(text))], strict=True):
        row.append(text[start:end])
        between = text[end:after]
        beside = bool(_BESIDE.match(between))
        if _AND.match(between):
            beside = _are_drugs(text[start:end], text[after:its_end]) or bool(_COMPARED.search(text[:start]))
        parted = parted or beside
        if not beside and between.strip() != ",":
            if parted:
                break
            row = []
    names = {name.casefold(): name for name in row}
    return list(names.values()) if parted and len(names) > 1 else []


def _are_drugs(*names: str) -> bool:
    return all(drugs_in(name).named for name in names)


def _set_against(text: str, before: Sequence[Turn], vocabulary: Vocabulary) -> list[str]:
    """A name that a turn sets against what the turns before it were about: the one name of theirs, then this."""
    places = _places(text, vocabulary)
    if len(places) != 1 or not before or not (_AGAINST.search(text[: places[0][0]])):
        return []
    earlier = next((found for turn in reversed(before) if (found := bare_names(turn.question, vocabulary))), [])
    name = text[slice(*places[0])]
    return [earlier[0], name] if len(earlier) == 1 and not says(name, earlier[0]) else []


def _places(text: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Where the bare names of a text stand, in order; what a slash joins is one ("sofosbuvir/velpatasvir")."""
    places: list[tuple[int, int]] = []
    for name in bare_names(text, vocabulary):
        start = text.find(name, places[-1][1] if places else 0)
        if start < 0:
            continue
        verb = len(name.partition(" ")[0]) + 1 if " " in name and _DOES.search(text[:start]) else 0
        joined = places.pop()[0] if places and text[places[-1][1] : start].strip() == "/" else start + verb
        places.append((joined, start + len(name)))
    return places


@dataclass(frozen=True, slots=True)
class _WithDrugs:
    """The corpus' topics, and the drugs that too many articles speak of to be a topic of any."""

    topics: Vocabulary

    def topics_in(self, text: str) -> list[str]:
        return self.topics.topics_in(text) or sorted(drugs_in(text).named)

    def stands_in(self, term: str, article_id: str) -> bool:
        return self.topics.stands_in(term, article_id)
