"""`followup eval latency`, the parts inside this process: the encoder, the searches around it, the build's embedding.

Stages are in stages.py, growth in scale.py, what needs a process of its own in processes.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.datasets import FollowUp
from eval.measures import percentile
from eval.product import Product
from eval.reach import SPEED
from eval.stages import watched
from index.build import build_index
from index.embedding import load_embedder
from index.search import Index

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.types import Embedder, Vectors

#: Questions asked before anything is timed.
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, in the unit that its name ends in."""

    name: str
    value: float

    @property
    def within(self) -> bool | None:
        """Whether it is within what was to be reached; None where nothing was set."""
        return SPEED[self.name].holds(self.value) if self.name in SPEED else None


def search_figures(settings: Settings, followups: Sequence[FollowUp]) -> list[Figure]:
    """Encoding a question, and all else from question to evidence: understanding, both searches, fusion, confidence.

    With the article open, where everything is searched twice, and in one process without other load.
    """
    index = watched(settings)
    product = Product(index, settings)
    for followup in followups[:_WARM_UP]:
        product.ask(followup.question, followup.article_id)

    encodings: list[float] = []
    beyond: list[float] = []
    for followup in followups:
        before, started = index.spent()["encode"], time.perf_counter()
        product.ask(followup.question, followup.article_id)
        whole = time.perf_counter() - started
        encodings.append(index.spent()["encode"] - before)
        beyond.append(whole - encodings[-1])
    return [
        Figure("encoding_p50_ms", 1000 * percentile(encodings, 50)),
        Figure("encoding_p95_ms", 1000 * percentile(encodings, 95)),
        Figure("search_beyond_encoder_p50_ms", 1000 * percentile(beyond, 50)),
        Figure("search_beyond_encoder_p95_ms", 1000 * percentile(beyond, 95)),
    ]


class Interleaved:
    """An Embedder that, after each batch of a build, calls the same model on a batch of its own and times that.

    Two runs one after the other differed by .68 to 1.18 on a busy machine; batch by batch both meet the same load.
    """

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        self._embedder = embedder
        self._texts = list(texts)
        self.looped = 0
        self.seconds = 0.0

    @property
    def dimension(self) -> int:
        """As the Embedder's."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The build's batch, and as many texts of our own, in the articles' order."""
        vectors = self._embedder.embed_passages(texts)
        own = self._texts[self.looped : self.looped + len(texts)]
        started = time.perf_counter()
        self._embedder.embed_passages(own)
        self.seconds += time.perf_counter() - started
        self.looped += len(own)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Not timed."""
        return self._embedder.embed_query(text)


def throughput_figures(settings: Settings) -> list[Figure]:
    """Texts a second that a build from nothing embeds, against the same model called in a loop over the same texts."""
    texts = dict.fromkeys(Index.open(settings).store.cue_texts())
    embedder = Interleaved(load_embedder(settings), list(texts))
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        report = build_index(settings.model_copy(update={"index": Path(name) / "index"}), embedder=embedder)
    build = report.embedded / (report.embed_seconds - embedder.seconds)
    loop = embedder.looped / embedder.seconds
    return [
        Figure("build_texts_per_s", build),
        Figure("loop_texts_per_s", loop),
        Figure("build_to_loop_throughput", build / loop),
    ]
