"""What is untidy in a file though the loader forgives it, each with the edit that mends it and touches nothing else.

Every edit keeps what the article says: `fixing.fix` reads the file before and after and writes only what agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from corpus.body import marks_in
from corpus.identifiers import bare_doi, bare_pmid
from corpus.linting.textfile import TextFile
from corpus.linting.types import Found
from corpus.types import Status

_STATUS_WORD = re.compile(r"submitted|under[ _]review|approved", re.IGNORECASE)
#: What must stand in a front matter before its YAML is parsed a second time: parsing takes most of the time of a check.
_STATUS = re.compile(r"^['\"]?status['\"]?\s*:(?P<said>.*(?:\n[ \t-].*)*)", re.MULTILINE)
_DRESSED = re.compile(
    r"\b(?:doi|pmid)['\"]?\s*:\s*(?:['\"]?(?:https?:|www\.|dx\.|doi|pmid)|\d{1,9}\s*(?:[,}#]|$))", re.IGNORECASE | re.MULTILINE
)
_TITLE = re.compile(r"\btitle['\"]?\s*:\s*(?P<said>[^\n,]{5,60})")
_BARE = {"doi": bare_doi, "pmid": bare_pmid}


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts `new` in the place of `start:end` of a file's text, because of `found`."""

    start: int
    end: int
    new: str
    found: Found


def untidy(file: TextFile) -> Iterator[Found]:
    """What `--fix` would change. Blanks at line ends are told once a file."""
    if file.foreign_ends:
        yield Found("line-ends", "has a byte order mark or carriage returns", 1)
    blanks = list(_trailing_blanks(file))
    if blanks:
        yield Found("trailing-blanks", f"{len(blanks)} lines end in blanks", blanks[0].found.at)
    yield from (edit.found for edit in other_edits(file))


def edits(file: TextFile) -> list[Edit]:
    """All edits of a file, in its order; none overlaps another."""
    made: list[Edit] = []
    for edit in sorted([*_trailing_blanks(file), *other_edits(file)], key=lambda edit: (edit.start, -edit.end)):
        if not made or edit.start >= made[-1].end:
            made.append(edit)
    return made


def other_edits(file: TextFile) -> Iterator[Edit]:
    """Those that are about values of the front matter."""
    yield from _several_status_words(file)
    yield from _identifiers(file)
    yield from _same_uncited_references(file)


def _trailing_blanks(file: TextFile) -> Iterator[Edit]:
    """Not two blanks and more inside a paragraph of the body: they are a line break in Markdown."""
    position, head_end = 0, file.head[1]
    lines = file.text.split("\n")
    for number, line in enumerate(lines, start=1):
        wording = line.rstrip(" \t")
        blanks, goes_on = len(line) - len(wording), number < len(lines) and lines[number].strip() != ""
        breaks = position >= head_end and blanks > 1 and wording != "" and goes_on
        if blanks and not breaks:
            found = Found("trailing-blanks", "blanks at the end of the line", number)
            yield Edit(position + len(wording), position + len(line), "", found)
        position += len(line) + 1


def _several_status_words(file: TextFile) -> Iterator[Edit]:
    line = _STATUS.search(file.front)
    node = file.node(("status",)) if line and len(_STATUS_WORD.findall(line["said"])) > 1 else None
    if node is None:
        return
    start, end = file.span(node)
    said = file.text[start:end]
    words = list(dict.fromkeys(Status(word.lower().replace(" ", "_")) for word in _STATUS_WORD.findall(said)))
    if len(words) < 2 or re.search(r"\w", _STATUS_WORD.sub("", said)):
        return  # the loader refuses what denies itself: "not approved"
    least = Status.least(words)
    found = Found("ambiguous-status", f"status names {', '.join(words)}; the least approved, {least}, counts", ("status",))
    # A list over several lines ends where the next key begins.
    yield Edit(start, start + len(said.rstrip()), least.value, found)


def _identifiers(file: TextFile) -> Iterator[Edit]:
    """DOIs and PubMed numbers that are addresses, have a label, or are numbers to YAML (`pmid: 123`, which is no text)."""
    for position in range(len(file.items("references")) if _DRESSED.search(file.front) else 0):
        for key, bare in _BARE.items():
            at = ("references", position, key)
            node = file.node(at)
            if not isinstance(node, yaml.ScalarNode) or not (value := bare(node.value)):
                continue
            number = key == "pmid" and node.style is None
            if value == node.value and not number:
                continue
            start, end = file.span(node)
            doubled = value.replace("'", "''")
            quoted = f"'{doubled}'" if node.style is not None or number or not _plain(value) else value
            said = f"{key}: {file.text[start:end]} is written {quoted}"
            yield Edit(start, end, quoted, Found("doi-form", said, at))


def _plain(value: str) -> bool:
    """Whether YAML takes the text as it is, also between braces."""
    return not re.search(r"[\[\]{},#&*!|>'\"%@`]|: |:\Z", value)


def _same_uncited_references(file: TextFile) -> Iterator[Edit]:
    """References that are another one to the letter, but for their number, and that no mark names: each lies on own lines."""
    titles = _TITLE.findall(file.front)
    if len(set(titles)) == len(titles):
        return
    cited = set(marks_in(file.text[file.head[1] :]))
    items = file.items("references")
    seen: dict[tuple[str, ...], str] = {}
    numbers = [_number(item) for item in items]
    # The cited ones first: of two twins the one that a mark names is kept.
    for position in sorted(range(len(items)), key=lambda at: (numbers[at] not in cited, at)):
        item, number = items[position], numbers[position]
        said = _entry(file, item)
        if said is None or number is None:
            continue
        twin = seen.setdefault(said, str(number))
        if twin == str(number) or number in cited:
            continue
        if lines := _own_lines(file, item):
            message = f"reference {number} is reference {twin} to the letter, and no mark names it"
            yield Edit(*lines, "", Found("duplicate-reference", message, ("references", position)))


def _number(item: yaml.Node) -> int | None:
    if isinstance(item, yaml.MappingNode):
        for key, value in item.value:
            if key.value == "id" and isinstance(value, yaml.ScalarNode) and value.value.isdecimal():
                return int(value.value)
    return None


def _entry(file: TextFile, item: yaml.Node) -> tuple[str, ...] | None:
    """What an item says besides its number, each value to the letter; None where values are not plain texts."""
    if not isinstance(item, yaml.MappingNode):
        return None
    pairs = [(key, value) for key, value in item.value if key.value != "id"]
    if not pairs or not all(isinstance(node, yaml.ScalarNode) for pair in pairs for node in pair):
        return None
    return tuple(sorted(f"{key.value}: {file.text[slice(*file.span(value))].rstrip()}" for key, value in pairs))


def _own_lines(file: TextFile, item: yaml.MappingNode | yaml.Node) -> tuple[int, int] | None:
    """`(start, end)` of the lines of a list item, with its dash; None where it shares them with something else."""
    text = file.text
    start, end = file.span(item)
    if isinstance(item, yaml.MappingNode) and not item.flow_style:
        end = max(file.span(value)[1] for _, value in item.value)
        end -= len(text[start:end]) - len(text[start:end].rstrip())
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    alone = re.fullmatch(r"\s*-\s*", text[first:start]) and not text[end : last if last >= 0 else len(text)].strip()
    return (first, last + 1) if alone and last >= 0 else None
