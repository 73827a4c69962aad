"""Does a new generation find what the live one finds: the same questions asked of both, two results to be compared.

    follow-ups      the shipped benchmark, with the article open and over the whole corpus, as the product asks (history too)
    own questions   those that the articles of both list, each searched without itself (assistant/staff/benchmark.py)

Asked is only what both can answer. A follow-up counts where both hold its article and one of its gold statements: that
somebody withdrew an article does not make the search worse. An own question counts where both list it in the same article,
and is held against the statements that each generation gives for it, so that an edited article is measured by its new text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.staff.benchmark import AT_MOST, DEPTH
from corpus.errors import IndexUnavailable, ModelUnavailable
from eval.compare import Verdict
from eval.datasets import FollowUp
from eval.measures import first_hit
from eval.product import Product
from eval.provenance import built_by
from eval.results import QueryResult, Result
from index.embedding import bundled, load_passage_embedder
from index.generations import last_good, live_generation, verify_files
from index.leaving_out import LeavingOut
from index.search import Index, check_model
from index.types import CueKind

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.compare import Comparison
    from index.passages import StoredCue
    from index.settings import IndexSettings
    from index.types import Embedder, Manifest, Vectors

#: An answer quotes about three statements; how high up the right one stands is told by the reciprocal rank.
K = 3
FOLLOW_UP, OWN_QUESTION = "follow-up", "own question"


@dataclass(frozen=True, slots=True)
class Generations:
    """The generation that serves and the one that is to replace it, both open."""

    live: Index
    new: Index


@dataclass(frozen=True, slots=True)
class Shared:
    """What can be asked of both generations. `own`: by the id of the query, the question as each of the two has it."""

    followups: tuple[FollowUp, ...]
    own: Mapping[str, tuple[StoredCue, StoredCue]]
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of what is asked, for a result's dataset."""
        asked = [[[one.id, one.question, one.previous, one.gold] for one in self.followups], list(self.own)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


class EncodedOnce:
    """An embedder that remembers the queries: both generations are searched by the same vectors."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.embed_query = cache(embedder.embed_query)

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), not remembered."""
        return self._embedder.embed_passages(texts)


def open_both(
    settings: IndexSettings, live: Path, load: Callable[[IndexSettings], Embedder] = load_passage_embedder
) -> Generations | str:
    """The generation that serves in the index `live`, and that of the settings' index; or why there is none to compare with.

    What cannot serve is no baseline: refusing the new generation for it would keep staff from mending it. One embedder is
    loaded, and a second only where another model made the generation that serves. Raises `IndexUnavailable` for the new one.
    """
    folder, manifest = live_generation(settings.index)
    check_model(manifest, settings)
    verify_files(folder, manifest)
    try:
        serving_folder, serving, _ = last_good(live)
        theirs = settings if serving.model == manifest.model else _made_by(serving, settings)
    except (IndexUnavailable, ModelUnavailable) as error:
        return f"there is no live generation to compare with ({error})"
    embedder = cache(lambda model: EncodedOnce(load(settings.model_copy(update={"model": model}))))

    def opened(where: Path, what: Manifest, model: str) -> Index:
        return Index(where, what, ranking=settings.ranking, embedder=lambda: embedder(model))

    return Generations(opened(serving_folder, serving, theirs.model), opened(folder, manifest, settings.model))


def _made_by(serving: Manifest, settings: IndexSettings) -> IndexSettings:
    """The settings with the model that made a generation. Raises `IndexMismatch` or `ModelUnavailable` where it is gone."""
    model = "bundled" if serving.model.name == bundled.NAME else serving.model.name
    theirs = settings.model_copy(update={"model": model})
    check_model(serving, theirs)
    return theirs


def shared_questions(generations: Generations, followups: Sequence[FollowUp], at_most: int = AT_MOST) -> Shared:
    """What both can answer: of the follow-ups, and of the articles' own questions at most so many, spread over the corpus."""
    asked = _shared_followups(generations, followups)
    own = _shared_own(generations, at_most)
    notes = []
    if left := len(followups) - len(asked):
        notes.append(f"{left} of {len(followups)} shipped follow-ups are left out: not both generations hold what answers them")
    return Shared(asked, own, tuple(notes))


def run(generations: Generations, shared: Shared, settings: Settings) -> tuple[Result, Result]:
    """The result of the live generation and that of the new one; queries and measures are the same in both."""
    return (
        _result(generations.live, shared, settings, [live for live, _ in shared.own.values()]),
        _result(generations.new, shared, settings, [new for _, new in shared.own.values()]),
    )


def _shared_followups(generations: Generations, followups: Sequence[FollowUp]) -> tuple[FollowUp, ...]:
    """Each with the gold that both hold."""
    both = [index.store for index in (generations.live, generations.new)]
    passages = set.intersection(*(set(store.passage_digests()) for store in both))
    articles = set.intersection(*(set(store.article_digests()) for store in both))
    there = [replace(one, gold=tuple(gold for gold in one.gold if gold in passages) or one.gold) for one in followups]
    return tuple(one for one in there if one.article_id in articles and passages.issuperset(one.gold))


def _shared_own(generations: Generations, at_most: int) -> dict[str, tuple[StoredCue, StoredCue]]:
    of_live, of_new = (_questions(index) for index in (generations.live, generations.new))
    texts = {question.text for question in of_new}
    common = [question for question in of_live if question.text in texts]
    chosen = _by_id(generations.live, common[:: max(1, ceil(len(common) / at_most))])
    wanted = {question.text for question in chosen.values()}
    candidates = _by_id(generations.new, [question for question in of_new if question.text in wanted])
    return {key: (question, candidates[key]) for key, question in chosen.items() if key in candidates}


def _questions(index: Index) -> list[StoredCue]:
    return index.store.some_cues(CueKind.QUESTION, max(1, index.store.question_count()))


def _by_id(index: Index, questions: Sequence[StoredCue]) -> dict[str, StoredCue]:
    """By article and text, which a question keeps from one generation to the next; its row it does not keep."""
    passages = index.store.passages(question.passages[0] for question in questions)
    return {
        f"{passages[question.passages[0]].article_id}?{hashlib.sha256(question.text.encode()).hexdigest()[:12]}": question
        for question in questions
    }


def _result(index: Index, shared: Shared, settings: Settings, own: Sequence[StoredCue]) -> Result:
    product = Product(index, settings)
    queries = [_asked(product, followup) for followup in shared.followups]
    queries += [_searched(index, key, question) for key, question in zip(shared.own, own, strict=True)]
    manifest = index.manifest
    return Result(
        command="not-worse",
        dataset={"name": "follow-ups and own questions", "split": "shared", "digest": shared.digest},
        configuration={"name": f"generation {manifest.number}", **asdict(index.ranking)},
        queries=tuple(queries),
        made_by={**built_by(manifest.model), "index_generation": manifest.number, "corpus_sha256": manifest.corpus_sha256},
        notes=shared.notes,
    )


def _asked(product: Product, followup: FollowUp) -> QueryResult:
    """A follow-up in both scopes."""
    measures: dict[str, float] = {}
    for scope, article_id in (("open", followup.article_id), ("corpus", None)):
        asked = product.ask(followup.question, article_id, followup.previous)
        measures |= _measures(scope, [hit.passage.id for hit in asked.evidence.hits], followup.gold)
    return QueryResult(followup.id, followup.question, FOLLOW_UP, measures)


def _searched(index: Index, key: str, question: StoredCue) -> QueryResult:
    """An own question over the whole corpus, found by everything but itself."""
    gold = [passage.id for passage in index.store.passages(question.passages).values()]
    found = LeavingOut(index, question.row, question.passages).search(index.encode(question.text), k=DEPTH)
    return QueryResult(key, question.text, OWN_QUESTION, _measures("own", [hit.passage.id for hit in found], gold))


def _measures(scope: str, found: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    rank = first_hit(found[:DEPTH], gold)
    return {f"{scope}-hit@{K}": float(rank is not None and rank <= K), f"{scope}-RR@{DEPTH}": 1 / rank if rank else 0.0}


def worse(comparison: Comparison) -> str | None:
    """One line: the measure that fell most with both means and p, and the others that fell; None when none did."""
    rows = sorted((row for row in comparison.measures if row.verdict is Verdict.WORSE), key=lambda row: row.delta)
    if not rows:
        return None
    most, *others = rows
    also = f"; also by {', '.join(row.measure for row in others)}" if others else ""
    return (
        f"{comparison.b.name} is significantly worse than {comparison.a.name}: {most.measure} {most.mean_a:.3f} -> "
        f"{most.mean_b:.3f} over {most.queries} questions, p = {most.p_holm:.2g} (corrected){also}"
    )


def too_few(comparison: Comparison) -> list[str]:
    """The measures by which not even a loss in every question would be significant, as a note."""
    tests = len(comparison.measures)
    few = [row for row in comparison.measures if tests * 2.0 ** (1 - row.queries) > comparison.level]
    return [f"{_counted(row.queries)} too few to show a difference by {row.measure}" for row in few]


def _counted(questions: int) -> str:
    return "1 question is" if questions == 1 else f"{questions} questions are"
