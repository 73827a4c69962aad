"""The limits: an address' share of questions and answers, room for everybody's, and danger that is never turned away."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from assistant.web.limits import Limiter
from assistant.web.shares import Shares
from corpus.errors import ServerBusy, TooManyQuestions
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with

QUESTION = "How much colchicine is taken for a flare?"
DANGER = "My husband has crushing chest pain, he sweats and cannot breathe. Colchicine?"
CRISIS = "I want to end my life tonight"
STREAM = {"Accept": "text/event-stream"}
Opened = Callable[..., FlaskClient]


@pytest.fixture
def opened(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[Opened]:
    """A client of the application over the small corpus, with limits given by keyword."""
    build_index(small, embedder=embedder)
    index, store = open_with(small, embedder), ConversationStore(small.database)

    def client(**limits: int) -> FlaskClient:
        given = small.model_copy(update=limits)
        return create_app(given, Assistant(index, store, given)).test_client()

    yield client
    store.close()


def ask(client: FlaskClient, question: str = QUESTION, address: str = "192.0.2.1", **body: Any) -> TestResponse:
    return client.post("/api/v1/chat", json={"question": question, **body}, environ_base={"REMOTE_ADDR": address})


def begin(client: FlaskClient, **body: Any) -> TestResponse:
    """A stream of which nothing but the first piece is read, and which is not over."""
    response = client.post("/api/v1/chat", json={"question": QUESTION, **body}, headers=STREAM, buffered=False)
    if response.status_code == 200:
        next(iter(response.response))
    return response


def under_way(client: FlaskClient) -> int:
    limiter: Limiter = client.application.extensions["limiter"]
    return limiter.under_way


def test_an_address_gets_its_share_and_is_told_when_to_ask_again() -> None:
    limiter = Limiter(questions=5, at_once=0, room=1)
    for _ in range(5):
        limiter.count("a")
    with pytest.raises(TooManyQuestions) as refused:
        limiter.count("a")
    assert refused.value.retry_after in (59, 60)
    limiter.count("b")


def test_the_window_moves_and_what_was_refused_does_not_count() -> None:
    limiter = Limiter(questions=2, at_once=0, room=1, window_s=2)
    limiter.count("a")
    time.sleep(1.2)
    limiter.count("a")
    for _ in range(9):
        with pytest.raises(TooManyQuestions) as refused:
            limiter.count("a")
    assert refused.value.retry_after == 1
    time.sleep(1)
    limiter.count("a")  # the first is over two seconds old, the second is not
    with pytest.raises(TooManyQuestions):
        limiter.count("a")


def test_a_share_of_nothing_is_no_limit() -> None:
    limiter = Limiter(questions=0, at_once=0, room=500)
    for _ in range(500):
        limiter.count("a")
        limiter.enter("a")
    with pytest.raises(ServerBusy):
        limiter.enter("a")


def test_addresses_do_not_pile_up_for_ever() -> None:
    shares = Shares(1, 60)
    for number in range(10_050):
        assert shares.take(str(number)) is None
    assert shares.keys < 100


def test_places_are_never_given_twice_and_all_come_back() -> None:
    limiter = Limiter(questions=0, at_once=3, room=5)
    answering: Counter[str] = Counter()
    most, most_of_one, lock = 0, 0, threading.Lock()

    def reader(number: int) -> int:
        nonlocal most, most_of_one
        address, given, refused = f"address {number % 2}", 0, 0
        while given < 50:
            try:
                limiter.enter(address)
            except (TooManyQuestions, ServerBusy):
                refused += 1
                time.sleep(0.0001)  # whoever has a place gets on
                continue
            given += 1
            with lock:
                answering[address] += 1
                most, most_of_one = max(most, answering.total()), max(most_of_one, answering[address])
            time.sleep(0.0001)
            with lock:
                answering[address] -= 1
            limiter.leave(address)
        return refused

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(reader, range(16))) > 0
    assert 1 < most <= 5
    assert most_of_one <= 3
    assert limiter.under_way == 0


def test_one_address_leaves_room_for_another() -> None:
    limiter = Limiter(questions=0, at_once=2, room=3)
    limiter.enter("a")
    limiter.enter("a")
    with pytest.raises(TooManyQuestions):
        limiter.enter("a")
    limiter.enter("b")
    with pytest.raises(ServerBusy) as refused:
        limiter.enter("b")
    assert refused.value.retry_after


def test_a_question_over_the_limit_is_a_429_that_says_when_and_holds_nothing_typed(opened: Opened) -> None:
    client = opened(questions_per_minute=2)
    assert [ask(client).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(client)
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "colchicine" not in refused.text
    assert ask(client, address="192.0.2.2").status_code == 200
    searched = client.post("/api/v1/retrieve", json={"query": "gout"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert searched.status_code == 429
    assert client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200  # reading costs nothing


def test_a_thousand_questions_of_one_address_leave_the_others_theirs(opened: Opened) -> None:
    client = opened(questions_per_minute=20)
    statuses = [ask(client).status_code for _ in range(1000)]
    assert statuses == [200] * 20 + [429] * 980
    assert ask(client, address="192.0.2.2").status_code == 200


def test_danger_is_answered_over_the_limit_also_when_only_the_conversation_tells_of_it(opened: Opened) -> None:
    client = opened(questions_per_minute=1)
    crisis = ask(client, CRISIS).get_json()
    assert crisis["status"] == "crisis"
    assert ask(client).status_code == 429
    emergency = ask(client, DANGER)
    assert (emergency.status_code, emergency.get_json()["status"]) == (200, "emergency")
    streamed = client.post("/api/v1/chat", json={"question": DANGER}, headers=STREAM)
    assert '"status": "emergency"' in streamed.text
    later = ask(client, "And colchicine?", conversation_id=crisis["conversation_id"])
    assert (later.status_code, later.get_json()["status"]) == (200, "crisis")
    assert ask(client, "And colchicine?", conversation_id="no such one").status_code == 429
    assert ask(client, DANGER, safe=True).status_code == 429  # nobody is in danger, the reader said
    assert ask(client, "x", query=DANGER).get_json()["status"] == "emergency"
    assert ask(client, "").status_code == 429


def test_danger_is_answered_with_no_room_left(opened: Opened) -> None:
    client = opened(worker_threads=2, answers_at_once=0)  # room for one
    stream = begin(client)
    assert ask(client).status_code == 503
    assert ask(client, DANGER).get_json()["status"] == "emergency"
    stream.close()
    assert ask(client).status_code == 200


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 200)])
def test_who_forwards_is_believed_only_where_a_proxy_is_set(opened: Opened, proxies: int, status: int) -> None:
    client = opened(questions_per_minute=1, proxies=proxies)
    statuses = []
    for number in range(3):
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}", "X-Real-IP": "1.2.3.4"}
        statuses.append(client.post("/api/v1/chat", json={"question": QUESTION}, headers=headers).status_code)
    assert statuses == [200, status, status]


def test_behind_a_proxy_what_the_client_itself_wrote_is_not_believed(opened: Opened) -> None:
    client = opened(questions_per_minute=1, proxies=1)
    chains = [{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"} for number in range(3)]
    asked = [client.post("/api/v1/chat", json={"question": QUESTION}, headers=chain) for chain in chains]
    assert [response.status_code for response in asked] == [200, 429, 429]


def test_an_ipv6_client_has_one_share_however_many_addresses_it_takes(opened: Opened) -> None:
    client = opened(questions_per_minute=1)
    addresses = ["2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1", "::ffff:192.0.2.9", "192.0.2.9", "", ""]
    assert [ask(client, address=one).status_code for one in addresses] == [200, 429, 200, 200, 200, 200, 429]


def test_a_stream_keeps_its_place_until_it_is_over_or_left(opened: Opened) -> None:
    client = opened(answers_at_once=1)
    left, whole = begin(client), None
    assert under_way(client) == 1
    refused = ask(client, address="127.0.0.1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    left.close()
    assert under_way(client) == 0
    whole = begin(client)
    assert b"event: answer" in b"".join(piece.encode() if isinstance(piece, str) else piece for piece in whole.response)
    assert under_way(client) == 0
    whole.close()
    assert under_way(client) == 0


def test_five_hundred_streams_left_in_the_middle_leave_no_place_taken(opened: Opened) -> None:
    client = opened(questions_per_minute=0, answers_at_once=2)
    for _ in range(500):
        response = client.post("/api/v1/chat", json={"question": QUESTION}, headers=STREAM, buffered=False)
        assert response.status_code == 200
        response.close()
    assert under_way(client) == 0


def test_what_is_refused_or_fails_gives_its_place_back(opened: Opened) -> None:
    client = opened(answers_at_once=1)
    for body in ({"article_id": "no-such"}, {"conversation_id": "no such"}, {"question": "  "}):
        for headers in ({}, STREAM):
            response = client.post("/api/v1/chat", json={"question": QUESTION, **body}, headers=headers)
            assert response.status_code in (404, 422)
            assert under_way(client) == 0


def test_no_address_is_logged(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = opened(questions_per_minute=1, worker_threads=2, answers_at_once=0)
    for _ in range(2):
        ask(client, address="203.0.113.77")
    stream = begin(client)
    ask(client, address="203.0.113.78")
    stream.close()
    assert "429" in caplog.text
    assert "503" in caplog.text
    assert "203.0.113" not in caplog.text + client.get("/metrics").text
