"""Server-sent events: how a stream is framed, and what it ends with when something fails on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from flask import Response, json, stream_with_context

from assistant.web.problems import problem_body, unsaid
from corpus.errors import FollowupError

log = logging.getLogger(__name__)


def server_sent(events: Iterator[tuple[str, Mapping[str, object]]]) -> Response:
    """A response of named events with JSON data; on a failure the last one is `error` with a problem's members."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return Response(stream_with_context(_framed(events)), content_type="text/event-stream; charset=utf-8", headers=headers)


def _framed(events: Iterator[tuple[str, Mapping[str, object]]]) -> Iterator[str]:
    try:
        for name, data in events:
            yield _frame(name, data)
    except FollowupError as error:
        log.error("%s in a stream", error)
        yield _frame("error", problem_body(error.status, error.told))
    except Exception as error:
        log.exception(
            "defect in a stream", exc_info=unsaid(error)
        )  # the status line is already sent: the reader must still be told
        yield _frame("error", problem_body(500, "something went wrong here; it has been logged, and trying again may help"))


def _frame(name: str, data: Mapping[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
