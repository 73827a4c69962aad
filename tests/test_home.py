"""The home page: a search that works as a form, its part for search.js, and what comes before every result."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from index.search import Index
from tests.clients import client, small_client
from tests.fakes import SMALL, BagOfWordsEmbedder, open_with, write_articles
from tests.pages import ATTACK, BROWSER, GOUT, Page, check_page, read

__all__ = ["client", "small_client"]

PART = BROWSER | {"X-Part": "found"}
DANGER = "crushing chest pain and my arm is numb"


@pytest.fixture
def indexless(tmp_path: object, small: Settings) -> Iterator[FlaskClient]:
    """No index was ever built."""
    store = ConversationStore(small.database)
    yield create_app(small, Assistant(None, store, small)).test_client()
    store.close()


def titles(page: Page) -> list[str]:
    return [link["href"].rpartition("/")[2] for link in page.all("a", class_="to-article")]


def test_the_page_lists_every_article_with_status_and_date_under_its_specialty(client: FlaskClient, real_index: Index) -> None:
    page = read(client, "/")
    check_page(page)
    assert {*titles(page)} == {article.id for article in real_index.store.articles}
    assert len(page.all(class_="badge")) == len(page.all("time")) == 40
    specialties = [heading.text for heading in page.all("h3")]
    assert specialties == sorted(set(specialties))
    assert page.one(id="count").text == "40 articles"
    assert "Please enter no names or other personal details." in page.text
    assert "/static/search.js" in [script["src"] for script in page.all("script")]


def test_a_search_is_a_link_that_shows_articles_and_questions_to_ask(client: FlaskClient) -> None:
    page = read(client, "/?question=colchicine+dose")
    check_page(page)
    assert titles(page) == [GOUT]
    assert page.one("input", id="question")["value"] == "colchicine dose"
    assert page.one(id="count").text == "1 article, 4 questions"
    ask = page.all("button", name="question")
    assert ask[0]["value"] == ask[0].text == "Colchicine dose for an acute attack, and on dialysis?"
    form = page.one("form", action="/ask")
    assert form["method"] == "post"
    assert page.one("input", name="article_id")["value"] == GOUT
    answer = client.post(form["action"], data={"article_id": GOUT, "question": ask[0]["value"]}, headers=BROWSER)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/articles/{GOUT}?conversation=")


def test_the_box_can_also_be_asked(client: FlaskClient) -> None:
    page = read(client, "/")
    button = page.one("button", class_="ask-all")
    assert (button["formmethod"], button["formaction"]) == ("post", "/ask")
    finder = page.one("form", id="finder")
    assert (finder["method"], finder["action"], finder["role"]) == ("get", "/", "search")
    submits = [each.text for each in page.all("button") if each.text in ("Search", button.text)]
    assert submits[0] == "Search"  # what Enter does


def test_filters_are_kept_in_the_form(client: FlaskClient) -> None:
    page = read(client, "/?specialty=Cardiology&status=submitted")
    assert len(titles(page)) == 5
    assert [option.text for option in page.all("option") if "selected" in option.attributes] == ["Cardiology", "Submitted"]
    assert read(client, "/?status=approved").one("h2").text == "No article has this specialty and status"
    assert len(titles(read(client, "/?status=nonsense"))) == 40
    filtered = read(client, "/?question=gout&specialty=Cardiology")
    check_page(filtered)
    assert "Without the specialty and status you chose, 1 article is found." in filtered.text
    assert titles(read(client, next(a["href"] for a in filtered.all("a") if a.text == "Search all articles"))) == [GOUT]


def test_an_empty_result_says_what_to_try_and_the_examples_work(client: FlaskClient) -> None:
    page = read(client, "/?question=clutch+of+a+lorry")
    check_page(page)
    assert "Nothing found for clutch of a lorry" in " ".join(page.one("h2").text.split())
    assert page.one(id="count").text == "Nothing found"
    assert any(button["formaction"] == "/ask" and button["form"] == "finder" for button in page.all("button"))
    examples = [link["href"] for link in page.all("a") if link["href"].startswith("/?question=")]
    assert len(examples) >= 4
    for address in examples:
        assert titles(read(client, address))


def test_what_nothing_is_called_leads_to_what_is_nearest_in_meaning(small_client: FlaskClient) -> None:
    page = read(small_client, "/?question=caffeine+after+noon")
    check_page(page)
    assert page.one("h2").text == "Nearest in meaning"
    assert titles(page)[0] == "sleep-basics"


def test_the_part_for_the_script_is_the_same_as_in_the_page(client: FlaskClient) -> None:
    for query in ("", "?question=gout", "?question=xyzzy", f"?question={quote(DANGER)}", "?question=colchcine"):
        whole, part = read(client, f"/{query}"), Page(client.get(f"/{query}", headers=PART).text)
        for place in ("found", "signpost"):
            assert part.one(id=place).text.split() == whole.one(id=place).text.split()
        assert part.one(id="found")["data-summary"] == whole.one(id="count").text
        assert not part.all("html")


def test_caches_tell_the_part_from_the_page(client: FlaskClient) -> None:
    for headers in (BROWSER, PART):
        response = client.get("/?question=gout", headers=headers)
        assert "X-Part" in response.headers["Vary"]
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [BROWSER, PART])
def test_danger_comes_before_every_result(client: FlaskClient, headers: dict[str, str]) -> None:
    text = client.get(f"/?question={quote(DANGER)}", headers=headers).text
    assert text.index("This may be a heart attack") < text.index('id="found"')
    assert "You can try" not in text  # nothing that delays it


def test_danger_is_told_with_the_index_down(indexless: FlaskClient) -> None:
    begun = time.perf_counter()
    response = indexless.get(f"/?question={quote(DANGER)}", headers=BROWSER)
    page = Page(response.text)
    assert response.status_code == 200
    check_page(page)
    assert "This may be a heart attack" in page.one(id="signpost").text
    assert "cannot be searched at the moment" in page.one(id="failure").text
    assert time.perf_counter() - begun < 5


def test_without_danger_or_index_the_page_is_not_there_now(indexless: FlaskClient) -> None:
    response = indexless.get("/?question=gout", headers=PART)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("x" * 5000, 413, "Not searched: the question has 5000 characters; at most 4000 are taken."),
        ("gout\0", 422, "Not searched: the question holds the control character U+0000."),
        ("???", 422, "Not searched: the question is empty; type what you want to know."),
        ("   ", 200, ""),
        ("علاج النقرس", 200, ""),
        (
            "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
            422,
            "Not searched: the question is empty; type what you want to know.",
        ),
    ],
)
def test_odd_texts_get_a_page_that_says_why(client: FlaskClient, typed: str, status: int, said: str) -> None:
    page = read(client, f"/?question={quote(typed)}", status)
    check_page(page)
    assert page.one(id="failure").text == said
    assert page.one("input", id="question")["value"] == typed
    assert page.one("input", id="question")["dir"] == "auto"


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=99999999999999999999", "question=%ff%fe", "question=gout&question=x", "nonsense=1"],
)
def test_odd_addresses_are_shown_as_far_as_they_can_be(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}", headers=BROWSER).status_code == 200


def test_markup_of_articles_and_readers_stays_text(small_client: FlaskClient) -> None:
    for query in ("", f"?question={quote('colchicine ' + ATTACK)}", f"?question={quote(ATTACK)}", f"?specialty={quote(ATTACK)}"):
        for headers in (BROWSER, PART):
            text = small_client.get(f"/{query}", headers=headers).text
            assert "<img" not in text
            assert "<script>" not in text
    check_page(read(small_client, f"/?question={quote(ATTACK)}"))


def test_what_was_typed_is_never_logged(client: FlaskClient, indexless: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for typed in ("secretword", "secretword chest pain", "secretword" * 500, "secretword\0"):
        for each in (client, indexless):
            response = each.get(f"/?question={quote(typed)}", headers=BROWSER)
            assert response.status_code in (200, 413, 422, 503)
    assert "secretword" not in caplog.text


def test_fifty_articles_a_page_with_links_to_the_next(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    template = SMALL["sleep-basics"]
    write_articles(
        small.articles,
        {f"sleep-{n}": template.replace("sleep-basics", f"sleep-{n}").replace("What", f"In case {n} what") for n in range(60)},
    )
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    client = create_app(small, Assistant(open_with(small, embedder), store, small)).test_client()
    for query in ("", "question=insomnia"):
        first = read(client, f"/?{query}")
        check_page(first)
        assert len(titles(first)) == 50
        following = first.one("a", rel="next")["href"]
        second = read(client, following)
        check_page(second)
        assert second.one(id="count").text.endswith(f"articles, 51 to {50 + len(titles(second))} shown")
        assert not {*titles(first)} & {*titles(second)}
        assert titles(read(client, second.one("a", rel="prev")["href"])) == titles(first)
    store.close()
