"""Quotes of an imported article in a real Chromium: its own numbers and its tables, streamed, reopened, and in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from assistant.settings import Settings
from assistant.store import ConversationStore
from tests.answers import ScriptedAssistant
from tests.browsing import PHONE, STRUCTURE, WIDE, Browser, Page, ask, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, write_articles
from tests.widgets import QUESTION, WIDGETS, quoting_widgets, widgets_index

__all__ = ["browser"]

ARTICLE = f"/articles/{WIDGETS}"
#: The words that are highlighted in the open article.
HIGHLIGHTED = """() => [...(CSS.highlights.get("quote") ?? [])].map(range => range.toString())"""
NUMBERS = ["[source: 12, 13]", "[source: 2010]", "[source: 12–34]", "[source: 1]"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("widgets")
    settings = Settings(
        articles=write_articles(folder / "articles"),
        index=folder / "index",
        database=f"sqlite:///{folder / 'assistant.sqlite'}",
        questions_per_minute=0,
        _env_file=None,
    )
    index = widgets_index(settings, BagOfWordsEmbedder(), folder)
    assistant = ScriptedAssistant(index, ConversationStore(settings.database), settings, answers=[quoting_widgets(index)])
    assistant.go_on.set()
    with serving(settings, assistant) as (where, _):
        yield where


def open_evidence(page: Page, number: int) -> None:
    page.locator(".sentences .mark", has_text=f"[{number}]").click()
    expect(page.locator(".evidence .its-place")).to_be_attached()


def test_a_streamed_answer_shows_numbers_and_tables_as_the_reopened_one(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        answer = page.locator(".answer")
        assert answer.locator(".sentences p .source-number").all_text_contents() == NUMBERS
        assert answer.locator(".sentences .condition th").all_text_contents() == ["Age group", "Dose & route", "Note"]
        assert answer.locator(".sentences .condition td").nth(1).text_content() == "5 mg [source: 7]"
        streamed = answer.evaluate(STRUCTURE)
        page.reload()
        assert page.locator(".answer").evaluate(STRUCTURE) == streamed


def test_the_quote_is_highlighted_in_the_open_article_across_its_numbers_and_cells(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        open_evidence(page, 1)
        [words] = page.evaluate(HIGHLIGHTED)
        assert words.startswith("In older adults the benefit is smaller [source: 12, 13] (Head Face Med 6 [source: 2010]; ")
        assert words.endswith("interval [source: 12–34]) [1], and rare.")
        open_evidence(page, 2)
        expect(page.locator(".statement.shown")).to_have_count(4)
        assert page.evaluate(HIGHLIGHTED)[:6] == [
            "The dose depends on age [source: 9].", "Age group", "Dose & route", "Note", "Children", "5 mg [source: 7]",
        ]  # fmt: skip


def test_a_table_in_a_card_is_no_stop_on_the_keyboards_way(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        page.locator(".sentences .mark", has_text="[2]").hover()
        expect(page.locator(".card td").first).to_have_text("Children")
        assert page.locator(".card .table").get_attribute("tabindex") == "-1"


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_and_tables_can_be_read_by_everyone(browser: Browser, address: str, theme: Any, size: tuple[int, int]) -> None:
    with reading(browser, size, quiet=False) as page:
        page.emulate_media(color_scheme=theme)
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        page.locator(".cited > summary").click()
        for number in (1, 2):
            open_evidence(page, number)
            assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_a_quoted_table_is_one_too(browser: Browser, address: str) -> None:
    with reading(browser, javascript=False) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(QUESTION)
        page.locator("#ask-form .primary").click()
        page.locator(".sentences .condition .mark").click()
        expect(page.locator(".passages blockquote td").first).to_be_visible()
        page.locator(".passages .in-place a").last.click()
        expect(page.locator("blockquote.quote th").first).to_have_text("Age group")
        assert page.locator("blockquote.quote .source-number").all_text_contents() == ["[source: 9]", "[source: 7]"]
