"""What must be quoted with the statements that answer: their conditions, and what other guidelines say about the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.conditions import conditions_of
from assistant.conflicts import Conflicts, Held, sides
from corpus.types import Article, Passage

if TYPE_CHECKING:
    from index.search import Index


#: Conditions that were only worked out from the wording: more of them bury the answer.
_GUESSED = 4


def conditions(index: Index, chosen: Sequence[Passage]) -> list[Passage]:
    """The statements that qualify the chosen ones, each once, the first one's first; none of the chosen ones themselves."""
    found: dict[str, Passage] = {}
    for passage in chosen:
        for condition in _of(index, passage):
            found.setdefault(condition.id, condition)
    needed = [passage for name, passage in found.items() if name not in {one.id for one in chosen}]
    declared = index.store.article(chosen[0].article_id).conditions is not None
    return needed if declared else needed[:_GUESSED]


def _of(index: Index, passage: Passage) -> tuple[Passage, ...]:
    article = index.store.article(passage.article_id)
    links = None if article.conditions is None else _links(article)
    return conditions_of(passage, index.passages_of(article.id), links)


def disagreements(index: Index, chosen: Sequence[Passage], found: Sequence[Passage]) -> Conflicts:
    """Where the bodies behind the chosen passages disagree with others of their article, or of the passages `found` elsewhere."""
    article = index.store.article(chosen[0].article_id)
    siblings = index.passages_of(article.id)
    if article.disagreements is not None:
        return _declared(article, chosen, siblings)
    elsewhere = [passage for passage in found if passage.article_id != article.id]
    return sides(chosen, [*siblings, *elsewhere], index.store.article)


def _declared(article: Article, chosen: Sequence[Passage], siblings: Sequence[Passage]) -> Conflicts:
    """The declared groups that a chosen passage belongs to."""
    wanted = {passage.statement for passage in chosen}
    groups = [
        group for group in article.disagreements or () if any(wanted.intersection(position.statements) for position in group)
    ]
    named = {name for group in groups for position in group for name in position.statements} - wanted
    return Conflicts(
        tuple(
            tuple(Held(one.body, one.year, tuple(f"{article.id}#{name}" for name in one.statements)) for one in group)
            for group in groups
        ),
        tuple(passage for passage in siblings if passage.statement in named),
    )


def _links(article: Article) -> dict[str, tuple[str, ...]]:
    """The declared conditions by passage id."""
    return {
        f"{article.id}#{one.statement}": tuple(f"{article.id}#{name}" for name in one.needs) for one in article.conditions or ()
    }
