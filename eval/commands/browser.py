"""`followup eval browser`: the pages as a reader's browser has them. `followup eval screenshots`: pictures of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.commands.terminal import RESULTS, counting, print_json, show, working
from eval.datasets import FOLLOWUPS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from assistant.settings import Settings
    from eval.browser.figures import Measured
    from eval.latency import Figure

#: The parts of `browser`, in the order they are measured.
PARTS = ("weight", "paint", "ask", "articles", "payloads", "axe")
#: Readers who open an article, and articles they open; questions that are asked, each by a reader of its own.
_READERS, _ARTICLES, _QUESTIONS = 4, 5, 60


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given several times.")
@click.option(
    "--out",
    default=RESULTS / "browser",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the result goes.",
)
@click.pass_obj
def browser(load_settings: Any, as_json: bool, only: Sequence[str], out: Path) -> None:
    """The pages in headless Chromium: axe-core in every state, weight, paint, waiting, marks and links, payloads. Ten minutes."""
    from eval.browser.chromium import chromium
    from eval.browser.payloads import PAYLOADS
    from eval.latency_report import latency_document, latency_table
    from eval.provenance import machine, made_by
    from eval.results import Result, write_result
    from index.search import Index

    settings: Settings = load_settings()
    figures: list[Figure] = []
    found: dict[str, Any] = {}
    with chromium() as browser:
        produced = {
            **made_by(Index.open(settings), settings, [FOLLOWUPS, PAYLOADS]),
            "machine": machine(),
            "browser": f"{browser.browser_type.name} {browser.version}",
        }
        for part in only or PARTS:
            with working(f"measuring: {part}"):
                measured, details = _measured(part, settings, browser)
            figures += measured
            found |= details
    write_result(
        Result(
            command="browser",
            dataset={"name": "pages", "digest": produced["corpus_sha256"]},
            configuration={"name": "shipped"},
            queries=(),
            made_by=produced,
            extra={**latency_document(figures), "found": found},
        ),
        out,
    )
    if as_json:
        print_json({"made_by": produced, **latency_document(figures), "found": found})
        return
    show(latency_table(figures, "The pages in a browser, on this machine"))
    for part, details in found.items():
        show(*(f"{part}: {detail}" for detail in (details.items() if isinstance(details, dict) else details)))
    show(f"Written to {out}")


def _measured(part: str, settings: Settings, browser: Browser) -> Measured:
    from eval.browser import figures, payloads
    from eval.browser.accessibility import look
    from eval.browser.sites import shipped_site, sites

    match part:
        case "axe":
            with sites(settings) as where, counting("axe-core") as update:
                return figures.axe_figures(look(browser, where, progress=lambda done, of: update("states", done, of)))
        case "payloads":
            typed = [each.payload for each in payloads.load_payloads()]
            return figures.payload_figures(len(typed), payloads.try_payloads(browser, settings, typed))
        case _:
            with shipped_site(settings) as address:
                return _measured_at(address, part, settings, browser)


def _measured_at(address: str, part: str, settings: Settings, browser: Browser) -> Measured:
    from eval.browser import figures, rendering, speed, weight
    from eval.datasets import load_followups
    from index.search import Index

    match part:
        case "weight":
            return figures.weight_figures(weight.shipped(), weight.by_page(browser, address))
        case "paint":
            articles = list(dict.fromkeys(followup.article_id for followup in load_followups()))
            return figures.paint_figures(speed.paint(browser, address, articles[:: len(articles) // _ARTICLES], _READERS))
        case "ask":
            followups = [each for each in load_followups() if each.previous is None]
            return figures.ask_figures(speed.answers(browser, address, followups[:: len(followups) // _QUESTIONS]))
        case _:
            return figures.article_figures(list(rendering.rendered(browser, address, Index.open(settings).store.articles)))


@click.command()
@click.option(
    "--out",
    default=Path("docs/screenshots"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the pictures go.",
)
@click.pass_obj
def screenshots(load_settings: Any, out: Path) -> None:
    """Takes the pictures of the README again."""
    from eval.browser.chromium import chromium
    from eval.browser.pictures import take
    from eval.browser.sites import sites

    with sites(load_settings()) as where, chromium() as browser:
        take(browser, where, out, lambda path: click.echo(f"{path} {path.stat().st_size / 1000:.0f} kB"))
