"""What readers left for staff: what they thought of answers, and questions that got none. Both can be deleted."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from assistant.store.feedback import OpinionNotFound, Reason
from assistant.store.unanswered import UnansweredNotFound
from assistant.web.current import feedback
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES, member, render
from assistant.web.staff.paging import page_of
from corpus.audit import Action

routes = Blueprint("staff_questions", __name__, url_prefix=f"{PAGES}/questions")

#: Both kinds of id are digests. Anything else in an address may be words, which neither log nor audit log get.
_ID = re.compile(r"[0-9a-f]{32}")
_DONE = {"deleted": "Question deleted.", "opinion-deleted": "Opinion deleted."}


@routes.get("")
def show() -> str:
    """Unanswered questions, the most often asked first; then feedback, the latest first, a page at a time."""
    return render(
        "staff_questions.html",
        kept=desk().settings.keep_unanswered,
        days=desk().settings.unanswered_days,
        questions=desk().unanswered.all(),
        paged=page_of(opinions()),
        said=_DONE.get(request.args.get("done", ""), ""),
    )


@routes.post("/<question_id>/delete")
def delete(question_id: str) -> Response:
    """Deletes a kept question in all its askings."""
    delete_question(question_id)
    return redirect(url_for(".show", done="deleted"), 303)


@routes.post("/feedback/<opinion_id>/delete")
def delete_one_opinion(opinion_id: str) -> Response:
    """Deletes what one reader thought of one answer. The answer and the reader's conversation stay."""
    delete_opinion(opinion_id)
    return redirect(url_for(".show", done="opinion-deleted", _anchor="feedback"), 303)


def delete_opinion(opinion_id: str) -> None:
    """The audit log gets its id, which is a digest, and never its words. Raises `OpinionNotFound`."""
    if not _ID.fullmatch(opinion_id):
        raise OpinionNotFound("no kept opinion has this id")
    with desk().audit.recorded(member().name, Action.DELETE_FEEDBACK, opinion_id):
        feedback().delete(opinion_id)


def delete_question(question_id: str) -> None:
    """The audit log gets its id, which is a digest, and never its words. Raises `UnansweredNotFound`."""
    if not _ID.fullmatch(question_id):
        raise UnansweredNotFound("no kept question has this id")
    with desk().audit.recorded(member().name, Action.DELETE_QUESTION, question_id):
        desk().unanswered.delete(question_id)


def opinions(since: str = "") -> list[dict[str, Any]]:
    """The feedback of a day (UTC) or later as staff see it: reasons in the words that readers chose from."""
    return [each | {"reason": Reason(each["reason"]).label if each["reason"] else None} for each in feedback().all(since)]
