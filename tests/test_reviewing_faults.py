"""An act that is killed, or that the disk refuses, leaves the old or the new article whole, and the log tells which."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.acting import unfinished
from corpus.audit import AuditLog
from corpus.loading import article_files, read_article
from corpus.reviewing import start_review
from corpus.types import Status
from tests.fakes import write_articles

STRACE = shutil.which("strace")
GOUT = "gout-basics"
APPROVE = """
import datetime as dt, sys
from pathlib import Path
from corpus.audit import AuditLog
from corpus.errors import FollowupError
from corpus.retractions import RetractionList
from corpus.reviewing import approve
try:
    given = {"log": AuditLog(Path("log/audit.jsonl")), "today": dt.date(2026, 11, 23), "retracted": RetractionList()}
    approve(Path("articles"), "gout-basics", by="Dr A", **given)
except FollowupError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
#: System call -> how often an undisturbed approval makes it: the entry, the head file, the article.
CALLS = {"fsync": 6, "rename": 2, "write": 3}
STEPS = [(call, nth) for call, count in CALLS.items() for nth in range(1, count + 1)]
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed: kills are made at the Nth system call")


def under_review(folder: Path) -> tuple[Path, bytes]:
    """An article whose review began, and its bytes."""
    articles = write_articles(folder / "articles")
    start_review(articles, GOUT, by="Dr A", log=AuditLog(folder / "log" / "audit.jsonl"), today=dt.date(2026, 11, 22))
    return articles / f"{GOUT}.md", (articles / f"{GOUT}.md").read_bytes()


def approved_under(folder: Path, inject: str) -> subprocess.CompletedProcess[str]:
    """An approval in a process of its own, with a fault at one of its system calls."""
    command = [
        str(STRACE),
        "-f",
        "-o",
        str(folder / "trace"),
        "-e",
        f"trace={inject.partition(':')[0]}",
        "-e",
        f"inject={inject}",
    ]
    # Standard output is a pipe that is not written to; without .pyc files every write and rename is the approval's own.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [*command, sys.executable, "-c", APPROVE], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def holds(folder: Path, path: Path, old: bytes) -> bool:
    """Whether the approval took place. Checks that file and log agree, and that the next act goes on from there."""
    log = AuditLog(folder / "log" / "audit.jsonl")
    article, problems = read_article(path)
    assert article is not None, problems
    took_place = article.status is Status.APPROVED
    entries = [entry.action for entry in log.entries()]
    assert log.verify().problems == ()
    if took_place:
        assert entries == ["review", "approve"]  # no act without its entry
        assert unfinished(path.parent, log) == []
    else:
        assert path.read_bytes() == old
        visible = [entry.action for entry in unfinished(path.parent, log)]
        assert entries + visible in (["review"], ["review", "approve", "approve"], ["review", "approve", "undone"])
        start_review(path.parent, GOUT, by="Dr B", log=log, today=dt.date(2026, 11, 23))
        assert (unfinished(path.parent, log), log.verify().problems) == ([], ())
    assert len(article_files(path.parent)) == 3  # a half-written copy is hidden
    return took_place


@pytest.mark.parametrize(("call", "nth"), STEPS)
def test_a_kill_at_any_step_of_an_approval_leaves_the_old_or_the_new_file_whole(tmp_path: Path, call: str, nth: int) -> None:
    path, old = under_review(tmp_path)
    done = approved_under(tmp_path, f"{call}:signal=KILL:when={nth}")
    assert done.returncode in (-9, 137), done.stderr
    holds(tmp_path, path, old)


@pytest.mark.parametrize(("call", "nth"), STEPS)
def test_a_disk_error_at_any_step_is_told_and_leaves_no_act_without_entry(tmp_path: Path, call: str, nth: int) -> None:
    path, old = under_review(tmp_path)
    done = approved_under(tmp_path, f"{call}:error={'EIO' if call == 'fsync' else 'ENOSPC'}:when={nth}")
    assert done.returncode == 1
    assert done.stderr.startswith(("AuditUnavailable: the audit log", "ArticleNotWritten: ")), done.stderr
    assert done.stderr.count("\n") == 1
    assert holds(tmp_path, path, old) == ("did not confirm" in done.stderr)
