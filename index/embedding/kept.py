"""Vectors kept on disk as they are made, by the content of their texts, so that no run makes one a second time.

A build of 100,000 passages that is killed goes on where it stopped; a benchmark repeated with another configuration embeds
nothing. One SQLite file for each set of weights: a text's vector does not depend on its neighbours (the Embedder role), so a
kept vector is the one that would be made again.

SQLite reads a flipped bit without complaint, so every record carries a checksum of its key and vector. A file with a record
that fails it, or that SQLite cannot read, is made anew of the records that are whole.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

if TYPE_CHECKING:
    from index.types import ModelIdentity, Vectors

T = TypeVar("T")
log = logging.getLogger(__name__)

#: With row numbers: 100,000 vectors are kept in 2.2 s and 210 MB; 9.4 s and 468 MB without, as random keys split its pages.
_SCHEMA = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum BLOB)"
#: SQLite takes at most 32,766 parameters; fewer keep one read short.
_AT_ONCE = 5_000
#: How a damaged file is read: the first two for files of this version, the others for those from before row numbers.
_ORDERS = ("rowid", "rowid DESC", "key", "key DESC")
_COPIED = 20
#: Seconds to wait for another process that writes to the same file.
_PATIENCE = 30.0
#: Primary result codes that speak of the machine, not of the file: it may be whole, and stays.
_MACHINE = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
}  # fmt: skip


def passage_key(text: str) -> bytes:
    """The key of a passage's vector, 32 bytes."""
    return _key(b"passage", text)


def query_key(text: str, prompt: str | None = None) -> bytes:
    """The key of a query's vector, 32 bytes: under another prompt it is another vector. None: the model's own prompt."""
    return _key(b"query" if prompt is None else b"query\0" + prompt.encode(), text)


class KeptVectors:
    """The file of one set of weights: `<folder>/<first 16 digits of their SHA-256>.sqlite`. For one thread.

    What `keep` was given is there after a kill -9 the moment it returns. Raises `OSError` where the disk is full or fails.
    """

    def __init__(self, folder: Path, model: ModelIdentity) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{model.sha256[:16]}.sqlite"
        self._connection: sqlite3.Connection | None = None
        self._mended(lambda connection: None)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The vectors, float32 (dimension,), of those keys that have a whole record."""
        return self._mended(lambda connection: _found(connection, keys))

    def keep(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Keeps vectors, float32 (dimension,), by key; a key that is there gets the new one."""
        self._mended(lambda connection: _keep(connection, ((key, _bytes(vector)) for key, vector in vectors.items())))

    def close(self) -> None:
        """Closes the file; a later call opens it again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _mended(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """What `act` returns; where the file turns out to be damaged, once more on one that was made of what is whole."""
        try:
            try:
                return act(self._opened())
            except sqlite3.Error as error:
                self.close()
                if _code(error) in _MACHINE:
                    raise
                self._make_anew(error)
                return act(self._opened())
        except sqlite3.Error as error:
            self.close()
            number = errno.ENOSPC if _code(error) == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, f"SQLite cannot keep vectors in it ({error})", str(self.path)) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self.path)
        return self._connection

    def _make_anew(self, reason: sqlite3.Error) -> None:
        """Moves the file aside, copies its whole records into a new one, and removes it."""
        damaged = self.path.with_suffix(".damaged")
        self.path.replace(damaged)
        for beside in ("-wal", "-shm"):
            journal = Path(f"{self.path}{beside}")
            if journal.exists():
                journal.replace(f"{damaged}{beside}")
        copied = _copy_records(damaged, self._opened())
        log.warning("%s is damaged (%s): %d of its vectors could be read, the others are made again", self.path, reason, copied)
        for path in (damaged, Path(f"{damaged}-wal"), Path(f"{damaged}-shm")):
            path.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        connection.text_factory = bytes  # where a flipped bit makes a text of a blob, it is compared, not decoded
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut loses the end, never the file
        connection.execute(_SCHEMA)
        if not any(column[1] == b"checksum" for column in connection.execute("PRAGMA table_info(kept)")):
            _add_checksums(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _add_checksums(connection: sqlite3.Connection) -> None:
    """For a file from before records had them: what it holds now is taken for whole."""
    connection.create_function("checksum", 2, _checksum, deterministic=True)
    with connection:
        connection.execute("BEGIN")
        connection.execute("ALTER TABLE kept ADD COLUMN checksum BLOB")
        connection.execute("UPDATE kept SET checksum = checksum(key, vector)")


def _found(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
    found: dict[bytes, Vectors] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT key, vector, checksum FROM kept WHERE key IN ({marks})", some)  # noqa: S608  # marks
        for record in rows.fetchall():
            if not _is_whole(record):
                raise sqlite3.DatabaseError("a record fails its checksum")
            found[record[0]] = np.frombuffer(record[1], np.float32)
    return found


def _keep(connection: sqlite3.Connection, records: Iterable[tuple[bytes, bytes]]) -> None:
    with connection:
        connection.executemany(
            "INSERT OR REPLACE INTO kept (key, vector, checksum) VALUES (?, ?, ?)",
            ((key, vector, _checksum(key, vector)) for key, vector in records),
        )


def _copy_records(damaged: Path, into: sqlite3.Connection) -> int:
    """Copies the whole records that are read from the front up to the damage, and from the back; returns how many."""
    for order in _ORDERS:
        try:
            if _copied_to_the_end(damaged, into, order):
                break
        except sqlite3.Error as error:
            if _code(error) in _MACHINE:
                raise
            log.info("%s: reading it by %s ended at the damage (%s)", damaged, order, error)
    copied: int = into.execute("SELECT count(*) FROM kept").fetchone()[0]
    return copied


def _copied_to_the_end(damaged: Path, into: sqlite3.Connection, order: str) -> bool:
    """Whether all was read; False where more came than the file can hold, which a page that leads back to another does."""
    left = damaged.stat().st_size
    connection = sqlite3.connect(damaged, timeout=_PATIENCE)
    try:
        connection.text_factory = bytes
        rows = connection.execute(f"SELECT key, vector, checksum FROM kept ORDER BY {order}")  # noqa: S608  # one of _ORDERS
        while left >= 0 and (some := rows.fetchmany(_COPIED)):
            whole = [(key, vector) for key, vector, checksum in some if _is_whole((key, vector, checksum))]
            _keep(into, whole)
            left -= sum(len(vector) for _, vector in whole)
    finally:
        connection.close()
    return left >= 0


def _is_whole(record: tuple[Any, Any, Any]) -> bool:
    """Whether a key and its vector are as they were written. A flipped bit may have made a number or a text of either."""
    key, vector, checksum = record
    return isinstance(key, bytes) and isinstance(vector, bytes) and checksum == _checksum(key, vector)


def _checksum(key: bytes, vector: bytes) -> bytes:
    return hashlib.blake2b(key + vector, digest_size=8).digest()


def _bytes(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, np.float32).tobytes()


def _key(role: bytes, text: str) -> bytes:
    return hashlib.sha256(role + b"\0" + text.encode()).digest()


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python itself raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
