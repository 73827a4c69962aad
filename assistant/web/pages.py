"""The pages: the list of articles, an article with its chat box, the editorial policy. Complete without JavaScript.

A form post answers with a redirect to the page that shows the stored conversation, so that reloading asks nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import chain, groupby
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from assistant import disclaimer
from assistant.answering import Ask
from assistant.types import STOPPED, Audience
from assistant.verification import verify
from assistant.web.current import assistant
from assistant.web.fragments import fragments, is_kept
from assistant.web.metrics import ANSWERS
from assistant.web.streaming import server_sent
from corpus.errors import ArticleNotFound, FollowupError
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
    """Any form that asks. Answers, then redirects to the conversation on the page it came from.

    To `Accept: text/event-stream`, which chat.js sends, the same answer comes piece by piece as the page's own markup. A
    question that cannot be taken or answered comes back in the box, with the reason.
    """
    asked = _asked()
    if request.accept_mimetypes.best_match(["text/html", "text/event-stream"]) == "text/event-stream":
        events = assistant().stream(asked)
        first = next(events)  # so that what is wrong with the question, or the index, still has a status of its own
        return server_sent(fragments(asked, chain([first], events)))
    try:
        answer = assistant().answer(asked)
    except FollowupError as error:
        return _sent_back(asked, error), error.status
    ANSWERS.labels(answer.status).inc()
    if answer.status in STOPPED and not _can_be_opened(answer.answer_id, asked.article_id):
        return render_template("signpost.html", answer=asdict(answer), open_id=asked.article_id or ""), 200
    return redirect(_address(asked.article_id, answer.conversation_id, answer.answer_id), 303)


@routes.post("/audience")
def audience() -> BaseResponse:
    """Remembers who reads, and goes back to the page."""
    back = request.form.get("back", "/")
    # isprintable: a tab is dropped on the way, and "/\t/evil" becomes "//evil"
    if not back.startswith("/") or back.startswith("//") or "\\" in back or not back.isprintable():
        abort(400, "the page to go back to is not one of this site")
    response = redirect(back, 303)
    chosen = _chosen(request.form.get("audience"))
    response.set_cookie(_AUDIENCE_COOKIE, chosen.value, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def _asked() -> Ask:
    """What a form asks: a button's question before the one that stands in the box."""
    form = request.form
    return Ask(
        question=form.get("suggested") or form.get("question", ""),
        article_id=form.get("article_id") or None,
        conversation_id=form.get("conversation_id") or None,
        audience=_audience(),
        query=form.get("query") or None,
        safe=form.get("safe") == "yes",
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


def _sent_back(asked: Ask, error: FollowupError) -> str:
    """The page that a question came from, with the question in its box and why it was not answered."""
    try:
        return _page(_existing(asked.article_id), refused=error.told, typed=asked.question)
    except FollowupError:  # the page itself needs what is missing
        return render_template(
            "problem.html",
            status=error.status,
            title=HTTPStatus(error.status).phrase,
            detail=error.told,
            typed=asked.question,
            article_id=asked.article_id or "",
            conversation_id=asked.conversation_id or "",
        )


def _existing(article_id: str | None) -> Article | None:
    try:
        return assistant().index.store.article(article_id) if article_id else None
    except ArticleNotFound:
        return None


def _page(article: Article | None, refused: str | None = None, typed: str = "") -> str:
    """The page of an article, or of all of them, with its chat."""
    chat = _chat(article, refused, typed)
    if article is None:
        return render_template("ask.html", **chat)
    return render_template("article.html", article=article, sections=_sections(article), **chat)


def _chat(open_article: Article | None, refused: str | None = None, typed: str = "") -> dict[str, Any]:
    """What every page with a chat box needs. Raises `ConversationNotFound`, but not beside a refusal: its question stays."""
    conversation_id = request.args.get("conversation") or request.form.get("conversation_id") or None
    articles = assistant().index.store.articles
    conversation = None
    try:
        conversation = assistant().store.conversation(conversation_id) if conversation_id else None
    except FollowupError:
        if refused is None:
            raise
    if conversation:
        today = {article.id: article for article in articles}
        conversation["answers"] = [_held_against(today, answer) for answer in conversation["answers"]]
    open_id = open_article.id if open_article else None
    return {
        "open_article": open_article,
        "conversation": conversation,
        "fresh": _address(open_id),
        "here": _address(open_id, conversation_id if conversation else None),
        "refused": refused,
        "typed": typed,
        "audience": _audience(),
        "audiences": list(Audience),
        "suggested": _suggested([open_article] if open_article else articles),
    }


def _held_against(today: dict[str, Article], answer: dict[str, Any]) -> dict[str, Any]:
    """A stored answer with what became since of each of its citations, and without links to articles that are gone."""
    verified = verify(answer["citations"], today.values())
    citations = [
        citation | {"note": now.note, "gone": now.article_id not in today}
        for citation, now in zip(answer["citations"], verified, strict=True)
    ]
    nearest = [near for near in answer["nearest"] if near["article_id"] in today]
    return answer | {"citations": citations, "nearest": nearest}


def _suggested(articles: Sequence[Article]) -> list[str]:
    """Questions to begin with: the first ones of an article, or one each of articles spread over the corpus."""
    askable = [article for article in articles if article.questions and not article.withdrawn]
    if len(articles) == 1:
        return [note.text for article in askable for note in article.questions[:_SHOWN_QUESTIONS]]
    return [article.questions[0].text for article in askable[:: max(1, len(askable) // _SHOWN_QUESTIONS)]][:_SHOWN_QUESTIONS]


def _address(article_id: str | None, conversation_id: str | None = None, answer_id: str | None = None) -> str:
    """Where a conversation is shown, at one of its answers."""
    if article_id is None:
        return url_for(".conversation", conversation=conversation_id, _anchor=answer_id)
    return url_for(".article", article_id=article_id, conversation=conversation_id, _anchor=answer_id)


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
