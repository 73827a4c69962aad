"""Reindexing as a process of its own: it outlives who started it, tells how far it is, and its end is known however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.staff.jobs import KEPT, Job, JobBoard, JobNotFound, JobNotStarted, JobState, environment
from assistant.staff.locks import held, is_held
from assistant.staff.records import RESERVED, lock_of, read_record, write_record
from corpus.errors import IndexBusy
from index.build import build_index
from index.generations import live_generation
from index.settings import IndexSettings
from tests.fakes import BagOfWordsEmbedder, edit

BEGUN = "2026-11-23T10:00:00+00:00"
STARTER = """\
import sys, time
from pathlib import Path
from assistant.settings import Settings
from assistant.staff.jobs import JobBoard
given = Settings(articles=Path(sys.argv[1]), index=Path(sys.argv[2]), _env_file=None)
print(JobBoard(given).start("Dr A. Example").id, flush=True)
time.sleep(60)
"""


@pytest.fixture
def built(small: Settings) -> Settings:
    """The small corpus, indexed: taking an article away embeds nothing, so no test waits for a model."""
    build_index(small, embedder=BagOfWordsEmbedder())
    return small


def take_away(settings: Settings, article_id: str = "sleep-basics") -> None:
    (settings.articles / f"{article_id}.md").unlink()


def ended(board: JobBoard, job_id: str, within: float = 60.0) -> Job:
    return until(lambda: board.get(job_id), lambda job: job.state is not JobState.RUNNING, within)


def until(look: Callable[[], Job], right: Callable[[Job], bool], within: float = 60.0) -> Job:
    deadline = time.monotonic() + within
    while not right(job := look()):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


def process_of(job_id: str) -> int:
    """The process whose command line names the job's record. Linux shows that a moment after the process was begun."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{job_id}.json".encode() in (folder / "cmdline").read_bytes():
                    return int(folder.name)
            except OSError:  # it has ended meanwhile
                continue
    raise AssertionError(f"no process runs {job_id}")


def test_a_job_builds_what_changed_and_says_what_it_did(built: Settings) -> None:
    take_away(built)
    board = JobBoard(built)
    begun = board.start("Dr A. Example", allow_shrink=True)
    assert (begun.by, begun.state, begun.report) == ("Dr A. Example", JobState.RUNNING, None)
    job = ended(board, begun.id)
    assert (job.state, job.message) == (JobState.DONE, "generation 2 is live: 2 articles, 6 passages"), board.log(job.id)
    assert live_generation(built.index)[1].number == 2
    assert job.report is not None
    assert (job.report["number"], job.report["changed"], job.report["articles"], job.report["embedded"]) == (2, True, 2, 0)
    assert job.ended is not None
    assert job.ended >= begun.begun
    assert "generation 2 is live" in board.log(job.id)
    assert board.recent() == [job]
    assert board.running() is None


def test_a_job_without_a_change_says_so(built: Settings) -> None:
    board = JobBoard(built)
    job = ended(board, board.start("A").id)
    assert (job.state, job.message) == (JobState.DONE, "generation 1 was up to date")


def test_articles_with_errors_are_refused_and_the_old_index_serves(built: Settings) -> None:
    edit(built.articles / "gout-basics.md", lambda source: source.replace("specialty: Rheumatology\n", ""))
    board = JobBoard(built)
    job = ended(board, board.start("A").id)
    assert job.state is JobState.REFUSED
    assert "gout-basics.md" in job.message
    assert "specialty" in job.message
    assert live_generation(built.index)[1].number == 1


def test_of_a_hundred_problems_twenty_are_kept_in_the_record(built: Settings) -> None:
    for number in range(100):
        (built.articles / f"bad-{number:03}.md").write_text("nothing", "utf-8")
    board = JobBoard(built)
    lines = ended(board, board.start("A").id).message.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "and 80 more: run `followup corpus check`"


def test_two_starts_run_one_after_the_other_and_the_second_is_told_who_runs(small: Settings) -> None:
    board = JobBoard(small)
    first = board.start("Dr A. Example")  # nothing is indexed yet: it loads the model, which takes seconds
    with pytest.raises(IndexBusy, match=rf"Dr A. Example began to reindex at .* \(job {first.id}\)") as busy:
        JobBoard(small).start("Dr B. Example")
    assert busy.value.status == 409
    until(lambda: board.get(first.id), lambda _: "process" in board.log(first.id))
    os.kill(process_of(first.id), signal.SIGTERM)
    job = ended(board, first.id)
    assert (job.state, "stopped by a signal" in job.message) == (JobState.FAILED, True)


def test_a_build_from_the_command_line_keeps_a_job_from_starting(built: Settings) -> None:
    with held(built.index / "lock"), pytest.raises(IndexBusy, match=r"a build by .*; try again when it is done"):
        JobBoard(built).start("A")
    assert JobBoard(built).recent() == []


def test_a_killed_job_is_known_to_have_ended_and_the_next_one_starts(small: Settings) -> None:
    board = JobBoard(small)
    job = board.start("A")
    os.kill(process_of(job.id), signal.SIGKILL)
    gone = ended(board, job.id)
    assert (gone.state, "killed" in gone.message) == (JobState.ENDED, True)
    second = board.start("B")
    os.kill(process_of(second.id), signal.SIGKILL)
    ended(board, second.id)
    assert [one.by for one in board.recent()] == ["B", "A"] or second.id[:15] == job.id[:15]


def test_a_job_outlives_the_killed_server_and_records_its_end(built: Settings) -> None:
    take_away(built)
    command = [sys.executable, "-c", STARTER, str(built.articles), str(built.index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        job_id = server.stdout.readline().strip()
        server.kill()
    job = ended(JobBoard(built), job_id)
    assert (job.state, job.by) == (JobState.DONE, "Dr A. Example"), job
    assert live_generation(built.index)[1].number == 2


def test_a_job_holds_no_socket_of_the_server_and_runs_behind_it(small: Settings) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.set_inheritable(True)  # as a server does that hands its socket to its workers
        board = JobBoard(small)
        job = board.start("A")
        process = process_of(job.id)
        until(lambda: board.get(job.id), lambda _: "process" in board.log(job.id))
        opened = [str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir()]
        assert not [name for name in opened if name.startswith("socket:")]
        assert os.getpriority(os.PRIO_PROCESS, process) == 19
        assert os.getsid(process) == process
        os.kill(process, signal.SIGKILL)
        ended(board, job.id)


def test_a_job_gets_the_settings_in_force_and_no_key(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_WRITER_KEY", "secret")
    monkeypatch.setenv("FOLLOWUP_INDEX", "somewhere else")
    given = environment(small.model_copy(update={"max_passage_words": 123, "query_prompt": None, "dense_weight": 0.125}))
    assert "FOLLOWUP_WRITER_KEY" not in given
    for name in [name for name in os.environ if name.startswith("FOLLOWUP_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    read = IndexSettings(_env_file=None)  # type: ignore[call-arg]
    assert (read.articles, read.index) == (small.articles, small.index)
    assert (read.max_passage_words, read.query_prompt, read.dense_weight) == (123, None, 0.125)


def test_old_jobs_go_with_their_logs(built: Settings) -> None:
    folder = built.index / "jobs"
    folder.mkdir()
    for number in range(KEPT + 5):
        record = folder / f"20260101T0000{number:02}-abcdef.json"
        write_record(record, Job(record.stem, "A", BEGUN, state=JobState.DONE))
        record.with_suffix(".log").write_text("said", "utf-8")
        lock_of(record).touch()
    (folder / ".20260101T000000-abcdef.json.77").write_text("half", "utf-8")
    board = JobBoard(built)
    ended(board, board.start("A").id)
    assert len(board.recent()) == KEPT
    assert len(list(folder.iterdir())) == 3 * KEPT + 1  # record, log and lock of each; and the lock for starting


@pytest.mark.parametrize(
    "job_id", ["", "..", "../../etc/passwd", "20260101T000000-abcdef", "starting", "20260101T000000-abcdef\n"]
)
def test_no_job_has_another_id(built: Settings, job_id: str) -> None:
    for ask in (JobBoard(built).get, JobBoard(built).log):
        with pytest.raises(JobNotFound):
            ask(job_id)


def test_a_folder_that_cannot_be_made_is_said(small: Settings) -> None:
    small.index.mkdir()
    (small.index / "jobs").write_text("in the way", "utf-8")
    with pytest.raises(JobNotStarted, match=r"reindexing cannot begin: .*jobs"):
        JobBoard(small).start("A")


# --- records ------------------------------------------------------------------------------------------------------------


def test_a_record_is_whole_at_every_moment_while_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    writer = """
import sys
from pathlib import Path
from assistant.staff.records import Job, JobState, write_record
for number in range(400):
    write_record(Path(sys.argv[1]), Job("job", "A", "now", state=JobState.DONE, done=number, message="x" * number * 7))
"""
    seen = set()
    with subprocess.Popen([sys.executable, "-c", writer, str(path)]) as process:
        while process.poll() is None:
            if (job := read_record(path)) is not None:
                assert job.message == "x" * job.done * 7
                seen.add(job.done)
    assert len(seen) > 20
    assert json.loads(path.read_bytes())["done"] == 399


def test_a_broken_record_is_a_job_of_which_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(b'{"id": "job", "by"')
    job = read_record(path)
    assert job is not None
    assert (job.state, job.message) == (JobState.ENDED, "its record job.json cannot be read")


def test_a_lock_file_is_held_as_long_as_a_process_lives_that_inherited_it(tmp_path: Path) -> None:
    path = tmp_path / "job.lock"
    assert not is_held(path)
    with held(path) as descriptor:
        sleeper = subprocess.Popen(["sleep", "60"], pass_fds=[descriptor])
    assert is_held(path)
    sleeper.kill()
    sleeper.wait()
    assert not is_held(path)


FULL = """
set -e
mount -t tmpfs -o size=65536 none "$1"
exec "$2" -c '
import sys
from dataclasses import replace
from pathlib import Path
from assistant.staff.records import Job, JobState, read_record, write_record
path = Path(sys.argv[1]) / "job.json"
job = Job("job", "A", "now", state=JobState.DONE, done=1)
write_record(path, job)
with open(Path(sys.argv[1]) / "filling", "wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 4096)
    except OSError as error:
        assert error.errno == 28
write_record(path, replace(job, done=2, message="kept"), durable=True)
write_record(path, replace(job, done=3, message="cut", report={"ids": ["x" * 100] * 300}))
print(read_record(path))
' "$1"
"""


def test_on_a_full_disk_the_end_is_still_recorded(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no mount namespace may be made here")
    command = ["unshare", "-rm", "sh", "-c", FULL, "sh", str(tmp_path), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "done=3" in done.stdout
    assert "message='cut'" in done.stdout
    assert "report=None" in done.stdout


def test_a_record_keeps_its_room(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    job = Job("job", "A", BEGUN, state=JobState.DONE)
    write_record(path, job)
    assert path.stat().st_size == RESERVED
    assert read_record(path) == job
    long = replace(job, message="x" * 2 * RESERVED)
    write_record(path, long)
    assert read_record(path) == long
