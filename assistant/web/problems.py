"""One error shape: RFC 9457 problem+json for every failure of the API, a plain page with the same words for browsers.

Nothing that the reader sent is ever repeated in it; only the page of a question that could not be asked keeps it in its box.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import NoReturn

from flask import Flask, Response, current_app, json, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from assistant.disclaimer import DISCLAIMER
from corpus.errors import FollowupError

log = logging.getLogger(__name__)

#: What a page is headed with where HTTP's own phrase says nothing to a reader.
_HEADINGS = {
    HTTPStatus.FORBIDDEN: "Please open the page again",
    HTTPStatus.TOO_MANY_REQUESTS: "Please wait a moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "One moment, please",
}


class BodyInvalid(FollowupError):
    """The JSON is well-formed but is not what the route takes; names the fields."""

    status = 422


def refuse_invalid(error: ValidationError) -> NoReturn:
    """Called by flask-openapi3. Names each field and rule; pydantic's own body would echo the question.

    An unknown key is not named: a client may have put the question there.
    """
    found = [
        "there is a key that this route does not take"
        if detail["type"] == "extra_forbidden"
        else f"{'.'.join(str(part) for part in detail['loc']) or 'body'}: {detail['msg']}"
        for detail in error.errors(include_input=False, include_context=False, include_url=False)
    ]
    raise BodyInvalid("; ".join(dict.fromkeys(found)))


def register_problems(app: Flask) -> None:
    """Handles our errors, HTTP errors, and defects (500, logged with their traceback but without the request)."""
    app.register_error_handler(FollowupError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _defect)


def problem(status: int, detail: str, retry_after: int | None = None) -> Response:
    """A problem response; as a page where the browser asked for one."""
    if (
        not request.path.startswith("/api/")
        and request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    ):
        return problem_page(status, detail, retry_after)
    body = json.dumps(problem_body(status, detail))
    return Response(body, status=status, content_type="application/problem+json", headers=retry_later(retry_after))


def problem_page(status: int, detail: str, retry_after: int | None = None, **asked: str) -> Response:
    """The page of a problem. `asked`: `typed`, `article_id`, `conversation_id` and `section` of a question, which its form keeps.

    Where waiting helps and nothing typed would be lost, the page tries again by itself.
    """
    passing = status == HTTPStatus.SERVICE_UNAVAILABLE
    page = render_template(
        "problem.html",
        status=status,
        title=_HEADINGS.get(HTTPStatus(status), HTTPStatus(status).phrase),
        detail=detail,
        retry_after=retry_after,
        opening=passing and not current_app.extensions["ready"].is_set(),
        tries_again=passing and retry_after is not None and request.method == "GET" and not asked.get("typed"),
        **asked,
    )
    return Response(page, status=status, headers=retry_later(retry_after))


def retry_later(seconds: int | None) -> dict[str, str]:
    """The header that says when to try again, where that may help."""
    return {} if seconds is None else {"Retry-After": str(seconds)}


def in_words(seconds: int) -> str:
    """1 second, 5 seconds."""
    return f"{seconds} {'second' if seconds == 1 else 'seconds'}"


def problem_body(status: int, detail: str) -> dict[str, object]:
    """The members of a problem, with the disclaimer that every reply carries."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "disclaimer": DISCLAIMER,
    }


def _known(error: FollowupError) -> Response:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s while answering %s", error, request.url_rule)
    return problem(error.status, error.told, error.retry_after)


def _http(error: HTTPException) -> Response:
    details = {
        HTTPStatus.NOT_FOUND: "there is nothing at this address",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than 64 kB",
    }
    code = error.code or 500
    made = problem(code, details.get(HTTPStatus(code), error.description or HTTPStatus(code).phrase))
    if error.response is None:
        made.headers.extend((name, value) for name, value in error.get_headers() if name in ("Allow", "Location"))
    return made


def _defect(error: Exception) -> Response:
    log.exception("defect while answering %s", request.url_rule, exc_info=unsaid(error))
    return problem(500, "something went wrong here; it has been logged, and trying again may help")


def unsaid(error: Exception) -> Exception:
    """A defect as it may be logged: where it happened, without its message, which may hold what was typed."""
    return RuntimeError(f"{type(error).__name__}; its message is not logged").with_traceback(error.__traceback__)
