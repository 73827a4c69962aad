"""Parsers run in a child that is confined and watched: a bad file costs itself alone, whatever it makes its parser do."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpus.importing.files import files_in, shown
from corpus.importing.formats import FORMATS, Format
from corpus.importing.limits import Limits
from corpus.importing.reading import ReaderFailed, read
from corpus.importing.types import Options, Refused, SourceFile
from tests.misbehaving import MISBEHAVING

TODAY = dt.date(2026, 11, 23)
ROOT = Path(__file__).parents[1]
Read = Callable[..., list[str]]


@pytest.fixture
def child_finds_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def reading(tmp_path: Path, child_finds_tests: None) -> Read:
    """Reads files of commands (see tests/misbehaving.py) by name; the documents' ids, and what was refused with its reason."""

    def run(limits: Limits | None = None, **files: str) -> list[str]:
        paths = []
        for name, commands in files.items():
            paths.append(tmp_path / f"{name}.do")
            paths[-1].write_text(commands, "utf-8")
        found = read(map(named, paths), MISBEHAVING, Options(), limits or Limits(seconds=2.0), TODAY)
        return [f"{Path(one.path).name}: {one.reason}" if isinstance(one, Refused) else one[1].source_id for one in found]

    return run


def named(path: Path) -> SourceFile:
    return SourceFile(path, path.name)


def children() -> set[str]:
    """Processes of this one that run now."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_documents_and_refusals_come_in_the_order_of_the_files(reading: Read) -> None:
    assert reading(a="Words.\nskip\nMore words.", b="refuse", c="", d="Words.") == [
        "a-1",
        "a.do, record 2: line 2 is to be skipped",
        "a-3",
        "b.do: it says so",
        "d-1",
    ]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("loop", "it took more than 2 s to read; --seconds allows more"),
        ("sleep 30", "it took more than 2 s to read; --seconds allows more"),
        ("eat 2000", "it needs more than 200 MB of memory"),
        ("die", "its reader was ended by SIGSEGV"),
        ("leave 3", "its reader failed: exit code 3"),
        ("leave 0", "its reader failed: exit code 0"),
        ("fail", "its reader failed: KeyError: 'an error that no parser should raise'"),
        ("recurse", "it is nested too deeply"),
    ],
)
def test_a_parser_that_fails_costs_its_file_alone(reading: Read, command: str, reason: str) -> None:
    before = children()
    assert reading(a="Words.", b=f"First.\n{command}\nNever.", c="Words.") == ["a-1", "b-1", f"b.do: {reason}", "c-1"]
    assert children() == before


def test_every_file_may_fail_in_turn(reading: Read) -> None:
    found = reading(a="die", b="fail", c="Words.", d="leave 0", e="leave 7", f="Words.")
    assert [one for one in found if "refuse" not in one and ":" not in one] == ["c-1", "f-1"]
    assert len(found) == 6


def test_a_parser_cannot_write_files(reading: Read, tmp_path: Path) -> None:
    target = tmp_path / "written"
    found = reading(a=f"write {target}", b="Words.")
    assert found[0].startswith("a.do: it cannot be read: File too large")
    assert found[1:] == ["b-1"]


def test_what_a_library_prints_is_no_reply(reading: Read) -> None:
    assert reading(a="print\nWords.", b="Words.") == ["a-2", "b-1"]


def test_a_file_after_one_that_used_much_memory_is_read_by_a_fresh_process(reading: Read) -> None:
    # 120 MB are below the limit of 200, twice that is not: allocators do not give all of it back.
    assert reading(a="eat 120\nWords.", b="eat 120\nWords.", c="Words.") == ["a-2", "b-2", "c-1"]


def test_a_file_of_many_documents_may_take_longer_than_one_document(reading: Read) -> None:
    slow = "\n".join(["sleep 0.8", "Words."] * 4)
    assert reading(a=slow) == ["a-2", "a-4", "a-6", "a-8"]


def test_many_files_are_asked_for_ahead_without_either_side_waiting_for_ever(reading: Read) -> None:
    files = {f"file-{n:04}": "many 4" for n in range(400)}
    assert len(reading(**files)) == 1600


def test_a_reader_that_takes_its_time_costs_no_file(tmp_path: Path, child_finds_tests: None) -> None:
    for name in "abc":
        (tmp_path / f"{name}.do").write_text("many 300", "utf-8")
    found: Iterator[object] = read(map(named, sorted(tmp_path.glob("*.do"))), MISBEHAVING, Options(), Limits(seconds=1.0), TODAY)
    next(found)
    time.sleep(2)  # the child has filled its socket and waits
    assert sum(not isinstance(one, Refused) for one in found) == 899


def test_a_reading_that_is_given_up_leaves_no_process(tmp_path: Path, child_finds_tests: None) -> None:
    before = children()
    (tmp_path / "a.do").write_text("many 100000", "utf-8")
    found = read([named(tmp_path / "a.do")], MISBEHAVING, Options(), Limits(), TODAY)
    next(found)
    assert len(children() - before) == 1
    found.close()
    assert children() == before


def test_a_parser_that_cannot_be_loaded_is_no_file_s_fault(tmp_path: Path) -> None:
    (tmp_path / "a.x").write_text("x", "utf-8")
    missing = Format("missing", "corpus.importing.formats.missing", (".x",), "nothing")
    with pytest.raises(ReaderFailed, match="did not start: its reader failed: ModuleNotFoundError"):
        list(read([named(tmp_path / "a.x")], missing, Options(), Limits(), TODAY))


def test_a_folder_where_the_command_is_typed_lends_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yaml.py").write_text("raise SystemExit('stolen')", "utf-8")
    (tmp_path / "a.jsonl").write_text('{"_id": "1", "title": "Gout", "text": "Words."}\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    found = list(read([named(Path("a.jsonl"))], FORMATS["beir"], Options("Ex", "CC0"), Limits(), TODAY))
    assert [isinstance(one, Refused) for one in found] == [False]


def test_files_are_found_by_name_and_what_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b" / "deeper").mkdir(parents=True)
    for name in ("c.xml", "b/x.XML", "b/deeper/y.xml", "b/readme.txt", ".hidden.xml", "b/._x.xml"):
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / "a.xml").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.xml")
    files = list(files_in([tmp_path], (".xml",)))
    assert [f.name for f in files if isinstance(f, SourceFile)] == ["b/deeper/y.xml", "b/x.XML", "c.xml"]
    found = [f"{Path(f.path).name}: {f.reason}" if isinstance(f, Refused) else f.path.name for f in files]
    assert found == [
        "a.xml: it is a folder, not a file",
        "y.xml",
        "x.XML",
        "c.xml",
        "gone.xml: it is a link; links in a folder are not followed, give the file itself",
        "pipe.xml: it is a pipe, not a file",
    ]


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("x", "utf-8")
    (tmp_path / "link").symlink_to("page")
    (tmp_path / "loop").symlink_to("loop")
    found = list(files_in([tmp_path / name for name in ("page", "link", "loop", "gone")], (".html",)))
    assert found[:2] == [SourceFile(tmp_path / "page", "page"), SourceFile(tmp_path / "link", "link")]
    assert [one.reason for one in found[2:] if isinstance(one, Refused)] == [
        "it cannot be read: Too many levels of symbolic links",
        "it cannot be read: No such file or directory",
    ]


def test_a_name_is_shown_on_one_line_without_what_a_terminal_obeys() -> None:
    assert shown("a\nb\x1b[2Jc\u202ed\udcffe\u00e9") == r"a\x0ab\x1b[2Jc\u202ed\xffe" + "\u00e9"
