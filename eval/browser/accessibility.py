"""WCAG 2.2 A and AA in every state, colour scheme and width, as axe-core sees it, and whether text is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from eval.browser.chromium import PHONE, SCHEMES, SCREENS, Scheme, Screen, tab
from eval.browser.states import STATES, NotShown, show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from eval.browser.sites import Sites

_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    # axe-core leaves out what only WCAG 2.2 asks for, unless it is named.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
_RUN = """async options => (await axe.run(document, options)).violations.map(found => ({
  rule: found.id, impact: found.impact, help: found.help, places: found.nodes.map(node => node.target.join(" "))}))"""


#: Text that stands beside the window, where nobody sees it without scrolling in two directions. Tables may.
_CUT_OFF = """() => [...document.querySelectorAll("body *")].filter(each => {
  if (each.closest("table") || !each.checkVisibility({visibilityProperty: true, opacityProperty: true})) return false;
  if (![...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) return false;
  const {left, right} = each.getBoundingClientRect();
  return left < -1 || right > document.documentElement.clientWidth + 1;
}).map(each => [each.localName, ...each.classList].join("."))"""
#: The narrowest window that WCAG 1.4.10 asks for: 1280 pixels at 400 %.
_NARROWEST = 320


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken, and where: one selector a place."""

    rule: str
    impact: str
    help: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}): {self.help}: {', '.join(self.places)}"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one state, scheme and width; `not_shown` says why the state was not reached."""

    state: str
    screen: str
    scheme: str
    violations: tuple[Violation, ...] = ()
    not_shown: str = ""

    def __str__(self) -> str:
        found = "; ".join(map(str, self.violations)) or self.not_shown or "nothing"
        return f"{self.state}, {self.screen}, {self.scheme}: {found}"


def violations(page: Page) -> tuple[Violation, ...]:
    """Of the page as it stands. axe-core comes through the debugger, which no Content-Security-Policy binds."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return tuple(
        Violation(found["rule"], found["impact"], found["help"], tuple(found["places"]))
        for found in page.evaluate(_RUN, _OPTIONS)
    )


def cut_off(page: Page, width: int) -> tuple[Violation, ...]:
    """What reflow (WCAG 1.4.10) forbids, which axe-core does not look for, in a window of so many CSS pixels."""
    before = page.viewport_size or {"width": width, "height": 0}
    page.set_viewport_size({"width": width, "height": before["height"]})
    places = dict.fromkeys(page.evaluate(_CUT_OFF))
    page.set_viewport_size(before)
    if not places:
        return ()
    return (Violation("reflow", "serious", f"text is cut off in a window of {width} pixels", tuple(places)),)


def look(
    browser: Browser,
    sites: Sites,
    states: Iterable[str] = tuple(STATES),
    screens: Sequence[Screen] = SCREENS,
    schemes: Sequence[Scheme] = SCHEMES,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Looked]:
    """Every state on every screen in every scheme. A state is reached once a screen; a scheme changes in place."""
    asked = [(state, screen) for state in states for screen in screens]
    found: list[Looked] = []
    for done, (state, screen) in enumerate(asked):
        progress(done, len(asked))
        with tab(browser, screen, schemes[0]) as page:
            try:
                show(state, page, sites)
            except NotShown as error:
                found += [Looked(state, screen.name, scheme, not_shown=str(error)) for scheme in schemes]
                continue
            for scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                cut = [cut_off(page, width) for width in _widths(screen)] if scheme == schemes[0] else []
                found.append(Looked(state, screen.name, scheme, (*violations(page), *chain.from_iterable(cut))))
    return found


def _widths(screen: Screen) -> tuple[int, ...]:
    return (screen.width, _NARROWEST) if screen == PHONE else (screen.width,)
