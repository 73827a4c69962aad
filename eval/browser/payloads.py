"""Whether anything that somebody types, or writes into an article, is run by the page or makes it ask another host for something.

`eval/data/payloads.jsonl` holds them by kind; each would set `window.__xss`, or ask evil.example. tests/test_browser_xss.py holds
besides that every one is shown as it stands.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode, urlsplit

from eval.browser.chromium import tab
from eval.browser.states import ask
from eval.datasets import DATA
from eval.processes import environment_of, served
from index.build import build_index

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

    from assistant.settings import Settings

PAYLOADS = DATA / "payloads.jsonl"
#: Statements of a hostile article; characters that a question, a title and a comment take, and each of two fields in an address,
#: of which gunicorn takes 4,094.
_STATEMENTS, _QUESTION, _TITLE, _COMMENT, _ADDRESS = 16, 3900, 110, 900, 1900
_WATCH = 'window.__held = 0; addEventListener("securitypolicyviolation", () => { window.__held += 1; });'


@dataclass(frozen=True, slots=True)
class Payload:
    """What is typed or written, and what kind of place it tries to break out of."""

    kind: str
    payload: str


@dataclass(slots=True)
class Tried:
    """Over all pages that held payloads: those where script ran, what was asked of other hosts, what only the policy stopped."""

    pages: int = 0
    executed: int = 0
    foreign: int = 0
    held_by_policy: int = 0


def load_payloads(path: Path = PAYLOADS) -> tuple[Payload, ...]:
    """All of them, in the order of the file."""
    lines = path.read_text("utf-8").split("\n")  # not splitlines(): some hold a U+2028
    return tuple(Payload(**json.loads(line)) for line in lines if line)


def try_payloads(browser: Browser, settings: Settings, payloads: Sequence[str]) -> Tried:
    """Each payload in every field of an article, and in every field that a reader fills in, against a real server."""
    tried = Tried()
    with _hostile_site(settings, payloads) as (address, articles), tab(browser, script=_WATCH) as page:
        page.on("dialog", lambda dialog: _dismiss(tried, dialog))
        page.on("request", lambda request: _count_request(tried, request.url))
        check = partial(_check, tried, page)
        for article_id in articles:
            page.goto(f"{address}/articles/{article_id}")
            check()
        _search(page, address, payloads, check)
        _ask_and_answer(page, address, payloads, check)
        _name(page, address, payloads, check)
    return tried


def _check(tried: Tried, page: Page) -> None:
    page.wait_for_load_state()
    executed, held = page.evaluate("() => [window.__xss !== undefined, __held, delete window.__xss, window.__held = 0]")[:2]
    tried.pages += 1
    tried.executed += executed
    tried.held_by_policy += held


def _dismiss(tried: Tried, dialog: Dialog) -> None:
    tried.executed += 1
    dialog.dismiss()


def _count_request(tried: Tried, url: str) -> None:
    tried.foreign += urlsplit(url).hostname not in (None, "127.0.0.1")


def _search(page: Page, address: str, payloads: Sequence[str], check: Callable[[], None]) -> None:
    for group in _groups(payloads, _ADDRESS, lambda text: len(quote_plus(text))):
        page.goto(f"{address}/?{urlencode({'question': group, 'specialty': group})}")
        check()
        page.locator("#question").fill(f"colchicine {group}")
        page.wait_for_load_state("networkidle")
        check()


def _ask_and_answer(page: Page, address: str, payloads: Sequence[str], check: Callable[[], None]) -> None:
    """Asks, edits what is searched for, sends a comment; then loads the same conversation from the store."""
    page.goto(f"{address}/articles/hostile-0")
    for group in _groups(payloads, _QUESTION):
        ask(page, f"Colchicine {group}")
        check()
        answer = page.locator(".answer").last
        answer.locator(".feedback summary").click()
        answer.locator(".feedback textarea").fill(group[:_COMMENT])
        answer.locator(".feedback [value=no]").click()
        answer.locator(".thanks", has_text="Thank you").wait_for()
        check()
    answers = page.locator(".answer").count()
    answer.locator(".edit > summary").click()
    answer.locator("[name=query]").first.fill(group)
    answer.locator(".edit button").first.click()
    page.locator(".answer:not([aria-busy])").nth(answers).wait_for()
    check()
    page.reload()
    check()


def _name(page: Page, address: str, payloads: Sequence[str], check: Callable[[], None]) -> None:
    for group in _groups(payloads, _TITLE):
        page.goto(f"{address}/conversations")
        page.locator(".conversations summary").first.click()
        page.locator("[name=title]").first.fill(group)
        with page.expect_navigation():
            page.locator("[name=title]").first.press("Enter")
        check()


def _groups(payloads: Sequence[str], longest: int, length: Callable[[str], int] = len) -> Iterator[str]:
    """Payloads one after the other, as many together as fit into a field."""
    group = ""
    for payload in payloads:
        if group and length(f"{group} {payload}") > longest:
            yield group
            group = ""
        group = f"{group} {payload}".strip()
    yield group


@contextmanager
def _hostile_site(settings: Settings, payloads: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """A server over articles that hold every payload, and the articles' ids."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        folder = Path(name)
        articles = folder / "articles"
        articles.mkdir()
        ids = []
        for number, start in enumerate(range(0, len(payloads), _STATEMENTS)):
            ids.append(f"hostile-{number}")
            source = hostile_article(ids[-1], payloads[start : start + _STATEMENTS])
            (articles / f"{ids[-1]}.md").write_text(source, "utf-8")
        made = settings.model_copy(update={"articles": articles, "index": folder / "index", "abstain_below": 0.0})
        build_index(made)
        environment = environment_of(made, database=f"sqlite:///{folder / 'assistant.sqlite'}")
        with served(environment, folder / "stderr") as (_, client, _):
            yield str(client.base_url).rstrip("/"), ids


def hostile_article(article_id: str, payloads: Sequence[str]) -> str:
    """An article with payloads in every field: one each where a field has many values, all of them where it has one."""
    everything = f"Colchicine {' '.join(payloads)}"
    statements = {f"F{number}": payload for number, payload in enumerate(payloads, start=1)}
    notes = [{"text": f"Colchicine {payload}", "statements": [statement]} for statement, payload in statements.items()]
    references = [
        {"id": number, "type": "guideline", "title": payload, "authors": payload, "venue": payload, "url": "https://example.org/"}
        for number, payload in enumerate(payloads, start=1)
    ]
    front = {
        "id": article_id, "title": everything, "heading": f"About {everything}", "specialty": everything, "status": "submitted",
        "last_updated": "2026-01-02", "reviewed_by": everything, "review_notes": notes, "references": references,
        "plain_summary": notes, "questions": notes,
    }  # fmt: skip
    head = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items())
    body = "".join(
        f"\n## Section {payload}\n\n- Colchicine {payload} is given. [{number}] ^F{number}\n"
        for number, payload in enumerate(payloads, start=1)
    )
    return f"---\n{head}---\n{body}"
