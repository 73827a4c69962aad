"""Which words of a message speak of somebody, now: not of knowledge, the past, a possibility, or an illness that is denied.

In doubt a thing counts as happening: a banner too many costs a line, one too few a life.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.safety.phrases import Span
from assistant.safety.tables import SignIs, Tables
from assistant.safety.text import Message

#: Words after a denial that it reaches, those that count: "no fever, cough, rash or chest pain".
DENIAL_REACHES = 3
#: Words that count between an illness's name and what says that it is happening: "I think dad has had a stroke".
HAPPENING_REACHES = 4
#: Words of a sign that its own "not" is part of.
SHORT_SIGN = 4
#: Words before which a denial does not reach past a comma: a new subject.
_SUBJECTS = frozenset("i he she it they we my his her our this that there now today tonight then just only since".split())
_CONTRAST = frozenset(["but", "however", "although", "though", "except", "yet"])
_QUESTION = frozenset(
    "what which who where why how when is are was were does do did can could should would will has have whats wat".split()
)
_LEADS = frozenset(
    (
        "and so but also please me know wonder wondering explain asking ask then or for in of about on ok okay hi hello thanks"
    ).split()
)
_FIRST_PERSON = frozenset(["i", "me", "my", "mine", "we", "our", "us", "am", "im", "ive"])
_NEGATORS = frozenset(["no", "nil", "zero", "not", "never", "without", "nor", "neither"])
#: "No fever, cough, rash" denies all three; "I have not been out, fever since Monday" one.
_DENIES_LISTS = frozenset(["no", "nil", "zero", "without", "denies", "denied", "deny", "never", "nor", "neither"])
_MODAL = frozenset(["can", "could", "should", "would", "do", "does", "did", "will", "must", "may", "might", "to"])


@dataclass(frozen=True, slots=True)
class Frames:
    """What each word stands under; all tuples as long as the message's words."""

    message: Message
    masked: frozenset[int]
    now: frozenset[int]  # clauses
    past: frozenset[int]  # clauses
    somebody: frozenset[int]  # clauses
    knowledge: frozenset[int]  # clauses
    happening: tuple[Span, ...]
    possible: frozenset[int]  # words
    denials: tuple[tuple[Span, int], ...]  # and where the denying word stands
    spent: frozenset[int]  # denying words that are part of a sign: "no pulse", "can not breathe"
    clinical: bool
    rehearsed: bool


def read_frames(message: Message, tables: Tables) -> Frames:
    """The frames of a message."""
    first = tables.frames.find(message)
    masked = frozenset(i for span in first.get("figurative", ()) for i in range(span.start, span.end))
    found = tables.frames.find(message, masked) if masked else first

    def clauses(name: str) -> frozenset[int]:
        return frozenset(message.clause[i] for span in found.get(name, ()) for i in (span.start, span.end - 1))

    now, somebody = clauses("now"), _somebody(message, found.get("somebody", ()))
    whether = {i for span in found.get("whether", ()) for i in range(span.start, span.end)}
    excused = {i for span in found.get("not-absent", ()) for i in range(span.start, span.end)}
    return Frames(
        message=message,
        masked=masked,
        now=now,
        past=_past(message, found.get("past", ())),
        somebody=somebody,
        knowledge=_knowledge(message, found.get("knowledge", ()), somebody, now),
        happening=tuple(found.get("happening", ())),
        possible=_possible(message, [span for span in found.get("hypothetical", ()) if span.start not in whether]),
        denials=tuple((span, _negator(span, message)) for span in found.get("absent", ()) if span.end - 1 not in excused),
        spent=frozenset(),
        clinical=bool(found.get("clinical")) and not found.get("bedside") and not found.get("kin"),
        rehearsed=bool(found.get("rehearsed")),
    )


def _negator(span: Span, message: Message) -> int:
    """The word of a denial that denies."""
    return next((i for i in range(span.start, span.end) if message.words[i] in _NEGATORS), span.start)


def with_signs(frames: Frames, signs: Iterable[Span]) -> Frames:
    """The frames once the signs are known: a denying word inside a short sign is spent on it."""
    words = frames.message.words
    spent = (
        i for span in signs if span.end - span.start <= SHORT_SIGN for i in range(span.start, span.end) if words[i] in _NEGATORS
    )
    return replace(frames, spent=frozenset(spent))


def _somebody(message: Message, spans: Sequence[Span]) -> frozenset[int]:
    """Clauses in which somebody is said to have something; "should I know" and "can I take" are only questions."""
    return frozenset(
        message.clause[span.end - 1] for span in spans if span.start == 0 or message.words[span.start - 1] not in _MODAL
    )


def _past(message: Message, spans: Sequence[Span]) -> frozenset[int]:
    """Clauses that tell of long ago: that say when, or stand beside one that says only when ("once, in 1994, I …")."""
    told = {message.clause[i] for span in spans for i in (span.start, span.end - 1)}
    bare = told - {message.clause[i] for i, word in enumerate(message.words) if word in _SUBJECTS}
    sentences = {message.sentence[i] for i, clause in enumerate(message.clause) if clause in bare}
    beside = {clause + step for clause in bare for step in (-1, 1)}
    return frozenset(
        told
        | {message.clause[i] for i, number in enumerate(message.sentence) if number in sentences and message.clause[i] in beside}
    )


def _knowledge(message: Message, spans: Sequence[Span], somebody: frozenset[int], now: frozenset[int]) -> frozenset[int]:
    """Clauses that ask in general, by their words or their first, and what follows in the sentence without a person or time."""
    asking = {message.clause[span.start] for span in spans if _asks(span, message)}
    for i, word in enumerate(message.words):
        opens = i == 0 or message.clause[i] != message.clause[i - 1]
        if opens and word in _QUESTION and message.words[i + 1 : i + 2] != ("not",):
            asking.add(message.clause[i])
    for i in range(1, len(message.words)):
        clause, before = message.clause[i], message.clause[i - 1]
        follows = clause != before and message.sentence[i] == message.sentence[i - 1] and before in asking
        if follows and clause not in somebody and clause not in now and message.words[i] not in _SUBJECTS:
            asking.add(clause)
    return frozenset(asking)


def _asks(span: Span, message: Message) -> bool:
    """A question word asks at the start of its clause, or behind a word that asks: not in "he told me where the will is"."""
    i = span.start
    if message.words[i] not in _QUESTION or i == 0 or message.clause[i] != message.clause[i - 1]:
        return True
    return message.words[i - 1] in _LEADS


def _possible(message: Message, spans: Sequence[Span]) -> frozenset[int]:
    """Words under an "if": to the end of its clause."""
    covered: set[int] = set()
    for span in spans:
        i = span.start
        while i < len(message.words) and message.clause[i] == message.clause[span.end - 1]:
            covered.add(i)
            i += 1
    return frozenset(covered)


def counts(span: Span, kind: SignIs, frames: Frames, personal: bool = False) -> bool:
    """Whether a sign at `span` is told of somebody now (event, named) or told at all (state, asked).

    `personal`: an earlier question told of somebody, so that a measured value in this one is theirs.
    """
    message = frames.message
    if kind is SignIs.ASKED:
        return True
    if _denied(span, frames):
        return False
    if kind is SignIs.STATE:
        return True
    clauses = {message.clause[i] for i in range(span.start, span.end)}
    now, somebody = not clauses.isdisjoint(frames.now), not clauses.isdisjoint(frames.somebody)
    if frames.rehearsed and not (now and _first_person(clauses, message)):
        return False
    if frames.clinical and not _first_person(clauses, message):
        return False
    if kind is not SignIs.WISH and span.start in frames.possible and not now:
        return False
    if not clauses.isdisjoint(frames.past) and not now:
        return False
    if kind is SignIs.NAMED and not any(_beside(span, other, message) for other in frames.happening):
        return False
    if kind is SignIs.WISH:
        return True
    measured = personal and any(form[0] == "#" for i in range(span.start, span.end) for form in message.forms[i])
    return message.clause[span.start] not in frames.knowledge or now or somebody or measured


def _beside(span: Span, other: Span, message: Message) -> bool:
    """Whether two spans stand near each other in one sentence."""
    if message.sentence[span.start] != message.sentence[other.start]:
        return False
    first, second = sorted((span, other), key=lambda one: one.start)
    return second.start < first.end or message.between(first.end, second.start) <= HAPPENING_REACHES


def _first_person(clauses: set[int], message: Message) -> bool:
    return any(message.clause[i] in clauses and word in _FIRST_PERSON for i, word in enumerate(message.words))


def _denied(span: Span, frames: Frames) -> bool:
    """Whether a denial before the sign reaches it. The "not" of "can not breathe" belongs to the sign and denies nothing."""
    message = frames.message
    return any(
        negator < span.start
        and negator not in frames.spent
        and message.sentence[negator] == message.sentence[span.start]
        and _reaches(negator, min(denial.end, span.start), span, message)
        for denial, negator in frames.denials
    )


def _reaches(negator: int, start: int, span: Span, message: Message) -> bool:
    """Whether a denial before word `start` reaches a sign: a few words far, and on along a list, but not over a new subject."""
    since = start
    listed = message.words[negator] in _DENIES_LISTS
    for i in range(start, span.start):
        word, comma = message.words[i], i - 1 in message.commas
        if (
            word in _CONTRAST
            or (i > start and word in _SUBJECTS and word not in _FIRST_PERSON - {"i", "we"})
            or (comma and not listed)
        ):
            return False
        if comma or word in ("or", "nor", "and"):
            since = i
    if span.start - 1 in message.commas and span.start > start:
        if not listed:
            return False
        since = span.start
    reach = DENIAL_REACHES if listed or start > negator + 1 else 0
    return message.between(since, span.start) <= reach


#: A message of so many words tells of now unless it says otherwise.
SHORT_MESSAGE = 40


def acute(span: Span, frames: Frames) -> bool:
    """Whether what stands at `span` is told as of now: by its sentence, or in a short message that names no years."""
    message = frames.message
    sentence = message.sentence[span.start]
    clauses = {message.clause[i] for i in range(len(message.words)) if message.sentence[i] == sentence}
    if not clauses.isdisjoint(frames.now):
        return True
    return len(message.words) <= SHORT_MESSAGE and clauses.isdisjoint(frames.past)
