"""`followup eval peers`: the product and other libraries over the same documents, in one run, side by side.

Each system builds its index; the seconds that its embedder takes are the same for all and are left out. Then every query
goes to every system in turn, each time beginning with another one, so that a busy machine slows all of them alike. A
query is encoded once for all; encoding is timed apart. Quality is that of the long list, and nDCG@10 of the short one too:
what is fused depends on how much is asked for (LlamaIndex on NFCorpus dev: .326 of 10 documents, .314 of 100).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from eval.embeddings import KeptEmbedder
from eval.measures import percentile
from eval.peers.ours import Ours
from eval.provenance import built_by
from eval.results import Hit, QueryResult, Result, rounded
from eval.retrieval import KIND, MEASURES, measure
from eval.throwaway import Progress
from index.embedding import identify, load_embedder

if TYPE_CHECKING:
    from eval.collection import Collection, Document
    from eval.peers.peer import Listed, Peer
    from index.settings import IndexSettings
    from index.types import Embedder, Vectors

#: Documents asked for: what a page of results shows, and what R@100 needs. Both are timed.
SHORT, LONG = 10, 100
#: nDCG@10 of the short list; all other measures are of the long one, which is what `run.trec` holds.
OF_SHORT = "short nDCG@10"
#: Beside the indexes of `followup eval retrieval`, so that both use the same kept vectors.
_EMBEDDINGS = Path("var/eval/embeddings")
#: Texts embedded at once: what was kept before a stop need not be made again.
_AT_ONCE = 256
_T = TypeVar("_T")
_SHOWN, _SHOWN_CHARACTERS = 10, 400


@dataclass(slots=True)
class _Measured:
    """What was seen of one system."""

    build_s: float
    seconds: dict[int, list[float]] = field(default_factory=lambda: {SHORT: [], LONG: []})  # k -> one value a query
    found: dict[int, dict[str, list[tuple[str, float]]]] = field(default_factory=lambda: {SHORT: {}, LONG: {}})  # k -> query -> …

    def rankings(self, k: int) -> dict[str, list[tuple[str, float]]]:
        """Query -> (document, score), as results keep them."""
        return {query: [(document, rounded(score)) for document, score in hits] for query, hits in self.found[k].items()}


def run(
    collection: Collection,
    peers: Mapping[str, Listed],
    settings: IndexSettings,
    progress: Progress | None = None,
    embedder: Embedder | None = None,
    notes: tuple[str, ...] = (),
) -> list[Result]:
    """The product's result, then one for each peer. Needs the peers' packages; sends nothing anywhere."""
    report = progress or (lambda stage, done, total: None)
    encoder = load_embedder(settings) if embedder is None else embedder
    kept = KeptEmbedder(_EMBEDDINGS, identify(settings), lambda: encoder)
    watched = _Watched(kept, report)
    with TemporaryDirectory(prefix="followup-peers-") as folder:
        systems: list[Peer] = [Ours(watched, settings, Path(folder)), *(listed.load(watched) for listed in peers.values())]
        measured = {system.name: _Measured(_built(system, collection.documents, watched)) for system in systems}
        vectors, encoding = _encoded(collection.queries, encoder)
        with _no_collecting():
            _search(systems, collection.queries, vectors, measured, report)
    about = {**built_by(identify(settings)), "encode_p50_ms": _milliseconds(encoding, 50)}
    return [_result(collection, system.about(), measured[system.name], about, notes) for system in systems]


class _Watched:
    """An Embedder that takes many texts a slice at a time, adds up the seconds it takes, and says how far it is."""

    def __init__(self, embedder: Embedder, report: Progress) -> None:
        self._embedder = embedder
        self._report = report
        self.stage = ""
        self.seconds = 0.0

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As the embedder does."""
        parts = []
        for start in range(0, len(texts), _AT_ONCE):
            part, seconds = _timed(partial(self._embedder.embed_passages, texts[start : start + _AT_ONCE]))
            parts.append(part)
            self.seconds += seconds
            self._report(self.stage, start + len(part), len(texts))
        return np.concatenate(parts)

    def embed_query(self, text: str) -> Vectors:
        """As the embedder does."""
        vector, seconds = _timed(partial(self._embedder.embed_query, text))
        self.seconds += seconds
        return vector


def _built(system: Peer, documents: Sequence[Document], embedder: _Watched) -> float:
    """Seconds that a system takes for its index beyond embedding."""
    embedder.stage, before = f"embedding for {system.name}", embedder.seconds
    _, seconds = _timed(partial(system.index, documents))
    return seconds - (embedder.seconds - before)


def _encoded(queries: Mapping[str, str], encoder: Embedder) -> tuple[dict[str, Vectors], list[float]]:
    """Query -> vector, and the seconds each took."""
    encoder.embed_query("warm up")
    vectors, seconds = {}, []
    for query, text in queries.items():
        vectors[query], spent = _timed(partial(encoder.embed_query, text))
        seconds.append(spent)
    return vectors, seconds


def _search(
    systems: Sequence[Peer],
    queries: Mapping[str, str],
    vectors: Mapping[str, Vectors],
    measured: Mapping[str, _Measured],
    report: Progress,
) -> None:
    """Every query by every system, into `measured`. The first query goes to all of them once before anything is timed."""
    first = next(iter(queries))
    for system in systems:
        for k in (SHORT, LONG):
            system.search(queries[first], vectors[first], k)
    for number, (query, text) in enumerate(queries.items()):
        for k in (SHORT, LONG):
            for turn in range(len(systems)):
                system = systems[(number + turn) % len(systems)]
                found, seconds = _timed(partial(system.search, text, vectors[query], k))
                measured[system.name].seconds[k].append(seconds)
                measured[system.name].found[k][query] = found
        report("searching", number + 1, len(queries))


def _timed(call: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    found = call()
    return found, time.perf_counter() - started


@contextmanager
def _no_collecting() -> Iterator[None]:
    """As `timeit` does: no system waits while Python looks through the millions of objects of another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _result(
    collection: Collection,
    configuration: Mapping[str, Any],
    measured: _Measured,
    about: Mapping[str, Any],
    notes: tuple[str, ...],
) -> Result:
    rankings = measured.rankings(LONG)
    values = measure(collection.qrels, rankings, MEASURES)
    of_short = measure(collection.qrels, measured.rankings(SHORT), ["nDCG@10"])
    documents = {document.id: document for document in collection.documents}
    return Result(
        command="peers",
        dataset=collection.about(),
        configuration=configuration,
        queries=tuple(
            QueryResult(
                id=query,
                text=text,
                kind=KIND,
                measures={**values[query], OF_SHORT: of_short[query]["nDCG@10"]},
                ranking=rankings[query],
                hits=[
                    _shown(documents[document], score, collection.qrels[query]) for document, score in rankings[query][:_SHOWN]
                ],
                gold=collection.qrels[query],
            )
            for query, text in collection.queries.items()
        ),
        made_by={**about, "milliseconds": _spread(measured.seconds)},
        seconds={"build": measured.build_s, "search": sum(measured.seconds[LONG])},
        notes=(*collection.notes, *notes),
    )


def _shown(document: Document, score: float, grades: Mapping[str, int]) -> Hit:
    return Hit(document.id, score, grades.get(document.id, 0), document.title, document.text[:_SHOWN_CHARACTERS], {})


def _spread(seconds: Mapping[int, Sequence[float]]) -> dict[str, float]:
    """`p50@10`: the median of a search for 10 documents."""
    return {f"p{percent}@{k}": _milliseconds(some, percent) for k, some in seconds.items() for percent in (50, 95)}


def _milliseconds(seconds: Sequence[float], percent: float) -> float:
    return round(1000 * percentile(seconds, percent), 4)
