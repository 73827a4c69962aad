"""Finds the evidence for a query: hybrid search, the open article first, the whole corpus as fallback.

Says how sure it is that the evidence answers (`confidence`), which decides between an answer and an abstention. Knows
how to search an index, not how it is stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.types import Query

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

# A logistic regression (L2, C = 0.1) on the articles' own questions, each searched without itself (answerable) and without
# its whole article (unanswerable). `followup eval abstention --fit` gives these four numbers again, and what they are worth
# on questions that no fit saw. With a weaker penalty the cosine takes over: it falls when the article is gone, but not when
# an article merely leaves something out, where only the words tell (the first fit's held-out AUROC: .897 without a penalty,
# .949 with; these, after the ranking changed, have .939).
INTERCEPT, COSINE, BY_HITS, BY_ARTICLE = -4.20, 2.49, 1.36, 2.91


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages for a query, best first, and the probability that they answer it.

    They are the open article's, or those of all articles when it does not seem to answer.
    """

    hits: tuple[ScoredPassage, ...]
    confidence: float


def find_evidence(index: Index, query: Query, article_id: str | None = None, k: int = DEPTH) -> Evidence:
    """The `k` best passages. Raises `ArticleNotFound` when the open article is not in the index."""
    readings = [index.encode(variant.text, variant.share) for variant in query.variants]
    everywhere = index.search(*readings, k=k)
    sure_everywhere = confidence(index, query.asked, everywhere)
    if article_id is None:
        return Evidence(tuple(everywhere), sure_everywhere)
    inside = index.search(*readings, k=k, article_id=article_id)
    sure_inside = confidence(index, query.asked, inside)
    if sure_inside < _DOUBT and sure_inside + _MARGIN < sure_everywhere:
        return Evidence(tuple(everywhere), sure_everywhere)
    return Evidence(tuple(inside), sure_inside)


def confidence(index: Index, text: str, hits: Sequence[ScoredPassage]) -> float:
    """0..1: how likely the best of `hits` answers, from its cosine and from how much of the wording is spoken of."""
    if not hits:
        return 0.0
    cosine, by_hits, by_article = signals(index, text, hits)
    return 1 / (1 + math.exp(-(INTERCEPT + COSINE * cosine + BY_HITS * by_hits + BY_ARTICLE * by_article)))


def signals(index: Index, text: str, hits: Sequence[ScoredPassage]) -> tuple[float, float, float]:
    """What the confidence is made of: the best hit's cosine, and what the best hits and its article speak of, 0..1 each."""
    coverage = index.coverage(text, hits[:_JUDGED])
    return hits[0].dense, coverage.by_hits, coverage.by_article
