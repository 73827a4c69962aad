"""Plain text with line ends as an outline: bullets, numbered lines, labels over lists, and paragraphs.

Nothing is guessed about headings: a short line may be one, or an item of a list whose bullets were lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.importing.formats.outline import Item, Paragraph

_BULLET = re.compile(r"(?P<indent>[ \t]*)(?:[-*•‣▪●○◦–]|(?P<number>\d{1,3})[.)])[ \t]+(?P<text>\S.*)")
#: "Goals: - Restore haemostasis": the label of a list, and its first item.
_LABEL = re.compile(r"(?P<label>\S[^:|]{0,60}:) - (?P<text>\S.*)")
#: Items that were put on one line: "- Tests find it. - There are three kinds." Only after the end of a sentence, as
#: "250 - 500 mg" and "methotrexate - not in pregnancy" are one thing.
_NEXT_ITEM = re.compile(r"(?<=[.?!;])\s+-\s+(?=\S)")
#: A line this long that ends within a sentence was wrapped; a shorter one may be an item. MedlinePlus wraps at 80 to 100.
_WRAPPED = 60


def blocks_in(text: str) -> list[Item | Paragraph]:
    """The blocks of a plain text, in order: each line is one, but for lines that go on with the one before."""
    blocks: list[Item | Paragraph] = []
    indents: list[int] = []  # of the open items' bullets, outermost first
    before = ""
    for line in text.expandtabs(4).split("\n"):
        # Cells of a table whose columns are lost: what parted them is no wording.
        words = line.strip().strip("|").strip()
        if not words:
            indents = indents if line.strip() else indents[:1]
        elif found := _BULLET.fullmatch(line.rstrip()):
            indents = [indent for indent in indents if indent < len(found["indent"])] + [len(found["indent"])]
            blocks += _items(found["text"], len(indents), found["number"])
        elif blocks and _goes_on(words, line, before, indents):
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text} {words}")
        elif found := _LABEL.fullmatch(words):
            indents = [0]
            blocks += [Paragraph(found["label"]), *_items(found["text"], 1, None)]
        else:
            indents = []
            blocks.append(Paragraph(words))
        before = line.strip()
    return blocks


def _items(text: str, depth: int, number: str | None) -> Iterator[Item]:
    if number:
        yield Item(depth, text, int(number))
    else:
        yield from (Item(depth, part) for part in _NEXT_ITEM.split(text))


def _goes_on(words: str, line: str, before: str, indents: list[int]) -> bool:
    """Whether a line without a bullet belongs to the line before it: a wrapped one, or indented under its bullet."""
    indented = bool(indents) and len(line) - len(line.lstrip()) > indents[-1] and words[0].islower()
    wrapped = len(before) >= _WRAPPED and before[-1] not in ".:;?!|" and words[0].islower()
    return bool(before) and (indented or wrapped)
