"""Two builds at once, and a holder of the lock that is killed."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eval.faults.commands import begin, run, wait_until
from eval.faults.corpora import write_old
from eval.faults.worker import Place

#: How the one that is refused is told: who holds the lock, since when.
_TOLD = re.compile(r"process (\d+), since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
#: The first build is held up in its gate, by a command that takes this long, and is killed there.
_HELD_UP = "sleep 120"


@dataclass(frozen=True, slots=True)
class Contended:
    """`refused_s`: from the start of the second build to its end. `wrong` is empty when every promise held."""

    refused_s: float
    said: str
    wrong: tuple[str, ...]


def contend() -> Contended:
    """One build is held up; a second is refused; the first is killed where it is; a third succeeds."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        place = Place(write_old(Path(name) / "articles"), Path(name) / "index")
        with begin(place, "index", "build", gate=_HELD_UP) as first:
            try:
                children = Path(f"/proc/{first.pid}/task/{first.pid}/children")
                wait_until(lambda: children.exists() and children.read_text("ascii") != "", "the first build's gate")
                started = time.perf_counter()
                second = run(place, "index", "build")
                refused_s = time.perf_counter() - started
                wrong = ["the first build had ended by itself"] if first.poll() is not None else []
                first.kill()
                first.wait()  # what its gate started still runs, and must not hold the lock
                third = run(place, "index", "build")
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(first.pid, signal.SIGKILL)
    told = _TOLD.search(second.stderr)
    if second.returncode == 0 or second.stderr.count("\n") != 1 or told is None or told[1] != str(first.pid):
        wrong.append(f"the second build ended with {second.returncode}: {second.stderr.strip()!r}")
    if third.returncode:
        wrong.append(f"after the holder was killed the next build ended with {third.returncode}: {third.stderr.strip()!r}")
    return Contended(refused_s, second.stderr.strip(), tuple(wrong))
