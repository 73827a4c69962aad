"""WordprocessingML, the XML in Word documents: values of its elements, numbering, notes and symbols."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from corpus.importing.formats.trees import Element, parsed

if TYPE_CHECKING:
    from docx.document import Document as Word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NOTES = ("footnotes", "endnotes")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_SYMBOLS = {
    "61": "α",
    "62": "β",
    "67": "γ",
    "64": "δ",
    "6d": "μ",
    "a3": "≤",
    "b3": "≥",
    "b1": "±",
    "b0": "°",
    "b4": "×",
    "ae": "→",
}


def value(element: Element, path: str) -> str | None:
    """The `w:val` of an element below another one."""
    found = element.find("/".join(f"{W}{part}" for part in path.split("/")))
    return None if found is None else found.get(f"{W}val")


def heading_level(style: str, outline: str | None) -> int | None:
    """The level of a heading by its style's name or outline level: 0 is the document's title; None for no heading."""
    if style.lower() == "title":
        return 0
    if found := _HEADING.fullmatch(style):
        return int(found[1])
    return int(outline) + 1 if outline and outline.isdigit() and int(outline) < 9 else None


def is_struck(run: Element) -> bool:
    """Whether a run is struck through: what an author took back must not be quoted."""
    found = run.find(f"{W}rPr/{W}strike")
    return found is not None and found.get(f"{W}val") not in {"0", "false", "off"}


def first_row_heads(look: Element) -> bool:
    """Whether a table's look says that its first row is its header."""
    value = look.get(f"{W}val") or "0"
    return look.get(f"{W}firstRow") in {"1", "true"} or (look.get(f"{W}firstRow") is None and bool(int(value, 16) & 0x20))


def symbol(element: Element) -> str:
    """A character of a symbol font: the Greek letters and signs of "Symbol" that medicine uses, else nothing."""
    code = (element.get(f"{W}char") or "").lower().removeprefix("f0")
    return _SYMBOLS.get(code, "") if (element.get(f"{W}font") or "").lower() == "symbol" else ""


def number_formats(word: Word) -> dict[tuple[str, int], str]:
    """The format of each numbering and level, such as "bullet" or "decimal"."""
    part = _part(word, "numbering")
    if part is None:
        return {}
    root = parsed(part)
    abstract = {each.get(f"{W}abstractNumId"): each for each in root.iter(f"{W}abstractNum")}
    formats: dict[tuple[str, int], str] = {}
    for numbering in root.iter(f"{W}num"):
        for level in abstract.get(value(numbering, "abstractNumId"), numbering).iter(f"{W}lvl"):
            at = level.get(f"{W}ilvl") or ""
            if at.isdigit():
                formats[numbering.get(f"{W}numId") or "", int(at)] = value(level, "numFmt") or "decimal"
    return formats


def notes(word: Word, kind: str) -> dict[str, Element]:
    """The notes by id; those between the text and the notes (separators) have a type and are none."""
    part = _part(word, kind)
    found = [] if part is None else parsed(part).findall(f"{W}{kind.removesuffix('s')}")
    return {each.get(f"{W}id"): each for each in found if each.get(f"{W}type") in {None, "normal"}}


def _part(word: Word, kind: str) -> bytes | None:
    """The XML of a part that the document is related to."""
    related = [each for each in word.part.rels.values() if each.reltype.endswith(f"/{kind}") and not each.is_external]
    return related[0].target_part.blob if related else None
