"""Every staff route, knocked at in every way that must be refused: signed out (401), with a wrong or expired token (401), from
another site (403), and by GET where it has none (405). Nothing else counts as refused, also not being led to the sign-in.

What must be refused is refused before the route does anything, so that nothing here changes an article or an index.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from assistant.web import create_app
from assistant.web.staff import staff_routes

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from assistant.settings import Settings

_PARAMETER = re.compile(r"<[^>]+>")
_SIGN_IN = "/staff/sign-in"
_REFUSED = {"signed out": 401, "wrong token": 401, "expired token": 401, "from another site": 403, "by GET": 405}
_FOREIGN = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}


@dataclass(frozen=True, slots=True)
class Knocked:
    """One request and what it was answered with."""

    method: str
    path: str
    how: str
    status: int
    location: str
    refused: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}, {self.how}: {self.status} {self.location}".strip()


def knock(settings: Settings) -> list[Knocked]:
    """Each route with each of its methods, and by GET where it has none."""
    good, old = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    today = dt.datetime.now(dt.UTC).date()
    days = {good: today + dt.timedelta(days=1), old: today - dt.timedelta(days=1)}
    entries = ",".join(f"Knocker:{day}:{hashlib.sha256(token.encode()).hexdigest()}" for token, day in days.items())
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        theirs = settings.model_copy(
            update={
                "staff_tokens": SecretStr(entries),
                "index": Path(name) / "index",
                "database": f"sqlite:///{Path(name) / 'assistant.sqlite'}",
                "audit": Path(name) / "audit.jsonl",
            }
        )
        app = create_app(theirs)
        methods: dict[str, set[str]] = {}
        for route in staff_routes(app):
            methods.setdefault(_PARAMETER.sub("1", route.rule), set()).update(route.methods - {"HEAD", "OPTIONS"})
        client = app.test_client()
        return [knocked for path in sorted(methods) for knocked in _knock(client, path, methods[path], good, old)]


def _knock(client: FlaskClient, path: str, methods: set[str], good: str, old: str) -> Iterator[Knocked]:
    for method in sorted(methods):
        for how, token in (("signed out", ""), ("wrong token", "fua_wrong"), ("expired token", old)):
            yield from _asked(client, method, path, how, token)
        if method != "GET":
            yield from _asked(client, method, path, "from another site", good, _FOREIGN)
    if "GET" not in methods:
        yield from _asked(client, "GET", path, "by GET", good)


def _asked(
    client: FlaskClient, method: str, path: str, how: str, token: str, more: dict[str, str] | None = None
) -> Iterator[Knocked]:
    if path == _SIGN_IN and not more:
        return  # what everybody may open
    headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(more or {})}
    response = client.open(path, method=method, headers=headers)
    location = response.headers.get("Location", "")
    yield Knocked(method, path, how, response.status_code, location, response.status_code == _REFUSED[how])
