"""Passages for measuring growth: real ones, and above their number synthetic neighbours of them, as articles and vectors.

A synthetic passage lies between a real one and one of its nearest: its vector is a mixture of theirs with noise, its words
are drawn from theirs. Mixture and noise are such that the 1st, 5th, 10th, 50th and 200th neighbour of a passage among 60,000
is at cosine .89, .84, .82, .78 and .73; among 60,000 real passages of four data sets it is .90, .84, .81, .76 and .72
(eval/LOG.md, 2026-11-23). A word stands in the same share of them as in the real ones, so BM25 reads as much as it would.
Their answers mean nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.generations import VECTORS, live_generation
from index.search import Index
from index.types import CueKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from corpus.types import Passage
    from index.settings import IndexSettings
    from index.types import Vectors

#: A synthetic passage's other parent is among this many nearest of the first, and shares .3 to .7 of it.
_NEAREST = 10
_SHARES = (0.3, 0.7)
#: Length of the noise beside the unit vectors that are mixed. Tried .2-.5: .2 puts the first neighbour at .96, .5 at .85.
_NOISE = 0.4
_PER_ARTICLE = 70
_AT_ONCE = 50_000
#: Without marks of Markdown, which would change what a bullet is.
_WORD = re.compile(r"\w+(?:[.,/-]\w+)*")
_NUMBER = re.compile(r"\bN(\d{7})\b")


@dataclass(frozen=True, slots=True)
class Parents:
    """Real cues with their vectors, float32 (n, dimension), and the passage that each leads to first, in reading order."""

    texts: tuple[str, ...]
    vectors: Vectors
    passages: tuple[Passage, ...]

    def nearest(self) -> NDArray[np.int64]:
        """The nearest others of each: (n, _NEAREST or fewer)."""
        near = min(_NEAREST, len(self.texts) - 1)
        cosines = self.vectors @ self.vectors.T
        np.fill_diagonal(cosines, -np.inf)
        return np.argpartition(-cosines, near - 1, axis=1)[:, :near].astype(np.int64)


def parents(settings: IndexSettings) -> Parents:
    """Every cue of the live generation but the bare texts. Raises `IndexUnavailable`."""
    store = Index.open(settings).store
    texts = store.cue_texts()
    passages = store.all_passages()
    first: dict[int, tuple[int, CueKind]] = {}
    kinds, leading = store.leads()
    for cue, passage in leading:
        first.setdefault(cue, (passage, CueKind(kinds[cue])))
    # A bare text says what its passage's wording says.
    cues = sorted((cue for cue in first if first[cue][1] is not CueKind.TEXT), key=lambda cue: (first[cue][0], cue))
    vectors: Vectors = np.load(live_generation(settings.index)[0] / VECTORS, allow_pickle=False)[cues]
    leads = [(passages[first[cue][0]], first[cue][1], texts[cue]) for cue in cues]
    # A wording is embedded with its headings, which the article around it says already.
    said = (passage.text if kind is CueKind.WORDING else f"{text} {passage.text}" for passage, kind, text in leads)
    return Parents(tuple(said), vectors, tuple(passage for passage, _, _ in leads))


class NumberedEmbedder:
    """An Embedder that knows the vector of each text by the number in it. Queries are encoded by another.

    `vectors`: float32 (n, dimension), unit length, by number.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self.dimension = vectors.shape[1]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dimension), unit length."""
        numbers = [int(found[1]) for text in texts if (found := _NUMBER.search(text))]
        vectors: Vectors = self.vectors[numbers]
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Only to open an index with."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector


def write_neighbours(real: Parents, count: int, folder: Path, seed: int = 0) -> NumberedEmbedder:
    """Writes `count` passages as articles into a new folder, and returns their vectors: real ones first, then neighbours."""
    random = np.random.default_rng(seed)
    kept = np.linspace(0, len(real.texts) - 1, min(count, len(real.texts))).astype(np.int64)
    first = np.concatenate([kept, _drawn(real, count - len(kept), random)])
    second = real.nearest()[first, random.integers(min(_NEAREST, len(real.texts) - 1), size=count)]
    shares = random.uniform(*_SHARES, size=count).astype(np.float32)
    second[: len(kept)], shares[: len(kept)] = kept, 1  # a real passage is its own
    vectors = np.empty((count, real.vectors.shape[1]), np.float32)
    for start in range(0, count, _AT_ONCE):
        some = slice(start, min(start + _AT_ONCE, count))
        noise = random.standard_normal(vectors[some].shape, dtype=np.float32) * np.float32(_NOISE / vectors.shape[1] ** 0.5)
        noise[: max(0, len(kept) - start)] = 0
        share = shares[some, None]
        mixed = share * real.vectors[first[some]] + (1 - share) * real.vectors[second[some]] + noise
        vectors[some] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    folder.mkdir(parents=True)
    words = [np.array(_WORD.findall(text), dtype=object) for text in real.texts]
    passages = (
        (real.passages[one], f"N{number:07} {_mixed(words[one], words[other], share, random)}")
        for number, (one, other, share) in enumerate(zip(first, second, shares, strict=True))
    )
    for number, (article_id, lines) in enumerate(_articles(passages)):
        (folder / f"{article_id}-{number}.md").write_text(_article(article_id, number, lines), "utf-8")
    return NumberedEmbedder(vectors)


def _drawn(real: Parents, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """First parents of `count` passages, so that every _PER_ARTICLE of them are of one article and in its order."""
    rows: dict[str, list[int]] = {}
    for row, passage in enumerate(real.passages):
        rows.setdefault(passage.article_id, []).append(row)
    own = list(rows.values())
    articles = range(-(-count // _PER_ARTICLE))
    drawn = [np.sort(random.choice(own[number % len(own)], _PER_ARTICLE)) for number in articles]
    return np.concatenate([np.empty(0, np.int64), *drawn])[:count].astype(np.int64)


def _mixed(one: NDArray[np.object_], other: NDArray[np.object_], share: float, random: np.random.Generator) -> str:
    """Words of both in their order, each with the probability of its share."""
    chosen = [*one[random.random(len(one)) < share], *other[random.random(len(other)) < 1 - share]]
    return " ".join(chosen)


def _articles(passages: Iterator[tuple[Passage, str]]) -> Iterator[tuple[str, Sequence[tuple[Passage, str]]]]:
    """Neighbouring passages of one article, with its id: as many as an article holds."""
    for article_id, group in groupby(passages, key=lambda line: line[0].article_id):
        lines = list(group)
        for start in range(0, len(lines), _PER_ARTICLE):
            yield article_id, lines[start : start + _PER_ARTICLE]


def _article(article_id: str, number: int, lines: Sequence[tuple[Passage, str]]) -> str:
    """The file of an article: each text under the headings of the passage that it comes from."""
    passage = lines[0][0]
    body: list[str] = []
    for section, group in groupby(enumerate(lines, start=1), key=lambda line: line[1][0].section):
        body += [f"{'#' * depth} {heading}\n" for depth, heading in enumerate(section, start=2)]
        body += [f"- {text}. [1] ^F{number}" for number, (_, text) in group]
        body += [""]
    meta = {
        "id": f"{article_id}-{number}",
        "title": f"{passage.article_title} ({number})",  # no two articles may share one
        "heading": passage.article_heading,
        "specialty": "Synthetic",
        "status": "submitted",
        "last_updated": "2026-01-01",
        "references": [{"id": 1, "type": "research", "title": "Synthetic", "authors": "Nobody", "venue": "None"}],
    }
    head = "\n".join(f"{key}: {json.dumps(value)}" for key, value in meta.items())  # JSON is YAML
    return f"---\n{head}\n---\n\n{chr(10).join(body)}"
