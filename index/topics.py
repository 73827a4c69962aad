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
#: ... and at least this share of the articles that have it speak of it often, or this share are called by it: in 16,350
#: articles every common word stands four times in one ("done", "happen"). Follow-ups on those (MedQuAD), nDCG@10: .725
#: without, .767 with; the shipped articles keep the same topics.
_ABOUT, _CALLED = 0.25, 0.04


def topic_terms(articles: Sequence[Article], stems: Callable[[str], Iterable[str]]) -> set[str]:
    """The stems that name topics. `stems` is the lexical index' analysis of a text."""
    spread: Counter[str] = Counter()
    strong: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for article in articles:
        counts = Counter(stems(article.text))
        named = counts.keys() & set(stems(f"{article.title} {article.heading}"))
        spread.update(counts.keys())
        called.update(named)
        strong.update(stem for stem, count in counts.items() if count >= _OFTEN or stem in named)
    most = max(_FEW, int(_SHARE * len(articles)))
    return {
        stem
        for stem, count in spread.items()
        if strong[stem]
        and count <= most
        and (strong[stem] >= _ABOUT * count or called[stem] >= _CALLED * count)
        and not stem.isdigit()
        and len(stem) > 2
    }
