"""What a reader waits for: the article on screen, nothing that moves, the first sentence, the whole answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.browser.chromium import tab, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from eval.datasets import FollowUp

#: Watches from before the page begins. The browser says when the largest element so far was painted, and what moved by how much;
#: what moved is summed over the whole life of the page, which is never less than the worst five seconds that Chromium reports.
#: Nothing is forgiven for following a click: an answer streams within the half second in which Chromium would.
WATCH = """
  window.__seen = {largest: 0, moved: 0};
  new PerformanceObserver(list => { for (const entry of list.getEntries()) __seen.largest = entry.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver(list => { for (const entry of list.getEntries()) __seen.moved += entry.value; })
    .observe({type: "layout-shift", buffered: true});
"""
#: From the click, as the browser timed it, to the second frame after a sentence, and a whole answer, stood in the document: by
#: then the first of the two frames is on screen.
TIME = """
  window.__asked = {};
  addEventListener("click", event => {
    if (event.target.closest("#ask-form [type=submit]")) window.__asked = {at: event.timeStamp};
  }, {capture: true});
  const painted = name => {
    if (name in __asked || __asked.at === undefined) return;
    __asked[name] = null;
    requestAnimationFrame(() => requestAnimationFrame(() => { __asked[name] = performance.now() - __asked.at; }));
  };
  new MutationObserver(() => {
    if (document.querySelector(".answer .sentences p")) painted("sentence");
    if (document.querySelector(".answer:not([aria-busy])")) painted("whole");
  }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["aria-busy"]});
"""


@dataclass(frozen=True, slots=True)
class Painted:
    """Seconds until the largest element was painted, and the sum of what moved (0: nothing)."""

    largest_s: float
    moved: float


@dataclass(frozen=True, slots=True)
class Waited:
    """Milliseconds from the click on Ask; `sentence_ms` is None where the answer has none. `moved`: while it came."""

    sentence_ms: float | None
    whole_ms: float
    moved: float


def paint(browser: Browser, address: str, articles: Sequence[str], times: int) -> list[Painted]:
    """Each article so many times, every time by a reader whose browser has nothing of it yet."""
    return [_paint(browser, f"{address}/articles/{article_id}") for _ in range(times) for article_id in articles]


def _paint(browser: Browser, address: str) -> Painted:
    with tab(browser, script=WATCH) as page:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        until(page, "__seen.largest > 0")
        seen = page.evaluate("__seen")
    return Painted(seen["largest"] / 1000, seen["moved"])


def answers(browser: Browser, address: str, followups: Sequence[FollowUp]) -> list[Waited]:
    """Each question beside its article, as the first of a conversation."""
    return [_answer(browser, address, followup) for followup in followups]


def _answer(browser: Browser, address: str, followup: FollowUp) -> Waited:
    with tab(browser, script=WATCH + TIME) as page:
        page.goto(f"{address}/articles/{followup.article_id}")
        page.wait_for_load_state("networkidle")
        page.locator("#question").fill(followup.question)
        before = page.evaluate("__seen.moved")
        page.locator("#ask-form button.primary").click()
        until(page, "__asked.whole > 0")
        _two_frames(page)
        asked, moved = page.evaluate("[__asked, __seen.moved]")
    return Waited(asked.get("sentence"), asked["whole"], moved - before)


def _two_frames(page: Page) -> None:
    """Until what moved last is also reported."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
