"""`python -m assistant.staff.reindexing RECORD`: the process that a staff member's reindexing runs in.

Builds the index as `followup index build` does and writes down how far it is and how it ended. The settings come from the
environment alone. What it says goes to its log. Exit code 0 when the index is up to date, 1 when it is not.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.staff.across import check_across
from assistant.staff.overview import Overview
from assistant.staff.records import Job, JobState, read_record, write_record
from corpus.errors import FollowupError
from index.generations import which_serves
from index.pointer import live_number
from index.priority import step_back
from index.recording import record_builds
from index.servers import still_answering
from index.settings import IndexSettings

if TYPE_CHECKING:
    from types import FrameType

    from index.report import BuildReport
    from index.types import Step

log = logging.getLogger("reindexing")

#: Whose lines the log has from INFO on; of others only warnings: faiss tells how it was loaded.
_OURS = ("reindexing", "assistant", "index", "corpus")
#: Seconds between two writings of how far it is.
_EVERY = 0.5
#: Lines of a message that are kept; 12,000 articles can have that many problems.
_LINES = 20
#: Article ids of a list in the report that are kept; the generation's own report has all.
_LISTED = 50


class Recorder:
    """Writes the record of the job that this process is. A record that cannot be written is said in the log; the job goes on."""

    def __init__(self, path: Path, job: Job) -> None:
        self._path = path
        self._job = job
        self._written = 0.0

    def progress(self, step: Step) -> None:
        """What the build is at."""
        begins = step.stage != self._job.stage
        self._job = replace(
            self._job, stage=step.stage, done=step.done, total=step.total, rate=step.rate, seconds_left=step.seconds_left
        )
        if begins:
            log.info("%s", step.stage)
        if begins or time.monotonic() - self._written >= _EVERY:
            self._written = time.monotonic()
            self._write(durable=False)

    def end(self, state: JobState, message: str, report: dict[str, Any] | None = None) -> None:
        """The last word."""
        ended = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._job = replace(
            self._job, state=state, stage=state.value, seconds_left=None, ended=ended, message=message, report=report
        )
        self._write(durable=True)
        log.info("%s: %s", state.value, message)

    def _write(self, *, durable: bool) -> None:
        try:
            write_record(self._path, self._job, durable=durable)
        except OSError as error:
            log.error("the record cannot be written (%s); the reindexing goes on", error.strerror)


def main(record: Path) -> int:
    """Runs the job of a record. Its starter holds the lock file, which this process inherited."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    step_back()
    job = read_record(record)
    if job is None:
        log.error("%s is not there", record)
        return 1
    recorder = Recorder(record, job)
    settings = IndexSettings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings' own keyword
    before = live_number(settings.index)
    try:
        signal.signal(signal.SIGTERM, _stopped)
        log.info("reindexing for %s, process %d", job.by, os.getpid())
        report = _build(settings, job, recorder)
    except FollowupError as error:
        recorder.end(JobState.REFUSED, _shortened(str(error)))
    except KeyboardInterrupt:
        recorder.end(JobState.FAILED, f"it was stopped by a signal; {which_serves(settings.index, before)}")
    except Exception as error:
        log.exception("the build failed")
        recorder.end(JobState.FAILED, f"the build failed ({type(error).__name__}); its log says where")
    else:
        recorder.end(JobState.DONE, _said(report), _cut(asdict(report)))
        _read_articles(settings)
        return 0
    return 1


def _read_articles(settings: IndexSettings) -> None:
    """Now, so that the table of articles need not do it while somebody waits for it: 12,000 files take minutes."""
    try:
        Overview(settings).read_all()
        check_across(settings)
    except (FollowupError, OSError) as error:
        log.warning("the table of articles was not brought up to date: %s", error)


def _build(settings: IndexSettings, job: Job, recorder: Recorder) -> BuildReport:
    from index.build import build_index

    return build_index(
        settings,
        allow_shrink=job.allow_shrink,
        by=job.by,
        progress=recorder.progress,
        record=record_builds(settings, job=job.id),
    )


def _said(report: BuildReport) -> str:
    if not report.changed:
        return f"generation {report.number} was up to date"
    late = f"; {still_answering(report.late_servers)}" if report.late_servers else ""
    return f"generation {report.number} is live: {report.articles} articles, {report.passages} passages{late}"


def _shortened(message: str) -> str:
    lines = message.splitlines()
    more = len(lines) - _LINES
    return message if more <= 0 else "\n".join([*lines[:_LINES], f"and {more} more: run `followup corpus check`"])


def _cut(value: Any) -> Any:
    """A report whose lists have at most `_LISTED` entries."""
    if isinstance(value, dict):
        return {key: _cut(one) for key, one in value.items()}
    return list(value[:_LISTED]) if isinstance(value, (list, tuple)) else value


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
