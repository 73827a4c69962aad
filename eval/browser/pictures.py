"""The pictures of docs/screenshots, taken from the same states that are tested."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.browser.chromium import DESK, PHONE, Screen, tab
from eval.browser.states import show

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from eval.browser.sites import Sites

#: Colours of a picture: a file is half of one with all colours; with 96 the yellow of a highlight turns grey.
_COLOURS = 256


@dataclass(frozen=True, slots=True)
class Picture:
    """A file name without its ending, and what it shows."""

    name: str
    state: str
    screen: Screen = DESK
    dark: bool = False


PICTURES = (
    Picture("home", "home"),
    Picture("answer-light", "answer"),
    Picture("answer-dark", "answer", dark=True),
    Picture("evidence", "evidence: other article"),
    Picture("patient", "answer: patient"),
    Picture("emergency", "answer: emergency"),
    Picture("phone", "answer", PHONE),
    Picture("staff-articles", "staff: articles"),
    Picture("staff-index", "staff: index"),
)


def take(browser: Browser, sites: Sites, folder: Path, done: Callable[[Path], None] = lambda path: None) -> None:
    """Writes every picture as `folder/name.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        with tab(browser, picture.screen, "dark" if picture.dark else "light") as page:
            show(picture.state, page, sites)
            page.wait_for_load_state("networkidle")
            path = folder / f"{picture.name}.png"
            path.write_bytes(_small(page.screenshot()))
            done(path)


def _small(png: bytes) -> bytes:
    from PIL import Image

    written = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()
