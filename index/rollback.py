"""Goes back to an earlier generation: one rename, as every switch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from corpus.errors import IndexDamaged, IndexUnavailable, RollbackRefused
from index.folders import numbers
from index.generations import next_number, which_serves, whole_generation
from index.locking import single_writer
from index.pointer import Pointer, live_number, read_pointer, remembered, switch
from index.search import check_model
from index.servers import wait_for_servers
from index.types import Manifest

if TYPE_CHECKING:
    from index.settings import IndexSettings


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What serves now. `late_servers`: processes that still answered from another generation when patience ended."""

    manifest: Manifest
    late_servers: int


def rollback(
    settings: IndexSettings,
    number: int | None = None,
    *,
    by: str | None = None,
    record: Callable[[Manifest], AbstractContextManager[object]] = lambda manifest: nullcontext(),
) -> RolledBack:
    """Makes an earlier generation live, the newest whole one before the live one unless `number` says which.

    A later one that an earlier rollback left can be named too. Its files are verified first. When this returns the servers
    that run have switched, or are counted. What was withdrawn or retracted since stays so. `record`: a context manager around
    the switch; where it raises on entry there is none.

    Raises `RollbackRefused`, `IndexBusy` or `IndexUnavailable`.
    """
    before = live_number(settings.index)
    try:
        with single_writer(settings.index, "a rollback", by):
            return _go_back(settings, number, record)
    except OSError as error:
        raise RollbackRefused(
            f"the rollback stopped at {error.filename or settings.index}: {error.strerror or error}; "
            f"{which_serves(settings.index, before)}"
        ) from error


def _go_back(
    settings: IndexSettings, number: int | None, record: Callable[[Manifest], AbstractContextManager[object]]
) -> RolledBack:
    try:
        pointer = read_pointer(settings.index)
    except IndexDamaged:
        known = remembered(settings.index) or Pointer(0)
        pointer = replace(known, number=next_number(settings.index))  # any generation is earlier
    manifest = _checked(settings, number) if number is not None else _newest(settings, pointer)
    if manifest.number == pointer.number:
        raise RollbackRefused(f"generation {manifest.number} is live already")
    later = {*pointer.passed_over, pointer.number, *numbers(settings.index)}
    passed_over = tuple(sorted(each for each in later if each > manifest.number))
    with record(manifest):
        switch(settings.index, Pointer(manifest.number, passed_over, pointer.taken_back))
    return RolledBack(manifest, wait_for_servers(settings.index, manifest.number))


def _newest(settings: IndexSettings, pointer: Pointer) -> Manifest:
    for number in numbers(settings.index)[::-1]:
        if number < pointer.number and number not in pointer.passed_over:
            try:
                return _checked(settings, number)
            except IndexUnavailable:
                continue
    raise RollbackRefused(
        f"there is no whole generation before {pointer.number}; `followup index generations` lists those there are"
    )


def _checked(settings: IndexSettings, number: int) -> Manifest:
    """The manifest of a generation that could serve now."""
    if number not in numbers(settings.index):
        raise RollbackRefused(f"there is no generation {number}; `followup index generations` lists those there are")
    _, manifest = whole_generation(settings.index, number)
    check_model(manifest, settings)
    return manifest
