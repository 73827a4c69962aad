"""The staff pages and their API: there only where the settings name somebody who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from assistant.settings import StaffPages
from assistant.staff.credentials import staff_of
from assistant.web.origins import SAFE
from assistant.web.staff.guarding import API, PAGES, guard

if TYPE_CHECKING:
    from flask import Flask
    from flask_openapi3 import OpenAPI

    from assistant.settings import Settings


class StaffRoute(NamedTuple):
    """A route of the staff: its rule as Flask writes it, its methods, and whether it changes something."""

    rule: str
    methods: frozenset[str]
    changing: bool


def register_staff(app: OpenAPI, settings: Settings) -> None:
    """Adds the staff's routes and the door before them."""
    staff = staff_of(settings)
    if settings.staff is StaffPages.OFF or not staff.names:
        return

    from assistant.staff.jobs import JobBoard
    from assistant.staff.overview import Overview
    from assistant.store.sessions import SessionStore
    from assistant.store.unanswered import UnansweredStore
    from assistant.web.staff import api, articles, audit, comparing, home, index, questions, signing_in
    from assistant.web.staff.current import Desk
    from assistant.web.staff.throttling import SignIns
    from corpus.audit import AuditLog

    database = app.extensions["assistant"].store.database
    app.extensions["staff"] = Desk(
        settings=settings,
        staff=staff,
        sessions=SessionStore(database),
        sign_ins=SignIns(),
        audit=AuditLog(settings.audit),
        jobs=JobBoard(settings),
        overview=Overview(settings),
        unanswered=UnansweredStore(database),
    )
    for pages in (signing_in, home, articles, comparing, index, questions, audit):
        app.register_blueprint(pages.routes)
    app.register_api(api.routes)
    app.before_request(guard)


def staff_routes(app: Flask) -> list[StaffRoute]:
    """Every route of the staff pages and of their API."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule in (PAGES, API) or rule.rule.startswith((f"{PAGES}/", f"{API}/")):
            methods = frozenset(rule.methods or ())
            found.append(StaffRoute(rule.rule, methods, bool(methods - SAFE)))
    return found
