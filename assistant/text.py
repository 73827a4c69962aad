"""Text that somebody wrote, before it is kept or handed on: without characters that no reader means."""

from __future__ import annotations

import unicodedata

_KEPT = {"\n", "\t"}
#: Control characters, of which PostgreSQL refuses one (NUL) and terminals obey others, and halves of surrogate pairs.
_REFUSED = {"Cc", "Cs"}


def readable(text: str) -> str:
    """With one kind of line end: a browser sends each as two characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in lines if each in _KEPT or unicodedata.category(each) not in _REFUSED).strip()


def one_line(text: object) -> str:
    """In one line, with a space for each such character; nothing for None."""
    shown = "" if text is None else str(text)
    return " ".join("".join(" " if unicodedata.category(each) in _REFUSED else each for each in shown).split())
