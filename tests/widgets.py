"""An imported document whose text has numbers of its own and a table, and an answer that quotes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from assistant.citations import Ledger
from assistant.settings import Settings
from assistant.types import Answer, AnswerStatus, Draft, Role
from corpus.importing.batch import import_files
from corpus.importing.formats import FORMATS
from corpus.importing.types import Options
from corpus.importing.writing import Shelf
from index.build import build_index
from index.search import Index
from tests.answers import blank
from tests.fakes import BagOfWordsEmbedder, open_with

WIDGETS = "example-college-widgets-html"
QUESTION = "What do widgets do?"
#: Only [1] is a reference that the import knows; [2010] is a year and [12–34] an interval.
_PAGE = """<!doctype html><html lang="en"><head><title>Scratchosis</title></head><body><main><h1>Scratchosis in adults</h1>
<h2>Widget treatment</h2><p>Widgets help [1]. The trial was stopped early [7]. In older adults the benefit is smaller
[12, 13] (Head Face Med 6 [2010]; interval [12–34]) [1], and rare.</p>
<h2>Widget doses</h2><p>The dose depends on age [9].</p>
<table><thead><tr><th>Age group</th><th>Dose &amp; route</th><th>Note</th></tr></thead><tbody>
<tr><td>Children</td><td>5 mg [7]</td><td></td></tr><tr><td>Adults</td><td>10 mg</td><td>food | water &lt;i&gt;</td></tr>
<tr><td>Older adults</td><td>2.5 mg</td><td></td></tr></tbody></table>
<h2>References</h2><ol><li>Scratchosis and widgets, a made-up title. 2015</li></ol></main></body></html>"""


def widgets_index(small: Settings, embedder: BagOfWordsEmbedder, folder: Path) -> Index:
    """The small corpus with the document imported."""
    file = folder / "widgets.html"
    file.write_text(_PAGE)
    options = Options("Example College", "CC BY 4.0", "Zoology")
    [outcome] = import_files([file], FORMATS["html"], options, Shelf(small.articles), today=dt.date(2026, 11, 23))
    assert str(getattr(outcome, "kind", outcome)) == "added"
    build_index(small, embedder=embedder)
    return open_with(small, embedder)


def quoting_widgets(index: Index) -> Answer:
    """Quotes the end of a paragraph [1], and a paragraph with the table under it [2]."""
    passages = {passage.id: passage for passage in index.store.all_passages()}
    treatment, doses = passages[f"{WIDGETS}#p1"], passages[f"{WIDGETS}#p2"]
    text = treatment.text[treatment.text.index("In older") :]
    end = replace(treatment, text=text, start=treatment.end - len(text))
    ledger = Ledger(index.store.article)
    sentences = (
        ledger.enter(Draft(end.text, (end,), Role.ANSWER)),
        ledger.enter(Draft(doses.text, (doses,), Role.CONDITION)),
    )
    return blank(
        QUESTION,
        status=AnswerStatus.ANSWERED,
        sentences=sentences,
        citations=ledger.citations,
        references=ledger.references,
        review_status="submitted",
    )
