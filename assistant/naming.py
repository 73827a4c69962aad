"""Takes the names of people out of a text that no title or "my name is" marks: by the word itself and by where it stands.

A given name goes wherever it stands but where medicine names things ("symptoms of Alagille"), a surname where a person may
stand, a word that nobody knows where only a person can ("Featherstone refuses", "my husband Wojtek"), a name that is also a word
only there and with a capital ("my wife Rose", "Mark takes"). A drug's dose or a disease's "syndrome" behind it keeps any word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.around_names import (
    ACTS,
    ADDRESSED,
    AMOUNT,
    ASKED,
    ASKED_ON,
    CHARTED,
    CHARTS,
    DISEASE,
    DRUGS_DO,
    FUNCTION,
    GOES_ON,
    GREETED,
    KIN,
    MAY_ACT,
    MEDICINE,
    NEVER,
    OWN,
    PRONOUN,
    ROLES,
    SAINTS,
    STARTS,
    THINGS,
    WEB,
)
from assistant.names import Kind, folded, is_eponym, kind_of
from assistant.particles import PARTICLES, TELLING

_TOKEN = re.compile(r"\[[A-Za-z-]+\]|[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*['’]?|\d[\d.,/]*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """Without a possessive."""
        return re.sub(r"['’](?:s|S)?$", "", self.text)

    @property
    def owns(self) -> bool:
        return self.bare != self.text

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()


def without_names(text: str, mark: str) -> str:
    """A text with `mark` in the place of every name found in it."""
    tokens = [_Token(found[0], *found.span()) for found in _TOKEN.finditer(text)]
    shouted = sum(map(str.isupper, text)) > 0.6 * sum(map(str.isalpha, text))
    named = {number for number in range(len(tokens)) if _is_name(text, tokens, number, shouted)}
    named |= {number for number in range(len(tokens)) if _goes_along(tokens, number, named, shouted)}
    for number in sorted(named, reverse=True):
        token = tokens[number]
        text = f"{text[: token.start]}{mark}{text[token.start + len(token.bare) :]}"
    marks = rf"{re.escape(mark)}(?:[ -]{re.escape(mark)})+"
    return re.sub(marks, mark, text)


def _is_name(text: str, tokens: Sequence[_Token], number: int, shouted: bool) -> bool:
    token = tokens[number]
    if not token.is_word or len(token.bare) < 3 or (token.bare.isupper() and len(token.bare) < 5 and not shouted):
        return False
    if folded(token.bare) in NEVER or WEB.search(text[max(token.start - 1, 0) : token.end + 2]):
        return False
    kind = _kind(tokens, number)
    capital = token.text[0].isupper() and not shouted
    if kind is Kind.WORD or (kind is Kind.BOTH and not capital) or _follows(tokens, number, SAINTS):
        return False
    if token.bare.isupper() and not shouted and kind is Kind.UNKNOWN:
        return False
    # Of a long text only what is near: the time stays in proportion to the length.
    end = _end(tokens, number)
    before, behind = text[max(token.start - 60, 0) : token.start].lower(), text[end : end + 160].lower()
    if " et al" in behind:  # the authors of a paper
        return False
    if _follows_kin(tokens, number) and (kind >= Kind.SURNAME or capital or shouted or GOES_ON.match(behind)):
        return True
    if _is_a_thing(text, tokens, number, shouted):
        return False
    if len(token.bare) < 4 and not capital and not _follows(tokens, number, ROLES):
        return False
    if _is_a_person(tokens, number, before, behind, kind, capital):
        return True
    if any(is_eponym(other.bare) for other in tokens[max(number - 1, 0) : number + 2]):  # Marie Curie
        return False
    if kind < Kind.SURNAME or MEDICINE.search(before.rstrip()) or _names_a_thing(tokens, number):
        return False
    if token.bare.isupper() and not shouted:  # a trial: CLEOPATRA
        return False
    return len(token.bare) > 4 or capital if kind is Kind.GIVEN else capital and (number > 0 or len(tokens) > 3)


def _is_a_thing(text: str, tokens: Sequence[_Token], number: int, shouted: bool) -> bool:
    """Whether a thing is called so: a disease's, a test's or a drug's name goes on, or a dose follows."""
    for later in tokens[number + 1 : number + 5]:
        if folded(later.bare) in THINGS:
            return True
        if shouted or not (later.text in "-–/" or later.text == "'" or later.text[0].isupper()):
            break
    return AMOUNT.match(text[tokens[number].end : tokens[number].end + 20].lower()) is not None


def _names_a_thing(tokens: Sequence[_Token], number: int) -> bool:
    """Whether words go on to a disease: "Cornelia de Lange syndrome", "Laing distal myopathy"."""
    if tokens[number].owns:
        return False
    for later in tokens[number + 1 : number + 6]:
        word = folded(later.bare)
        if word in THINGS or DISEASE.search(word):
            return True
        if not later.is_word or word in FUNCTION or ACTS.match(word):
            return False
    return False


def _kind(tokens: Sequence[_Token], number: int) -> Kind:
    """As of the word alone; a name with a possessive that lacks its apostrophe ("jaydens") or behind "van der" is one too."""
    word = tokens[number].bare
    kind = kind_of(word)
    if kind is Kind.UNKNOWN and len(word) > 5 and word[-1] in "sS":
        kind = max(kind, kind_of(word[:-1]))
    behind_van = number and word[0].isupper() and tokens[number - 1].text.lower() in TELLING
    return Kind.SURNAME if kind is Kind.UNKNOWN and behind_van else kind


def _end(tokens: Sequence[_Token], number: int) -> int:
    """Where the name ends that begins there: behind "Faith King" or "Jack and Ruby", before a possessive."""
    last = min(number + 4, len(tokens) - 1)
    while number < last and not tokens[number].owns:
        step = 2 if tokens[number + 1].text == "and" else 1
        later = tokens[number + step] if number + step < len(tokens) else tokens[number]
        if not later.is_word or not later.text[0].isupper() or later.bare.isupper() or kind_of(later.bare) is Kind.WORD:
            break
        number += step
    return tokens[number].start + len(tokens[number].bare)


def _follows_kin(tokens: Sequence[_Token], number: int) -> bool:
    """Behind "my husband" or "patient", but not in a title: "Child Abuse"."""
    return _follows(tokens, number, KIN) and (
        tokens[number - 1].text.islower()
        or folded(tokens[number - 1].text) in ("patient", "pt")
        or (number > 1 and folded(tokens[number - 2].text) in ("my", "our", "his", "her", "the"))
    )


def _follows(tokens: Sequence[_Token], number: int, words: frozenset[str]) -> bool:
    before = number - 1
    while before >= 0 and tokens[before].text in ".,(:":
        before -= 1
    return before >= 0 and folded(tokens[before].bare) in words and not tokens[before].owns


def _is_a_person(tokens: Sequence[_Token], number: int, before: str, behind: str, kind: Kind, capital: bool) -> bool:
    """Whether only a person stands there."""
    before, after = before.rstrip(), re.sub(r"^['’]s?", "", behind).lstrip(" ,(")
    known = kind >= Kind.SURNAME
    if _follows(tokens, number, ROLES):
        return True
    if (capital or known) and (
        ADDRESSED.search(before) or CHARTS.search(before) or (kind is not Kind.BOTH and GREETED.search(before))
    ):
        return True
    if tokens[number].owns and not OWN.isdisjoint(re.findall(r"[\w-]+", after)[:3]):
        return True
    last = tokens[number - 1].text.lower() if number else "."
    subject = last in ASKED or last in STARTS
    if (ACTS.match(after) and (known or subject)) or (MAY_ACT.match(after) and (known or (subject and kind is Kind.BOTH))):
        return True
    if (last in ASKED and ASKED_ON.match(after)) or (kind is Kind.BOTH and number == 0 and after.startswith(("has ", "have "))):
        return True
    if known and number == 0 and CHARTED.match(after):
        return True
    return bool(
        capital
        and PRONOUN.search(re.split(r"[.?!]", after)[0])
        and (known or (subject and not DRUGS_DO.match(after)))
        and kind > Kind.BOTH
    )


def _goes_along(tokens: Sequence[_Token], number: int, named: set[int], shouted: bool) -> bool:
    """Whether a word beside a name is part of it, or the other of two: "Mary Sunday", "Jack and Ruby"."""
    token = tokens[number]
    if token.text in PARTICLES:
        return number + 1 in named or (number + 2 in named and tokens[number + 1].text in PARTICLES)
    if number in named or not token.is_word or not token.text[0].isupper() or shouted or token.bare.isupper():
        return False
    if kind_of(token.bare) is Kind.WORD or folded(token.bare) in NEVER:
        return False
    beside = {number - 1, number + 1} & named
    between = ("and", "or", ",") if number in (0, 2) else ("and", "or")
    joined = {other for other in (number - 2, number + 2) if other in named and tokens[(number + other) // 2].text in between}
    return bool(beside or joined)
