"""The evidence panel in a real Chromium: by mouse and keyboard, beside an article, beside a conversation, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, Role
from index.search import Index
from tests.answers import ScriptedAssistant, quoting
from tests.browsing import ARTICLE, PHONE, WIDE, Browser, Page, ask, browser, expect, reading, serving
from tests.pages import GOUT

__all__ = ["browser"]

STROKE = "acute-stroke-thrombolysis-thrombectomy"
QUOTED = {f"{GOUT}#F14": Role.ANSWER, f"{GOUT}#F18": Role.ANSWER, f"{STROKE}#F2": Role.CONTRAST}
QUESTION = "What rests on two articles?"
EVIDENCE = "**/citations/**"

#: The words that are highlighted in the open article.
HIGHLIGHTED = """() => [...(CSS.highlights.get("quote") ?? [])].map(range => range.toString())"""
#: Where they stand in the window, and what the page leaves free for them: [top, bottom, from, to].
PLACE = """() => {
  const quote = [...CSS.highlights.get("quote")][0].getBoundingClientRect();
  return [quote.top, quote.bottom, document.querySelector("header.site").getBoundingClientRect().bottom,
    document.querySelector(".evidence").getBoundingClientRect().top]; }"""


@pytest.fixture(scope="module")
def said(real_index: Index) -> Answer:
    return quoting(real_index, QUESTION, QUOTED)


@pytest.fixture(scope="module")
def assistant(settings: Settings, real_index: Index, said: Answer) -> ScriptedAssistant:
    real_index.warm()
    return ScriptedAssistant(real_index, ConversationStore(settings.database), settings, answers=[said], held=2)


@pytest.fixture(scope="module")
def address(settings: Settings, assistant: ScriptedAssistant) -> Iterator[str]:
    with serving(settings, assistant) as (where, _):
        yield where


@pytest.fixture(autouse=True)
def in_one_go(assistant: ScriptedAssistant) -> None:
    """Answers are not held back, unless a test wants it."""
    assistant.go_on.set()


def mark(page: Page, number: int) -> Any:
    return page.locator(".sentences .mark", has_text=f"[{number}]")


def test_a_mark_shows_its_quote_in_the_open_article(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.emulate_media(reduced_motion="reduce")  # so that scrolling is over at once
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        page.locator("#question").fill("half a question")
        mark(page, 2).click()
        panel = page.get_by_role("region", name="Citation 2 of 3")
        expect(panel.get_by_role("heading", name="Citation 2 of 3")).to_be_focused()
        assert page.evaluate(HIGHLIGHTED) == [said.citations[1].quote]
        page.wait_for_function(f"() => {{ const [top, bottom, from, to] = ({PLACE})(); return top >= from && bottom <= to; }}")
        expect(panel).to_contain_text("Febuxostat and cardiovascular risk")
        expect(panel).to_contain_text("Submitted")
        expect(panel).to_contain_text("updated 22 November 2026")
        expect(panel.locator(".facts .source")).to_have_count(len(said.citations[1].references))
        expect(panel.locator(".facts .type").first).to_have_text("Guideline")
        expect(panel.locator(".its-place")).to_be_hidden()  # it is the article above
        expect(mark(page, 2)).to_have_attribute("aria-current", "true")
        before = page.evaluate("scrollY")
        page.locator("#question").focus()
        assert page.evaluate("scrollY") == before  # the panel does not cover the conversation
        page.locator(".article > .references .source > a").last.focus()
        page.wait_for_function(f"() => document.activeElement.getBoundingClientRect().bottom <= ({PLACE})()[3]")
        panel.get_by_role("heading", name="Citation 2 of 3").focus()
        page.keyboard.press("Escape")
        expect(mark(page, 2)).to_be_focused()
        expect(page.locator(".evidence, .answer [aria-current], .statement.shown")).to_have_count(0)
        assert page.evaluate(HIGHLIGHTED) == []
        expect(page.locator("#question")).to_have_value("half a question")


def test_the_panel_is_complete_by_keyboard(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        mark(page, 1).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Citation 1 of 3")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        following = page.get_by_role("button", name="Next citation")
        expect(following).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Citation 2 of 3")).to_be_visible()
        expect(page.locator(".evidence [role=status]")).to_contain_text("Citation 2 of 3")
        expect(following).to_be_focused()  # so that it can be pressed again
        assert page.evaluate(HIGHLIGHTED) == [said.citations[1].quote]
        page.keyboard.press("Enter")
        expect(page.locator(".evidence #quote")).to_have_text(said.citations[2].quote)
        expect(following).to_have_attribute("aria-disabled", "true")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Citation 3 of 3")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Close
        expect(mark(page, 3)).to_be_focused()


def test_another_mark_takes_the_open_panel_over(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        mark(page, 3).click()
        expect(page.get_by_role("heading", name="Citation 3 of 3")).to_be_focused()
        mark(page, 1).click()
        expect(page.get_by_role("heading", name="Citation 1 of 3")).to_be_focused()
        expect(page.locator(".evidence")).to_have_count(1)
        expect(page.locator(".answer [aria-current]")).to_have_text("[1]")
        assert page.evaluate(HIGHLIGHTED) == [said.citations[0].quote]


def test_a_quote_of_another_article_is_shown_beside_the_open_one(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        mark(page, 3).click()
        place = page.get_by_role("region", name="In its place in the article")
        expect(place.locator("#quote")).to_have_text(said.citations[2].quote)
        expect(place.locator("#quote")).to_be_in_viewport(ratio=0.99)
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()  # of the open article
        assert page.evaluate("scrollY") == 0
        assert page.evaluate(HIGHLIGHTED) == []
        place.focus()
        before = place.evaluate("place => place.scrollTop")
        page.keyboard.press("PageDown")
        page.wait_for_function("before => document.querySelector('.its-place').scrollTop > before", arg=before)
        link = page.locator(".evidence .where a")
        assert link.get_attribute("href").startswith(f"/articles/{STROKE}?conversation=")  # type: ignore[union-attr]
        link.click()
        expect(page.locator(".answer")).to_have_count(1)  # the conversation came along
        mark(page, 3).click()
        expect(page.locator(".evidence")).to_be_visible()
        assert page.evaluate(HIGHLIGHTED) == [said.citations[2].quote]


def test_an_open_article_that_is_older_than_its_answer_is_not_marked(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        page.evaluate("document.getElementById('F18').firstChild.data = 'What was said before an edit.'")
        ask(page, QUESTION)
        mark(page, 2).click()
        expect(page.locator(".evidence #quote")).to_have_text(said.citations[1].quote)
        expect(page.locator(".evidence #quote")).to_be_in_viewport(ratio=0.99)
        assert page.evaluate(HIGHLIGHTED) == []


def test_over_all_articles_the_panel_stands_beside_the_conversation(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + "/ask")
        ask(page, QUESTION)
        before = mark(page, 2).bounding_box()
        mark(page, 2).click()
        expect(page.locator(".evidence #quote")).to_have_text(said.citations[1].quote)
        expect(page.locator(".evidence #quote")).to_be_in_viewport(ratio=0.99)
        boxes = [page.locator(selector).bounding_box() for selector in (".chat", ".evidence")]
        assert boxes[0] and boxes[1] and boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
        assert page.evaluate("document.documentElement.scrollWidth") == WIDE[0]
        after = mark(page, 2).bounding_box()
        assert before and after and abs(before["y"] - after["y"]) <= 1  # what is read stays where it is
        page.get_by_role("button", name="Close the citation").click()
        expect(mark(page, 2)).to_be_focused()


@pytest.mark.parametrize("path", [ARTICLE, "/ask"])
def test_on_a_phone_a_sheet_begins_with_the_quote_and_hides_nothing(
    browser: Browser, address: str, said: Answer, path: str
) -> None:
    with reading(browser, PHONE) as page:
        page.goto(address + path)
        ask(page, QUESTION)
        mark(page, 1).click()
        sheet = page.locator(".evidence")
        expect(sheet.get_by_role("heading", name="Citation 1 of 3")).to_be_focused()
        expect(sheet.locator(".quote")).to_have_text(said.citations[0].quote)
        expect(sheet.locator(".quote")).to_be_in_viewport(ratio=0.99)
        page.wait_for_function("() => document.querySelector('.evidence').getAnimations().length === 0")
        box = sheet.bounding_box()
        assert box and box["height"] <= 0.75 * PHONE[1] + 1
        assert box["y"] + box["height"] == PHONE[1]
        marked = mark(page, 1).bounding_box()
        assert marked and marked["y"] + marked["height"] <= box["y"]
        before = page.evaluate("scrollY")
        page.mouse.move(100, 80)
        page.mouse.wheel(0, 150)
        page.wait_for_function("before => scrollY > before", arg=before)
        for behind in (page.locator("#question"), page.locator("footer a").last):
            behind.focus()
            page.wait_for_function("""() => document.activeElement.getBoundingClientRect().bottom
                <= document.querySelector(".evidence").getBoundingClientRect().top""")
        sheet.get_by_role("link", name="Show it in its place").click()
        expect(sheet.locator("#quote")).to_be_in_viewport()
        sheet.get_by_role("button", name="Close the citation").click()
        expect(mark(page, 1)).to_be_focused()


def test_on_a_phone_the_title_of_the_open_article_leads_behind_the_sheet(browser: Browser, address: str) -> None:
    with reading(browser, PHONE) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        mark(page, 2).click()
        page.locator(".evidence .where a").click()
        expect(page.locator(".evidence")).to_have_count(0)
        expect(page.locator("#F18")).to_be_in_viewport()


def test_a_click_for_a_new_tab_stays_one(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        with page.context.expect_page() as opened:
            mark(page, 1).click(modifiers=["ControlOrMeta"])
        assert "-cite-1" in opened.value.url
        expect(page.locator(".evidence")).to_have_count(0)


def test_a_reopened_conversation_has_the_same_evidence(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        page.reload()
        mark(page, 1).click()
        expect(page.get_by_role("heading", name="Citation 1 of 3")).to_be_focused()
        assert page.evaluate(HIGHLIGHTED) == [said.citations[0].quote]


def test_without_the_server_the_quote_is_shown_and_can_be_looked_up_again(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser, quiet=False) as page:
        page.goto(address + "/ask")
        ask(page, QUESTION)
        page.route(EVIDENCE, lambda route: route.abort())
        mark(page, 3).click()
        panel = page.locator(".evidence")
        expect(panel).to_contain_text("The server cannot be reached.")
        expect(panel.locator(".quote")).to_have_text(said.citations[2].quote)
        expect(panel.locator(".source")).to_have_count(len(said.citations[2].references))
        page.unroute(EVIDENCE)
        panel.get_by_role("button", name="Try again").click()
        expect(panel.locator("#quote")).to_have_text(said.citations[2].quote)
        expect(panel.locator(".remark")).to_have_count(0)
        expect(panel.get_by_role("heading", name="Citation 3 of 3")).to_be_focused()


def test_an_answer_that_is_not_kept_shows_what_the_page_has(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser, quiet=False) as page:
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        page.route(EVIDENCE, lambda route: route.fulfill(status=404, body="gone"))
        mark(page, 2).click()
        panel = page.locator(".evidence")
        expect(panel).to_contain_text("The server does not keep this answer.")
        assert page.evaluate(HIGHLIGHTED) == [said.citations[1].quote]  # the article is open: its place is known
        expect(panel.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_slow_server_is_waited_for_with_the_quote_in_view(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser) as page:
        page.goto(address + "/ask")
        ask(page, QUESTION)
        held: list[Any] = []
        page.route(EVIDENCE, lambda route: held.append(route))
        mark(page, 1).click()
        expect(page.locator(".evidence .remark")).to_have_text("Looking for its place in the article…")
        expect(page.locator(".evidence .quote")).to_have_text(said.citations[0].quote)
        held[0].continue_()
        expect(page.locator(".evidence #quote")).to_be_visible()
        expect(page.locator(".evidence .remark")).to_have_count(0)


def test_an_answer_that_is_still_written_is_looked_up_once_it_is_whole(
    browser: Browser, address: str, assistant: ScriptedAssistant, said: Answer
) -> None:
    assistant.go_on.clear()
    with reading(browser) as page:  # nothing on the console: no address that is not there yet is asked for
        page.goto(address + ARTICLE)
        page.locator("#question").fill(QUESTION)
        page.locator("#question").press("Enter")
        mark(page, 1).press("Enter")  # a pointer would rest on the mark and bring its card
        panel = page.locator(".evidence")
        expect(panel).to_contain_text("not complete yet")
        expect(panel.get_by_role("heading", name="Citation 1")).to_be_focused()
        assert page.evaluate(HIGHLIGHTED) == [said.citations[0].quote]
        assistant.go_on.set()
        expect(panel.locator(".remark")).to_have_count(0)
        expect(panel.get_by_role("heading", name="Citation 1 of 3")).to_be_focused()
        expect(mark(page, 1)).to_have_attribute("aria-current", "true")
        page.keyboard.press("Escape")
        expect(mark(page, 1)).to_be_focused()


def test_nothing_moves_for_readers_who_asked_for_that(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(address + ARTICLE)
        ask(page, QUESTION)
        mark(page, 2).click()
        page.locator(".evidence").wait_for()
        assert page.evaluate("document.querySelector('.evidence').getAnimations().length") == 0
        top, bottom, start, end = page.evaluate(PLACE)  # there at once
        assert start <= top < bottom <= end


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_layout_breaks_an_accessibility_rule(browser: Browser, address: str, theme: Any) -> None:
    layouts = [(ARTICLE, WIDE, 1), (ARTICLE, WIDE, 3), ("/ask", WIDE, 1), (ARTICLE, PHONE, 3)]
    for path, size, number in layouts:
        with reading(browser, size) as page:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.goto(address + path)
            ask(page, QUESTION)
            mark(page, number).click()
            page.locator(".evidence").wait_for()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()


def test_without_javascript_a_citation_is_a_page_of_its_own(browser: Browser, address: str, said: Answer) -> None:
    with reading(browser, javascript=False) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(QUESTION)
        page.locator("#ask-form button.primary").click()
        page.locator(".cited summary").click()
        page.get_by_role("link", name="Show citation 1 in its place").click()
        expect(page.locator("#quote")).to_have_text(said.citations[0].quote)
        expect(page.locator("#quote")).to_be_in_viewport(ratio=0.99)
        page.get_by_role("link", name="Next citation").click()
        expect(page.locator("#quote")).to_have_text(said.citations[1].quote)
        page.get_by_role("link", name="Back to the answer").click()
        expect(page.locator(".answer")).to_be_in_viewport()
