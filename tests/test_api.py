"""The HTTP contract: what the JSON API takes, gives and refuses."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from assistant.disclaimer import DISCLAIMER
from assistant.settings import Settings
from assistant.web import create_app

GOUT = "gout-flares-urate-lowering"
PRIVATE = "Mrs Zebedee Quux, born 12 March 1951"


@pytest.fixture(scope="module")
def client(settings: Settings) -> FlaskClient:
    app = create_app(settings)
    assert app.extensions["ready"].wait(60)
    return app.test_client()


def chat(client: FlaskClient, **body: Any) -> Any:
    return client.post("/api/v1/chat", json=body)


def test_chat_answers_in_the_shape_of_the_contract(client: FlaskClient) -> None:
    answer = chat(client, question="What colchicine dose for a flare?", article_id=GOUT).get_json()
    assert list(answer) == [
        "answer_id", "conversation_id", "question", "query", "status", "mode", "audience", "plain", "sentences", "citations",
        "references", "review_status", "banner", "abstention", "clarification", "caveats", "conflicts", "glosses", "nearest",
        "suggestions", "confidence", "fallback", "dropped", "disclaimer", "notice", "index_generation", "timing_ms",
    ]  # fmt: skip
    assert {"text", "used_history", "reason"} <= set(answer["query"])
    assert set(answer["sentences"][0]) == {"text", "citations", "role"}
    assert set(answer["citations"][0]) == {
        "number", "article_id", "article_title", "section", "passage_id", "statement_id", "quote", "start", "end", "sha256",
        "review_status", "last_updated", "references", "origin",
    }  # fmt: skip
    assert set(answer["references"][0]) == {
        "number", "type", "title", "authors", "venue", "year", "doi", "pmid", "url", "retracted",
    }  # fmt: skip
    assert answer["disclaimer"] == DISCLAIMER


def test_a_stream_gives_meta_then_sentences_then_the_whole_answer(client: FlaskClient) -> None:
    body = {"question": "What colchicine dose for a flare?", "article_id": GOUT}
    response = client.post("/api/v1/chat", json=body, headers={"Accept": "text/event-stream"})
    assert response.mimetype == "text/event-stream"
    events = [block.split("\n", 1) for block in response.get_data(as_text=True).strip().split("\n\n")]
    names = [name.removeprefix("event: ") for name, _ in events]
    assert names[0] == "meta"
    assert names[-1] == "answer"
    assert set(names[1:-1]) == {"sentence"}
    whole = json.loads(events[-1][1].removeprefix("data: "))
    streamed = [json.loads(data.removeprefix("data: "))["text"] for _, data in events[1:-1]]
    assert streamed == [sentence["text"] for sentence in whole["sentences"]]


def test_stored_answers_and_conversations_can_be_fetched_and_verified(client: FlaskClient) -> None:
    first = chat(client, question="Who definitely needs urate lowering?", article_id=GOUT).get_json()
    chat(client, question="And after the first attack?", conversation_id=first["conversation_id"])
    kept = client.get(f"/api/v1/answers/{first['answer_id']}").get_json()
    assert kept == first | {"created_at": kept["created_at"]}
    standing = client.get(f"/api/v1/answers/{first['answer_id']}/verify").get_json()["citations"]
    assert {citation["standing"] for citation in standing} == {"unchanged"}
    stored = client.get(f"/api/v1/conversations/{first['conversation_id']}").get_json()
    assert len(stored["answers"]) == 2


def test_articles_are_listed_and_shown_without_the_servers_paths(client: FlaskClient) -> None:
    listed = client.get("/api/v1/articles").get_json()["articles"]
    assert len(listed) == 40
    assert set(listed[0]) == {"id", "title", "specialty", "status", "last_updated"}
    one = client.get(f"/api/v1/articles/{GOUT}").get_json()
    assert one["status"] == "submitted"
    assert "path" not in one


def test_retrieve_gives_ranked_passages(client: FlaskClient) -> None:
    found = client.post("/api/v1/retrieve", json={"query": "colchicine on dialysis", "k": 3, "article_id": GOUT}).get_json()
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert found["hits"][0]["passage_id"] == f"{GOUT}#F14"
    assert isinstance(found["index_generation"], int)


BAD_BODIES = [
    (b"", 400), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"null", 400), (b"{}", 422),
    (b'{"question": ""}', 422), (b'{"question": "   "}', 422), ('{"question": "\u200b\u2060"}'.encode(), 422),
    (b'{"question": "?!"}', 422), (b'{"question": 5}', 422), (b'{"question": null}', 422), (b'{"question": ["a"]}', 422),
    (b'{"question": NaN}', 400), (b'{"question": Infinity}', 400), (b'{"question": "a", "question": "b"}', 400),
    (b'{"question": "\\ud800"}', 422), (b'{"question": "a", "conversation_id": "\\ud800"}', 422),
    (b'{"question": "a\\u0000b"}', 422), (b'{"question": "a\\u001bb"}', 422), (b'\xff\xfe{"question": "a"}', 400),
    ('{"question": "a"}'.encode("utf-16"), 400), (b'{"question": ' + b"9" * 5000 + b"}", 400),
    (b'{"question": "a", "audience": "king"}', 422), (b'{"question": "a", "mode": "poetic"}', 422),
    (b'{"question": "a", "article_id": ""}', 422), (b"[" * 60_000, 400), (b'{"a":' * 10_000, 400),
    (b'{"question": "' + b"a" * 4001 + b'"}', 413), (b'{"question": "' + b"a" * 70_000 + b'"}', 413),
    (b'{"question": "What dose?", "article_id": "no-such-article"}', 404),
    (b'{"question": "What dose?", "conversation_id": "none"}', 404),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
def test_a_bad_body_gets_problem_json_and_its_status(client: FlaskClient, body: bytes, status: int) -> None:
    response = client.post("/api/v1/chat", data=body, content_type="application/json")
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.get_json(force=True)
    assert set(problem) == {"type", "title", "status", "detail", "disclaimer"}
    assert problem["status"] == status


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", None])
def test_another_content_type_gets_415(client: FlaskClient, content_type: str | None) -> None:
    response = client.post("/api/v1/chat", data=b'{"question": "a"}', content_type=content_type)
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/chat", 405),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/articles/../../etc/passwd", 404),
        ("GET", "/api/v1/articles/%2e%2e%2fsecret", 404),
        ("GET", "/api/v1/articles/%00", 404),
        ("GET", "/api/v1/answers/none", 404),
        ("GET", "/api/v1/answers/none/verify", 404),
        ("GET", "/api/v1/conversations/none", 404),
        ("DELETE", "/api/v1/articles", 405),
    ],
)
def test_wrong_addresses_and_methods_get_problem_json(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        {"question": PRIVATE + " " + "a" * 4000},
        {"question": PRIVATE + "\x00"},
        {"question": [PRIVATE]},
        {"question": "a", PRIVATE: 1},
        {"question": "a", "audience": PRIVATE},
        {"question": PRIVATE, "article_id": "nope"},
        {"question": PRIVATE + " colchicine dose for gout?"},
    ],
)
def test_the_question_is_never_logged_and_never_echoed_by_an_error(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = client.post("/api/v1/chat", json=body)
    assert "Zebedee" not in caplog.text
    if response.status_code != 200:
        assert "Zebedee" not in response.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", f"/articles/{GOUT}", "/healthz", "/api/v1/nothing", "/articles/none", "/static/style.css"])
def test_security_headers_stand_on_every_route_and_status(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_health_readiness_metrics_and_openapi_answer(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json()["status"] == "ok"
    assert client.get("/readyz").status_code == 200
    assert "followup_requests_total" in client.get("/metrics").get_data(as_text=True)
    document = client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/chat", "/api/v1/retrieve", "/api/v1/articles", "/api/v1/answers/{answer_id}"} <= set(document["paths"])
