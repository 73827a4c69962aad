"""Readers and editors at work while the index changes: switches, edits, rollbacks, and what lies in the folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.web import create_app
from eval.faults.corpora import write_old
from eval.faults.edits import SEQUENCES, edit_at_random
from eval.faults.endpoints import knock
from eval.faults.switches import SWITCHES, Asked, switch_under_readers
from eval.faults.tracing import can_trace
from eval.faults.worker import Place, Worker
from index.build import build_index
from index.folders import generation_folder, numbers
from index.generations import live_generation
from index.live import LiveIndex
from index.rollback import rollback
from index.staleness import is_stale
from tests.fakes import BagOfWordsEmbedder, edit, open_with

if TYPE_CHECKING:
    from index.types import Vectors


def test_readers_notice_no_switch_and_are_given_no_mixed_answer(settings: Settings) -> None:
    switched = switch_under_readers(settings, switches=5, idle_s=2, articles=3)  # four builds and a rollback
    assert (switched.failed, switched.mixed) == ([], ())
    assert len({asked.generation for asked in switched.busy}) >= 4
    assert sum(bool(asked.cited) for asked in switched.busy) >= len(switched.busy) / 2


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_readers_notice_none_of_fifty_switches(settings: Settings) -> None:
    switched = switch_under_readers(settings, SWITCHES, idle_s=60)
    assert (switched.failed, switched.mixed) == ([], ())
    assert switched.p99(switched.busy) <= 2 * switched.p99(switched.idle)


def test_a_quote_of_another_generation_is_seen() -> None:
    from eval.faults.switches import quoted_elsewhere

    texts = {1: {"gout": "Colchicine helps."}, 2: {"gout": "Now: colchicine helps."}}
    fits = Asked(0.1, generation=1, cited=(("gout", "Colchicine", 0, 10),))
    assert list(quoted_elsewhere(fits, texts)) == []
    moved = Asked(0.1, generation=2, cited=(("gout", "Colchicine", 0, 10),))
    assert list(quoted_elsewhere(moved, texts)) == ["an answer of generation 2 quotes what gout does not hold at 0"]
    unknown = Asked(0.1, generation=3, cited=(("gout", "Colchicine", 0, 10),))
    assert list(quoted_elsewhere(unknown, texts)) == ["an answer of generation 3, which there never was"]


def test_after_random_editing_the_index_equals_a_rebuilt_one_and_cites_nothing_that_is_gone() -> None:
    edited = edit_at_random(4, steps=10)
    assert edited.sequences >= 4
    assert edited.acts >= 8
    assert edited.reused > 0


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_after_two_hundred_random_edit_sequences_too() -> None:
    edited = edit_at_random(SEQUENCES)
    assert edited.sequences >= SEQUENCES
    assert edited.asked_of_gone >= 1_000
    assert edited.cited > 0


def test_nobody_gets_past_the_staff_door(settings: Settings) -> None:
    knocked = knock(settings)
    assert [str(each) for each in knocked if not each.refused] == []
    hows = Counter(each.how for each in knocked)
    assert {*hows} == {"signed out", "wrong token", "expired token", "from another site", "by GET"}
    assert len({each.path for each in knocked}) >= 20


# --- single faults of ../shared/notes/safety.md, section 2, that are tried nowhere else --------------------------------


@pytest.fixture
def live(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[LiveIndex]:
    """A server's view of two generations."""
    build_index(small, embedder=embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("Oral prednisone", "Oral prednisolone"))
    build_index(small, embedder=embedder)
    opened = LiveIndex(small, lambda: embedder)
    opened.current()
    opened.watch()
    yield opened
    opened.close()


@pytest.mark.skipif(can_trace() is not None, reason=str(can_trace()))
def test_a_pickle_beside_the_index_is_never_opened(tmp_path: Path) -> None:
    place = Place(write_old(tmp_path / "articles"), tmp_path / "index")
    worker = Worker(tmp_path / "log")
    try:
        assert worker.build(place).status == 0
        for folder in (place.index, generation_folder(place.index, 1)):
            (folder / "index.pkl").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
        next(place.articles.glob("gout*.md")).unlink()
        done = worker.build(place, traced=True)
    finally:
        worker.close()
    assert done.status == 0
    assert "CURRENT" in done.opened
    assert [path for path in done.opened if path.endswith(".pkl")] == []


class _Editor(BagOfWordsEmbedder):
    """While the first text is embedded, an author saves the article."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path: Path | None = path

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self._path:
            edit(self._path, lambda source: source.replace("Oral prednisone", "Oral methylprednisolone"))
            edit(self._path, lambda source: source.replace("below 6 mg/dL", "below 5 mg/dL"))
            self._path = None
        return super().embed_passages(texts)


def test_an_article_that_is_edited_during_a_build_is_in_this_generation_or_the_next_and_never_half(small: Settings) -> None:
    path = small.articles / "gout-basics.md"
    before = path.read_text("utf-8").partition("\n---\n")[2]
    editor = _Editor(path)
    build_index(small, embedder=editor)
    assert open_with(small, editor).store.article("gout-basics").text == before
    assert is_stale(small)
    build_index(small, embedder=editor)
    after = open_with(small, editor).store.article("gout-basics").text
    assert after == path.read_text("utf-8").partition("\n---\n")[2]
    assert "methylprednisolone" in after
    assert "5 mg/dL" in after


def test_rollbacks_during_a_hundred_requests_fail_none(small: Settings, live: LiveIndex) -> None:
    store = ConversationStore(small.database)
    app = create_app(small.model_copy(update={"questions_per_minute": 0}), Assistant(live, store, small))

    def ask(number: int) -> tuple[int, int]:
        said = app.test_client().post("/api/v1/chat", json={"question": f"How much colchicine do I take? {number}"})
        return said.status_code, said.json["index_generation"] if said.json else 0

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(100)]
        for number in (1, 2, 1):
            rollback(small, number)
        answered = [each.result() for each in asked]
    store.close()
    assert {status for status, _ in answered} == {200}
    assert {generation for _, generation in answered} <= {1, 2}
    assert live.current().manifest.number == 1


@pytest.mark.parametrize("when", [0.0, 2**31 + 3600.0], ids=["1970", "2038"])
def test_the_order_of_generations_is_by_number_whatever_the_clock_says(
    small: Settings, embedder: BagOfWordsEmbedder, live: LiveIndex, when: float
) -> None:
    for path in [small.index, *small.index.rglob("*")]:
        os.utime(path, (when, when) if path.name != "000001" else (2**31 - when, 2**31 - when))
    assert live_generation(small.index)[1].number == 2
    edit(small.articles / "sleep-basics.md", lambda source: source.replace("Caffeine", "Coffee"))
    assert build_index(small, embedder=embedder).number == 3
    assert live.current().manifest.number == 3
    assert numbers(small.index) == [2, 3]


def test_an_assistant_answers_from_the_generation_that_a_rollback_made_live(small: Settings, live: LiveIndex) -> None:
    store = ConversationStore(small.database)
    assistant = Assistant(live, store, small)
    ask = Ask("Is a steroid an option?", article_id="gout-basics")
    assert "prednisolone" in assistant.answer(ask).citations[0].quote
    rollback(small)
    answer = assistant.answer(ask)
    store.close()
    assert (answer.index_generation, "prednisone" in answer.citations[0].quote) == (1, True)
