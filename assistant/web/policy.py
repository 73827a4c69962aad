"""The editorial policy."""

from __future__ import annotations

from flask import Blueprint, render_template

routes = Blueprint("policy", __name__)


@routes.get("/policy")
def show() -> str:
    """How articles are written, reviewed and answered from."""
    return render_template("policy.html")
