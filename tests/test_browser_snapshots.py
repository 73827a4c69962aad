"""What pages look like: six states in light, in dark, on a phone and on paper, each held against a small grey image of before.

The images are a third of the size, so that a glyph drawn a little differently does not matter; a panel that is missing, moved or
empty does. `FOLLOWUP_TEST_SNAPSHOTS=write pytest tests/test_browser_snapshots.py` draws them again; look at them before a commit.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from eval.browser.chromium import DESK, PHONE, Screen, tab
from eval.browser.sites import Sites
from eval.browser.states import show
from index.search import Index
from tests.browsing import Browser, Page, browser, serving
from tests.conftest import WRITE_SNAPSHOTS

__all__ = ["browser"]

REFERENCES = Path(__file__).parent / "snapshots"
STATES = {
    "home": "home",
    "answer": "answer",
    "evidence": "evidence: other article",
    "emergency": "answer: emergency",
    "abstention": "answer: abstention",
    "conversations": "conversations: some",
}
PAPER = Screen("paper", 794, 1123)  # A4 at 96 dots an inch
LOOKS = {"light": DESK, "dark": DESK, "phone": PHONE, "print": PAPER}
#: A reference is so much smaller than the page, and its greys are multiples of that: a third of the bytes.
SMALLER, LEVELS = 3, 4
#: Grey levels of 255 by which a tile of 16 × 16 reference pixels may differ in the mean, and all of them together. A page drawn
#: twice differs by 0; every glyph 0.3 pixels beside, by 6.3 and 0.9; without a sentence of an answer, by 28 and 1.1; without an
#: article of the list, by 36 and 0.6.
TILE, WORST, MEAN = 16, 12.0, 2.0
#: Pixels that this text is wide in Liberation Sans at 16 pixels, which fontconfig also gives for Arial and Helvetica.
PANGRAM, WIDTH = "Sphinx of black quartz, judge my vow: 0123456789 mg/kg ≥ ≤", 436.5


@pytest.fixture(scope="module")
def site(settings: Settings, real_index: Index, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    real_index.warm()
    store = ConversationStore(f"sqlite:///{tmp_path_factory.mktemp('snapshots') / 'a.sqlite'}")
    with serving(settings, Assistant(real_index, store, settings)) as (address, _):
        yield Sites(address, address)


@pytest.fixture(scope="module", autouse=True)
def _fonts(browser: Browser, site: Sites) -> None:
    """Another font is no defect of a page, but makes every comparison worthless."""
    with tab(browser) as page:
        page.goto(f"{site.address}/policy")
        width = page.evaluate(
            """text => { const line = document.createElement("span"); line.textContent = text; line.style.fontSize = "16px";
              line.style.whiteSpace = "nowrap"; line.style.position = "absolute"; document.body.append(line);
              return line.getBoundingClientRect().width; }""",
            PANGRAM,
        )
    if abs(width - WIDTH) > 1:
        pytest.skip(f"text is {width:.1f} px wide here and {WIDTH} in the references' font; `apt-get install fonts-liberation`")


def drawn(page: Page, look: str) -> NDArray[np.float64]:
    """The window as grey levels, smaller. What changes from day to day or blinks is not drawn."""
    page.emulate_media(color_scheme="dark" if look == "dark" else "light", media="print" if look == "print" else "screen")
    page.evaluate("for (const each of document.querySelectorAll('.conversations time')) each.textContent = 'a day'")
    with Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))) as image:
        grey = np.asarray(image.convert("L").reduce(SMALLER), dtype=np.float64)
    return grey // LEVELS * LEVELS


def differences(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """The largest mean difference of a tile, and the mean of all; another size differs entirely."""
    if a.shape != b.shape:
        return 255.0, 255.0
    apart = np.abs(a - b)
    tiles = [
        apart[top : top + TILE, left : left + TILE].mean()
        for top in range(0, apart.shape[0], TILE)
        for left in range(0, apart.shape[1], TILE)
    ]
    return float(max(tiles)), float(apart.mean())


def same(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    worst, mean = differences(a, b)
    return worst <= WORST and mean <= MEAN


def hold(name: str, image: NDArray[np.float64]) -> None:
    """Compares with the reference, or makes it."""
    path = REFERENCES / f"{name}.png"
    if WRITE_SNAPSHOTS:
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(path, optimize=True)
        return
    with Image.open(path) as reference:
        before = np.asarray(reference.convert("L"), dtype=np.float64)
    if not same(image, before):
        now = Path("var") / "snapshots" / path.name
        now.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(now)
        worst, mean = differences(image, before)
        pytest.fail(
            f"{name} looks different: a tile by {worst:.1f} (at most {WORST}), all by {mean:.2f} (at most {MEAN}) of 255; "
            f"see {now} and, if it is meant, run FOLLOWUP_TEST_SNAPSHOTS=write .venv/bin/pytest tests/test_browser_snapshots.py"
        )


@pytest.mark.parametrize("name", STATES)
def test_a_page_looks_as_before(browser: Browser, site: Sites, name: str) -> None:
    for screen in (DESK, PHONE, PAPER):
        with tab(browser, screen) as page:
            show(STATES[name], page, site)
            for look in (look for look, its_screen in LOOKS.items() if its_screen is screen):
                hold(f"{name}-{look}", drawn(page, look))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("home", "document.querySelector('.finder').style.visibility = 'hidden'"),
        ("answer", "document.querySelector('.answer .sentences').style.visibility = 'hidden'"),
        ("evidence", "document.querySelector('.evidence').remove()"),
        ("emergency", "document.querySelector('.banner').style.display = 'none'"),
        ("abstention", "document.querySelector('#chat').style.padding = '0 60px'"),
        ("conversations", "for (const sheet of document.styleSheets) sheet.disabled = true"),
    ],
)
def test_a_page_that_lost_something_looks_different(browser: Browser, site: Sites, name: str, spoil: str) -> None:
    with tab(browser) as page:
        show(STATES[name], page, site)
        before = drawn(page, "light")
        assert same(before, drawn(page, "light"))
        page.evaluate(spoil)
        assert not same(before, drawn(page, "light"))


def test_text_a_third_of_a_pixel_beside_looks_the_same(browser: Browser, site: Sites) -> None:
    with tab(browser) as page:
        show("answer", page, site)
        before = drawn(page, "light")
        page.evaluate("document.body.style.transform = 'translateX(0.3px)'")
        after = drawn(page, "light")
        assert (before != after).any()
        assert same(before, after)
