"""`followup eval followups`: whether the statement that answers a follow-up is found, and how high up.

Runs what the product does (history, stand-alone query, evidence), with the article open and over the whole corpus, and
beside it the plainer ways it has to beat. Per question first, means second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eval.datasets import FollowUp, check_gold
from eval.measures import first_hit, hit_at
from eval.product import Product
from eval.reach import FOLLOWUPS, FOLLOWUPS_AIM
from eval.variants import changed_index, wording_only
from index.search import Index

KS = (1, 3, 5)
SCOPES = ("article open", "whole corpus")
#: Passages looked at for a rank; deeper ones count as not found.
_DEPTH = 20
#: The baseline's share of the vectors, as it was measured on the fact sheets (design, section 4).
_PLAIN_DENSE_WEIGHT = 0.6

#: Question id -> rank of its first gold passage.
Ranks = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Row:
    """A mean over some of the questions, searched in one way: hit@k by scope and k."""

    name: str
    questions: int
    hits: dict[str, dict[int, float]]

    def short_of(self, wanted: Mapping[str, Mapping[str, Mapping[int, float]]]) -> list[str]:
        """The figures of this row that are below what is wanted by scope, row and k, as sentences."""
        return [
            f"{self.name}, {scope}: hit@{k} {self.hits[scope][k]:.3f} is below {bound:.2f}"
            for scope in SCOPES
            for k, bound in wanted[scope].get(self.name, {}).items()
            if self.hits[scope][k] < bound
        ]


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of the table, and the product's rank for each question by scope."""

    rows: tuple[Row, ...]
    ranks: dict[str, Ranks]

    def short_of_reach(self) -> list[str]:
        """Every figure below what was to be reached, as a sentence; empty when all are within it."""
        return [line for row in self.rows for line in row.short_of(FOLLOWUPS)]

    def short_of_aim(self) -> list[str]:
        """Every figure below what is aimed at."""
        return [f"aim: {line}" for row in self.rows for line in row.short_of(FOLLOWUPS_AIM)]


def run(product: Product, followups: Sequence[FollowUp], baselines: bool = True) -> Result:
    """Measures the product and, unless told not to, the baselines. Raises `DatasetError` for gold that is not there."""
    check_gold(product.index, followups)
    elliptical = [followup for followup in followups if followup.previous]
    ranks = _ranks(followups, lambda asked, article_id: _by_product(product, asked, article_id))
    rows = [
        _row("all", followups, ranks),
        _row("stand-alone", [followup for followup in followups if not followup.previous], ranks),
        _row("elliptical", elliptical, ranks),
    ]
    if baselines:
        live = product.index
        as_typed = _ranks(elliptical, lambda asked, article_id: _by_text(live, live, asked.question, article_id))
        prepended = _ranks(elliptical, lambda asked, article_id: _by_text(live, live, _prepended(asked), article_id))
        with changed_index(product.settings, wording_only, _PLAIN_DENSE_WEIGHT) as index:
            plain = _ranks(followups, lambda asked, article_id: _by_text(index, live, _prepended(asked), article_id))
        rows += [
            _row("elliptical, as typed", elliptical, as_typed),
            _row("elliptical, prepended", elliptical, prepended),
            _row("plain baseline, all", followups, plain),
            _row("plain baseline, elliptical", elliptical, plain),
        ]
    return Result(tuple(row for row in rows if row.questions), ranks)


def _ranks(followups: Sequence[FollowUp], search: Callable[[FollowUp, str | None], list[str]]) -> dict[str, Ranks]:
    """By scope; `search` gives the ids of the passages found, best first."""
    return {
        scope: {
            followup.id: first_hit(search(followup, followup.article_id if scope == "article open" else None), followup.gold)
            for followup in followups
        }
        for scope in SCOPES
    }


def _by_product(product: Product, followup: FollowUp, article_id: str | None) -> list[str]:
    asked = product.ask(followup.question, article_id, followup.previous)
    return [hit.passage.id for hit in asked.evidence.hits]


def _by_text(index: Index, encoder: Index, text: str, article_id: str | None) -> list[str]:
    """A plain search for a text, with the query's vector from an index whose embedder is already loaded."""
    return [hit.passage.id for hit in index.search(encoder.encode(text), k=_DEPTH, article_id=article_id)]


def _prepended(followup: FollowUp) -> str:
    return f"{followup.previous} {followup.question}" if followup.previous else followup.question


def _row(name: str, followups: Sequence[FollowUp], ranks: Mapping[str, Ranks]) -> Row:
    chosen = {scope: [ranks[scope][followup.id] for followup in followups] for scope in SCOPES}
    hits = {scope: {k: hit_at(k, chosen[scope]) for k in KS} for scope in SCOPES} if followups else {}
    return Row(name, len(followups), hits)
