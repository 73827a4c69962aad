"""Checks of the body: texts that cite and cannot be named, ids that look alike, passages too long to be found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.linting.types import Found, Known
from corpus.sentences import sentence_spans
from corpus.types import Article, Block, BlockKind

_WORD = re.compile(r"\S+")


def nameless(article: Article, known: Known) -> Iterator[Found]:
    """Texts that carry marks and no id, in an article whose other texts have ids. Imported ones have none anywhere."""
    if not any(block.statement for block in article.blocks):
        return
    for block in article.blocks:
        if block.marks and not block.statement:
            marks = ", ".join(map(str, block.marks))
            yield Found("mark-without-statement", f"a text cites [{marks}] and has no statement id", block.line)


def alike_ids(article: Article, known: Known) -> Iterator[Found]:
    """`^F1` and `^f1`."""
    first: dict[str, str] = {}
    for block in article.blocks:
        if block.statement:
            earlier = first.setdefault(block.statement.casefold(), block.statement)
            if earlier != block.statement:
                yield Found("alike-ids", f"^{block.statement} looks like ^{earlier}", block.line)


def too_long(article: Article, known: Known) -> Iterator[Found]:
    """Passages of more words than are embedded whole: corpus/splitting.py cuts between blocks and sentences only."""
    for block in article.blocks:
        words = _longest(article, block, known.max_words)
        if words > known.max_words:
            what = f"^{block.statement}" if block.statement else "a table row" if block.kind is BlockKind.ROW else "a sentence"
            yield Found("long-passage", f"{what} has {words} words; at most {known.max_words} are embedded whole", block.line)


def _longest(article: Article, block: Block, most: int) -> int:
    """Words of the block, or of its longest sentence where it may be cut between sentences."""
    quote = article.quote(block)
    words = len(_WORD.findall(quote))
    if words <= most or block.statement or block.kind is BlockKind.ROW:
        return words
    return max(len(_WORD.findall(quote, start, end)) for start, end in sentence_spans(quote))
