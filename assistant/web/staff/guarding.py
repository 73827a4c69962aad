"""Nothing of the staff's is reached without having signed in: one door for every route, so that none can be forgotten.

A page needs the cookie of a session, a form also its token against forgery; the API needs a bearer token and never looks at a
cookie. That another site's page sends neither is checked before, for every route (assistant/web/origins.py).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import cast

from flask import abort, g, render_template, request
from werkzeug.wrappers import Response

from assistant.staff.credentials import Member
from assistant.web.addresses import is_here
from assistant.web.origins import SAFE
from assistant.web.problems import problem
from assistant.web.staff.current import desk
from corpus.errors import FollowupError

PAGES, API = "/staff", "/api/v1/staff"
#: Where nobody has signed in yet.
OPEN = frozenset({"staff_signing_in.show", "staff_signing_in.enter"})
#: What staff.js asks with for a part of a page. It asks by itself, so it does not keep a session alive.
PART = "X-Part"
COOKIE = "staff"
#: Before there is a session, the form's own cookie: so nobody can be made to sign in as somebody else.
FORM_COOKIE = "staff_form"
#: What every 401 must name (RFC 9110, 15.5.2). Browsers know no dialog for this scheme, so they show the page.
CHALLENGE = 'Bearer realm="staff"'
_MADE_HERE = re.compile(r"[A-Za-z0-9_-]{43}")


class NotSignedIn(FollowupError):
    """A page needs somebody who has signed in; it is answered with the form to do so (assistant/web/staff/signing_in.py)."""

    status = 401


def guard() -> Response | None:
    """Before every request: lets through what is not the staff's, and who has signed in. Raises `NotSignedIn`."""
    rule = request.url_rule.rule if request.url_rule else ""
    if rule.startswith(f"{API}/"):
        return _guard_api()
    if rule == PAGES or rule.startswith(f"{PAGES}/"):
        return None if request.endpoint in OPEN else _guard_page()
    return None


def member() -> Member:
    """Who sent this request."""
    return cast(Member, g.member)


def render(template: str, **context: object) -> str:
    """A page for whoever has signed in, with what its forms need."""
    return render_template(template, member=g.get("member"), csrf=g.get("csrf", ""), **context)


def form_token() -> tuple[str, str]:
    """What the cookie and the form of the sign-in page hold."""
    cookie = _cookie(FORM_COOKIE) or secrets.token_urlsafe(32)
    return cookie, csrf_of(cookie)


def check_form(cookie: str) -> None:
    """403 for a form that was not made for this cookie."""
    if not cookie or not hmac.compare_digest(csrf_of(cookie).encode(), request.form.get("csrf", "").encode()):
        abort(403, "this form is not of today's session; open the page here again, and send it from there")


def csrf_of(cookie: str) -> str:
    """The token of a cookie's forms. It does not lead back to the cookie, which no script can read."""
    return hashlib.sha256(f"csrf:{cookie}".encode()).hexdigest()


def session_cookie() -> str:
    """The cookie of the session, "" where the request brought none that was made here."""
    return _cookie(COOKIE)


def way_back(given: str) -> str:
    """An address of the staff pages to go on to; the first page in place of anything else."""
    ours = given == PAGES or given.startswith((f"{PAGES}/", f"{PAGES}?"))
    return given if ours and is_here(given) else PAGES


def _guard_page() -> Response | None:
    cookie = session_cookie()
    by_itself = PART in request.headers
    session = desk().sessions.find(cookie, noted=not by_itself) if cookie else None
    if session:
        known = Member(session.name, session.credential)
        if desk().staff.still(known, desk().today):
            g.member, g.csrf = known, csrf_of(cookie)
            if request.method not in SAFE:
                check_form(cookie)
            return None
        desk().sessions.end(cookie)
    if by_itself:
        return _refused("you are signed out; open the page again to sign in")
    raise NotSignedIn("a staff page was asked for, and nobody has signed in")


def _guard_api() -> Response | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = desk().staff.by_token(token.strip(), desk().today) if kind.lower() == "bearer" else None
    if found:
        g.member = found
        return None
    return _refused(
        "this needs a staff member's token that has not expired: Authorization: Bearer …",
        ', error="invalid_token"' if token else "",
    )


def _refused(detail: str, more: str = "") -> Response:
    refused = problem(401, detail)
    refused.headers["WWW-Authenticate"] = CHALLENGE + more
    return refused


def _cookie(name: str) -> str:
    value = request.cookies.get(name, "")
    return value if _MADE_HERE.fullmatch(value) else ""
