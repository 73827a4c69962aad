"""Goes back to an earlier generation: one rename, as every switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from corpus.errors import IndexDamaged, IndexUnavailable, RollbackRefused
from index.generations import Pointer, numbers, read_pointer, switch, whole_generation
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
    record: Callable[[Manifest], object] = lambda manifest: None,
) -> Manifest:
    """Makes an earlier generation live, the newest whole one before the live one unless `number` says which.

    A later one that an earlier rollback left can be named too. Its files are verified first. Servers that run have switched
    when this returns. `record`: what is done before the switch, and without which there is none.

    Raises `RollbackRefused`, `IndexBusy` or `IndexUnavailable`.
    """
    with single_writer(settings.index, "a rollback", by):
        try:
            pointer = read_pointer(settings.index)
        except IndexDamaged:
            pointer = Pointer(max(numbers(settings.index), default=0) + 1)  # any generation is earlier
        manifest = _checked(settings, number) if number is not None else _newest(settings, pointer)
        if manifest.number == pointer.number:
            raise RollbackRefused(f"generation {manifest.number} is live already")
        record(manifest)
        later = {*pointer.passed_over, pointer.number, *numbers(settings.index)}
        passed_over = tuple(sorted(each for each in later if each > manifest.number))
        switch(settings.index, Pointer(manifest.number, passed_over))
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
