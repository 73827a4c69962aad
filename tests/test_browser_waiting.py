"""The page that stands for another one while the articles cannot be read, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from corpus.errors import IndexMissing
from index.build import build_index
from index.search import Index
from tests.browsing import Browser, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with

__all__ = ["browser"]


class LateAssistant(Assistant):
    """Has no index until it is `there`."""

    there = False

    @property
    def index(self) -> Index:
        if not self.there:
            raise IndexMissing("there is no index")
        return super().index


@pytest.fixture
def late(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[tuple[str, LateAssistant]]:
    build_index(small, embedder=embedder)
    assistant = LateAssistant(open_with(small, embedder), ConversationStore(small.database), small)
    with serving(small, assistant) as (where, _):
        yield where, assistant


def test_the_page_asked_for_comes_as_soon_as_it_is_there_and_not_before(
    browser: Browser, late: tuple[str, LateAssistant]
) -> None:
    where, assistant = late
    with reading(browser, quiet=False) as page:  # Chromium notes each 503
        looks: list[int] = []
        page.on("response", lambda response: looks.append(response.status) if response.request.method == "HEAD" else None)
        page.clock.install()
        page.goto(f"{where}/articles/gout-basics")
        expect(page.locator("h1")).to_have_text("One moment, please")
        expect(page.locator("main")).to_contain_text("This page tries again by itself")
        page.evaluate("window.still = true")
        while len(looks) < 3:
            page.clock.run_for(10_000)
        assert set(looks) == {503}
        assert page.evaluate("window.still")  # whoever reads it is left alone
        assistant.there = True
        while page.locator("h1").text_content() == "One moment, please":
            page.clock.run_for(10_000)
        expect(page.locator("h1")).to_have_text("How is a gout flare treated?")


def test_without_javascript_the_page_is_loaded_again(browser: Browser, late: tuple[str, LateAssistant]) -> None:
    where, _ = late
    with reading(browser, quiet=False, javascript=False) as page:
        page.goto(f"{where}/articles/gout-basics")
        expect(page.locator("h1")).to_have_text("One moment, please")
        expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "10")
