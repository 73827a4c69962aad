"""The page of an article with its chat box. Complete without JavaScript."""

from __future__ import annotations

from flask import Blueprint, render_template

from assistant.web.chatbox import chatbox
from assistant.web.current import assistant
from assistant.web.sections import places, sections
from corpus.importing.rendering import is_as_imported
from corpus.types import Article

routes = Blueprint("articles", __name__)


@routes.get("/articles/<article_id>")
def show(article_id: str) -> str:
    """An article with its chat box; `?conversation=` shows a stored one in it, `?about=` asks about a section."""
    return article_page(assistant().index.store.article(article_id))


def article_page(article: Article, refused: str | None = None, typed: str = "", invalid: bool = False) -> str:
    """The same, also with a question that was not answered and why."""
    shown = sections(article)
    context = chatbox(article, refused, typed, invalid)
    rewritten = article.source is not None and not is_as_imported(article)
    return render_template("article.html", article=article, sections=shown, places=places(shown), rewritten=rewritten, **context)
