"""The web application's defences: requests of other sites, the headers of every reply, proxies, cookies, pages of problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from assistant.answering import Assistant
from assistant.events import Ask, Event
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with
from tests.pages import BROWSER, Page, check_page

HOST = "127.0.0.1:8000"
PRIVATE = "Does colchicine help Mrs Zebedee Quux?"
STREAM = {"Accept": "text/event-stream"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
#: What a browser, or none, says of where a request comes from -> whether it may change something.
SENDERS: list[tuple[str, dict[str, str], bool]] = [
    ("our page", {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{HOST}"}, True),
    ("our page without Origin", {"Sec-Fetch-Site": "same-origin"}, True),
    ("the reader", {"Sec-Fetch-Site": "none"}, True),
    ("our page, old browser", {"Origin": f"http://{HOST}"}, True),
    ("our page behind a proxy that takes https", {"Origin": f"https://{HOST}"}, True),
    ("no browser", {}, True),
    ("another site", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
    ("another site that names us", {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"}, False),
    ("another host of our domain", {"Sec-Fetch-Site": "same-site"}, False),
    ("a browser of the future", {"Sec-Fetch-Site": "other"}, False),
    ("another site, old browser", {"Origin": "https://evil.example"}, False),
    ("another port", {"Origin": "http://127.0.0.1:9000"}, False),
    ("a longer host", {"Origin": f"http://{HOST}.evil.example"}, False),
    ("our host as a user's name", {"Origin": f"http://{HOST}@evil.example"}, False),
    ("a sandboxed frame", {"Origin": "null"}, False),
    ("no host", {"Origin": "http://"}, False),
    ("no scheme", {"Origin": HOST}, False),
    ("another scheme", {"Origin": f"ftp://{HOST}"}, False),
    ("no address", {"Origin": "http://["}, False),
]


class FailingAssistant(Assistant):
    """Has a defect that only questions meet."""

    def stream(self, ask: Ask) -> Iterator[Event]:
        yield next(super().stream(ask))
        raise ZeroDivisionError(ask.question)


Made = Callable[..., FlaskClient]


@pytest.fixture
def made(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[Made]:
    """A client of the application over the small corpus, with settings given by keyword."""
    build_index(small, embedder=embedder)
    index, store = open_with(small, embedder), ConversationStore(small.database)

    def client(kind: type[Assistant] = Assistant, **given: Any) -> FlaskClient:
        settings = small.model_copy(update={"questions_per_minute": 0, **given})
        app = create_app(settings, kind(index, store, settings))
        assert app.extensions["ready"].wait(10)
        return app.test_client()

    yield client
    store.close()


@pytest.fixture
def without_index(small: Settings) -> Iterator[FlaskClient]:
    """A client of an application whose index is not built yet."""
    store = ConversationStore(small.database)
    settings = small.model_copy(update={"index": small.index / "none"})
    yield create_app(settings, Assistant(None, store, settings)).test_client()
    store.close()


def address(app: Flask, rule: Rule, **known: str) -> str:
    """Where a route lies, with what is known of the parts of its address."""
    parts = {"filename": "icon.svg", "article_id": "gout-basics", "number": 1, **known}
    with app.test_request_context():
        return app.url_map.bind(HOST).build(rule.endpoint, {name: parts.get(name, "x") for name in rule.arguments})


def asked(client: FlaskClient, **headers: str) -> dict[str, str]:
    """The ids of an answer and its conversation."""
    answer = client.post("/api/v1/chat", json={"question": "How much colchicine for a flare?"}, headers=headers).get_json()
    return {name: answer[name] for name in ("answer_id", "conversation_id")}


@pytest.mark.parametrize(("headers", "ours"), [row[1:] for row in SENDERS], ids=[row[0] for row in SENDERS])
def test_what_another_site_sends_is_refused_on_every_route(made: Made, headers: dict[str, str], ours: bool) -> None:
    client = made()
    tried = 0
    for rule in client.application.url_map.iter_rules():
        for method in UNSAFE:
            where = address(client.application, rule)
            sent = {"headers": {"Host": HOST, **headers}, "data": {"question": PRIVATE}}
            response = client.open(where, method=method, buffered=True, **sent)
            assert (response.status_code != 403) == ours, (method, where)
            assert ours or "Set-Cookie" not in response.headers
            assert response.status_code < 500
            tried += 1
    assert tried > 60
    assert client.open("/nothing-here", method="POST", headers={"Host": HOST, **headers}).status_code == (404 if ours else 403)


@pytest.mark.parametrize("headers", [row[1] for row in SENDERS], ids=[row[0] for row in SENDERS])
def test_what_changes_nothing_is_open_to_every_site(made: Made, headers: dict[str, str]) -> None:
    client = made()
    for where in ("/", "/articles/gout-basics", "/healthz", "/static/icon.svg", "/api/v1/articles"):
        for method in ("GET", "HEAD", "OPTIONS"):
            response = client.open(where, method=method, headers={"Host": HOST, **headers}, buffered=True)
            assert response.status_code == 200


def test_over_https_a_page_of_the_same_host_over_http_is_another_site(made: Made) -> None:
    client = made()
    for scheme, status in (("https", 200), ("http", 403)):
        response = client.post(
            "/api/v1/retrieve",
            json={"query": "gout"},
            base_url="https://reader.example",
            headers={"Origin": f"{scheme}://reader.example"},
        )
        assert response.status_code == status


def test_a_refused_question_is_not_answered_stored_or_repeated(made: Made, small: Settings) -> None:
    client = made()
    headers = {"Sec-Fetch-Site": "cross-site", **BROWSER}
    refused = client.post("/ask", data={"question": PRIVATE}, headers=headers)
    assert refused.status_code == 403
    page = Page(refused.text)
    check_page(page)
    assert "open the page" in page.text.lower()
    assert "call your local emergency number" in page.text
    assert "Zebedee" not in refused.text
    assert b"Zebedee" not in b"".join(path.read_bytes() for path in small.index.parent.glob("assistant.sqlite*"))
    refused = client.post("/api/v1/chat", json={"question": PRIVATE}, headers=headers)
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert "Zebedee" not in refused.text


def check_headers(response: TestResponse, secure: bool) -> None:
    """What every reply carries, whatever its route and status."""
    headers = response.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == "'none'"
    for name in ("script-src", "style-src", "img-src", "connect-src", "form-action"):
        assert policy[name] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert ("Strict-Transport-Security" in headers) == secure
    assert not secure or int(re.findall(r"max-age=(\d+)", headers["Strict-Transport-Security"])[0]) >= 365 * 24 * 3600
    assert "Access-Control-Allow-Origin" not in headers
    kind = response.mimetype or ""  # a 304 has none
    if kind.startswith("text/") or kind.endswith("xml"):
        assert "charset=utf-8" in headers["Content-Type"]
    storable = kind in ("text/css", "text/javascript", "image/svg+xml") or response.status_code == 304
    assert headers["Cache-Control"] == ("no-cache" if storable or kind == "text/event-stream" else "no-store")
    assert "ETag" in headers or not storable
    for cookie in headers.getlist("Set-Cookie"):
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
        assert ("Secure" in cookie.split("; ")) == secure


def replies(made: Made, without_index: FlaskClient, base: str) -> Iterator[TestResponse]:
    """Every route with what it gives when all is well, and every status that there is."""
    client, limited, failing = made(), made(questions_per_minute=1), made(FailingAssistant)
    ids = asked(client)
    given = {"base_url": base, "buffered": True}
    form = {"question": "Is colchicine given?", "audience": "patient", "helpful": "yes", "title": "x"}
    for rule in client.application.url_map.iter_rules():
        where, nowhere = (address(client.application, rule, **known) for known in (ids, {"article_id": "x", "filename": "x"}))
        yield client.get(where, headers=BROWSER, **given)
        yield client.get(f"{where}?show=&part=&conversation=none&question=x", **given)
        yield client.get(nowhere, headers=BROWSER, **given)
        for headers in (BROWSER, STREAM, {"Sec-Fetch-Site": "cross-site", **BROWSER}):
            yield client.post(where, data={}, headers=headers, **given)
            yield client.post(where, data=form, headers=headers, **given)
        yield client.put(where, headers=BROWSER, **given)
    etag = client.get("/static/icon.svg", buffered=True).headers["ETag"]
    yield client.get("/static/icon.svg", headers={"If-None-Match": etag}, **given)
    for body in (b"{", b'{"question": ""}', b'{"question": "x"}' + b" " * 70_000, b'{"question": "How is gout treated?"}'):
        for headers in ({}, STREAM):
            yield client.post("/api/v1/chat", data=body, content_type="application/json", headers=headers, **given)
    for asking in (limited, limited, failing):
        yield asking.post("/api/v1/chat", json={"question": "How is gout treated?"}, **given)
    for headers in ({}, BROWSER):
        yield without_index.get("/articles/gout-basics", headers=headers, **given)


@pytest.mark.parametrize("base", ["http://reader.example", "https://reader.example"])
def test_every_reply_carries_every_header(made: Made, without_index: FlaskClient, base: str) -> None:
    seen: set[int] = set()
    kinds: set[str] = set()
    for response in replies(made, without_index, base):
        check_headers(response, secure=base.startswith("https"))
        seen.add(response.status_code)
        kinds.add(response.mimetype)
    assert seen >= {200, 303, 304, 400, 403, 404, 405, 413, 415, 422, 429, 500, 503}
    assert kinds >= {"text/html", "application/json", "application/problem+json", "text/event-stream", "image/svg+xml"}


@pytest.mark.parametrize(("proxies", "believed"), [(0, False), (1, True)])
def test_what_a_proxy_says_is_believed_only_where_one_is_set(made: Made, proxies: int, believed: bool) -> None:
    client = made(proxies=proxies)
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "reader.example", "X-Forwarded-For": "198.51.100.1"}
    check_headers(client.get("/healthz", headers=forwarded), secure=believed)
    sent = client.post("/api/v1/retrieve", json={"query": "gout"}, headers={**forwarded, "Origin": "https://reader.example"})
    assert sent.status_code == (200 if believed else 403)


def test_a_forged_host_leads_nowhere(made: Made) -> None:
    response = made().post("/ask", data={"question": "Is colchicine given?"}, headers={"Host": "evil.example", **BROWSER})
    assert response.status_code == 303
    assert response.location.startswith("/ask?conversation=")


def test_a_page_that_waits_for_the_articles_tries_again_by_itself(without_index: FlaskClient) -> None:
    response = without_index.get("/articles/gout-basics", headers=BROWSER)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    page = Page(response.text)
    check_page(page)
    assert "opening the articles, or their index is being built" in page.text
    assert "tries again by itself" in page.text
    assert "call your local emergency number" in page.text
    assert page.one("meta", http_equiv="refresh")["content"] == "10"
    assert "noscript" in page.one("meta", http_equiv="refresh").inside  # with JavaScript nobody's reading is broken off
    assert page.one("script", src="/static/waiting.js")
    refused = without_index.get("/api/v1/articles")
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")


def test_a_question_to_a_server_that_is_not_ready_is_kept_and_not_sent_again_by_itself(without_index: FlaskClient) -> None:
    response = without_index.post("/ask", data={"question": PRIVATE, "article_id": "gout-basics"}, headers=BROWSER)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    page = Page(response.text)
    check_page(page)
    assert page.one("textarea").text.strip() == PRIVATE
    assert page.one("input", name="article_id")["value"] == "gout-basics"
    assert "You can ask again in 10 seconds" in page.text
    assert not page.all("meta", http_equiv="refresh")
    assert not page.all("script", src="/static/waiting.js")


def test_a_question_over_the_limit_is_kept_in_its_box_with_when_to_ask_again(made: Made) -> None:
    client = made(questions_per_minute=1)
    assert client.post("/ask", data={"question": "Is colchicine given?"}, headers=BROWSER).status_code == 303
    response = client.post("/ask", data={"question": PRIVATE}, headers=BROWSER)
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    page = Page(response.text)
    check_page(page)
    assert page.one("textarea").text.strip() == PRIVATE
    assert "too many questions" in page.text.lower()
    streamed = client.post("/ask", data={"question": PRIVATE}, headers=STREAM)
    assert (streamed.status_code, streamed.mimetype) == (429, "application/problem+json")
    assert "Retry-After" in streamed.headers
    assert "Zebedee" not in streamed.text
    signpost = client.post("/ask", data={"question": "I want to end my life tonight"}, headers=STREAM)
    assert signpost.status_code == 200
    assert "988" in signpost.text


def test_a_defect_is_told_without_the_question_and_logged_without_it(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    client = made(FailingAssistant)
    response = client.post("/ask", data={"question": PRIVATE}, headers=BROWSER)
    assert response.status_code == 500
    page = Page(response.text)
    check_page(page)
    assert page.one("h1").text == "Something went wrong"
    assert "call your local emergency number" in page.text
    streamed = client.post("/api/v1/chat", json={"question": PRIVATE}, headers=STREAM).text.partition("event: error")[2]
    assert '"status": 500' in streamed
    assert caplog.text.count("ZeroDivisionError; its message is not logged") == 2
    assert caplog.text.count("in stream\n") >= 2  # where it happened is logged
    assert "Zebedee" not in response.text + streamed + caplog.text
