"""Whole journeys in a real Chromium: from the search on the home page to the exported answer, and through a server's death."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from assistant.answering import Assistant
from assistant.disclaimer import DISCLAIMER
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from index.search import Index
from tests.browsing import PHONE, WIDE, Browser, SlowAssistant, ask, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with
from tests.pages import COLCHICINE, GOUT

__all__ = ["browser"]


@pytest.fixture(scope="module")
def address(settings: Settings, real_index: Index) -> Iterator[str]:
    real_index.warm()
    with serving(settings, Assistant(real_index, ConversationStore(settings.database), settings)) as (where, _):
        yield where


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_reader_finds_reads_asks_checks_takes_along_and_comes_back(
    browser: Browser, address: str, size: tuple[int, int]
) -> None:
    with reading(browser, size) as page:
        page.goto(address)
        page.locator("#question").press_sequentially("gout", delay=15)
        page.locator("#found").get_by_role("link", name="How are gout flares treated").click()
        expect(page).to_have_url(f"{address}/articles/{GOUT}")
        page.get_by_role("button", name="Patient").click()
        page.wait_for_load_state()

        ask(page, COLCHICINE)
        expect(page.locator(".answer")).to_contain_text("In plain words")
        ask(page, "And on dialysis?")
        expect(page.locator(".answer").last.locator(".searched")).to_contain_text("colchicine", ignore_case=True)

        mark = page.locator(".answer").first.locator(".sentences .mark").first
        mark.click()
        quote = page.locator(".answer").first.locator(".passages blockquote").first.text_content()
        expect(page.locator(".evidence")).to_contain_text("References behind it")
        assert quote
        if size == PHONE:
            expect(page.locator(".evidence .quote")).to_have_text(quote)
        page.keyboard.press("Escape")
        expect(page.locator(".evidence")).to_have_count(0)
        expect(mark).to_be_focused()

        page.locator(".answer").last.locator(".edit summary").click()
        page.locator(".answer").last.get_by_label("Search for this instead").fill("colchicine dose in kidney disease")
        page.locator(".answer").last.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".answer:not([aria-busy])")).to_have_count(3)
        expect(page.locator(".answer").last.locator(".searched")).to_contain_text("edited by you")

        page.locator(".answer").first.locator(".export summary").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Answer as Markdown").click()
        assert DISCLAIMER in download.value.path().read_text("utf-8").replace("\\", "")
        quotes = page.locator(".passages blockquote").all_text_contents()

        page.goto(f"{address}/conversations")
        page.get_by_role("link", name=COLCHICINE, exact=True).click()
        assert page.locator(".passages blockquote").all_text_contents() == quotes

        ask(page, "Who won the 1998 football world cup?")
        expect(page.locator(".answer").last.locator(".no-answer")).to_be_visible()
        ask(page, "My father has crushing chest pain and is sweating")
        expect(page.locator(".answer .banner").last).to_be_in_viewport(ratio=0.99)
        expect(page.locator(".answer .banner").last.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")


def _serve(settings: Settings, port: int) -> None:
    """A server in a process of its own whose answers stop after their first sentence."""
    embedder = BagOfWordsEmbedder()
    assistant = SlowAssistant(open_with(settings, embedder), ConversationStore(settings.database), settings)
    make_server("127.0.0.1", port, create_app(settings, assistant), threaded=True).serve_forever()


@contextmanager
def _process(settings: Settings, port: int) -> Iterator[int]:
    process = get_context("spawn").Process(target=_serve, args=(settings, port), daemon=True)
    process.start()
    try:
        for _ in range(600):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            process.join(0.1)
        assert process.pid
        yield process.pid
    finally:
        process.kill()
        process.join()
        process.close()


def test_a_server_killed_in_mid_stream_loses_nothing_that_was_typed(browser: Browser, small: Settings, tmp_path: Path) -> None:
    several = small.model_copy(update={"abstain_below": 0.0, "database": f"sqlite:///{tmp_path / 'killed.sqlite'}"})
    build_index(several, embedder=BagOfWordsEmbedder())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with reading(browser, quiet=False) as page:
        with _process(several, port) as pid:
            page.goto(f"http://127.0.0.1:{port}/ask")
            page.locator("#question").fill("How is a gout flare treated, and which urate level is the goal?")
            page.locator("#question").press("Enter")
            expect(page.locator(".answer[aria-busy] .sentences p")).to_have_count(1)
            os.kill(pid, signal.SIGKILL)
            expect(page.locator("#failure")).to_be_visible()
        expect(page.locator(".answer .incomplete")).to_be_visible()
        expect(page.locator(".answer .sentences p")).to_have_count(1)
        expect(page.locator(".answer")).to_contain_text(DISCLAIMER)
        expect(page.locator("#question")).to_have_value("How is a gout flare treated, and which urate level is the goal?")
        with _process(several, port):
            page.locator(".retry").click()
            expect(page.locator(".answer[aria-busy] .sentences p")).to_have_count(1)
            expect(page.locator(".incomplete:visible")).to_have_count(0)
