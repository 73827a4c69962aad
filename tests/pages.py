"""Reads a page for the tests as a parser does, asks its form, and holds the ill-meant article that pages must show as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assistant.disclaimer import DISCLAIMER

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}

GOUT = "gout-flares-urate-lowering"
COLCHICINE = "What colchicine dose for a flare?"

_VOID = {"meta", "link", "input", "br", "img"}
ATTACK = """<img src=http://evil.example/i onerror=alert(1)><script>alert(2)</script> ![x](http://evil.example/m.png)"""
HOSTILE = f"""\
---
id: hostile
title: 'Colchicine {ATTACK} title?'
heading: 'Heading {ATTACK}'
specialty: 'Specialty {ATTACK}'
status: submitted
last_updated: 2026-01-02
review_notes:
  - {{text: 'Note {ATTACK}', statements: [F1]}}
references:
  - id: 1
    type: guideline
    title: 'Title {ATTACK}'
    authors: 'Authors {ATTACK}'
    venue: 'Venue {ATTACK}'
    doi: 10.1000/a"b<c>(d)
    year: 2020
plain_summary:
  - {{text: 'Plain {ATTACK}', statements: [F1]}}
questions:
  - {{text: 'Colchicine {ATTACK} question?', statements: [F1]}}
---

## Section {ATTACK}

- Colchicine is given {ATTACK} in the morning. [1] ^F1
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


def read(client: FlaskClient, address: str, status: int = 200) -> Page:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    return Page(response.text)


def ask(client: FlaskClient, question: str, **form: str) -> TestResponse:
    return client.post("/ask", data={"question": question, **form}, headers=BROWSER)


def answered(client: FlaskClient, question: str, **form: str) -> tuple[str, Page]:
    """The address that a question leads to, and the page there."""
    response = ask(client, question, **form)
    assert response.status_code == 303
    return response.location, read(client, urldefrag(response.location).url)


def check_page(page: Page) -> None:
    """What every page must keep, whatever it shows."""
    assert page.one("html")["lang"] == "en"
    assert len(page.one("h1").text) > 3
    assert page.one("title").text.endswith("Follow-up Assistant")
    levels = [int(heading.tag[1]) for heading in page.all() if re.fullmatch("h[1-6]", heading.tag)]
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False)), levels
    ids = set(page.ids)
    assert len(page.ids) == len(ids), "an id stands twice"
    labelled = {label["for"] for label in page.all("label")}
    for control in [*page.all("input"), *page.all("textarea")]:
        assert control["type"] == "hidden" or control["id"] in labelled
    for element in page.all():
        assert element.tag not in ("style", "img", "iframe"), element
        assert element.tag != "script" or (element["src"].startswith("/static/") and not element.text)
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        for name in ("aria-labelledby", "aria-describedby", "form"):
            assert set(element[name].split()) <= ids, f"{name}={element[name]}"
        if element.tag == "a" and element["href"].startswith("#"):
            assert element["href"][1:] in ids, element["href"]
        if element.tag in ("a", "button"):
            assert element.text.strip() or element["aria-label"]
        if element["href"].startswith("http"):
            assert element["rel"] == "noopener"
    assert page.all("a", class_="skip")[0]["href"] == "#main"
    assert DISCLAIMER in page.text
