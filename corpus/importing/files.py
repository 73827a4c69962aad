"""Which files an import reads: those of a format in the folders given, and what lies among them that is none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.importing.types import Refused, SourceFile

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link; links in a folder are not followed, give the file itself",
}


def files_in(paths: Sequence[Path], suffixes: Sequence[str]) -> Iterator[SourceFile | Refused]:
    """The files that were named, whatever their names end in, and those below the folders that end in one of the suffixes.

    Folders are read by name. Hidden files, and files of other kinds, are passed over. A link that was named is followed.
    A file's name is the same from wherever a folder is given, and wherever the folder lies.
    """
    for path in paths:
        if path.is_dir():
            yield from _below(path, path, suffixes)
            continue
        if path.is_file():
            yield SourceFile(path, shown(path.name))
        else:
            yield Refused(shown(path), _not_a_file(path, follow=True))


def _below(folder: Path, given: Path, suffixes: Sequence[str]) -> Iterator[SourceFile | Refused]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refused(shown(folder), f"the folder cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = folder / entry.name
        named = entry.name.lower().endswith(tuple(suffixes))
        if entry.name.startswith("."):
            continue
        if entry.is_file(follow_symlinks=False):
            if named:
                yield SourceFile(path, shown(path.relative_to(given).as_posix()))
        elif entry.is_dir(follow_symlinks=False) and not named:
            yield from _below(path, given, suffixes)
        elif named:
            yield Refused(shown(path), _not_a_file(path, follow=False))


def shown(path: Path | str) -> str:
    r"""A path as it may stand in a terminal or a log: `"a\nb"` → `a\x0ab`, bytes that are not UTF-8 likewise."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in str(path))


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8, as Python keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _not_a_file(path: Path, *, follow: bool) -> str:
    try:
        kind = stat.S_IFMT(path.stat(follow_symlinks=follow).st_mode)
    except OSError as error:  # gone, or a link that leads to itself
        return f"it cannot be read: {error.strerror}"
    return f"it is {_KINDS.get(kind, 'something else')}, not a file" if kind != stat.S_IFLNK else f"it is {_KINDS[kind]}"
