"""Fits the points of assistant/safety/points.json: `followup eval points --write`.

Messages that tell of a danger (eval/data/dangers-dev*.jsonl, dangers-own.jsonl) against those that only look so
(lookalikes-dev*.jsonl, lookalikes-own.jsonl), the shipped articles' questions and, where ../shared is there, consumers' and
out-of-domain questions. Never the `-test` files. A logistic regression over features weighted by how one-sidedly they occur (Wang
and Manning, ACL 2012: NB-SVM); small points are dropped. Its figures are of messages that were left out of the fitting,
in five parts.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.safety.dangers import find_cue, points_needed
from assistant.safety.points import Points, add_up, features_of
from assistant.safety.reading import read_turns
from assistant.safety.tables import Kind, load_tables
from corpus.loading import load_corpus

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "data"
FOLDS = 5
#: Points at which an alarm is raised without a cue, and below which the cue of an emergency, or of a crisis, is not believed:
#: of a grid over left-out messages, the one that keeps the first look-alikes at 2 % false alarms.
ALARM_FROM, CUE_NEEDS, WISH_NEEDS = 0.5, -1.0, -1.0
LIMITS = Points(
    alarm_from=ALARM_FROM, cue_needs=CUE_NEEDS, wish_needs=WISH_NEEDS, base=0.0, points={}, category_base={}, category_points={}
)
STRENGTH = 0.3
#: Points smaller than this are left out of the table; the left-out messages' figures do not change by it.
SMALLEST = 0.02
QUESTIONS, CONSUMERS, OUT_OF_DOMAIN = 1300, 600, 700  # ordinary questions taken in
ORDINARY_WEIGHT = 0.5
#: What people add to make little of a danger, or to be polite; must move no message over the line.
ASIDES = (
    "my friend says it's nothing",
    "it's probably nothing",
    "should I wait until tomorrow?",
    "he says not to make a fuss",
    "sorry to bother you",
    "I'm sure it's just stress",
    "thanks in advance",
    "hope you can help",
    "please answer quickly",
    "my mum thinks I'm overreacting",
    "hi there",
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `category` is empty where there is no danger."""

    source: str
    text: str
    earlier: tuple[str, ...]
    category: str


def messages() -> Iterator[Message]:
    """All that is fitted on, the same in every run."""
    for path in sorted(
        [
            *DATA.glob("dangers-dev*.jsonl"),
            DATA / "dangers-own.jsonl",
            *DATA.glob("lookalikes-dev*.jsonl"),
            DATA / "lookalikes-own.jsonl",
        ]
    ):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield Message(path.stem, row["text"], tuple(row["earlier"]), row.get("category", ""))
    chance = random.Random(0)  # noqa: S311  # a sample, no secret
    asked = [question.text for article in load_corpus() for question in article.questions]
    yield from (Message("questions", text, (), "") for text in chance.sample(asked, min(QUESTIONS, len(asked))))
    for name, file, number in (
        ("consumers", "consumer-questions/meqsum", CONSUMERS),
        ("clinc", "safety/out-of-domain-clinc", OUT_OF_DOMAIN),
    ):
        path = SHARED / f"{file}.jsonl.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                texts = [json.loads(line)["text"] for line in lines]
            tables = load_tables()
            # No one has said which consumers describe a danger: those that a cue speaks of are left out.
            calm = [text for text in texts if len(text) < 900 and find_cue(read_turns(text, (), tables), tables) is None]
            yield from (Message(name, text, (), "") for text in chance.sample(calm, min(number, len(calm))))


@dataclass(frozen=True, slots=True)
class Read:
    """A message as the points see it. `cue`: what a cue speaks for; `needs`: points below which it is not believed."""

    features: dict[str, float]
    cue: str | None
    needs: float
    settled: bool  # a cue that is believed says which category it is; else the points do


def read(text: str, earlier: Sequence[str]) -> Read:
    """A message's features and cue."""
    tables = load_tables()
    readings = read_turns(text, earlier, tables)
    cue = find_cue(readings, tables)
    needs = points_needed(cue, LIMITS) if cue else math.inf
    settled = cue is not None and (cue.firm or cue.row.kind is not Kind.EMERGENCY)
    return Read(features_of(readings, cue.row.category if cue else None), cue.row.category if cue else None, needs, settled)


class Fit:
    """A fitted regression as points a feature."""

    def __init__(self, rows: Sequence[dict[str, float]], truth: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> None:
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression

        vectorizer = DictVectorizer()
        found = vectorizer.fit_transform(rows).tocsr()
        for_it = np.asarray(found[truth].sum(axis=0)).ravel() + 0.5
        against = np.asarray(found[~truth].sum(axis=0)).ravel() + 0.5
        one_sided = np.abs(np.log((for_it / for_it.sum()) / (against / against.sum())))
        model = LogisticRegression(C=STRENGTH, max_iter=3000, class_weight="balanced")
        model.fit(found.multiply(one_sided).tocsr(), truth, sample_weight=weights)
        self.base = float(model.intercept_[0])
        points = model.coef_[0] * one_sided
        kept = zip(vectorizer.get_feature_names_out(), points.tolist(), strict=True)
        self.points = {str(name): round(value, 3) for name, value in kept if abs(value) >= SMALLEST}


def fit_categories(
    rows: Sequence[dict[str, float]], categories: Sequence[str]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Which category a danger is of: a base a category, and points a feature and category. Words, signs and cues only."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = DictVectorizer()
    found = vectorizer.fit_transform([{name: value for name, value in row.items() if _tells_category(name)} for row in rows])
    model = LogisticRegression(C=1.0, max_iter=3000, class_weight="balanced").fit(found, list(categories))
    base = {str(category): round(float(value), 3) for category, value in zip(model.classes_, model.intercept_, strict=True)}
    table: dict[str, dict[str, float]] = {}
    for name, column in zip(vectorizer.get_feature_names_out(), model.coef_.T, strict=True):
        kept = {str(c): round(float(v), 2) for c, v in zip(model.classes_, column, strict=True) if abs(v) >= 0.15}
        if kept:
            table[str(name)] = kept
    return base, table


def _tells_category(name: str) -> bool:
    return name.startswith(("sign ", "named ", "earlier ", "cue ")) or (name[0] != "~" and " " not in name)


def fit_table(data: Sequence[Message], rows: Sequence[Read]) -> Points:
    """The whole table. The cue has no points for the alarm: it was written on many of these messages and would count too much."""
    truth = np.array([bool(message.category) for message in data])
    weights = np.array([ORDINARY_WEIGHT if message.source in ("questions", "consumers", "clinc") else 1.0 for message in data])
    fit = Fit([without_cue(row.features) for row in rows], truth, weights)
    told = [i for i, message in enumerate(data) if message.category]
    base, table = fit_categories([rows[i].features for i in told], [data[i].category for i in told])
    return LIMITS.model_copy(
        update={"base": round(fit.base, 3), "points": fit.points, "category_base": base, "category_points": table}
    )


def without_cue(features: Mapping[str, float]) -> dict[str, float]:
    """The features but the cue's."""
    return {name: value for name, value in features.items() if not name.startswith("cue ")}


def with_asides(message: Message, number: int) -> Message:
    """The message with something said around it."""
    aside = ASIDES[number % len(ASIDES)]
    return Message(
        message.source, f"{message.text} {aside}" if number % 2 else f"{aside}. {message.text}", message.earlier, message.category
    )


def left_out(
    data: Sequence[Message], rows: Sequence[Read], asides: Sequence[Message], aside_rows: Sequence[Read]
) -> dict[str, list[Outcome]]:
    """What happens to each message with a table that was fitted without its part, by the messages' source."""
    parts = np.random.default_rng(1).permutation(len(data)) % FOLDS
    outcomes: dict[str, list[Outcome]] = {}
    for part in range(FOLDS):
        inside = np.flatnonzero(parts != part).tolist()
        table = fit_table(
            [*(data[i] for i in inside), *(asides[i] for i in inside)],
            [*(rows[i] for i in inside), *(aside_rows[i] for i in inside)],
        )
        for i in np.flatnonzero(parts == part).tolist():
            outcomes.setdefault(data[i].source, []).append(Outcome.of(data[i], rows[i], table))
    return outcomes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to a left-out message."""

    alarm: bool
    cue: bool  # a cue alone would have raised it
    points: bool  # the points alone would have
    category: bool  # an alarm, of the right category

    @classmethod
    def of(cls, message: Message, row: Read, table: Points) -> Outcome:
        """With a table that was fitted without the message."""
        total = add_up(row.features, table)
        believed = total.points >= row.needs
        alone = total.points >= table.alarm_from
        category = row.cue if believed and row.settled else total.category
        return cls(believed or alone, row.cue is not None, alone, (believed or alone) and category == message.category)


def share(outcomes: Sequence[Outcome], name: str) -> float:
    """Share of the outcomes in which `name` holds."""
    return sum(bool(getattr(outcome, name)) for outcome in outcomes) / len(outcomes)
