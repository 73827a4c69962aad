"""What the running application answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

from assistant.store import FeedbackStore

if TYPE_CHECKING:
    from assistant.answering import Assistant


def assistant() -> Assistant:
    """The Assistant that `create_app` was given or opened."""
    return cast("Assistant", current_app.extensions["assistant"])


def feedback() -> FeedbackStore:
    """What readers thought of answers, in the same database as the conversations."""
    return FeedbackStore(assistant().store.database)
