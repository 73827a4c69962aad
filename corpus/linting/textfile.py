"""An article's file as it stands on the disk: bytes, text, and where the values of its front matter stand in it.

For what the loader cannot see, because it forgives it (line ends, several status words), and for edits that leave every
other byte alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from corpus.linting.types import KeyPath
from corpus.loading import MAX_FILE_BYTES

_OPEN, _CLOSE = "---\n", "\n---\n"


@dataclass(frozen=True)
class TextFile:
    """`text` has LF line ends and no byte order mark; `raw` is what the file holds."""

    raw: bytes

    @classmethod
    def read(cls, path: Path) -> TextFile | None:
        """The file, or None where the loader says why it cannot be read."""
        try:
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                return None
            file = cls(path.read_bytes())
            file.raw.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None
        return file

    @cached_property
    def text(self) -> str:
        """The text as the loader sees it."""
        return self.raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")

    @property
    def foreign_ends(self) -> bool:
        """Whether the file has a byte order mark or carriage returns."""
        return b"\r" in self.raw or self.raw.startswith(b"\xef\xbb\xbf")

    @cached_property
    def head(self) -> tuple[int, int]:
        """`(start, end)` of the YAML in `text`; `(0, 0)` where there is none."""
        if not self.text.startswith(_OPEN):
            return 0, 0
        end = self.text.find(_CLOSE, len(_OPEN))
        return (len(_OPEN), end + 1) if end >= 0 else (0, 0)

    @property
    def front(self) -> str:
        """The YAML of the front matter."""
        return self.text[slice(*self.head)]

    @cached_property
    def _root(self) -> yaml.Node | None:
        try:
            # Nodes only: no value is made of them, so nothing is run and no alias grows.
            return yaml.compose(self.front, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError):
            return None  # the loader reports it

    def node(self, at: KeyPath) -> yaml.Node | None:
        """The value at a key path of the front matter, or None."""
        return self._entry(at)[1]

    def items(self, key: str) -> list[yaml.Node]:
        """The items of a list of the front matter: `references`."""
        node = self.node((key,))
        return list(node.value) if isinstance(node, yaml.SequenceNode) else []

    def span(self, node: yaml.Node) -> tuple[int, int]:
        """`(start, end)` of a node in `text`."""
        return self.head[0] + node.start_mark.index, self.head[0] + node.end_mark.index

    def line(self, at: KeyPath) -> int:
        """The line of a key path in the file, from 1; of the nearest one above it that is there."""
        for length in range(len(at), 0, -1):
            if node := self._entry(at[:length])[0]:
                return int(node.start_mark.line) + 2
        return 1

    def _entry(self, at: KeyPath) -> tuple[yaml.Node | None, yaml.Node | None]:
        """Where a key path begins (a mapping's key, a list's item), and its value."""
        begins, value = self._root, self._root
        for key in at:
            begins, value = _child(value, key)
        return begins, value


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                return name, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None, None
