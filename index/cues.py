"""Makes the cues of a corpus: by which texts each passage can be found.

Beside its own wording (with title and heading path, because "Monotherapy" over a bullet is what says whose figures
they are), a passage is found by the questions its article lists for it and by the plain-language sentences that rest on
it: readers ask in words that the guideline does not use. A statement is also found by its text alone, because it is short
and its headings, which it shares with its neighbours, are half of its wording (MRR on the articles' own plain sentences
.919 without, .934 with: eval/LOG.md). A longer passage is not: NFCorpus loses .003 of nDCG@10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from corpus.types import Article, Note, Passage
from index.types import Cue, CueKind

#: Raise when passages are split, or the text of a cue is made or indexed, differently: every generation is then stale.
CUES_VERSION = 4


def make_cues(articles: Sequence[Article], passages: Sequence[Passage]) -> list[Cue]:
    """Every cue, article by article in the order of the passages, so that an article's cues are one range of rows."""
    by_id = {article.id: article for article in articles}
    cues: list[Cue] = []
    for article_id, group in groupby(enumerate(passages), key=lambda numbered: numbered[1].article_id):
        numbered = list(group)
        article = by_id[article_id]
        rows = {passage.statement: row for row, passage in numbered if passage.statement}
        cues += (Cue(CueKind.WORDING, wording(passage), (row,)) for row, passage in numbered)
        cues += (Cue(CueKind.TEXT, passage.text, (row,)) for row, passage in numbered if passage.statement)
        cues += _notes(CueKind.QUESTION, article.questions, rows)
        cues += _notes(CueKind.PLAIN, article.plain_summary, rows)
    return cues


def wording(passage: Passage) -> str:
    """What a passage is embedded as: `article heading > section > subsection: text`."""
    return f"{' > '.join((passage.article_heading, *passage.section))}: {passage.text}"


def _notes(kind: CueKind, notes: Sequence[Note], rows: dict[str, int]) -> Iterator[Cue]:
    """A note leads to those of its statements that have a passage; what rests on retracted sources has none."""
    for note in notes:
        if there := tuple(rows[statement] for statement in note.statements if statement in rows):
            yield Cue(kind, note.text, there)
