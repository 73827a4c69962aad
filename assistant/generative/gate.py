"""The gate: a sentence of a language model is shown only if the passages that it cites say it.

Pure functions, usable without a model. Stricter than right: a sentence that is faithful but freely worded is dropped, because
a rule that let it pass would let a swapped dose pass too. `followup eval gate` measures both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.generative.cleaning import has_strange_characters, is_linking, marks_of, plain_text, without_marks
from assistant.generative.rewording import Comparison, compare
from assistant.generative.sentences import sentences
from assistant.generative.vocabulary import COMPARISON, CONDITION, MODALITY, NEGATION, PLAIN, POPULATION
from assistant.generative.wording import base_form

#: Cosine (-1..1) between a sentence and the quoted sentences that it rests on: assistant/generative/support.py.
Support = Callable[[str, Sequence[str]], float]

#: Share of a sentence's words that stand in the quote letter by letter. Midway between the least of the train paraphrases
#: (0.76; test: 0.62 free, 0.87 close) and the most of a true sentence under a wrong mark (0.55; `followup eval gate`).
LEXICAL_FLOOR = 0.65
#: Cosine of the bundled embedder between a sentence and the quoted sentence: likewise between 0.889 (test: 0.877 free,
#: 0.891 close) and 0.856. Changed numbers, negations and drugs score 0.77 to 1.00, as high as what is true: no floor finds them.
EMBEDDING_FLOOR = 0.87
#: Longest sentence shown, in characters.
LONGEST_SHOWN = 600

_ADDRESSED = re.compile(r"\b(?:you|yours?|yourself|we|ours?|my|me|mine|please|sorry)\b", re.IGNORECASE)
#: Refused even where an article says it: an article that gives orders to the model has been tampered with.
_INSTRUCTED = re.compile(
    r"\b(?:(?:system|developer) (?:prompt|message)|(?:previous|prior|earlier|above|all|new|your|my) instructions?|jailbreak\w*"
    r"|disregard (?:all|any|the|every|previous)|ignore (?:all|any|every|previous|prior)|(?:language|ai) model|chatbot"
    r"|assistant)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_CONTRASTING = frozenset(map(base_form, NEGATION | CONDITION))


class Reason(StrEnum):
    """Why a sentence is not shown."""

    LONG = "too long"
    CHARACTERS = "characters that do not belong"
    LINK = "a link"
    QUESTION = "a question"
    ADDRESSED = "addressed to the reader"
    INSTRUCTION = "about instructions"
    NO_MARK = "no mark"
    UNKNOWN_MARK = "a mark that names no passage"
    NUMBER = "a number that is not in the passage"
    NEGATION = "a negation more or less than in the passage"
    CONDITION = "a condition more or less than in the passage"
    MODALITY = "another strength than in the passage"
    COMPARISON = "another comparison than in the passage"
    POPULATION = "other people than in the passage"
    TERM = "a word that is not in the passage"
    OMISSION = "a word of the passage left out"
    RELATION = "words of the passage in another relation"
    WORDING = "too few words of the passage"
    MEANING = "too far from the passage"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence may be shown, how, and on which passages it rests (numbers from 1). `reason` None: it may."""

    reason: Reason | None
    text: str = ""
    cited: tuple[int, ...] = ()


def judge(sentence: str, quotes: Sequence[str], support: Support | None = None) -> Verdict:
    """A sentence with its marks, `[2]` for `quotes[1]`, against the passages that the model was shown."""
    text = plain_text(sentence)
    if reason := _refused(text, quotes):
        return Verdict(reason)
    marks, unmarked = marks_of(text)
    if not marks or _WORD.search(unmarked):
        return Verdict(Reason.NO_MARK)
    if not all(1 <= number <= len(quotes) for number in marks):
        return Verdict(Reason.UNKNOWN_MARK)
    shown = without_marks(text)
    held = {number: _held_against(shown, quotes[number - 1]) for number in sorted(marks)}
    cited = tuple(number for number, (compared, _) in held.items() if compared.same)
    if not cited:
        return Verdict(_explained(min((compared for compared, _ in held.values()), key=lambda one: len(one.added))))
    told = [held[number][1] for number in cited]
    if lexical_support(shown, told) < LEXICAL_FLOOR:
        return Verdict(Reason.WORDING)
    if support and support(shown, told) < EMBEDDING_FLOOR:
        return Verdict(Reason.MEANING)
    return Verdict(None, shown, cited)


def lexical_support(sentence: str, quotes: Sequence[str]) -> float:
    """Share (0..1) of a sentence's words, plain ones aside, that the quotes have letter by letter."""
    said = [word for word in _WORD.findall(sentence.casefold()) if word not in PLAIN]
    told = set(_WORD.findall(" ".join(quotes).casefold()))
    return sum(word in told for word in said) / len(said) if said else 0.0


def _refused(text: str, quotes: Sequence[str]) -> Reason | None:
    if len(text) > LONGEST_SHOWN:
        return Reason.LONG
    if has_strange_characters(text, quotes):
        return Reason.CHARACTERS
    if is_linking(text):
        return Reason.LINK
    if "?" in text:
        return Reason.QUESTION
    if _INSTRUCTED.search(text):
        return Reason.INSTRUCTION
    return Reason.ADDRESSED if _ADDRESSED.search(text) else None


def _held_against(said: str, quote: str) -> tuple[Comparison, str]:
    """The comparison with the quote's nearest sentence, and that sentence.

    One passage at a time: "give A, and B [1][2]" would join into one treatment what two articles say apart. A sentence of
    the quote that qualifies the one before ("Not in pregnancy.", "However, …") must not be left behind.
    """
    told = sentences(quote) or [quote]
    compared = [compare(said, one) for one in told]
    at = min(range(len(told)), key=lambda one: (not compared[one].same, len(compared[one].added), len(compared[one].missing)))
    following = told[at + 1] if at + 1 < len(told) else ""
    qualified = tuple(word for word in map(base_form, _WORD.findall(following)) if word in _CONTRASTING)
    if compared[at].same and qualified:
        return Comparison(False, (), qualified), told[at]
    return compared[at], told[at]


def _explained(compared: Comparison) -> Reason:
    changed = {*compared.added, *compared.missing}
    if any(word.lstrip("-")[:1].isdigit() for word in compared.added):
        return Reason.NUMBER
    for reason, kind in _KINDS.items():
        if changed & kind:
            return reason
    if compared.added:
        return Reason.TERM
    return Reason.OMISSION if compared.missing else Reason.RELATION


_KINDS = {
    Reason.NEGATION: frozenset(map(base_form, NEGATION)),
    Reason.CONDITION: frozenset(map(base_form, CONDITION)),
    Reason.MODALITY: frozenset(map(base_form, MODALITY)),
    Reason.COMPARISON: frozenset(map(base_form, COMPARISON)),
    Reason.POPULATION: frozenset(map(base_form, POPULATION)),
}
