"""The extractive writer: chooses which statements are quoted and in what order. Writes no word of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.types import Mode, Query

if TYPE_CHECKING:
    from index.types import ScoredPassage

#: A further statement must score at least this share of the best one. Of the statements that answer, and of those cited,
#: the article open (`followup eval answers`): .65 cites .85 of the first and .48 of the second answer, .75 .83 and .60,
#: .85 .78 and .71. A missing condition is worse than a sentence too many.
WORTH = 0.75
#: Two statements that share this much of their words (Jaccard) say the same thing.
SAME = 0.6
_WORD = re.compile(r"\w+")


class ExtractiveWriter:
    """Quotes the best passage first, then those that complete or qualify it, in reading order."""

    mode = Mode.EXTRACTIVE

    def write(self, query: Query, evidence: Sequence[ScoredPassage], limit: int) -> list[ScoredPassage]:
        """At most `limit` passages: the best one, then further ones of its own article, in the article's order.

        Other articles never join: a reader who asked about one drug does not want the dose of another in the same breath.
        """
        if not evidence:
            return []
        first, *others = evidence
        chosen = [first]
        for hit in others:
            if len(chosen) == limit:
                break
            if (
                hit.passage.article_id == first.passage.article_id
                and hit.score >= WORTH * first.score
                and not any(_alike(hit.passage.text, other.passage.text) for other in chosen)
            ):
                chosen.append(hit)
        return [first, *sorted(chosen[1:], key=lambda hit: hit.passage.start)]


def _alike(one: str, other: str) -> bool:
    words, others = set(_WORD.findall(one.lower())), set(_WORD.findall(other.lower()))
    return len(words & others) >= SAME * len(words | others)
