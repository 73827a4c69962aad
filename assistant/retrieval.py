"""Finds the evidence for a query: hybrid search, the open article first, the whole corpus as fallback.

Says how sure it is that the evidence answers (`confidence`), which decides between an answer and an abstention. Knows
how to search an index, not how it is stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from assistant.types import Query
from corpus.types import Status

if TYPE_CHECKING:
    from index.search import Index
    from index.types import ScoredPassage

#: Passages looked at for an answer.
DEPTH = 20
#: Of these, the best this many decide the confidence.
_JUDGED = 3
#: The open article is left only when it is less sure than this, and the corpus this much surer: of stand-alone questions
#: asked beside a wrong article 77 % then find the right one, and 1 of 240 leaves the right one (eval/LOG.md).
_DOUBT, _MARGIN = 0.5, 0.35
#: Of a part of a question, what scores at least this share of its best passage is quoted too.
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is made of, 0..1 each: the best hit's cosine, and the coverage of the question's words."""

    cosine: float
    by_best: float
    by_hits: float
    by_article: float
    unspoken: float

    def dot(self, weights: Signals) -> float:
        """The sum of the signals, each times its weight."""
        return float(sum(one * weight for one, weight in zip(astuple(self), astuple(weights), strict=True)))


# A logistic regression (L2, C = 0.1) on the articles' own questions, each searched without itself (answerable) and without its
# whole article (unanswerable). `followup eval abstention --fit` gives these numbers again, and what they are worth on questions
# that no fit saw. With a weaker penalty the cosine takes over: it falls when the article is gone, but not when an article
# merely leaves something out, where only the words tell.
INTERCEPT = -2.51
WEIGHTS = Signals(cosine=2.22, by_best=1.27, by_hits=0.72, by_article=1.98, unspoken=-1.33)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages for a query, best first, and the probability that they answer it.

    They are the open article's, or those of all articles when it does not seem to answer.
    """

    hits: tuple[ScoredPassage, ...]
    confidence: float
    withheld: float = 0.0  # the same probability for passages that are not reviewed far enough to be answered from


def find_evidence(
    index: Index, query: Query, article_id: str | None = None, k: int = DEPTH, least: Status = Status.SUBMITTED
) -> Evidence:
    """The `k` best passages of articles that are at least reviewed as far as `least`.

    Raises `ArticleNotFound` when the open article is not in the index.
    """
    readings = [index.encode(variant.text, variant.share) for variant in query.variants]

    def search(within: str | None) -> Evidence:
        hits = index.search(*readings, k=k, article_id=within)
        served = [hit for hit in hits if Status.least([index.store.article(hit.passage.article_id).status, least]) is least]
        withheld = confidence(index, query.asked, hits) if len(served) < len(hits) else 0.0
        return Evidence(tuple(served), confidence(index, query.asked, served), withheld)

    everywhere = search(None)
    if article_id is None:
        return everywhere
    inside = search(article_id)
    if inside.confidence < _DOUBT and inside.confidence + _MARGIN < everywhere.confidence:
        return everywhere
    return inside


def leads(index: Index, part: Query, evidence: Evidence) -> list[ScoredPassage]:
    """What of the article that was found answers one part of the question: the best passage and what is level with it."""
    if not evidence.hits:
        return []
    readings = [index.encode(variant.text, variant.share) for variant in part.variants]
    hits = index.search(*readings, k=_JUDGED, article_id=evidence.hits[0].passage.article_id)
    if confidence(index, part.asked, hits) < _DOUBT:
        return []
    return [hit for hit in hits if hit.score >= _LEVEL * hits[0].score]


def confidence(index: Index, text: str, hits: Sequence[ScoredPassage]) -> float:
    """0..1: how likely the best of `hits` answers."""
    if not hits:
        return 0.0
    return 1 / (1 + math.exp(-(INTERCEPT + signals(index, text, hits).dot(WEIGHTS))))


def signals(index: Index, text: str, hits: Sequence[ScoredPassage]) -> Signals:
    """The signals of at least one hit, for the wording that an answer must speak of."""
    spoken = index.coverage(text, hits[:_JUDGED])
    return Signals(hits[0].dense, spoken.by_best, spoken.by_hits, spoken.by_article, spoken.unspoken)
