"""Replaces a file whole: whoever reads it, and whatever is killed, there is the old file or the new one."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """What is written takes the place of `path` when the block ends well; after an error the old file stands untouched.

    A link is followed, the file's permissions are kept, and the new bytes are on the disk before the name changes.
    """
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        made.replace(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def replace_bytes(path: Path, content: bytes) -> None:
    """The same for content that is at hand."""
    with replaced(path) as file:
        file.write(content)


def _umask() -> int:
    with _ONE_AT_A_TIME:  # it can only be read by setting it, for the whole process
        mask = os.umask(0o022)
        os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """The new name itself lasts through a power cut only when its folder was written too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
