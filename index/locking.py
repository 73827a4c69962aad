"""One writer at a time: a lock that the system frees when its holder ends, however that ends, and who holds it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import IndexBusy, SettingsError
from corpus.replacing import sync
from corpus.user import user_name

#: Who only looks whether a build runs (assistant/staff/jobs.py) holds the lock for microseconds: that refuses no build.
_GLANCE_S = 0.1


@contextmanager
def single_writer(root: Path, doing: str, by: str | None = None) -> Iterator[str]:
    """Holds the lock of an index, and gives the name it is held under. `doing`: "a build"; `by`: for whom, else the user.

    Raises `IndexBusy` at once, naming who holds it and since when, or `SettingsError`.
    """
    by = by or user_name()
    try:
        if not root.is_dir():
            root.mkdir(parents=True, exist_ok=True)
            sync(root.parent)  # else a power cut after the first build could lose its folder
    except OSError as error:
        raise SettingsError(f"FOLLOWUP_INDEX: {root} cannot be a folder ({error.strerror})") from error
    holder = root / "lock.holder"
    try:
        with FileLock(root / "lock", timeout=_GLANCE_S, poll_interval=_GLANCE_S / 10):
            _say(holder, f"{doing} by {by}, process {os.getpid()}, since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC")
            yield by
    except Timeout:
        raise IndexBusy(f"{running(root) or 'another process works on the index'}; try again when it is done") from None


def running(root: Path) -> str | None:
    """What the last holder said of itself; whether it still holds the lock is not looked at."""
    try:
        return (root / "lock.holder").read_text("utf-8") or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _say(holder: Path, text: str) -> None:
    """Whole or not at all, for those who read it meanwhile."""
    fresh = holder.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(holder)
