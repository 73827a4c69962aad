"""Who asks, without an account: a random cookie, so that a reader finds their conversations again.

It comes with the first page, not with the first question: a form that brings none then comes from a browser that keeps none. What
is asked there is nobody's, so that it can still be continued. The store gets a digest of the cookie: what stands in the database
does not let anybody pose as the reader.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from assistant.web.cookies import keep_for_a_year
from assistant.web.current import assistant
from corpus.errors import FollowupError

_COOKIE = "reader"
#: What `secrets.token_urlsafe(24)` makes; anything else is no reader, and is replaced.
_MADE_HERE = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Reader:
    """`id` is what the store knows; `cookie` what the browser keeps."""

    id: str
    cookie: str


def known_reader() -> Reader | None:
    """The reader whose cookie the request brought, if any."""
    cookie = request.cookies.get(_COOKIE, "")
    return _reader(cookie) if _MADE_HERE.fullmatch(cookie) else None


def any_reader() -> Reader:
    """The same, or a new one."""
    return known_reader() or _reader(secrets.token_urlsafe(24))


def remember(response: Response) -> Response:
    """After every request: a page that is shown sets the cookie, for a year from now."""
    if request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html":
        keep_for_a_year(response, _COOKIE, any_reader().cookie)
    return response


def is_own(conversation_id: str) -> bool:
    """Whether the reader may continue a conversation: they began it, or nobody is known to have.

    Raises `ConversationNotFound`.
    """
    owner, reader = assistant().store.reader(conversation_id), known_reader()
    return owner is None or (reader is not None and reader.id == owner)


def earlier(conversation_id: str | None) -> tuple[str | None, str | None]:
    """What a question comes after: the conversation that it continues, and one that it only follows; at most one of them.

    One that another reader began is only followed: the question begins its own.
    """
    if not conversation_id:
        return None, None
    try:
        return (conversation_id, None) if is_own(conversation_id) else (None, conversation_id)
    except FollowupError:  # gone, or the store is down: what asks says so, after it has looked for danger
        return conversation_id, None


def _reader(cookie: str) -> Reader:
    return Reader(hashlib.sha256(cookie.encode()).hexdigest(), cookie)
