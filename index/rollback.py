"""Goes back to an earlier generation: one rename, as every switch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from corpus.errors import IndexDamaged, IndexUnavailable, RollbackRefused
from index.generations import (
    Pointer,
    live_number,
    next_number,
    numbers,
    read_pointer,
    remembered,
    switch,
    which_serves,
    whole_generation,
)
from index.locking import single_writer
from index.search import check_model
from index.servers import wait_for_servers

if TYPE_CHECKING:
    from index.settings import IndexSettings
    from index.types import Manifest


def rollback(
    settings: IndexSettings,
    number: int | None = None,
    *,
    by: str | None = None,
    record: Callable[[Manifest], AbstractContextManager[None]] = lambda manifest: nullcontext(),
) -> Manifest:
    """Makes an earlier generation live, the newest whole one before the live one unless `number` says which.

    A later one that an earlier rollback left can be named too. Its files are verified first. Servers that run have switched
    when this returns. What was withdrawn since stays withdrawn. `record`: what the switch is made in: it
    may note it first, and learns where it fails.

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


def _go_back(settings: IndexSettings, number: int | None, record: Callable[[Manifest], AbstractContextManager[None]]) -> Manifest:
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
        switch(settings.index, Pointer(manifest.number, passed_over, pointer.withdrawn))
    wait_for_servers(settings.index, manifest.number)
    return manifest


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
