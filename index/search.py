"""Searches one generation: encode the query once, look at vectors and words, combine, return scored passages.

Knows nothing of answers, conversations or HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import IndexDamaged, IndexMismatch
from index.embedding import identify, load_embedder
from index.fusion import combine, pool_dense, pool_lexical
from index.generations import LEXICAL, NEAREST, PASSAGES, live_generation, verify_files
from index.lexical import LexicalIndex
from index.passages import PassageStore
from index.types import Coverage, CueKind, EncodedQuery, Manifest, ScoredPassage
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from index.settings import IndexSettings
    from index.types import Embedder

#: Cues taken from each search before they are pooled into passages. A passage has about three cues.
DEPTH = 200


class Index:
    """One generation, open for searching. Safe to share between threads."""

    def __init__(self, folder: Path, manifest: Manifest, *, dense_weight: float, embedder: Callable[[], Embedder]) -> None:
        self.manifest = manifest
        self.store = PassageStore(folder / PASSAGES)
        self._vectors = VectorIndex.read(folder / NEAREST)
        self._lexical = LexicalIndex(folder / LEXICAL)
        self._dense_weight = dense_weight
        self._load_embedder = embedder
        self._embedder: Embedder | None = None
        self._loading = threading.Lock()
        self._check_counts(folder)

    @classmethod
    def open(cls, settings: IndexSettings) -> Index:
        """The live generation, verified file by file. Raises `IndexMissing`, `IndexDamaged` or `IndexMismatch`."""
        folder, manifest = check_index(settings)
        return cls(folder, manifest, dense_weight=settings.dense_weight, embedder=lambda: load_embedder(settings))

    def warm(self) -> None:
        """Loads the embedder and runs one search, so that the first reader does not wait 8 s for it."""
        self.search(self.encode("warm up"), k=1)

    def encode(self, text: str, share: float = 1.0) -> EncodedQuery:
        """The query with its vector: 3-5 ms with the bundled embedder."""
        with self._loading:
            if self._embedder is None:
                self._embedder = self._load_embedder()
        return EncodedQuery(text, self._embedder.embed_query(text), share)

    def search(self, *readings: EncodedQuery, k: int = 10, article_id: str | None = None) -> list[ScoredPassage]:
        """The `k` best passages for one query, or for several readings of it; only of one article when given.

        Best first; equal scores in reading order. Scores are 0..1 and say how passages rank for this query in this
        scope; they do not compare between queries. Raises `ArticleNotFound`.
        """
        scope = self.store.cue_rows(article_id) if article_id is not None else None
        scores: dict[int, float] = {}
        dense: dict[int, float] = {}
        lexical: dict[int, float] = {}
        for reading in readings:
            by_vector, by_words = self._candidates(reading, scope, article_id)
            _add(scores, combine(by_vector, by_words, self._dense_weight), reading.share)
            _add(dense, by_vector, reading.share)
            _add(lexical, by_words, reading.share)
        best = sorted(scores, key=lambda row: (-scores[row], row))[:k]
        passages = self.store.passages(best)
        return [
            ScoredPassage(passages[row], scores[row], rank, dense.get(row, 0.0), lexical.get(row, 0.0))
            for rank, row in enumerate(best, start=1)
        ]

    def _candidates(
        self, query: EncodedQuery, scope: range | None, article_id: str | None
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Passage row -> cosine and passage row -> word score, of the best cues of both searches."""
        near = self._vectors.nearest(query.vector, len(scope) if scope is not None else DEPTH, scope)
        words = self._lexical.best(query.text, DEPTH, article_id)
        leads = self._leads({row for row, _ in near} | {row for row, _ in words})
        by_vector, by_words = _best_by_kind(near, leads), _best_by_kind(words, leads)
        floor = near[-1][1] if near else 0.0
        dense = {row: pool_dense(by_vector.get(row, {}), floor) for row in by_vector.keys() | by_words.keys()}
        return dense, {row: pool_lexical(kinds) for row, kinds in by_words.items()}

    def topics_in(self, text: str) -> list[str]:
        """The stems of a text that name a topic of the corpus: a drug, a disease, a test."""
        return self.store.topics_among(self._lexical.terms(text))

    def stands_in(self, term: str, article_id: str) -> bool:
        """Whether an article speaks of a stem."""
        return self._lexical.stands_in(term, article_id)

    def coverage(self, text: str, hits: Sequence[ScoredPassage]) -> Coverage:
        """How much of a text's wording (0..1, rare words weigh more) the hits and the first hit's article speak of."""
        weights = {term: self._lexical.rarity(term) for term in self._lexical.terms(text)}
        total = sum(weights.values())
        if not total or not hits:
            return Coverage(0.0, 0.0)
        spoken = " ".join(
            " ".join((hit.passage.article_title, hit.passage.article_heading, *hit.passage.section, *cues))
            for hit, cues in zip(hits, self.store.cues_of([hit.passage.id for hit in hits]), strict=True)
        )
        said = set(self._lexical.terms(spoken))
        article_id = hits[0].passage.article_id
        return Coverage(
            by_hits=sum(weight for term, weight in weights.items() if term in said) / total,
            by_article=sum(weight for term, weight in weights.items() if self._lexical.stands_in(term, article_id)) / total,
        )

    def _leads(self, cues: Iterable[int]) -> dict[int, list[tuple[CueKind, int]]]:
        leads: dict[int, list[tuple[CueKind, int]]] = {}
        for cue, kind, passage in self.store.found_by(cues):
            leads.setdefault(cue, []).append((kind, passage))
        return leads

    def _check_counts(self, folder: Path) -> None:
        manifest = self.manifest
        expected = (manifest.articles, manifest.passages, manifest.cues, manifest.cues, manifest.cues, manifest.dimension)
        found = (*self.store.counts(), len(self._vectors), len(self._lexical), self._vectors.dimension)
        if found != expected:
            raise IndexDamaged(
                f"{folder} holds (articles, passages, cues, vectors, lexical rows, dimension) {found}, its manifest says "
                f"{expected}; run `followup index build`"
            )


def check_index(settings: IndexSettings) -> tuple[Path, Manifest]:
    """The live generation's folder and manifest, when its files are whole and the settings' model made it.

    Opens nothing, so it is safe before a fork. Raises `IndexMissing`, `IndexDamaged` or `IndexMismatch`.
    """
    folder, manifest = live_generation(settings.index)
    wanted = identify(settings)
    if manifest.model != wanted:
        raise IndexMismatch(
            f"the index was built with {manifest.model.name} ({manifest.model.sha256[:8]}), the settings ask for "
            f"{wanted.name} ({wanted.sha256[:8]}); run `followup index build`"
        )
    verify_files(folder, manifest)
    return folder, manifest


def _add(sums: dict[int, float], scores: Mapping[int, float], share: float) -> None:
    for row, score in scores.items():
        sums[row] = sums.get(row, 0.0) + share * score


def _best_by_kind(hits: list[tuple[int, float]], leads: dict[int, list[tuple[CueKind, int]]]) -> dict[int, dict[CueKind, float]]:
    """For each passage row the best score of its cues, by kind."""
    best: dict[int, dict[CueKind, float]] = {}
    for cue, score in hits:
        for kind, passage in leads[cue]:
            scores = best.setdefault(passage, {})
            scores[kind] = max(score, scores.get(kind, score))
    return best
