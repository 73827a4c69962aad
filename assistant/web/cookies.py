"""Cookies that outlive a visit."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

_YEAR_S = 365 * 24 * 3600


def keep_for_a_year(response: Response, name: str, value: str) -> None:
    """For all pages of this site, out of reach of scripts and of other sites' forms."""
    response.set_cookie(name, value, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure)
