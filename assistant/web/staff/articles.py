"""The article files: the table with what the checks find, one article as passages, and the acts of its review."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from assistant.staff.overview import ROWS, Filters, Presence, Preview
from assistant.web.current import assistant
from assistant.web.staff.comparing import COMPARED
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import PAGES, render
from assistant.web.staff.index import reindex_after
from assistant.web.staff.paging import asked_number, cut_page
from assistant.web.staff.steps import Act, acts_of, retract, take
from corpus.audit import Action
from corpus.errors import CorpusError, FollowupError, ReviewRefused
from corpus.linting.rules import BY_ID
from corpus.loading import content_sha256
from corpus.types import Status

routes = Blueprint("staff_articles", __name__, url_prefix=f"{PAGES}/articles")

#: What the page says after a form: the address holds only the word.
_DONE = {
    "review": "The review has begun.",
    "approve": "Approved.",
    "send-back": "Sent back.",
    "withdraw": "Withdrawn.",
    "restore": "Restored.",
    "retract": "The retraction is noted.",
}
_STATES = [*Status, "withdrawn", "unreadable"]
_FINDINGS = [("error", "With errors"), ("warning", "With warnings"), ("none", "With none")]
_PRESENCE = {
    Presence.LIVE: "Up to date",
    Presence.CHANGED: "Older than the file",
    Presence.ABSENT: "Not there yet",
    Presence.REMOVED: "There without a file",
}


@routes.get("")
def show() -> str:
    """The table; `?text=`, `?status=`, `?specialty=`, `?source=`, `?severity=` and `?presence=` narrow it."""
    args = request.args
    names = ("text", "specialty", "status", "source", "severity", "presence")
    filters = Filters(**{name: args.get(name, "").strip() for name in names})
    page = desk().overview.page(filters, asked_number())
    return render(
        "staff_articles.html",
        chosen=filters,
        page=page,
        paged=cut_page(page.rows, page.total, page.number, page.pages, ROWS),
        article_states=_STATES,
        findings=_FINDINGS,
        presences=_PRESENCE,
        across=desk().overview.across.latest(),
        comparing=desk().overview.across.running(),
        said=COMPARED.get(args.get("done", ""), ""),
    )


@routes.get("/<article_id>")
def one(article_id: str) -> Response:
    """One article: its standing, what the checks find, its passages and references. Raises `ArticleNotFound`."""
    return _page(article_id)


@routes.post("/<article_id>/step")
def take_step(article_id: str) -> AnyResponse:
    """Does an act of the review."""
    form = request.form
    try:
        action = _action(form.get("action", ""))
        take(action, article_id, reason=form.get("reason", ""), content=form.get("content", ""))
    except FollowupError as error:
        return _refused(article_id, error, form.get("action", ""))
    return _taken(article_id, action)


@routes.post("/<article_id>/retraction")
def note_retraction(article_id: str) -> AnyResponse:
    """Notes that a source of the article was retracted."""
    form = request.form
    try:
        day = dt.date.fromisoformat(form.get("date", ""))
    except ValueError:
        return _refused(article_id, ReviewRefused("the day of the retraction is no date like 2026-01-31"), Action.RETRACT)
    try:
        retract(article_id, form.get("reference", ""), day, reason=form.get("reason", ""), content=form.get("content", ""))
    except FollowupError as error:
        return _refused(article_id, error, Action.RETRACT)
    return _taken(article_id, Action.RETRACT)


def _action(given: str) -> Action:
    if given not in _DONE or given == Action.RETRACT:
        raise ReviewRefused("that is no step of a review")
    return Action(given)


def _taken(article_id: str, action: Action) -> AnyResponse:
    """Back to the page, which says what was done and whether reindexing has begun."""
    begun = reindex_after(action)
    reindexing = begun and (begun.job or "refused")
    return redirect(url_for(".one", article_id=article_id, done=action, reindexing=reindexing), 303)


def _refused(article_id: str, error: FollowupError, failed: str) -> Response:
    """The page again, with why and with the reason that was typed. What is wrong with a file is the staff's to mend."""
    status = 422 if isinstance(error, CorpusError) else error.status
    return _page(article_id, f"Not done: {str(error).rstrip('.')}.", status, failed)


def _page(article_id: str, refused: str = "", status: int = 200, failed: str = "") -> Response:
    overview = desk().overview
    problems = (*overview.problems(article_id), *overview.across.of(article_id))
    preview = _preview(article_id)
    article = preview.article if preview else None
    acts: tuple[Act, ...] = acts_of(article) if article else ()
    index = assistant().open_index
    page = render(
        "staff_article.html",
        article_id=article_id,
        title=article.title if article else article_id,
        article=article,
        passages=preview.passages if preview else (),
        content=content_sha256(article) if article else "",
        problems=sorted(problems, key=lambda problem: problem.line),
        across=overview.across.latest(),
        comparing=overview.across.running(),
        changed_since=overview.changed_since_across(article_id),
        mending={rule.id: rule.mend for rule in BY_ID.values()},
        acts=acts,
        citable=[each for each in article.references if not each.retracted] if article else (),
        live=index is not None and any(each.id == article_id for each in index.store.articles),
        today=desk().today,
        said=(_DONE | COMPARED).get(request.args.get("done", ""), "") if not refused else "",
        stepped=request.args.get("done", "") in _DONE and not refused,
        reindexing=request.args.get("reindexing", ""),
        refused=refused,
        failed=failed,
        reason=request.form.get("reason", ""),
    )
    return Response(page, status)


def _preview(article_id: str) -> Preview | None:
    """None where the file cannot be read as an article: the page then shows why."""
    try:
        return desk().overview.preview(article_id)
    except CorpusError:
        return None
