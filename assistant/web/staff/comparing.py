"""Comparing the articles with each other when staff ask for it (assistant/staff/across.py)."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES

routes = Blueprint("staff_comparing", __name__, url_prefix=f"{PAGES}/comparison")

#: What the page says afterwards: the address holds only the word.
COMPARED = {
    "compared": "The articles were compared with each other.",
    "comparing": "The articles are being compared with each other; load the page again to see what is found.",
}
#: Seconds that a form waits for it: 40 articles take one or two.
_WAIT_S = 5.0


@routes.post("")
def compare() -> Response:
    """Compares all articles, and goes back to the article that the form names, or to the table."""
    done = "compared" if desk().overview.across.start(_WAIT_S) else "comparing"
    if article_id := request.form.get("article", ""):
        return redirect(url_for("staff_articles.one", article_id=article_id, done=done, _anchor="findings"), 303)
    return redirect(url_for("staff_articles.show", done=done), 303)
