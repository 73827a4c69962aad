"""Which stems name a topic of the corpus: a drug, a disease, a test that few articles speak of and one speaks of often.

Used to tell a question that stands alone ("Colchicine dose on dialysis?") from one that leans on the turn before it
("What starting dose?"). Pure counting; knows nothing of vectors or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from corpus.types import Article

#: A topic's stem stands in at most this share of the articles (and never in fewer than _FEW allowed).
_SHARE = 0.1
_FEW = 3
#: ... and this often in one of them, or once when its title or heading has it too.
_OFTEN = 4


def topic_terms(articles: Sequence[Article], stems: Callable[[str], Iterable[str]]) -> set[str]:
    """The stems that name topics. `stems` is the lexical index' analysis of a text."""
    spread: Counter[str] = Counter()
    strong: set[str] = set()
    for article in articles:
        counts = Counter(stems(article.text))
        named = set(stems(f"{article.title} {article.heading}"))
        spread.update(counts.keys())
        strong |= {stem for stem, count in counts.items() if count >= _OFTEN or stem in named}
    most = max(_FEW, int(_SHARE * len(articles)))
    return {stem for stem in strong if spread[stem] <= most and not stem.isdigit() and len(stem) > 2}
