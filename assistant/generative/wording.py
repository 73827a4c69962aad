"""Cuts a text into the words that carry its meaning, written one way, so that a sentence and its quote can be compared.

"Colchicine 1.20 milligrams twice a day" and "colchicine 1.2 mg twice daily" are the same words; "1.2 mcg" is not.
Knows nothing of marks, models or articles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache

from assistant.generative.vocabulary import IRREGULAR, LINKS, OPENERS, PLAIN, SAME

_UNIT = "(?:mg|mcg|[µμu]g|g|kg|ng|m?l|dl|mmol|mmhg|iu|hr?|hours?|days?|weeks?|months?|years?|mm|cm)"
_PIECE = re.compile(
    rf"""(?P<number>(?:(?<![\w.)%])[-−–])?(?:\d++(?:[,\u202f]\d{{3}})++|\d++)(?:\.\d++)?(?:(?!\w)|(?={_UNIT}\b)))
      | (?P<word>\w+(?:['’]\w+)?)
      | (?P<dash>[-–—−](?=\s?\d))
      | (?P<symbol>[<>]=|[<>≥≤=~≈±×+°%/$£€µμ])
      | (?P<strong>[;.!?](?=\s|$))
      | (?P<weak>[,:|—]|\s[–-]\s)
      | (?P<open>[(\[]) | (?P<close>[)\]])""",
    re.VERBOSE | re.IGNORECASE,
)
_TIMES = frozenset(["minut", "hour", "day", "week", "month", "year"])
#: Before a length of time these words are not plain: "for five days" is not "in five days".
_BEFORE_TIME = frozenset({"for", "in", "at"})
_VOWEL = re.compile("[aeiouy]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word that carries meaning, and what stood between it and the one before."""

    text: str
    raw: str
    group: int = 0  # the parenthesis that it is in, counted from 1; 0: in none
    comma: bool = False
    strong: bool = False  # a semicolon or the end of a sentence
    joined: bool = False  # "and", "plus"
    finite: bool = False  # "is", "has": a clause with a verb of its own
    opener: bool = False  # it opens an adverbial clause: "in (patients with) ..."
    slashed: bool = False  # as in ACC/AHA
    link: str = ""  # the last "of", "in", "for", …

    @property
    def is_number(self) -> bool:
        """Whether it is written in digits."""
        return self.text.lstrip("-")[:1].isdigit()


def words(text: str) -> tuple[Word, ...]:
    """The words of a sentence that carry meaning, in order."""
    return _words(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=50_000)
def base_form(word: str) -> str:
    """One form for the inflections of a word and for its British and American spellings: "stopped" and "stops" → "stop".

    Only inflections: "severe" and "several", "inhaled" and "inhaler" stay apart.
    """
    word = word.casefold().removesuffix("'s").removesuffix("’s").replace("’", "'")
    word = IRREGULAR.get(word, word).replace("ae", "e").replace("oe", "e")
    word = re.sub(r"(?<=[a-z]{3})our(?=s?\Z|ed\Z|ing\Z)", "or", word)
    word = re.sub(r"(?<=[a-z]{3})([iy])s(?=e[sd]?\Z|ing\Z|ation)", r"\1z", word)
    word = re.sub(r"(?<=[a-z])tre(?=s?\Z)", "ter", word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and re.search(r"(?:x|ch|sh|ss|zz)es\Z", word):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and _VOWEL.search(stem) and not word.endswith("eed"):
            word = _uninflected(stem)
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word  # not of four letters: "note" is not "not"


def _uninflected(stem: str) -> str:
    """`stopp` → `stop`, `dos` → `dose`, `act` → `act`."""
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    return f"{stem}e" if re.fullmatch("[^aeiou][aeiou][^aeiouwxy]", stem) else stem


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    raw: str
    text: str


@cache
def _phrases() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """First word of a phrase -> (the phrase, what stands for it), the longest phrase first."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for line in SAME.splitlines():
        first, *others = ([piece.text for piece in _pieces(side.strip()) if piece.text] for side in line.split(" | "))
        for other in others:
            found.setdefault(other[0], []).append((tuple(other), tuple(first)))
    for options in found.values():
        options.sort(key=lambda option: -len(option[0]))
    return found


def _pieces(text: str) -> Iterator[_Piece]:
    for match in _PIECE.finditer(text):
        kind, raw = str(match.lastgroup), match[0]
        if kind == "number":
            yield _Piece(kind, raw, _number(raw))
        elif kind == "word" and raw.casefold().endswith(("n't", "n’t")):
            yield _Piece("word", raw, base_form(raw[:-3]))
            yield _Piece("word", raw, "not")
        elif kind == "word" and match.start() and text[match.start() - 1] in "-‐":
            yield _Piece("part", raw, base_form(raw))  # "lead-in": no plain word
        elif kind == "word":
            labels = raw.isupper() and raw.casefold() in PLAIN and match.start() > 0  # group A, vitamin A
            yield _Piece(kind, raw, raw if labels else base_form(raw))
        else:
            yield _Piece(kind, raw, raw.strip() if kind == "symbol" else "")


def _number(raw: str) -> str:
    """`1,200.50` → `1200.5`: one way to write a number."""
    value = Decimal(raw.replace(",", "").replace("\u202f", "").replace("−", "-").replace("–", "-"))
    return format(value.normalize(), "f")


def _folded(pieces: list[_Piece]) -> Iterator[_Piece]:
    """Phrases that say the same are replaced by the one that stands for them."""
    at = 0
    while at < len(pieces):
        for phrase, instead in _phrases().get(pieces[at].text, ()):
            if tuple(piece.text for piece in pieces[at : at + len(phrase)]) == phrase:
                yield from (_Piece("number" if text[0].isdigit() else "word", pieces[at].raw, text) for text in instead)
                at += len(phrase)
                break
        else:
            yield pieces[at]
            at += 1


def _limits_first(pieces: list[_Piece]) -> list[_Piece]:
    """`100 mg or more` → `>= 100 mg`: a limit that is written behind its number comes before it."""
    found: list[_Piece] = []
    at = 0
    while at < len(pieces):
        limit = _LIMITS.get(" ".join(piece.text for piece in pieces[at : at + 2]))
        start = _number_before(found)
        if limit and start is not None and [piece.kind for piece in pieces[at + 2 : at + 3]] != ["number"]:
            found.insert(start, _Piece("symbol", limit, limit))
            at += 2
        else:
            found.append(pieces[at])
            at += 1
    return found


def _number_before(found: Sequence[_Piece]) -> int | None:
    """Where the number begins (`130/80`, `5-10`) that ends a text, with its unit of at most three words."""
    at = len(found) - 1
    while at >= 0 and len(found) - at <= 3 and found[at].kind == "word":
        at -= 1
    if at < 0 or found[at].kind != "number":
        return None
    while at > 0 and (found[at - 1].kind in ("number", "dash") or found[at - 1].text == "/"):
        at -= 1
    return None if at > 0 and found[at - 1].text in (">=", "<=") else at


_PLAIN = frozenset(map(base_form, PLAIN))
_OPENERS = frozenset(map(base_form, OPENERS))
_CONJUNCTIONS = frozenset(map(base_form, ("if", "unless", "although", "despite", "while", "where")))
_LIMITS = {f"or {word}": ">=" for word in ("more", "higher", "greater", "over", ">", "older", "longer")}
_LIMITS |= {f"or {word}": "<=" for word in ("less", "lower", "fewer", "<", "younger", "shorter")}
_LIMITS |= {"and over": ">=", "and >": ">=", "and older": ">=", "and <": "<=", "and younger": "<="}


@lru_cache(maxsize=4096)  # a quote is held against every sentence that cites it
def _words(text: str) -> tuple[Word, ...]:
    pieces = list(_limits_first(list(_folded(list(_pieces(text))))))
    found: list[Word] = []
    group = groups = 0
    gap = Word("", "")  # what has stood since the last word
    for at, piece in enumerate(pieces):
        following = pieces[at + 1 : at + 6]
        if piece.kind == "open":
            groups += 1
            group = groups
        elif piece.kind == "close":
            group = 0
        elif piece.kind in ("weak", "strong"):
            gap = replace(gap, comma=True, strong=gap.strong or piece.kind == "strong")
        elif piece.kind == "dash" or (piece.text == "to" and following and following[0].kind == "number"):
            found.append(replace(gap, text="..", raw=piece.raw, group=group))
            gap = Word("", "")
        elif piece.text == "/":
            gap = replace(gap, slashed=True)
        elif piece.kind != "part" and piece.text in _PLAIN and not _before_time(piece.text, following):
            gap = replace(
                gap,
                joined=gap.joined or piece.text in ("and", "plus"),
                finite=gap.finite or piece.raw.casefold() in ("is", "are", "was", "were", "has", "have", "had"),
                opener=gap.opener or piece.text in _OPENERS,
                link=piece.text if piece.text in LINKS else gap.link,
            )
        else:
            timed = piece.text in _OPENERS - _CONJUNCTIONS and bool(following) and following[0].kind != "word"  # "after 65"
            opener = (gap.opener or piece.text in _OPENERS) and piece.kind == "word" and not timed
            found.append(replace(gap, text=piece.text, raw=piece.raw, group=group, opener=opener))
            gap = Word("", "")
    return tuple(found)


def _before_time(word: str, following: list[_Piece]) -> bool:
    """Whether a length of time comes next: "for (at least) five (to seven) days"."""
    if word not in _BEFORE_TIME:
        return False
    for piece in following:
        if piece.text in _TIMES:
            return True
        if piece.kind != "number" and piece.kind != "dash" and piece.text not in (">=", "<=", ">", "<", "to", "or"):
            return False
    return False
