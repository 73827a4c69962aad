"""A running server's index: it switches by itself, never mixes generations, and serves the last good one when one is damaged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.events import Ask, Started
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer
from assistant.web import create_app
from corpus.errors import AnswerOutdated, IndexDamaged, IndexMissing
from index.build import build_index
from index.folders import generation_folder
from index.generations import live_generation
from index.live import LiveIndex
from index.rollback import rollback
from index.servers import Announcement, wait_for_servers
from tests.fakes import BagOfWordsEmbedder, edit

QUESTION = "Which steroid is an alternative to colchicine?"


@pytest.fixture
def live(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[LiveIndex]:
    """Watched, over generation 1."""
    build_index(small, embedder=embedder)
    index = LiveIndex(small, embedder=lambda: embedder)
    index.current()
    index.watch()
    yield index
    index.close()


def reworded(settings: Settings, old: str = "prednisone", new: str = "prednisolone") -> None:
    edit(settings.articles / "gout-basics.md", lambda source: source.replace(old, new))


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.unlink()  # readers have the file mapped
    path.write_bytes(content)


def test_when_a_build_returns_a_running_server_answers_from_the_new_generation(
    live: LiveIndex, small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    reworded(small)
    build_index(small, embedder=embedder)
    assert live.current().manifest.number == 2
    assert any("prednisolone" in passage.text for passage in live.current().store.all_passages())


def test_when_a_rollback_returns_a_running_server_answers_from_the_old_one(
    live: LiveIndex, small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    reworded(small)
    build_index(small, embedder=embedder)
    started = time.perf_counter()
    assert rollback(small).manifest.number == 1
    assert time.perf_counter() - started < 2
    assert live.current().manifest.number == 1


def test_the_model_is_loaded_once_for_all_generations(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    loaded = []
    build_index(small, embedder=embedder)
    live = LiveIndex(small, embedder=lambda: loaded.append(1) or embedder)  # type: ignore[func-returns-value]
    for number in range(3):
        live.current().encode("anything")
        reworded(small, "prednisone", f"prednisone{number}")
        build_index(small, embedder=embedder)
        live.refresh()
    assert live.current().manifest.number == 4
    assert loaded == [1]


def test_what_was_begun_on_a_generation_ends_on_it_and_a_build_waits_for_that(
    live: LiveIndex, small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    held = live.current()
    reworded(small)
    done = threading.Event()
    threading.Thread(target=lambda: (build_index(small, embedder=embedder), done.set())).start()
    assert until(lambda: live.current().manifest.number == 2)
    assert not done.wait(0.5)
    assert held.manifest.number == 1
    assert not any("prednisolone" in passage.text for passage in held.store.all_passages())
    del held
    assert done.wait(5)


def test_nobody_waits_for_a_server_that_was_killed(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    (small.index / "serving").mkdir()
    left = small.index / "serving" / "99999-0badcafe"
    left.write_text("000000000001")  # without its lock
    started = time.perf_counter()
    assert wait_for_servers(small.index, 2) == 0
    assert time.perf_counter() - started < 1
    assert not left.exists()


def test_patience_with_a_server_that_does_not_switch_ends(small: Settings) -> None:
    small.index.mkdir()
    slow = Announcement(small.index)
    slow.say(1)
    assert wait_for_servers(small.index, 2, patience_s=0.3) == 1
    slow.say(2)
    assert wait_for_servers(small.index, 2, patience_s=0.3) == 0
    slow.end()
    assert list((small.index / "serving").iterdir()) == []


@pytest.mark.parametrize("name", ["vectors.faiss", "passages.sqlite", "manifest.json", "lexical/meta.json"])
def test_a_damaged_new_generation_is_refused_and_the_one_before_serves_on(
    small: Settings, embedder: BagOfWordsEmbedder, name: str
) -> None:
    build_index(small, embedder=embedder)
    live = LiveIndex(small, embedder=lambda: embedder)
    live.current()
    reworded(small)
    build_index(small, embedder=embedder)
    damage(live_generation(small.index)[0] / name)
    live.refresh()
    health = live.health()
    assert health.generation == 1
    assert health.degraded is not None
    assert name in health.degraded
    assert live.current().search(live.current().encode(QUESTION))
    reworded(small, "prednisolone", "prednisone")
    build_index(small, embedder=embedder)
    live.refresh()
    assert (live.health().generation, live.health().degraded) == (3, None)


@pytest.mark.parametrize("name", ["CURRENT", "generations/000002/vectors.npy", "generations/000002/report.json"])
def test_a_server_that_starts_over_damage_serves_the_last_good_generation_and_says_so(
    small: Settings, embedder: BagOfWordsEmbedder, store: ConversationStore, name: str
) -> None:
    build_index(small, embedder=embedder)
    reworded(small)
    build_index(small, embedder=embedder)
    damage(small.index / name)
    assistant = Assistant(LiveIndex(small, embedder=lambda: embedder), store, small)
    app = create_app(small, assistant)
    assert until(lambda: app.test_client().get("/readyz").status_code == 200)
    number = 2 if name == "CURRENT" else 1
    assert app.test_client().get("/readyz").json == {"status": "degraded"}
    assert app.test_client().get("/healthz").json == {"status": "degraded", "index_generation": number}
    assert "followup_index_degraded 1.0" in app.test_client().get("/metrics").text
    answered = app.test_client().post("/api/v1/chat", json={"question": QUESTION, "article_id": "gout-basics"})
    assert answered.json["index_generation"] == number


def test_a_generation_that_a_rollback_passed_over_never_serves_again_by_itself(
    small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    keeping = small.model_copy(update={"keep_generations": 5})
    for new in ("prednisolone", "methylprednisolone"):
        build_index(keeping, embedder=embedder)
        reworded(small, "prednisone" if new == "prednisolone" else "prednisolone", new)
    build_index(keeping, embedder=embedder)
    rollback(keeping, 2)
    damage(generation_folder(small.index, 2) / "vectors.npy")
    live = LiveIndex(keeping, embedder=lambda: embedder)
    assert live.current().manifest.number == 1


def test_where_nothing_is_whole_nothing_is_served(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    with pytest.raises(IndexMissing):
        LiveIndex(small, embedder=lambda: embedder).current()
    build_index(small, embedder=embedder)
    damage(live_generation(small.index)[0] / "passages.sqlite")
    with pytest.raises(IndexDamaged):
        LiveIndex(small, embedder=lambda: embedder).current()


def test_an_index_that_is_taken_away_under_a_running_server_is_told_and_still_serves(
    small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    build_index(small, embedder=embedder)
    live = LiveIndex(small, embedder=lambda: embedder)
    before = live.current().search(live.current().encode(QUESTION))
    small.index.rename(small.index.with_name("elsewhere"))
    live.refresh()
    assert live.current().search(live.current().encode(QUESTION)) == before
    assert "there is no index" in str(live.health().degraded)
    small.index.with_name("elsewhere").rename(small.index)
    live.refresh()
    assert live.health().degraded is None


def test_an_answer_whose_article_is_withdrawn_while_it_is_written_is_not_given(
    small: Settings, embedder: BagOfWordsEmbedder, store: ConversationStore
) -> None:
    build_index(small, embedder=embedder)
    live = LiveIndex(small, embedder=lambda: embedder)
    assistant = Assistant(live, store, small.model_copy(update={"abstain_below": 0.0}))
    events = assistant.stream(Ask(QUESTION, article_id="gout-basics"))
    assert isinstance(next(events), Started)
    withdrawal = "status: submitted\nwithdrawn: {since: 2026-11-23, reason: Superseded.}"
    edit(small.articles / "gout-basics.md", lambda source: source.replace("status: submitted", withdrawal))
    build_index(small, embedder=embedder, allow_shrink=True)
    live.refresh()
    time.sleep(1.1)  # a build would have waited for a shorter answer
    with pytest.raises(AnswerOutdated):
        list(events)
    [*_, answer] = assistant.stream(Ask(QUESTION))
    assert isinstance(answer, Answer)
    assert not any(citation.article_id == "gout-basics" for citation in answer.citations)
