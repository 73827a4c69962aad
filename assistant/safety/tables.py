"""The safety tables as checked values: signs, frames, dangers, regions, cautions. Read once, when first asked for.

A table with an unknown key, an empty cue or one that no message can match is a `SettingsError` that names its row.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from assistant.safety.phrases import Finder, Phrase, PhraseError, parse_phrase
from assistant.safety.spelling import Speller
from assistant.safety.text import LIGHT, read_message
from corpus.errors import SettingsError

FOLDER = Path(__file__).parent
#: Beginnings of words (`vomit*`) from which on misspellings are corrected towards the words that begin so.
SHORTEST_BEGINNING = 4
#: What a message's text may take from a region.
_PLACES = frozenset({"call", "call_inside", "emergency", "crisis", "poison"})
Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Kind(StrEnum):
    """What is done about a danger: an emergency signpost, a crisis line, or a refusal."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    REFUSAL = "refusal"


class SignIs(StrEnum):
    """How a sign counts; assistant/safety/signs.toml says it in full."""

    EVENT = "event"
    STATE = "state"
    NAMED = "named"
    WISH = "wish"
    ASKED = "asked"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _SignRow(_Strict):
    is_: SignIs
    phrases: tuple[Text, ...]


class _DangerRow(_Strict):
    category: Text
    kind: Kind
    title: Text
    message: Text
    source: Text
    reviewed: date | None = None
    cues: tuple[Text, ...]
    firm_cues: tuple[Text, ...] = ()

    @field_validator("message")
    @classmethod
    def _places_are_known(cls, message: str) -> str:
        unknown = {name for _, name, _, _ in string.Formatter().parse(message) if name is not None} - _PLACES
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is not a region's")
        return message


class _ConstellationRow(_Strict):
    signs: tuple[Text, ...]
    enough: Annotated[int, Field(ge=2)]


class _RegionRow(_Strict):
    call: Text
    emergency: Text
    crisis: Text
    poison: Text
    source: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One danger. `cues`: any of them; a cue is groups of signs, of each group one. `firm_cues`: those no points overrule."""

    category: str
    kind: Kind
    title: str
    message: str
    source: str
    reviewed: str | None
    cues: tuple[tuple[frozenset[str], ...], ...]
    firm_cues: tuple[tuple[frozenset[str], ...], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """The numbers of one region, as they stand in a message."""

    places: Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """Everything that is matched, with the finders over it."""

    rows: tuple[Row, ...]
    constellation: tuple[frozenset[str], ...]
    enough: int
    regions: Mapping[str, Region]
    sign_is: Mapping[str, SignIs]
    signs: Finder
    frames: Finder
    speller: Speller


@lru_cache(maxsize=1)
def load_tables(folder: Path = FOLDER) -> Tables:
    """The shipped tables. Raises `SettingsError`."""
    signs_table = read_table(folder / "signs.toml")
    sets = signs_table.get("sets", {})
    signs = {
        name: _checked(_SignRow, _is(row), f"signs.toml, sign {name!r}") for name, row in signs_table.get("signs", {}).items()
    }
    phrases = parse_phrases({name: row.phrases for name, row in signs.items()}, sets, "signs.toml, sign")
    frames_table = read_table(folder / "frames.toml")
    frame_phrases = parse_phrases(
        {name: row["phrases"] for name, row in frames_table["frames"].items()}, frames_table["sets"], "frames.toml, frame"
    )
    dangers = read_table(folder / "dangers.toml")
    rows = tuple(_row(row, number, signs) for number, row in enumerate(dangers.get("danger", ()), 1))
    constellation = _checked(_ConstellationRow, dangers.get("constellation"), "dangers.toml, constellation")
    groups = tuple(frozenset(group.split("|")) for group in constellation.signs)
    if unknown := sorted(frozenset().union(*groups) - set(signs)):
        raise SettingsError(f"dangers.toml, constellation: there is no sign {unknown[0]!r}")
    if not rows:
        raise SettingsError("dangers.toml: there is no danger")
    finder, frames = Finder(phrases), Finder(frame_phrases)
    return Tables(
        rows=rows,
        constellation=groups,
        enough=constellation.enough,
        regions=load_regions(folder),
        sign_is={name: row.is_ for name, row in signs.items()},
        signs=finder,
        frames=frames,
        speller=_speller(finder, frames),
    )


def load_regions(folder: Path = FOLDER) -> Mapping[str, Region]:
    """The regions by name. Raises `SettingsError`."""
    regions = {}
    for name, row in read_table(folder / "regions.toml").items():
        checked = _checked(_RegionRow, row, f"regions.toml, region {name!r}")
        inside = checked.call[0].lower() + checked.call[1:]
        regions[name] = Region({**checked.model_dump(exclude={"source"}), "call_inside": inside})
    if "neutral" not in regions:
        raise SettingsError("regions.toml: there is no region 'neutral'")
    return regions


def read_table(path: Path) -> dict[str, Any]:
    """A TOML file. Raises `SettingsError`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from error


def parse_phrases(written: Mapping[str, tuple[str, ...]], sets: Mapping[str, str], where: str) -> list[Phrase]:
    """Every phrase of a table. Raises `SettingsError` naming the row of one that is wrong or can never match."""
    phrases = []
    for name, texts in written.items():
        if not texts:
            raise SettingsError(f"{where} {name!r}: has no phrase")
        for text in texts:
            try:
                phrase = parse_phrase(name, text, sets)
                _check_reachable(phrase)
            except PhraseError as error:
                raise SettingsError(f"{where} {name!r}, phrase {text!r}: {error}") from error
            phrases.append(phrase)
    return phrases


def _check_reachable(phrase: Phrase) -> None:
    """A word that reading a message never yields ("cant" becomes can, not) would make its place dead."""
    for written in phrase.elements:
        if not any(_readable(word) for word in written.split("|")):
            raise PhraseError(f"no message can hold {written!r}: it is read as other words")


@lru_cache(maxsize=16_384)
def _readable(word: str) -> bool:
    return word.startswith("#") or word in ("cannot", "wont") or word.endswith("*") or read_message(word).words == (word,)


def _row(table: object, number: int, signs: Mapping[str, object]) -> Row:
    where = f"dangers.toml, row {number}"
    row = _checked(_DangerRow, table, where)
    cues, firm = (tuple(_cue(cue, f"{where} ({row.category})", signs) for cue in given) for given in (row.cues, row.firm_cues))
    if not cues:
        raise SettingsError(f"{where} ({row.category}): has no cue")
    reviewed = row.reviewed.isoformat() if row.reviewed else None
    return Row(row.category, row.kind, row.title, row.message, row.source, reviewed, cues, firm)


def _cue(written: str, where: str, signs: Mapping[str, object]) -> tuple[frozenset[str], ...]:
    groups = tuple(frozenset(part.strip() for part in group.split("|")) for group in written.split("&"))
    if unknown := sorted(sign for group in groups for sign in group if sign.removesuffix("!") not in signs):
        raise SettingsError(f"{where}, cue {written!r}: there is no sign {unknown[0]!r}")
    return groups


def _is(row: object) -> object:
    """`is` is no name for a field in Python."""
    return {("is_" if key == "is" else key): value for key, value in row.items()} if isinstance(row, dict) else row


def _checked(model: type[Model], table: object, where: str) -> Model:
    try:
        return model.model_validate(table, strict=False)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors(include_url=False)
        )
        raise SettingsError(f"{where}: {problems}") from error


def _speller(*finders: Finder) -> Speller:
    """Corrects towards every word that the tables look for."""
    words: set[str] = set()
    beginnings: set[str] = set()
    for finder in finders:
        exact, prefixes = finder.vocabulary
        words |= {word for word in exact if word not in LIGHT}
        beginnings |= {prefix for prefix in prefixes if len(prefix) >= SHORTEST_BEGINNING}
    return Speller(words, beginnings)
