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
_CONTAINERS = ("list_item_open", "blockquote_open")
_LOOSE_ID = re.compile(r"(?<!\S)\^(?P<statement>[A-Za-z][A-Za-z0-9_-]*)")
_MARKS = re.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
_ID = re.compile(r"\^(?P<statement>[A-Za-z][A-Za-z0-9_-]*)\Z")


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
    tokens = _parser().parse(text)
    problems += [(first_line + line, "lists or quotes nest too deeply: what follows is not read") for line in _unread(tokens)]
    for kind, section, (first, last) in _spans(tokens):
        start, end = line_starts[first], line_starts[last]
        start = _LEAD[kind].match(text, start, end).end()  # type: ignore[union-attr]  # the patterns also match ""
        stop, statement = _tail(text, start, end, kind)
        if stop <= start:
            problems.append((first_line + first, "a statement id or citation mark stands without wording"))
            continue
        if loose := _LOOSE_ID.search(text, start, stop):
            problems.append((first_line + first, f"^{loose['statement']} does not stand at the end of its block"))
        marks = marks_in(text[start:end])
        blocks.append(Block(kind, section, start, stop, marks, statement, first_line + first))
    return blocks, problems


def _tail(text: str, start: int, end: int, kind: BlockKind) -> tuple[int, str | None]:
    """Where the wording ends, before the marks and the id (in a row perhaps in cells of their own), and the id.

    Read from the end: a regular expression that looks for the tail takes minutes for 100,000 blanks or marks in a line.
    """

    def before_spaces(stop: int) -> int:
        while stop > start and (text[stop - 1].isspace() or (kind is BlockKind.ROW and text[stop - 1] == "|")):
            stop -= 1
        return stop

    stop = before_spaces(end)
    identifier = _ID.search(text, start, stop)
    if identifier:
        stop = before_spaces(identifier.start())
    while (mark := text.rfind("[", start, stop)) >= 0 and _MARKS.fullmatch(text, mark, stop):
        stop = before_spaces(mark)
    return stop, identifier and identifier["statement"]


@cache
def _parser() -> MarkdownIt:
    # Without the rules inside a block, which nothing here reads: a sixth of the time.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


def _unread(tokens: list[Token]) -> list[int]:
    """Lines of the items and quotes so deep that markdown-it drops what is in them, and all that comes after."""
    deepest = _parser().options["maxNesting"] - 1
    return [token.map[0] for token in tokens if token.level >= deepest and token.type in _CONTAINERS and token.map]


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
