"""Answers and conversations to take along: Markdown, and their references as RIS and BibTeX. Printing makes the PDF."""

from __future__ import annotations

from urllib.parse import urljoin

from flask import Blueprint, Response, request

from assistant.bibliography import bibtex, ris
from assistant.exporting import answer_markdown, conversation_markdown
from assistant.web.addresses import address
from assistant.web.current import assistant
from assistant.web.standing import answer_today, articles_today, conversation_today

routes = Blueprint("exports", __name__)

_MARKDOWN = "text/markdown"
_RIS = "application/x-research-info-systems"
_BIBTEX = "application/x-bibtex"


@routes.get("/answers/<answer_id>.md")
def answer(answer_id: str) -> Response:
    """An answer with its quotes, references and disclaimer; a copy goes to others, who need not read the whole conversation."""
    found = answer_today(answer_id)
    where = "" if _shown() else _where(found["conversation_id"])
    return _file(answer_markdown(found, where), _MARKDOWN, f"answer-{answer_id}.md")


@routes.get("/answers/<answer_id>.ris")
def answer_ris(answer_id: str) -> Response:
    """Its references for a reference manager."""
    return _file(ris(answer_today(answer_id)["references"]), _RIS, f"references-{answer_id}.ris")


@routes.get("/answers/<answer_id>.bib")
def answer_bibtex(answer_id: str) -> Response:
    """Its references for LaTeX."""
    return _file(bibtex(answer_today(answer_id)["references"]), _BIBTEX, f"references-{answer_id}.bib")


@routes.get("/conversations/<conversation_id>.md")
def conversation(conversation_id: str) -> Response:
    """A conversation with everything that its answers hold."""
    found = conversation_today(conversation_id)
    text = conversation_markdown(found, _where(conversation_id))
    return _file(text, _MARKDOWN, f"conversation-{conversation_id}.md")


def _where(conversation_id: str) -> str:
    """The address of a conversation, beside its article where that is still there."""
    article_id = assistant().store.conversation(conversation_id)["article_id"]
    return urljoin(request.url_root, address(article_id if article_id in articles_today() else None, conversation_id, "chat"))


def _file(text: str, kind: str, name: str) -> Response:
    """Saved under a name; `?show` is for reading in the browser and for copying."""
    response = Response(text, content_type=f"{'text/plain' if _shown() else kind}; charset=utf-8")
    disposition = "inline" if _shown() else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return response


def _shown() -> bool:
    return "show" in request.args
