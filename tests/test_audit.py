"""The audit log: nothing in it can be changed, removed, put in, moved or cut off unnoticed, and no power cut stops it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from corpus.audit import Action, AuditLog
from corpus.audit_entries import canonical
from corpus.errors import AuditUnavailable

ACTS = (Action.REVIEW, Action.APPROVE, Action.WITHDRAW, Action.RESTORE, Action.REINDEX, Action.SIGN_IN)


def written(folder: Path, count: int = 6) -> AuditLog:
    log = AuditLog(folder / "var" / "audit.jsonl")
    for number in range(count):
        log.append(f"Dr {number}", ACTS[number % len(ACTS)], f"article-{number}", reason=f"reason {number}")
    return log


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return written(tmp_path)


def said(log: AuditLog) -> str:
    return "\n".join(map(str, log.verify().problems))


def test_each_line_is_bound_to_the_one_before_by_sha256(log: AuditLog) -> None:
    previous = "0" * 64
    for number, line in enumerate(log.path.read_bytes().splitlines(), 1):
        values = json.loads(line)
        claimed = values.pop("hash")
        plain = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
        assert (values["sequence"], values["previous"], claimed) == (number, previous, hashlib.sha256(plain).hexdigest())
        previous = claimed
    assert json.loads(log.head_path.read_bytes()) == {"count": 6, "hash": previous}
    assert log.verify() == log.verify(noted=previous)
    assert (log.verify().count, log.verify().head, log.verify().problems, log.verify().notes) == (6, previous, (), ())


def test_a_log_that_was_never_written_is_whole_and_empty(tmp_path: Path) -> None:
    empty = AuditLog(tmp_path / "none" / "audit.jsonl")
    assert (empty.entries(), empty.verify().count, empty.verify().problems) == ([], 0, ())
    assert not (tmp_path / "none").exists()


def test_every_changed_byte_is_found_before_and_after_the_log_goes_on(tmp_path: Path) -> None:
    log = written(tmp_path, 3)
    whole, head = log.path.read_bytes(), log.head_path.read_bytes()
    for position in range(len(whole)):
        log.path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert log.verify().problems, position
        if position % 7 == 0:
            log.append("Dr X", Action.REVIEW, "later")
            assert log.verify().problems, f"after byte {position} was changed and the log went on"
            log.head_path.write_bytes(head)


@examples(max_examples=60, deadline=None)
@given(data=st.data())
def test_removed_moved_repeated_and_forged_entries_are_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    log = written(tmp_path_factory.mktemp("log"))
    lines = log.path.read_bytes().splitlines(keepends=True)
    one, other = data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    how = data.draw(st.sampled_from(["remove", "move", "repeat", "forge", "cut"]))
    changed = list(lines)
    if how == "remove":
        del changed[one]
    elif how == "move":
        changed.insert(other, changed.pop(one))
    elif how == "repeat":
        changed.insert(other, lines[one])
    elif how == "cut":
        changed = changed[:one]
    else:  # an entry whose own hash is right, in the place of another
        values = json.loads(lines[one]) | {"actor": "somebody else"}
        values.pop("hash")
        changed[one] = canonical({**values, "hash": hashlib.sha256(canonical(values)).hexdigest()}) + b"\n"
    log.path.write_bytes(b"".join(changed))
    assert bool(log.verify().problems) == (changed != lines)
    log.append("Dr X", Action.REVIEW, "later")  # staff must be able to work
    assert bool(log.verify().problems) == (changed != lines)


def test_a_cut_off_end_is_told_by_the_head_file_and_cannot_be_hidden_by_going_on(log: AuditLog) -> None:
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:4]))
    assert "entries 5 to 6 are missing at the end: the head file tells of 6" in said(log)
    assert log.append("Dr X", Action.REVIEW, "later").sequence == 7
    assert "entries 5 to 6 are missing: entry 7 stands after entry 4" in said(log)


def test_whoever_cuts_log_and_head_alike_is_found_by_a_hash_noted_elsewhere_alone(tmp_path: Path) -> None:
    log = written(tmp_path, 4)
    before = (log.path.read_bytes(), log.head_path.read_bytes())
    noted = log.append("Dr X", Action.WITHDRAW, "article-1", reason="harm").hash
    log.path.write_bytes(before[0])
    log.head_path.write_bytes(before[1])
    assert log.verify().problems == ()  # the log alone cannot tell: docs/editorial.md says so
    assert "no entry has the hash" in str(log.verify(noted).problems[0])
    assert log.verify("").problems
    assert log.verify("abc").problems  # too short to say anything


@pytest.mark.parametrize("head", [None, b"", b"{}", b'{"count":2,"hash":"' + b"0" * 64 + b'"}\n'])
def test_a_removed_or_foreign_head_file_is_told_for_ever(log: AuditLog, head: bytes | None) -> None:
    log.head_path.unlink() if head is None else log.head_path.write_bytes(head)
    assert "head file" in said(log)
    log.append("Dr X", Action.REVIEW, "later")
    assert "the head file was missing or of another log" in said(log)


def test_an_append_cut_at_any_byte_loses_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    log = written(tmp_path, 2)
    kept, head = log.path.read_bytes(), log.head_path.read_bytes()
    log.append("Dr X", Action.APPROVE, "article-9")
    whole = log.path.read_bytes()
    for length in range(len(kept), len(whole) + 1):
        log.path.write_bytes(whole[:length])
        log.head_path.write_bytes(head)  # it is written after the entry
        assert log.verify().problems == (), length
        before = log.path.read_bytes()
        added = log.append("Dr Y", Action.RESTORE, "article-3")
        assert log.path.read_bytes().startswith(before)  # what was cut short is still there
        assert log.verify().problems == (), length
        assert [entry.actor for entry in log.entries()][-1] == "Dr Y"
        survived = length >= len(whole) - 1  # all but the line end
        assert added.sequence == (4 if survived else 3)
        assert ("torn" in added.details) == (len(kept) < length < len(whole) - 1)


def test_two_power_cuts_in_a_row_and_zeros_of_the_file_system_are_answered_for(tmp_path: Path) -> None:
    log = written(tmp_path, 2)
    whole, head = log.path.read_bytes(), log.head_path.read_bytes()
    for piece in (b'{"action":"app', b'{"action":"app\n{"acti', b'{"ac\0\0\0\0'):
        log.path.write_bytes(whole + piece)
        assert log.verify().problems == ()
        assert log.append("Dr X", Action.REVIEW, "later").details["torn"]["bytes"] == len(piece) + 1
        assert (log.verify().problems, len(log.verify().notes)) == ((), 1)
        log.path.write_bytes(log.path.read_bytes().replace(piece + b"\n", b""))
        assert "is gone" in said(log)
        log.path.write_bytes(whole)
        log.head_path.write_bytes(head)


@pytest.mark.parametrize("text", [b"hello\n", b"{}\n", b'{"action":"approve","actor":"me"}\n'])
def test_text_put_at_the_end_is_a_problem_and_stays_visible(log: AuditLog, text: bytes) -> None:
    log.path.write_bytes(log.path.read_bytes() + text)
    assert "no entry and no piece of one" in said(log)
    log.append("Dr X", Action.REVIEW, "later")
    assert f"its {len(text)} bytes are kept" in str(log.verify().notes[0])


def test_entries_of_several_processes_at_once_are_all_there_in_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    code = (
        "import sys; from pathlib import Path; from corpus.audit import Action, AuditLog; log = AuditLog(Path(sys.argv[1]))\n"
        "for number in range(40): log.append(sys.argv[2], Action.REVIEW, f'article-{number}')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), f"process {number}"]) for number in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    log = AuditLog(path)
    assert (log.verify().count, log.verify().problems, log.verify().notes) == (160, (), ())
    by = [entry.actor for entry in log.entries()]
    assert {actor: by.count(actor) for actor in set(by)} == {f"process {number}": 40 for number in range(4)}


def test_a_full_disk_adds_nothing_and_says_so(tmp_path: Path) -> None:
    log = written(tmp_path, 3)
    before = log.path.read_bytes()
    limit = len(before) + 100  # room for a part of an entry
    code = (
        "import sys, signal, resource; from pathlib import Path; from corpus.audit import Action, AuditLog\n"
        "from corpus.errors import AuditUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); size = int(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try: AuditLog(Path(sys.argv[1])).append('Dr X', Action.APPROVE, 'article-1')\n"
        "except AuditUnavailable as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, log.path, str(limit)], capture_output=True, text=True, check=True)
    assert "cannot be written (File too large), so nothing was done" in done.stdout
    assert log.path.read_bytes() == before
    assert log.verify().problems == ()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(AuditUnavailable, match="FOLLOWUP_AUDIT"):
        AuditLog(tmp_path / "var" / "audit.jsonl").append("Dr X", Action.REVIEW, "article-1")


@pytest.mark.parametrize("details", [{"torn": 1}, {"when": {1, 2}}, {"pair": (1, 2)}])
def test_values_that_are_not_json_are_refused(log: AuditLog, details: dict[str, object]) -> None:
    before = log.path.read_bytes()
    with pytest.raises((ValueError, TypeError)):
        log.append("Dr X", Action.REVIEW, "article-1", **details)
    assert log.path.read_bytes() == before


def test_an_act_that_fails_is_undone_in_the_log_unless_it_took_place(log: AuditLog) -> None:
    with log.recorded("Dr X", Action.DELETE_QUESTION, "a"):
        pass
    with pytest.raises(KeyError, match="gone"), log.recorded("Dr X", Action.DELETE_QUESTION, "b", day=1):
        raise KeyError("gone")
    with pytest.raises(KeyboardInterrupt), log.recorded("Dr X", Action.ROLLBACK, "c", took_place=lambda: True):
        raise KeyboardInterrupt
    added = [(each.sequence, each.actor, each.action, each.subject, dict(each.details)) for each in log.entries()[6:]]
    assert added == [
        (7, "Dr X", "delete-question", "a", {}),
        (8, "Dr X", "delete-question", "b", {"day": 1}),
        (9, "Dr X", "undone", "b", {"entry": 8, "error": "KeyError"}),
        (10, "Dr X", "rollback", "c", {}),
    ]


def test_what_failed_is_what_is_raised_also_where_the_log_fails_too(
    log: AuditLog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyError, match="gone"), log.recorded("Dr X", Action.DELETE_QUESTION, "a"):
        shutil.rmtree(tmp_path / "var")
        (tmp_path / "var").write_text("a file where the folder was")
        raise KeyError("gone")
    assert "entry 7 of the audit log did not take place" in caplog.text
    ran = []
    with pytest.raises(AuditUnavailable), log.recorded("Dr X", Action.DELETE_QUESTION, "a"):
        ran.append("what the log cannot take is not done")
    assert ran == []


def test_a_log_is_held_against_its_chain_again_only_when_a_file_of_it_changed(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    lines = AuditLog.lines
    monkeypatch.setattr(AuditLog, "lines", lambda self: (read.append(self.path), lines(self))[1])
    assert log.last_verified() == log.last_verified() == log.verify()
    assert len(read) == 2
    log.append("Dr X", Action.REVIEW, "later")
    assert (log.last_verified().count, log.last_verified().problems) == (7, ())
    assert len(read) == 3
    stat = log.path.stat()
    log.path.write_bytes(log.path.read_bytes().replace(b"Dr 3", b"Dr 4"))
    os.utime(log.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # whoever changes a file can set its time, but not when
    assert "text that is no entry" in str(log.last_verified().problems[0])
    log.head_path.unlink()
    assert "the head file is missing" in str(log.last_verified().problems[-1])


def test_staff_list_and_verify_it_on_the_command_line(
    log: AuditLog, followup: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    log.append("\x1b[31mMallory", Action.APPROVE, "article-9", reason="\u202eevil")
    listed = followup("audit", "list", "--subject", "article-9", audit=log.path)
    assert (listed.stdout.count("\n"), listed.stdout.isascii()) == (1, True)
    assert "?[31mMallory" in listed.stdout
    as_json = json.loads(followup("audit", "list", "--action", "review", "--json", audit=log.path).stdout)
    assert [entry["subject"] for entry in as_json["entries"]] == ["article-0"]
    assert followup("audit", "list", "--since", "2999-01-01", audit=log.path).stdout == ""
    whole = followup("audit", "verify", "--head", log.verify().head[:12], audit=log.path)
    assert (whole.returncode, whole.stdout.startswith("7 entries, 0 problems")) == (0, True)
    log.path.write_bytes(log.path.read_bytes().replace(b"Dr 3", b"Dr 4"))
    broken = followup("audit", "verify", "--json", audit=log.path)
    assert broken.returncode == 1
    assert f"{log.path}:5: before entry 5 stands text that is no entry" in json.loads(broken.stdout)["problems"][0]
