"""Reindexing from the staff page: a process of its own that outlives the server's and records its own end.

One at a time. The server only starts it and reads its record (assistant/staff/records.py), so that it may be restarted in
between, and any of its workers can tell how far the job is. What stops every process of the server together (a container or
a systemd unit that is stopped) stops the job too; the next one goes on from what was embedded.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.staff.locks import held, is_held
from assistant.staff.records import Job, JobState, lock_of, log_of, read_record, write_record
from corpus.errors import FollowupError, IndexBusy
from index.locking import running
from index.settings import IndexSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Job", "JobBoard", "JobNotFound", "JobNotStarted", "JobState"]

log = logging.getLogger(__name__)

#: Jobs whose record and log are kept.
KEPT = 20
#: Bytes of a log that are shown: its end.
_SHOWN = 65_536
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")


class JobNotFound(FollowupError):
    """No reindexing has this id; the last `KEPT` are kept."""

    status = 404


class JobNotStarted(FollowupError):
    """Reindexing cannot begin: its folder cannot be written, or no process can be made."""

    exit_code = 2
    status = 503


class JobBoard:
    """The reindexings of one index. Cheap to make; safe to share between threads and processes."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._folder = settings.index.absolute() / "jobs"

    def start(self, by: str, allow_shrink: bool = False) -> Job:
        """Begins to reindex and returns at once. `by`: who asked for it.

        Raises `IndexBusy` where a build runs already, from here or the command line; `JobNotStarted`.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with held(self._folder / "starting"):
                if job := self.running():
                    raise IndexBusy(f"{job.by} began to reindex at {job.begun} (job {job.id}); try again when it is done")
                self._refuse_beside_another_build()
                self._remove_old()
                return self._begin(by, allow_shrink)
        except OSError as error:
            raise JobNotStarted(
                f"reindexing cannot begin: {error.filename or self._folder}: {error.strerror}; the live index still serves"
            ) from error

    def get(self, job_id: str) -> Job:
        """A job as it stands now. Raises `JobNotFound`."""
        job = read_record(self._record(job_id))
        if job is None:
            raise JobNotFound(f"no reindexing has this id; the last {KEPT} are kept")
        return job

    def recent(self) -> list[Job]:
        """The jobs that are kept, the latest first."""
        jobs = (read_record(path) for path in self._records())
        return [job for job in jobs if job is not None]

    def running(self) -> Job | None:
        """The job that runs now."""
        return next((job for job in self.recent() if job.state is JobState.RUNNING), None)

    def log(self, job_id: str) -> str:
        """The end of what a job said. Raises `JobNotFound`."""
        self.get(job_id)
        try:
            with log_of(self._record(job_id)).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _SHOWN))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _begin(self, by: str, allow_shrink: bool) -> Job:
        now = dt.datetime.now(dt.UTC)
        job = Job(f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", by, now.isoformat(timespec="seconds"), allow_shrink)
        record = self._record(job.id)
        # Held before there is a record, and handed on: at no moment does the job look as if its process were gone.
        with held(lock_of(record)) as lock:
            try:
                write_record(record, job, durable=True)
                process = self._spawn(record, lock)
            except OSError:
                for file in (record, lock_of(record), log_of(record)):
                    file.unlink(missing_ok=True)
                raise
        threading.Thread(target=process.wait, name=f"reindex {job.id}", daemon=True).start()  # else it stays a zombie
        log.info("reindexing %s began, process %d", job.id, process.pid)
        return job

    def _spawn(self, record: Path, lock: int) -> subprocess.Popen[bytes]:
        with log_of(record).open("ab") as said:
            return subprocess.Popen(  # noqa: S603  # this interpreter and this module
                [sys.executable, "-P", "-m", "assistant.staff.reindexing", str(record)],
                env=environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[lock],  # and no other: not the sockets that the server listens on
                start_new_session=True,  # what interrupts the server does not reach it
            )

    def _refuse_beside_another_build(self) -> None:
        """Raises `IndexBusy` where somebody builds or rolls back: the job itself would only find out after this returned."""
        if is_held(self._settings.index / "lock"):
            who = running(self._settings.index) or "another process works on the index"
            raise IndexBusy(f"{who}; try again when it is done")

    def _records(self) -> list[Path]:
        """The latest first: ids begin with the time."""
        return sorted((path for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem)), reverse=True)

    def _record(self, job_id: str) -> Path:
        """Where a job's record is. Raises `JobNotFound` for what is no id, which could be a path."""
        if not _ID.fullmatch(job_id):
            raise JobNotFound(f"no reindexing has this id; the last {KEPT} are kept")
        return self._folder / f"{job_id}.json"

    def _remove_old(self) -> None:
        """What is beyond the kept ones, and halves of records that a killed process left. Only while nothing runs."""
        for path in self._records()[KEPT - 1 :]:
            for file in (path, lock_of(path), log_of(path)):
                file.unlink(missing_ok=True)
        for stray in self._folder.glob(".*.json.*"):
            stray.unlink(missing_ok=True)


def environment(settings: IndexSettings) -> Mapping[str, str]:
    """The environment of this process with the index' settings as they are in force, and no other setting: no key, no token."""
    prefix = IndexSettings.model_config.get("env_prefix", "")
    given = {name: value for name, value in os.environ.items() if not name.upper().startswith(prefix)}
    for name in IndexSettings.model_fields:
        value = getattr(settings, name)
        if value is not None:
            given[f"{prefix}{name.upper()}"] = str(value)
    return given
