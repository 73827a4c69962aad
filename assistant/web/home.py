"""The home page: every article by specialty, and a search of articles and their questions.

The search is a form that loads the page; search.js asks the same address for the part that changes, as the reader types.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from assistant.alarm import STATUS, danger_in
from assistant.finding import STATUSES, Finder, Found, How, Search, field_of, find, find_named, finder_of
from assistant.questions import clean_question
from assistant.safety.dangers import banner_of
from assistant.web.current import assistant
from corpus.errors import FollowupError, QuestionRefused

routes = Blueprint("home", __name__)

#: What search.js asks with for what changes only. Both answers have one address, so a cache must tell them apart.
_PART = "X-Part"


@dataclass(frozen=True, slots=True)
class Result:
    """What the page says about a search: why there is none, what was found, and before both what a reader in danger must read."""

    search: Search
    signpost: dict[str, Any] | None = None
    refused: str | None = None
    status: int = 200
    found: Found | None = None


@routes.get("/")
def show() -> Response:
    """Every article, or those that a search finds; `?question=`, `?specialty=`, `?status=`, `?page=` narrow them."""
    search = _search()
    result = _result(search)
    index = assistant().open_index
    context = _shown(result, finder_of(index) if index else None)
    template = "_found.html" if request.headers.get(_PART) == "found" else "home.html"
    response = make_response(render_template(template, **context), result.status)
    response.vary.add(_PART)
    return response


def _search() -> Search:
    """What the address asks for. A number of a page that is none is the first."""
    args = request.args
    page = args.get("page", 1, type=int)
    status = args.get("status", "")
    return Search(args.get("question", ""), args.get("specialty", ""), status if status in STATUSES else "", page)


def _result(search: Search) -> Result:
    """Looks for danger, then for articles. Raises `IndexUnavailable` where nobody is in danger."""
    try:
        text = clean_question(search.text) if search.text.strip() else ""
    except QuestionRefused as error:
        return Result(search, refused=f"Not searched: {error.told}.", status=error.status)
    looked_for = Search(text, search.specialty, search.status, search.page)
    signpost = _signpost(text) if text else None
    if signpost is None:
        settings = assistant().settings
        return Result(search, found=find(assistant().index, looked_for, settings.abstain_below, settings.answer_from))
    index = assistant().open_index  # whoever is in danger waits for nothing
    if index is None:
        return Result(search, signpost, refused="The articles cannot be searched at the moment; try again in a minute.")
    try:
        found = find_named(index, looked_for)
        return Result(search, signpost, found=found if found.how is How.CALLED and found.total else None)  # no guesses now
    except FollowupError as error:
        return Result(search, signpost, refused=f"Not searched: {error.told}.")


def _signpost(text: str) -> dict[str, Any] | None:
    """What the banner of _answer.html shows: for a text that tells of danger, before anything is searched."""
    danger = danger_in([text])
    if danger is None:
        return None
    return {"status": STATUS[danger.kind], "banner": banner_of(danger, assistant().settings.region)}


def _shown(result: Result, finder: Finder | None) -> dict[str, Any]:
    """The context of home.html and of _found.html."""
    found, search = result.found, result.search
    listed = found.articles if found and found.how is How.LISTED else ()
    return {
        "search": search,
        "signpost": result.signpost,
        "refused": result.refused,
        "found": found,
        "groups": [(name, list(group)) for name, group in groupby(listed, key=lambda each: field_of(each.article))],
        "summary": summary(found) if found else "",
        "specialties": finder.specialties if finder else (),
        "article_statuses": STATUSES,
        "count": finder.count if finder else None,
        "examples": finder.examples if finder else (),
        "unfiltered": _address(Search(search.text)),
        "pages": _pages(search, found) if found else {},
    }


def summary(found: Found) -> str:
    """How much was found, as a screen reader is told it: "3 articles, 5 questions"."""
    said = _counted(found.total, "article")
    if found.pages > 1:
        said = f"{said}, {found.first} to {found.last} shown"
    if found.questions:
        said = f"{said}, {_counted(found.questions, 'question')}"
    if not found.total:
        return "Nothing found"
    return {How.RESPELLED: "Spelled nearly so: ", How.NEAREST: "Nearest in meaning: "}.get(found.how, "") + said


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _pages(search: Search, found: Found) -> dict[str, str]:
    """The addresses of the pages before and after this one."""
    near = {"Previous": found.page - 1, "Next": found.page + 1}
    return {
        name: _address(Search(search.text, search.specialty, search.status, page))
        for name, page in near.items()
        if 1 <= page <= found.pages
    }


def _address(search: Search) -> str:
    """The address of a search, without what it leaves open."""
    page = search.page if search.page > 1 else None
    return url_for(
        "home.show", question=search.text or None, specialty=search.specialty or None, status=search.status or None, page=page
    )
