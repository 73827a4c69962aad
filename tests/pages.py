"""Reads a page for the tests as a parser does, and the ill-meant article that pages must show as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

GOUT = "gout-flares-urate-lowering"
COLCHICINE = "What colchicine dose for a flare?"

_VOID = {"meta", "link", "input", "br", "img"}
_ATTACK = """<img src=http://evil.example/i onerror=alert(1)><script>alert(2)</script> ![x](http://evil.example/m.png)"""
HOSTILE = f"""\
---
id: hostile
title: 'Colchicine {_ATTACK} title?'
heading: 'Heading {_ATTACK}'
specialty: 'Specialty {_ATTACK}'
status: submitted
last_updated: 2026-01-02
review_notes:
  - {{text: 'Note {_ATTACK}', statements: [F1]}}
references:
  - id: 1
    type: guideline
    title: 'Title {_ATTACK}'
    authors: 'Authors {_ATTACK}'
    venue: 'Venue {_ATTACK}'
    doi: 10.1000/a"b<c>(d)
    year: 2020
plain_summary:
  - {{text: 'Plain {_ATTACK}', statements: [F1]}}
questions:
  - {{text: 'Colchicine {_ATTACK} question?', statements: [F1]}}
---

## Section {_ATTACK}

- Colchicine is given {_ATTACK} in the morning. [1] ^F1
"""


@dataclass
class Element:
    """An element with its attributes and all the text inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def classes(self) -> list[str]:
        return self["class"].split()


@dataclass
class Page(HTMLParser):
    """Every element of a page in order, those of `<template>`s apart. Fails on tags that do not nest."""

    html: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self.feed(self.html)
        self.close()
        assert not self._open, f"not closed: {[element.tag for element in self._open]}"

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements of a tag whose attributes are these; `class_` needs to be one of the classes."""
        return [element for element in self._shown() if (not tag or element.tag == tag) and _matches(element, attributes)]

    def one(self, tag: str = "", **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × {tag} {attributes}"
        return found[0]

    @property
    def ids(self) -> list[str]:
        return [element["id"] for element in self._shown() if element["id"]]

    @property
    def text(self) -> str:
        return " ".join(self.one("body").text.split())

    def _shown(self) -> Iterator[Element]:
        return (element for element in self.elements if "template" not in element.inside)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs}, inside=tuple(each.tag for each in self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "template" not in [element.tag for element in self._open]:
            for element in self._open:
                element.text += data


def _matches(element: Element, attributes: dict[str, str]) -> bool:
    return all(
        value in element.classes if name == "class_" else element[name.replace("_", "-")] == value
        for name, value in attributes.items()
    )
