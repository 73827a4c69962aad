"""The steps of the editorial workflow as staff take them here: by whoever has signed in, for the text that they were shown."""

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
from corpus.reviewing import approve, restore, retract_reference, send_back, start_review, withdraw
from corpus.types import Article, Status


@dataclass(frozen=True, slots=True)
class Step:
    """What it is called, what it does to readers, and whether it needs a reason."""

    action: Action
    label: str
    means: str
    needs_reason: bool = False

    @property
    def grave(self) -> bool:
        """Whether readers lose something by it."""
        return self.action is Action.WITHDRAW


REVIEW = Step(Action.REVIEW, "Start the review", "The article is under review from now on: of exactly the text that stands here.")
AGAIN = Step(Action.REVIEW, "Begin the review anew", "Where the text was changed since the review began.")
APPROVE = Step(Action.APPROVE, "Approve", "Readers see that you, by name, have reviewed exactly the text that stands here.")
SEND_BACK = Step(Action.SEND_BACK, "Send back", "It is submitted again, as nobody has reviewed it.", needs_reason=True)
WITHDRAW = Step(
    Action.WITHDRAW,
    "Withdraw",
    "Reindexing begins at once; when it is done, nothing is answered from it. Its text stays, and readers see the reason.",
    needs_reason=True,
)
RESTORE = Step(Action.RESTORE, "Restore", "It is submitted again, and answered from once it is reindexed.")

_ACTS: dict[Action, Callable[..., Done]] = {
    Action.REVIEW: start_review,
    Action.APPROVE: approve,
    Action.SEND_BACK: send_back,
    Action.WITHDRAW: withdraw,
    Action.RESTORE: restore,
}


def steps_of(article: Article) -> tuple[Step, ...]:
    """What can be done with an article as it stands, the usual first."""
    if article.withdrawn:
        return (RESTORE,)
    return {
        Status.SUBMITTED: (REVIEW, WITHDRAW),
        Status.UNDER_REVIEW: (APPROVE, SEND_BACK, AGAIN, WITHDRAW),
        Status.APPROVED: (SEND_BACK, WITHDRAW),
    }[article.status]


def take(action: Action, article_id: str, *, reason: str = "", content: str = "") -> Done:
    """Takes a step. `content` is the `content_sha256` that whoever takes it was shown; "": they were shown none.

    Raises `ReviewRefused`, `ArticleNotFound` and what else acts on an article raise.
    """
    if content:
        _must_be_shown(article_id, content)
    return _ACTS[action](reason=reason.strip() or None, **_given(article_id))


def retract(article_id: str, reference: str, date: dt.date, *, reason: str = "") -> Done:
    """Notes that a source was retracted. `reference` is its number in the article, its DOI or its PubMed number."""
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
    """Nobody takes a step for a text that was changed while they read it."""
    if content_sha256(desk().overview.preview(article_id).article) != content:
        raise ReviewRefused(f"{article_id} was changed while you read it; this is the text as it stands now")
