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
#: A stem of more articles than _SHARE, at most of _WIDEST, is a topic too where an article is called by it and that is where
#: it stands: _HOME of its occurrences are in the articles called by it, and there it stands _OFTEN times and _DENSER times as
#: often as in the others that have it. Asthma is spoken of in 5 of the 40 shipped articles, 26 of 30 times in its own.
#: What only comes with a number there ("type 2 diabetes") names nothing by itself. These add asthma, stroke, diabetes,
#: hypertension, heart and cancer to the shipped topics, not dose, treatment, patient, women or risk; and heart and cancer, not
#: disease, syndrome or type, to those of MedQuAD's 16,350 articles. With _HOME .3 "position" is one too (of "HER2-positive").
_WIDEST, _HOME, _DENSER = 0.5, 0.37, 3.0


def topic_terms(articles: Sequence[Article], stems: Callable[[str], Iterable[str]]) -> set[str]:
    """The stems that name topics. `stems` is the lexical index' analysis of a text."""
    spread: Counter[str] = Counter()
    strong: Counter[str] = Counter()
    called: Counter[str] = Counter()
    occurrences: Counter[str] = Counter()
    at_home: Counter[str] = Counter()  # occurrences in the articles called by the stem
    for article in articles:
        counts = Counter(stems(article.text))
        named = _named(list(stems(f"{article.title} {article.heading}")))
        spread.update(counts.keys())
        called.update(named & counts.keys())
        strong.update(stem for stem, count in counts.items() if count >= _OFTEN or stem in named)
        occurrences.update(counts)
        at_home.update({stem: counts[stem] for stem in named})
    most = max(_FEW, int(_SHARE * len(articles)))

    def few_speak_of(stem: str) -> bool:
        about = strong[stem] >= _ABOUT * spread[stem] or called[stem] >= _CALLED * spread[stem]
        return bool(strong[stem]) and spread[stem] <= most and about

    def stands_at_home(stem: str) -> bool:
        homes, visited = called[stem], spread[stem] - called[stem]
        if not homes or spread[stem] > _WIDEST * len(articles):
            return False
        a_home, a_visit = at_home[stem] / homes, (occurrences[stem] - at_home[stem]) / max(1, visited)
        return a_home >= max(_OFTEN, _DENSER * a_visit) and at_home[stem] >= _HOME * occurrences[stem]

    return {stem for stem in spread if not stem.isdigit() and len(stem) > 2 and (few_speak_of(stem) or stands_at_home(stem))}


def _named(title: Sequence[str]) -> set[str]:
    """The stems of a title that name something: not those that a number follows, "type" of "type 2"."""
    return {stem for stem, after in zip(title, [*title[1:], ""], strict=True) if not after.isdigit()}
