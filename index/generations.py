"""Generations on disk: complete indexes side by side, one of them live, switched by one rename.

    var/index/CURRENT                       which generation is live (pointer.py)
    var/index/CURRENT.last                  the same once more, for when CURRENT cannot be read
    var/index/generations/000007/           manifest.json, report.json, passages.sqlite, vectors.npy, vectors.faiss, lexical/
    var/index/generations/.building-…/      a build in progress, or what a killed one left (the next build removes it)
    var/index/generations/.removing-…/      an old generation on its way out, likewise

Knows files and their hashes, nothing of what is in them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from corpus.errors import IndexDamaged, IndexMismatch, IndexUnavailable
from corpus.replacing import sync
from index.files import sha256_of, write_synced
from index.folders import generation_folder, generations_folder, numbers
from index.pointer import Pointer, live_number, read_pointer, remembered, remove_unfinished_switch
from index.sealed import read_sealed, sealed
from index.types import Manifest

#: Raise when the layout of a generation changes; older ones are then rebuilt.
FORMAT = 4
PASSAGES, VECTORS, NEAREST, LEXICAL = "passages.sqlite", "vectors.npy", "vectors.faiss", "lexical"
MANIFEST, REPORT = "manifest.json", "report.json"
_BUILDING, _REMOVING = ".building-", ".removing-"
_BUILD = "run `followup index build`"
_ADAPTER = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """One generation on this disk. `problem`: why it cannot serve; `None`: nothing is known against it."""

    number: int
    live: bool
    passed_over: bool
    built_at: str
    articles: int
    passages: int
    cues: int
    model: str
    bytes: int
    problem: str | None


def which_serves(root: Path, before: int | None) -> str:
    """What is said of a build or rollback that ended early: it may have switched. `before`: what was live when it began."""
    now = live_number(root)
    if now not in (None, before):
        return f"generation {now} is live already, and the next build does what was left"
    if now is None and before is None:  # a first build may have come as far as a whole generation
        serving = serving_number(root)
        return f"generation {serving} serves, and the next build does what was left" if serving else "there is no index yet"
    return "the old index still serves"


def serving_number(root: Path) -> int | None:
    """Which generation answers rest on, live or standing in; None where there is no whole one."""
    try:
        return last_good(root)[1].number
    except IndexUnavailable:
        return None


def live_generation(root: Path) -> tuple[Path, Manifest]:
    """Folder and manifest of the live generation. Raises `IndexMissing`, `IndexDamaged` or `IndexMismatch` (its format)."""
    number = read_pointer(root).number
    folder = generation_folder(root, number)
    return folder, read_manifest(folder, number)


def whole_generation(root: Path, number: int) -> tuple[Path, Manifest]:
    """Folder and manifest of a generation whose every file was compared with its manifest. Raises like `live_generation`."""
    folder = generation_folder(root, number)
    manifest = read_manifest(folder, number)
    verify_files(folder, manifest)
    return folder, manifest


def last_good(root: Path) -> tuple[Path, Manifest, str | None]:
    """The live generation when it is whole; else the newest whole one before it, and what is wrong with the live one.

    One that a rollback passed over is not taken. Raises `IndexUnavailable` where none is left.
    """
    try:
        return *whole_generation(root, read_pointer(root).number), None
    except IndexDamaged as error:
        damaged = error
    for number in _before_live(root):
        try:
            folder, manifest = whole_generation(root, number)
        except IndexUnavailable:
            continue
        return folder, manifest, f"{damaged}; until then generation {number} serves"
    raise damaged


def _before_live(root: Path) -> list[int]:
    """The generations that may stand in for the live one, the newest first; all where nothing says which that is."""
    pointer = remembered(root)
    if pointer is None:
        return numbers(root)[::-1]
    served = [number for number in numbers(root)[::-1] if number <= pointer.number and number not in pointer.passed_over]
    return served if live_number(root) is None else [number for number in served if number != pointer.number]


def list_generations(root: Path, *, verify: bool = False) -> list[GenerationInfo]:
    """Every generation, the newest first. `verify` also hashes every file. Raises nothing: what is wrong is said of each."""
    try:
        pointer = read_pointer(root)
    except IndexUnavailable:
        pointer = Pointer(0)
    return [_info(root, number, pointer, verify=verify) for number in numbers(root)[::-1]]


def _info(root: Path, number: int, pointer: Pointer, *, verify: bool) -> GenerationInfo:
    folder = generation_folder(root, number)
    manifest, problem = None, None
    try:
        manifest = read_manifest(folder, number)
        if verify:
            verify_files(folder, manifest)
    except IndexUnavailable as error:
        problem = str(error)
    return GenerationInfo(
        number=number,
        live=number == pointer.number,
        passed_over=number in pointer.passed_over,
        built_at=manifest.built_at if manifest else "",
        articles=manifest.articles if manifest else 0,
        passages=manifest.passages if manifest else 0,
        cues=manifest.cues if manifest else 0,
        model=manifest.model.name if manifest else "",
        bytes=_bytes(folder),
        problem=problem,
    )


def _bytes(folder: Path) -> int:
    """What a generation takes on the disk; 0 for one that a build removes just now."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except FileNotFoundError:
        return 0


def read_manifest(folder: Path, number: int) -> Manifest:
    """The manifest of a generation. Raises `IndexDamaged`, or `IndexMismatch` for another format."""
    path = folder / MANIFEST
    values: dict[str, Any] = read_sealed(path, _BUILD)
    if values.get("format") != FORMAT:
        raise IndexMismatch(f"{folder} has format {values.get('format')}, this version reads {FORMAT}; {_BUILD}")
    try:
        manifest = _ADAPTER.validate_python(values)
    except ValidationError as error:
        raise IndexDamaged(f"{path} does not hold what a manifest holds; {_BUILD}") from error
    if manifest.number != number:
        raise IndexDamaged(f"{path} is of generation {manifest.number}; {_BUILD}")
    return manifest


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
    """An empty folder to build in. Only for the holder of the lock."""
    folder = generations_folder(root) / f"{_BUILDING}{os.getpid()}"
    (folder / LEXICAL).mkdir(parents=True)
    return folder


def next_number(root: Path) -> int:
    """One more than the highest generation that is known of, removed ones too; order never depends on a clock."""
    pointer = remembered(root) or Pointer(0)
    return max([pointer.number, *pointer.passed_over, *numbers(root)]) + 1


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that readers open, by its path in the folder. Lock files of tantivy hold nothing."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): sha256_of(path) for path in paths}


def write_manifest(building: Path, manifest: Manifest) -> None:
    """The last file of a generation: a folder without one is none."""
    write_synced(building / MANIFEST, sealed(asdict(manifest)))


def publish(root: Path, building: Path, manifest: Manifest) -> Path:
    """Makes a finished build durable under its number: everything synced, then one rename."""
    for path in [*building.rglob("*"), building]:
        sync(path)
    folder = generation_folder(root, manifest.number)
    building.rename(folder)
    sync(folder.parent)
    return folder


def remove_strays(root: Path) -> list[str]:
    """Removes what killed builds left; returns its names. Only for the holder of the lock."""
    parent = generations_folder(root)
    parent.mkdir(parents=True, exist_ok=True)
    strays = [path for begun in (_BUILDING, _REMOVING) for path in parent.glob(f"{begun}*")]
    for stray in strays:
        shutil.rmtree(stray)
    remove_unfinished_switch(root)
    return [stray.name for stray in strays]


def remove_old(root: Path, keep: int) -> list[int]:
    """Removes all but the live generation and the newest whole others, `keep` in all; returns the numbers removed.

    Those that may stand in for the live one stay first, then those that a rollback passed over. Each leaves by a rename
    first, so that a killed removal leaves no half of a generation under its number.
    """
    if len(numbers(root)) <= keep:
        return []
    live, stand_ins = read_pointer(root).number, _before_live(root)
    others = [number for number in numbers(root)[::-1] if number != live and number not in stand_ins]
    whole = (number for number in [*stand_ins, *others] if _is_whole(root, number))
    kept = {live, *islice(whole, keep - 1)}
    old = [number for number in numbers(root) if number not in kept]
    for number in old:
        leaving = generations_folder(root) / f"{_REMOVING}{number:06d}"
        generation_folder(root, number).rename(leaving)
        shutil.rmtree(leaving)
    return old


def _is_whole(root: Path, number: int) -> bool:
    try:
        whole_generation(root, number)
    except IndexUnavailable:
        return False
    return True
