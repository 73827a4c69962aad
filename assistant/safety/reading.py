"""A message and the reader's earlier ones with their signs: what both the cues and the points look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.safety.frames import Frames, acute, counts, read_frames, with_signs
from assistant.safety.tables import Tables
from assistant.safety.text import read_message

#: How many of the reader's earlier questions are looked at.
EARLIER_QUESTIONS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One message. `signs`: every sign that stands in it -> whether it counts; `acute`: those that count and are of now."""

    frames: Frames
    signs: Mapping[str, bool]
    acute: frozenset[str]


def read_turns(question: str, earlier: Sequence[str], tables: Tables) -> list[Reading]:
    """The question's reading, then the earlier ones', the latest first."""
    readings: list[Reading] = []
    personal = False
    for text in [*earlier[-EARLIER_QUESTIONS:], question]:
        reading = _read(text, personal, tables)
        personal = personal or bool(reading.frames.somebody)
        readings.insert(0, reading)
    return readings


def _read(text: str, personal: bool, tables: Tables) -> Reading:
    message = read_message(text, tables.speller.correct)
    frames = read_frames(message, tables)
    found = tables.signs.find(message, frames.masked)
    frames = with_signs(frames, (span for spans in found.values() for span in spans))
    signs: dict[str, bool] = {}
    now: set[str] = set()
    for name, spans in found.items():
        told = [span for span in spans if counts(span, tables.sign_is[name], frames, personal)]
        signs[name] = bool(told)
        if any(acute(span, frames) for span in told):
            now.add(name)
    return Reading(frames, signs, frozenset(now))
