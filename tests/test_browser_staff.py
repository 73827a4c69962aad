"""The staff pages in a real Chromium: a review, a reindexing that is watched, going back; without JavaScript; on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.opening import open_assistant
from assistant.settings import Settings
from assistant.store.feedback import FeedbackStore, Opinion, Reason
from assistant.store.unanswered import UnansweredStore
from assistant.types import AnswerStatus
from index.build import build_index
from tests.browsing import PHONE, WIDE, Browser, Page, browser, expect, reading, serving
from tests.fakes import SMALL, edit, write_articles
from tests.pages import HOSTILE
from tests.staff import PASSWORD, TOKEN, with_staff

__all__ = ["browser"]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/staff",
    "/staff/articles",
    "/staff/articles?severity=error",
    "/staff/articles/gout-basics",
    "/staff/articles/hostile",
    "/staff/articles/broken",
    "/staff/index",
    "/staff/questions",
    "/staff/audit",
)


@dataclass(frozen=True)
class Site:
    """A server with staff pages over a small corpus, with the bundled embedder: a reindexing is a process of its own."""

    address: str
    settings: Settings
    assistant: Assistant


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("staff")
    articles = write_articles(folder / "articles", SMALL | {"hostile": HOSTILE, "broken": "no front matter\n"})
    plain = Settings(
        articles=articles,
        index=folder / "index",
        database=f"sqlite:///{folder / 'assistant.sqlite'}",
        questions_per_minute=0,
        keep_unanswered=True,
        _env_file=None,
    )
    (articles / "broken.md").rename(folder / "broken.md")
    build_index(plain)
    (folder / "broken.md").rename(articles / "broken.md")
    settings = with_staff(plain)
    assistant = open_assistant(settings)
    assistant.index.warm()
    assistant.watch()
    with serving(settings, assistant) as (address, _):
        leave_something(assistant)
        yield Site(address, settings, assistant)


def leave_something(assistant: Assistant) -> None:
    """A reader says what they thought of an answer, and gets none to another question."""
    given = assistant.answer(Ask("How much colchicine do I take?"))
    opinion = Opinion(False, Reason.INCOMPLETE, "What about <b>kidneys</b>?")
    FeedbackStore(assistant.store.database).put(given.answer_id, "reader", opinion)
    UnansweredStore(assistant.store.database).add("Is <b>gout</b> catching?", AnswerStatus.ABSTAINED, "gout-basics")


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/staff/sign-in")
    fill_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def fill_in(page: Page) -> None:
    """The form of name and password, wherever it stands, and sends it."""
    page.get_by_label("Name").fill("Dr Ann Lee")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def unfold(page: Page) -> None:
    """Everything that can be unfolded, but for what closes another of its group."""
    page.evaluate("for (const each of document.querySelectorAll('main details')) { each.name = ''; each.open = true; }")


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_every_page_is_accessible_and_fits(browser: Browser, site: Site, size: tuple[int, int], scheme: str) -> None:
    with reading(browser, size) as page:
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{site.address}/staff/sign-in")
        assert violations(page) == []
        sign_in(page, site)
        for where in PAGES:
            page.goto(site.address + where)
            expect(page.locator("h1")).to_be_visible()
            unfold(page)
            assert violations(page) == [], where
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


@pytest.mark.parametrize("javascript", [True, False])
def test_who_is_signed_out_signs_in_in_place_of_the_page_and_goes_on(browser: Browser, site: Site, javascript: bool) -> None:
    """No dialog of the browser's own comes up; a form sent after the session ended does nothing."""
    with reading(browser, javascript=javascript, quiet=False) as page:  # the browser notes each 401 on its console
        noted: list[str] = []
        page.on("console", lambda message: noted.append(message.text))
        shown = page.goto(f"{site.address}/staff/articles?text=gout")
        assert shown is not None
        assert (shown.status, page.title()) == (401, "Please sign in · Staff sign-in · Follow-up Assistant")
        assert not javascript or violations(page) == []
        fill_in(page)
        expect(page).to_have_url(f"{site.address}/staff/articles?text=gout")
        expect(page.get_by_role("heading", level=1)).to_have_text("Articles")
        page.goto(f"{site.address}/staff/index")
        page.context.clear_cookies()
        page.get_by_role("button", name="Reindex now").click()
        expect(page.get_by_role("alert")).to_have_text("You are signed out, so nothing was done. To do it, sign in first.")
        assert [each.get_attribute("value") for each in page.locator("main [name=back]").all()] == ["/staff"] * 2
        assert not javascript or violations(page) == []
        assert all("401 (UNAUTHORIZED)" in each for each in noted), noted


def test_an_article_is_reviewed_by_keyboard_reindexed_and_gone_back_from(browser: Browser, site: Site) -> None:
    """With one page open all the while: the progress comes by itself, and the reader's page follows."""
    edit(site.settings.articles / "gout-basics.md", lambda text: text.replace("1.2 mg", "1.8 mg"))
    (site.settings.articles / "broken.md").unlink(missing_ok=True)  # no index is made of a file that cannot be read
    with reading(browser) as page:
        sign_in(page, site)
        page.goto(f"{site.address}/staff/articles/gout-basics")
        page.get_by_text("Start the review", exact=True).first.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("yearly check")
        page.keyboard.press("Enter")
        expect(page.locator(".done")).to_have_text("The review has begun.")
        page.get_by_role("button", name="Reindex now").click()
        expect(page).to_have_url(re.compile("/staff/index"))
        assert violations(page) == []  # while it runs
        expect(page.locator(".job-state")).to_contain_text("Generation 2 is live", timeout=60_000)
        expect(page.locator("#generations h3").first).to_contain_text("Generation 2 Live")
        assert page.locator(".log-text").text_content()
        page.get_by_text("What its build changed").first.click()
        expect(page.locator("#generations .ids").first).to_have_text("gout-basics")
        page.goto(f"{site.address}/articles/gout-basics")
        expect(page.locator("main")).to_contain_text("1.8 mg")
        page.goto(f"{site.address}/staff/index")
        page.get_by_text("Go back to it").click()
        page.get_by_role("button", name="Make generation 1 live").click()
        expect(page.locator(".done")).to_have_text("Another generation is live.")
        page.goto(f"{site.address}/articles/gout-basics")
        expect(page.locator("main")).to_contain_text("1.2 mg")
        page.goto(f"{site.address}/staff/audit")
        acts = page.locator(".entries h2").all_inner_texts()
        assert [re.sub(r"^\d+ ", "", act) for act in acts[:3]] == [
            "Rollback generation 1",
            "Reindex generation 2",
            "Review gout-basics",
        ]
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator(".done")).to_have_text("You are signed out.")
        expect(page).to_have_url(re.compile("/staff/sign-in"))


def test_findings_across_articles_come_with_a_click(browser: Browser, site: Site) -> None:
    twin = site.settings.articles / "zz-twin.md"
    twin.write_text(SMALL["sleep-basics"].replace("id: sleep-basics", "id: zz-twin"), "utf-8")
    try:
        with reading(browser, PHONE) as page:
            sign_in(page, site)
            page.goto(f"{site.address}/staff/articles/zz-twin")
            expect(page.locator("[aria-current=true]")).to_have_text("Articles")
            compare = page.get_by_role("button", name=re.compile("Compare"))
            for _ in range(60):
                if page.get_by_text("the same title as").count():
                    break
                if compare.count():  # else a reindexing compares them now
                    compare.click()
                    expect(page.locator(".done")).to_contain_text("compared with each other")
                page.wait_for_timeout(500)
                page.reload()
            expect(page.locator(".findings")).to_contain_text("the same title as")
            assert violations(page) == []
    finally:
        twin.unlink()  # no index is made of two articles with one title


def test_an_opinion_is_deleted(browser: Browser, site: Site) -> None:
    with reading(browser) as page:
        sign_in(page, site)
        page.goto(f"{site.address}/staff/questions")
        page.locator("#feedback ~ ol summary").click()
        page.get_by_role("button", name="Delete this opinion").click()
        expect(page.locator(".done")).to_have_text("Opinion deleted.")
        expect(page.locator("#feedback ~ p")).to_have_text("No opinions")


def test_without_javascript_a_reindexing_is_watched_by_a_page_that_loads_itself_again(browser: Browser, site: Site) -> None:
    edit(site.settings.articles / "sleep-basics.md", lambda text: text.replace("Caffeine after noon", "Coffee after noon"))
    (site.settings.articles / "broken.md").unlink(missing_ok=True)
    with reading(browser, PHONE, javascript=False) as page:
        page.goto(f"{site.address}/staff/sign-in")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in with the token").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        page.goto(f"{site.address}/staff/index")
        number = int(re.findall(r"\d+", page.locator("#generations h3").first.inner_text())[0])
        page.get_by_role("button", name="Reindex now").click()
        assert page.locator("meta[http-equiv=refresh]").count() == 1
        assert page.locator("#job progress").count() == 1
        expect(page.locator(".job-state")).to_contain_text(f"Generation {number + 1} is live", timeout=60_000)
        assert page.locator("meta[http-equiv=refresh]").count() == 0
