"""`followup eval faults`: its figures count what went wrong, and its parts are those of the issue's table."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval.commands.faults import PARTS
from eval.faults import figures
from eval.faults.disks import OnDisk
from eval.faults.endpoints import Knocked
from eval.faults.flips import Flip, Flipped
from eval.faults.growth import DOCUMENTS, growth_figures
from eval.faults.imports import COLLECTIONS, import_one
from eval.faults.locks import Contended
from eval.faults.order import Ordered
from eval.faults.sweeps import Point, Tried
from eval.faults.switches import Asked, Switched
from eval.faults.tracing import Fault, How, can_trace
from eval.latency import Figure
from eval.reach import SPEED


def tried(served: str, status: int, *wrong: str) -> Tried:
    prepared: Any = SimpleNamespace(name="change")
    return Tried(Point(prepared, Fault(How.EIO, 7)), "write CURRENT.new", status, "", served, wrong)


def values(measured: figures.Measured) -> dict[str, float]:
    return {figure.name: figure.value for figure in measured[0]}


def test_points_are_counted_by_what_readers_had() -> None:
    points = [tried("old", -9), tried("old", -9), tried("new", -9), tried("neither", -9, "neither")]
    assert values(figures.kill_figures(points)) == {
        "kill_points": 4,
        "kill_points_served_neither": 1,
        "kill_points_served_new": 1,
        "kill_points_served_old": 2,
        "kill_points_neither_old_nor_new": 1,
        "kill_points_wrong": 1,
    }


def test_an_error_that_is_told_wrongly_is_named_with_its_call() -> None:
    measured = figures.error_figures([tried("old", 2), tried("new", 0), tried("old", 1, "a traceback: OSError"), tried("old", 2)])
    found = values(measured)
    assert (found["error_points"], found["error_points_that_did_not_matter"], found["error_points_held"]) == (4, 1, 0.75)
    assert measured[1] == {"errors": ["change: EIO at call 7 (write CURRENT.new), exit 1: a traceback: OSError"]}


def test_switches_are_judged_by_the_worst_hundredth_against_idle_in_the_same_run() -> None:
    idle = tuple(Asked(0.01 * number) for number in range(1, 101))
    busy = (*(Asked(0.02 * number) for number in range(1, 100)), Asked(1.98, failed="503"))
    found = values(figures.switch_figures(Switched(3, idle, busy, ("mixed",), (2.0, 1.0, 3.0))))
    assert (found["switches_failed"], found["switches_mixed"], found["switches_build_to_live_p50_s"]) == (1, 1, 2.0)
    assert found["switches_p99_to_idle"] == pytest.approx(found["switches_p99_ms"] / found["switches_idle_p99_ms"])
    assert found["switches_p99_to_idle"] == pytest.approx(2, abs=0.05)


def test_every_part_that_went_wrong_is_told_in_words() -> None:
    flip = Flipped(Flip("CURRENT", 3, 1), found=False, served_wrong=False, wrong="it served on as if whole")
    said = [
        figures.flip_figures([flip]),
        figures.disk_figures([OnDisk("full", 1, "", "old", ("2 lines",))]),
        figures.lock_figures(Contended(0.5, "", ("nobody is named",))),
        figures.order_figures([Ordered("first", 9, ("generations: not synced",), ("CURRENT",))]),
        figures.endpoint_figures([Knocked("GET", "/staff", "signed out", 200, "", refused=False)]),
    ]
    assert [next(iter(found)) for _, found in said] == ["flips", "disks", "locks", "order", "endpoints"]
    assert [values(measured).popitem()[1] for measured in said] == [0, 1, 1, 1, 1]
    assert values(said[0])["bits_not_found"] == 1


@pytest.mark.skipif(can_trace() is not None, reason=str(can_trace()))
def test_the_command_says_what_it_measured_and_keeps_it(
    followup: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = followup("eval", "faults", "--only", "order", "--json", "--out", tmp_path / "out")
    document = json.loads(done.stdout)
    assert (done.returncode, document["not_reached"], document["found"]) == (0, [], {})
    assert document["figures"]["order_calls"] > 100
    assert list((tmp_path / "out").rglob("*.json"))


def test_the_figures_of_the_table_have_their_bounds() -> None:
    assert {"kills", "errors", "flips", "switches", "edits", "edit", "scale", "imports", "endpoints"} <= set(PARTS)
    for name, value, within in (("kill_points", 499, False), ("bits_not_found", 1, False), ("switches_p99_to_idle", 2, True)):
        assert Figure(name, value).within is within
    assert SPEED["edit_to_live_p50_s"].bound == 3


@pytest.mark.skipif(not DOCUMENTS[0].exists(), reason="the shared data is not here")
def test_a_killed_build_goes_on_where_it_was_and_embeds_nothing_again() -> None:
    found = {figure.name: figure.value for figure in growth_figures(400)}
    assert found["passages_built"] >= 400
    assert found["resumed_after"] >= 200
    assert (found["resumed_embedded_again"], found["unchanged_build_changed"]) == (0, 0)


@pytest.mark.parametrize("name", ["medquad", pytest.param("guidelines", marks=pytest.mark.sweep)])
def test_a_collection_is_imported_checked_indexed_and_answers(name: str) -> None:
    if not COLLECTIONS[name].file.exists():
        pytest.skip("the shared data is not here")
    imported = import_one(name, limit=40)
    assert imported.wrong == ()
    assert (imported.documents, imported.refused) == (40, 0)
    assert imported.passages >= 40
    assert 1 <= imported.right <= imported.answered <= imported.asked
