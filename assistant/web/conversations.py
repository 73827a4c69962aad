"""A reader's own conversations: the list, a new name, and deleting. Complete without JavaScript."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from assistant.store.conversations import MAX_LISTED, MAX_TITLE
from assistant.web.addresses import address
from assistant.web.current import assistant
from assistant.web.readers import Reader, known_reader
from corpus.errors import ConversationNotFound
from corpus.types import Article

routes = Blueprint("conversations", __name__)

#: What the page says after a form: the address holds only the word, so that nobody can put a text of theirs into a link.
_DONE = {"renamed": "Renamed.", "deleted": "Conversation deleted.", "all-deleted": "All conversations deleted."}


@routes.get("/conversations")
def show() -> str:
    """What the reader asked, the latest first; `?done=` says what a form has just done."""
    reader = known_reader()
    listed = assistant().store.conversations(reader.id) if reader else []
    articles = _by_id()
    return render_template(
        "conversations.html",
        conversations=[_shown(one, articles.get(one["article_id"])) for one in listed],
        said=_DONE.get(request.args.get("done", ""), ""),
        longest=MAX_TITLE,
        most=MAX_LISTED,
    )


@routes.post("/conversations/<conversation_id>/rename")
def rename(conversation_id: str) -> Response:
    """Gives a conversation of the reader another title."""
    title = request.form.get("title", "")
    if not any(unicodedata.category(character)[0] in "LNPS" for character in title):  # nothing that could be seen or clicked
        abort(422, "a conversation needs a name; type one and save again")
    assistant().store.rename(_reader().id, conversation_id, title)
    return redirect(url_for(".show", done="renamed", _anchor=conversation_id), 303)


@routes.post("/conversations/<conversation_id>/delete")
def delete(conversation_id: str) -> Response:
    """Deletes a conversation of the reader for good."""
    assistant().store.delete(_reader().id, conversation_id)
    return redirect(url_for(".show", done="deleted"), 303)


@routes.post("/conversations/delete")
def delete_all() -> Response:
    """Deletes all conversations of the reader for good."""
    assistant().store.delete_all(_reader().id)
    return redirect(url_for(".show", done="all-deleted"), 303)


def _shown(one: dict[str, Any], article: Article | None) -> dict[str, Any]:
    """A line of the list: where it opens, beside which article, and when it was last asked in."""
    return one | {
        "address": address(article.id if article else None, one["conversation_id"], "chat"),
        "article": article,
        "asked": dt.datetime.fromisoformat(one["last_asked_at"]),
    }


def _reader() -> Reader:
    """Raises `ConversationNotFound`: who is not known has none."""
    reader = known_reader()
    if reader is None:
        raise ConversationNotFound("no conversation of yours has this id")
    return reader


def _by_id() -> dict[str, Article]:
    index = assistant().open_index  # the list is shown also where the index is down
    return {article.id: article for article in index.store.articles} if index else {}
