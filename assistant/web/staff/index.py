"""The index: what serves, reindexing with its progress and log, the generations, going back to one, and how well it finds.

Complete without JavaScript: a page that shows a job under way loads itself again. staff.js asks the same address for the parts
that change.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from assistant.staff.benchmark import Benchmark, keep, kept, measure
from assistant.staff.jobs import JobState
from assistant.web.current import assistant
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES, PART, member, render
from corpus.audit import Action
from corpus.errors import FollowupError
from index.folders import generation_folder, numbers
from index.generations import GenerationInfo, list_generations
from index.recording import record_rollbacks
from index.report import BuildReport, read_report_or_none
from index.rollback import RolledBack, rollback

log = logging.getLogger(__name__)

routes = Blueprint("staff_index", __name__, url_prefix=f"{PAGES}/index")

#: What the page says after a form: the address holds only the word.
_DONE = {
    "begun": "Reindexing has begun.",
    "rolled-back": "Another generation is live.",
    "rolled-back-late": "Another generation is live, but a server process still answers from the one before: restart it.",
    "measured": "The live generation was measured.",
}


#: Benchmarks that are shown, the latest generations'.
_BENCHMARKS = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A generation and what its build changed, as far as its report can be read."""

    info: GenerationInfo
    report: BuildReport | None

    @property
    def can_serve(self) -> bool:
        """Whether it can be gone back to."""
        return not self.info.live and self.info.problem is None


@dataclass(frozen=True, slots=True)
class AtOnce:
    """A reindexing that an act calls for: its job, or None and why none has begun."""

    job: str | None
    refused: str


@routes.get("")
def show() -> Response:
    """What serves, the latest job, the generations."""
    return _page()


@routes.get("/jobs/<job_id>")
def job(job_id: str) -> str:
    """One reindexing with its log. Raises `JobNotFound`."""
    found = desk().jobs.get(job_id)
    return render("staff_job.html", job=found, log=desk().jobs.log(job_id), running=found.state is JobState.RUNNING)


@routes.post("/reindex")
def reindex() -> AnyResponse:
    """Begins to reindex, and goes back to the page that shows how far it is."""
    try:
        start_reindexing(allow_shrink=request.form.get("allow_shrink") == "yes")
    except FollowupError as error:
        return _page(f"Not reindexed: {error}.", error.status)
    return redirect(url_for(".show", done="begun", _anchor="job"), 303)


@routes.post("/rollback")
def go_back() -> AnyResponse:
    """Makes another generation live."""
    number = request.form.get("number", type=int)
    if number is None:
        return _page("Not changed: no generation was named.", 422)
    try:
        late = roll_back(number).late_servers
    except FollowupError as error:
        return _page(f"Not changed: {error}.", error.status)
    return redirect(url_for(".show", done="rolled-back-late" if late else "rolled-back"), 303)


@routes.post("/benchmark")
def measure_live() -> AnyResponse:
    """Measures how well the live generation finds, and keeps it beside the earlier ones."""
    run_benchmark()
    return redirect(url_for(".show", done="measured", _anchor="benchmark"), 303)


def run_benchmark() -> Benchmark:
    """Of the generation that this server answers from. Raises `IndexUnavailable` or `BenchmarkNotKept`."""
    measured = measure(assistant().index)
    keep(desk().settings.index, measured)
    return measured


def start_reindexing(*, allow_shrink: bool = False) -> str:
    """The id of the job, which itself writes into the audit log before it switches.

    Raises `IndexBusy`, `JobNotStarted` or `AuditUnavailable`.
    """
    desk().audit.check()
    return desk().jobs.start(member().name, allow_shrink).id


def reindex_after(action: Action) -> AtOnce | None:
    """Begins at once after an act that takes something away from readers; None after any other, or where there is no index."""
    if action not in (Action.WITHDRAW, Action.RETRACT) or not numbers(desk().settings.index):
        return None
    try:
        return AtOnce(start_reindexing(), "")
    except FollowupError as error:
        log.error("what an act took away is still answered from: %s", error)
        return AtOnce(None, str(error))


def roll_back(number: int | None) -> RolledBack:
    """None: to the newest whole generation before the live one. Raises `RollbackRefused`, `IndexBusy`, `AuditUnavailable`."""
    settings, by = desk().settings, member().name
    return rollback(settings, number, by=by, record=record_rollbacks(settings, by))


def generations() -> list[Shown]:
    """The newest first."""
    root = desk().settings.index
    return [Shown(info, read_report_or_none(generation_folder(root, info.number))) for info in list_generations(root)]


def _page(refused: str = "", status: int = 200) -> Response:
    jobs = desk().jobs.recent()
    latest = jobs[0] if jobs else None
    shown = generations()
    context = {
        "job": latest,
        "log": desk().jobs.log(latest.id) if latest else "",
        "running": latest is not None and latest.state is JobState.RUNNING,
        "jobs": jobs[1:],
        "generations": shown,
        "version": f"{[(each.info.number, each.info.live, each.info.problem) for each in shown]}",
        "serving": assistant().health(),
        "benchmarks": list(kept(desk().settings.index).values())[:_BENCHMARKS],
        "said": _DONE.get(request.args.get("done", ""), ""),
        "refused": refused,
    }
    template = "_staff_index.html" if request.headers.get(PART) == "index" else "staff_index.html"
    response = Response(render(template, **context), status)
    response.vary.add(PART)
    return response
