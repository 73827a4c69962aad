"""The Flask application factory: `create_app(settings)` wires routes, limits, errors and headers together.

Nothing happens at import. Tests hand in an assistant of their own and never load a model.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from flask import Response, g, request
from flask_openapi3 import Info, OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from assistant.alarm import danger_in
from assistant.finding import finder_of
from assistant.redaction import redact
from assistant.web import (
    api,
    articles,
    asking,
    calling,
    conversations,
    evidence,
    exports,
    feedback,
    health,
    home,
    policy,
    preferences,
    templating,
)
from assistant.web.body import StrictRequest
from assistant.web.limits import register_limits
from assistant.web.metrics import REQUEST_SECONDS, REQUESTS
from assistant.web.origins import refuse_other_sites
from assistant.web.problems import refuse_invalid, register_problems
from assistant.web.readers import remember
from assistant.web.staff import register_staff
from corpus.errors import FollowupError

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.settings import Settings

log = logging.getLogger(__name__)

#: Any other method is counted and logged as "-": what a client makes up must not fill the counters or the log.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: A question has at most 4,000 characters, 16 kB in UTF-8; the rest is room for escapes.
MAX_BODY_BYTES = 64 * 1024

#: Pause before an index or a model that could not be loaded is tried again.
_RETRY_S = 10.0

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types fragments"  # dom.js
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: A year. Not for subdomains: they are others' to decide about.
_HSTS = "max-age=31536000"


def create_app(settings: Settings, assistant: Assistant | None = None) -> OpenAPI:
    """The application over `assistant`, or over the live index. Raises `SettingsError`.

    The index is opened and the embedder loaded in the background; `/readyz` says when they are there. Without them it still
    serves the signposts of the safety table, and 503 for everything else.
    """
    from assistant.opening import open_assistant

    app = OpenAPI(
        __name__,
        info=Info(title="Follow-up Assistant", version="1", description="Cited answers from guideline-backed articles."),
        doc_ui=False,
        validation_error_callback=refuse_invalid,
    )
    app.request_class = StrictRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["assistant"] = assistant or open_assistant(settings)
    app.extensions["ready"] = threading.Event()
    for routes in (api.routes, health.routes):
        app.register_api(routes)
    for pages in (home, articles, asking, evidence, conversations, feedback, exports, preferences, policy, calling, templating):
        app.register_blueprint(pages.routes)
    register_problems(app)
    register_limits(app, settings)
    if settings.proxies:  # else a client could name itself as it likes
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.before_request(_start_clock)
    app.before_request(refuse_other_sites)
    register_staff(app, settings)
    app.after_request(remember)
    app.after_request(_finish)
    _warm(app, settings)
    return app


def _warm(app: OpenAPI, settings: Settings) -> None:
    """Opens the index and loads the embedder beside the first requests. What is missing may come: it is tried again."""

    def load() -> None:
        started = time.perf_counter()
        app.extensions["assistant"].watch()
        while not app.extensions["ready"].is_set():
            try:
                index = app.extensions["assistant"].index
                index.warm()
                finder_of(index)
                danger_in(["nobody is in danger"])  # loads the tables
                if settings.keep_unanswered:
                    redact("nobody is named")  # likewise: 1 s
                app.extensions["ready"].set()
            except FollowupError as error:
                log.error("not ready: %s", error)
                time.sleep(_RETRY_S)
            except Exception:
                log.exception("not ready")  # a thread of its own: nobody else would hear of it
                return
        log.info("ready after %.1f s", time.perf_counter() - started)

    threading.Thread(target=load, name="warm", daemon=True).start()


def _start_clock() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    """Headers for every route and status, and one line of log that never holds what the reader typed."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    response.headers.setdefault("Cache-Control", "no-store")  # static files say no-cache with an ETag: asked for again, 304
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "-"
    method = request.method if request.method in _METHODS else "-"
    REQUESTS.labels(method, route, response.status_code).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    log.info("%s %s %d %.1f ms", method, route, response.status_code, seconds * 1000)
    return response
