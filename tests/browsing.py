"""A real Chromium for the tests: a server to visit, a tab of a new reader, and asking in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from assistant.answering import Assistant
from assistant.events import Ask, Event, Spoken
from assistant.settings import Settings
from assistant.web import create_app
from tests.pages import GOUT

CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip("no Chromium; install it with: apt-get install chromium", allow_module_level=True)

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

ARTICLE = f"/articles/{GOUT}"
WIDE = (1280, 900)
PHONE = (390, 844)

#: What an answer shows, without the white space between its elements, which no reader sees.
STRUCTURE = """answer => {
  const flat = node => node.nodeType === 3 ? node.data.replace(/[ \\n]+/g, " ").trim() : [
    node.nodeName, attributes(node), [...node.childNodes].map(flat).filter(part => part !== "")];
  const attributes = node => [...node.attributes].map(each => `${each.name}=${each.value}`).sort();
  return JSON.stringify(flat(answer)); }"""


class SlowAssistant(Assistant):
    """Waits before its second sentence until `go_on` is set."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.go_on = threading.Event()

    def stream(self, ask: Ask) -> Iterator[Event]:
        spoken = 0
        for event in super().stream(ask):
            spoken += isinstance(event, Spoken)
            if spoken == 2:
                self.go_on.wait(20)
            yield event


@contextmanager
def serving(settings: Settings, assistant: Assistant, port: int = 0) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a server over `assistant`, and a function that takes it away."""
    server = make_server("127.0.0.1", port, create_app(settings, assistant), threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    try:
        yield f"http://127.0.0.1:{server.port}", stop
    finally:
        if thread.is_alive():
            stop()
        assistant.store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def reading(browser: Browser, size: tuple[int, int] = WIDE, *, quiet: bool = True, javascript: bool = True) -> Iterator[Page]:
    """A tab of a new reader. No dialog, no request to another host, and nothing on the console where it must be `quiet`."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=javascript)
    page = context.new_page()
    page.set_default_timeout(10_000)
    said: list[str] = []
    hosts: set[str] = set()
    page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    if quiet:
        page.on("console", lambda message: said.append(message.text))
    yield page
    context.close()
    assert said == []
    assert hosts == {"127.0.0.1"}


def ask(page: Page, question: str) -> None:
    """Types a question and presses Enter, then waits for the whole answer."""
    answers = page.locator(".answer").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator(".answer:not([aria-busy])")).to_have_count(answers + 1)
