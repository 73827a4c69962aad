"""What must not be lost or told when a part fails: questions, turns of a conversation, a generation that still serves."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Turn
from assistant.understanding import MAX_ANCHOR, stand_alone
from assistant.web import create_app
from index.build import build_index
from index.passages import write_passages
from tests.fakes import BagOfWordsEmbedder, open_with

QUESTION = "How much colchicine do I, Jane Doe, take?"


@pytest.fixture
def assistant(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[Assistant]:
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    yield Assistant(open_with(small, embedder), store, small)
    store.close()


def test_turns_of_one_conversation_that_are_ready_at_once_are_all_kept(assistant: Assistant) -> None:
    begun = assistant.answer(Ask(QUESTION)).conversation_id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: assistant.answer(Ask(f"And dose {number}?", conversation_id=begun)), range(24)))
    assert len(assistant.store.conversation(begun)["answers"]) == 25


def test_a_new_database_can_be_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    with get_context("spawn").Pool(4) as pool:
        pool.map(_open, [url] * 8, chunksize=1)


def _open(url: str) -> None:
    ConversationStore(url).close()


def test_a_failing_database_neither_tells_nor_loses_the_question(
    assistant: Assistant, small: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    engine = create_engine(small.database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(FAIL, 'disk'); END"))
    engine.dispose()
    client = create_app(small, assistant).test_client()
    with caplog.at_level(logging.INFO):
        refused = client.post("/api/v1/chat", json={"question": QUESTION})
        shown = client.post("/ask", data={"question": QUESTION})
    assert refused.status_code == shown.status_code == 503
    assert "Jane" not in caplog.text + refused.text
    assert "Jane" in shown.text  # in the box of the reader who typed it


@pytest.mark.parametrize("gone", ["conversation_id", "article_id"])
def test_the_form_keeps_a_question_whose_conversation_or_article_is_gone(
    assistant: Assistant, small: Settings, gone: str
) -> None:
    shown = create_app(small, assistant).test_client().post("/ask", data={"question": QUESTION, gone: "gone"})
    assert shown.status_code == 404
    assert "Jane Doe" in shown.text


def test_a_made_up_method_does_not_become_a_counter(assistant: Assistant, small: Settings) -> None:
    client = create_app(small, assistant).test_client()
    assert client.open("/api/v1/chat", method="INVENTED").status_code == 405
    assert "INVENTED" not in client.get("/metrics").text


def test_a_generation_serves_new_threads_after_a_later_build_removed_it(assistant: Assistant, small: Settings) -> None:
    shutil.rmtree(small.index)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(assistant.answer, Ask("Is a steroid an option?")).result().index_generation == 1


def test_an_editors_lock_file_is_no_article(
    small: Settings, embedder: BagOfWordsEmbedder, followup: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    build_index(small, embedder=embedder)
    (small.articles / ".#gout-basics.md").symlink_to("nobody@host.123")
    assert not build_index(small, embedder=embedder).changed
    (small.articles / "lost.md").symlink_to("nowhere")
    info = followup("index", "info", index=small.index, articles=small.articles)
    build = followup("index", "build", index=small.index, articles=small.articles)
    assert "Traceback" not in info.stderr
    assert (build.returncode, build.stderr.count("\n")) == (1, 1)
    assert "lost.md:1: cannot be read" in build.stderr


def test_a_passage_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="SQLite cannot write it"):
        write_passages(Path("/dev/full"), [], [], [], [], [])


def test_a_serve_with_a_bad_database_stops_in_one_line(
    settings: Settings, followup: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    run = followup("serve", "--port", "0", index=settings.index, database="nonsense://x")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "FOLLOWUP_DATABASE" in run.stderr


def test_a_long_conversation_keeps_its_latest_words() -> None:
    class Nothing:
        def topics_in(self, text: str) -> list[str]:
            return []

        def stands_in(self, term: str, article_id: str) -> bool:
            return False

    query = stand_alone("And on dialysis?", [Turn("", f"{'first ' * 200}Which dose?", None)], Nothing())
    assert query.text.endswith("first Which dose? And on dialysis?")
    assert len(query.text) <= MAX_ANCHOR + len(" And on dialysis?")
