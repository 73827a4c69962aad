"""What holds when a server starts during a build, when a disk fails after the switch, and which generations may stand in."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.staff.locks import is_held
from assistant.store import ConversationStore
from assistant.web import create_app
from corpus.audit import AuditLog
from corpus.errors import AuditUnavailable, BuildRefused, RollbackRefused
from index import build as building
from index import live as serving
from index import rollback as going_back
from index.build import build_index
from index.folders import generation_folder, numbers
from index.generations import live_generation
from index.lexical import LexicalDocument, LexicalIndex
from index.live import Health, LiveIndex, servable
from index.locking import single_writer
from index.pointer import Pointer, read_pointer
from index.recording import record_builds, record_rollbacks
from index.report import BuildReport
from index.rollback import rollback
from index.search import Index
from index.servers import Announcement, wait_for_servers
from index.types import Manifest
from tests.fakes import BagOfWordsEmbedder, SharedWordsReranker, edit, spoil


def reword(settings: Settings, embedder: BagOfWordsEmbedder, old: str, new: str) -> int:
    edit(settings.articles / "gout-basics.md", lambda source: source.replace(old, new))
    return build_index(settings, embedder=embedder).number


def test_what_a_rollback_passed_over_stays_so_after_the_next_build(three: Settings, embedder: BagOfWordsEmbedder) -> None:
    rollback(three, 2)
    assert reword(three, embedder, "methylprednisolone", "dexamethasone") == 4
    spoil(generation_folder(three.index, 4) / "vectors.npy")
    assert LiveIndex(three, embedder=lambda: embedder).current().manifest.number == 2
    assert rollback(three).manifest.number == 2


def test_a_build_keeps_a_generation_that_may_stand_in_not_one_that_was_passed_over(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    rollback(three, 2)
    reword(three.model_copy(update={"keep_generations": 2}), embedder, "methylprednisolone", "dexamethasone")
    assert numbers(three.index) == [2, 4]


def test_a_build_keeps_the_generation_that_is_whole_not_a_later_damaged_one(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    spoil(generation_folder(three.index, 3) / "vectors.npy")
    build_index(three.model_copy(update={"keep_generations": 2}), embedder=embedder)
    assert numbers(three.index) == [2, 4]


def test_a_server_that_opens_an_index_while_it_is_switched_serves_the_new_one(
    three: Settings, embedder: BagOfWordsEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched: list[int] = []

    def while_it_builds(settings: Settings) -> tuple[Path, Manifest, str | None]:
        found = servable(settings)
        if not switched:  # the build returns, for nobody has said yet that he serves
            switched.append(reword(three, embedder, "methylprednisolone", "dexamethasone"))
        return found

    monkeypatch.setattr(serving, "servable", while_it_builds)
    live = LiveIndex(three, embedder=lambda: embedder)
    live.watch()
    assert live.current().manifest.number == 4
    live.close()


def test_a_build_waits_for_a_server_that_is_still_loading_its_model(
    three: Settings, embedder: BagOfWordsEmbedder, store: ConversationStore
) -> None:
    answered_from: list[int] = []

    def build() -> None:
        reword(three, embedder, "methylprednisolone", "dexamethasone")
        answered_from.append(live.current().manifest.number)

    builder = threading.Thread(target=build)

    def load() -> BagOfWordsEmbedder:
        builder.start()
        end = time.monotonic() + 20
        while read_pointer(three.index).number == 3 and time.monotonic() < end:
            time.sleep(0.01)
        return embedder

    live = LiveIndex(three, embedder=load)
    create_app(three, Assistant(live, store, three))
    builder_begun = time.monotonic()
    while not answered_from and time.monotonic() - builder_begun < 25:
        time.sleep(0.02)
    assert answered_from == [4]
    live.close()


def test_a_generation_that_cannot_be_opened_is_not_hashed_at_every_look(
    three: Settings, embedder: BagOfWordsEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def counted(settings: Settings) -> tuple[Path, Manifest, str | None]:
        tried.append(settings)
        return servable(settings)

    live = LiveIndex(three, embedder=lambda: embedder)
    live.current()
    reword(three, embedder, "methylprednisolone", "dexamethasone")
    for number in numbers(three.index):
        spoil(generation_folder(three.index, number) / "vectors.npy")
    monkeypatch.setattr(serving, "servable", counted)
    for _ in range(5):
        live.look()
    assert len(tried) == 1
    assert live.health().generation == 3
    assert "vectors.npy is damaged" in str(live.health().degraded)


def test_a_generation_that_breaks_what_reads_it_is_told_and_the_old_one_serves(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    def breaks(index: Index) -> None:
        raise ValueError("a library's own error")

    live = LiveIndex(three, embedder=lambda: embedder, before=breaks)
    live.current()
    reword(three, embedder, "methylprednisolone", "dexamethasone")
    live.look()
    assert live.health() == Health(3, "the live generation could not be opened (ValueError); the log says where")


def test_the_reranker_is_loaded_once_for_all_generations(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    loaded = []

    def load() -> SharedWordsReranker:
        loaded.append(1)
        return SharedWordsReranker()

    reranked = small.model_copy(update={"reranked": 5})
    build_index(reranked, embedder=embedder)
    live = LiveIndex(reranked, embedder=lambda: embedder, before=Index.warm, reranker=load)
    live.current().warm()
    reword(reranked, embedder, "prednisone", "prednisolone")
    live.refresh()
    assert live.current().manifest.number == 2
    assert loaded == [1]


def test_a_generation_that_is_left_closes_its_files_at_once(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    index = Index.open(small)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    gc.disable()
    try:
        for _ in range(20):
            index = Index.open(small)
        assert len(list(Path("/proc/self/fd").iterdir())) <= opened
    finally:
        gc.enable()
    assert index.store.counts()[0]


def test_a_disk_that_fails_after_the_switch_is_told_as_that(
    three: Settings, embedder: BagOfWordsEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(root: Path, keep: int) -> list[int]:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(root))

    monkeypatch.setattr(building, "remove_old", fails)
    with pytest.raises(BuildRefused) as told:
        reword(three, embedder, "methylprednisolone", "dexamethasone")
    assert live_generation(three.index)[1].number == 4
    assert str(told.value).endswith("Input/output error; generation 4 is live already, and the next build does what was left")


def test_a_rollback_that_the_disk_fails_is_refused_in_one_line(three: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(root: Path, pointer: Pointer) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(root / "CURRENT.new"))

    monkeypatch.setattr(going_back, "switch", fails)
    with pytest.raises(RollbackRefused, match=r"CURRENT\.new: Read-only file system; the old index still serves"):
        rollback(three)


def test_a_switch_that_fails_is_taken_back_in_the_audit_log(
    three: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path
) -> None:
    logged = three.model_copy(update={"audit": tmp_path / "audit.jsonl"})
    edit(three.articles / "gout-basics.md", lambda source: source.replace("methylprednisolone", "dexamethasone"))
    recorded = record_builds(logged)

    def record(report: BuildReport) -> AbstractContextManager[None]:
        (three.index / "CURRENT.new").mkdir()  # from now on no pointer can be written
        return recorded(report)

    with pytest.raises(BuildRefused, match="the old index still serves"):
        build_index(logged, embedder=embedder, by="Ann", record=record)
    with pytest.raises(RollbackRefused, match="the old index still serves"):
        rollback(logged, by="Ann", record=record_rollbacks(logged, "Ann"))
    told = [(each.actor, each.action, each.subject, each.details.get("entry")) for each in AuditLog(logged.audit).entries()]
    begun = [("Ann", "reindex", "generation 4", None), ("Ann", "rollback", "generation 2", None)]
    assert told[::2] == begun
    assert told[1::2] == [("Ann", "undone", "generation 4", 1), ("Ann", "undone", "generation 2", 3)]


def test_a_switch_that_was_made_stands_whatever_fails_after_it(
    three: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path
) -> None:
    logged = three.model_copy(update={"audit": tmp_path / "audit.jsonl"})
    edit(three.articles / "gout-basics.md", lambda source: source.replace("methylprednisolone", "dexamethasone"))
    (three.index / "CURRENT.last").unlink()
    (three.index / "CURRENT.last").mkdir()  # the pointer is written, its copy cannot be
    with pytest.raises(BuildRefused, match="generation 4 is live already"):
        build_index(logged, embedder=embedder, by="Ann", record=record_builds(logged))
    assert [each.action for each in AuditLog(logged.audit).entries()] == ["reindex"]


def test_a_first_build_that_fails_at_its_last_step_says_that_its_generation_serves(
    small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path
) -> None:
    logged = small.model_copy(update={"audit": tmp_path / "audit.jsonl"})
    recorded = record_builds(logged)

    def record(report: BuildReport) -> AbstractContextManager[None]:
        (small.index / "CURRENT.new").mkdir()  # from now on no pointer can be written
        return recorded(report)

    with pytest.raises(BuildRefused, match="generation 1 serves, and the next build does what was left"):
        build_index(logged, embedder=embedder, record=record)
    assert servable(small)[1].number == 1
    assert [each.action for each in AuditLog(logged.audit).entries()] == ["reindex"]


def test_a_build_asks_whether_the_audit_log_can_be_written_before_it_begins(three: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditUnavailable, match="so nothing was done"):
        record_builds(three.model_copy(update={"audit": tmp_path / "file" / "audit.jsonl"}))


def test_the_number_of_a_removed_generation_is_not_given_again(three: Settings, embedder: BagOfWordsEmbedder) -> None:
    rollback(three, 2)
    shutil.rmtree(generation_folder(three.index, 3))
    assert reword(three, embedder, "methylprednisolone", "dexamethasone") == 4


def test_who_only_looks_whether_a_build_runs_refuses_none(tmp_path: Path) -> None:
    with single_writer(tmp_path, "a build"):
        pass
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            is_held(tmp_path / "lock")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(100):
            with single_writer(tmp_path, "a build"):
                pass
    finally:
        ended.set()
        looking.join()


def test_a_gate_may_say_bytes_that_are_no_text(three: Settings, embedder: BagOfWordsEmbedder) -> None:
    assert reword(three.model_copy(update={"gate": "printf '\\377'"}), embedder, "methylprednisolone", "dexamethasone") == 4


def test_a_gate_that_changes_the_new_generation_refuses_it(three: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> None:
    script = tmp_path / "gate.py"
    script.write_text(
        "import os\nfrom pathlib import Path\n"
        "for path in Path(os.environ['FOLLOWUP_INDEX']).glob('generations/*/vectors.npy'): path.write_bytes(b'spoiled')\n"
    )
    with pytest.raises(BuildRefused, match=r"vectors\.npy is damaged"):
        reword(three.model_copy(update={"gate": f"{sys.executable} {script}"}), embedder, "methylprednisolone", "dexamethasone")
    assert read_pointer(three.index).number == 3


def test_a_server_that_could_not_say_so_says_it_when_it_can(small: Settings) -> None:
    small.index.mkdir()
    blocked = small.index / "serving"
    blocked.write_text("no folder can be here")
    server = Announcement(small.index)
    server.say(1)
    blocked.unlink()
    server.say(1)
    assert wait_for_servers(small.index, 2, patience_s=0.1) == 1
    server.end()


def test_a_server_whose_file_was_taken_away_makes_another(small: Settings) -> None:
    small.index.mkdir()
    server = Announcement(small.index)
    server.say(1)
    for path in (small.index / "serving").iterdir():
        path.unlink()
    server.say(1)
    assert wait_for_servers(small.index, 2, patience_s=0.1) == 1
    server.end()


def test_a_damaged_index_does_not_switch_the_question_off(three: Settings, embedder: BagOfWordsEmbedder) -> None:
    for number in (1, 2, 3):
        spoil(generation_folder(three.index, number) / "vectors.npy")
    for path in sorted(three.articles.glob("*.md"))[1:]:
        path.unlink()
    with pytest.raises(BuildRefused, match="--allow-shrink"):
        build_index(three, embedder=embedder)


def test_a_disk_that_fails_while_words_are_written_is_told_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "lexical"
    folder.mkdir()

    def documents() -> Iterator[LexicalDocument]:
        yield LexicalDocument(0, "gout-basics", "Gout", "Colchicine is an option.")
        folder.rename(tmp_path / "elsewhere")

    with pytest.raises(OSError, match=r"^\[Errno 5\] tantivy cannot write it \([^\n]+$"):
        LexicalIndex.build(documents(), folder)
