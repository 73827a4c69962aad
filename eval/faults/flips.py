"""Single bits flipped in the files of a live generation: what a server then does, before anybody is answered.

FAISS, SQLite and tantivy read most flipped bits without complaint. A flip is found when the generation is refused, and the one
before it serves and says so. The file that says which generation is live, the manifest and the report count as well.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.faults.places import Prepared, prepare
from eval.faults.worker import Place, Worker, workers
from index.folders import generation_folder
from index.pointer import read_pointer

if TYPE_CHECKING:
    from eval.faults.reading import Reading


FLIPS = 1_000


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit of one file, named from the index folder."""

    file: str
    byte: int
    bit: int

    def __str__(self) -> str:
        return f"{self.file}, byte {self.byte}, bit {self.bit}"


@dataclass(frozen=True, slots=True)
class Flipped:
    """What a reader then had. `found`: the flip was noticed; `served_wrong`: something else than before was served for it."""

    flip: Flip
    found: bool
    served_wrong: bool
    wrong: str


def flip_bits(count: int, seed: int = 20261123, processes: int = 2) -> list[Flipped]:
    """As many random flips, one at a time; each file is as likely as another, however small."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        folder = Path(name)
        with workers(folder, processes) as pool:
            prepared = pool.one(lambda worker: prepare(worker, folder, ["change"]))["change"]
            flips = random_flips(_done(prepared), count, seed)
            shares = [flips[first::processes] for first in range(processes)]
            done = pool.map(
                lambda worker, share: _flip_all(worker, prepared, share[1], folder / f"flips{share[0]}"), list(enumerate(shares))
            )
    return [each for share in done for each in share]


def random_flips(index: Path, count: int, seed: int) -> list[Flip]:
    """Of the pointer and all files of the live generation that are not empty."""
    chosen = random.Random(seed)  # noqa: S311  # the same flips every time
    live = generation_folder(index, read_pointer(index).number)
    files = [index / "CURRENT", *sorted(path for path in live.rglob("*") if path.is_file())]
    sizes = {path.relative_to(index).as_posix(): path.stat().st_size for path in files}
    names = [name for name, size in sizes.items() if size]
    return [Flip(name, chosen.randrange(sizes[name]), chosen.randrange(8)) for name in chosen.choices(names, k=count)]


def flip(path: Path, byte: int, bit: int) -> None:
    """Flips one bit in place, as a disk would. The same again flips it back."""
    with path.open("r+b") as file:
        file.seek(byte)
        was = file.read(1)[0]
        file.seek(byte)
        file.write(bytes([was ^ 1 << bit]))


def _done(prepared: Prepared) -> Path:
    """The index after the change: the new generation is live, the one before it stands by."""
    return prepared.index.with_name(f"done-{prepared.name}")


def _flip_all(worker: Worker, prepared: Prepared, flips: Sequence[Flip], into: Path) -> list[Flipped]:
    place = Place(prepared.articles, into)
    shutil.copytree(_done(prepared), into)
    done = []
    for each in flips:
        flip(into / each.file, each.byte, each.bit)
        done.append(_judged(each, worker.read(place), prepared))
        flip(into / each.file, each.byte, each.bit)
    return done


def _judged(each: Flip, reading: Reading, prepared: Prepared) -> Flipped:
    fell_back = reading.same(prepared.before) and bool(reading.degraded)
    if fell_back or reading.refused:
        return Flipped(each, found=True, served_wrong=False, wrong="")
    same = reading.same(prepared.after)
    said = "it served on as if whole" if same else f"it served something else: {reading}"
    return Flipped(each, found=bool(reading.degraded), served_wrong=not same, wrong="" if reading.degraded and same else said)
