"""Splits the authors of a reference, one text in an article, into names: only what can be nothing else becomes a person.

"Gandhi RT, Landovitz RJ, Sax PE, et al.; IAS-USA" is three persons, others, and a body. What is in doubt stays whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.particles import PARTICLES

_PARTICLES = "|".join(sorted(PARTICLES | {"st"}))
#: As PubMed writes a person: "van der Eerden MM", "Geyer CE Jr", with a remark after it perhaps: "Creager MA (chair)".
_PERSON = re.compile(
    rf"(?P<family>(?:(?:{_PARTICLES})\s)*[^\W\d_]+(?:['’-][^\W\d_]+)*)\s(?P<initials>[^\W\d_](?:-?[^\W\d_]){{0,2}})"
    r"(?:\s(?P<lineage>Jr|Sr|II|III|IV|2nd|3rd))?\.?(?:\s\([^()]*\))?",
    re.IGNORECASE,
)
#: How organisations end, and so no initials: "Diabetes UK" is nobody's name.
_PLACES = {"UK", "US", "USA", "EU", "UN", "NZ"}
_ET_AL = re.compile(r"[,\s]+et\s+al\b\.?[,\s]*")
_GROUP_OF_PEOPLE = re.compile(r"(?P<group>[^()]+?)\s*\((?P<people>[^()]*)\)")
_AND = re.compile(r"(?:^|\s)(?:and|&)\s")


@dataclass(frozen=True, slots=True)
class Name:
    """A person, or with no initials a body whose name stays whole."""

    family: str
    initials: str = ""
    lineage: str = ""

    @property
    def given(self) -> str:
        """Written out: "JD" as "J. D."."""
        letters = re.findall(r"-?[^\W\d_]", self.initials)
        return " ".join(f"{letter}." for letter in letters).replace(" -", "-")


def authors(given: str) -> tuple[tuple[Name, ...], bool]:
    """Who is named, in that order, and whether there are others: "Gandhi RT, Sax PE, et al.; IAS-USA"."""
    names: list[Name] = []
    others = False
    for part in _split(given, ";"):
        found = _GROUP_OF_PEOPLE.fullmatch(part)
        group = found["group"] if found else ""
        inside, more = _people(found["people"]) if found else ([], False)
        if group and inside and all(name.initials for name in inside):
            names += [Name(group), *inside]
        else:
            inside, more = _people(part)
            names += inside
        others = others or more
    return tuple(names), others


def _people(part: str) -> tuple[list[Name], bool]:
    """The names between commas, what stands after "et al." included, and whether it says "et al."."""
    before, *after = _ET_AL.split(part, maxsplit=1)
    names: list[Name] = []
    whole: list[str] = []  # pieces side by side that are no persons: one name with commas in it
    for piece in _split(before, ","):
        persons = [_person(one) for one in _AND.split(piece) if one]
        if not all(persons):
            whole.append(piece)
            continue
        names += [Name(", ".join(whole))] if whole else []
        names += [person for person in persons if person]
        whole = []
    # A remark after "et al." is no name: "(NHLBI expert panel)". It stays in the note.
    whole_after = [text for text in after if text and not text.startswith("(")]
    names += [Name(text) for text in (", ".join(whole), *whole_after) if text]
    return names, bool(after)


def _person(piece: str) -> Name | None:
    """A person, where it can be nothing else."""
    found = _PERSON.fullmatch(piece)
    if found is None or not found["initials"].isupper() or found["initials"] in _PLACES:
        return None
    if found["family"].isupper() or found["family"].islower():
        return None
    return Name(found["family"], found["initials"], found["lineage"] or "")


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand in no parentheses."""
    parts = re.split(rf"{separator}(?![^()]*\))", text)
    return [part.strip() for part in parts if part.strip()]
