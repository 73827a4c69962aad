"""Which drugs and drug classes a text names, so that "avoid anthracyclines" is seen to speak of doxorubicin.

The classes are data (`drug_classes.toml`): names, members, and the stems that WHO keeps for the generic names of a class.
What stands before a dose ("colchicine 1.2 mg") is taken for a drug too, so that one no table has is still known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("drug_classes.toml")
_DOSED = re.compile(
    r"\b([a-z][a-z/-]{4,40}[a-z]) \d[\d.,/]*(?:(?: to | or |-)\d[\d.,/]*)* ?(?:mg|g|micrograms?|mcg|units?|ml|mmol)\b"
)
#: Words that stand before an amount and are no drug.
_NOT_DOSED = re.compile(
    r"about|least|under|above|below|first|start\w*|daily|weekly|maxim\w+|given|total|within|after|receiv\w+|reach\w*|single|"
    r"target|exceed\w*|every|doses?|with|than|between|over|more|less|average|range|until|bolus|potassium|glucose|sodium|creatinine|"
    r"albuminuria|calcium|lactate|ratio|level|levels|value|values|weigh\w*|around|nearly|roughly|another|further|initial\w*"
)


@dataclass(frozen=True, slots=True)
class Drugs:
    """What a text says of drugs: those it names (drugs and classes), and the other classes that these belong to."""

    named: frozenset[str]
    implied: frozenset[str]


def drugs_in(text: str) -> Drugs:
    """The drugs and classes of a text, in lower case and singular: `"a statin"` names a class, `"simvastatin"` implies it."""
    lowered = text.lower()
    named = {_singular(match[0]) for match in _phrases().finditer(lowered)}
    named.update(word for word in re.findall(r"[a-z]{5,}", lowered) if _by_stem(word))
    return Drugs(frozenset(named), frozenset(name for drug in named for name in _classes_of(drug)) - named)


def dosed(texts: Sequence[str]) -> frozenset[str]:
    """The words of some texts that stand before an amount of a drug: `"colchicine 1.2 mg"` → colchicine."""
    found = (match[1] for text in texts for match in _DOSED.finditer(text.lower()))
    return frozenset(word for word in found if not _NOT_DOSED.fullmatch(word))


@dataclass(frozen=True, slots=True)
class _Class:
    """One row of the table."""

    names: tuple[str, ...]
    members: tuple[str, ...]
    stem: re.Pattern[str] | None
    excluded: frozenset[str]

    def has(self, word: str) -> bool:
        """Whether a generic name belongs to the class."""
        return word in self.members or bool(self.stem and self.stem.fullmatch(word) and word not in self.excluded)


@cache
def _classes() -> tuple[_Class, ...]:
    rows = tomllib.loads(_TABLE.read_text("utf-8"))["class"]
    return tuple(
        _Class(
            names=tuple(row["names"]),
            members=tuple(row.get("members", ())),
            stem=_stem_pattern(row.get("stems", ())),
            excluded=frozenset(row.get("except", ())),
        )
        for row in rows
    )


def _stem_pattern(stems: Sequence[str]) -> re.Pattern[str] | None:
    """`["-pril", "cef-"]` → a pattern for whole words that end in "pril" or begin with "cef"."""
    return re.compile("|".join(stem.replace("-", "[a-z]{2,}") for stem in stems)) if stems else None


@cache
def _known() -> frozenset[str]:
    return frozenset(phrase for row in _classes() for phrase in (*row.names, *row.members))


@cache
def _phrases() -> re.Pattern[str]:
    """All names and members of the table, the longest first, also in the plural."""
    longest_first = sorted(_known(), key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})s?(?![\w-])")


def _singular(phrase: str) -> str:
    return phrase if phrase in _known() else phrase.removesuffix("s")


@lru_cache(maxsize=65536)
def _by_stem(word: str) -> bool:
    return any(row.stem is not None and row.has(word) for row in _classes())


@lru_cache(maxsize=4096)
def _classes_of(drug: str) -> tuple[str, ...]:
    """Every name of the classes that a drug belongs to; of a class, its other names."""
    return tuple(dict.fromkeys(_names_of(drug)))


def _names_of(drug: str) -> Iterator[str]:
    for row in _classes():
        if drug in row.names or row.has(drug):
            yield from row.names
