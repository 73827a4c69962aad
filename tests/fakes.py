"""Fakes with behaviour: an embedder that counts what it embeds, and small articles that tests write and change."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding import load_reranker
from index.generations import live_generation
from index.search import Index

if TYPE_CHECKING:
    from index.settings import IndexSettings
    from index.types import Reranker, Vectors

_WORD = re.compile(r"\w+")


class BagOfWordsEmbedder:
    """Unit vectors of hashed words: texts that share words are near, the same text always gives the same vector.

    `embedded` holds every passage text it was asked for; `delay` seconds pass for each, to be killed in between.
    """

    def __init__(self, dimension: int = 64, delay: float = 0.0) -> None:
        self._dimension = dimension
        self._delay = delay
        self.embedded: list[str] = []

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        time.sleep(self._delay * len(texts))
        self.embedded += texts
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        vector = np.zeros(self._dimension, dtype=np.float32)
        for word in _WORD.findall(text.lower()):
            vector[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % self._dimension] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.linalg.norm(vector)


class CountingEmbedder(BagOfWordsEmbedder):
    """Also tells queries from passages: `asked` holds every query it was asked for."""

    def __init__(self, dimension: int = 64) -> None:
        super().__init__(dimension)
        self.asked: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.stack([super(CountingEmbedder, self).embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        self.asked.append(text)
        return super().embed_query(text)


class AllAlikeEmbedder(BagOfWordsEmbedder):
    """A broken model: every text gets the same vector."""

    def embed_query(self, text: str) -> Vectors:
        return np.eye(1, self._dimension, dtype=np.float32)[0]


class BackwardsEmbedder(BagOfWordsEmbedder):
    """A model that mixes up its batch: every text gets the vector of another one."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return super().embed_passages(texts)[::-1]


class SharedWordsReranker:
    """Relevance is the share of the query's words that a text has. `read` holds every pair it was given."""

    def __init__(self) -> None:
        self.read: list[tuple[str, str]] = []

    def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
        self.read += [(query, text) for text in texts]
        words = set(_WORD.findall(query.lower()))
        return [len(words & set(_WORD.findall(text.lower()))) / max(1, len(words)) for text in texts]


def open_with(settings: IndexSettings, embedder: BagOfWordsEmbedder, reranker: Callable[[], Reranker] = load_reranker) -> Index:
    """The live generation with a fake embedder for its queries. `Index.open` has verified the real files before."""
    Index.open(settings)
    folder, manifest = live_generation(settings.index)
    return Index(folder, manifest, ranking=settings.ranking, embedder=lambda: embedder, reranker=reranker)


#: Three tiny articles: a medical one as shipped, one with a table, an astral character and nested bullets, and one
#: imported without statement ids.
SMALL = {
    "gout-basics": """\
---
id: gout-basics
title: How is a gout flare treated?
heading: Gout flares
specialty: Rheumatology
status: submitted
last_updated: 2026-01-02
references:
  - {id: 1, type: guideline, title: Gout guideline, authors: Example College, venue: J Gout, year: 2020}
  - {id: 2, type: label, title: Colchicine label, authors: Example Agency, venue: Label}
plain_summary:
  - text: A small dose of colchicine helps.
    statements: [F1]
questions:
  - text: How much colchicine do I take?
    statements: [F1]
  - text: Is a steroid an option?
    statements: [F2]
  - text: Which urate level is the goal?
    statements: [F3]
---

## Flares

- Colchicine 1.2 mg is followed by 0.6 mg one hour later. [1, 2] ^F1
- Oral prednisone is an alternative when colchicine is not tolerated. [1] ^F2

## Long term

### Target

- Serum urate is kept below 6 mg/dL. [1] ^F3
""",
    "asthma-basics": """\
---
id: asthma-basics
title: Which reliever is preferred in asthma?
heading: Asthma relievers
specialty: Respiratory medicine
status: approved
last_updated: 2026-02-03
reviewed_by: Dr A. Example
reviewed_on: 2026-02-03
reviewed_sha256: b5255129a8daeba64f6850ada0a89579ac5aef6bb03a73357b87dbdc2220ef79
references:
  - {id: 1, type: guideline, title: Asthma strategy, authors: Example Initiative, venue: Report, year: 2023}
  - {id: 3, type: research, title: Reliever trial, authors: Example A et al., venue: J Air, year: 2018, doi: 10.1000/air}
questions:
  - text: Formoterol or salbutamol?
    statements: [F1]
  - text: What did the reliever trial show?
    statements: [T1]
---

## Relievers

- Budesonide-formoterol as needed is preferred to salbutamol alone. [1] ^F1
  - It is taken 𝄞 at most twelve times
    a day. [1] ^F2

| Outcome | Result |
|---|---|
| Severe attacks | >50% fewer [3] ^T1 |
""",
    "sleep-basics": """\
---
id: sleep-basics
title: What helps against insomnia?
heading: Insomnia
specialty: Sleep medicine
status: under_review
last_updated: 2026-03-04
references:
  - {id: 1, type: research, title: Sleep review, authors: Example B, venue: J Sleep, year: 2021}
---

Cognitive behavioural therapy is offered first [1]. Its effect lasts longer than that of tablets.

Caffeine after noon delays sleep.
""",
}


def write_articles(folder: Path, articles: dict[str, str] | None = None) -> Path:
    """Writes articles (by id; the small ones when none are given) as a corpus folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for article_id, source in (SMALL if articles is None else articles).items():
        (folder / f"{article_id}.md").write_text(source, "utf-8")
    return folder


def spoil(path: Path) -> None:
    """Another file in its place, one byte shorter: who has it open still has the old one."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Changes an article in place, as an author would; it must really change."""
    before = path.read_text("utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, "utf-8")
