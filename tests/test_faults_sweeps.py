"""Builds and rollbacks that are killed or refused at their calls: short slices here, every call with FOLLOWUP_TEST_SWEEP=1."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eval.faults.disks import can_mount, try_disks
from eval.faults.flips import FLIPS, flip_bits
from eval.faults.locks import contend
from eval.faults.order import orders
from eval.faults.places import Prepared, prepare
from eval.faults.promises import left_too_much, not_mended, served, told_wrongly
from eval.faults.sweeps import COMMANDS, ERRORS, KILLS, sweep
from eval.faults.tracing import How, can_trace
from eval.faults.worker import Outcome, Place, Worker

traced = pytest.mark.skipif(can_trace() is not None, reason=str(can_trace()))
mounted = pytest.mark.skipif(can_mount() is not None, reason=str(can_mount()))


@traced
@pytest.mark.parametrize(("hows", "step"), [(KILLS, 127), (ERRORS, 257)], ids=["killed", "refused"])
def test_whatever_call_is_struck_the_old_index_or_the_new_one_serves_and_the_next_build_mends_it(
    hows: Mapping[How, bool], step: int
) -> None:
    tried = sweep(COMMANDS, hows, step=step)
    assert len(tried) >= 10
    assert [str(each) for each in tried if each.wrong] == []


@traced
@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("hows", "points"), [(KILLS, 500), (ERRORS, 500)], ids=["killed", "refused"])
def test_every_call(hows: Mapping[How, bool], points: int) -> None:
    tried = sweep(COMMANDS, hows)
    assert len(tried) >= points
    assert [str(each) for each in tried if each.wrong] == []


@traced
def test_nothing_that_readers_need_is_unsynced_at_the_switch_or_written_in_place() -> None:
    for ordered in orders(COMMANDS):
        assert ordered.calls >= 10
        assert (ordered.unsynced, ordered.in_place) == ((), ())


@mounted
def test_on_a_full_and_on_a_read_only_disk_the_old_index_serves_and_one_line_says_why() -> None:
    tried = try_disks()
    assert [each.disk for each in tried] == ["full", "read-only"]
    assert [str(each) for each in tried if each.wrong] == []


def test_a_flipped_bit_is_found_before_anything_is_served_from_it() -> None:
    flipped = flip_bits(40)
    assert len({each.flip.file for each in flipped}) >= 10
    assert [f"{each.flip}: {each.wrong}" for each in flipped if each.wrong] == []


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_a_thousand_flipped_bits_are_found() -> None:
    assert [f"{each.flip}: {each.wrong}" for each in flip_bits(FLIPS) if each.wrong] == []


def test_a_second_build_is_refused_within_a_second_and_a_killed_one_leaves_no_lock() -> None:
    contended = contend()
    assert contended.wrong == ()
    assert contended.refused_s < 10  # the bound of a second holds on an idle machine: `followup eval faults --only locks`


# --- that the judge sees what is wrong ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = Worker(tmp_path_factory.mktemp("worker") / "log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def change(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(worker, tmp_path_factory.mktemp("prepared"), ["change"])["change"]


@pytest.fixture
def place(change: Prepared, tmp_path: Path) -> Place:
    return change.copy(tmp_path / "index")


def test_old_and_new_are_told_apart_and_anything_else_is_seen(
    worker: Worker, change: Prepared, place: Place, tmp_path: Path
) -> None:
    assert served(worker, change, place) == ("old", [])
    other = tmp_path / "other"
    shutil.copytree(place.articles, other)
    next(other.glob("gout*.md")).unlink()
    assert worker.build(Place(other, place.index)).status == 0
    assert served(worker, change, place)[0] == "neither"
    assert worker.build(place).status == 0
    assert served(worker, change, place) == ("new", [])


def test_an_index_that_nobody_can_open_is_neither(worker: Worker, change: Prepared, place: Place) -> None:
    shutil.rmtree(place.index / "generations")
    assert served(worker, change, place)[0] == "neither"


def test_what_a_build_leaves_behind_is_seen(worker: Worker, change: Prepared, place: Place) -> None:
    (place.index / "leftover").write_text("nobody removes it")
    for name in (".building-1", ".building-2"):
        (place.index / "generations" / name).mkdir()
    assert len(left_too_much(place)) == 1
    assert not_mended(worker, change, place) == ["the next build left leftover"]


@pytest.mark.parametrize(
    ("outcome", "serves", "wrong"),
    [
        (Outcome(2, "", "followup: the disk is full; the old index still serves\n"), "old", None),
        (Outcome(0, "done", ""), "new", None),
        (Outcome(2, "", "followup: the new one serves; what was left could not be removed\n"), "new", None),
        (Outcome(0, "done", ""), "old", "it said that it was done, and was not"),
        (Outcome(2, "", "one\ntwo\n"), "old", "2 lines"),
        (Outcome(2, "", ""), "old", "0 lines"),
        (Outcome(1, "", "Traceback (most recent call last):\nOSError: no\n"), "old", "a traceback: OSError: no"),
        (Outcome(2, "", "followup: no; the old index still serves\n"), "new", "the new index serves, but"),
        (Outcome(-6, "", ""), "old", "it died of signal 6"),
        (Outcome(-9, "", "", hung=True), "old", "it hung"),
    ],
)
def test_only_one_true_line_tells_of_a_refused_call(outcome: Outcome, serves: str, wrong: str | None) -> None:
    said = told_wrongly(outcome, serves)
    assert said == [] if wrong is None else said[0].startswith(wrong)
