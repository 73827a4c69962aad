"""Stored answers held against today's articles: what a reader sees who opens one again, or takes it along."""

from __future__ import annotations

from typing import Any

from assistant.verification import Standing, verify
from assistant.web.current import assistant
from corpus.types import Article


def answer_today(answer_id: str) -> dict[str, Any]:
    """A stored answer, its citations with what became of them since. Raises `AnswerNotFound`."""
    return _held_against(articles_today(), assistant().store.answer(answer_id))


def conversation_today(conversation_id: str) -> dict[str, Any]:
    """The same of a conversation, with the title of its article. Raises `ConversationNotFound`."""
    conversation, today = assistant().store.conversation(conversation_id), articles_today()
    article = today.get(conversation["article_id"])
    answers = [_held_against(today, answer) for answer in conversation["answers"]]
    return conversation | {"article_title": article.title if article else "", "answers": answers}


def articles_today() -> dict[str, Article]:
    """Every article of the live generation by its id. Raises `IndexUnavailable`."""
    return {article.id: article for article in assistant().index.store.articles}


def _held_against(today: dict[str, Article], answer: dict[str, Any]) -> dict[str, Any]:
    """A stored answer with what became since of each of its citations, and without links to articles that are gone."""
    verified = verify(answer["citations"], today.values())
    citations = [
        citation | {"note": now.note, "gone": now.standing is Standing.WITHDRAWN and now.article_id not in today}
        for citation, now in zip(answer["citations"], verified, strict=True)
    ]
    nearest = [near for near in answer["nearest"] if near["article_id"] in today]
    return answer | {"citations": citations, "nearest": nearest}
