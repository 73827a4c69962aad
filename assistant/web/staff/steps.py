"""The acts of the editorial workflow as staff do them here: by whoever has signed in, on the text that they were shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.web.staff.current import desk
from assistant.web.staff.guarding import member
from corpus.acting import Done
from corpus.audit import Action
from corpus.errors import ReviewRefused
from corpus.loading import content_sha256
from corpus.retractions import RetractionList
from corpus.reviewing import approve, restore, retract_reference, send_back, start_review, withdraw
from corpus.types import Article, Status


@dataclass(frozen=True, slots=True)
class Act:
    """What it is called, what it does to readers, and whether it needs a reason."""

    action: Action
    label: str
    means: str
    needs_reason: bool = False

    @property
    def grave(self) -> bool:
        """Whether readers lose something by it."""
        return self.action is Action.WITHDRAW


REVIEW = Act(Action.REVIEW, "Start the review", "The article is under review from now on: of exactly the text that stands here.")
AGAIN = Act(Action.REVIEW, "Begin the review anew", "Where the text was changed since the review began.")
APPROVE = Act(Action.APPROVE, "Approve", "Readers see that you, by name, have reviewed exactly the text that stands here.")
SEND_BACK = Act(Action.SEND_BACK, "Send back", "It is submitted again, as nobody has reviewed it.", needs_reason=True)
WITHDRAW = Act(
    Action.WITHDRAW,
    "Withdraw",
    "Reindexing begins at once; when it is done, nothing is answered from it. Its text stays, and readers see the reason.",
    needs_reason=True,
)
RESTORE = Act(Action.RESTORE, "Restore", "It is submitted again, and answered from once it is reindexed.")

_RUN: dict[Action, Callable[..., Done]] = {
    Action.REVIEW: start_review,
    Action.APPROVE: approve,
    Action.SEND_BACK: send_back,
    Action.WITHDRAW: withdraw,
    Action.RESTORE: restore,
}


def acts_of(article: Article) -> tuple[Act, ...]:
    """What can be done with an article as it stands, the usual first."""
    if article.withdrawn:
        return (RESTORE,)
    return {
        Status.SUBMITTED: (REVIEW, WITHDRAW),
        Status.UNDER_REVIEW: (APPROVE, SEND_BACK, AGAIN, WITHDRAW),
        Status.APPROVED: (SEND_BACK, WITHDRAW),
    }[article.status]


def take(action: Action, article_id: str, *, reason: str = "", content: str = "") -> Done:
    """Does an act. `content` is the `content_sha256` that whoever does it was shown; "": they were shown none.

    Raises `ReviewRefused`, `ArticleNotFound` and what else acts on an article raise.
    """
    _must_be_shown(article_id, content)
    given = _given(article_id)
    if action is Action.APPROVE:
        given["retracted"] = RetractionList.load(desk().settings.retractions)
    return _RUN[action](reason=reason.strip() or None, **given)


def retract(article_id: str, reference: str, date: dt.date, *, reason: str = "", content: str = "") -> Done:
    """Notes that a source was retracted. `reference` is its number in the article, its DOI or its PubMed number.

    `content` and what it raises: as `take`.
    """
    _must_be_shown(article_id, content)
    return retract_reference(reference=reference, date=date, reason=reason.strip() or None, **_given(article_id))


def _given(article_id: str) -> dict[str, Any]:
    return {
        "folder": desk().settings.articles,
        "article_id": article_id,
        "by": member().name,
        "log": desk().audit,
        "today": desk().today,
    }


def _must_be_shown(article_id: str, content: str) -> None:
    """Nobody acts on a text that was changed while they read it."""
    if content and content_sha256(desk().overview.preview(article_id).article) != content:
        raise ReviewRefused(f"{article_id} was changed while you read it; this is the text as it stands now")
