"""Stored conversations and answers.

An answer is kept whole as the JSON that the reader got: opening a conversation again shows the same marks. Its address
opens it for anybody; renaming and deleting it belongs to the reader who began it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.store.database import Database, now
from assistant.store.unanswered import take_back
from assistant.text import one_line
from assistant.types import Answer, AnswerStatus, Turn
from corpus.errors import AnswerNotFound, ConversationNotFound

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

#: Earlier turns that are looked at; older ones are another subject.
_REMEMBERED = 6
#: Quotes of a turn that tell what it was about.
_QUOTES = 3
#: Characters of a conversation's title, which is its first question until the reader gives another.
MAX_TITLE = 120
#: A reader's list holds the latest ones.
MAX_LISTED = 200


class ConversationStore:
    """Opened once a process; safe to share between threads.

    Every method raises `StoreUnavailable` when the database fails. `reader` is whatever tells one reader from another.
    """

    def __init__(self, url: str) -> None:
        """Raises `SettingsError` when the database cannot be opened."""
        self.database = Database(url)

    def add(self, answer: Answer, article_id: str | None, reader: str | None = None) -> None:
        """Keeps an answer, in its conversation, which begins with its first answer, and anew where it was deleted meanwhile."""
        from sqlalchemy import func, insert, select, update

        conversations, answers, created_at = self.database.conversations, self.database.answers, now()
        with self.database.writing() as connection:
            # An update first: it keeps other processes from adding to this conversation until its next position is taken.
            found = connection.execute(
                update(conversations).where(conversations.c.id == answer.conversation_id).values(id=answer.conversation_id)
            )
            if not found.rowcount:
                title = _title(answer.question)
                begun = {"id": answer.conversation_id, "created_at": created_at, "title": title, "reader": reader}
                connection.execute(insert(conversations).values(**begun, article_id=article_id))
            before = select(func.count()).where(answers.c.conversation_id == answer.conversation_id).scalar_subquery()
            connection.execute(
                insert(answers).values(
                    id=answer.answer_id,
                    conversation_id=answer.conversation_id,
                    position=before,
                    created_at=created_at,
                    query=answer.query.text,
                    article_id=answer.citations[0].article_id if answer.citations else article_id,
                    body=json.dumps(asdict(answer), ensure_ascii=False),
                )
            )

    def turns(self, conversation_id: str) -> list[Turn]:
        """The last turns of a conversation, oldest first. Raises `ConversationNotFound`."""
        from sqlalchemy import select

        answers = self.database.answers
        with self.database.reading() as connection:
            rows = connection.execute(
                select(answers.c.body, answers.c.article_id)
                .where(answers.c.conversation_id == conversation_id)
                .order_by(answers.c.position.desc())
                .limit(_REMEMBERED)
            ).all()
        if not rows:
            raise ConversationNotFound("no conversation has this id")
        return [_turn(json.loads(body), article_id) for body, article_id in reversed(rows)]

    def answer(self, answer_id: str) -> dict[str, Any]:
        """A stored answer as the reader got it, and when: `created_at`. Raises `AnswerNotFound`."""
        from sqlalchemy import select

        answers = self.database.answers
        with self.database.reading() as connection:
            found = connection.execute(select(answers.c.body, answers.c.created_at).where(answers.c.id == answer_id)).first()
        if found is None:
            raise AnswerNotFound("no answer has this id")
        return _stored(found.body, found.created_at)

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """A conversation with its answers, oldest first. Raises `ConversationNotFound`."""
        from sqlalchemy import select

        conversations, answers = self.database.conversations, self.database.answers
        with self.database.reading() as connection:
            found = connection.execute(select(conversations).where(conversations.c.id == conversation_id)).mappings().first()
            if found is None:
                raise ConversationNotFound("no conversation has this id")
            rows = connection.execute(
                select(answers.c.body, answers.c.created_at)
                .where(answers.c.conversation_id == conversation_id)
                .order_by(answers.c.position)
            ).all()
            stored = [_stored(body, created_at) for body, created_at in rows]
        if not stored:  # deleted between the two statements: none is ever without an answer
            raise ConversationNotFound("no conversation has this id")
        return {
            "conversation_id": found["id"],
            "title": found["title"] or "",
            "article_id": found["article_id"],
            "created_at": found["created_at"],
            "answers": stored,
        }

    def reader(self, conversation_id: str) -> str | None:
        """Who began a conversation; None where that is not known. Raises `ConversationNotFound`."""
        from sqlalchemy import select

        conversations = self.database.conversations
        with self.database.reading() as connection:
            found = connection.execute(select(conversations.c.reader).where(conversations.c.id == conversation_id)).first()
        if found is None:
            raise ConversationNotFound("no conversation has this id")
        reader: str | None = found.reader
        return reader

    def conversations(self, reader: str) -> list[dict[str, Any]]:
        """What a reader began, the latest first: id, title, article_id, created_at, last_asked_at, questions."""
        from sqlalchemy import func, select

        conversations, answers = self.database.conversations, self.database.answers
        asked = func.max(answers.c.created_at).label("last_asked_at")
        listed = (
            select(
                conversations.c.id.label("conversation_id"),
                func.coalesce(conversations.c.title, "").label("title"),
                conversations.c.article_id,
                conversations.c.created_at,
                asked,
                func.count().label("questions"),
            )
            .join(answers, answers.c.conversation_id == conversations.c.id)
            .where(conversations.c.reader == reader)
            .group_by(conversations.c.id)
            .order_by(asked.desc(), conversations.c.id)
            .limit(MAX_LISTED)
        )
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(listed).mappings()]

    def rename(self, reader: str, conversation_id: str, title: str) -> None:
        """Gives it another title, cut to `MAX_TITLE`. Raises `ConversationNotFound`, also where another reader began it."""
        from sqlalchemy import update

        with self.database.writing() as connection:
            named = update(self.database.conversations).where(self._theirs(reader, conversation_id)).values(title=_title(title))
            if not connection.execute(named).rowcount:
                raise ConversationNotFound("no conversation of yours has this id")

    def delete(self, reader: str, conversation_id: str) -> None:
        """Deletes a conversation with its answers and what was thought of them. Nothing is kept.

        Raises `ConversationNotFound`, also where another reader began it.
        """
        if not self._delete(self._theirs(reader, conversation_id)):
            raise ConversationNotFound("no conversation of yours has this id")

    def delete_all(self, reader: str) -> None:
        """The same for all conversations that a reader began; there may be none."""
        self._delete(self.database.conversations.c.reader == reader)

    def close(self) -> None:
        """Gives the connections back."""
        self.database.close()

    def _theirs(self, reader: str, conversation_id: str) -> ColumnElement[bool]:
        conversations = self.database.conversations
        return (conversations.c.reader == reader) & (conversations.c.id == conversation_id)

    def _delete(self, which: ColumnElement[bool]) -> int:
        """How many conversations were deleted."""
        from sqlalchemy import delete, select

        conversations, answers = self.database.conversations, self.database.answers
        ids = select(conversations.c.id).where(which)
        theirs = select(answers.c.body, answers.c.created_at, answers.c.article_id).where(answers.c.conversation_id.in_(ids))
        with self.database.writing() as connection:
            connection.execute(ids.with_for_update())  # PostgreSQL: else an answer could be added between the next two
            take_back(connection, self.database, connection.execute(theirs))
            connection.execute(delete(answers).where(answers.c.conversation_id.in_(ids)))  # feedback goes with its answer
            deleted = connection.execute(delete(conversations).where(which)).rowcount
        self.database.forget()
        return deleted


def _stored(body: str, created_at: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body)
    return answer | {"created_at": created_at}


def _turn(answer: dict[str, Any], article_id: str | None) -> Turn:
    """What a stored answer tells the next question."""
    return Turn(
        question=answer["question"],
        query=answer["query"]["text"],
        article_id=article_id,
        quotes=tuple(citation["quote"] for citation in answer["citations"][:_QUOTES]),
        status=AnswerStatus(answer["status"]),
        danger=answer["banner"]["category"] if answer["banner"] else None,
    )


def _title(text: str) -> str:
    """One line."""
    line = one_line(text)
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"
