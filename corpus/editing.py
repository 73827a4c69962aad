"""Changes single values of an article's front matter and leaves every other character as it stands.

PyYAML parses the front matter only to tell where a value begins and ends. A round trip through ruamel.yaml 0.19.1 was
tried instead: with its best settings it gave 17 of the 40 shipped front matters back unchanged, and changed line ends,
column spacing and the indent of lists in others. Knows YAML and text; nothing of reviews or files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from corpus.errors import FollowupError

_FENCE = re.compile(r"\ufeff?---(\r\n|\r|\n)")
_CLOSE = re.compile(r"(\r\n|\r|\n)---(\r\n|\r|\n)")
_LINE_END = re.compile(r"\r\n|\r|\n")
#: A line end that PyYAML never wraps at.
_WIDTH = 1_000_000


class NotEditable(FollowupError):
    """The front matter is written in a way in which a value cannot be changed without touching others."""

    exit_code = 2
    status = 409


def as_yaml(value: object) -> str:
    """A text, date, or mapping of them as YAML on one line: `{since: 2026-11-22, reason: 'It said: no.'}`."""
    flow = isinstance(value, dict)
    dumped = yaml.safe_dump(value, default_flow_style=flow or None, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return dumped.removesuffix("\n").removesuffix("\n...")


def changed(
    source: str, values: Mapping[str, str | None], *, after: Sequence[str] = (), at: tuple[str, int] | None = None
) -> str:
    """The article's text with these keys in its front matter: each value is YAML on one line; None takes the key away.

    New keys get a line each after the last of the keys `after` that is there, else after the last key. A comment on the
    line of a key goes with it. `at`: in this item of this list (`("references", 2)`) instead of at the top. Raises
    `NotEditable` where there is no such front matter or item.
    """
    head, start = _head(source)
    rest, mapping = source[start + len(head) :], _mapping(head, at)
    there = {name.value: (name, node) for name, node in mapping.value if isinstance(name, yaml.ScalarNode)}
    edits: list[tuple[int, int, str]] = []  # (start, end, what to put there), in characters of the front matter
    for key, value in values.items():
        if key not in there:
            continue
        name, node = there[key]
        begin, end = node.start_mark.index, _end(head, node)
        edits.append(_without(head, mapping, name, end) if value is None else (begin, end, value if end > begin else f" {value}"))
    new = {key: value for key, value in values.items() if value is not None and key not in there}
    if new:
        anchors = [pair for key, pair in there.items() if key in after] or list(there.values())
        edits.append(_added(head, mapping, _end(head, anchors[-1][1]), new))
    for begin, end, text in sorted(edits, reverse=True):  # from the end, so that the places before stay right
        head = head[:begin] + text + head[end:]
    return source[:start] + head + rest


def _without(head: str, mapping: yaml.MappingNode, name: yaml.Node, end: int) -> tuple[int, int, str]:
    """The edit that takes the lines of a key away."""
    if mapping.flow_style:
        raise NotEditable("the front matter is written in braces; write one key a line")
    begin = max(head.rfind("\n", 0, name.start_mark.index), head.rfind("\r", 0, name.start_mark.index)) + 1
    return begin, _line_end(head, end).end(), ""


def _added(head: str, mapping: yaml.MappingNode, position: int, new: Mapping[str, str]) -> tuple[int, int, str]:
    """The edit that adds keys behind the value that ends at `position`, with the indent and line end of what is there."""
    if mapping.flow_style:
        return position, position, "".join(f", {key}: {value}" for key, value in new.items())
    line_end, indent = _line_end(head, position), " " * mapping.value[0][0].start_mark.column
    lines = "".join(f"{indent}{key}: {value}{line_end[0]}" for key, value in new.items())
    return line_end.end(), line_end.end(), lines


def _line_end(head: str, position: int) -> re.Match[str]:
    found = _LINE_END.search(head, position)
    if found is None:
        raise NotEditable("the front matter does not end in a line")
    return found


def _head(source: str) -> tuple[str, int]:
    """The front matter with its last line end, and where it begins."""
    opened = _FENCE.match(source)
    closed = _CLOSE.search(source, opened.end(1) - len(opened[1])) if opened else None
    if not opened or not closed:
        raise NotEditable("there is no front matter")
    return source[opened.end() : closed.end(1)], opened.end()


def _mapping(head: str, at: tuple[str, int] | None) -> yaml.MappingNode:
    """The mapping at the top, or the item of a list."""
    node = yaml.compose(head, Loader=yaml.SafeLoader)  # nodes only: no value is made of them
    if at is not None and isinstance(node, yaml.MappingNode):
        name, position = at
        values = [value for key, value in node.value if key.value == name and isinstance(value, yaml.SequenceNode)]
        node = values[0].value[position] if values and position < len(values[0].value) else None
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise NotEditable(f"there is no {at[0]} {at[1]}" if at else "the front matter has no keys")
    return node


def _end(head: str, node: yaml.Node) -> int:
    """Where the text of a value ends. PyYAML ends a list or a `|` text only where the next key begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(head, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(head[:end].rstrip())
    return end
