"""In a real Chromium: warnings that cannot be missed, questions back, edited queries, and what is streamed of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Clarification, Role
from index.build import build_index
from index.search import Index
from tests.answers import CRISIS, EMERGENCY, LosingAssistant, ScriptedAssistant, blank, every_part, quoting
from tests.browsing import ARTICLE, PHONE, STRUCTURE, Browser, Page, ask, browser, expect, reading, serving
from tests.fakes import SMALL, BagOfWordsEmbedder, open_with, write_articles
from tests.pages import ATTACK, COLCHICINE, GOUT, HOSTILE

__all__ = ["browser"]

HEART = "My dad has crushing chest pain and is sweating, what should I do?"


def made(index: Index) -> list[Answer]:
    """An answer of each kind that the pipeline gives rarely."""
    return [
        blank(HEART, status=AnswerStatus.EMERGENCY, banner=EMERGENCY),
        blank("I want to die", answer_id="crisis", status=AnswerStatus.CRISIS, banner=CRISIS),
        blank(
            "What is the dose?",
            answer_id="back",
            status=AnswerStatus.CLARIFY,
            clarification=Clarification("Which one do you mean?", ("allopurinol: What is the dose?", "febuxostat: dose?")),
        ),
        quoting(index, "Q", {f"{GOUT}#F14": Role.ANSWER, f"{GOUT}#F2": Role.CONDITION}, answer_id="q", banner=EMERGENCY),
    ]


@pytest.fixture(scope="module")
def assistant(settings: Settings, real_index: Index) -> ScriptedAssistant:
    real_index.warm()
    return ScriptedAssistant(real_index, ConversationStore(settings.database), settings, answers=made(real_index))


@pytest.fixture(scope="module")
def address(settings: Settings, assistant: ScriptedAssistant) -> Iterator[str]:
    with serving(settings, assistant) as (where, _):
        yield where


def type_in(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")


@pytest.mark.parametrize("size", [(1280, 900), PHONE, (320, 640)])
def test_a_warning_comes_into_view_whole_and_is_announced_once(browser: Browser, address: str, size: tuple[int, int]) -> None:
    with reading(browser, size) as page:
        page.goto(address + ARTICLE)
        page.evaluate("""() => { window.alerts = 0; new MutationObserver(changes => changes.forEach(change =>
            change.addedNodes.forEach(node => { if (node.querySelector?.("[role=alert]")) window.alerts += 1; })))
            .observe(document.querySelector(".log"), {childList: true, subtree: true}); }""")
        ask(page, HEART)
        banner = page.locator(".answer .banner")
        expect(banner).to_have_role("alert")
        expect(banner).to_be_in_viewport(ratio=0.99)
        assert page.evaluate("window.alerts") == 1
        assert banner.evaluate("banner => getComputedStyle(banner).borderTopWidth") == "3px"
        assert not banner.locator("button, summary").count()  # nothing puts it away
        assert all(link.startswith("tel:") for link in banner.locator("a").evaluate_all("all => all.map(each => each.href)"))
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator("#ask-form .status")).to_have_text("Please read the notice.")


@pytest.mark.parametrize("javascript", [True, False])
def test_the_reader_can_say_that_nobody_is_in_danger(
    browser: Browser, address: str, assistant: ScriptedAssistant, javascript: bool
) -> None:
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(HEART)
        page.locator("#ask-form button.primary").click()
        go_on = page.get_by_role("button", name="Nobody is in danger: show what the articles say")
        expect(go_on).not_to_be_visible()  # two steps: not by a slip of the finger
        page.get_by_text("Is nobody in danger?").click()
        go_on.click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(2)
        assert (assistant.asked[-1].question, assistant.asked[-1].safe) == (HEART, True)
        assert assistant.asked[-1].article_id == GOUT


def test_a_crisis_offers_nothing_but_help(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, "I want to die")
        assert not page.locator(".answer button, .answer summary").count()
        links = page.locator(".answer a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert set(links) >= {"tel:988"}
        assert all(link.startswith("tel:") or link == "https://findahelpline.com" for link in links)
        page.reload()
        expect(page.locator(".answer .banner")).to_be_in_viewport(ratio=0.99)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_choice_answers_the_question_back(
    browser: Browser, address: str, assistant: ScriptedAssistant, javascript: bool
) -> None:
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill("What is the dose?")
        page.locator("#ask-form button.primary").click()
        expect(page.locator(".clarify")).to_contain_text("Which one do you mean?")
        page.get_by_role("button", name="febuxostat: dose?").click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(2)
        assert assistant.asked[-1].query == "febuxostat: dose?"
        assert assistant.asked[-1].question == "What is the dose?"


@pytest.mark.parametrize("javascript", [True, False])
def test_the_query_is_edited_in_place_and_searched_as_typed(browser: Browser, address: str, javascript: bool) -> None:
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        for question in (COLCHICINE, "And on dialysis?"):
            page.locator("#question").fill(question)
            page.locator("#ask-form button.primary").click()
            expect(page.locator(".answer:not([aria-busy]) .question").last).to_have_text(question)
        last = page.locator(".answer").last
        expect(last.locator(".edit form").first).not_to_be_visible()
        last.locator(".edit summary").click()
        page.get_by_label("Search for this instead").last.fill("colchicine in haemodialysis")
        page.get_by_label("Search for this instead").last.press("Enter")
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(3)
        expect(page.locator(".query").last).to_have_text("colchicine in haemodialysis")
        expect(page.locator(".question").last).to_have_text("And on dialysis?")
        page.locator(".answer").last.locator(".edit summary").click()
        page.get_by_role("button", name="Search as typed").last.click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(4)
        expect(page.locator(".query").last).to_have_text("And on dialysis?")


def test_a_draft_and_the_focus_stay_while_something_else_is_asked(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        page.locator("#question").fill("half a question")
        page.locator(".edit summary").click()
        page.get_by_label("Search for this instead").fill("colchicine")
        page.get_by_label("Search for this instead").press("Enter")
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(2)
        expect(page.get_by_label("Search for this instead").first).to_be_focused()
        expect(page.locator("#question")).to_have_value("half a question")


def test_sentences_come_one_by_one_under_the_warning_and_a_focused_mark_keeps_the_focus(
    browser: Browser, settings: Settings, real_index: Index
) -> None:
    slow = ScriptedAssistant(real_index, ConversationStore(settings.database), settings, answers=made(real_index), held=2)
    with serving(settings, slow) as (where, _), reading(browser) as page:
        page.goto(where + ARTICLE)
        type_in(page, "Q")
        busy = page.locator(".answer[aria-busy]")
        expect(busy.locator(".sentences p")).to_have_count(1)
        expect(busy.locator(".banner")).to_be_visible()
        expect(busy.locator(".source").first).to_be_visible()  # a mark of a broken answer resolves too
        expect(busy.locator(".cited")).to_be_visible()
        busy.locator(".mark").focus()
        slow.go_on.set()
        expect(page.locator(".answer:not([aria-busy]) .sentences p")).to_have_count(2)
        expect(page.locator(".condition .tie")).to_have_text("But note:")
        expect(page.locator(".answer .mark").first).to_be_focused()
        streamed = page.locator(".answer").evaluate(STRUCTURE)
        page.reload()
        assert page.locator(".answer").evaluate(STRUCTURE) == streamed


def test_an_index_that_is_gone_leaves_the_signpost_and_says_when_to_try_again(browser: Browser, small: Settings) -> None:
    build_index(small, embedder=(embedder := BagOfWordsEmbedder()))
    assistant = LosingAssistant(open_with(small, embedder), ConversationStore(small.database), small)
    with serving(small, assistant) as (where, _), reading(browser, quiet=False) as page:
        page.goto(f"{where}/articles/gout-basics")
        assistant.lost = True
        type_in(page, "How much colchicine do I take?")
        expect(page.locator("#failure")).to_contain_text(re.compile("Not asked: .* Try again in 10 seconds."))
        expect(page.locator("#question")).to_have_value("How much colchicine do I take?")
        ask(page, HEART)
        expect(page.locator(".banner")).to_be_in_viewport(ratio=0.99)


def test_markup_in_every_part_stays_text(browser: Browser, small: Settings, embedder: BagOfWordsEmbedder) -> None:
    write_articles(small.articles, SMALL | {"hostile": HOSTILE})
    build_index(small, embedder=embedder)
    index = open_with(small, embedder)
    answers = every_part(index, ["hostile#F1", "gout-basics#F1", "gout-basics#F2"], ATTACK)
    hostile = ScriptedAssistant(index, ConversationStore(small.database), small, answers=answers)
    with serving(small, hostile) as (where, _), reading(browser) as page:
        page.goto(f"{where}/articles/hostile")
        for answer in answers:
            ask(page, answer.question)
        for part in ("Caveat", "Term", "Body", "Fallback", "Title", "Nearest", "Which"):
            expect(page.locator(".log")).to_contain_text(f"{part} {ATTACK}")
        streamed = page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})")
        page.reload()
        assert page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})") == streamed
        assert page.locator("img, main script").count() == 0


def test_a_warning_is_framed_without_colours_and_on_paper(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        ask(page, HEART)
        frame = "banner => [getComputedStyle(banner).borderTopWidth, getComputedStyle(banner).borderTopStyle]"
        for look in ({"forced_colors": "active"}, {"forced_colors": "none", "media": "print"}):
            page.emulate_media(**look)  # type: ignore[arg-type]
            assert page.locator(".banner").evaluate(frame) == ["3px", "solid"]
            expect(page.locator(".banner .attention")).to_be_visible()
        expect(page.locator(".searched .query")).to_be_visible()
        for left_out in (".nobody", ".edit summary", ".edit label"):
            expect(page.locator(left_out)).not_to_be_visible()
