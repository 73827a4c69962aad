"""What a reader does around an answer, in a real Chromium: copy, export, share, judge, rephrase, point at a section; and what the
page says while it waits, fails, or has nobody to ask.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from assistant.answering import Assistant
from assistant.disclaimer import DISCLAIMER
from assistant.settings import Settings
from assistant.store import ConversationStore, FeedbackStore
from index.search import Index
from tests.browsing import ARTICLE, PHONE, Browser, SlowAssistant, ask, browser, expect, reading, serving
from tests.pages import COLCHICINE

__all__ = ["browser"]


@pytest.fixture(scope="module")
def address(settings: Settings, real_index: Index) -> Iterator[str]:
    real_index.warm()
    with serving(settings, Assistant(real_index, ConversationStore(settings.database), settings)) as (where, _):
        yield where


def test_a_copied_answer_holds_quotes_references_and_disclaimer(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        page.get_by_role("button", name="Copy with references").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        first = page.locator(".sentences .text").first.inner_text()
        assert first in copied.replace("\\", "")
        assert DISCLAIMER in copied.replace("\\", "")
        assert re.search(r"doi\.org/10\.", copied)


@pytest.mark.parametrize("size", [(1280, 900), PHONE])
def test_exports_are_one_click_away_and_hold_what_the_answer_cites(
    browser: Browser,
    address: str,
    size: tuple[int, int],
) -> None:
    with reading(browser, size) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        dois = page.locator(".answer .source .doi").all_inner_texts()
        for name, ending in (("Answer as Markdown", ".md"), ("References as RIS", ".ris"), ("References as BibTeX", ".bib")):
            page.locator(".export summary").click()
            with page.expect_download() as download:
                page.get_by_role("link", name=name).click()
            assert download.value.suggested_filename.endswith(ending)
            text = download.value.path().read_text("utf-8")
            assert [doi for doi in dois if doi.removeprefix("doi:") not in text.replace("\\", "")] == []
            expect(page.locator(".export")).not_to_have_attribute("open", "")  # the menu goes away when it was used
        page.locator(".export summary").click()
        page.locator(".export a").first.press("Escape")
        expect(page.locator(".export summary")).to_be_focused()
        expect(page.locator(".export a").first).not_to_be_visible()


def test_the_shared_link_shows_another_reader_the_same_answer_to_read(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        page.locator(".more > summary").click()
        page.get_by_role("button", name="Copy link").click()
        expect(page.locator("#ask-form .status")).to_have_text("Copied")
        link = page.evaluate("navigator.clipboard.readText()")
        quotes = page.locator(".passages blockquote").all_text_contents()
        with reading(browser) as other:
            other.goto(link)
            assert other.locator(".passages blockquote").all_text_contents() == quotes
            expect(other.locator(".foreign")).to_be_visible()
            other.locator("#question").fill("And on dialysis?")
            other.locator("#question").press("Enter")
            expect(other.locator(".answer .question")).to_have_text(["And on dialysis?"])  # a conversation of their own
            assert other.url.split("conversation=")[1] != link.split("conversation=")[1]
        page.reload()
        expect(page.locator(".answer")).to_have_count(1)  # nobody wrote into it


@pytest.mark.parametrize("javascript", [True, False])
def test_an_opinion_reaches_the_editors_and_can_be_changed(
    browser: Browser,
    address: str,
    settings: Settings,
    javascript: bool,
) -> None:
    store = ConversationStore(settings.database)
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#ask-form button.primary").click()
        expect(page.locator(".answer:not([aria-busy]) .feedback")).to_be_visible()
        answer_id = page.locator(".answer").get_attribute("id")
        page.get_by_role("button", name="Helpful", exact=True).click()
        expect(page.locator(".thanks")).to_contain_text("the editors can see it")
        page.locator(".feedback summary").click()
        page.get_by_label("A citation does not say what the answer says").check()
        page.get_by_label("Anything to add?").fill("The dose is per day, the source says per flare.")
        page.get_by_role("button", name="Send to the editors").click()
        expect(page.locator(".feedback details.chosen")).to_be_visible()
        expect(page.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "false")
        page.reload()
        expect(page.locator(".feedback details.chosen")).to_be_visible()
    kept = [one for one in FeedbackStore(store.database).all() if one["answer_id"] == answer_id]
    assert [(one["helpful"], one["reason"]) for one in kept] == [(False, "unsupported")]
    assert kept[0]["comment"] == "The dose is per day, the source says per flare."
    store.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_question_goes_back_into_the_box_to_be_put_better(browser: Browser, address: str, javascript: bool) -> None:
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#ask-form button.primary").click()
        expect(page.locator(".answer:not([aria-busy]) .tools")).to_be_visible()
        page.locator("#question").fill("half a thought")
        page.get_by_role("link", name="Edit question").click()
        expect(page.locator("#question")).to_have_value(COLCHICINE)
        if javascript:
            expect(page.locator("#question")).to_be_focused()
            page.keyboard.press("Control+z")
            expect(page.locator("#question")).to_have_value("half a thought")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_question_can_be_asked_about_a_section(browser: Browser, address: str, javascript: bool) -> None:
    with reading(browser, javascript=javascript) as page:
        page.goto(address + ARTICLE)
        page.locator("a.about[data-section='Febuxostat and cardiovascular risk']").click()
        expect(page.locator(".section-asked")).to_contain_text("About Febuxostat and cardiovascular risk")
        page.locator("#question").fill("What did the trial find?")
        page.locator("#ask-form button.primary").click()
        answer = page.locator(".answer:not([aria-busy])")
        expect(answer.locator(".searched")).to_contain_text("Febuxostat and cardiovascular risk: What did the trial find?")
        expect(answer.locator(".sentences p").first).to_contain_text("febuxostat", ignore_case=True)
        expect(page.locator(".section-asked")).not_to_be_visible()  # it was for that question


def test_personal_details_are_warned_of_before_anything_is_sent(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.goto(address + ARTICLE)
        typed = "My name is Ann Smith, ann@example.org. What colchicine dose for a flare?"
        page.locator("#question").fill(typed)
        page.locator("#question").press("Enter")
        expect(page.locator(".personal")).to_contain_text("an e-mail address")
        expect(page.locator(".personal")).to_contain_text("In an emergency do not wait")
        assert sent == []
        page.get_by_role("button", name="Change it").click()
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator("#question")).to_have_value(typed)
        page.locator("#question").press("Enter")
        page.get_by_role("button", name="Ask it as it is").click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)
        assert [urlsplit(one).path for one in sent] == ["/ask"]


def test_what_was_typed_outlives_a_reload_and_not_the_question(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        page.locator("#question").press_sequentially("Can I take colchicine wi")
        page.reload()
        expect(page.locator("#question")).to_have_value("Can I take colchicine wi")
        ask(page, COLCHICINE)
        page.reload()
        expect(page.locator("#question")).to_have_value("")


def test_being_offline_is_told_and_the_way_back_too(browser: Browser, address: str) -> None:
    with reading(browser, quiet=False) as page:
        page.goto(address + ARTICLE)
        page.context.set_offline(True)
        expect(page.locator(".notice-net")).to_contain_text("You are offline")
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text("You are offline. Your question is kept")
        page.context.set_offline(False)
        expect(page.locator(".notice-net")).to_contain_text("You are online again")
        page.locator(".retry").click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)


def test_a_server_that_restarts_is_told_and_so_is_its_return(
    browser: Browser,
    settings: Settings,
    real_index: Index,
) -> None:
    assistant = Assistant(real_index, ConversationStore(settings.database), settings)
    with reading(browser, quiet=False) as page:
        with serving(settings, assistant) as (where, stop):
            page.goto(where + ARTICLE)
            stop()
            page.locator("#question").fill(COLCHICINE)
            page.locator("#question").press("Enter")
            expect(page.locator("#failure")).to_contain_text("Your question is kept")
        with serving(settings, assistant, port=int(where.rpartition(":")[2])):
            told = "The server is there again: you can ask now." if page.evaluate("navigator.onLine") else ""
            expect(page.locator("#ask-form .status")).to_have_text(told, timeout=15_000)
            page.locator(".retry").click()
            expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)


def test_a_reader_who_asks_too_often_is_told_when_to_go_on_and_is_warned_of_danger_all_the_same(
    browser: Browser,
    settings: Settings,
    real_index: Index,
) -> None:
    sparing = settings.model_copy(update={"questions_per_minute": 1})
    assistant = Assistant(real_index, ConversationStore(settings.database), sparing)
    with serving(sparing, assistant) as (where, _), reading(browser, quiet=False) as page:
        page.goto(where + ARTICLE)
        ask(page, COLCHICINE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text(re.compile(r"Not asked: too many questions.*Try again in \d+ second"))
        expect(page.locator("#question")).to_have_value(COLCHICINE)
        ask(page, "I took forty paracetamol tablets an hour ago")
        expect(page.locator(".answer .banner").last).to_be_in_viewport(ratio=0.99)


def test_the_conversation_can_be_saved_whole(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        ask(page, "And on dialysis?")
        page.locator(".more > summary").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as Markdown").click()
        text = download.value.path().read_text("utf-8").replace("\\", "")
        assert COLCHICINE in text
        assert "And on dialysis?" in text
        assert DISCLAIMER in text
        assert json.dumps(page.url)[1:-1].rpartition("=")[2] in text  # its address


def test_a_second_question_while_one_is_answered_is_not_lost_in_silence(
    browser: Browser,
    settings: Settings,
    real_index: Index,
) -> None:
    assistant = SlowAssistant(real_index, ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (where, _), reading(browser) as page:
        page.goto(where + ARTICLE)
        page.locator("#question").fill(COLCHICINE)
        page.locator("#question").press("Enter")
        expect(page.locator(".answer[aria-busy] .sentences p")).to_have_count(1)
        page.locator(".cited summary").click()
        page.locator("#question").fill("And on dialysis?")
        page.locator("#question").press("Enter")
        expect(page.locator("#ask-form .status")).to_contain_text("One answer at a time")
        expect(page.locator("#question")).to_have_value("And on dialysis?")
        assistant.go_on.set()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(1)
        expect(page.locator(".cited")).to_have_attribute("open", "")  # what was opened meanwhile stays open
        page.locator("#question").press("Enter")
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(2)


def test_a_question_in_a_conversation_deleted_meanwhile_begins_another(browser: Browser, address: str) -> None:
    with reading(browser, quiet=False) as page:
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        begun = page.url.partition("conversation=")[2]
        assert page.request.post(f"{address}/conversations/{begun}/delete").ok
        page.locator("#question").fill("And on dialysis?")
        page.locator("#question").press("Enter")
        expect(page.locator("#failure")).to_contain_text("it may have been deleted")
        page.locator(".retry").click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(2)
        assert page.url.partition("conversation=")[2] not in ("", begun)


def test_copying_works_also_without_a_clipboard_to_write_to(browser: Browser, address: str) -> None:
    with reading(browser) as page:
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as on a page without TLS
        page.goto(address + ARTICLE)
        ask(page, COLCHICINE)
        page.get_by_role("button", name="Copy with references").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        page.locator("#question").focus()
        page.keyboard.press("Control+v")
        assert DISCLAIMER in page.locator("#question").input_value()
