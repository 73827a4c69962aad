"""A headless Chromium through Playwright: started, and tabs of new readers in it. Knows nothing of our pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from corpus.errors import FollowupError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Debian's; Playwright's own download would be a second browser, from another host.
CHROMIUM = Path("/usr/bin/chromium")
#: Milliseconds that an element may take to appear.
_PATIENCE_MS = 10_000


class BrowserMissing(FollowupError):
    """There is nothing to drive; says what to install."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Screen:
    """A name and the inside of a window, in CSS pixels."""

    name: str
    width: int
    height: int


DESK = Screen("desk", 1280, 900)
PHONE = Screen("phone", 390, 844)
SCREENS = (DESK, PHONE)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end. Raises `BrowserMissing`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissing("Playwright is not installed; `pip install -e '.[dev]' -c constraints.txt` does it") from error
    if not CHROMIUM.exists():
        raise BrowserMissing(f"there is no {CHROMIUM}; `apt-get install chromium fonts-liberation` does it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, screen: Screen = DESK, scheme: Scheme = "light", script: str = "", scale: float = 1) -> Iterator[Page]:
    """A tab of a reader who was never here; `script` runs before each page's own, `scale` is pixels a CSS pixel.

    Nothing moves (`prefers-reduced-motion`), so what is looked at is what stays.
    """
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(_PATIENCE_MS)
    if script:
        context.add_init_script(script)
    try:
        yield context.new_page()
    finally:
        context.close()


def until(page: Page, condition: str) -> None:
    """Waits until an expression holds in the page. Raises Playwright's Error when it never does.

    Playwright's own `wait_for_function` needs `eval`, which our Content-Security-Policy forbids.
    """
    page.evaluate(
        f"""() => new Promise((done, fail) => {{
          const end = performance.now() + {_PATIENCE_MS};
          const look = () => {{
            if ({condition}) return done();
            return performance.now() > end ? fail(new Error("it never came true")) : setTimeout(look, 10);
          }};
          look(); }})"""
    )
