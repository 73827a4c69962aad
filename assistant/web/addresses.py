"""Where things stand on this site."""

from __future__ import annotations

from urllib.parse import quote

from flask import request, url_for


def address(article_id: str | None, conversation_id: str | None = None, anchor: str | None = None) -> str:
    """Where a conversation is shown, at one of its answers or where else `anchor` is."""
    if article_id is None:
        return url_for("asking.show", conversation=conversation_id, _anchor=anchor)
    return url_for("articles.show", article_id=article_id, conversation=conversation_id, _anchor=anchor)


def asked_address() -> str:
    """The address that this request asked for, with its query: a page that can be gone back to."""
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{quote(query, safe='%&=+;,/?:@!$()*')}" if query else "")


def is_here(given: str) -> bool:
    """Whether a redirect to what a form or a link named stays on this site."""
    # isprintable: a tab is dropped on the way, and "/\t/evil" becomes "//evil"
    return given.startswith("/") and not given.startswith("//") and "\\" not in given and given.isprintable()
