"""How a reader wants the pages: as whom, how large, in which colours. Cookies, set by forms that go back to their page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from assistant.types import Audience
from assistant.web.addresses import asked_address, is_here
from assistant.web.cookies import keep_for_a_year

routes = Blueprint("preferences", __name__)


class Size(StrEnum):
    """Of the text."""

    NORMAL = "normal"
    LARGE = "large"
    LARGER = "larger"


class Theme(StrEnum):
    """Of the colours; `system` follows the reader's device."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_KINDS: dict[str, type[Audience] | type[Size] | type[Theme]] = {"audience": Audience, "size": Size, "theme": Theme}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the request's cookies say, or what holds without them."""

    audience: Audience
    size: Size
    theme: Theme


def preferences() -> Preferences:
    """Of the reader of this request. A cookie with another value counts as none."""
    return Preferences(
        audience=Audience(_kept("audience", Audience.CLINICIAN)),
        size=Size(_kept("size", Size.NORMAL)),
        theme=Theme(_kept("theme", Theme.SYSTEM)),
    )


@routes.app_context_processor
def _shown() -> dict[str, object]:
    return {
        "preferences": preferences(),
        "audiences": list(Audience),
        "sizes": list(Size),
        "themes": list(Theme),
        "this_page": _this_page(),
    }


@routes.post("/preferences")
def choose() -> Response:
    """Remembers what a form chose, and goes back to its page; to preferences.js it is 204."""
    back = request.form.get("back", "/")
    if not is_here(back):
        abort(400, "the page to go back to is not one of this site")
    fetched = request.headers.get("X-Requested-With") == "fetch"
    response = Response(status=204) if fetched else redirect(back, 303)
    for name, kind in _KINDS.items():
        if (value := request.form.get(name)) in list(kind):
            keep_for_a_year(response, name, value)
    return response


def _this_page() -> str:
    """The address that a form in the page's header goes back to. What answers a form is no page: the form's is."""
    if request.method in ("GET", "HEAD"):
        return asked_address()
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    if came_from.netloc != request.host:
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _kept(name: str, otherwise: str) -> str:
    value = request.cookies.get(name, "")
    return value if value in list(_KINDS[name]) else otherwise
