"""Signing in with a name and a password or with a token, and signing out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from assistant.staff.credentials import Member
from assistant.web.limits import client_address
from assistant.web.problems import retry_later
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import (
    COOKIE,
    FORM_COOKIE,
    PAGES,
    check_form,
    form_token,
    member,
    render,
    session_cookie,
    way_back,
)
from assistant.web.staff.throttling import TooManySignIns

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
        wait = f"{error.retry_after} {'second' if error.retry_after == 1 else 'seconds'}"
        return _page(f"Not signed in: {error.told}. Try again in {wait}.", error.status, error.retry_after)
    if found is None:
        desk().audit.append(_known_name(name), "sign-in-failed", "staff", means="token" if token else "password")
        return _page("Not signed in: " + ("no such token, or it has expired." if token else "name or password is wrong."), 403)
    desk().audit.append(found.name, "sign-in", "staff", means="token" if token else "password")
    if before := session_cookie():
        desk().sessions.end(before)
    response = redirect(_back(), 303)
    cookie = desk().sessions.begin(found.name, found.credential)
    response.set_cookie(COOKIE, cookie, path=PAGES, httponly=True, samesite="Strict", secure=request.is_secure)
    response.delete_cookie(FORM_COOKIE, path=PAGES, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


@routes.post("/sign-out")
def leave() -> AnyResponse:
    """Ends the session here, whatever becomes of the cookie."""
    desk().audit.append(member().name, "sign-out", "staff")
    desk().sessions.end(session_cookie())
    response = redirect(url_for(".show", done="signed-out"), 303)
    response.delete_cookie(COOKIE, path=PAGES, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


def _page(refused: str = "", status: int = 200, retry_after: int | None = None) -> Response:
    cookie, csrf = form_token()
    page = render(
        "staff_sign_in.html",
        refused=refused,
        form_csrf=csrf,
        back=_back(),
        passwords=bool(desk().staff.passwords),
        tokens=bool(desk().staff.tokens),
        signed_out=request.args.get("done") == "signed-out",
        from_elsewhere=request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"),
    )
    response = make_response(page, status, retry_later(retry_after))
    response.set_cookie(FORM_COOKIE, cookie, path=PAGES, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


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
