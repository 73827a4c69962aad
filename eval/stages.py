"""`followup eval latency`, the part "stages": where the time between a question and its quotes goes.

open     (cold only) every file of the generation held against its hash, and opened
load     (cold only) the embedder's weights
encode   the question's vector
dense    every search for vectors that `Index.search` makes
lexical  every search for words that it makes
fuse     the rest of it: pooling, combining, reading the passages
select   the writer's choice of what is quoted
rest     understanding the question, and how sure the evidence is
whole    all of it but opening and loading, as the Assistant does it when no article is open
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar, cast

from assistant.settings import load_settings
from eval.datasets import FollowUp, load_followups
from eval.measures import percentile
from eval.product import Product
from index.search import Index

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.settings import IndexSettings
    from index.types import Embedder, EncodedQuery, ScoredPassage

#: One line of a table: what was timed ("stage", "passages", "readers"…) and its spread.
Row = dict[str, Any]
#: Questions asked before anything is timed.
_WARM_UP = 20
#: Readers who ask at the same time, each the next question as soon as the last is answered.
READERS = (1, 2, 8, 32)
_T = TypeVar("_T")


def spread(seconds: Sequence[float], at_once: int = 1, **of: object) -> Row:
    """p50, p95 and p99 in milliseconds and how many a second, with so many at once, after what they are `of`."""
    marks = {f"p{percent}_ms": round(1000 * percentile(seconds, percent), 4) for percent in (50, 95, 99)}
    return {**of, **marks, "per_s": round(at_once / max(fmean(seconds), 1e-9), 1)}


def spreads(asked: Sequence[Mapping[str, float]], at_once: int = 1, **of: object) -> list[Row]:
    """A row for each stage, from the seconds that every question took in it."""
    return [spread([seconds[stage] for seconds in asked], at_once, **of, stage=stage) for stage in asked[0]]


class Watch(local):
    """Adds up the seconds that pass in the calls of what it is put around, for each thread its own."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, role: _T) -> _T:
        """Something that does what `role` does, watched."""
        return cast("_T", _Watched(role, self))


class _Watched:
    """A role, or one of its methods, under a Watch."""

    def __init__(self, role: Any, watch: Watch) -> None:
        self._role = role
        self._watch = watch

    def __call__(self, *arguments: object, **named: object) -> Any:
        started = time.perf_counter()
        try:
            return self._role(*arguments, **named)
        finally:
            self._watch.seconds += time.perf_counter() - started

    def __len__(self) -> int:
        return len(self._role)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._role, name)
        return _Watched(found, self._watch) if callable(found) else found


class WatchedIndex(Index):
    """An Index whose embedder and two searches are watched; all else is its own. Each thread sees its own seconds."""

    def __init__(self, *arguments: Any, embedder: Callable[[], Embedder], **named: Any) -> None:
        self._watches = {stage: Watch() for stage in ("load", "encode", "dense", "lexical")}
        self._within = {stage: Watch() for stage in ("dense", "lexical", "fuse")}  # inside `search`
        load = self._watches["load"].around(embedder)
        super().__init__(*arguments, embedder=lambda: self._watches["encode"].around(load()), **named)
        self._vectors = self._watches["dense"].around(self._vectors)
        self._lexical = self._watches["lexical"].around(self._lexical)

    def search(self, *readings: EncodedQuery, **scope: Any) -> list[ScoredPassage]:
        """As the Index'. What else asks for words, as the confidence does, is no part of it."""
        before = {stage: watch.seconds for stage, watch in self._watches.items()}
        started = time.perf_counter()
        hits = super().search(*readings, **scope)
        whole = time.perf_counter() - started
        dense, lexical = (self._watches[stage].seconds - before[stage] for stage in ("dense", "lexical"))
        for stage, seconds in (("dense", dense), ("lexical", lexical), ("fuse", whole - dense - lexical)):
            self._within[stage].seconds += seconds
        return hits

    def spent(self) -> dict[str, float]:
        """Seconds of this thread so far, by stage."""
        of_stage = {"load": self._watches["load"], "encode": self._watches["encode"], **self._within}
        return {stage: watch.seconds for stage, watch in of_stage.items()}


def watched(settings: IndexSettings) -> WatchedIndex:
    """The live generation, watched. Raises as `Index.open`."""
    return cast("WatchedIndex", WatchedIndex.open(settings))


def warm_rows(settings: Settings, followups: Sequence[FollowUp], readers: Sequence[int] = READERS) -> list[Row]:
    """Every question once by one of so many readers at once, threads of one process, after some that are not timed."""
    index = watched(settings)
    product = Product(index, settings)

    def ask(own: Sequence[FollowUp]) -> list[dict[str, float]]:
        asked = [_asked(index, product, followup.question) for followup in own]
        return [{stage: value for stage, value in one.items() if stage != "load"} for one in asked]

    ask(followups[:_WARM_UP])
    rows: list[Row] = []
    for count in readers:
        with ThreadPoolExecutor(count) as pool:
            asked = [one for own in pool.map(ask, [followups[first::count] for first in range(count)]) for one in own]
        rows += spreads(asked, count, state="warm", readers=count)
    return rows


def first_question(number: int) -> dict[str, float]:
    """Seconds of each stage for the first question that a process is asked: a shipped one, with the environment's settings."""
    settings, question = load_settings(), load_followups()[number].question
    started = time.perf_counter()
    index = watched(settings)
    opened = time.perf_counter() - started
    return {"open": opened, **_asked(index, Product(index, settings), question)}


def _asked(index: WatchedIndex, product: Product, question: str) -> dict[str, float]:
    before, started = index.spent(), time.perf_counter()
    asked = product.ask(question, None)
    found = time.perf_counter()
    product.quoted(asked)
    done = time.perf_counter()
    seconds = {stage: value - before[stage] for stage, value in index.spent().items()} | {"select": done - found}
    return {**seconds, "rest": done - started - sum(seconds.values()), "whole": done - started - seconds["load"]}
