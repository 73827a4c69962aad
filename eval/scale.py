"""`followup eval latency`, the part "scale": how search, build and disk grow with the number of passages.

Each size is a real index: `index.build` makes it from articles on disk, `Index.search` is asked the shipped questions, over
the whole corpus, with their vectors made before. Above what the live index holds the passages are synthetic neighbours of
its own (neighbours.py); each has one vector, where a passage of the shipped articles has about three. A query that names a
subject is searched twice (index/feedback.py), so some of those are asked too: headings of the live index.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.datasets import FollowUp
from eval.latency import Figure
from eval.neighbours import Parents, parents, write_neighbours
from eval.stages import Row, WatchedIndex, spreads, watched
from index.build import build_index
from index.generations import NEAREST, VECTORS, live_generation
from index.search import DEPTH, Index
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.types import EncodedQuery, Vectors

#: Passages in each index that is measured; the last only when it is asked for: it takes minutes.
SIZES = (1_000, 10_000, 100_000)
LARGE = 1_000_000
#: The one that has a bound (eval/reach.py).
_BOUND = 100_000
_K = 10
_WARM_UP = 20
_SUBJECTS = 120


class _ExactIndex(Index):
    """The same generation with its vectors searched one by one."""

    def __init__(self, folder: Path, *arguments: Any, **named: Any) -> None:
        super().__init__(folder, *arguments, **named)
        vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
        self._vectors = VectorIndex.build(vectors, exact_below=len(vectors) + 1)


def scale_rows(settings: Settings, followups: Sequence[FollowUp], sizes: Sequence[int] = SIZES) -> list[Row]:
    """For each size: dense, lexical, fuse and hybrid (all three) of the questions, and hybrid of the subjects.

    With recall@10 against exact search, the seconds of the build without embedding, and the size on disk.
    """
    live = Index.open(settings)
    real = parents(settings)
    questions = [live.encode(followup.question) for followup in followups]
    subjects = [live.encode(heading) for heading in _headings(real, _SUBJECTS)]
    return [row for size in sizes for row in _of_size(settings, real, questions, subjects, size)]


def scale_figures(rows: Sequence[Row]) -> list[Figure]:
    """The two that have a bound, where 100,000 passages were measured."""
    return [
        figure
        for row in rows
        if (row["passages"], row["stage"]) == (_BOUND, "hybrid")
        for figure in (
            Figure("search_at_100k_p50_ms", row["p50_ms"]),
            Figure("search_at_100k_recall@10", row["recall@10"]),
        )
    ]


def _headings(real: Parents, count: int) -> list[str]:
    """Up to `count` subjects, evenly chosen: an article's heading and the section under it."""
    headings = dict.fromkeys(" ".join((passage.article_heading, *passage.section[:1])) for passage in real.passages)
    return list(headings)[:: -(-len(headings) // count)]


def _of_size(
    settings: Settings, real: Parents, questions: Sequence[EncodedQuery], subjects: Sequence[EncodedQuery], size: int
) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        theirs = settings.model_copy(update={"articles": Path(name) / "articles", "index": Path(name) / "index"})
        report = build_index(theirs, embedder=write_neighbours(real, size, theirs.articles))
        folder, manifest = live_generation(theirs.index)
        about = {
            "synthetic": max(0, size - len(real.texts)),
            "build_s": round(report.seconds - report.embed_seconds, 2),
            "disk_mb": round(sum((folder / file).stat().st_size for file in manifest.files) / 1e6, 1),
        }
        index, exact = watched(theirs), _ExactIndex.open(theirs)
        for query in [*questions, *subjects][:: -(-(len(questions) + len(subjects)) // _WARM_UP)]:
            _searched(index, query)
        rows = []
        for queries, name_of in ((questions, "{}"), (subjects, "{} of subjects")):
            asked, found = zip(*(_searched(index, query) for query in queries), strict=True)
            recalls = {
                "dense": _dense_recall(folder, queries),
                "hybrid": _recall(found, [_ids(exact, query) for query in queries]),
            }
            rows += [
                {**row, "stage": name_of.format(row["stage"]), "recall@10": recalls.get(row["stage"]), **about}
                for row in spreads(asked, passages=size)
            ]
    return rows


def _searched(index: WatchedIndex, query: EncodedQuery) -> tuple[dict[str, float], set[str]]:
    """Seconds by stage, and the ids of what was found."""
    before = index.spent()
    found = _ids(index, query)
    spent = index.spent()
    seconds = {stage: spent[stage] - before[stage] for stage in ("dense", "lexical", "fuse")}
    return {**seconds, "hybrid": sum(seconds.values())}, found


def _ids(index: Index, query: EncodedQuery) -> set[str]:
    return {hit.passage.id for hit in index.search(query, k=_K)}


def _dense_recall(folder: Path, queries: Sequence[EncodedQuery]) -> float:
    """Of the nearest of as many as a search takes, so that it is this search's."""
    index = VectorIndex.read(folder / NEAREST)
    vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    found = [{row for row, _ in index.nearest(query.vector, DEPTH)[:_K]} for query in queries]
    return _recall(found, [set(np.argpartition(-(vectors @ query.vector), _K - 1)[:_K].tolist()) for query in queries])


def _recall(found: Sequence[set[Any]], wanted: Sequence[set[Any]]) -> float:
    """Mean share of what exact search finds that was found."""
    return round(fmean(len(some & all_) / len(all_) for some, all_ in zip(found, wanted, strict=True)), 4)
