"""Indexes that faults are tried on: prepared once, copied for every try, and what may be left in their folders afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.faults.corpora import EDITED, reword, write_new, write_old
from eval.faults.worker import Place, TryFailed, Worker

if TYPE_CHECKING:
    from eval.faults.reading import Reading

_NUMBER = re.compile(r"\d{6}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An index before a command, the articles it is to be made of, and what readers have before and after."""

    name: str
    arguments: tuple[str, ...]  # the command that is struck
    articles: Path
    index: Path
    before: Reading  # refused where there was no index
    after: Reading
    files: frozenset[str]  # what a finished command leaves in the index folder, generations apart

    def copy(self, into: Path) -> Place:
        """A place of its own for one try."""
        shutil.copytree(self.index, into)
        return Place(self.articles, into)


def prepare(worker: Worker, folder: Path, names: Collection[str]) -> dict[str, Prepared]:
    """The commands that faults are tried on, by name.

    `change`: a build over two generations, the older of which it removes; one article is edited, one removed, one added.
    `first`: a build where there is none. `rollback`: back to the older generation.
    """
    old, new, older = write_old(folder / "old"), write_new(folder / "new"), write_old(folder / "older")
    reword(older / f"{EDITED}.md", "colchicine", "Colchicine")
    two, none = folder / "two", folder / "none"
    none.mkdir()
    for articles in (older, old):
        _made(worker, Place(articles, two))
    build = ("index", "build")
    of = {"change": (build, new, two), "first": (build, new, none), "rollback": (("index", "rollback"), old, two)}
    return {name: _prepared(worker, name, *of[name], folder / f"done-{name}") for name in names}


def _prepared(worker: Worker, name: str, arguments: tuple[str, ...], articles: Path, index: Path, into: Path) -> Prepared:
    """Runs the command once, without a fault, on a copy."""
    done = Place(articles, into)
    shutil.copytree(index, into)
    _made(worker, done, *arguments)
    before, after = worker.read(Place(articles, index)), worker.read(done)
    if after.refused or after.same(before):
        raise TryFailed(f"{name} should have changed the index: {after}")
    return Prepared(name, arguments, articles, index, before, after, frozenset(path.name for path in into.iterdir()))


def _made(worker: Worker, place: Place, *arguments: str) -> None:
    done = worker.run(place, *(arguments or ("index", "build")))
    if done.status:
        raise TryFailed(f"what faults are tried on cannot be made: {done.stderr.strip()}")


def generations(index: Path) -> list[str]:
    """Everything in the folder of generations."""
    folder = index / "generations"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def unfinished(index: Path) -> list[str]:
    """What is in the folder of generations that is none."""
    return [name for name in generations(index) if not _NUMBER.fullmatch(name)]


def strays(prepared: Prepared, index: Path) -> list[str]:
    """What a finished command would not have left."""
    return [*unfinished(index), *sorted({path.name for path in index.iterdir()} - prepared.files)]
