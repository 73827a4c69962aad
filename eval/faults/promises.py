"""What must hold after any fault: who serves, what was told, what was left, and that the next build mends it by itself."""

from __future__ import annotations

from eval.faults.places import Prepared, generations, strays, unfinished
from eval.faults.worker import Outcome, Place, Worker

#: Generations that are kept, as the settings have it; a struck command may leave one besides.
_KEPT = 2


def served(worker: Worker, prepared: Prepared, place: Place) -> tuple[str, list[str]]:
    """What a new reader has, and what is wrong with it."""
    reading = worker.read(place)
    if reading.same(prepared.after):
        return "new", []
    if reading.same(prepared.before) or (reading.refused and prepared.before.refused):
        return "old", []
    return "neither", [f"neither the old index nor the new one: {reading.refused or reading}"]


def told_wrongly(outcome: Outcome, served: str) -> list[str]:
    """A refused call either did not matter, and then the new index is there, or is told in one line that is true."""
    lines = outcome.stderr.strip().splitlines()
    wrong = ["it hung"] if outcome.hung else []
    if "Traceback" in outcome.stderr:
        wrong.append(f"a traceback: {lines[-1]}")
    elif outcome.status == 0 and served != "new":
        wrong.append("it said that it was done, and was not")
    elif outcome.status < 0:
        wrong.append(f"it died of signal {-outcome.status}")
    elif outcome.status > 0 and len(lines) != 1:
        wrong.append(f"{len(lines)} lines instead of one: {outcome.stderr.strip()!r}")
    elif outcome.status > 0 and served == "new" and "old" in lines[0]:
        wrong.append(f"the new index serves, but it said: {lines[0]}")
    return wrong


def left_too_much(place: Place) -> list[str]:
    """A struck command leaves one generation more at most."""
    many = len(generations(place.index)) > _KEPT + 1 or len(unfinished(place.index)) > 1
    return [f"it left {', '.join(generations(place.index))}"] if many else []


def not_mended(worker: Worker, prepared: Prepared, place: Place) -> list[str]:
    """The next build needs nobody's help: it makes the index of the articles, and leaves nothing behind."""
    done = worker.build(place)
    if done.status:
        return [f"the next build failed: {done.stderr.strip()}"]
    wrong = []
    reading = worker.read(place)
    wanted = prepared.before if prepared.name == "rollback" else prepared.after
    if not reading.same(wanted):
        wrong.append(f"the next build serves something else: {reading.refused or reading}")
    if left := strays(prepared, place.index):
        wrong.append(f"the next build left {', '.join(left)}")
    if len(generations(place.index)) > _KEPT:
        wrong.append(f"the next build kept {', '.join(generations(place.index))}")
    return wrong
