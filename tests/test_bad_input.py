"""What a hostile or unlucky user gave it once and it did not take well: each defect found by trying, held here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from corpus.body import read_blocks
from corpus.errors import IndexDamaged, StoreUnavailable
from corpus.loading import read_article
from corpus.sentences import sentence_spans
from index.build import build_index
from index.generations import MANIFEST, live_generation
from index.lexical import LexicalIndex
from index.search import Index
from index.staleness import is_stale
from tests.fakes import BagOfWordsEmbedder

PRIVATE = "Does colchicine help Mrs Zebedee Quux?"


@pytest.fixture(scope="module")
def client(settings: Settings) -> FlaskClient:
    app = create_app(settings)
    assert app.extensions["ready"].wait(60)
    return app.test_client()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConversationStore]:
    opened = ConversationStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
    yield opened
    opened.close()


@pytest.mark.parametrize("back", ["/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/x\r\nSet-Cookie: a=b", "/\x00"])
def test_the_page_to_go_back_to_holds_no_control_characters(client: FlaskClient, back: str) -> None:
    response = client.post("/preferences", data={"audience": "patient", "back": back})
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_turns_sent_at_once_all_find_their_place(real_index: Index, store: ConversationStore, settings: Settings) -> None:
    assistant = Assistant(real_index, store, settings)
    conversation = assistant.answer(Ask("What colchicine dose for a flare?")).conversation_id
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: assistant.answer(Ask(f"And dose {n}?", conversation_id=conversation)), range(40)))
    assert len(store.conversation(conversation)["answers"]) == 41


def test_a_failing_database_is_a_503_that_never_holds_the_question(
    real_index: Index, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ConversationStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
    assistant = Assistant(real_index, store, settings)
    with store.database._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE answer")
    with pytest.raises(StoreUnavailable) as refused:
        assistant.answer(Ask(PRIVATE))
    assert "Zebedee" not in f"{refused.value} {refused.value.__cause__}"
    response = create_app(settings, assistant).test_client().post("/api/v1/chat", json={"question": PRIVATE})
    assert response.status_code == 503
    assert "Zebedee" not in response.text + caplog.text


class Pieces:
    """A chunked body as gunicorn hands it over: of no known length, perhaps one that breaks off."""

    def __init__(self, body: bytes, error: Exception | None = None) -> None:
        self._body, self._error = body, error

    def read(self, size: int = -1) -> bytes:
        if self._error and not self._body:
            raise self._error
        size = len(self._body) if size < 0 else size
        piece, self._body = self._body[:size], self._body[size:]
        return piece

    readline = read

    def close(self) -> None:
        """Nothing to give back."""


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        (Pieces(b'{"question": "gout?"' + b" " * 100_000 + b"}"), 413),
        (Pieces(b'{"question": "gout?"}' + b" " * 100_000), 413),
        (Pieces(b'{"question": "What colchicine dose?"}'), 200),
        (Pieces(b'{"question": "go', RuntimeError("Invalid chunk size")), 400),
        (Pieces(b'{"question": "go', OSError("gone")), 400),
    ],
    ids=["long", "long tail", "whole", "bad chunk", "gone"],
)
def test_a_body_of_unknown_length_is_held_to_the_same_limits(client: FlaskClient, pieces: Pieces, status: int) -> None:
    response = client.post(
        "/api/v1/chat",
        content_type="application/json",
        environ_overrides={"wsgi.input": pieces, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert response.status_code == status
    assert response.is_json or response.mimetype == "application/problem+json"


@pytest.mark.parametrize("line", ["x" + " " * 200_000 + "y", "x " + "[1]" * 50_000 + " y", "x" + "[1]" * 50_000 + " ^F1"])
def test_long_lines_are_read_in_no_time(line: str) -> None:
    started = time.perf_counter()
    blocks, _ = read_blocks(line + "\n")
    assert time.perf_counter() - started < 5
    assert blocks[0].statement == ("F1" if line.endswith("^F1") else None)


def test_what_nests_too_deeply_to_be_read_is_a_problem_and_not_lost_in_silence() -> None:
    nested = "".join(f"{'  ' * depth}- level {depth} [1]\n" for depth in range(12))
    _, problems = read_blocks(f"{nested}\n# After\n\n- Not read. [1] ^F1\n")
    assert [message for _, message in problems] == ["lists or quotes nest too deeply: what follows is not read"]
    blocks, problems = read_blocks("".join(f"{'  ' * depth}- level {depth} [1]\n" for depth in range(9)))
    assert (len(blocks), problems) == (9, [])


def test_a_pipe_called_an_article_is_not_waited_for(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    os.mkfifo(small.articles / "pipe.md")
    article, problems = read_article(small.articles / "pipe.md")
    assert article is None
    assert problems[0].message == "cannot be read: a pipe or device, not a file"
    assert is_stale(small)


def test_a_file_name_that_is_no_text_makes_the_index_stale(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    Path(os.fsdecode(bytes(small.articles) + b"/\xff.md")).write_text("x", "utf-8")
    assert is_stale(small)


@pytest.mark.parametrize("files", [None, [], "x", 1])
def test_a_manifest_of_wrong_types_is_damage(small: Settings, embedder: BagOfWordsEmbedder, files: object) -> None:
    build_index(small, embedder=embedder)
    manifest = live_generation(small.index)[0] / MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text("utf-8")), "files": files}), "utf-8")
    with pytest.raises(IndexDamaged, match="followup index build"):
        live_generation(small.index)
    manifest.write_text("[" * 100_000, "utf-8")
    with pytest.raises(IndexDamaged, match="followup index build"):
        live_generation(small.index)


def test_text_that_the_splitter_rewrites_is_still_cut_into_exact_spans() -> None:
    text = "One. Two. " + ". " * 20_000
    spans = sentence_spans(text)
    assert spans
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_an_index_on_a_read_only_disk_is_searched(
    small: Settings, embedder: BagOfWordsEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(small, embedder=embedder)
    folder = live_generation(small.index)[0] / "lexical"
    monkeypatch.setattr("index.lexical._takes_locks", lambda _: False)
    expected = LexicalIndex(folder).best({"colchicin": 1.0}, 5)
    assert expected
    code = f"from index.lexical import *; print(LexicalIndex(Path({str(folder)!r})).best({{'colchicin': 1.0}}, 5))"
    probe = [sys.executable, "-c", code]
    mounted = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} && exec "
    inside = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted + '"$@"', "sh", *probe],
        capture_output=True, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    if "unshare" in inside.stderr or "mount:" in inside.stderr:
        pytest.skip("mounting needs root")
    assert inside.stdout.strip() == str(expected), inside.stderr


def test_bytes_that_are_no_text_find_no_article(
    followup: Callable[..., subprocess.CompletedProcess[str]], small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    built = build_index(small)
    assert built.changed
    ran = followup(
        "index", "search", "gout", "--article", b"\xff", articles=small.articles, index=small.index, database=small.database
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("followup: no article has this id")
