"""Finds articles that say nearly the same, among thousands: MinHash signatures of word runs, then the runs themselves.

datasketch finds the candidates without holding every article against every other; what is told is the exact share of
common runs of both articles (Jaccard).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from corpus.linting.types import Found, Known
from corpus.types import Article

if TYPE_CHECKING:
    import numpy as np
    from datasketch import MinHash, MinHashLSH
    from numpy.typing import NDArray

    Runs = NDArray[np.uint32]

#: Words in a run. One changed word changes five runs.
RUN = 5
#: Share of common runs from which two articles are told: one word in 28 changed everywhere leaves 0.7.
ALIKE = 0.7
#: Of fewer runs nothing can be said: a sentence or two may be the same in many articles.
FEWEST = 20
#: Bands of a signature and numbers in each: 98.8 % of the pairs at 0.7 share a band, 99.97 % of those at 0.8; of pairs at
#: 0.3, 12 % do, which costs a look at both.
_BANDS = (16, 4)
#: Articles made from one mould have hundreds of candidates each; so many are looked at.
_MOST_CANDIDATES = 50
_WORD = re.compile(r"\w+")


def near_duplicates(articles: Sequence[Article], known: Known) -> Iterator[tuple[Article, Found]]:
    """Each article that is nearly one before it, with the one it is most like. Withdrawn ones are passed over."""
    index = _index()
    first: dict[bytes, Article] = {}
    kept: dict[str, tuple[Article, Runs]] = {}
    for article in articles:
        runs = _runs(article)
        if article.withdrawn or len(runs) < FEWEST:
            continue
        if (same := first.setdefault(runs.tobytes(), article)) is not article:
            yield article, _found(same, 1.0)
            continue
        signature = _signature(runs)
        candidates = (kept[key] for key in sorted(index.query(signature))[:_MOST_CANDIDATES])
        share, nearest = max(
            ((_share(runs, others), other) for other, others in candidates), key=_by_share, default=(0.0, article)
        )
        if share >= ALIKE:
            yield article, _found(nearest, share)
        index.insert(article.path, signature)
        kept[article.path] = article, runs


def _by_share(found: tuple[float, Article]) -> float:
    return found[0]


def _found(other: Article, share: float) -> Found:
    said = "says the same as" if share == 1 else f"has {share:.0%} of its wording in common with"
    return Found("near-duplicate", f"{said} {other.id} ({other.path})", ("id",))


def _runs(article: Article) -> Runs:
    """The runs of words of all that the article says, as sorted 32-bit numbers, each once."""
    import numpy as np

    words = [word for block in article.blocks for word in _WORD.findall(article.quote(block).casefold())]
    runs = (" ".join(words[at : at + RUN]).encode("utf-8", "surrogatepass") for at in range(len(words) - RUN + 1))
    return np.unique(np.fromiter(map(zlib.crc32, runs), dtype=np.uint32))


def _share(one: Runs, other: Runs) -> float:
    import numpy as np

    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def _index() -> MinHashLSH:
    from datasketch import MinHashLSH

    bands, numbers = _BANDS
    return MinHashLSH(num_perm=bands * numbers, params=_BANDS)


def _signature(runs: Runs) -> MinHash:
    from datasketch import MinHash

    bands, numbers = _BANDS
    signature = MinHash(num_perm=bands * numbers, hashfunc=int)
    signature.update_batch(runs.tolist())
    return signature
