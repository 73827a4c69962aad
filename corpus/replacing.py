"""Replaces a file whole: whoever reads it, and whatever is killed, there is the old file or the new one."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from corpus.errors import ArticleNotWritten

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
    except BaseException:  # an interrupt too: nothing is left beside the file
        made.unlink(missing_ok=True)
        raise
    sync(target.parent)


def replace_bytes(path: Path, content: bytes) -> None:
    """The same for content that is at hand."""
    with replaced(path) as file:
        file.write(content)


def replace_article(path: Path, was: bytes, content: bytes) -> None:
    """The same for an article's file that was read as `was`.

    Raises `ArticleNotWritten`, which says what stands there now; where somebody else has saved the file since, that is theirs.
    """
    try:
        with replaced(path) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if path.read_bytes() != was:  # as late as can be
                raise ArticleNotWritten(f"{path} was changed by somebody else just now; nothing was done, try again")
    except OSError as error:
        if _holds(path, content):
            raise ArticleNotWritten(f"{path} was replaced, but the disk did not confirm it ({error}); look at it") from error
        raise ArticleNotWritten(f"{path} cannot be replaced ({error.strerror}); it is as before") from error


def sync(path: Path) -> None:
    """Waits until the disk has a file, or the names in a folder: a new name lasts through a power cut only then."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _umask() -> int:
    with _ONE_AT_A_TIME:  # it can only be read by setting it, for the whole process
        mask = os.umask(0o022)
        os.umask(mask)
    return mask
