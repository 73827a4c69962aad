"""The list of conversations in a real Chromium: by keyboard, without JavaScript, at every width, in both themes, by its names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from index.build import build_index
from tests.browsing import PHONE, WIDE, Browser, Page, ask, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles

__all__ = ["browser"]

QUESTIONS = (
    "How much colchicine do I take?",
    "Is a steroid an option when " + "x" * 120 + "?",
    "ما هي جرعة الكولشيسين أثناء نوبة النقرس الحادة لدى مريض يتلقى غسيل الكلى؟",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over the small corpus that answers every question."""
    folder: Path = tmp_path_factory.mktemp("listed")
    settings = Settings(
        articles=write_articles(folder / "articles"),
        index=folder / "index",
        database=f"sqlite:///{folder / 'assistant.sqlite'}",
        abstain_below=0.0,
        questions_per_minute=0,
        _env_file=None,
    )
    build_index(settings, embedder=BagOfWordsEmbedder())
    assistant = Assistant(open_with(settings, BagOfWordsEmbedder()), ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (where, _):
        yield where


def begin(page: Page, address: str, *questions: str) -> None:
    """A conversation for each question, every second one beside an article, then the list."""
    page.goto(f"{address}/conversations")
    for number, question in enumerate(questions):
        form = {"question": question, "article_id": "gout-basics" if number % 2 else ""}
        assert page.request.post(f"{address}/ask", form=form, max_redirects=0).status == 303
    page.reload()


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the focus is on the control of this name."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.replace(/\\s+/g, ' ').trim()") == name:
            return
    pytest.fail(f"{name} is not reached by keyboard")


def test_a_listed_conversation_is_reopened_with_the_same_answer_and_gone_on_with(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(f"{address}/ask")
        ask(page, QUESTIONS[0])
        page.goto(f"{address}/conversations")
        page.get_by_role("link", name=QUESTIONS[0], exact=True).click()
        expect(page.locator(".answer")).to_have_count(1)
        quoted = page.locator(".answer .sentences").inner_text()
        assert "Colchicine 1.2 mg is followed by 0.6 mg" in quoted
        ask(page, "Is a steroid an option?")
        page.goto(f"{address}/conversations")
        expect(page.locator(".conversations > li")).to_have_count(1)
        expect(page.locator(".conversations .state")).to_contain_text("2 questions")


@pytest.mark.parametrize("javascript", [True, False])
def test_renaming_and_deleting_work_by_keyboard_and_deleting_takes_two_steps(
    browser: Browser, address: str, javascript: bool
) -> None:
    question = QUESTIONS[0]
    with reading(browser, javascript=javascript) as page:
        begin(page, address, question)
        tab_to(page, f"Rename {question}") if javascript else page.locator(".deeds summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("New name")).to_be_visible()
        page.keyboard.press("Tab")  # what was opened comes before the next word of the row
        expect(page.get_by_label("New name")).to_be_focused()
        page.keyboard.press("Control+A")
        page.keyboard.type("My gout")
        page.keyboard.press("Enter")
        expect(page.locator(".done[role=status]")).to_have_text("Renamed.")
        expect(page).to_have_title(re.compile("^Renamed · "))
        expect(page.get_by_role("heading", name="My gout")).to_be_visible()
        summary = page.locator(".deeds summary").last
        expect(page.get_by_role("button", name="Delete this conversation")).not_to_be_visible()
        summary.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Delete this conversation")).to_be_visible()  # a Tab at once can come before it
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Delete this conversation")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".done[role=status]")).to_have_text("Conversation deleted.")
        expect(page.locator("main")).to_contain_text("Nothing asked yet in this browser")


def test_deleting_all_takes_two_steps(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        begin(page, address, *QUESTIONS[:2])
        page.get_by_text("Delete all conversations").click()
        page.get_by_role("button", name="Delete all of them").click()
        expect(page.locator(".done")).to_have_text("All conversations deleted.")
        expect(page.locator(".conversations")).to_have_count(0)


def test_what_one_word_opens_closes_the_other_and_moves_no_word(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        begin(page, address, QUESTIONS[0])
        words = page.locator(".deeds summary, .deeds > a")
        places = [words.nth(number).bounding_box() for number in range(3)]
        for number in (0, 2, 0):
            words.nth(number).click()
            assert [words.nth(each).bounding_box() for each in range(3)] == places
            expect(page.locator(".deeds details[open]")).to_have_count(1)


@pytest.mark.parametrize("size", [WIDE, PHONE, (320, 640)], ids=str)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_list_has_an_accessibility_violation_or_scrolls_sideways(
    browser: Browser, address: str, size: tuple[int, int], theme: str
) -> None:
    with reading(browser, size) as page:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(f"{address}/conversations?done=all-deleted")
        assert violations(page) == []
        begin(page, address, *QUESTIONS)
        assert violations(page) == []
        for number in (0, 1):  # Rename of the first one, Delete of the second
            page.locator(".conversations > li").nth(number).locator("summary").nth(number).click()
        page.get_by_text("Delete all conversations").click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        small = page.locator("main a, main summary, main button, main input").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect())"
            ".filter(box => box.width && (box.height < 24 || box.width < 24)).length"
        )
        assert small == 0


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("javascript", [True, False])
def test_a_pointer_renames_and_deletes(browser: Browser, address: str, size: tuple[int, int], javascript: bool) -> None:
    with reading(browser, size, javascript=javascript) as page:
        begin(page, address, QUESTIONS[0])
        page.get_by_text("Rename", exact=False).first.click()
        page.get_by_label("New name").click()
        page.get_by_label("New name").fill("My gout")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("link", name="My gout", exact=True)).to_be_visible()
        page.locator("summary", has_text="Delete").first.click()
        page.get_by_role("button", name="Delete this conversation").click()
        expect(page.get_by_role("link", name="My gout", exact=True)).to_have_count(0)
