"""`followup eval abstention`: whether the confidence tells questions that the articles answer from those they do not.

Two sets of questions. Held out: the follow-ups against questions that no article answers, asked of the product as it is
shipped; no fit sees them. The articles' own questions: searched without themselves they are answerable, without their whole
article they are not; a fit of the constants in assistant/retrieval.py is made on these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from assistant.retrieval import DEPTH, INTERCEPT, WEIGHTS, Signals, confidence, signals
from eval.datasets import FollowUp, Unanswerable
from eval.measures import RiskPoint, answered_at_risk, auroc, risk_coverage
from eval.variants import changed_index, without_articles, without_questions

if TYPE_CHECKING:
    from corpus.types import Note
    from eval.product import Asked, Product
    from index.search import Index

#: The articles' questions, and the articles, are left out in this many turns.
FOLDS = 5
#: Inverse of the penalty, chosen among infinity, 1 and 0.1: without a penalty the cosine takes over (eval/LOG.md).
PENALTY_C = 0.1
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Share of wrong answers that is borne (issue 4).
WRONG = 0.05


@dataclass(frozen=True, slots=True)
class Judged:
    """One question: what its confidence is made of, and the confidence."""

    signals: Signals
    confidence: float


@dataclass(frozen=True, slots=True)
class Separation:
    """How well the confidence separates answerable questions from unanswerable ones."""

    answerable: tuple[Judged, ...]
    unanswerable: tuple[Judged, ...]

    def auroc(self, constants: Constants | None = None) -> float:
        """With the shipped constants, or with others."""
        rate = constants.logit if constants else lambda judged: judged.confidence
        return auroc([rate(judged) for judged in self.answerable], [rate(judged) for judged in self.unanswerable])

    def answered(self, threshold: float) -> float:
        """Share of the answerable questions that are answered at a threshold."""
        return sum(judged.confidence >= threshold for judged in self.answerable) / len(self.answerable)

    def abstained(self, threshold: float) -> float:
        """Share of the unanswerable questions that are not answered at a threshold."""
        return sum(judged.confidence < threshold for judged in self.unanswerable) / len(self.unanswerable)


@dataclass(frozen=True, slots=True)
class Constants:
    """The logistic regression behind the confidence."""

    intercept: float
    weights: Signals

    def logit(self, judged: Judged) -> float:
        """Rises with the confidence that these constants would give."""
        return self.intercept + judged.signals.dot(self.weights)


SHIPPED = Constants(INTERCEPT, WEIGHTS)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The product's confidences on questions it was not fitted on, in one scope."""

    separation: Separation
    risks: tuple[RiskPoint, ...]
    answered_at_risk: float  # share of the answerable that are answered at a threshold with at most WRONG wrong answers


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `followup eval abstention` measures. `fitted` only when asked for."""

    threshold: float
    held_out: dict[str, HeldOut]
    own: Separation
    fitted: Constants | None

    def held_out_auroc(self, constants: Constants) -> dict[str, float]:
        """What these constants would give on the held-out questions, by scope."""
        return {scope: round(held.separation.auroc(constants), 4) for scope, held in self.held_out.items()}


def run(product: Product, followups: Sequence[FollowUp], unanswerable: Sequence[Unanswerable], *, refit: bool) -> Report:
    """Measures both sets of questions; with `refit` also fits the constants on the articles' own."""
    own = own_questions(product)
    return Report(
        threshold=product.settings.abstain_below,
        held_out={
            "article open": held_out(product, followups, unanswerable, article_open=True),
            "whole corpus": held_out(product, followups, unanswerable, article_open=False),
        },
        own=own,
        fitted=fit(own) if refit else None,
    )


def held_out(
    product: Product, followups: Sequence[FollowUp], unanswerable: Sequence[Unanswerable], article_open: bool
) -> HeldOut:
    """An answer counts as wrong when it quotes no gold passage; one to an unanswerable question always does."""

    def scope(question: FollowUp | Unanswerable) -> str | None:
        return question.article_id if article_open else None

    asked = [product.ask(question.question, scope(question), question.previous) for question in followups]
    strange = [product.ask(question.question, scope(question)) for question in unanswerable]
    right = [bool(set(product.quoted(one)) & set(question.gold)) for one, question in zip(asked, followups, strict=True)]
    verdicts = right + [False] * len(strange)
    confidences = [one.evidence.confidence for one in (*asked, *strange)]
    return HeldOut(
        Separation(tuple(_judged(product, one) for one in asked), tuple(_judged(product, one) for one in strange)),
        tuple(risk_coverage(confidences, verdicts, COVERAGES)),
        answered_at_risk(confidences, verdicts, [True] * len(asked) + [False] * len(strange), WRONG),
    )


def own_questions(product: Product) -> Separation:
    """The articles' questions, each searched in an index without its question, and in one without its article.

    Left out a fifth at a time: ten throw-away indexes, about a second each.
    """
    articles = product.index.store.articles
    noted = [(article.id, note) for article in articles for note in article.questions]
    answerable: list[Judged] = []
    unanswerable: list[Judged] = []
    for fold in range(FOLDS):
        left_out = noted[fold::FOLDS]
        questions: dict[str, set[Note]] = {}
        for article_id, note in left_out:
            questions.setdefault(article_id, set()).add(note)
        with changed_index(product.settings, without_questions(questions)) as index:
            answerable += _searched(index, product.index, [note.text for _, note in left_out])

        gone = {article.id for article in articles[fold::FOLDS]}
        with changed_index(product.settings, without_articles(gone)) as index:
            unanswerable += _searched(index, product.index, [note.text for article_id, note in noted if article_id in gone])
    return Separation(tuple(answerable), tuple(unanswerable))


def fit(separation: Separation, c: float = PENALTY_C) -> Constants:
    """The constants that a logistic regression finds, both classes counting the same."""
    from sklearn.linear_model import LogisticRegression

    judged = [*separation.answerable, *separation.unanswerable]
    labels = [1] * len(separation.answerable) + [0] * len(separation.unanswerable)
    model = LogisticRegression(C=c, class_weight="balanced").fit([astuple(one.signals) for one in judged], labels)
    return Constants(float(model.intercept_[0]), Signals(*(float(weight) for weight in model.coef_[0])))


def _searched(index: Index, encoder: Index, questions: Sequence[str]) -> Iterator[Judged]:
    """Each question alone over a whole index, with its vector from an index whose embedder is already loaded."""
    for question in questions:
        hits = index.search(encoder.encode(question), k=DEPTH)
        yield Judged(signals(index, question, hits), confidence(index, question, hits))


def _judged(product: Product, asked: Asked) -> Judged:
    hits = asked.evidence.hits
    return Judged(signals(product.index, asked.query.asked, hits), asked.evidence.confidence)
