"""Points for and against a danger: the second look, for what no cue was written for.

Each word, pair of words, part of a word, sign and frame of a message has points; the sum says how much the message is like those
that tell of a danger and unlike those that only look so. The table (points.json) is fitted on messages written for that, by
`followup eval points --write`, and holds nothing but names and numbers; here they are added up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.safety.reading import Reading
from corpus.errors import SettingsError

TABLE = Path(__file__).parent / "points.json"
#: What a part of a word is worth beside the word: a word of eight letters has some twenty parts.
PART = 0.3
PART_LENGTHS = (3, 4, 5)
#: Words from which on a message counts as long; the feature "length" is 2 there.
LONG, HALF_LONG = 80, 40


class Points(BaseModel):
    """The fitted table.

    `alarm_from`: points that raise an alarm alone; `cue_needs`, `wish_needs`: points below which the cue of an emergency, or of a
    crisis in which no way of dying is asked for, raises none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarm_from: float
    cue_needs: float
    wish_needs: float
    base: float
    points: Mapping[str, float]
    category_base: Mapping[str, float]
    category_points: Mapping[str, Mapping[str, float]]  # feature -> category -> points


@dataclass(frozen=True, slots=True)
class Sum:
    """How many points a message has, and the category that most of them speak for."""

    points: float
    category: str


@lru_cache(maxsize=1)
def load_points(path: Path = TABLE) -> Points:
    """The shipped table. Raises `SettingsError`."""
    try:
        return Points.model_validate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise SettingsError(f"{path.name} cannot be read: {type(error).__name__}") from error


def add_up(features: Mapping[str, float], table: Points) -> Sum:
    """The sum of a message's features."""
    total = table.base + sum(value * table.points.get(name, 0.0) for name, value in features.items())
    categories = dict(table.category_base)
    for name, value in features.items():
        for category, points in table.category_points.get(name, {}).items():
            categories[category] += value * points
    return Sum(total, max(categories, key=lambda category: categories[category]))


def features_of(readings: Sequence[Reading], cue: str | None) -> dict[str, float]:
    """What of a question (first) and of earlier ones has points: feature -> value. `cue`: the category a cue speaks for."""
    question, *earlier = readings
    features: dict[str, float] = dict.fromkeys(_words(question), 1.0)
    features |= dict.fromkeys(_parts(question), PART)
    features |= _frames(question)
    for reading in earlier:
        features |= dict.fromkeys((f"earlier {word}" for word in _spoken(reading)), 1.0)
    for reading in reversed(readings):
        features |= {f"{'sign' if counts else 'named'} {name}": 1.0 for name, counts in reading.signs.items()}
    if cue:
        features[f"cue {cue}"] = 1.0
    return features


def _spoken(reading: Reading) -> list[str]:
    """The words as they were meant, each number as one."""
    words = (forms[-1] for forms in reading.frames.message.forms)
    return ["#" if word[0] == "#" else word for word in words]


def _words(reading: Reading) -> Iterator[str]:
    words = _spoken(reading)
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))
    yield from (f"first {word}" for word in words[:1])


def _parts(reading: Reading) -> Iterator[str]:
    for word in _spoken(reading):
        if len(word) > PART_LENGTHS[0]:
            yield from _parts_of(word)


@lru_cache(maxsize=8192)
def _parts_of(word: str) -> tuple[str, ...]:
    marked = f"<{word}>"
    return tuple(f"~{marked[i : i + n]}" for n in PART_LENGTHS for i in range(len(marked) - n + 1))


def _frames(reading: Reading) -> dict[str, float]:
    frames = reading.frames
    return {
        "frame now": float(bool(frames.now)),
        "frame past": float(bool(frames.past)),
        "frame somebody": float(bool(frames.somebody)),
        "frame knowledge": float(bool(frames.knowledge)),
        "frame possible": float(bool(frames.possible)),
        "frame clinical": float(frames.clinical),
        "frame rehearsed": float(frames.rehearsed),
        "frame question": float(bool(frames.message.questions)),
        "frame length": min(len(frames.message.words), LONG) / HALF_LONG,
    }
