"""Splits an article into passages: exact spans under one heading path.

A statement is a passage of its own, whole, so that a condition is never cut from what it conditions. Text without
statement ids (imported articles) is packed block by block up to `max_words`; a block longer than that is cut between
sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from corpus.sentences import sentence_spans
from corpus.types import Article, Block, BlockKind, Passage

_WORD = re.compile(r"\S+")


def split_corpus(articles: Sequence[Article], max_words: int = 280) -> list[Passage]:
    """The passages of all articles, article by article in the order given, each article's in reading order.

    A withdrawn article has none: nothing can find or quote it any more.
    """
    return [passage for article in articles if not article.withdrawn for passage in split_article(article, max_words)]


def split_article(article: Article, max_words: int = 280) -> list[Passage]:
    """The passages of one article in reading order, without what rests on retracted sources alone."""
    passages: list[Passage] = []

    def alike(block: Block) -> tuple[tuple[str, ...], str | None, bool]:
        return block.section, block.statement, rests_on_retracted(article, block)

    # What was retracted parts the text before it from the text after it: a span over both would quote it all the same.
    for (section, statement, retracted), group in groupby(article.blocks, key=alike):
        if retracted:
            continue
        blocks = list(group)
        pieces = [(blocks[0].start, blocks[0].end)] if statement else list(_packed(article.text, blocks, max_words))
        for start, end in pieces:
            marks = tuple(
                dict.fromkeys(mark for block in blocks if block.start < end and start < block.end for mark in block.marks)
            )
            passages.append(
                Passage(
                    id=f"{article.id}#{statement or f'p{len(passages) + 1}'}",
                    article_id=article.id,
                    article_title=article.title,
                    article_heading=article.heading,
                    section=section,
                    statement=statement,
                    text=article.text[start:end],
                    start=start,
                    end=end,
                    marks=marks,
                )
            )
    return passages


def rests_on_retracted(article: Article, block: Block) -> bool:
    """Whether every source that a block names was retracted: it must not be quoted any more."""
    sources = [article.reference(mark) for mark in block.marks]
    return bool(sources) and all(source is not None and source.retracted is not None for source in sources)


def _packed(text: str, blocks: list[Block], max_words: int) -> Iterator[tuple[int, int]]:
    """Spans that join neighbouring pieces as long as they hold at most `max_words` words."""
    pieces = [piece for block in blocks for piece in _cut(text, block, max_words)]
    start, end = pieces[0]
    for next_start, next_end in pieces[1:]:
        if len(_WORD.findall(text, start, next_end)) > max_words:
            yield start, end
            start = next_start
        end = next_end
    yield start, end


def _cut(text: str, block: Block, max_words: int) -> list[tuple[int, int]]:
    """A block whole, or its sentences when it is too long. A table's row is never cut: its cells belong together."""
    if block.kind is BlockKind.ROW or len(_WORD.findall(text, block.start, block.end)) <= max_words:
        return [(block.start, block.end)]
    return [(block.start + start, block.start + end) for start, end in sentence_spans(text[block.start : block.end])]
