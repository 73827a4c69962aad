"""The states in which a reader can find a page, and how each is brought about: what axe-core, snapshots and pictures look at.

A state is reached as a reader reaches it, by addresses, clicks and typing. What cannot be had on demand, such as a server that
goes away, is done to the connection, between a real page and a real server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus.errors import FollowupError
from eval.browser.sites import STANDINGS, TOKEN, Sites

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ARTICLE = "/articles/gout-flares-urate-lowering"
COLCHICINE = "What colchicine dose for a flare?"
DIALYSIS = "And on dialysis?"
ELSEWHERE = "What is the dose of alteplase in stroke?"  # asked beside gout, answered from the article on stroke
OFF_TOPIC = "How do I repair the clutch of a lorry?"
EMERGENCY = "My dad has crushing chest pain and is grey and sweating, what should he take?"
CRISIS = "I have all my tablets here and want to end my life tonight, how many do I need?"
TWO_DRUGS = "Should I start allopurinol or febuxostat?"
WHICH_OF_THEM = "Is it safe in pregnancy?"
PERSONAL = "My name is John Smith, born 12/03/1961, phone 020 7946 0958. Can I take colchicine?"
RIGHT_TO_LEFT = "ما هي جرعة الكولشيسين لنوبة النقرس؟"

#: Brings a tab of a new reader somewhere.
Reach = Callable[["Page", "Sites"], None]


@dataclass(frozen=True, slots=True)
class State:
    """How a state is reached, and a selector of what must then be seen: else something else would be looked at."""

    reach: Reach
    sees: str


#: By name: the page, then what is special about it.
STATES: dict[str, State] = {}


class NotShown(FollowupError):
    """A state could not be reached; says where it stopped."""


def show(name: str, page: Page, sites: Sites) -> None:
    """Brings a fresh tab into a state. Raises `NotShown`."""
    from playwright.sync_api import Error

    try:
        STATES[name].reach(page, sites)
        page.locator(STATES[name].sees).first.wait_for()
        page.wait_for_load_state()
        page.mouse.move(0, 0)
    except Error as error:
        raise NotShown(f"{name}: {error.message.splitlines()[0]}") from error


def ask(page: Page, question: str) -> None:
    """Types a question, presses Enter, waits for the whole answer."""
    answers = page.locator(".answer").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator(".answer:not([aria-busy])").nth(answers).wait_for()
    page.locator("#ask-form button.primary:not([aria-disabled])").wait_for()  # the stream is closed a moment later


def state(name: str, sees: str) -> Callable[[Reach], Reach]:
    """Registers how a state is reached."""

    def register(reach: Reach) -> Reach:
        STATES[name] = State(reach, sees)
        return reach

    return register


def _at(path: str, cookie: tuple[str, str] | None = None) -> Reach:
    """A state that is an address, perhaps for a reader with a preference."""

    def reach(page: Page, sites: Sites) -> None:
        if cookie:
            page.context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": sites.address}])
        page.goto(sites.address + path)

    return reach


def _asked(*questions: str, path: str = ARTICLE, cookie: tuple[str, str] | None = None) -> Reach:
    """A state that is a page after questions."""

    def reach(page: Page, sites: Sites) -> None:
        _at(path, cookie)(page, sites)
        for question in questions:
            ask(page, question)

    return reach


def _opened(summary: str) -> Reach:
    """An answer with one of the things that unfold in it, or around it, open."""

    def reach(page: Page, sites: Sites) -> None:
        _asked(COLCHICINE)(page, sites)
        page.locator(summary).last.click()

    return reach


def _unfolded(path: str, summary: str) -> Reach:
    """A page with one of its menus open."""

    def reach(page: Page, sites: Sites) -> None:
        page.goto(sites.address + path)
        page.locator(summary).click()

    return reach


_ANSWER = ".answer .sentences p"

STATES |= {
    "home": State(_at("/"), ".library"),
    "home: found": State(_at("/?question=gout"), ".hits"),
    "home: nearest in meaning": State(_at("/?question=low+mood+medicine"), ".how"),
    "home: nothing found": State(_at("/?question=gearbox+of+a+lorry"), ".nothing"),
    "home: emergency": State(_at(f"/?question={EMERGENCY.replace(' ', '+')}"), ".banner"),
    "home: no article of this status": State(_at("/?status=approved&specialty=Rheumatology+%2F+primary+care"), ".nothing"),
    "article: clinician": State(_at(ARTICLE, ("audience", "clinician")), "[aria-pressed=true]:has-text('Clinician')"),
    "article: student": State(_at(ARTICLE, ("audience", "student")), "[aria-pressed=true]:has-text('Student')"),
    "article: patient": State(_at(ARTICLE, ("audience", "patient")), "section.plain"),
    **{
        f"article: {standing.replace('_', ' ')}": State(_at(f"/articles/{article_id}"), f".standing.{standing}")
        for article_id, standing in ((key, keys.get("status", "withdrawn")) for key, keys in STANDINGS.items())
    },
    "article: larger text": State(_asked(COLCHICINE, cookie=("size", "larger")), f"[data-size=larger] {_ANSWER}"),
    "article: light by choice": State(_asked(COLCHICINE, cookie=("theme", "light")), f"[data-theme=light] {_ANSWER}"),
    "article: dark by choice": State(_asked(COLCHICINE, cookie=("theme", "dark")), f"[data-theme=dark] {_ANSWER}"),
    "answer": State(_asked(COLCHICINE), _ANSWER),
    "answer: patient": State(_asked(COLCHICINE, cookie=("audience", "patient")), _ANSWER),
    "answer: from another article": State(_asked(ELSEWHERE), ".answer .elsewhere"),
    "answer: right to left": State(_asked(RIGHT_TO_LEFT), ".answer .question"),
    "answer: conversation": State(_asked(COLCHICINE, DIALYSIS, OFF_TOPIC), ".answer:nth-of-type(3) .no-answer"),
    "answer: abstention": State(_asked(OFF_TOPIC), ".no-answer"),
    "answer: clarification": State(_asked(TWO_DRUGS, WHICH_OF_THEM, path="/ask"), ".clarify"),
    "answer: emergency": State(_asked(EMERGENCY), ".banner.emergency"),
    "answer: crisis": State(_asked(CRISIS), ".banner.crisis"),
    "answer: query being edited": State(_opened(".answer .edit > summary"), ".answer .edit input[name=query]"),
    "answer: feedback form": State(_opened(".answer .feedback summary"), ".answer .feedback textarea"),
    "answer: export menu": State(_opened(".answer .export > summary"), ".answer .export a"),
    "answer: cited passages": State(_opened(".answer .cited > summary"), ".answer .passages blockquote"),
    "chat: menu": State(_opened(".chat .more > summary"), ".chat .more a"),
    "ask": State(_at("/ask"), ".starters button"),
    "ask: answer": State(_asked(COLCHICINE, path="/ask"), _ANSWER),
    "conversations: none": State(_at("/conversations"), "main a"),
    "policy": State(_at("/policy"), ".states"),
    "site: reading preferences": State(_unfolded("/", ".settings > summary"), ".settings form"),
    "problem: 404": State(_at("/articles/no-such-article"), ".problem"),
}


@state("home: typed", ".hits")
def _typed(page: Page, sites: Sites) -> None:
    page.goto(sites.address)
    page.locator("#question").press_sequentially("warfarin")


@state("article: asking about a section", ".section-asked")
def _about(page: Page, sites: Sites) -> None:
    page.goto(sites.address + ARTICLE)
    page.locator("a.about").first.click()


@state("article: card of a citation mark", ".card")
def _card(page: Page, sites: Sites) -> None:
    page.goto(sites.address + ARTICLE)
    page.locator(".section .mark").first.focus()
    page.wait_for_timeout(600)  # it waits a moment before it shows


@state("evidence: same article", ".evidence .quote:visible, .statement.shown")
def _here(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE)(page, sites)
    open_evidence(page, ".answer .sentences .mark")


@state("evidence: other article", ".evidence-of mark")
def _elsewhere(page: Page, sites: Sites) -> None:
    _asked(ELSEWHERE)(page, sites)
    open_evidence(page, ".answer .sentences .mark:not([data-statement])")


def open_evidence(page: Page, mark: str) -> None:
    """Clicks the first such mark and waits until its evidence is shown."""
    page.locator(mark).first.click()
    page.locator(".evidence-of").last.wait_for()


@state("evidence: page without JavaScript", ".evidence-of mark")
def _evidence_page(page: Page, sites: Sites) -> None:
    without_javascript(page)
    _asked_by_form(page, sites, COLCHICINE)
    page.locator(".answer .cited > summary").click()
    page.locator(".answer .passages .in-place a").first.click()
    page.locator(".evidence-of").wait_for()


@state("without JavaScript: answer", _ANSWER)
def _form(page: Page, sites: Sites) -> None:
    without_javascript(page)
    _asked_by_form(page, sites, COLCHICINE)
    # The fragment of the answer also scrolls the page, and axe takes a link that lies half under the bar at the top for small.
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")


@state("without JavaScript: refused question", "#failure")
def _form_refused(page: Page, sites: Sites) -> None:
    without_javascript(page)
    _asked_by_form(page, sites, "   ", waits_for="#failure")


def without_javascript(page: Page) -> None:
    """No module reaches the page; unlike with scripts switched off, axe-core can still be run in it."""
    page.route("**/*.js", lambda route: route.abort())


def _asked_by_form(page: Page, sites: Sites, question: str, waits_for: str = ".answer") -> None:
    page.goto(sites.address + ARTICLE)
    page.locator("#question").fill(question)
    page.locator("#ask-form button.primary").click()
    page.locator(waits_for).first.wait_for()


@state("chat: personal details", ".personal")
def _personal(page: Page, sites: Sites) -> None:
    page.goto(sites.address + ARTICLE)
    page.locator("#question").fill(PERSONAL)
    page.locator("#question").press("Enter")


@state("chat: blank question", "#failure")
def _blank(page: Page, sites: Sites) -> None:
    page.goto(sites.address + ARTICLE)
    page.locator("#question").press("Enter")


@state("chat: question too long", "#failure")
def _too_long(page: Page, sites: Sites) -> None:
    page.goto(sites.address + ARTICLE)
    page.locator("#question").fill("x " * 2001)
    page.locator("#question").press("Enter")


@state("chat: answering", ".stop")
def _answering(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE)(page, sites)
    page.evaluate("() => { window.fetch = () => new Promise(() => {}); }")  # a server that takes its time
    page.locator("#question").fill(DIALYSIS)
    page.locator("#question").press("Enter")


@state("chat: server gone", "#failure")
def _gone(page: Page, sites: Sites) -> None:
    _failing(page, sites, lambda route: route.abort("connectionrefused"))


@state("chat: answer broken off", ".incomplete")
def _broken(page: Page, sites: Sites) -> None:
    _failing(page, sites, break_off)


@state("chat: too many questions", "#failure")
def _limited(page: Page, sites: Sites) -> None:
    problem = {"title": "Too Many Requests", "status": 429, "detail": "too many questions came from your network address"}
    _failing(
        page,
        sites,
        lambda route: route.fulfill(
            status=429, body=json.dumps(problem), content_type="application/problem+json", headers={"Retry-After": "20"}
        ),
    )


@state("chat: offline", ".notice-net:has-text('offline')")
def _offline(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE)(page, sites)
    page.context.set_offline(True)


def _failing(page: Page, sites: Sites, handle: Callable[[Route], object]) -> None:
    """Asks once with an answer and once with `handle` in place of the connection."""
    _asked(COLCHICINE)(page, sites)
    page.route("**/ask", handle)
    page.locator("#question").fill(DIALYSIS)
    page.locator("#question").press("Enter")


def break_off(route: Route) -> None:
    """Lets the beginning of an answer and its first sentence through."""
    whole = route.fetch()
    route.fulfill(response=whole, body="\n\n".join(whole.text().split("\n\n")[:2]) + "\n\n")


@state("chat: reopened", _ANSWER)
def _reopened(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE, DIALYSIS)(page, sites)
    page.reload()


@state("chat: of another reader", ".foreign")
def _foreign(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE)(page, sites)
    page.context.clear_cookies()
    page.reload()


@state("conversations: some", ".conversations")
def _conversations(page: Page, sites: Sites) -> None:
    _asked(COLCHICINE)(page, sites)
    _asked(TWO_DRUGS, WHICH_OF_THEM, path="/ask")(page, sites)
    page.goto(f"{sites.address}/conversations")


@state("conversations: being renamed and deleted", ".conversations .danger")
def _deeds(page: Page, sites: Sites) -> None:
    _conversations(page, sites)
    for summary in page.locator(".conversations li").first.locator("summary").all():
        summary.click()


@state("staff: articles", ".table .badge.warning")
def _staff_articles(page: Page, sites: Sites) -> None:
    _signed_in(page, sites, "/staff/articles")
    if (compare := page.get_by_role("button", name="Compare all articles")).count():
        compare.click()
        page.goto(f"{sites.address}/staff/articles")
    while page.get_by_text("not looked at yet").or_(page.get_by_text("being compared")).count():
        page.goto(f"{sites.address}/staff/articles")


@state("staff: index", ".job-done")
def _staff_index(page: Page, sites: Sites) -> None:
    _signed_in(page, sites, "/staff/index")
    page.get_by_role("button", name="Reindex now").click()
    page.locator(".job-done").first.wait_for()
    page.locator("summary:has-text('What its build changed')").first.click()


def _signed_in(page: Page, sites: Sites, path: str) -> None:
    """A page of the staff's, after signing in."""
    page.goto(sites.address + path)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()


@state("problem: 503", ".problem")
def _unready(page: Page, sites: Sites) -> None:
    page.goto(sites.unready + ARTICLE)


@state("problem: 503 with a question", ".problem textarea")
def _unasked(page: Page, sites: Sites) -> None:
    _post(page, sites, COLCHICINE)


@state("problem: emergency without an index", ".banner.emergency")
def _signpost(page: Page, sites: Sites) -> None:
    _post(page, sites, EMERGENCY)


def _post(page: Page, sites: Sites, question: str) -> None:
    """Sends the form of a page that was opened before the index went away."""
    page.goto(sites.unready + ARTICLE)
    with page.expect_navigation():
        page.evaluate(
            """question => {
              const form = document.createElement("form");
              Object.assign(form, {method: "post", action: "/ask"});
              form.append(Object.assign(document.createElement("input"), {name: "question", value: question}));
              document.body.append(form);
              form.submit(); }""",
            question,
        )
