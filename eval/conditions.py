"""`followup eval conditions`: does a quoted recommendation keep its condition, and how much comes along for it.

A pair names a recommendation and the statement that holds its condition; where both are one statement it is kept as long as
the statement is quoted whole. Measured for conditions worked out from the wording alone and for those that are declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from assistant.conditions import WEIGHTS, Links, conditions_of, signs_of
from assistant.statements import read
from assistant.types import Role
from corpus.types import Article, Passage
from eval.datasets import DATA, DatasetError, read_text
from eval.product import Product

DEVELOPED, HELD_OUT = DATA / "conditions-dev.jsonl", DATA / "conditions-test.jsonl"
DECLARED = DATA / "conditions-declared.jsonl"
#: Of the fit: the strength of its penalty, and what a pair of conditions-dev, a declared link and any other pair count.
_PENALTY_C = 0.3
_COUNTS_PAIR, _COUNTS_LINK, _COUNTS_OTHER = 3.0, 0.7, 1.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A recommendation and the statement that holds its condition, by passage id, and a question that asks for the first."""

    id: str
    article_id: str
    recommendation: str
    condition: str
    kind: str
    question: str


@dataclass(frozen=True, slots=True)
class _Declared:
    statement: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of finding conditions keeps of the pairs of one file."""

    name: str
    pairs: int
    apart: int  # of the pairs, those whose condition stands in another statement
    dropped: tuple[str, ...]  # ids of pairs
    extra: float  # statements that come along with a quoted one, mean over all statements


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a logistic regression finds for `assistant.conditions`."""

    intercept: float
    weights: Mapping[str, float]


Articles = Mapping[str, Sequence[Passage]]
Record = TypeVar("Record", Pair, _Declared)


def load_pairs(path: Path) -> tuple[Pair, ...]:
    """Raises `DatasetError` as `path:line: message`."""
    return _load(path, TypeAdapter(Pair))


def load_declared(path: Path = DECLARED) -> Links:
    """The links that one author would declare, up to five a statement, which the fit learns from: the articles declare fewer.

    Raises `DatasetError` as `path:line: message`.
    """
    return {row.statement: row.needs for row in _load(path, TypeAdapter(_Declared))}


def measure(articles: Articles, pairs: Sequence[Pair], name: str, declared: Links | None = None) -> Row:
    """Raises `DatasetError` when a pair names a statement that no article has."""
    there = {passage.id: passage for passages in articles.values() for passage in passages}
    unknown = [pair.id for pair in pairs if not {pair.recommendation, pair.condition} <= there.keys()]
    if unknown:
        raise DatasetError(f"{len(unknown)} pairs name statements that no article has, the first is {unknown[0]}")
    along = {
        passage.id: {found.id for found in conditions_of(passage, passages, declared)}
        for passages in articles.values()
        for passage in passages
    }
    return Row(
        name=name,
        pairs=len(pairs),
        apart=sum(pair.recommendation != pair.condition for pair in pairs),
        dropped=tuple(pair.id for pair in pairs if pair.condition not in {pair.recommendation, *along[pair.recommendation]}),
        extra=sum(map(len, along.values())) / len(along),
    )


def declared_by(articles: Sequence[Article]) -> Links:
    """What the articles' front matter declares, by passage id."""
    return {
        f"{article.id}#{one.statement}": tuple(f"{article.id}#{name}" for name in one.needs)
        for article in articles
        for one in article.conditions or ()
    }


def answered(product: Product, pairs: Sequence[Pair]) -> Row:
    """Each pair's question asked beside its article: of the answers that give the recommendation, those without its condition.

    What was itself brought along as a condition brings none of its own: an answer would never end.
    """
    dropped, quoting, brought, quoted = [], 0, 0, 0
    for pair in pairs:
        selection = product.selected(product.ask(pair.question, pair.article_id))
        cited = [one.hit.passage.id for one in selection.chosen]
        answering = [one.hit.passage.id for one in selection.chosen if one.role is Role.ANSWER]
        quoted += len(answering)
        brought += len(cited) - len(answering)
        if pair.recommendation in answering:
            quoting += 1
            if pair.condition not in cited:
                dropped.append(pair.id)
    apart = sum(pair.recommendation != pair.condition for pair in pairs)
    return Row(f"in {quoting} answers that give it", len(pairs), apart, tuple(dropped), brought / max(1, quoted))


def fit(articles: Articles, pairs: Sequence[Pair], declared: Links) -> Fitted:
    """The weights of `assistant.conditions` from the articles of the pairs; other articles are not looked at."""
    from sklearn.linear_model import LogisticRegression

    wanted = {(pair.recommendation, pair.condition) for pair in pairs}
    values: list[list[float]] = []
    labels: list[bool] = []
    counts: list[float] = []
    for passages in (articles[name] for name in dict.fromkeys(pair.article_id for pair in pairs)):
        for number, row in signs_of(read(passages)).items():
            for other, signs in row.items():
                link = (passages[number].id, passages[other].id)
                linked = link[1] in declared.get(link[0], ())
                values.append([signs[sign] for sign in WEIGHTS])
                labels.append(link in wanted or linked)
                counts.append(_COUNTS_PAIR if link in wanted else _COUNTS_LINK if linked else _COUNTS_OTHER)
    model = LogisticRegression(C=_PENALTY_C, max_iter=3000).fit(values, labels, sample_weight=counts)
    return Fitted(float(model.intercept_[0]), dict(zip(WEIGHTS, map(float, model.coef_[0]), strict=True)))


def _load(path: Path, record: TypeAdapter[Record]) -> tuple[Record, ...]:
    rows: list[Record] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line:
            continue
        try:
            rows.append(record.validate_json(line, extra="forbid"))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise DatasetError(f"{path}:{number}: {where}: {first['msg']}") from error
    if not rows:
        raise DatasetError(f"{path}: nothing in this file")
    return tuple(rows)
