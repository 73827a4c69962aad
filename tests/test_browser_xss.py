"""320 payloads through every field that a reader or an author fills in: each is shown as it stands, in a real Chromium.

A field is proven by the text that it shows, and by what the page may not hold: script of others, handlers, foreign addresses,
elements that load. `reading` fails besides on dialogs, requests to other hosts, and words on the console, which a page that the
Content-Security-Policy had to protect would leave there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

import pytest

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore, FeedbackStore
from assistant.store.conversations import MAX_TITLE
from assistant.store.feedback import Opinion
from assistant.types import Chosen, Draft, Mode, Query
from index.build import build_index
from index.search import Index
from tests.browsing import Browser, Page, ask, browser, expect, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles
from tests.payloads import PAYLOADS

__all__ = ["browser"]

COOKIE = "x" * 32
READER = hashlib.sha256(COOKIE.encode()).hexdigest()

#: Everything that a page of ours never holds. `root` is a document.
FOREIGN = """root => {
  const found = [];
  const add = (why, element) => found.push(`${why}: ${element.outerHTML.slice(0, 120)}`);
  const ours = address => !address || ["http:", "https:"].includes(new URL(address, "http://127.0.0.1/").protocol);
  const barred = `script:not([src^="/static/"]), link:not([href^="/static/"]), style, base, meta[http-equiv], iframe, frame,
    frameset, object, embed, applet, portal, fencedframe, img, image, picture, audio, video, track, bgsound, math, template,
    noscript, xmp, listing, plaintext, marquee, keygen, slot, noembed, xss, s, [srcdoc], [ping], [background], [srcset],
    p[popover], p[hidden=""]:not([class], [id]), [contenteditable], [style*="url("], [style*="expression"], [style*="fixed"],
    svg :is(script, style, a, use, animate, set, image, feImage, foreignObject, handler, title),
    form:not([action^="/"]), [formaction]:not([formaction^="/"]), input[type=image]`;
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(barred)) add("element", element);
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) add("handler", element);
      if (["href", "src", "action", "formaction", "data", "xlink:href"].includes(name) && !ours(value)) add("address", element);
    }
  }
  const ids = [...root.querySelectorAll("[id]")].map(element => element.id);
  if (new Set(ids).size < ids.length) found.push("an id stands twice");
  if (window.__xss) found.push("script ran");
  return found;
}"""


class Rambling:
    """A language model that writes markup: payloads, each as a sentence that cites the first passage chosen."""

    mode = Mode.GENERATIVE

    def write(self, query: Query, chosen: Sequence[Chosen]) -> Generator[Draft, None, None]:
        for payload in PAYLOADS:
            yield Draft(payload, (chosen[0].hit.passage,), chosen[0].role)


@dataclass(frozen=True)
class Site:
    """A served application whose every article is hostile."""

    url: str
    assistant: Assistant


def groups(most: int, longest: int = 10**6) -> list[list[str]]:
    """The payloads in order, at most so many together and with no more characters than fit."""
    made: list[list[str]] = [[]]
    for payload in PAYLOADS:
        if len(made[-1]) == most or len(" ".join([*made[-1], payload])) > longest:
            made.append([])
        made[-1].append(payload)
    return made


def article(name: str, payloads: Sequence[str], **more: object) -> str:
    """An article with each payload in every field that has many values, and all of them in every other."""
    whole = f"Colchicine {' '.join(payloads)}"
    statements = {f"F{number}": payload for number, payload in enumerate(payloads, start=1)}
    notes = [{"text": f"Colchicine {payload}", "statements": [statement]} for statement, payload in statements.items()]
    head = {
        "id": name, "title": whole, "heading": f"About {whole}", "specialty": whole, "status": "submitted",
        "last_updated": "2026-01-02",
        "reviewed_by": whole, "review_notes": notes, "plain_summary": notes, "questions": notes,
        "references": [
            {
                "id": number, "type": "guideline", "title": payload, "authors": payload, "venue": f"Venue {payload}",
                "doi": f"10.1000/{number}{''.join(payload.split())}", "url": f"https://doi.example/{''.join(payload.split())}",
            }
            for number, payload in enumerate(payloads, start=1)
        ],
        **more,
    }  # fmt: skip
    front = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in head.items())
    body = "".join(
        f"## Section {payload}\n\n- Colchicine {payload} is given. [{number}] ^F{number}\n\n"
        for number, payload in enumerate(payloads, start=1)
    )
    return f"---\n{front}---\n\n{body}"


def index_of(settings: Settings) -> Index:
    embedder = BagOfWordsEmbedder()
    build_index(settings, embedder=embedder)
    return open_with(settings, embedder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Twenty hostile articles and a withdrawn one; a conversation of every payload, and a conversation for every one."""
    folder = tmp_path_factory.mktemp("xss")
    hostile = {f"hostile-{number}": article(f"hostile-{number}", group) for number, group in enumerate(groups(16))}
    withdrawn = {"since": "2026-01-03", "reason": " ".join(PAYLOADS)}
    hostile["withdrawn"] = article("withdrawn", PAYLOADS[:1], withdrawn=withdrawn)
    settings = Settings(
        articles=write_articles(folder / "articles", hostile), index=folder / "index", abstain_below=0.0, max_sentences=1,
        database=f"sqlite:///{folder / 'a.sqlite'}", questions_per_minute=0, _env_file=None,
    )  # fmt: skip
    assistant = Assistant(index_of(settings), ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (url, _):
        yield Site(url, assistant)


@pytest.fixture(scope="module")
def conversation(site: Site) -> str:
    """The address of one in which every payload was asked, searched for instead, and given as a comment."""
    store, feedback = site.assistant.store, FeedbackStore(site.assistant.store.database)
    for number, typed in enumerate(" ".join(group) for group in groups(4)):
        # Asked one by one: read together, so many odd words are taken for a danger, and nothing is searched any more.
        answer = site.assistant.answer(Ask(f"Gout {typed}", query=f"query {typed}"))
        store.add(replace(answer, answer_id=f"a{number}", conversation_id="all"), None, READER)
        feedback.put(f"a{number}", READER, Opinion(False, None, typed))
    return f"{site.url}/ask?conversation=all"


def plain(text: str) -> str:
    """As a browser lays it out: any white space is one blank."""
    return " ".join(text.split())


def check(page: Page) -> None:
    """Nothing of the payloads became anything but text."""
    assert page.evaluate(f"({FOREIGN})(document)") == []


def shows(page: Page, *selectors: str, payloads: Sequence[str] = PAYLOADS) -> None:
    """The elements of each selector hold every payload as their text, or, where one types, as their value."""
    read = """selectors => selectors.map(selector => [...document.querySelectorAll(selector)]
      .map(each => each.matches("input, textarea") ? each.value : each.textContent).join(" "))"""
    for selector, found in zip(selectors, page.evaluate(read, selectors), strict=True):
        laid_out = plain(found)
        assert [payload for payload in payloads if plain(payload) not in laid_out] == [], selector
    check(page)


def test_the_check_sees_what_the_payloads_do_where_nothing_escapes_them(browser: Browser, site: Site) -> None:
    parse = """payloads => payloads.filter(payload => {
      const parsed = places => new DOMParser().parseFromString(places.join(payload), "text/html");
      const places = [["<p>", "</p>"], ['<p title="', '">'], ["<p title='", "'>"], ["<p title=", ">"], ["<textarea>", ""]];
      return places.some(place => (FOREIGN)(parsed(place)).length); })""".replace("FOREIGN", FOREIGN)
    with reading(browser, quiet=False) as page:  # Chromium notes what the policy forbids
        page.goto(f"{site.url}/policy")
        page.goto("about:blank")  # our pages let nobody parse what nobody vouched for
        caught = page.evaluate(parse, PAYLOADS)
    assert len(PAYLOADS) == len(set(PAYLOADS)) >= 300
    assert len(caught) >= 240  # the others speak to engines that are not here: other schemes, Markdown, templates


def test_articles_show_what_their_authors_wrote(browser: Browser, site: Site) -> None:
    with reading(browser) as page:
        for number, group in enumerate(groups(16)):
            page.goto(f"{site.url}/articles/hostile-{number}")
            shows(page, "h1", ".topic", ".crumb", ".review-note", ".statement", ".plain-text", ".contents", payloads=group)
            shows(page, ".section", ".source cite", ".source .authors", ".source .venue", payloads=group)
            shows(page, ".askable", payloads=group[:6])
            assert plain(group[0]) in plain(page.title())
        page.goto(f"{site.url}/articles/withdrawn")
        shows(page, ".withdrawal")


def test_the_list_of_articles_and_its_search_show_titles_and_what_is_typed(browser: Browser, site: Site) -> None:
    with reading(browser) as page:
        page.goto(f"{site.url}/")
        shows(page, "main")
        for group in groups(200, 3000):
            typed = " ".join(group)
            page.goto(f"{site.url}/?{urlencode({'question': typed, 'specialty': typed, 'status': typed, 'page': typed})}")
            shows(page, "input[name=question]", payloads=group)
            page.locator("input[name=question]").fill(f"gout {typed}")
            page.wait_for_load_state("networkidle")
            shows(page, "input[name=question]", payloads=group)


def test_a_question_is_shown_as_it_was_typed_while_it_is_answered_and_after(browser: Browser, site: Site) -> None:
    with reading(browser) as page:
        page.goto(f"{site.url}/articles/hostile-0")
        for group in groups(200, 3900):
            ask(page, f"Gout {' '.join(group)}")
            shows(page, ".answer:last-of-type .question", payloads=group)
        page.reload()
        shows(page, ".answer .question", ".answer .query")


def test_a_conversation_shows_its_questions_queries_citations_and_comments(browser: Browser, conversation: str) -> None:
    with reading(browser) as page:
        page.context.add_cookies([{"name": "reader", "value": COOKIE, "url": conversation}])
        page.goto(conversation)
        expect(page.locator(".answer")).to_have_count(len(groups(4)))
        shows(page, ".question", ".query", ".edit input[name=query]", ".feedback textarea", "input[name=question]")
        assert page.locator(".answer blockquote").count() >= len(groups(4))


def test_names_of_conversations_are_shown_as_given(browser: Browser, site: Site) -> None:
    cookie, reader = "y" * 32, hashlib.sha256(b"y" * 32).hexdigest()
    for group in groups(200, MAX_TITLE):
        began = site.assistant.answer(Ask("Is colchicine given?", reader=reader)).conversation_id
        site.assistant.store.rename(reader, began, " ".join(group))
    with reading(browser) as page:
        page.context.add_cookies([{"name": "reader", "value": cookie, "url": site.url}])
        page.goto(f"{site.url}/conversations")
        shows(page, ".reopen", "input[name=title]")


def test_what_a_language_model_writes_is_text(browser: Browser, site: Site) -> None:
    settings = site.assistant.settings
    store = ConversationStore(settings.database)
    assistant = Assistant(site.assistant.index, store, settings, writer=Rambling())
    with serving(settings, assistant) as (url, _), reading(browser) as page:
        page.goto(f"{url}/ask")
        ask(page, "Is colchicine given?")
        shows(page, ".answer .sentences p .text")
        page.reload()
        shows(page, ".answer .sentences p .text")


def test_the_page_of_a_problem_keeps_the_question_as_text(browser: Browser, site: Site) -> None:
    send = """typed => { const form = document.createElement("form"); form.method = "post"; form.action = "/ask";
      const field = form.appendChild(document.createElement("textarea")); field.name = "question"; field.value = typed;
      document.body.append(form); form.submit(); }"""
    settings = site.assistant.settings.model_copy(update={"index": site.assistant.settings.index / "none"})
    assistant = Assistant(None, ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (url, _), reading(browser, quiet=False) as page:  # Chromium notes the 503
        for group in groups(200, 3900):
            page.goto(f"{url}/policy")
            with page.expect_navigation():
                page.evaluate(send, " ".join(group))
            expect(page.locator(".problem .code")).to_have_text("503")
            shows(page, "textarea", payloads=group)


def test_addresses_with_payloads_lead_to_pages_that_run_none(browser: Browser, site: Site) -> None:
    with reading(browser, quiet=False) as page:  # Chromium notes each 404
        for typed in (quote(" ".join(group), safe="") for group in groups(200, 5000)):
            beside = f"articles/hostile-0?about={typed}&edit={typed}&open={typed}"
            for where in (f"articles/{typed}", f"ask?conversation={typed}", beside, f"policy?{typed}={typed}#{typed}", typed):
                page.goto(f"{site.url}/{where}")
                check(page)


def test_exports_are_no_pages(browser: Browser, site: Site, conversation: str) -> None:
    with reading(browser, quiet=False) as page:  # Chromium misses an icon
        page.goto(f"{site.url}/conversations/{conversation.partition('=')[2]}.md?show")
        assert page.evaluate("document.contentType") == "text/plain"
        assert page.evaluate("window.__xss") is None
