"""The numbers of a signpost's text are links that a telephone can call, and nothing else of it changes."""

from __future__ import annotations

import re

import pytest

from assistant.safety.dangers import banner_of, find_danger
from assistant.safety.tables import load_regions
from assistant.web.calling import with_links


@pytest.mark.parametrize("region", sorted(load_regions()))
def test_every_emergency_number_of_a_region_can_be_called(region: str) -> None:
    danger = find_danger("My father has crushing chest pain and is sweating")
    assert danger is not None
    text = banner_of(danger, region).text
    linked = with_links(text)
    numbers = re.findall(r"\b\d{3}\b", load_regions()[region].places["call"])
    assert numbers
    assert [number for number in numbers if f'<a href="tel:{number}" rel="noopener">{number}</a>' not in linked] == []
    assert re.sub(r"<[^>]+>", "", linked) == text.replace("&", "&amp;").replace("'", "&#39;")


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("24 hours a day, 8 am to 10 pm, 38.5 °C, 1120 mL", []),
        ("call 1-800-222-1222 or 116 123", ["tel:18002221222", "tel:116123"]),
        ("9-8-8, 988 and findahelpline.com", ["tel:988", "tel:988", "https://findahelpline.com"]),
        ("<b>112</b>", ["tel:112"]),
    ],
)
def test_only_numbers_of_the_table_are_links_and_markup_stays_text(text: str, linked: list[str]) -> None:
    found = with_links(text)
    assert re.findall(r'href="([^"]*)"', found) == linked
    assert "<b>" not in found
