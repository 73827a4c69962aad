"""The pages: the list of articles, an article with its chat box, the editorial policy. Complete without JavaScript.

A form post answers with a redirect to the page that shows the stored conversation, so that reloading asks nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from assistant import disclaimer
from assistant.answering import Ask
from assistant.types import Audience
from assistant.web.current import assistant
from assistant.web.metrics import ANSWERS
from corpus.errors import FollowupError
from corpus.types import Article, Block, BlockKind, Reference, Status

routes = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

_AUDIENCE_COOKIE = "audience"
_YEAR_S = 365 * 24 * 3600
_SHOWN_QUESTIONS = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """One block as the article page shows it."""

    anchor: str | None  # "F12": what citations link to
    kind: BlockKind
    text: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it; `depth` 0 is outermost."""

    heading: str
    depth: int
    anchor: str
    statements: tuple[Statement, ...]


@routes.app_context_processor
def _fixed_texts() -> dict[str, Any]:
    """What any page may say, the pages of problems included."""
    return {
        "disclaimer": disclaimer.DISCLAIMER,
        "notice": disclaimer.NOTICE,
        "no_answer": disclaimer.NO_ANSWER,
        "review_notices": disclaimer.REVIEW_NOTICES,
        "statuses": list(Status),
    }


@routes.get("/")
def home() -> str:
    """Every article by specialty, and a box that asks all of them."""
    articles = sorted(assistant().index.store.articles, key=lambda article: (_field(article), article.title))
    groups = [(name, list(group)) for name, group in groupby(articles, key=_field)]
    return render_template("home.html", groups=groups, count=len(articles), **_chat(None))


@routes.get("/articles/<article_id>")
def article(article_id: str) -> str:
    """An article with its chat box; `?conversation=` shows a stored one in it."""
    return _page(assistant().index.store.article(article_id))


@routes.get("/ask")
def conversation() -> str:
    """A chat over all articles."""
    return _page(None)


@routes.get("/policy")
def policy() -> str:
    """How articles are written, reviewed and answered from."""
    return render_template("policy.html")


@routes.post("/ask")
def ask() -> BaseResponse | tuple[str, int]:
    """The chat form without JavaScript: answers, then redirects to the conversation on the page it came from.

    A question that cannot be taken or answered comes back in the box, with the reason.
    """
    article_id = request.form.get("article_id") or None
    conversation_id = request.form.get("conversation_id") or None
    audience = _chosen(request.form.get("audience"))
    question = request.form.get("suggested") or request.form.get("question", "")
    found = None
    try:
        found = assistant().index.store.article(article_id) if article_id else None
        answer = assistant().answer(Ask(question, article_id, conversation_id, audience))
    except FollowupError as error:
        return _page(found, refused=str(error), typed=question), error.status
    ANSWERS.labels(answer.status).inc()
    return _remember(redirect(_address(found, answer.conversation_id, answer.answer_id), 303), audience)


@routes.post("/audience")
def audience() -> BaseResponse:
    """Remembers who reads, and goes back to the page."""
    back = request.form.get("back", "/")
    # isprintable: a tab is dropped on the way, and "/\t/evil" becomes "//evil"
    if not back.startswith("/") or back.startswith("//") or "\\" in back or not back.isprintable():
        abort(400, "the page to go back to is not one of this site")
    return _remember(redirect(back, 303), _chosen(request.form.get("audience")))


def _page(article: Article | None, refused: str | None = None, typed: str = "") -> str:
    """The page of an article, or of all of them, with its chat."""
    chat = _chat(article, refused, typed)
    if article is None:
        return render_template("ask.html", **chat)
    return render_template("article.html", article=article, sections=_sections(article), **chat)


def _chat(open_article: Article | None, refused: str | None = None, typed: str = "") -> dict[str, Any]:
    """What every page with a chat box needs. Raises `ConversationNotFound`, but not beside a refusal: its question stays."""
    conversation_id = request.args.get("conversation") or request.form.get("conversation_id") or None
    conversation = None
    try:
        conversation = assistant().store.conversation(conversation_id) if conversation_id else None
    except FollowupError:
        if refused is None:
            raise
    articles = [open_article] if open_article else assistant().index.store.articles
    return {
        "open_article": open_article,
        "conversation": conversation,
        "fresh": _address(open_article),
        "here": _address(open_article, conversation_id if conversation else None),
        "refused": refused,
        "typed": typed,
        "audience": _audience(),
        "audiences": list(Audience),
        "suggested": _suggested(articles),
    }


def _suggested(articles: Sequence[Article]) -> list[str]:
    """Questions to begin with: the first ones of an article, or one each of articles spread over the corpus."""
    if len(articles) == 1:
        return [note.text for note in articles[0].questions[:_SHOWN_QUESTIONS]]
    askable = [article for article in articles if article.questions]
    return [article.questions[0].text for article in askable[:: max(1, len(askable) // _SHOWN_QUESTIONS)]][:_SHOWN_QUESTIONS]


def _address(article: Article | None, conversation_id: str | None = None, answer_id: str | None = None) -> str:
    """Where a conversation is shown, at one of its answers."""
    if article is None:
        return url_for(".conversation", conversation=conversation_id, _anchor=answer_id)
    return url_for(".article", article_id=article.id, conversation=conversation_id, _anchor=answer_id)


def _field(article: Article) -> str:
    """The specialty that an article is listed under: the first that it names."""
    return article.specialty.partition(" / ")[0]


def _sections(article: Article) -> list[Section]:
    """The headings of an article in order; one without text of its own is shown over those below it."""
    sections: list[Section] = []
    shown: tuple[str, ...] = ()
    for path, group in groupby(article.blocks, key=lambda block: block.section):
        blocks = [_statement(article, block) for block in group]
        for depth in range(len(path) - 1):
            if shown[: depth + 1] != path[: depth + 1]:
                sections.append(Section(path[depth], depth, f"section-{len(sections) + 1}", ()))
        shown = path
        sections.append(Section(path[-1] if path else "", max(0, len(path) - 1), f"section-{len(sections) + 1}", tuple(blocks)))
    return sections


def _statement(article: Article, block: Block) -> Statement:
    sources = tuple(source for mark in block.marks if (source := article.reference(mark)))
    return Statement(block.statement, block.kind, article.quote(block), sources)


def _audience() -> Audience:
    return _chosen(request.cookies.get(_AUDIENCE_COOKIE))


def _chosen(value: str | None) -> Audience:
    return Audience(value) if value in list(Audience) else Audience.CLINICIAN


def _remember(response: BaseResponse, audience: Audience) -> BaseResponse:
    response.set_cookie(
        _AUDIENCE_COOKIE, audience.value, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure
    )
    return response
