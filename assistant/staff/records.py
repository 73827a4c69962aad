"""Records of reindexing on disk: one JSON file a job, which any process can read while another writes it.

    <index>/jobs/<id>.json    the record, padded with spaces to RESERVED bytes
    <index>/jobs/<id>.lock    held (flock) by the job's process as long as it lives, however it ends
    <index>/jobs/<id>.log     what it said
    <index>/jobs/starting     held while a job is started: one at a time

A record is replaced as a whole (a new file, then a rename). On a full disk no new file can be made; then the old one is
written over in place, for which it has kept the room since its first writing.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.staff.locks import is_held

log = logging.getLogger(__name__)

#: Bytes that a record takes on disk, whatever it holds; more only where its report is longer.
RESERVED = 16_384
#: What is told of a job that ended without a word: killed, or the machine went down.
ENDED_UNEXPECTEDLY = (
    "it ended without saying how: it was killed, or the machine stopped; the old index serves, or the new one if it came so "
    "far, and the next reindexing goes on from what was embedded"
)


class JobState(StrEnum):
    """How far a job has come."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # on purpose: articles with errors, another build, the gate; the message says what to do
    FAILED = "failed"  # not on purpose: the log has the traceback
    ENDED = "ended-unknown"


@dataclass(frozen=True, slots=True)
class Job:
    """One reindexing. Times are UTC in ISO 8601. `report` is the build's own, once it is done."""

    id: str
    by: str
    begun: str
    allow_shrink: bool = False
    state: JobState = JobState.RUNNING
    stage: str = "starting"
    done: int = 0
    total: int = 0
    rate: float | None = None  # a second
    seconds_left: float | None = None
    ended: str | None = None
    message: str = ""
    report: dict[str, Any] | None = None


_JOB = TypeAdapter(Job)


def write_record(path: Path, job: Job, *, durable: bool = False) -> None:
    """Replaces a record. `durable`: also through a power cut. Raises `OSError` when it cannot be written over either."""
    content = json.dumps(asdict(job), ensure_ascii=False).encode("utf-8", "replace")
    content += b" " * (RESERVED - len(content) - 1) + b"\n"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(fresh, content, os.O_CREAT | os.O_TRUNC, durable)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not path.exists():
            raise
        log.error("%s cannot be replaced (%s); it is written over", path, error.strerror)
        if len(content) > RESERVED:
            content = json.dumps(asdict(replace(job, report=None, message=job.message[:2000])), ensure_ascii=False).encode()
            content += b" " * (RESERVED - len(content) - 1) + b"\n"
        _write(path, content, 0, durable)


def read_record(path: Path) -> Job | None:
    """The job of a record as it stands now; None where there is no such file. One that cannot be read has ended unexpectedly."""
    try:
        job = _JOB.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.error("%s cannot be read (%s)", path, type(error).__name__)
        return Job(path.stem, "", "", state=JobState.ENDED, message=f"its record {path.name} cannot be read")
    if job.state is JobState.RUNNING and not is_held(lock_of(path)):
        # It may have written its end and gone between the two looks.
        try:
            job = _JOB.validate_json(path.read_bytes())
        except FileNotFoundError:  # too old to be kept
            return None
        if job.state is JobState.RUNNING:
            return replace(job, state=JobState.ENDED, seconds_left=None, message=ENDED_UNEXPECTEDLY)
    return job


def lock_of(record: Path) -> Path:
    """The file that the job's process holds."""
    return record.with_suffix(".lock")


def log_of(record: Path) -> Path:
    """What the job's process says."""
    return record.with_suffix(".log")


def _write(path: Path, content: bytes, flags: int, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o644)
    try:
        with open(descriptor, "wb", closefd=False, buffering=0) as file:
            while content:
                content = content[file.write(content) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
