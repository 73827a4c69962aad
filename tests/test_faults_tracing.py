"""The tool that strikes a process at one of its calls: it strikes that call, whichever thread makes it, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eval.faults.order import unsynced_at_switch, written_in_place
from eval.faults.tracing import Call, Fault, How, can_trace

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(can_trace() is not None, reason=str(can_trace()))

#: Three calls of the first thread, three of another one (each opens, writes, syncs), then a rename.
WORK = """
import os, sys, threading
from pathlib import Path

folder = Path(sys.argv[1])

def write(name):
    descriptor = os.open(folder / name, os.O_CREAT | os.O_WRONLY)
    try:
        os.write(descriptor, b"ten bytes!")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

def work():
    write("first")
    done = []
    def other():
        try:
            write("second")
        except OSError as error:
            done.append(error.errno)
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    if done:
        return done[0]
    os.rename(folder / "second", folder / "renamed")
    (folder.parent / "elsewhere").write_text("not counted")
    return 0
"""
STRIKE = """
import json
from eval.faults.tracing import Fault, How, traced
given = json.loads(sys.argv[2])
done = traced(work, folder, Fault(How(given["how"]), given["at"], given["lasting"]) if given else None, 20)
said = {"calls": [str(call) for call in done.calls], "struck": [str(call) for call in done.struck]}
sys.stdout.write(json.dumps({"status": done.status, "hung": done.hung, **said}))
"""
CALLS = [
    "openat first",
    "write first",
    "fsync first",
    "openat second",
    "write second",
    "fsync second",
    "rename second -> renamed",
]


def strike(folder: Path, fault: Fault | None = None) -> Any:
    """Runs the work in a process of its own, whose only child is the one that is struck."""
    given = {"how": fault.how, "at": fault.at, "lasting": fault.lasting} if fault else None
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WORK + STRIKE, folder, json.dumps(given)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_the_calls_of_all_threads_are_counted_in_one_row_and_no_others(tmp_path: Path) -> None:
    done = strike(tmp_path / "watched")
    assert done["calls"] == CALLS
    assert (done["status"], done["hung"], done["struck"]) == (0, False, [])


@pytest.mark.parametrize(
    ("at", "left"),
    [
        (1, {}),
        (2, {"first": 0}),
        (4, {"first": 10}),
        (5, {"first": 10, "second": 0}),
        (7, {"first": 10, "second": 10}),
        (8, {"first": 10, "renamed": 10}),
    ],
)
def test_a_killed_process_never_made_the_call_it_was_killed_at(tmp_path: Path, at: int, left: dict[str, int]) -> None:
    done = strike(tmp_path / "watched", Fault(How.KILL, at))
    assert files(tmp_path / "watched") == left
    assert done["status"] == (-9 if at <= len(CALLS) else 0)
    assert done["struck"] == CALLS[at - 1 : at]


def test_a_torn_write_leaves_its_first_half(tmp_path: Path) -> None:
    done = strike(tmp_path / "watched", Fault(How.TORN, 5))
    assert (done["status"], files(tmp_path / "watched")) == (-9, {"first": 10, "second": 5})


def test_a_refused_call_is_not_made_and_the_thread_that_made_it_is_told(tmp_path: Path) -> None:
    done = strike(tmp_path / "watched", Fault(How.ENOSPC, 5))
    assert (done["status"], files(tmp_path / "watched")) == (28, {"first": 10, "second": 0})
    assert done["struck"] == ["write second"]


def test_a_disk_that_stays_full_still_syncs(tmp_path: Path) -> None:
    done = strike(tmp_path / "watched", Fault(How.ENOSPC, 6, lasting=True))
    assert done["struck"] == ["rename second -> renamed"]


def test_what_was_not_synced_when_the_pointer_was_switched_is_found() -> None:
    build = [
        Call("mkdir", "generations/.building"),
        Call("openat", "generations/.building/vectors", flags=0o101),
        Call("write", "generations/.building/vectors"),
        Call("fsync", "generations/.building/vectors"),
        Call("fsync", "generations/.building"),
        Call("rename", "generations/.building", "generations/000002"),
        Call("fsync", "generations"),
        Call("write", "CURRENT.new"),
        Call("fsync", "CURRENT.new"),
        Call("rename", "CURRENT.new", "CURRENT"),
        Call("fsync", "."),
    ]
    assert unsynced_at_switch(build) == []
    for number, call in enumerate(build):
        if call.name == "fsync":
            [missing] = unsynced_at_switch([*build[:number], *build[number + 1 :]])
            assert missing.partition(":")[0] in (
                "generations/000002/vectors",
                "generations/000002",
                "generations",
                "CURRENT.new",
                ".",
            )
    assert written_in_place(build) == []
    assert written_in_place([Call("write", "CURRENT"), Call("pwrite64", "generations/000001/passages.sqlite")]) == [
        "CURRENT",
        "generations/000001/passages.sqlite",
    ]
