"""Lock files (flock): the system frees one when the processes end that hold it, however they end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_held(path: Path) -> bool:
    """Whether a living process holds a lock file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Holds a lock file until the block ends, and as long as a process lives that inherited the descriptor. Waits for it."""
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor


@contextmanager
def held_unless_taken(path: Path) -> Iterator[int | None]:
    """The same without waiting: None where somebody else holds it."""
    with _opened(path) as descriptor:
        while not (taken := _taken(descriptor, fcntl.LOCK_EX)) and not is_held(path):
            continue  # somebody only looked, with `is_held`, for as long as that takes
        yield descriptor if taken else None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
