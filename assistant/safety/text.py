"""A message as plain words: one spelling, sentences, clauses, and what its numbers mean.

Knows nothing of dangers. Linear in the length of the message.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from assistant.safety.measures import number_senses

#: Characters of a message that are read, from its start and from its end: time stays bounded whatever is pasted.
READ_CHARACTERS = 4000
#: Words that may stand between the words of a phrase without counting: "pain in the chest" is "pain chest".
LIGHT = frozenset(
    (
        "a an the my your his her hers their our its this that these those so very really just like kinda kind sort of "
        "quite bit little lot also still all literally actually feel feels feeling felt is are was were be been being am "
        "has have had having got get gets getting gotten going gone keep keeps kept go goes went seem seems seemed "
        "started start starts starting became become i he she it they we you me him them there to some any now in on at "
        "with too then both as by do does did proper well been suddenly sudden up completely totally absolutely quickly "
        "extremely badly somehow another whole entire"
    ).split()
)
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_APOSTROPHES = re.compile(r"['’‘‛`´ʼ＇]")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_TOKEN = re.compile(r"\d{2,3}/\d{2,3}|\d+(?:\.\d+)?|[^\W\d_]\w*(?:'[^\W\d_]+)*|[.!?…;\n]+|[,:()\u2013\u2014\"/]|-(?=\s)|[&+%°#]")
_NOT = re.compile(r"^(.+)n't$")
_EXPANDED = {
    "ca": "can", "wo": "will", "sha": "shall", "ai": "is",
}  # fmt: skip
_ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_IS = frozenset(["he", "she", "it", "that", "there", "here", "who", "what", "where", "how", "when"])
#: Pronouns that are written as two words.
_PRONOUN_PARTS = {"no": "nobody", "any": "anyone", "every": "everyone", "some": "someone"}
#: Words that open a new clause when a subject follows.
_JOINS = frozenset("and but so because although though while whereas however except then plus cause since yet".split())
_SUBJECTS = frozenset("i he she it they we my his her our the this there now today tonight since im that after".split())


@dataclass(frozen=True, slots=True)
class Message:
    """One message. All tuples are as long as `words`; `forms[i]`: word i itself, its correction, what its number means."""

    words: tuple[str, ...]
    forms: tuple[tuple[str, ...], ...]
    sentence: tuple[int, ...]
    clause: tuple[int, ...]
    heavy: tuple[int, ...]  # heavy[i]: words before i that are not light; one longer than `words`
    questions: frozenset[int]  # the sentences that end in a question mark
    commas: frozenset[int] = field(default=frozenset())  # words after which a comma stands

    def between(self, end: int, start: int) -> int:
        """How many words that count stand between a span that ends before `end` and one that starts at `start`."""
        return self.heavy[start] - self.heavy[end]


def read_message(text: str, correct: Callable[[str], str] = str) -> Message:
    """The message of a text. `correct` gives a word's right spelling, or the word itself."""
    words: list[str] = []
    sentence: list[int] = []
    breaks: set[int] = set()
    questions: set[int] = set()
    number = 0
    for raw in _TOKEN.findall(_plain(text)):
        if raw[0] in ".!?…;\n":
            if words and sentence[-1] == number:
                if "?" in raw:
                    questions.add(number)
                number += 1
        elif raw in ',:()–—"/-':
            breaks.add(len(words) - 1)
        else:
            expanded = _expand(raw)
            if raw == "one" and words and words[-1] in _PRONOUN_PARTS:
                words[-1], expanded = _PRONOUN_PARTS[words[-1]], ()
            words += expanded
            sentence += [number] * len(expanded)
    forms = [(word,) if (right := correct(word)) == word else (word, *right.split()) for word in words]
    _refusals(words, forms)
    number_senses(words, forms)
    light = [0 if word in LIGHT else 1 for word in words]
    return Message(
        words=tuple(words),
        forms=tuple(forms),
        sentence=tuple(sentence),
        clause=tuple(_clauses(words, sentence, breaks)),
        heavy=(0, *accumulate(light)),
        questions=frozenset(questions),
        commas=frozenset(breaks),
    )


def _plain(text: str) -> str:
    """Compatible characters made one, invisible ones and marks dropped, three equal letters made two, numbers written one way."""
    if len(text) > READ_CHARACTERS:
        half = READ_CHARACTERS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    text = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = _REPEATED.sub(r"\1\1", _APOSTROPHES.sub("'", text))
    return _DECIMAL_COMMA.sub(".", _THOUSANDS.sub("", text))


@lru_cache(maxsize=1)
def _shorthand() -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / "shorthand.toml").read_text("utf-8"))


@lru_cache(maxsize=8192)
def _expand(raw: str) -> tuple[str, ...]:
    """The words of a token: "can't" is can, not; "dad's" is dad, for who owns and who is are not told apart."""
    short = _shorthand()
    if raw in short:
        return tuple(short[raw].split())
    if match := _NOT.match(raw):
        return (_EXPANDED.get(match[1], match[1]), "not")
    head, _, ending = raw.partition("'")
    if not ending:
        return (raw,)
    if ending == "s":
        return (head, "is") if head in _IS else (head,)
    if ending in _ENDINGS:
        return (head, _ENDINGS[ending])
    return (head + ending.replace("'", ""),)


def _clauses(words: Sequence[str], sentence: Sequence[int], breaks: set[int]) -> list[int]:
    """A clause number a word: new with a sentence, after a comma, and where a joining word brings its own subject."""
    clauses: list[int] = []
    number = 0
    for i, word in enumerate(words):
        new = i > 0 and (
            sentence[i] != sentence[i - 1]
            or i - 1 in breaks
            or word in ("but", "however", "although", "though", "because")
            or (word in _JOINS and i + 1 < len(words) and words[i + 1] in _SUBJECTS)
        )
        number += new
        clauses.append(number)
    return clauses


def _refusals(words: Sequence[str], forms: list[tuple[str, ...]]) -> None:
    """Gives the `not` of "can not", "could he not", "will not" a form of its own, and so the `able` of "not able"."""
    for i, word in enumerate(words):
        before = words[max(0, i - 2) : i]
        if word == "not":
            if "can" in before or "could" in before:
                forms[i] += ("cannot",)
            elif "will" in before or "would" in before:
                forms[i] += ("wont",)
        elif word == "able" and ("not" in before or "never" in before):
            forms[i] += ("unable",)
