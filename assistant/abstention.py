"""Why nothing is answered: which of the reasons holds, in a word for programs and in a sentence for the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Abstention, AbstentionReason

if TYPE_CHECKING:
    from assistant.retrieval import Evidence
    from corpus.types import Article

#: From this confidence on the articles speak of what is asked: 75 % of questions on topics that they do not treat stay below,
#: 60 % of unanswerable ones on their own topics do not.
_SPOKEN_OF = 0.36
_TEXTS = {
    AbstentionReason.NOT_IN_CORPUS: "Nothing in the articles here clearly speaks of this. Only English is understood.",
    AbstentionReason.WEAK_EVIDENCE: "The articles here speak of this, but do not answer the question clearly enough to quote.",
    AbstentionReason.UNREVIEWED: "What the articles say about this is not reviewed far enough to be answered from.",
}


def abstention(evidence: Evidence, threshold: float, open_article: Article | None) -> Abstention | None:
    """The reason to say nothing, or None when the evidence is enough."""
    if evidence.hits and evidence.confidence >= threshold:
        return None
    if open_article and open_article.withdrawn:
        withdrawn = open_article.withdrawn
        said = f"This article was withdrawn on {withdrawn.since.isoformat()}: {withdrawn.reason} Nothing is answered from it."
        return Abstention(AbstentionReason.WITHDRAWN, said)
    if evidence.withheld and evidence.withheld >= threshold:
        return _because(AbstentionReason.UNREVIEWED)
    spoken_of = evidence.confidence >= _SPOKEN_OF
    return _because(AbstentionReason.WEAK_EVIDENCE if spoken_of else AbstentionReason.NOT_IN_CORPUS)


def _because(reason: AbstentionReason) -> Abstention:
    return Abstention(reason, _TEXTS[reason])
