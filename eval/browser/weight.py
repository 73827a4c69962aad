"""How much script and style a page brings along, compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import assistant.web
from eval.browser.chromium import tab
from eval.browser.states import ARTICLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Response

STATIC = Path(assistant.web.__file__).parent / "static"
PAGES = {"home": "/", "article": ARTICLE, "ask": "/ask", "conversations": "/conversations", "policy": "/policy"}
_KINDS = (".js", ".css")


def compressed(bodies: Iterable[bytes]) -> int:
    """Bytes of all, each compressed alone as `gzip -9` does."""
    return sum(len(gzip.compress(body, 9, mtime=0)) for body in bodies)


def shipped(folder: Path = STATIC) -> int:
    """Bytes of every script and style sheet there is."""
    return compressed(path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _KINDS)


def by_page(browser: Browser, address: str, pages: Mapping[str, str] = PAGES) -> dict[str, int]:
    """Bytes that a reader's browser loads for each page when it has none yet."""
    return {name: _loaded(browser, address + path) for name, path in pages.items()}


def _loaded(browser: Browser, address: str) -> int:
    responses: list[Response] = []
    with tab(browser) as page:
        page.on("response", lambda response: responses.append(response))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return compressed(one.body() for one in responses if urlsplit(one.url).path.endswith(_KINDS))
