"""What a language model writes as plain text: no Markdown, no HTML, no links, no characters that a reader cannot see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_TAG = re.compile(r"<(?:!--.*?--|/?[a-zA-Z][^<>]*)>", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_LINE_START = re.compile(r"^\s*(?:#{1,6}\s+|>\s+|[-*•]\s+|\d{1,2}[.)]\s+)+")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(
    r"(?:https?|ftp|javascript|data|file|mailto)\s*:|//\S|www\.|\w\.(?:com|org|net|info|io|ru|cn)\b|\S@\S+\.\w", re.IGNORECASE
)
_MARK = re.compile(r"\s*\[\s*\^?\d{1,6}(?:\s*[,;–-]\s*\^?\d{1,6})*\s*\]")
#: Beside letters and digits these need not stand in a quote: ordinary punctuation and spaces.
_ORDINARY = frozenset(" .,;:!?()[]-/%'+<>=–—’‘“”−…µμ\u00a0\u202f")


def plain_text(sentence: str) -> str:
    """Without Markdown and HTML; marks `[1]` stay."""
    text = _LINKED.sub(r"\1", _IMAGE.sub("", _TAG.sub("", sentence)))
    text = _EMPHASIS.sub(r"\2", _LINE_START.sub("", text))
    return text.strip()


def is_linking(text: str) -> bool:
    """Whether an address is left in it."""
    return bool(_LINK.search(text))


def has_strange_characters(text: str, quotes: Sequence[str]) -> bool:
    """Invisible, pictorial and marking-up characters, and letters and digits of other scripts, that no quote has."""
    strange = set(text) - set("".join(quotes)) - _ORDINARY
    return any(not (one.isascii() and one.isalnum()) and not unicodedata.name(one, "").startswith("LATIN ") for one in strange)


def marks_of(text: str) -> tuple[set[int], str]:
    """The numbers of all marks, and what stands behind the last: `"Stop A [1], give B [2][3]."` → `({1, 2, 3}, ".")`."""
    found = list(_MARK.finditer(text))
    return {number for match in found for number in _numbers(match[0])}, text[found[-1].end() :] if found else text


def without_marks(text: str) -> str:
    """As it is shown: one space between words, a full stop at the end."""
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_MARK.sub("", text).split()))
    text = text.rstrip(" ,;:")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _numbers(marks: str) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s*[–-]\s*\^?(\d+))?", marks):
        end = int(last or first)
        found += range(int(first), min(end, int(first) + 20) + 1) if end >= int(first) else (int(first), end)
    return tuple(found)
