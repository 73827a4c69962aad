"""Asking by a form, from any page. Complete without JavaScript.

A form post answers with a redirect to the page that shows the stored conversation, so that reloading asks nothing twice.
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from itertools import chain

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from assistant.events import Ask
from assistant.types import STOPPED
from assistant.web.addresses import address
from assistant.web.articles import article_page
from assistant.web.chatbox import chatbox
from assistant.web.current import assistant
from assistant.web.fragments import fragments, is_kept
from assistant.web.limits import admit
from assistant.web.metrics import ANSWERS
from assistant.web.preferences import preferences
from assistant.web.problems import in_words, problem_page, retry_later
from assistant.web.readers import earlier, known_reader
from assistant.web.streaming import server_sent
from corpus.errors import ArticleNotFound, FollowupError
from corpus.types import Article

routes = Blueprint("asking", __name__)


@routes.get("/ask")
def show() -> str:
    """A chat over all articles."""
    return render_template("ask.html", **chatbox(None))


@routes.post("/ask")
def ask() -> Response | tuple[str, int]:
    """Any form that asks. Answers, then redirects to the conversation on the page it came from.

    To `Accept: text/event-stream`, which chat.js sends, the same answer comes piece by piece as the page's own markup. A
    question that cannot be taken or answered comes back in the box, with the reason.
    """
    asked = _asked()
    if request.accept_mimetypes.best_match(["text/html", "text/event-stream"]) == "text/event-stream":
        admit(asked)
        events = assistant().stream(asked)
        first = next(events)  # so that what is wrong with the question, or the index, still has a status of its own
        return server_sent(fragments(asked, chain([first], events)))
    try:
        admit(asked)
        answer = assistant().answer(asked)
    except FollowupError as error:
        return _sent_back(asked, error)
    ANSWERS.labels(answer.status).inc()
    if answer.status in STOPPED and not _can_be_opened(answer.answer_id, asked.article_id):
        return render_template("signpost.html", answer=asdict(answer), open_id=asked.article_id or ""), 200
    return redirect(address(asked.article_id, answer.conversation_id, answer.answer_id), 303)


def _asked() -> Ask:
    """What a form asks: a button's question before the one that stands in the box."""
    form, reader = request.form, known_reader()
    conversation_id, after = earlier(form.get("conversation_id"))
    return Ask(
        question=form.get("suggested") or form.get("question", ""),
        article_id=form.get("article_id") or None,
        audience=preferences().audience,
        query=form.get("query") or None,
        safe=form.get("safe") == "yes",
        section=form.get("section") or None,
        reader=reader.id if reader else None,
        conversation_id=conversation_id,
        after=after,
    )


def _can_be_opened(answer_id: str, article_id: str | None) -> bool:
    """Whether a signpost can be shown on a page of its conversation: it is given also with the index or the store down."""
    index = assistant().open_index  # not waited for while it opens
    try:
        if index and article_id:
            index.store.article(article_id)
    except FollowupError:
        return False
    return index is not None and is_kept(answer_id)


def _sent_back(asked: Ask, error: FollowupError) -> Response:
    """The page that a question came from, with what was typed in its box and why it was not answered."""
    typed = asked.query or request.form.get("question") or asked.question  # a changed query, or a draft beside a suggestion
    refused = error.told
    if error.retry_after is not None:
        refused += f"; you can ask again in {in_words(error.retry_after)}"
    invalid = error.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        article = _existing(asked.article_id)
        if article:
            page = article_page(article, refused, typed, invalid)
        else:
            page = render_template("ask.html", **chatbox(None, refused, typed, invalid))
    except FollowupError:  # the page itself needs what is missing
        ids = {
            "article_id": asked.article_id or "",
            "conversation_id": asked.conversation_id or "",
            "section": asked.section or "",
        }
        return problem_page(error.status, error.told, error.retry_after, typed=typed, **ids)
    return make_response(page, error.status, retry_later(error.retry_after))


def _existing(article_id: str | None) -> Article | None:
    try:
        return assistant().index.store.article(article_id) if article_id else None
    except ArticleNotFound:
        return None
