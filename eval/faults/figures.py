"""What faults did, as the figures of issue 6's table, and beside them whatever went wrong, each in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eval.latency import Figure
from eval.measures import percentile

if TYPE_CHECKING:
    from eval.faults.disks import OnDisk
    from eval.faults.edits import Edited
    from eval.faults.endpoints import Knocked
    from eval.faults.flips import Flipped
    from eval.faults.imports import Imported
    from eval.faults.locks import Contended
    from eval.faults.order import Ordered
    from eval.faults.sweeps import Tried
    from eval.faults.switches import Switched

#: Figures, and what they were counted from where it is more than a number.
Measured = tuple[list[Figure], dict[str, Any]]


def kill_figures(tried: Sequence[Tried]) -> Measured:
    """Points, by what readers had afterwards; a point is wrong also when the next build did not mend it."""
    wrong = [str(each) for each in tried if each.wrong]
    return [
        Figure("kill_points", len(tried)),
        *(
            Figure(f"kill_points_served_{served}", count)
            for served, count in sorted(Counter(each.served for each in tried).items())
        ),
        Figure("kill_points_neither_old_nor_new", sum(each.served == "neither" for each in tried)),
        Figure("kill_points_wrong", len(wrong)),
    ], {"kills": wrong} if wrong else {}


def error_figures(tried: Sequence[Tried]) -> Measured:
    """The share of points at which every promise held, and what was told at each of the others."""
    wrong = [str(each) for each in tried if each.wrong]
    return [
        Figure("error_points", len(tried)),
        Figure("error_points_neither_old_nor_new", sum(each.served == "neither" for each in tried)),
        Figure("error_points_that_did_not_matter", sum(each.status == 0 for each in tried)),
        Figure("error_points_held", 1 - len(wrong) / len(tried)),
    ], {"errors": wrong} if wrong else {}


def flip_figures(flipped: Sequence[Flipped]) -> Measured:
    """A flip is found when the generation is refused or another serves in its place and says so."""
    wrong = [f"{each.flip}: {each.wrong}" for each in flipped if each.wrong]
    return [
        Figure("bits_flipped", len(flipped)),
        Figure("bits_not_found", sum(not each.found for each in flipped)),
        Figure("bits_served_wrong", sum(each.served_wrong for each in flipped)),
    ], {"flips": wrong} if wrong else {}


def lock_figures(contended: Contended) -> Measured:
    """The second build's whole process, its start included."""
    return [
        Figure("second_build_refused_s", contended.refused_s),
        Figure("locks_wrong", len(contended.wrong)),
    ], {"locks": list(contended.wrong)} if contended.wrong else {}


def switch_figures(switched: Switched) -> Measured:
    """Under the same readers, without and with switches, in one run."""
    idle, busy = switched.p99(switched.idle), switched.p99(switched.busy)
    found = [*Counter(switched.failed).items(), *switched.mixed]
    return [
        Figure("switches", switched.switches),
        Figure("switches_questions", len(switched.busy)),
        Figure("switches_failed", len(switched.failed)),
        Figure("switches_mixed", len(switched.mixed)),
        Figure("switches_idle_p99_ms", 1000 * idle),
        Figure("switches_p99_ms", 1000 * busy),
        Figure("switches_p99_to_idle", busy / idle),
        Figure("switches_build_to_live_p50_s", percentile(switched.to_live_s, 50)),
    ], {"switches": [str(each) for each in found]} if found else {}


def edit_figures(edited: Edited) -> Measured:
    """A sequence that differs ends the run with an error; those that are counted were equal."""
    return [
        Figure("edit_sequences_equal", edited.sequences),
        Figure("edit_builds", edited.builds),
        Figure("edit_questions_on_what_is_gone", edited.asked_of_gone),
    ], {}


def disk_figures(tried: Sequence[OnDisk]) -> Measured:
    """A disk that is full, one that is read-only."""
    wrong = [str(each) for each in tried if each.wrong]
    return [Figure("disks_tried", len(tried)), Figure("disks_wrong", len(wrong))], {"disks": wrong} if wrong else {}


def order_figures(ordered: Sequence[Ordered]) -> Measured:
    """What a power cut may lose, and what is written under readers."""
    wrong = [f"{each.command}: {said}" for each in ordered for said in (*each.unsynced, *each.in_place)]
    return [
        Figure("order_calls", sum(each.calls for each in ordered)),
        Figure("order_not_synced", sum(len(each.unsynced) for each in ordered)),
        Figure("order_written_in_place", sum(len(each.in_place) for each in ordered)),
    ], {"order": wrong} if wrong else {}


def live_figures(seconds: Sequence[float]) -> Measured:
    """Of one article edited: from the command to its end, when the server answers from the edit."""
    return [Figure("edit_to_live_p50_s", percentile(seconds, 50)), Figure("edit_to_live_worst_s", max(seconds))], {}


def endpoint_figures(knocked: Sequence[Knocked]) -> Measured:
    """Every staff route, in every way that must be refused."""
    wrong = [str(each) for each in knocked if not each.refused]
    return [
        Figure("staff_routes", len({(each.method, each.path) for each in knocked})),
        Figure("staff_requests_to_be_refused", len(knocked)),
        Figure("staff_requests_not_refused", len(wrong)),
    ], {"endpoints": wrong} if wrong else {}


def import_figures(imported: Sequence[Imported]) -> Measured:
    """Each data set, from its files to an answer."""
    wrong = [f"{each.name}: {said}" for each in imported for said in each.wrong]
    return [
        figure
        for each in imported
        for figure in (
            Figure(f"{each.name}_documents", each.documents),
            Figure(f"{each.name}_refused", each.refused),
            Figure(f"{each.name}_import_s", each.import_s),
            Figure(f"{each.name}_problems", each.problems),
            Figure(f"{each.name}_passages", each.passages),
            Figure(f"{each.name}_build_s", each.build_s),
            Figure(f"{each.name}_asked", each.asked),
            Figure(f"{each.name}_answered", each.answered),
            Figure(f"{each.name}_answered_from_the_right_article", each.right),
            Figure(f"{each.name}_wrong", len(each.wrong)),
        )
    ], {"imports": wrong} if wrong else {}
