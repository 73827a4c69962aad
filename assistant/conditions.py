"""Which statements must come along with a quoted one, because they qualify or contradict it: an exact quote that leaves out
"not with", "only if" or "stop in kidney disease" misleads, however exact.

An article may declare them; where it declares none they are worked out from its wording. Knows nothing of questions, search
scores or answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from assistant.statements import Reading, by_class, likeness, read
from corpus.types import Passage

#: At most this many come along with one statement where they are worked out; what an article declares comes along whole.
MOST = 3
#: A statement comes along from this score on: .6 a statement of the shipped articles. Of the 111 conditions of conditions-dev
#: that stand in another statement, held out article by article, .6 a statement keeps 59, 1.0 keeps 72, 1.5 keeps 80; of the
#: 135 of conditions-test, on articles that no choice saw, .6 keeps 45. The cosine of the index's vectors, boosted trees and
#: twice as many articles to learn from did no better: where it matters an article declares its conditions.
THRESHOLD = -0.74
#: Statements further apart than this many are not compared: it bounds the work for long imported articles.
_WINDOW = 60
#: What each sign says for a statement's qualifying another: a logistic regression on the statements of the articles in
#: eval/data/conditions-dev.jsonl (`followup eval conditions --fit` prints these numbers again).
INTERCEPT = -5.44
WEIGHTS: Mapping[str, float] = {
    "most like it": 1.46,
    "rarest shared word": 1.88,
    "shared class of drugs": 0.89,
    "other drugs": -1.05,
    "under one main heading": 0.96,
    "shared references": 0.63,
    "advises": 0.52,
    "warns itself": -0.86,
    "stands under a warning heading": -1.04,
    "other warns": 0.86,
    "other contraindicates": 0.58,
    "other limits the scope": 0.83,
    "other must come first": 1.33,
    "other under a warning heading": 0.81,
    "other's warning heading, same drug": 1.84,
    "other's heading names its drug": 0.81,
    "other in the summary": -0.51,
    "other defines": -0.52,
    "harm in the same trial": 1.48,
}

#: Ids of statements -> ids of those that must come along with them.
Links = Mapping[str, tuple[str, ...]]


def conditions_of(passage: Passage, siblings: Sequence[Passage], declared: Links | None = None) -> tuple[Passage, ...]:
    """Those of `siblings` (all passages of its article, in reading order) that must come along, most important first.

    `declared` are the links that the article itself declares, by passage id; None where it declares none.
    """
    told = declared.get(passage.id, ()) if declared is not None else conditions(tuple(siblings)).get(passage.id, ())
    by_id = {sibling.id: sibling for sibling in siblings}
    return tuple(by_id[name] for name in told if name in by_id)


@lru_cache(maxsize=512)
def conditions(passages: tuple[Passage, ...]) -> Links:
    """For each statement of an article the ids of at most `MOST` that qualify it, from their wording alone.

    Takes about 20 ms for 25 statements, once: the result is kept.
    """
    reading = read(passages)
    found: dict[str, tuple[str, ...]] = {}
    for number, scored in scores(reading).items():
        best = sorted(scored.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
        found[passages[number].id] = tuple(passages[other].id for other, score in best if score >= THRESHOLD)
    return found


def scores(reading: Reading) -> dict[int, dict[int, float]]:
    """By the row of a statement and of another one, how clearly the other qualifies it: log odds."""
    return {
        number: {other: INTERCEPT + sum(WEIGHTS[name] * value for name, value in signs.items()) for other, signs in row.items()}
        for number, row in signs_of(reading).items()
    }


def signs_of(reading: Reading) -> dict[int, dict[int, dict[str, float]]]:
    """By the row of a statement and of another one, the signs that the other qualifies it, each 0..1, named as in `WEIGHTS`."""
    alike = _likeness(reading)
    ranks = _ranks(reading, alike)
    return {
        number: {other: _signs(reading, number, other, value, ranks[number, other]) for other, value in row.items()}
        for number, row in alike.items()
    }


def _likeness(reading: Reading) -> dict[int, dict[int, float]]:
    """The likeness of every two statements not too far apart."""
    alike: dict[int, dict[int, float]] = {number: {} for number in range(len(reading.statements))}
    for number in alike:
        for other in range(number + 1, min(len(alike), number + _WINDOW)):
            alike[number][other] = alike[other][number] = likeness(reading, number, other)
    return alike


def _ranks(reading: Reading, alike: Mapping[int, Mapping[int, float]]) -> dict[tuple[int, int], float]:
    """For a statement and another one: 1 over its place, by likeness to the other, among those that are no trial's result."""
    ranks: dict[tuple[int, int], float] = {}
    for other, row in alike.items():
        advice = [value for number, value in row.items() if not reading.statements[number].trial]
        for number, value in row.items():
            ranks[number, other] = 1 / (1 + sum(better > value for better in advice))
    return ranks


def _signs(reading: Reading, number: int, other: int, alike: float, rank: float) -> dict[str, float]:
    one, two = reading.statements[number], reading.statements[other]
    same_drug = one.drugs.named & two.drugs.named
    same_class = frozenset() if same_drug else by_class(one, two)
    one_trial = one.trial and two.trial and bool(one.acronyms & two.acronyms)
    return {
        "most like it": rank,
        "rarest shared word": reading.heaviest(one.words & two.words),
        "shared class of drugs": reading.heaviest(same_class),
        "other drugs": float(bool(one.drugs.named and two.drugs.named) and not same_drug and not same_class),
        "under one main heading": float(one.passage.section[:1] == two.passage.section[:1]),
        "shared references": float(bool(set(one.passage.marks) & set(two.passage.marks))),
        "advises": float(one.advice),
        "warns itself": float(one.warning),
        "stands under a warning heading": float(one.under_warning),
        "other warns": float(two.warning),
        "other contraindicates": float(two.contraindication),
        "other limits the scope": float(two.scope),
        "other must come first": alike if two.prerequisite else 0.0,
        "other under a warning heading": float(two.under_warning),
        "other's warning heading, same drug": reading.heaviest(same_drug) if two.under_warning else 0.0,
        "other's heading names its drug": float(bool(two.heading_drugs.named & (one.drugs.named | one.drugs.implied))),
        "other in the summary": float(two.in_summary),
        "other defines": float(two.under_definition),
        "harm in the same trial": float(one_trial and two.harm),
    }
