"""Reads the Markdown body of an article into blocks: bullets, paragraphs and table rows with exact character spans.

markdown-it-py decides what is a heading, a list or a table; this module finds where the wording starts and ends, which
references it names (`[1, 3]`) and which statement id it carries (a trailing `^F12`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.types import Block, BlockKind

#: A citation mark: `[1]`, `[1, 3]`. A Markdown link `[1](…)` is not one.
MARK = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()")
#: What stands before the wording. In a table row only its first pipe: a cell may begin with ">75 years" or "- 5".
_LEAD = {
    BlockKind.ITEM: re.compile(r"(?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*"),
    BlockKind.PARAGRAPH: re.compile(r"[\s>]*"),
    BlockKind.ROW: re.compile(r"[\s>]*\|?[\s|]*"),
}
_LOOSE_ID = re.compile(r"(?<!\S)\^(?P<statement>[A-Za-z][A-Za-z0-9_-]*)")
_TAIL_PATTERN = r"(?:{space}*\[\d{{1,3}}(?:\s*,\s*\d{{1,3}})*\])*{space}*(?:\^(?P<statement>[A-Za-z][A-Za-z0-9_-]*))?{space}*\Z"
#: What stands behind it: marks and the id, in a row perhaps in cells of their own.
_TAIL = {kind: re.compile(_TAIL_PATTERN.format(space=r"[\s|]" if kind is BlockKind.ROW else r"\s")) for kind in BlockKind}


def marks_in(text: str) -> tuple[int, ...]:
    """The reference ids that the marks of a text name, each once, in order: `"a [3]. b [1, 3]"` → `(3, 1)`."""
    ids = (int(number) for mark in MARK.finditer(text) for number in mark[1].split(","))
    return tuple(dict.fromkeys(ids))


def read_blocks(text: str, first_line: int = 1) -> tuple[list[Block], list[tuple[int, str]]]:
    """The blocks of a body in order, and `(line, message)` for each block that says nothing or misplaces its id.

    The lines of `text` end in a line feed alone; `first_line` is the body's first line in its file.
    """
    # Not splitlines(): it also breaks at a form feed or U+2028, where Markdown does not.
    line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    line_starts[-1] = len(text)
    blocks: list[Block] = []
    problems: list[tuple[int, str]] = []
    for kind, section, (first, last) in _spans(_parser().parse(text)):
        start, end = line_starts[first], line_starts[last]
        start = _LEAD[kind].match(text, start, end).end()  # type: ignore[union-attr]  # the patterns also match ""
        tail = _TAIL[kind].search(text, start, end)
        stop = tail.start() if tail else end
        if stop <= start:
            problems.append((first_line + first, "a statement id or citation mark stands without wording"))
            continue
        if loose := _LOOSE_ID.search(text, start, stop):
            problems.append((first_line + first, f"^{loose['statement']} does not stand at the end of its block"))
        marks = marks_in(text[start:end])
        blocks.append(Block(kind, section, start, stop, marks, tail and tail["statement"], first_line + first))
    return blocks, problems


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _spans(tokens: list[Token]) -> Iterator[tuple[BlockKind, tuple[str, ...], tuple[int, int]]]:
    """Kind, heading path and line range of every block that carries wording."""
    headings: dict[int, str] = {}
    lists = 0
    in_head = False
    for position, token in enumerate(tokens):
        lines = (token.map[0], token.map[1]) if token.map else (0, 0)
        path = tuple(headings.values())
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
                headings = {depth: title for depth, title in headings.items() if depth < level}
                headings[level] = tokens[position + 1].content.strip()
            case "list_item_open":
                lists += 1
            case "list_item_close":
                lists -= 1
            case "thead_open" | "thead_close":
                in_head = token.type == "thead_open"
            case "paragraph_open":
                yield (BlockKind.ITEM if lists else BlockKind.PARAGRAPH), path, lines
            case "tr_open" if not in_head:
                yield BlockKind.ROW, path, lines
            case "fence" | "code_block":
                yield BlockKind.PARAGRAPH, path, lines
            case _:
                pass
