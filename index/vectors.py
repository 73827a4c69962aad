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

#: Exact search below this many vectors; above, IVF lists of 8-bit vectors. At 200k and one thread: Flat 18.4 ms,
#: IVF1024,SQ8 with 16 probes 0.17 ms at recall@10 .979 (shared/notes/engines.md, section 5).
EXACT_BELOW = 200_000
IVF_RECIPE = "IVF1024,SQ8"
IVF_PROBES = 16


class VectorIndex:
    """Vectors of one generation, read-only. Scores are inner products of unit vectors: cosines, -1 to 1."""

    def __init__(self, faiss_index: Any) -> None:
        self._faiss = faiss_index

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """Over float32 (n, dimension), unit length; row i keeps the number i."""
        import faiss

        count, dimension = vectors.shape
        if count < EXACT_BELOW:
            index: Any = faiss.IndexFlatIP(dimension)
        else:
            index = faiss.index_factory(dimension, IVF_RECIPE, faiss.METRIC_INNER_PRODUCT)
            index.train(vectors)
            index.nprobe = IVF_PROBES
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
        parameters = None
        if rows is not None:
            selector = faiss.IDSelectorRange(rows.start, rows.stop)
            if isinstance(self._faiss, faiss.IndexFlat):
                parameters = faiss.SearchParameters(sel=selector)
            else:
                parameters = faiss.SearchParametersIVF(sel=selector, nprobe=self._faiss.nlist)
        scores, found = self._faiss.search(vector.reshape(1, -1), k, params=parameters)
        return [(int(row), float(score)) for row, score in zip(found[0], scores[0], strict=True) if row >= 0]
