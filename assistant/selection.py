"""Chooses which passages an answer holds, and in what order: those that answer, best first, and what must come with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.accompanying import conditions, disagreements
from assistant.conflicts import Held
from assistant.retrieval import Evidence, leads
from assistant.types import Chosen, Query, Role
from assistant.windows import window
from index.types import ScoredPassage

if TYPE_CHECKING:
    from corpus.types import Passage
    from index.search import Index

#: A further statement must score at least this share of the best one. Of the statements that answer, and of those that are
#: said to, the article open (`followup eval answers`): .65 has .94 of the first and .48 of the second, .70 .93 and .54, .75
#: .91 and .61, .80 .88 and .65; 3.7, 3.2, 2.8 and 2.4 statements an answer.
WORTH = 0.75
#: What speaks of a topic that the question names and no chosen statement speaks of needs only this share.
WORTH_NEW_TOPIC = 0.5
#: Two statements that share this much of their words (Jaccard) say the same thing.
SAME = 0.6
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Selection:
    """What an answer must hold, and where the bodies behind it disagree: groups of sides, each with passage ids."""

    chosen: tuple[Chosen, ...]
    disagreements: tuple[tuple[Held, ...], ...] = ()


def select(index: Index, query: Query, evidence: Evidence, parts: Sequence[Query], limit: int) -> Selection:
    """At most `limit` passages that answer, then their conditions, then what other guidelines say about the same."""
    answering = _answering(index, query, evidence, parts, limit)
    if not answering:
        return Selection(())
    passages = [hit.passage for hit in answering]
    needed = conditions(index, passages)
    opposed = disagreements(index, passages, [hit.passage for hit in evidence.hits])
    told = {passage.id for passage in (*passages, *needed)}
    return Selection(
        (
            *(Chosen(replace(hit, passage=window(index, query.asked, hit.passage)), Role.ANSWER) for hit in answering),
            *(_brought(passage, Role.CONDITION) for passage in needed),
            *(_brought(passage, Role.CONTRAST) for passage in opposed.further if passage.id not in told),
        ),
        opposed.groups,
    )


def _brought(passage: Passage, role: Role) -> Chosen:
    """A passage that no search found: it has no score."""
    return Chosen(ScoredPassage(passage, 0.0, 0, 0.0, 0.0), role)


def _answering(index: Index, query: Query, evidence: Evidence, parts: Sequence[Query], limit: int) -> list[ScoredPassage]:
    """The best passage, then the best for each part of the question, then further ones; after the first in reading order.

    All of the best one's article. Other articles never join: a reader who asked about one drug does not want the dose of
    another in the same breath.
    """
    if not evidence.hits:
        return []
    best = evidence.hits[0]
    inside = [hit for hit in evidence.hits if hit.passage.article_id == best.passage.article_id]
    of_parts = [hit for part in parts for hit in leads(index, part, evidence)]
    worthy = of_parts or [hit for hit in inside if hit.score >= WORTH * best.score]
    chosen = _apart([best, *worthy])[:limit]
    chosen = _apart([*chosen, *_unspoken(index, query, inside, chosen)])[:limit]
    return [best, *sorted(chosen[1:], key=lambda hit: hit.passage.start)]


def _unspoken(
    index: Index, query: Query, inside: Sequence[ScoredPassage], chosen: Sequence[ScoredPassage]
) -> list[ScoredPassage]:
    """For each topic that the question names and nothing chosen speaks of, the best passage that does."""
    spoken = index.store.stems_of([hit.passage.id for hit in chosen])
    missing = [topic for topic in index.topics_in(query.variants[0].text) if topic not in spoken]
    enough = [hit for hit in inside if hit.score >= WORTH_NEW_TOPIC * chosen[0].score] if missing else []
    found = (next((hit for hit in enough if topic in index.store.stems_of([hit.passage.id])), None) for topic in missing)
    return [hit for hit in found if hit]


def _apart(hits: Sequence[ScoredPassage]) -> list[ScoredPassage]:
    """Each statement once, without those that say what an earlier one says."""
    kept: list[ScoredPassage] = []
    for hit in hits:
        if not any(alike(hit.passage, other.passage) for other in kept):
            kept.append(hit)
    return kept


def alike(one: Passage, other: Passage) -> bool:
    """Whether two passages say the same in nearly the same words."""
    words, others = (set(_WORD.findall(passage.text.lower())) for passage in (one, other))
    return one.id == other.id or len(words & others) >= SAME * len(words | others)
