"""What every template can use: the fixed texts, dates and ages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint

from assistant import disclaimer
from assistant.quotes import Piece, Table, parts, pieces
from assistant.web.ages import Age, age_of, age_of_year
from corpus.clock import today
from corpus.types import NOT_STATED, Status

routes = Blueprint("templating", __name__)


@routes.app_context_processor
def _fixed_texts() -> dict[str, Any]:
    """The pages of problems included."""
    return {
        "disclaimer": disclaimer.DISCLAIMER,
        "notice": disclaimer.NOTICE,
        "no_answer": disclaimer.NO_ANSWER,
        "review_notices": disclaimer.REVIEW_NOTICES,
        "statuses": list(Status),
    }


@routes.app_template_filter("age")
def _age(dated: dt.date | str) -> Age | None:
    return age_of(dated, today())


@routes.app_template_filter("age_of_year")
def _age_of_year(year: int | None) -> Age | None:
    return age_of_year(year, today())


@routes.app_template_filter("stated")
def _stated(text: str) -> str:
    """Who wrote a reference or where it appeared; nothing where an imported article does not say."""
    return "" if text == NOT_STATED else text


@routes.app_template_filter("day")
def _day(dated: dt.date | str) -> str:
    """A date or an ISO date as 22 November 2026."""
    day = dt.date.fromisoformat(dated) if isinstance(dated, str) else dated
    return f"{day:%-d %B %Y}"


@routes.app_template_filter("parts")
def _parts(quote: str) -> tuple[str | Table, ...]:
    return parts(quote)


@routes.app_template_filter("pieces")
def _pieces(text: str, quoted: bool) -> tuple[Piece, ...]:
    return pieces(text, quoted=quoted)
