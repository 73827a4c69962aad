"""`followup eval followups` on conversations: does what the product makes of a follow-up find what its gold rewrite finds.

The product plays each conversation as it would live, and remembers each turn as the store would. Beside it, on the same
index, the four ways it has to beat or come near to, each a plain hybrid search for one text. Where the conversations name
no documents, only what is searched is measured, against the gold rewrite (`eval.wording`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.retrieval import Evidence, confidence, find_evidence
from assistant.types import Query, Turn, Variant
from assistant.understanding import stand_alone
from eval.conversations import BASELINES, OPENING, SWITCHED
from eval.embeddings import KeptEmbedder
from eval.product import Asked, Product, remembered
from eval.provenance import built_by
from eval.results import Hit, QueryResult, Result, rounded
from eval.retrieval import measure
from eval.throwaway import collection_index
from eval.wording import wording
from index.embedding import identify, load_embedder
from index.search import Index, check_index

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.conversations import Conversations, ConversationTurn
    from index.types import Embedder, ScoredPassage

PRODUCT = "product"
MEASURES = ("nDCG@10", "RR@10", "Success@1", "Success@5", "R@100")
#: Passages looked at for a turn: they are of more than the 100 documents that R@100 needs.
DEPTH = 300
_SHOWN = 10
#: Earlier turns that the store gives back.
_REMEMBERED = 10

#: Beside the indexes and embeddings of other benchmarks.
KEPT = Path("var/eval")

#: Called with (done so far, to do).
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Player:
    """Asks the questions of conversations, and remembers of each what the store would: never an answer, never the gold."""

    product: Product
    _turns: dict[tuple[str, ...], Turn] = field(default_factory=dict)

    def ask(self, turn: ConversationTurn) -> Asked:
        """What the product searches and finds for a turn, after the reader's earlier questions."""
        return self._ask(turn.title, (*turn.before, turn.question))

    def _ask(self, title: str, questions: tuple[str, ...]) -> Asked:
        """The last question, after the others; `title` is the heading of what was open."""
        index = self.product.index
        history = [self._turn(title, questions[:count]) for count in range(1, len(questions))]
        query = stand_alone(questions[-1], history[-_REMEMBERED:], index, title or None)
        asked = Asked(query, find_evidence(index, query, k=DEPTH))
        self._turns[title, *questions] = remembered(questions[-1], self.product, asked, None)
        return asked

    def _turn(self, title: str, questions: tuple[str, ...]) -> Turn:
        if (title, *questions) not in self._turns:
            self._ask(title, questions)
        return self._turns[title, *questions]


def opened(
    conversations: Conversations, settings: Settings, embedder: Embedder | None = None, progress: Progress | None = None
) -> Product:
    """The product over the conversations' documents, or over the live index where they name none.

    Vectors are kept, of questions too, so that a second run embeds nothing. Raises like `Index.open`.
    """
    if conversations.documents:
        return Product(collection_index(conversations.documents, settings, KEPT, embedder, progress), settings)
    kept = KeptEmbedder(
        KEPT / "embeddings",
        identify(settings),
        lambda: load_embedder(settings) if embedder is None else embedder,
        settings.query_prompt,
    )
    return Product(Index(*check_index(settings), ranking=settings.ranking, embedder=lambda: kept), settings)


def run(conversations: Conversations, product: Product, progress: Progress | None = None) -> list[Result]:
    """A result for the product and for each baseline, in that order.

    `product.index` is over the conversations' documents, or any index where they name none.
    """
    index, turns = product.index, conversations.turns
    plainly = {name: partial(_asked_plainly, index, name, bool(conversations.documents)) for name in BASELINES}
    ways: dict[str, Callable[[ConversationTurn], Asked]] = {PRODUCT: Player(product).ask, **plainly}
    results = []
    for done, (name, ask) in enumerate(ways.items()):
        counted = _counted(ask, progress, done * len(turns), len(ways) * len(turns))
        started = time.perf_counter()
        queries = _finding(conversations, product, counted) if conversations.documents else wording(turns, index, counted)
        result = Result(
            command="followups",
            dataset=conversations.about(),
            configuration={"name": name, **asdict(index.ranking), "abstain_below": product.settings.abstain_below},
            queries=queries,
            made_by=built_by(index.manifest.model),
            seconds={"search": time.perf_counter() - started},
            notes=conversations.notes,
        )
        results.append(replace(result, extra={"groups": _groups(turns, queries)}))
    return results


def _asked_plainly(index: Index, name: str, searching: bool, turn: ConversationTurn) -> Asked:
    """A baseline: one text, searched as it is."""
    text = turn.baselines[name]
    hits = index.search(index.encode(text), k=DEPTH) if searching else []
    query = Query(text, text != turn.question, name, (Variant(text, 1.0),))
    return Asked(query, Evidence(tuple(hits), confidence(index, text, hits)))


def _counted(
    ask: Callable[[ConversationTurn], Asked], progress: Progress | None, done: int, total: int
) -> Callable[[ConversationTurn], Asked]:
    """The same, and the progress told after each."""
    count = done

    def asking(turn: ConversationTurn) -> Asked:
        nonlocal count
        asked = ask(turn)
        count += 1
        if progress:
            progress(count, total)
        return asked

    return asking


def _finding(conversations: Conversations, product: Product, ask: Callable[[ConversationTurn], Asked]) -> tuple[QueryResult, ...]:
    """Each turn with its ranking of documents and the measures of it; where nothing answers, whether the product says so."""
    titles = {document.id: document.title for document in conversations.documents}
    queries = [_ranked(turn, product, ask(turn), titles) for turn in conversations.turns]
    qrels = {query.id: query.gold for query in queries if query.gold}
    measured = measure(qrels, {query.id: query.ranking for query in queries if query.gold}, MEASURES)
    return tuple(replace(query, measures={**query.measures, **measured.get(query.id, {})}) for query in queries)


def _ranked(turn: ConversationTurn, product: Product, asked: Asked, titles: Mapping[str, str]) -> QueryResult:
    """A document's score is that of its best passage."""
    best: dict[str, ScoredPassage] = {}
    for hit in asked.evidence.hits:
        best.setdefault(hit.passage.article_id, hit)
    gold = dict.fromkeys(turn.relevant, 1)
    return QueryResult(
        id=turn.id,
        text=asked.query.text,
        kind=turn.kind,
        measures={} if gold else {"Abstained": float(not product.answers(asked))},
        ranking=[(document, rounded(hit.score)) for document, hit in best.items()],
        hits=[
            Hit(
                name,
                hit.score,
                gold.get(name, 0),
                titles.get(name, ""),
                hit.passage.text,
                {"dense": hit.dense, "lexical": hit.lexical},
            )
            for name, hit in list(best.items())[:_SHOWN]
        ],
        gold=gold,
    )


def _groups(turns: Sequence[ConversationTurn], queries: Sequence[QueryResult]) -> dict[str, dict[str, Any]]:
    """Means over turns of more than one kind, by the name of the group; a group without turns is left out."""
    members = {
        "all follow-ups": [query for query in queries if query.kind != OPENING],
        "switched topics": [query for query in queries if query.kind in SWITCHED],
        "health": [query for turn, query in zip(turns, queries, strict=True) if turn.health],
    }
    return {name: {"queries": len(some), **Result("", {}, {}, tuple(some)).means()} for name, some in members.items() if some}
