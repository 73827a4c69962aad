"""What a reader thinks of an answer: a form under each one. Complete without JavaScript."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from assistant.store.feedback import MAX_COMMENT, Opinion, Reason
from assistant.text import readable
from assistant.web.addresses import address
from assistant.web.current import feedback
from assistant.web.limits import count_request
from assistant.web.readers import any_reader

routes = Blueprint("feedback", __name__)


@routes.app_context_processor
def _choices() -> dict[str, object]:
    """For the form, which fragments of a stream hold too."""
    return {"reasons": list(Reason), "longest_comment": MAX_COMMENT}


@routes.post("/answers/<answer_id>/feedback")
def give(answer_id: str) -> Response:
    """Keeps the opinion for staff and goes back to the answer; to chat.js it is 204.

    A reader whose browser keeps no cookie is a new one each time, and so cannot change what they said.
    """
    count_request()
    form = request.form
    helpful, reason, comment = form.get("helpful"), form.get("reason"), form.get("comment", "")
    if helpful not in ("yes", "no"):
        abort(422, "say whether the answer helped")
    if reason and reason not in list(Reason):
        abort(422, "that is none of the reasons to choose from")
    if len(readable(comment)) > MAX_COMMENT:
        abort(422, f"a comment has at most {MAX_COMMENT:,} characters")
    # The form of an answer that helped still holds the reason that was chosen before the reader changed their mind.
    why = Reason(reason) if reason and helpful == "no" else None
    feedback().put(answer_id, any_reader().id, Opinion(helpful == "yes", why, comment))
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(status=204)
    back = address(form.get("article_id") or None, form.get("conversation_id") or None, answer_id)
    return redirect(back, 303)
