"""What every page with a chat box shows: the conversation, whose it is, and what can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from assistant.web.addresses import address
from assistant.web.current import assistant, feedback
from assistant.web.readers import is_own, known_reader
from assistant.web.sections import section_heading
from assistant.web.standing import conversation_today
from corpus.errors import FollowupError
from corpus.types import Article

_SHOWN_QUESTIONS = 6


def chatbox(open_article: Article | None, refused: str | None = None, typed: str = "", invalid: bool = False) -> dict[str, Any]:
    """The context of `_chat.html`. `refused` says why what was `typed` was not answered, `invalid` whether for what it is.

    Raises `ConversationNotFound`, but not beside a refusal: its question stays.
    """
    conversation_id = request.args.get("conversation") or request.form.get("conversation_id") or None
    articles = assistant().index.store.articles
    open_id = open_article.id if open_article else None
    conversation, own, opinions = None, True, {}
    try:
        if conversation_id:
            conversation = conversation_today(conversation_id)
            own = is_own(conversation_id)
            reader = known_reader()
            opinions = feedback().of(reader.id, conversation_id) if reader else {}
    except FollowupError:
        if refused is None:
            raise
    return {
        "open_article": open_article,
        "conversation": conversation,
        "own": own,
        "opinions": opinions,
        "fresh": address(open_id),
        "here": address(open_id, conversation_id if conversation else None),
        "refused": refused,
        "invalid": invalid,
        "typed": typed or _edited(conversation),
        "section": _section(open_article),
        "suggested": _suggested([open_article] if open_article else articles),
    }


def _edited(conversation: dict[str, Any] | None) -> str:
    """The question of `?edit=`, one of this conversation, to be asked in other words."""
    answers = conversation["answers"] if conversation else []
    return next((answer["question"] for answer in answers if answer["answer_id"] == request.args.get("edit")), "")


def _section(open_article: Article | None) -> str:
    """The heading of `?about=`, or of the form that came back, when it is one of the open article."""
    if open_article is None:
        return ""
    if anchor := request.args.get("about"):
        return section_heading(open_article, anchor) or ""
    asked = request.form.get("section", "")
    return asked if any(asked in block.section for block in open_article.blocks) else ""


def _suggested(articles: Sequence[Article]) -> list[str]:
    """Questions to begin with: the first ones of an article, or one each of articles spread over the corpus."""
    askable = [article for article in articles if article.questions and not article.withdrawn]
    if len(articles) == 1:
        return [note.text for article in askable for note in article.questions[:_SHOWN_QUESTIONS]]
    return [article.questions[0].text for article in askable[:: max(1, len(askable) // _SHOWN_QUESTIONS)]][:_SHOWN_QUESTIONS]
