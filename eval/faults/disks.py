"""Builds on disks that really are full or read-only: a small file system in memory, mounted where nobody else sees it.

`python -m eval.faults.disks` does the work, and must run in a mount namespace of its own; `try_disks` starts it there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.faults.places import Prepared, prepare
from eval.faults.promises import not_mended, served, told_wrongly
from eval.faults.worker import TryFailed, Worker, workers

_ROOT = Path(__file__).resolve().parents[2]
_BYTES = 1_000_000
#: What something else leaves of the full disk: a fifth of what the build needs.
_LEFT = 100_000
_IN_NAMESPACE = ("unshare", "--mount", "--propagation", "private")


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What a build did on one disk. `wrong` is empty when every promise held."""

    disk: str
    status: int
    said: str
    serves: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.disk} disk, exit {self.status}: {'; '.join(self.wrong)}"


def can_mount() -> str | None:
    """None where file systems can be mounted, else the reason why not."""
    if shutil.which(_IN_NAMESPACE[0]) is None:
        return "there is no `unshare` here"
    done = subprocess.run([*_IN_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True, check=False)  # noqa: S603  # two commands of the system
    return f"nothing can be mounted here: {done.stderr.strip()}" if done.returncode else None


def try_disks() -> list[OnDisk]:
    """A build of changed articles on each kind of disk."""
    command = [*_IN_NAMESPACE, sys.executable, "-m", "eval.faults.disks"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise TryFailed(f"nothing can be tried on other disks: {done.stderr.strip()[-500:]}")
    return [OnDisk(**{**each, "wrong": tuple(each["wrong"])}) for each in json.loads(done.stdout)]


def _on_each(folder: Path) -> list[OnDisk]:
    with workers(folder, 1) as pool:

        def try_all(worker: Worker) -> list[OnDisk]:
            prepared = prepare(worker, folder, ["change"])["change"]
            return [_on(worker, prepared, folder / disk, disk) for disk in ("full", "read-only")]

        return pool.one(try_all)


def _on(worker: Worker, prepared: Prepared, disk: Path, name: str) -> OnDisk:
    disk.mkdir()
    _system("mount", "-t", "tmpfs", "-o", f"size={_BYTES}", "none", str(disk))
    try:
        place = prepared.copy(disk / "index")
        filler = disk / "filler"
        filler.write_bytes(b"")
        if name == "full":
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - _LEFT))
        else:
            _system("mount", "-o", "remount,ro", str(disk))
        outcome = worker.run(place, *prepared.arguments)
        serves, wrong = served(worker, prepared, place)
        wrong += told_wrongly(outcome, serves)
        if serves != "old":
            wrong.append("the build ended well on a disk that it cannot be written to")
        _system("mount", "-o", f"remount,rw,size={4 * _BYTES}", str(disk))
        filler.unlink()
        wrong += not_mended(worker, prepared, place)
    finally:
        _system("umount", str(disk))
    return OnDisk(name, outcome.status, outcome.stderr.strip(), serves, tuple(wrong))


def _system(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # the system's own


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as made:
        sys.stdout.write(json.dumps([asdict(each) for each in _on_each(Path(made))]))
