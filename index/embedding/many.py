"""Turns many texts into one file of vectors: what is known is copied, what an unfinished run made is kept, the rest is made.

Beside the texts and the model this takes 130 bytes a text and one batch. The embedder's own threads are the parallelism: on
two cores one process of two threads makes 365 vectors a second; two processes made 377, each with a model of its own
(130 MB), a pipe, and an end to come to when their parent does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.errors import ModelUnavailable
from index.embedding.distinct import Distinct
from index.embedding.vector_file import VectorFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.embedding.kept import KeptVectors
    from index.types import Embedder, Vectors

    Numbers = NDArray[np.int64]

#: Vectors copied at a time.
_COPIED = 4_096
#: Effort of one batch, about a second on two cores: what a kill loses, and how often progress is told.
_BATCH = 100_000.0
#: Characters of which the bundled embedder reads no more (512 tokens).
_READ = 2_050
#: How far a vector's length may be from 1.
_UNIT = 1e-3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far embedding is: `done` of the `total` texts that were not known. None before the first batch."""

    done: int
    total: int
    rate: float | None  # texts a second
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """Vectors that are there already, those of the live generation: float32 (number of texts, dimension), unit length."""

    texts: Iterable[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Embedded:
    """How the different texts came by their vectors: made now, made by a run that did not finish, known."""

    dimension: int
    made: int
    kept: int
    known: int
    seconds: float


def embed_all(
    texts: Sequence[str],
    path: Path,
    *,
    load: Callable[[], Embedder],
    kept: KeptVectors,
    known: Known | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Embedded:
    """Writes every text's vector to a new `.npy` file, float32 (len(texts), dimension), row i for `texts[i]`.

    Equal texts are embedded once; each batch is kept before the next is begun. The model is loaded only when a text is not
    known. Raises `OSError` (disk) and `ModelUnavailable`.
    """
    started = time.perf_counter()
    distinct = Distinct.of(texts)
    places = np.full(len(distinct.keys), -1) if known is None else distinct.found_among(known.texts)
    missing = np.flatnonzero(places < 0)
    embedder = load() if known is None or len(missing) else None
    dimension = embedder.dimension if embedder else int(known.vectors.shape[1])  # type: ignore[union-attr]  # one is there
    with VectorFile(path, len(texts), dimension) as file:
        if known is not None:
            _copy_known(known.vectors, places[distinct.which], file)
        left = _copy_kept(kept, distinct, missing, file)
        if embedder:
            for numbers, vectors in _made(embedder, texts, distinct.first, left, len(missing), progress):
                kept.keep(dict(zip(distinct.names(numbers), vectors, strict=True)))
                _write(file, distinct, numbers, vectors)
    return Embedded(
        dimension=dimension,
        made=len(left),
        kept=len(missing) - len(left),
        known=len(places) - len(missing),
        seconds=time.perf_counter() - started,
    )


def _copy_known(vectors: Vectors, places: Numbers, file: VectorFile) -> None:
    """`places`: for each row, where its vector is among the known ones, or -1."""
    rows = np.flatnonzero(places >= 0)
    for start in range(0, len(rows), _COPIED):
        some = rows[start : start + _COPIED]
        file.write(some, vectors[places[some]])


def _copy_kept(kept: KeptVectors, distinct: Distinct, missing: Numbers, file: VectorFile) -> Numbers:
    """Writes what an unfinished run made of the texts with these numbers; returns the numbers that are left."""
    left = [missing[:0]]
    for start in range(0, len(missing), _COPIED):
        numbers = missing[start : start + _COPIED]
        names = distinct.names(numbers)
        found = {name: vector for name, vector in kept.find(names).items() if vector.shape == (file.dimension,)}
        there = np.array([name in found for name in names])
        if found:
            _write(file, distinct, numbers[there], np.stack([found[name] for name in names if name in found]))
        left.append(numbers[~there])
    return np.concatenate(left)


def _write(file: VectorFile, distinct: Distinct, numbers: Numbers, vectors: Vectors) -> None:
    """Writes the vector of each of some texts to every row that has the text."""
    rows, places = distinct.rows(numbers)
    file.write(rows, vectors[places])


def _made(
    embedder: Embedder,
    texts: Sequence[str],
    first: Numbers,
    left: Numbers,
    total: int,
    progress: Callable[[Progress], None] | None,
) -> Iterator[tuple[Numbers, Vectors]]:
    """The vectors of the texts that are left, batch by batch: their numbers, and float32 (len(numbers), dimension).

    The longest first: they take the most memory and the most time, so that neither grows later on.
    """
    lengths = np.fromiter((len(texts[row]) for row in first[left].tolist()), np.int64, len(left))
    order = np.argsort(-lengths, kind="stable")
    effort = _effort(lengths[order])
    clock = _Clock(total, float(effort.sum()), total - len(left))
    ends = np.flatnonzero(np.diff((np.cumsum(effort) - effort) // _BATCH)) + 1
    if progress:
        progress(clock.now())
    for some in np.split(np.arange(len(left)), ends) if len(left) else ():
        numbers = left[order[some]]
        vectors = embedder.embed_passages([texts[row] for row in first[numbers].tolist()])
        _check(vectors, (len(numbers), embedder.dimension))
        yield numbers, vectors
        clock.count(len(numbers), float(effort[some].sum()))
        if progress:
            progress(clock.now())


def _effort(characters: Numbers) -> NDArray[np.float64]:
    """How long a text takes, in units of some 10 microseconds on two cores.

    Measured of the bundled embedder: .8 ms for 20 characters, 1.8 for 100, 5.5 for 400, 12 for 800, 29 for 1,600, 45 for 2,000
    and more: 8.9 to 11.2 microseconds a unit, most for the longest, so that the time left is rather said to be too long. By
    characters alone the many short texts at the end would take twice as long as they are said to.
    """
    read = np.minimum(characters, _READ).astype(np.float64)
    effort: NDArray[np.float64] = 70 + read + read * read / 2200
    return effort


def _check(vectors: Vectors, shape: tuple[int, int]) -> None:
    """What is kept is used for ever, so a vector that is none is not kept. Raises `ModelUnavailable`."""
    if vectors.shape != shape:
        raise ModelUnavailable(f"the model made vectors {vectors.shape} where {shape} were asked for; set another FOLLOWUP_MODEL")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) <= _UNIT):  # also of one that is no number
        raise ModelUnavailable(f"the model made a vector of length {lengths.max():g} instead of 1; set another FOLLOWUP_MODEL")


class _Clock:
    """How far embedding is, and by the effort so far how long the rest takes."""

    def __init__(self, total: int, effort: float, done: int) -> None:
        self._total, self._done, self._made = total, done, 0
        self._effort, self._spent = effort, 0.0
        self._started = time.perf_counter()

    def count(self, texts: int, effort: float) -> None:
        self._done += texts
        self._made += texts
        self._spent += effort

    def now(self) -> Progress:
        if not self._made:
            return Progress(self._done, self._total, None, None)
        seconds = time.perf_counter() - self._started
        left = seconds * max(0.0, self._effort - self._spent) / self._spent
        return Progress(self._done, self._total, self._made / seconds, left)
