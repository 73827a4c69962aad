"""`followup serve` as a newcomer runs it: a real process, a real port, many readers at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant.settings import Settings

FOLLOWUP = Path(sys.executable).parent / "followup"
QUESTION = {"question": "What colchicine dose for a gout flare?"}


@dataclass(frozen=True)
class Served:
    """A running server and what it took to be ready."""

    url: str
    process: subprocess.Popen[str]
    ready_seconds: float


@pytest.fixture(scope="module")
def served(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    port = _free_port()
    environment = os.environ | {
        "FOLLOWUP_INDEX": str(settings.index),
        "FOLLOWUP_DATABASE": f"sqlite:///{folder / 'a.sqlite'}",
        "FOLLOWUP_PORT": str(port),
        "FOLLOWUP_QUESTIONS_PER_MINUTE": "0",  # all readers of these tests have one address
        "FOLLOWUP_ANSWERS_AT_ONCE": "0",
    }
    started = time.perf_counter()
    log = (folder / "log").open("w")
    process = subprocess.Popen([FOLLOWUP, "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _ready(url):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.perf_counter() - started < 60
            time.sleep(0.1)
        yield Served(url, process, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert url in process.stdout.read()
        process.stdout.close()
        log.close()


def test_it_is_ready_and_answers(served: Served) -> None:
    answer = httpx.post(f"{served.url}/api/v1/chat", json=QUESTION, timeout=30).json()
    assert answer["status"] == "answered"
    assert answer["citations"][0]["statement_id"] == "F14"
    assert served.ready_seconds < 60  # the reach of 15 s is `followup eval latency`'s business: CI machines are noisy


def test_many_readers_at_once_all_get_their_own_answer(served: Served) -> None:
    questions = ["What colchicine dose for a gout flare?", "Which drug is given first in anaphylaxis?", "What is qSOFA good for?"]

    def ask(number: int) -> tuple[str, str]:
        question = questions[number % len(questions)]
        answer = httpx.post(f"{served.url}/api/v1/chat", json={"question": question}, timeout=60).raise_for_status().json()
        assert answer["question"] == question
        return question, answer["citations"][0]["passage_id"]

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(ask, range(96)))
    assert len(found) == len(questions)


def test_a_reader_who_leaves_mid_stream_leaves_no_mess(served: Served) -> None:
    for _ in range(20):
        with httpx.stream(
            "POST", f"{served.url}/api/v1/chat", json=QUESTION, headers={"Accept": "text/event-stream"}, timeout=30
        ) as response:
            next(response.iter_raw())
    assert httpx.get(f"{served.url}/healthz", timeout=10).status_code == 200


def test_a_question_that_is_too_long_is_refused_at_once(served: Served) -> None:
    with httpx.Client() as client:
        client.get(f"{served.url}/healthz")
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            response = client.post(f"{served.url}/api/v1/chat", json={"question": "a" * 4001})
            seconds.append(time.perf_counter() - started)
            assert response.status_code == 413
    assert min(seconds) < 0.05


def test_without_an_index_it_says_in_one_line_what_to_run(tmp_path: Path) -> None:
    run = subprocess.run(
        [FOLLOWUP, "serve"],
        cwd=tmp_path,
        env=os.environ | {"FOLLOWUP_INDEX": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "followup index build" in run.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid"])
def test_an_address_that_cannot_be_listened_on_is_one_line(settings: Settings, tmp_path: Path, host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = subprocess.run(
            [FOLLOWUP, "serve", "--host", host, "--port", str(taken.getsockname()[1])],
            cwd=tmp_path,
            env=os.environ | {"FOLLOWUP_INDEX": str(settings.index)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert host in run.stderr


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
