"""A reader's own conversations over HTTP: listed, reopened, renamed, deleted; read by anybody, changed by nobody else."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.store.conversations import MAX_TITLE
from assistant.web import create_app
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles
from tests.pages import BROWSER, Page, ask, check_page, read

QUESTION = "How much colchicine do I, Jane Doe, take?"
DANGER = "My husband has crushing chest pain, he sweats and cannot breathe. Colchicine?"
ARTICLE = "gout-basics"
MARKUP = '"><img src=http://evil.example/i onerror=alert(1)><script>alert(2)</script>'


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings over the small corpus with a built index; every question is answered."""
    folder = tmp_path_factory.mktemp("conversations")
    made = Settings(
        articles=write_articles(folder / "articles"),
        index=folder / "index",
        database=f"sqlite:///{folder / 'assistant.sqlite'}",
        abstain_below=0.0,
        questions_per_minute=0,
        _env_file=None,
    )
    build_index(made, embedder=BagOfWordsEmbedder())
    return made


@pytest.fixture(scope="module")
def app(asking: Settings) -> Iterator[Flask]:
    store = ConversationStore(asking.database)
    yield create_app(asking, Assistant(open_with(asking, BagOfWordsEmbedder()), store, asking))
    store.close()


@pytest.fixture
def browser(app: Flask) -> Callable[[], FlaskClient]:
    """A new reader, who has opened the page to ask on."""

    def opened(**kept: bool) -> FlaskClient:
        client = app.test_client(**kept)
        client.get("/ask", headers=BROWSER)
        return client

    return opened


def begin(client: FlaskClient, question: str = QUESTION, **form: str) -> str:
    """The id of the conversation that a question of this reader went into."""
    response = ask(client, question, **form)
    assert response.status_code == 303
    return parse_qs(urlsplit(response.location).query)["conversation"][0]


def listed(client: FlaskClient) -> dict[str, str]:
    """The ids and titles of a reader's list."""
    page = read(client, "/conversations")
    check_page(page)
    ids = [item["id"] for item in page.all("li") if item["id"]]
    return dict(zip(ids, [link.text for link in page.all("a", class_="reopen")], strict=True))


def questions(client: FlaskClient, conversation: str) -> list[str]:
    return [answer["question"] for answer in client.get(f"/api/v1/conversations/{conversation}").get_json()["answers"]]


# --- list, reopen, rename, delete ---------------------------------------------------------------------------------------


def test_a_new_reader_has_an_empty_list_that_says_what_to_do(browser: Callable[[], FlaskClient]) -> None:
    page = read(browser(), "/conversations")
    check_page(page)
    assert "Nothing asked yet in this browser. Ask all articles, or find an article" in page.text
    assert [form for form in page.all("form") if "conversations" in form["action"]] == []


def test_a_listed_conversation_opens_where_it_was_asked_with_the_same_answers(browser: Callable[[], FlaskClient]) -> None:
    reader = browser()
    beside = begin(reader, article_id=ARTICLE)
    begin(reader, "Is a steroid an option?", article_id=ARTICLE, conversation_id=beside)
    alone = begin(reader, "Which urate level is the goal?")
    page = read(reader, "/conversations")
    addresses = [link["href"] for link in page.all("a", class_="reopen")]
    assert addresses == [f"/ask?conversation={alone}#chat", f"/articles/{ARTICLE}?conversation={beside}#chat"]
    assert "beside “How is a gout flare treated?”" in page.text
    assert "2 questions" in page.text
    assert re.search(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC", page.all("time")[0].text)
    reopened = read(reader, addresses[1])
    assert [heading.text for heading in reopened.all("h3", class_="question")] == [QUESTION, "Is a steroid an option?"]
    quotes = [[one["quote"] for one in answer["citations"]] for answer in stored(reader, beside)]
    assert [quote.text for quote in reopened.all("blockquote")] == [quote for answer in quotes for quote in answer]


def stored(client: FlaskClient, conversation: str) -> list[dict]:
    answers: list[dict] = client.get(f"/api/v1/conversations/{conversation}").get_json()["answers"]
    return answers


def test_a_conversation_that_began_with_a_danger_is_listed_too(browser: Callable[[], FlaskClient]) -> None:
    reader = browser()
    assert {begin(reader, DANGER): DANGER} == listed(reader)


def test_renaming_keeps_the_answers_and_says_that_it_was_done(browser: Callable[[], FlaskClient]) -> None:
    reader = browser()
    conversation = begin(reader)
    response = reader.post(f"/conversations/{conversation}/rename", data={"title": " My\r\ngout "}, headers=BROWSER)
    assert (response.status_code, response.location) == (303, f"/conversations?done=renamed#{conversation}")
    assert listed(reader) == {conversation: "My gout"}
    assert questions(reader, conversation) == [QUESTION]
    assert read(reader, response.location).one("p", class_="done", role="status").text == "Renamed."


@pytest.mark.parametrize("title", ["", " \n\t", "\u200b\u2060", "\u202e", "\0"])
def test_a_name_that_cannot_be_seen_is_refused(browser: Callable[[], FlaskClient], title: str) -> None:
    reader = browser()
    conversation = begin(reader)
    refused = reader.post(f"/conversations/{conversation}/rename", data={"title": title}, headers=BROWSER)
    assert refused.status_code == 422
    assert "needs a name" in refused.text
    assert listed(reader) == {conversation: QUESTION}


@pytest.mark.parametrize("title", [MARKUP, "علاج النقرس الحاد", "x" * 5000, "{{ 7 * 7 }}", "\x1b[31mred", "\u202egnirts"])
def test_any_other_name_is_shown_as_the_text_it_is(browser: Callable[[], FlaskClient], title: str) -> None:
    reader = browser()
    conversation = begin(reader)
    assert reader.post(f"/conversations/{conversation}/rename", data={"title": title}).status_code == 303
    (shown,) = listed(reader).values()  # check_page() finds what markup would have become
    assert shown == title.replace("\x1b", "") if len(title) <= MAX_TITLE else shown.startswith("xxx")
    assert len(shown) <= MAX_TITLE


def test_deleting_makes_every_address_of_a_conversation_404(browser: Callable[[], FlaskClient], app: Flask) -> None:
    reader = browser()
    conversation, other = begin(reader), begin(reader, "Is a steroid an option?")
    answer = stored(reader, conversation)[0]["answer_id"]
    reader.post(f"/answers/{answer}/feedback", data={"helpful": "no", "reason": "unsafe"})
    addresses = [
        f"/ask?conversation={conversation}",
        f"/articles/{ARTICLE}?conversation={conversation}",
        f"/api/v1/conversations/{conversation}",
        f"/api/v1/answers/{answer}",
        f"/api/v1/answers/{answer}/verify",
        f"/conversations/{conversation}.md",
        f"/answers/{answer}.md",
        f"/answers/{answer}.ris",
        f"/answers/{answer}.bib",
        f"/answers/{answer}/citations/1",
    ]
    assert [reader.get(address).status_code for address in addresses] == [200] * len(addresses)
    response = reader.post(f"/conversations/{conversation}/delete", headers=BROWSER)
    assert (response.status_code, response.location) == (303, "/conversations?done=deleted")
    assert read(reader, response.location).one("p", class_="done", role="status").text == "Conversation deleted."
    assert [reader.get(address).status_code for address in addresses] == [404] * len(addresses)
    assert reader.post(f"/answers/{answer}/feedback", data={"helpful": "yes"}).status_code == 404
    assert reader.post(f"/conversations/{conversation}/delete").status_code == 404
    assert ask(reader, "And then?", conversation_id=conversation).status_code == 404
    assert listed(reader) == {other: "Is a steroid an option?"}
    everything = app.extensions["assistant"].store.database
    with everything.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM feedback")).scalar() == 0


def test_deleting_all_leaves_the_conversations_of_others(browser: Callable[[], FlaskClient]) -> None:
    mine, yours = browser(), browser()
    begin(mine), begin(mine)
    kept = begin(yours)
    response = mine.post("/conversations/delete", headers=BROWSER)
    assert read(mine, response.location).one("p", class_="done", role="status").text == "All conversations deleted."
    assert listed(mine) == {}
    assert listed(yours) == {kept: QUESTION}


def test_a_list_has_two_steps_to_delete_and_says_nothing_that_an_address_made_up(browser: Callable[[], FlaskClient]) -> None:
    reader = browser()
    begin(reader)
    page = read(reader, "/conversations?done=<b>Call+0900</b>")
    assert page.one("p", class_="done", role="status").text == ""
    assert "0900" not in page.text + page.one("title").text
    dangerous = page.all("button", class_="danger")
    assert [button.inside[-2:] for button in dangerous] == [("details", "form")] * 2


# --- whose it is --------------------------------------------------------------------------------------------------------


def test_another_reader_reads_by_the_address_but_neither_renames_deletes_nor_continues(
    browser: Callable[[], FlaskClient],
) -> None:
    mine, yours = browser(), browser()
    conversation = begin(mine)
    page = read(yours, f"/ask?conversation={conversation}")
    assert "Another reader began this conversation" in page.text
    assert yours.post(f"/conversations/{conversation}/rename", data={"title": "Taken"}).status_code == 404
    assert yours.post(f"/conversations/{conversation}/delete").status_code == 404
    own = begin(yours, "Is a steroid an option?", conversation_id=conversation)
    assert own != conversation
    assert listed(mine) == {conversation: QUESTION}
    assert listed(yours) == {own: "Is a steroid an option?"}
    assert questions(mine, conversation) == [QUESTION]


def test_without_cookies_a_conversation_is_nobodys_and_can_be_continued(app: Flask, browser: Callable[[], FlaskClient]) -> None:
    cookieless = app.test_client(use_cookies=False)
    assert "reader=" in cookieless.get("/ask", headers=BROWSER).headers["Set-Cookie"]
    conversation = begin(cookieless)
    assert begin(cookieless, "Is a steroid an option?", conversation_id=conversation) == conversation
    page = read(cookieless, f"/ask?conversation={conversation}")
    assert "Another reader" not in page.text
    assert listed(cookieless) == {}
    for reader in (cookieless, browser()):
        assert reader.post(f"/conversations/{conversation}/delete").status_code == 404
        assert reader.post(f"/conversations/{conversation}/rename", data={"title": "Mine"}).status_code == 404
    assert cookieless.post("/conversations/delete").status_code == 404
    assert len(questions(cookieless, conversation)) == 2


def test_a_conversation_of_the_api_is_nobodys(browser: Callable[[], FlaskClient], app: Flask) -> None:
    asked = app.test_client().post("/api/v1/chat", json={"question": QUESTION}).get_json()["conversation_id"]
    assert begin(browser(), "Is a steroid an option?", conversation_id=asked) == asked


@pytest.mark.parametrize("path", ["rename", "delete"])
def test_no_other_site_can_make_a_reader_change_a_conversation(browser: Callable[[], FlaskClient], path: str) -> None:
    reader = browser()
    conversation = begin(reader)
    addresses = [f"/conversations/{conversation}/{path}", "/conversations/delete"]
    for address in addresses:
        sent = reader.post(address, data={"title": "x"}, headers=BROWSER | {"Sec-Fetch-Site": "cross-site"})
        assert sent.status_code == 403
        assert reader.get(address, headers=BROWSER).status_code == 405
    assert listed(reader) == {conversation: QUESTION}


def test_an_answer_shows_a_reader_their_own_opinion_and_nobody_elses(browser: Callable[[], FlaskClient]) -> None:
    mine, yours = browser(), browser()
    address, _, answer_id = ask(mine, QUESTION).location.partition("#")
    opinion = {"helpful": "no", "reason": "hard_to_read", "comment": "Words </textarea><script>"}
    mine.post(f"/answers/{answer_id}/feedback", data=opinion)
    shown, other = mine.get(address, headers=BROWSER).text, yours.get(address, headers=BROWSER).text
    assert re.findall(r'value="(\w+)" checked', shown) == ["hard_to_read"]
    assert "Words &lt;/textarea&gt;&lt;script&gt;" in shown
    assert "checked" not in other
    assert "Words" not in other


# --- the cookie ---------------------------------------------------------------------------------------------------------


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("reader")
    assert cookie is not None
    return cookie.value


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app: Flask) -> None:
    first = app.test_client()
    plain = first.get("/", headers=BROWSER).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(plain.split("; "))
    assert "Secure" not in plain
    tls = app.test_client().get("/", headers=BROWSER, base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in tls.split("; ")


def test_the_cookie_comes_with_pages_only_and_stays_the_same(app: Flask) -> None:
    reader = app.test_client()
    for address in ("/static/base.css", "/api/v1/articles", "/healthz", "/nowhere", "/ask?conversation=nowhere"):
        with reader.get(address, headers=BROWSER) as response:
            assert "Set-Cookie" not in response.headers
    reader.get("/", headers=BROWSER)
    kept = cookie_of(reader)
    begin(reader)
    reader.get("/conversations", headers=BROWSER)
    assert cookie_of(reader) == kept
    assert re.fullmatch(r"[\w-]{32}", kept)


@pytest.mark.parametrize("made_up", ["A" * 32, "-" * 32])
def test_a_made_up_cookie_of_the_right_form_is_a_reader_without_conversations(
    app: Flask, browser: Callable[[], FlaskClient], made_up: str
) -> None:
    begin(browser())
    guessing = app.test_client()
    guessing.set_cookie("reader", made_up)
    assert listed(guessing) == {}
    assert cookie_of(guessing) == made_up


@pytest.mark.parametrize("bad", ["", "short", "x" * 33, "x" * 4000, "ü" * 32, 'a"b' * 10 + "cd", "' OR 1=1 --" + " " * 21])
def test_any_other_cookie_is_replaced(app: Flask, bad: str) -> None:
    client = app.test_client()
    client.set_cookie("reader", bad)
    assert listed(client) == {}
    assert re.fullmatch(r"[\w-]{32}", cookie_of(client))


def test_who_a_reader_is_stands_in_no_page_and_no_json(app: Flask, browser: Callable[[], FlaskClient]) -> None:
    reader, store = browser(), app.extensions["assistant"].store
    conversation = begin(reader)
    answer = stored(reader, conversation)[0]["answer_id"]
    digest = store.reader(conversation)
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert digest != cookie_of(reader)
    reader.post(f"/answers/{answer}/feedback", data={"helpful": "yes"})
    addresses = (
        "/conversations",
        f"/ask?conversation={conversation}",
        f"/api/v1/conversations/{conversation}",
        f"/api/v1/answers/{answer}",
        f"/conversations/{conversation}.md",
        "/metrics",
    )
    for address in addresses:
        told = reader.get(address, headers=BROWSER).text
        assert digest not in told
        assert cookie_of(reader) not in told


# --- failures -----------------------------------------------------------------------------------------------------------


def test_a_failing_store_is_a_503_page_and_the_log_tells_nothing_of_the_question(
    asking: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failing = asking.model_copy(update={"database": f"sqlite:///{tmp_path / 'failing.sqlite'}"})
    store = ConversationStore(failing.database)
    reader = create_app(failing, Assistant(open_with(failing, BagOfWordsEmbedder()), store, failing)).test_client()
    reader.get("/ask", headers=BROWSER)
    with caplog.at_level(logging.DEBUG):
        conversation = begin(reader)
        reader.post(f"/conversations/{conversation}/rename", data={"title": "Jane Doe's gout"})
        engine = create_engine(failing.database)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE conversation RENAME TO lost"))
        engine.dispose()
        sent = [
            reader.get("/conversations", headers=BROWSER),
            reader.post(f"/conversations/{conversation}/rename", data={"title": "Jane again"}, headers=BROWSER),
            reader.post(f"/conversations/{conversation}/delete", headers=BROWSER),
            reader.post("/conversations/delete", headers=BROWSER),
        ]
    store.close()
    for response in sent:
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "10"
        assert "conversations cannot be kept or read" in Page(response.text).text.lower()
        assert "Jane" not in response.text
    assert "Jane" not in caplog.text


def test_the_list_is_there_while_the_index_is_not(
    app: Flask, asking: Settings, tmp_path: Path, browser: Callable[[], FlaskClient]
) -> None:
    reader = browser()
    conversation = begin(reader, article_id=ARTICLE)
    missing = asking.model_copy(update={"index": tmp_path / "none"})
    without = create_app(missing, Assistant(None, app.extensions["assistant"].store, missing)).test_client()
    without.set_cookie("reader", cookie_of(reader))
    assert listed(without) == {conversation: QUESTION}
    assert read(without, "/conversations").one("a", class_="reopen")["href"] == f"/ask?conversation={conversation}#chat"
