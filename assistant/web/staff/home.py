"""The first staff page: what needs somebody's attention."""

from __future__ import annotations

from flask import Blueprint

from assistant.staff.jobs import JobState
from assistant.staff.overview import Filters, Page, Presence
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
            "With errors": ("severity", "error", _total(Filters(severity="error"))),
            "With warnings": ("severity", "warning", _total(Filters(severity="warning"))),
            "Changed since the live index": ("presence", "changed", _total(Filters(presence=Presence.CHANGED.value))),
            "Not in the live index": ("presence", "absent", _total(Filters(presence=Presence.ABSENT.value))),
        },
        serving=assistant().health(),
        job=jobs[0] if jobs else None,
        running=bool(jobs) and jobs[0].state is JobState.RUNNING,
        verified=desk().audit.verify(),
        opinions=len(given),
        unhelpful=sum(not each["helpful"] for each in given),
        questions=len(desk().unanswered.all()),
        kept=desk().settings.keep_unanswered,
    )


def _total(filters: Filters) -> int:
    """How many articles they take; nothing is read again for it."""
    found: Page = desk().overview.page(filters, budget_s=0.0)
    return found.total
