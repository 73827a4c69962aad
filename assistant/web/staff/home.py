"""The first staff page: what needs somebody's attention."""

from __future__ import annotations

from flask import Blueprint

from assistant.staff.jobs import JobState
from assistant.staff.overview import Presence
from assistant.web.current import assistant
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES, render
from assistant.web.staff.questions import opinions

routes = Blueprint("staff_home", __name__, url_prefix=PAGES)


@routes.get("")
def show() -> str:
    """Articles by status and with findings, what serves, what readers said, whether the audit log is whole."""
    everything = desk().overview.page()
    jobs = desk().jobs.recent()
    given = opinions()
    return render(
        "staff_home.html",
        page=everything,
        counts={
            "With errors": ("severity", "error", everything.with_errors),
            "With warnings": ("severity", "warning", everything.with_warnings),
            "Changed since the live index": ("presence", "changed", everything.presences.get(Presence.CHANGED, 0)),
            "Not in the live index": ("presence", "absent", everything.presences.get(Presence.ABSENT, 0)),
        },
        serving=assistant().health(),
        job=jobs[0] if jobs else None,
        running=bool(jobs) and jobs[0].state is JobState.RUNNING,
        verified=desk().audit.last_verified(),
        opinions=len(given),
        unhelpful=sum(not each["helpful"] for each in given),
        questions=len(desk().unanswered.all()),
        kept=desk().settings.keep_unanswered,
    )
