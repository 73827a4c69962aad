"""A `.npy` file of vectors that is written in any order of rows, without holding it in memory.

Not a memory map: a disk that fills up under one kills the process (SIGBUS) where a write raises `OSError`, and its pages
count as the process' memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.types import Vectors

_FLOAT = np.dtype("<f4")


class VectorFile:
    """A new file of float32 (count, dimension), with the bytes that `np.save` would write. Rows not written are zeros."""

    def __init__(self, path: Path, count: int, dimension: int) -> None:
        self._path = path
        self.dimension = dimension
        self._file = path.open("xb")
        header = {"descr": np.lib.format.dtype_to_descr(_FLOAT), "fortran_order": False, "shape": (count, dimension)}
        try:
            with self._named_errors():
                np.lib.format.write_array_header_1_0(self._file, header)
                self._start = self._file.tell()
                self._file.truncate(self._start + count * dimension * _FLOAT.itemsize)
        except BaseException:  # nobody else has it yet to close
            self._file.close()
            raise

    def write(self, rows: NDArray[np.int64], vectors: Vectors) -> None:
        """Writes `vectors[i]` as row `rows[i]`. Raises `OSError` (disk), `ValueError` for vectors of another shape."""
        if vectors.shape != (len(rows), self.dimension):
            raise ValueError(f"vectors {vectors.shape} for {len(rows)} rows of {self.dimension} numbers")
        made = np.ascontiguousarray(vectors, _FLOAT)
        ends = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)] if len(rows) else []
        with self._named_errors():
            for first, end in zip([0, *ends], ends, strict=False):  # rows that follow each other, at once
                self._file.seek(self._start + int(rows[first]) * self.dimension * _FLOAT.itemsize)
                self._file.write(made[first:end].tobytes())
            self._file.flush()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Python does not say which file could not be written to."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error

    def close(self) -> None:
        """Closes the file. It is not synced: whoever publishes a generation syncs all its files."""
        with self._named_errors():
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
