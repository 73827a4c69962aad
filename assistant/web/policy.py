"""The editorial policy."""

from __future__ import annotations

from flask import Blueprint, render_template

from assistant.web.current import assistant

routes = Blueprint("policy", __name__)


@routes.get("/policy")
def show() -> str:
    """How articles are written, reviewed and answered from."""
    settings = assistant().settings
    return render_template("policy.html", keeps_unanswered=settings.keep_unanswered, unanswered_days=settings.unanswered_days)
