"""Cuts a long passage of plain text down to what answers: whole sentences, list items and table rows, in one exact span.

A statement is quoted whole. A passage of text without statement ids has up to 280 words, because that is where its answer is
found best (eval/LOG.md), and that is too much to read as a quote. What qualifies a sentence often stands in the next one, so
"However, ..." comes with what it qualifies, and "It ..." with what it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from corpus.sentences import sentence_spans
from corpus.types import Article, Block, BlockKind, Passage

if TYPE_CHECKING:
    from index.search import Index

Span = tuple[int, int]

#: A passage with more words than this is cut to as many. Of the COVID-QA answers that stand in one of the first five passages
#: 75 % are also in the quote at 60 words, 81 % at 75, 84 % at 90 and 90 % at 120. Neighbours only where they speak of the
#: question too make shorter quotes (50 words) and lose more: 72 to 76 %.
WORDS = 120
#: Begins a sentence that qualifies the one before it.
_QUALIFIES = re.compile(
    r"(however|but|except|unless|although|nevertheless|nonetheless|conversely|in contrast|on the other hand|exceptions?\b|"
    r"only\b|do not|not\b|avoid|contraindicat|caution|if\b|otherwise|instead|this does not|these do not|it is not|it should not)",
    re.IGNORECASE,
)
#: Begins a sentence that cannot be understood without the one before it.
_LEANS = re.compile(
    r"(it|its|they|their|this|these|those|such|both|he|she|the latter|the former|also|then|thus|therefore)\b", re.IGNORECASE
)


def window(index: Index, asked: str, passage: Passage) -> Passage:
    """The part of a passage that speaks most of what is asked, as a passage with offsets of its own; a statement whole."""
    if passage.statement:
        return passage
    article = index.store.article(passage.article_id)
    start, end = passage.start, passage.end
    if len(passage.text.split()) > WORDS:
        units = _units(article, start, end)
        first, last = _around(article, units, [index.spoken(asked, article.text[low:high]) for low, high in units])
        start, end = units[first][0], units[last][1]
    start = _with_header(article, start)
    return replace(passage, text=article.text[start:end], start=start, end=end)


def _around(article: Article, units: Sequence[Span], shares: Sequence[float]) -> Span:
    """The first and last unit: the best one, its better neighbour again and again, and what belongs to either end."""
    first = last = max(range(len(units)), key=lambda at: (shares[at], -at))

    def says(at: int) -> str:
        return article.text[slice(*units[at])]

    def fits(low: int, high: int) -> bool:
        return low >= 0 and high < len(units) and len(article.text[units[low][0] : units[high][1]].split()) <= WORDS

    while neighbours := [at for at in (last + 1, first - 1) if fits(min(first, at), max(last, at))]:
        best = max(neighbours, key=lambda at: shares[at])
        first, last = min(first, best), max(last, best)
    while first and _LEANS.match(says(first)):
        first -= 1
    while last + 1 < len(units) and _QUALIFIES.match(says(last + 1)):
        last += 1
    return first, last


def _units(article: Article, start: int, end: int) -> tuple[Span, ...]:
    """What can be quoted of a span: the sentences of its paragraphs, its list items and its table rows whole."""
    units: list[Span] = []
    for block in article.blocks:
        low, high = max(start, block.start), min(end, block.end)
        if low >= high:
            continue
        if block.kind is BlockKind.PARAGRAPH:
            units += [(low + first, low + last) for first, last in _sentences(article.text[low:high])]
        else:
            units.append((low, high))
    return tuple(units)


@lru_cache(4096)
def _sentences(paragraph: str) -> list[Span]:
    """Kept, because finding them takes 5 ms for 280 words, and the same passages are quoted again and again."""
    return sentence_spans(paragraph)


def _with_header(article: Article, start: int) -> int:
    """Where a quote begins that begins with a table's row: at the table's header, which says what the cells are."""
    at = next((at for at, block in enumerate(article.blocks) if block.start == start), None)
    if at is None or article.blocks[at].kind is not BlockKind.ROW:
        return start
    before = _before_table(article.blocks, at)
    head = article.text.find("|", before, start)
    whole = len(article.text[head:start].split()) if head >= 0 else 0
    return head if 0 < whole <= WORDS else start


def _before_table(blocks: tuple[Block, ...], at: int) -> int:
    """Where the block before a row's table ends."""
    while at and blocks[at - 1].kind is BlockKind.ROW and blocks[at - 1].line == blocks[at].line - 1:
        at -= 1
    return blocks[at - 1].end if at else 0
