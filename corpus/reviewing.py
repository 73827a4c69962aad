"""The editorial workflow: submitted → under review → approved, and back; withdrawn and restored; a reference retracted.

Each act is an entry in the audit log first and a new article file second; the file differs from the old one in the lines
of the act alone. docs/editorial.md tells what holds when an act is cut short.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.acting import ArticleFile, Change, Done, act, clean_name, clean_reason
from corpus.audit import Action, AuditLog
from corpus.editing import as_yaml, changed
from corpus.errors import CorpusError, ReviewRefused
from corpus.identifiers import bare_pmid, doi_key
from corpus.linting.checking import lint_article
from corpus.loading import content_sha256, errors_among
from corpus.retractions import RetractionList
from corpus.types import Article, Reference, Status, Withdrawal

#: Who approved what and when.
_APPROVAL = ("reviewed_by", "reviewed_on", "reviewed_sha256")
#: Where new keys go: after the last of these that the article has.
_ORDER = ("status", "last_updated", *_APPROVAL)
#: Acts that tell at which stage an article is, and those of them that end a review with nothing approved.
_ENDS = (Action.SEND_BACK, Action.RESTORE)
_STAGES = (Action.REVIEW, Action.APPROVE, *_ENDS)
#: What may be run next.
_NEXT = {
    Status.SUBMITTED: "first run `followup corpus review`",
    Status.UNDER_REVIEW: "it can be approved or sent back",
    Status.APPROVED: "it can be sent back, with a reason",
}


def start_review(folder: Path, article_id: str, *, by: str, reason: str | None = None, log: AuditLog, today: dt.date) -> Done:
    """Submitted → under review. Again for one whose text changed since: the review begins anew with today's text."""

    def plan(file: ArticleFile) -> Change:
        _must_be(file.article, Status.SUBMITTED, Status.UNDER_REVIEW)
        return _moved(file, Status.UNDER_REVIEW, content=content_sha256(file.article))

    return act(Action.REVIEW, folder, article_id, plan, by=by, reason=reason, log=log)


def approve(
    folder: Path,
    article_id: str,
    *,
    by: str,
    reason: str | None = None,
    log: AuditLog,
    today: dt.date,
    retracted: RetractionList,
) -> Done:
    """Under review → approved, for the very text that the review began with, and only where no rule is broken.

    `retracted` is the list of retracted papers that the article's references are looked up in: to forget it would approve
    what rests on them alone.
    """
    name = clean_name(by)

    def plan(file: ArticleFile) -> Change:
        article = file.article
        _must_be(article, Status.UNDER_REVIEW)
        content = content_sha256(article)
        _must_be_the_reviewed_text(file, content)
        if errors := errors_among(lint_article(file.path, today=today, retracted=retracted).problems):
            raise CorpusError(errors)
        # The hash in quotes: one of digits, or of digits and one e, is a number to some readers of YAML.
        review = {"reviewed_by": as_yaml(name), "reviewed_on": as_yaml(today), "reviewed_sha256": f"'{content}'"}
        text = changed(file.text, {"status": Status.APPROVED.value, **review}, after=_ORDER)
        after = replace(article, status=Status.APPROVED, reviewed_by=name, reviewed_on=today, reviewed_sha256=content)
        return Change(text, after, {"from": article.status.value, "to": Status.APPROVED.value, "content": content})

    return act(Action.APPROVE, folder, article_id, plan, by=name, reason=reason, log=log)


def send_back(folder: Path, article_id: str, *, by: str, reason: str | None, log: AuditLog, today: dt.date) -> Done:
    """Under review or approved → submitted, with the reason."""
    told = clean_reason(reason)

    def plan(file: ArticleFile) -> Change:
        _must_be(file.article, Status.UNDER_REVIEW, Status.APPROVED)
        return _moved(file, Status.SUBMITTED)

    return act(Action.SEND_BACK, folder, article_id, plan, by=by, reason=told, log=log)


def withdraw(folder: Path, article_id: str, *, by: str, reason: str | None, log: AuditLog, today: dt.date) -> Done:
    """From the next index on nothing is answered from the article, whatever its status. Readers are shown the reason."""
    told = clean_reason(reason)

    def plan(file: ArticleFile) -> Change:
        _must_be(file.article, *Status)
        text = changed(file.text, {"withdrawn": as_yaml({"since": today, "reason": told})}, after=_ORDER)
        return Change(text, replace(file.article, withdrawn=Withdrawal(today, told)), {"since": today.isoformat()})

    return act(Action.WITHDRAW, folder, article_id, plan, by=by, reason=told, log=log)


def restore(folder: Path, article_id: str, *, by: str, reason: str | None = None, log: AuditLog, today: dt.date) -> Done:
    """Withdrawn → submitted: what was withdrawn is reviewed again."""

    def plan(file: ArticleFile) -> Change:
        if file.article.withdrawn is None:
            raise ReviewRefused(f"{file.article.id} is not withdrawn; it is {file.article.status.label.lower()}")
        change = _moved(file, Status.SUBMITTED, "withdrawn")
        return replace(change, article=replace(change.article, withdrawn=None))

    return act(Action.RESTORE, folder, article_id, plan, by=by, reason=reason, log=log)


def retract_reference(
    folder: Path,
    article_id: str,
    reference: str | int,
    *,
    date: dt.date,
    by: str,
    reason: str | None = None,
    log: AuditLog,
    today: dt.date,
) -> Done:
    """Notes that a source was retracted. `reference` is its number in the article, its DOI or its PubMed number.

    An approval does not hold any more: the article counts as under review until it is approved with this known.
    """
    if date > today:
        raise ReviewRefused(f"the day of the retraction, {date}, is after today, {today}")

    def plan(file: ArticleFile) -> Change:
        article = file.article
        position, found = _reference(article, str(reference))
        if found.retracted:
            raise ReviewRefused(f"{article.id}: reference {found.id} is already noted as retracted on {found.retracted}")
        text = changed(file.text, {"retracted": date.isoformat()}, at=("references", position))
        gone = (*article.references[:position], replace(found, retracted=date), *article.references[position + 1 :])
        lapsed = article.status is Status.APPROVED and article.reviewed_sha256 is not None
        after = replace(article, references=gone, status=Status.UNDER_REVIEW if lapsed else article.status)
        return Change(text, after, {"reference": found.id, "doi": found.doi, "pmid": found.pmid, "date": date.isoformat()})

    return act(Action.RETRACT, folder, article_id, plan, by=by, reason=reason, log=log)


def _moved(file: ArticleFile, to: Status, *gone: str, **details: Any) -> Change:
    """The article in another state than approved: nothing of an approval, nor of the keys `gone`, stays in its file."""
    text = changed(file.text, {"status": to.value, **dict.fromkeys((*_APPROVAL, *gone))})
    after = replace(file.article, status=to, reviewed_by=None, reviewed_on=None, reviewed_sha256=None)
    return Change(text, after, {"from": file.article.status.value, "to": to.value, **details})


def _must_be(article: Article, *allowed: Status) -> None:
    if article.withdrawn:
        said = f"{article.id} was withdrawn on {article.withdrawn.since} ({article.withdrawn.reason})"
        raise ReviewRefused(f"{said}; first run `followup corpus restore {article.id}`")
    if article.status not in allowed:
        needed = " or ".join(status.label.lower() for status in allowed)
        is_now, next_step = article.status.label.lower(), _NEXT[article.status]
        raise ReviewRefused(f"{article.id} is {is_now}; this needs one that is {needed}: {next_step}")


def _must_be_the_reviewed_text(file: ArticleFile, content: str) -> None:
    """Nobody approves another text than the one that the review began with."""
    # A send-back ends a review also when it was cut short or its file put back: somebody had a reason.
    stages = [one for one in file.history if one.action in _ENDS or (one.action in _STAGES and one.sequence not in file.undone)]
    again = f"look at it and run `followup corpus review {file.article.id}`"
    if not stages or stages[-1].action != Action.REVIEW:
        raise ReviewRefused(f"the audit log tells of no review of {file.article.id} that goes on; {again}")
    began = stages[-1]
    if began.details.get("content") != content:
        raise ReviewRefused(f"{file.article.id} was changed since its review began ({began.at[:10]}, by {began.actor}); {again}")


def _reference(article: Article, given: str) -> tuple[int, Reference]:
    """Position and reference that a number of the article, a DOI or a PubMed number names."""
    said = given.strip()
    doi, pmid = doi_key(said), bare_pmid(said)
    for named in (
        lambda one: str(one.id) == said,
        lambda one: doi is not None and doi_key(one.doi) == doi,
        lambda one: pmid is not None and one.pmid == pmid,
    ):
        for position, reference in enumerate(article.references):
            if named(reference):
                return position, reference
    raise ReviewRefused(f"{article.id} lists no reference {said!r}; `followup corpus show {article.id}` prints its references")
