"""Generations on disk: complete indexes side by side, one of them live, switched by one rename.

    var/index/CURRENT                       the number of the live generation
    var/index/generations/000007/           manifest.json, passages.sqlite, vectors.npy, vectors.faiss, lexical/
    var/index/generations/.building-…/      a build in progress, or what a killed one left (the next build removes it)

Knows files and their hashes, nothing of what is in them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from corpus.errors import IndexDamaged, IndexMismatch, IndexMissing
from index.types import Manifest

#: Raise when the layout of a generation changes; older ones are then rebuilt.
FORMAT = 3
PASSAGES, VECTORS, NEAREST, LEXICAL, MANIFEST = "passages.sqlite", "vectors.npy", "vectors.faiss", "lexical", "manifest.json"
_BUILDING = ".building-"
_BUILD = "run `followup index build`"


def generations_folder(root: Path) -> Path:
    """Where the generations of an index are."""
    return root / "generations"


def live_generation(root: Path) -> tuple[Path, Manifest]:
    """Folder and manifest of the live generation. Raises `IndexMissing` or `IndexDamaged`."""
    pointer = root / "CURRENT"
    try:
        number = int(pointer.read_text("utf-8"))
    except FileNotFoundError:
        raise IndexMissing(f"there is no index in {root}; {_BUILD}") from None
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{pointer} does not name a generation ({error}); {_BUILD}") from error
    folder = generations_folder(root) / f"{number:06d}"
    manifest = read_manifest(folder)
    if manifest.number != number:
        raise IndexDamaged(f"{folder / MANIFEST} is of generation {manifest.number}; {_BUILD}")
    return folder, manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation. Raises `IndexDamaged`, or `IndexMismatch` for another format."""
    path = folder / MANIFEST
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if values["format"] != FORMAT:
            raise IndexMismatch(f"{folder} has format {values['format']}, this version reads {FORMAT}; {_BUILD}")
        return TypeAdapter(Manifest).validate_python(values)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexDamaged(f"{path} is missing or broken ({type(error).__name__}); {_BUILD}") from error


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Compares every file with the manifest. Raises `IndexDamaged` naming the first that is missing or differs.

    FAISS and SQLite read a file with a flipped bit without complaint, so the hashes are checked before they do.
    """
    for name, expected in manifest.files.items():
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            raise IndexDamaged(f"{folder / name} cannot be read ({error.strerror}); {_BUILD}") from error
        if found != expected:
            raise IndexDamaged(f"{folder / name} is damaged: SHA-256 {found[:12]}…, the manifest has {expected[:12]}…; {_BUILD}")


def new_folder(root: Path) -> Path:
    """An empty folder to build in; removes what killed builds left. Only for the holder of the lock."""
    parent = generations_folder(root)
    parent.mkdir(parents=True, exist_ok=True)
    for stray in parent.glob(f"{_BUILDING}*"):
        shutil.rmtree(stray)
    folder = parent / f"{_BUILDING}{os.getpid()}"
    (folder / LEXICAL).mkdir(parents=True)
    return folder


def next_number(root: Path) -> int:
    """One more than the highest generation there ever was on this disk; order never depends on a clock."""
    numbers = [int(path.name) for path in generations_folder(root).glob("[0-9]*") if path.name.isdigit()]
    return max(numbers, default=0) + 1


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that readers open, by its path in the folder. Lock files of tantivy hold nothing."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): sha256_of(path) for path in paths}


def publish(root: Path, building: Path, manifest: Manifest) -> Path:
    """Makes a finished build durable under its number: manifest last, everything synced, then one rename."""
    (building / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, ensure_ascii=False), "utf-8")
    for path in [*building.rglob("*"), building]:
        _sync(path)
    folder = generations_folder(root) / f"{manifest.number:06d}"
    building.rename(folder)
    _sync(folder.parent)
    return folder


def switch(root: Path, number: int) -> None:
    """Makes a generation the live one. Atomic: a reader sees the old number or the new one."""
    pointer = root / "CURRENT"
    fresh = root / "CURRENT.new"
    fresh.write_text(f"{number}\n", "utf-8")
    _sync(fresh)
    fresh.replace(pointer)
    _sync(root)


def remove_old(root: Path, keep: int) -> list[int]:
    """Removes all but the `keep` newest generations and the live one; returns the numbers removed."""
    live = live_generation(root)[1].number
    numbers = sorted(int(path.name) for path in generations_folder(root).glob("[0-9]*") if path.name.isdigit())
    old = [number for number in numbers[:-keep] if number != live]
    for number in old:
        shutil.rmtree(generations_folder(root) / f"{number:06d}")
    return old


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
