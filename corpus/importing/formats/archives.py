"""Looks at a zip archive before anything in it is unpacked: names, number, sizes and how far they would swell."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from corpus.importing.types import NotTaken

_ENTRIES = 5_000
#: Bytes of all entries together when unpacked, and of one of them; pictures count, though they are not read.
_UNPACKED, _LARGEST = 100_000_000, 20_000_000
#: How many times larger an entry may become. The XML of Word documents is 5 to 30 times its packed size.
_RATIO = 200
_SMALL = 1_000_000


def checked(path: Path, needed: str) -> None:
    """Raises NotTaken unless the file is a zip archive that holds `needed` and is safe to unpack."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise NotTaken(f"the zip archive is damaged: {error}") from error
    if len(entries) > _ENTRIES:
        raise NotTaken(f"the archive has {len(entries):,} entries; at most {_ENTRIES:,} are read")
    for entry in entries:
        _check(entry)
    names = [entry.filename for entry in entries]
    for name, times in Counter(names).most_common(1):
        if times > 1:
            raise NotTaken(f"the archive holds {name!r} twice")
    if (size := sum(entry.file_size for entry in entries)) > _UNPACKED:
        raise NotTaken(f"the archive would unpack to {size:,} bytes; at most {_UNPACKED:,} are read")
    if needed not in names:
        raise NotTaken(f"the archive has no {needed}: it is not what its name says")


def _check(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in PurePosixPath(name).parts:
        raise NotTaken(f"the archive's entry {name!r} would be written outside of it")
    if entry.flag_bits & 0x1:
        raise NotTaken(f"the archive's entry {name!r} is encrypted")
    if entry.file_size > _LARGEST or (entry.file_size > _SMALL and entry.file_size > _RATIO * max(entry.compress_size, 1)):
        raise NotTaken(f"the archive's entry {name!r} would swell from {entry.compress_size:,} to {entry.file_size:,} bytes")
