"""Searches one generation: encode the query once, look at vectors and words, combine, return scored passages.

Knows nothing of answers, conversations or HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from corpus.errors import IndexDamaged, IndexMismatch
from index.coverage import share
from index.embedding import identify, load_embedder, load_reranker
from index.feedback import is_question, shares, telling, widened
from index.fusion import COVERED, RERANKED, best, by_best, combine
from index.generations import LEXICAL, NEAREST, PASSAGES, VECTORS, live_generation, verify_files
from index.lexical import LexicalIndex
from index.passages import PassageStore
from index.pointer import read_pointer
from index.pooling import Leads, Pooled, aligned
from index.taken_back import NOTHING, TakenBack
from index.types import Coverage, EncodedQuery, Fusion, Manifest, Ranking, ScoredPassage
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from corpus.types import Passage
    from index.pooling import Rows, Values
    from index.settings import IndexSettings
    from index.types import Embedder, Reranker, Vectors

Made = TypeVar("Made")

#: Cues taken from each search before they are pooled into passages. A passage has about four cues.
DEPTH = 200
#: Articles whose passages are kept: what goes with a quote is looked for among its neighbours, answer after answer.
_ARTICLES = 256


class Once(Generic[Made]):
    """Makes a thing when it is first asked for, once, whichever thread asks."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Made:
        """What was made. Raises what making it raises, and tries again the next time."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made


@dataclass(frozen=True, slots=True)
class _Found:
    """Passages by row in rising order: the score they are ranked by, and what went into it."""

    rows: Rows
    scores: Values
    dense: Values
    lexical: Values

    def where(self, kept: NDArray[np.bool_]) -> _Found:
        """Those that a mask keeps."""
        return _Found(self.rows[kept], self.scores[kept], self.dense[kept], self.lexical[kept])


class Index:
    """One generation, open for searching. Safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        ranking: Ranking,
        embedder: Callable[[], Embedder],
        reranker: Callable[[], Reranker] = load_reranker,
        taken_back: TakenBack = NOTHING,
    ) -> None:
        """`taken_back`: after it was built (pointer.py); that is not found."""
        self.manifest = manifest
        self.taken_back = taken_back
        self.ranking = ranking
        self.store = PassageStore(folder / PASSAGES, taken_back)
        self._hidden = np.array(sorted(self.store.hidden_rows), dtype=np.int64)
        self._vectors = VectorIndex.read(folder / NEAREST)
        self._lexical = LexicalIndex(folder / LEXICAL)
        self._kept = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
        store = self.store  # not self, which the cache would keep alive: a generation goes when its last answer is done
        self._passages_of = lru_cache(_ARTICLES)(lambda article_id: tuple(store.passages_of(article_id)))
        self._leads = Leads(*self.store.leads())
        self.embedder = Once(embedder)  # loaded when first called
        self._reranker = Once(reranker)
        self._check_counts(folder)

    @classmethod
    def open(cls, settings: IndexSettings) -> Index:
        """The live generation, verified file by file. Raises `IndexMissing`, `IndexDamaged` or `IndexMismatch`."""
        folder, manifest = check_index(settings)
        taken_back = read_pointer(settings.index).taken_back
        return cls(folder, manifest, ranking=settings.ranking, embedder=lambda: load_embedder(settings), taken_back=taken_back)

    def warm(self) -> None:
        """Loads the embedder and runs one search, so that the first reader does not wait 8 s for it."""
        self.search(self.encode("warm up"), k=1)

    def encode(self, text: str, share: float = 1.0) -> EncodedQuery:
        """The query with its vector: 3-5 ms with the bundled embedder."""
        return EncodedQuery(text, self.embedder().embed_query(text), share)

    def search(self, *readings: EncodedQuery, k: int = 10, article_id: str | None = None) -> list[ScoredPassage]:
        """The `k` best passages for one query, or for several readings of it; only of one article when given.

        Best first; equal scores in reading order. Scores are 0..1 and say how passages rank for this query in this
        scope; they do not compare between queries. Raises `ArticleNotFound`.
        """
        scope = self.store.cue_rows(article_id) if article_id is not None else None
        if not readings:
            return []
        found = _added([(reading.share, self._scored(reading, scope, article_id)) for reading in readings])
        if len(self._hidden):
            found = found.where(~np.isin(found.rows, self._hidden))
        if self.ranking.reranked and len(found.rows):
            asked = max(readings, key=lambda reading: reading.share).text
            found = self._reranked(asked, found)
        first = best(found.rows, found.scores, k)
        rows, scores, dense, lexical = (part[first].tolist() for part in (found.rows, found.scores, found.dense, found.lexical))
        passages = self.store.passages(rows)
        return [
            ScoredPassage(passages[row], score, rank, cosine, words)
            for rank, (row, score, cosine, words) in enumerate(zip(rows, scores, dense, lexical, strict=True), start=1)
        ]

    def _scored(self, query: EncodedQuery, scope: range | None, article_id: str | None) -> _Found:
        """What both searches find, the query widened by its best passages where that helps."""
        terms = dict.fromkeys(self._lexical.terms(query.text), 1.0)
        pooled = self._candidates(query.vector, terms, scope, article_id)
        weights = np.where(pooled.informed, self.ranking.dense_weight, self.ranking.dense_weight_bare)
        ranked = pooled.dense if self.ranking.fusion is Fusion.CONVEX else np.where(pooled.near, pooled.dense, 0.0)
        scores = combine(ranked, pooled.lexical, weights, self.ranking.fusion)
        found = _Found(pooled.rows, scores, pooled.dense, pooled.lexical)
        if self.ranking.dense_weight == self.ranking.dense_weight_bare == 1:
            found = found.where(pooled.near)  # not what only the words found
        if self.ranking.feedback and len(scores) and not is_question(query.text):
            found = self._widened(query, found, scope, article_id)
        if self.ranking.dense_weight == self.ranking.dense_weight_bare == 0:
            found = found.where(found.scores > 0)  # what only the vectors found
        return self._covered(query.text, found) if self.ranking.coverage else found

    def _widened(self, query: EncodedQuery, first: _Found, scope: range | None, article_id: str | None) -> _Found:
        """Searched again, nearer to the best passages and with the stems that tell them."""
        at = best(first.rows, first.scores, self.ranking.feedback)
        counts = shares(first.scores[at].tolist())
        wordings = self.store.wordings(first.rows[at].tolist())
        cues, texts = zip(*(wordings[row] for row in first.rows[at].tolist()), strict=True)
        vector = widened(query.vector, self._kept[list(cues)], counts)
        more = telling(self._lexical.weights(list(zip(texts, counts, strict=True))))
        again = self._candidates(vector, more, scope, article_id)
        rows = np.union1d(first.rows, again.rows)
        dense = aligned(rows, again.rows, again.dense, again.dense.min())
        words: Values = np.sum([aligned(rows, found.rows, by_best(found.lexical), 0.0) for found in (first, again)], axis=0)
        scores = combine(dense, words, self.ranking.dense_weight_widened, self.ranking.fusion)
        asked = (
            aligned(rows, first.rows, first.dense, first.dense.min()),
            aligned(rows, first.rows, first.lexical, 0.0),
        )
        return _Found(rows, scores, *asked)

    def _covered(self, text: str, found: _Found) -> _Found:
        """The best ones gain by how much of the query's wording they speak of; scores stay within 0..1."""
        at = best(found.rows, found.scores, COVERED)
        rows = found.rows[at].tolist()
        weights, stems = self._rarities(text), self._stems(rows)
        scores = found.scores.copy()
        scores[at] += self.ranking.coverage * np.array([share(weights, stems[row]) for row in rows])
        return replace(found, scores=scores / (1 + self.ranking.coverage))

    def _stems(self, rows: Sequence[int]) -> Mapping[int, Collection[str]]:
        return self.store.stems(rows)

    def _reranked(self, text: str, found: _Found) -> _Found:
        at = best(found.rows, found.scores, self.ranking.reranked)
        wordings = self.store.wordings(found.rows[at].tolist())
        scores = found.scores.copy()
        scores[at] += RERANKED * np.array(self._reranker().relevance(text, [wordings[row][1] for row in found.rows[at].tolist()]))
        return replace(found, scores=scores / (1 + RERANKED))

    def _candidates(self, vector: Vectors, terms: Mapping[str, float], scope: range | None, article_id: str | None) -> Pooled:
        """The passages that the best cues of both searches lead to."""
        near = self._vectors.nearest(vector, len(scope) if scope is not None else DEPTH, scope)
        return self._leads.pool(near, self._lexical.best(terms, DEPTH, article_id))

    def passages_of(self, article_id: str) -> tuple[Passage, ...]:
        """The passages of one article in reading order."""
        return self._passages_of(article_id)

    def topics_in(self, text: str) -> list[str]:
        """The stems of a text that name a topic of the corpus: a drug, a disease, a test."""
        return self.store.topics_among(self._lexical.terms(text))

    def stands_in(self, term: str, article_id: str) -> bool:
        """Whether an article speaks of a stem."""
        return self._lexical.stands_in(term, article_id)

    def coverage(self, text: str, hits: Sequence[ScoredPassage]) -> Coverage:
        """How much of a text's wording the hits, the best of them alone and its article speak of."""
        if not hits:
            return Coverage(0.0, 0.0, 0.0, 1.0)
        weights = self._rarities(text)
        best, said = (self.store.stems_of([hit.passage.id for hit in some]) for some in (hits[:1], hits))
        article_id = hits[0].passage.article_id
        in_article = {term for term in weights if self._lexical.stands_in(term, article_id)}
        unspoken = max((weight for term, weight in weights.items() if term not in in_article), default=0.0)
        return Coverage(
            by_best=share(weights, best),
            by_hits=share(weights, said),
            by_article=share(weights, in_article),
            unspoken=unspoken / self._lexical.rarest,
        )

    def spoken(self, text: str, wording: str) -> float:
        """Which share of a text's words (0..1, rare ones weigh more) a wording speaks of."""
        return share(self._rarities(text), self._lexical.terms(wording))

    def _rarities(self, text: str) -> dict[str, float]:
        """The stems of a text, and what each weighs."""
        return {term: self._lexical.rarity(term) for term in self._lexical.terms(text)}

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
    check_model(manifest, settings)
    verify_files(folder, manifest)
    return folder, manifest


def check_model(manifest: Manifest, settings: IndexSettings) -> None:
    """Raises `IndexMismatch` unless the settings' model made the generation."""
    if manifest.model != (wanted := identify(settings)):
        raise IndexMismatch(
            f"the index was built with {manifest.model.name} ({manifest.model.sha256[:8]}), the settings ask for "
            f"{wanted.name} ({wanted.sha256[:8]}); run `followup index build`"
        )


def _added(weighted: Sequence[tuple[float, _Found]]) -> _Found:
    """The readings of one question together: the sum of their scores, each times its share."""
    rows = reduce(np.union1d, (found.rows for _, found in weighted))

    def summed(part: Callable[[_Found], Values]) -> Values:
        total: Values = np.sum([share * aligned(rows, found.rows, part(found), 0.0) for share, found in weighted], axis=0)
        return total

    return _Found(rows, *(summed(part) for part in (lambda f: f.scores, lambda f: f.dense, lambda f: f.lexical)))
