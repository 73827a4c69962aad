"""The audit log, the latest first, and whether it is whole."""

from __future__ import annotations

import json

from flask import Blueprint, request

from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES, render
from assistant.web.staff.paging import page_of
from corpus.audit import Action, Entry

routes = Blueprint("staff_audit", __name__, url_prefix=f"{PAGES}/audit")


@routes.get("")
def show() -> str:
    """`?action=` and `?who=` narrow it, `?page=` goes back in time."""
    entries = desk().audit.entries()
    action, who = request.args.get("action", ""), request.args.get("who", "")
    chosen = [each for each in reversed(entries) if (not action or each.action == action) and (not who or each.actor == who)]
    return render(
        "staff_audit.html",
        paged=page_of(chosen),
        details=details,
        verified=desk().audit.last_verified(),
        actions=list(Action),
        actors=sorted({each.actor for each in entries}),
        action=action,
        who=who,
    )


def details(entry: Entry) -> str:
    """What else stands in an entry, as one line: `from: submitted; to: under_review`."""
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in entry.details.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
