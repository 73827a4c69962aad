"""The search of the home page in a real Chromium: as one types, by keyboard, without a server, and without JavaScript."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from index.build import build_index
from index.search import Index
from tests.browsing import PHONE, Browser, Page, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles
from tests.pages import ATTACK, GOUT, HOSTILE

__all__ = ["browser"]


@pytest.fixture(scope="module")
def address(settings: Settings, real_index: Index) -> Iterator[str]:
    real_index.warm()
    with serving(settings, Assistant(real_index, ConversationStore(settings.database), settings)) as (where, _):
        yield where


def kind(page: Page, text: str) -> None:
    """Types as a person does, and waits for what is found."""
    page.locator("#question").press_sequentially(text, delay=15)


def test_articles_and_questions_appear_while_typing(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        expect(page.locator(".to-article")).to_have_count(40)
        kind(page, "colchi")
        expect(page.locator(".to-article")).to_have_count(1)
        expect(page.locator("#count")).to_have_text("1 article, 4 questions")
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator("#question")).to_have_value("colchi")
        page.locator("#question").fill("")
        expect(page.locator(".to-article")).to_have_count(40)
        assert page.url == f"{address}/"


def test_reload_and_back_show_the_same(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        kind(page, "gout")
        page.wait_for_url("**/?question=gout")
        page.reload()
        expect(page.locator("#question")).to_have_value("gout")
        expect(page.locator(".to-article")).to_have_count(1)
        page.locator(".to-article").click()
        page.wait_for_url(f"**/articles/{GOUT}")
        page.go_back()
        expect(page.locator("#question")).to_have_value("gout")
        expect(page.locator(".to-article")).to_have_count(1)


def test_filters_narrow_at_once(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        page.locator("#specialty").select_option("Cardiology")
        expect(page.locator("#count")).to_have_text("5 articles")
        page.locator("#status").select_option("approved")
        expect(page.locator("#found h2")).to_have_text("No article has this specialty and status")
        page.get_by_role("link", name="Show all 40 articles").click()
        expect(page.locator("#count")).to_have_text("40 articles")


def test_a_question_asks_itself_with_one_click_and_is_in_no_address(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        kind(page, "gout dialysis")
        page.get_by_role("button", name="Colchicine dose for an acute attack, and on dialysis?").click()
        expect(page.locator(".answer .sentences")).to_have_count(1)
        assert f"/articles/{GOUT}?conversation=" in page.url
        assert "dialysis" not in page.url


def test_what_is_in_the_box_can_be_asked(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        page.locator("#question").fill("What colchicine dose for a flare?")
        page.get_by_role("button", name="Ask all articles").first.click()
        expect(page.locator(".answer .sentences")).to_contain_text("colchicine 1.2 mg")


def test_the_search_works_by_keyboard_alone_and_focus_stays(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        page.locator("#question").focus()
        page.keyboard.type("statins")
        page.keyboard.press("Enter")
        expect(page.locator(".to-article")).to_have_count(1)
        expect(page.locator("#question")).to_be_focused()
        stops = []
        for _ in range(5):
            page.keyboard.press("Tab")
            stops.append(page.evaluate("document.activeElement.textContent.trim().split('\\n')[0]"))
        assert [stops[0], *stops[3:]] == ["Search", "Ask all articles", page.locator(".to-article").inner_text()]


def test_the_last_answer_wins(browser: Browser, address: str) -> None:
    held = threading.Event()

    def slowly(route: Route) -> None:
        held.set()
        time.sleep(0.6)
        route.continue_()

    with reading(browser) as page:
        page.goto(f"{address}/?question=asthma")
        before = page.locator("#found").inner_text()
        page.route(re.compile(r"question=gout$"), slowly)
        for last in ("migraine", "asthma"):  # another search, and what was shown before
            page.locator("#question").fill("gout")
            page.wait_for_timeout(250)
            page.locator("#question").fill(last)
            page.wait_for_timeout(1000)
            assert held.is_set()
            held.clear()
            expect(page).to_have_url(f"{address}/?question={last}")
            expect(page.locator("#found")).to_contain_text(last)
        assert page.locator("#found").inner_text() == before


def test_danger_shows_the_signpost_above_the_results_and_keeps_it_while_the_text_is_taken_back(
    browser: Browser, address: str
) -> None:
    with reading(browser, PHONE) as page:
        page.goto(address)
        kind(page, "crushing chest pain")
        banner = page.locator("#signpost .banner[role=alert]")
        expect(banner).to_contain_text("This may be a heart attack")
        expect(banner).to_be_in_viewport()
        assert "pain" not in page.url
        page.locator("#question").fill("")
        expect(page.locator("#count")).to_have_text("40 articles")
        expect(banner).to_be_visible()
        kind(page, "asthma")
        expect(banner).to_have_count(0)


def test_personal_details_are_pointed_out_and_kept_out_of_the_address(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        kind(page, "my name is John Smith")
        expect(page.locator("#personal")).to_have_text("This seems to hold a name. Please leave it out.")
        page.wait_for_timeout(300)  # longer than the pause after which the text would be searched
        assert [address for address in sent if "Smith" in address] == []
        with page.expect_request(lambda request: "Smith" in request.url):  # only now, and only by the reader's own will
            page.locator("#question").press("Enter")
        expect(page.locator("#found h2")).to_contain_text("Nothing found for")
        assert "Smith" not in page.url
        page.locator("#question").fill("gout")
        expect(page.locator("#personal")).to_be_empty()
        page.wait_for_url("**/?question=gout")


def test_without_a_server_what_was_typed_stays_and_says_so(
    browser: Browser, small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    with (
        serving(small, Assistant(open_with(small, embedder), store, small)) as (where, stop),
        reading(browser, quiet=False) as page,
    ):
        page.goto(where)
        kind(page, "gout")
        expect(page.locator("#count")).to_contain_text("1 article")
        stop()
        kind(page, " flares")
        expect(page.locator("#failure")).to_contain_text("Not searched: the server cannot be reached.")
        expect(page.locator("#question")).to_have_value("gout flares")
        expect(page.locator(".to-article")).to_have_count(1)  # what was found before


def test_too_long_a_text_says_why_and_stays(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address)
        page.locator("#question").fill("x" * 5000)
        expect(page.locator("#failure")).to_contain_text("too long to search for")
        expect(page.locator("#question")).to_have_attribute("aria-invalid", "true")
        page.locator("#question").fill("gout")
        expect(page.locator("#failure")).not_to_be_visible()
        expect(page.locator(".to-article")).to_have_count(1)


def test_without_javascript_the_form_finds_the_same(browser: Browser, address: str) -> None:
    with reading(browser, javascript=False) as page:
        page.goto(address)
        page.locator("#question").fill("gout dialysis")
        page.locator("#question").press("Enter")
        expect(page.locator("#count")).to_have_text("1 article, 1 question")
        page.get_by_role("button", name="Colchicine dose for an acute attack, and on dialysis?").click()
        expect(page.locator(".answer .sentences")).to_have_count(1)


@pytest.mark.parametrize("typed", ["", "colchicine", "W" * 300, "I want to die", "علاج النقرس"])
def test_nothing_is_wider_than_a_narrow_screen(browser: Browser, address: str, typed: str) -> None:
    with reading(browser, (320, 640)) as page:
        page.goto(address)
        if typed:
            page.locator("#question").fill(typed)
            expect(page.locator("#count")).not_to_have_text("40 articles")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        # links within a sentence apart, as WCAG 2.5.8 has it
        small = """() => [...document.querySelectorAll("main :is(a, button, select, input)")].filter(each => {
          const {width, height} = each.getBoundingClientRect();
          return getComputedStyle(each).display !== "inline" && height && (height < 24 || width < 24); }).length"""
        assert page.evaluate(small) == 0


def test_markup_stays_text_while_typing(browser: Browser, small: Settings, embedder: BagOfWordsEmbedder) -> None:
    write_articles(small.articles, {"hostile": HOSTILE})
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    with serving(small, Assistant(open_with(small, embedder), store, small)) as (where, _), reading(browser) as page:
        page.goto(where)
        for typed in ("colchicine", ATTACK, f"colchicine {ATTACK}"):
            page.locator("#question").fill(typed)
            page.wait_for_timeout(500)
            assert page.locator("main img, main script").count() == 0
