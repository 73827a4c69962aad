"""The pages in a real Chromium: what a reader sees, types and hears, and what happens when the server goes away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from assistant.answering import Assistant
from assistant.disclaimer import DISCLAIMER, NOTICE
from assistant.events import Ask, Event
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer
from index.build import build_index
from index.search import Index
from tests.browsing import ARTICLE, STRUCTURE, Browser, SlowAssistant, ask, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles
from tests.pages import COLCHICINE, HOSTILE

__all__ = ["browser"]


class BrokenAssistant(Assistant):
    """Says one sentence, then fails like a server that dies in the middle of an answer, as long as `broken` is set."""

    broken = True

    def stream(self, ask: Ask) -> Iterator[Event]:
        for event in super().stream(ask):
            if self.broken and isinstance(event, Answer):
                return
            yield event


@pytest.fixture(scope="module")
def address(settings: Settings, real_index: Index) -> Iterator[str]:
    real_index.warm()
    with serving(settings, Assistant(real_index, ConversationStore(settings.database), settings)) as (where, _):
        yield where


def test_a_question_is_answered_in_place_with_references_and_disclaimer(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        answer = page.locator(".answer")
        expect(answer.locator(".sentences p").first).to_contain_text("colchicine 1.2 mg by mouth at the first sign")
        expect(answer.locator(".sentences .mark").first).to_have_text("[1]")
        expect(answer.locator(".source")).not_to_have_count(0)
        expect(answer.locator(".source .type").first).to_have_text("Label")
        expect(answer).to_contain_text(DISCLAIMER)
        expect(answer).to_contain_text(NOTICE)
        expect(page.locator("#ask-form .status")).to_contain_text("Answer ready")
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator("#question")).to_have_value("")
        expect(answer.locator(".question")).to_be_in_viewport()
        assert page.evaluate("scrollY") == 0  # the article beside it stays where it was


def test_a_follow_up_continues_and_a_reload_shows_the_same_answers(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        ask(page, "And on dialysis?")
        expect(page.locator(".answer .query").last).to_have_text("What colchicine dose for a flare? And on dialysis?")
        ask(page, "How do I repair the clutch of a lorry?")
        ask(page, "What is the dose of alteplase in stroke?")
        expect(page.locator(".answer").last).to_contain_text("from another article")
        streamed = page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})")
        page.reload()
        assert "?conversation=" in page.url
        assert page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})") == streamed
        assert len(streamed) == 4


def test_answers_of_every_article_look_the_same_streamed_and_stored(browser: Browser, address: str, real_index: Index) -> None:
    questions = [article.questions[-1].text for article in real_index.store.articles][::4]
    with reading(browser) as page:
        page.goto(f"{address}/ask")
        for question in questions:
            ask(page, question)
        streamed = page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})")
        page.reload()
        assert page.locator(".answer").evaluate_all(f"answers => answers.map({STRUCTURE})") == streamed


def test_everything_works_by_keyboard_alone(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the question box")
        page.keyboard.press("Enter")
        page.keyboard.type(COLCHICINE)
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)
        expect(page.locator(":focus")).to_have_text("Ask")  # asking moves no focus
        page.locator(".log").focus()
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Edit what is searched for")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("[1]")
        page.keyboard.press("Enter")
        expect(page.locator("#F14")).to_be_in_viewport()


def test_every_stop_of_the_keyboard_is_seen_and_named(browser: Browser, address: str) -> None:
    stop = """() => { const e = document.activeElement, name = e.ariaLabel || e.labels?.[0]?.textContent || e.textContent.trim();
      return e === document.body ? null : {name, seen: getComputedStyle(e).outlineStyle !== "none"}; }"""
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        stops = []
        for _ in range(page.locator("a[href], button, textarea, summary, [tabindex='0']").locator("visible=true").count() + 1):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(stop))
        assert stops.count(None) <= 1  # past the last stop the keyboard leaves the page, then comes in again
        assert [each for each in stops if each and not (each["name"] and each["seen"])] == []
        names = [each["name"] for each in stops if each]
        assert {"Ask", "Skip to content", "Your question", "Conversation", "Clinician"} <= set(names)


def test_an_unanswerable_question_offers_questions_that_ask_themselves(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(f"{address}/ask")
        ask(page, "How do I repair the clutch of a lorry?")
        expect(page.locator(".answer .no-answer")).to_contain_text("in the articles here clearly speaks of this")
        expect(page.locator(".answer .nearest a")).to_have_count(3)
        page.locator("#question").fill("half a question")
        page.locator(".answer .askable button").first.click()
        expect(page.locator(".answer:not([aria-busy]) .sentences")).to_have_count(1)
        expect(page.locator("#question")).to_have_value("half a question")


def test_a_starter_question_asks_itself_and_focus_is_not_lost(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        page.locator(".starters button").first.click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)
        expect(page.locator(".log")).to_be_focused()


def test_blank_and_refused_questions_say_why_and_stay(browser: Browser, address: str) -> None:
    with reading(browser, quiet=False) as page:  # Chromium itself notes the 413
        page.goto(address + ARTICLE)
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text("Type a question first.")
        page.locator("#question").fill("x" * 4001)
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text("Not asked: the question has 4001 characters; at most 4000 are taken.")
        expect(page.locator("#question")).to_have_value("x" * 4001)
        expect(page.locator(".retry")).not_to_be_visible()  # the same again would be refused again
        ask(page, COLCHICINE)
        expect(page.locator("#failure")).not_to_be_visible()


def test_without_javascript_the_same_form_answers(browser: Browser, address: str) -> None:
    with reading(browser, javascript=False) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#ask-form button.primary").click()
        expect(page.locator(".answer .sentences")).to_contain_text("colchicine 1.2 mg")
        page.locator("#question").fill("And on dialysis?")
        page.locator("#ask-form button.primary").click()
        expect(page.locator(".answer")).to_have_count(2)
        expect(page.locator(".answer").last).to_be_in_viewport()
        page.locator(".answer .mark").last.click()  # a link into a closed part opens it
        expect(page.locator(".passages").last).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/ask", "/policy", ARTICLE, "/articles/no-such-article"])
def test_nothing_is_wider_than_a_narrow_screen(browser: Browser, address: str, path: str) -> None:
    with reading(browser, (320, 640), quiet=False) as page:
        page.goto(address + path)
        if page.locator("#ask-form").count():
            ask(page, f"{COLCHICINE} {'W' * 300}")
            page.locator(".cited summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_markup_of_articles_and_readers_stays_text(browser: Browser, small: Settings, embedder: BagOfWordsEmbedder) -> None:
    write_articles(small.articles, {"hostile": HOSTILE})
    build_index(small, embedder=embedder)
    answering = small.model_copy(update={"abstain_below": 0.0})
    store = ConversationStore(small.database)
    with serving(small, Assistant(open_with(small, embedder), store, answering)) as (where, _), reading(browser) as page:
        page.goto(f"{where}/")
        page.goto(f"{where}/articles/hostile")
        attack = (
            "<img src=http://evil.example/q onerror=alert(3)><script>alert(4)</script> ![x](http://evil.example/m.png) colchicine"
        )
        ask(page, attack)
        expect(page.locator(".question")).to_have_text(attack)
        expect(page.locator(".answer blockquote")).to_contain_text("<script>alert(2)</script>")
        expect(page.locator(".answer .doi")).to_have_attribute("href", "https://doi.org/10.1000/a%22b%3Cc%3E%28d%29")
        streamed = page.locator(".answer").evaluate(STRUCTURE)
        page.reload()
        assert page.locator(".answer").evaluate(STRUCTURE) == streamed
        assert page.locator("img, main script").count() == 0


def test_a_server_that_is_gone_is_told_and_the_question_kept(browser: Browser, settings: Settings, real_index: Index) -> None:
    assistant = Assistant(real_index, ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (where, stop), reading(browser, quiet=False) as page:
        page.goto(where + ARTICLE)
        stop()
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        # "offline" on a machine without network
        told = re.compile("(The server cannot be reached; it may be restarting|You are offline). Your question is kept")
        expect(page.locator("#failure")).to_contain_text(told)
        expect(page.locator("#question")).to_have_value(COLCHICINE)
        expect(page.locator(".retry")).to_be_visible()


def test_an_answer_that_breaks_off_says_so_and_can_be_asked_again(
    browser: Browser, settings: Settings, real_index: Index
) -> None:
    assistant = BrokenAssistant(real_index, ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (where, _), reading(browser) as page:
        page.goto(where + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text("The connection broke before the answer was complete.")
        expect(page.locator(".answer .incomplete")).to_be_visible()
        expect(page.locator(".answer")).to_contain_text(DISCLAIMER)
        expect(page.locator("#question")).to_have_value(COLCHICINE)
        assistant.broken = False
        page.locator(".retry").click()
        expect(page.locator("#ask-form .status")).to_contain_text("Answer ready")
        expect(page.locator(".answer")).to_have_count(1)
        expect(page.locator(".incomplete")).to_have_count(0)
        expect(page.locator("#question")).to_have_value("")


def test_sentences_appear_as_they_come_and_stop_stops(browser: Browser, settings: Settings, real_index: Index) -> None:
    assistant = SlowAssistant(real_index, ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (where, _), reading(browser) as page:
        page.goto(where + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        expect(page.locator(".answer[aria-busy] .sentences p")).to_have_count(1)
        expect(page.locator(".answer .source")).not_to_have_count(0)  # with its references
        expect(page.locator("#ask-form .status")).to_have_text("Answering…")
        page.locator(".stop").click()
        expect(page.locator("#failure")).to_contain_text("Stopped.")
        expect(page.locator("#question")).to_have_value(COLCHICINE)
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator(".stop")).not_to_be_visible()
        assistant.go_on.set()
        page.locator("#question").press("Enter")
        expect(page.locator(".answer:not([aria-busy]) .suggestions")).to_have_count(1)


def test_the_choice_of_reader_is_kept_with_the_conversation(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        page.get_by_role("button", name="Patient").click()
        page.wait_for_load_state()
        expect(page.locator("section.plain")).to_be_visible()
        expect(page.locator(".answer")).to_have_count(1)
        ask(page, COLCHICINE)
        expect(page.locator(".answer").last).to_contain_text("In plain words")
