"""Finds the vectors nearest to a unit vector, with FAISS. Knows nothing of passages, articles or files' meaning.

The only module that imports faiss, and only inside its functions: 150 ms that `followup --help` must not pay.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import IndexDamaged

if TYPE_CHECKING:
    from index.types import Vectors

#: Exact search below this many vectors: 1 ms at 20,000, and growing with them. From there on every vector is first scored
#: by a sketch of it, 4 bits for each two dimensions, which FAISS compares 32 at a time in registers, and the best are scored
#: again exactly. At 100,000 and one thread, alone and between other stages: exact 5.5 and 9.2 ms, this .41 and .88 ms at
#: recall@10 1.000 and recall@200 .995. Lists (IVF) need 1.1 ms for recall@10 .98: a question lies apart from the passages
#: that answer it, so their lists are not the nearest to it (eval/LOG.md, 2026-11-23).
EXACT_BELOW = 20_000
#: Dimensions that share 4 bits: with 4 instead of 2 recall@200 falls to .90.
_SKETCHED = 2
#: For k vectors this many times k are scored again, and never fewer than _FEWEST (k = 10 and 50 scored again: recall .968).
_AGAIN = 5
_FEWEST = 200


class VectorIndex:
    """Vectors of one generation, read-only. Scores are inner products of unit vectors: cosines, -1 to 1, always exact."""

    def __init__(self, faiss_index: Any) -> None:
        import faiss

        self._faiss = faiss_index
        self._sketched = isinstance(faiss_index, faiss.IndexRefine)
        self._exact = faiss.downcast_index(faiss_index.refine_index) if self._sketched else faiss_index

    @classmethod
    def build(cls, vectors: Vectors, exact_below: int = EXACT_BELOW) -> VectorIndex:
        """Over float32 (n, dimension), unit length; row i keeps the number i. The same vectors give the same bytes."""
        import faiss

        count, dimension = vectors.shape
        if count < exact_below or dimension % _SKETCHED:
            index: Any = faiss.IndexFlatIP(dimension)
        else:
            # One thread: two fought over a busy machine's cores and took 22 s instead of 2, for the same bytes.
            faiss.omp_set_num_threads(1)
            recipe = f"PQ{dimension // _SKETCHED}x4fs,RFlat"
            index = faiss.index_factory(dimension, recipe, faiss.METRIC_INNER_PRODUCT)
            index.train(vectors)
        index.add(vectors)
        return cls(index)

    @classmethod
    def read(cls, path: Path) -> VectorIndex:
        """Maps the file instead of copying it, so that workers share the memory. Raises `IndexDamaged`."""
        import faiss

        faiss.omp_set_num_threads(1)  # requests are the parallelism
        try:
            return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise IndexDamaged(f"{path}: FAISS cannot read it; run `followup index build`") from error

    def write(self, path: Path) -> None:
        """To a new file; a file that is mapped by readers must never be written again. Raises `OSError`."""
        import faiss

        try:
            faiss.write_index(self._faiss, str(path))
        except RuntimeError as error:
            raise OSError(errno.EIO, "FAISS cannot write it", str(path)) from error

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    @property
    def dimension(self) -> int:
        """Length of one vector."""
        return int(self._faiss.d)

    def nearest(self, vector: Vectors, k: int, rows: range | None = None) -> list[tuple[int, float]]:
        """At most `k` pairs `(row, score)`, best first; only among `rows` when given (then exactly)."""
        import faiss

        if not (k := min(k, len(self) if rows is None else len(rows))):
            return []
        if rows is not None:
            among = faiss.SearchParameters(sel=faiss.IDSelectorRange(rows.start, rows.stop))
            scores, found = self._exact.search(vector.reshape(1, -1), k, params=among)
        elif self._sketched:
            again = faiss.IndexRefineSearchParameters(k_factor=max(_AGAIN, _FEWEST / k))
            scores, found = self._faiss.search(vector.reshape(1, -1), k, params=again)
        else:
            scores, found = self._faiss.search(vector.reshape(1, -1), k)
        return [(int(row), float(score)) for row, score in zip(found[0], scores[0], strict=True) if row >= 0]
