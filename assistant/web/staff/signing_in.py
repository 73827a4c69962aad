"""Signing in with a name and a password or with a token, also in place of a page that needs it, and signing out."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from assistant.staff.credentials import Member
from assistant.web.addresses import asked_address
from assistant.web.limits import client_address
from assistant.web.origins import SAFE
from assistant.web.problems import retry_later
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import (
    CHALLENGE,
    COOKIE,
    FORM_COOKIE,
    PAGES,
    NotSignedIn,
    check_form,
    form_token,
    member,
    render,
    session_cookie,
    way_back,
)
from assistant.web.staff.throttling import TooManySignIns
from corpus.audit import Action
from corpus.errors import AuditUnavailable

log = logging.getLogger(__name__)

routes = Blueprint("staff_signing_in", __name__, url_prefix=PAGES)

_UNKNOWN = "unknown"


@routes.get("/sign-in")
def show() -> AnyResponse:
    """The form; who has signed in goes on."""
    cookie = session_cookie()
    if cookie and desk().sessions.find(cookie):
        return redirect(_back(), 303)
    return _page()


@routes.post("/sign-in")
def enter() -> AnyResponse:
    """Begins a session, with a cookie that was never seen before, and ends the one there was."""
    check_form(request.cookies.get(FORM_COOKIE, ""))
    token, name = request.form.get("token", "").strip(), request.form.get("name", "")
    try:
        desk().sign_ins.count(client_address(), None if token else name)
        found = _by_token(token) if token else _by_password(name, request.form.get("password", ""))
    except TooManySignIns as error:
        return _page(f"Not signed in: {error.told}.", error.status, error.retry_after)
    if found is None:
        desk().audit.append(_known_name(name), Action.SIGN_IN_FAILED, "staff", means="token" if token else "password")
        return _page("Not signed in: " + ("no such token, or it has expired." if token else "name or password is wrong."), 403)
    desk().audit.append(found.name, Action.SIGN_IN, "staff", means="token" if token else "password")
    if before := session_cookie():
        desk().sessions.end(before)
    response = redirect(_back(), 303)
    response.set_cookie(COOKIE, desk().sessions.begin(found.name, found.credential), **_how_kept())
    response.delete_cookie(FORM_COOKIE, **_how_kept())
    return response


@routes.post("/sign-out")
def leave() -> AnyResponse:
    """Ends the session here, whatever becomes of the cookie, and also where the audit log cannot take it."""
    desk().sessions.end(session_cookie())
    try:
        desk().audit.append(member().name, Action.SIGN_OUT, "staff")
    except AuditUnavailable as error:  # a session that goes on is worse than one whose end is not in the log
        log.error("somebody signed out, which the audit log does not tell: %s", error)
    response = redirect(url_for(".show", done="signed-out"), 303)
    response.delete_cookie(COOKIE, **_how_kept())
    return response


@routes.app_errorhandler(NotSignedIn)
def ask_to_sign_in(error: NotSignedIn) -> Response:
    """The form, in place of what was asked for: it leads back to a page, and to the first one from what answers a form."""
    is_page = request.method in SAFE
    response = _page(status=error.status, back=asked_address() if is_page else PAGES, in_place_of="page" if is_page else "act")
    response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def _page(
    refused: str = "", status: int = 200, retry_after: int | None = None, back: str | None = None, in_place_of: str = ""
) -> Response:
    """`refused`: why a try failed. `in_place_of`: the "page" or "act" that was asked for without having signed in."""
    cookie, csrf = form_token()
    page = render(
        "staff_sign_in.html",
        refused=refused,
        form_csrf=csrf,
        back=back or _back(),
        in_place_of=in_place_of,
        passwords=bool(desk().staff.passwords),
        tokens=bool(desk().staff.tokens),
        signed_out=request.args.get("done") == "signed-out",
        from_elsewhere=request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"),
    )
    response = make_response(page, status, retry_later(retry_after))
    response.set_cookie(FORM_COOKIE, cookie, **_how_kept())
    return response


def _how_kept() -> dict[str, Any]:
    """Sent to the staff pages alone, out of reach of scripts and of other sites."""
    return {"path": PAGES, "httponly": True, "samesite": "Strict", "secure": request.is_secure}


def _by_token(token: str) -> Member | None:
    return desk().staff.by_token(token, desk().today)


def _by_password(name: str, password: str) -> Member | None:
    with desk().sign_ins.hashing():
        return desk().staff.by_password(name, password)


def _known_name(typed: str) -> str:
    """A name that somebody has, as it is spelled: anything else typed there may be a password."""
    return next((name for name in desk().staff.names if name.casefold() == typed.strip().casefold()), _UNKNOWN)


def _back() -> str:
    return way_back(request.values.get("back", ""))
