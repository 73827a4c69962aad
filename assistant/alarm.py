"""Whether a danger stops a conversation: in the question, in what was said before, and what the reader said about it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.safety.dangers import Danger, find_danger
from assistant.safety.tables import Kind
from assistant.types import AnswerStatus, Turn

STATUS = {Kind.EMERGENCY: AnswerStatus.EMERGENCY, Kind.CRISIS: AnswerStatus.CRISIS, Kind.REFUSAL: AnswerStatus.REFUSED}


def danger_in(asked: Sequence[str], history: Sequence[Turn] = ()) -> Danger | None:
    """The danger that any of the texts asked tells of, alone or after the turns since the reader settled an emergency.

    No word of the reader settles a crisis: it lasts as long as it is remembered.
    """
    for turn in reversed(history):
        if turn.danger and turn.status is AnswerStatus.CRISIS:
            return Danger(turn.danger, Kind.CRISIS)
    settled = max((at for at, turn in enumerate(history, start=1) if turn.settled), default=0)
    earlier = [turn.question for turn in history[settled:]]
    return next((danger for text in asked if (danger := find_danger(text, earlier))), None)


def stops(danger: Danger, safe: bool) -> bool:
    """Whether nothing but the signpost is given: always, but for an emergency of which the reader says that there is none."""
    return danger.kind is not Kind.EMERGENCY or not safe
