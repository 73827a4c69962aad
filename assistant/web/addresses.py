"""Where things stand on this site."""

from __future__ import annotations

from flask import url_for


def address(article_id: str | None, conversation_id: str | None = None, anchor: str | None = None) -> str:
    """Where a conversation is shown, at one of its answers or where else `anchor` is."""
    if article_id is None:
        return url_for("asking.show", conversation=conversation_id, _anchor=anchor)
    return url_for("articles.show", article_id=article_id, conversation=conversation_id, _anchor=anchor)
