"""Text for a terminal: an answer (banner first, sentences with their marks, references, status, disclaimer), and feedback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.disclaimer import REVIEW_NOTICES
from assistant.quotes import lines_of
from assistant.store.feedback import Reason
from assistant.types import Answer, CitedReference, Origin, Role
from corpus.types import NOT_STATED

if TYPE_CHECKING:
    from assistant.verification import Verified

#: What stands before a sentence that is not itself the answer.
_ROLES = {Role.ANSWER: "", Role.CONDITION: "But note: ", Role.CONTRAST: "Another source: "}


def as_text(answer: Answer) -> str:
    """Part under part, an empty line between."""
    parts = [list(part) for part in (_head(answer), _said(answer), _cited(answer), _after(answer), _foot(answer))]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def verified_as_text(verified: Sequence[Verified]) -> str:
    """A line a citation."""
    if not verified:
        return "This answer cites nothing."
    return "\n".join(f"[{one.number}] {one.article_id}: {one.standing}{f'. {one.note}' if one.note else ''}" for one in verified)


def feedback_as_text(opinions: Sequence[Mapping[str, Any]], with_questions: bool = False) -> str:
    """What readers thought, one under the other as given, and how many found their answer helpful."""
    if not opinions:
        return "No feedback."
    helpful = sum(one["helpful"] for one in opinions)
    total = f"{helpful} helpful, {len(opinions) - helpful} not helpful."
    return "\n\n".join([*("\n".join(_opinion(one, with_questions)) for one in opinions), total])


def _opinion(one: Mapping[str, Any], with_question: bool) -> Iterator[str]:
    when = dt.datetime.fromisoformat(one["created_at"])
    said = "helpful" if one["helpful"] else "not helpful"
    why = f": {Reason(one['reason']).label}" if one["reason"] else ""
    yield f"{when:%Y-%m-%d %H:%M} UTC  {said}{why}"
    yield f"  answer {one['answer_id']}"
    if with_question:
        yield from (f"  asked: {line}" for line in one["question"].splitlines())
    yield from (f"  > {line}" for line in (one["comment"] or "").splitlines())


def _head(answer: Answer) -> Iterator[str]:
    if answer.banner:
        yield from (answer.banner.title.upper(), answer.banner.text)
    if answer.confidence:
        yield f"Searched for: {answer.query.text}"


def _said(answer: Answer) -> Iterator[str]:
    if answer.abstention:
        yield answer.abstention.text
        yield from ("", "Nearest articles:") if answer.nearest else ()
        yield from (f"  {near.title} ({near.article_id})" for near in answer.nearest)
    if answer.clarification:
        yield answer.clarification.text
        yield from (f"  {choice}" for choice in answer.clarification.choices)
    if answer.fallback:
        yield from (f"Quoted instead of written: {answer.fallback}.", "")
    if answer.plain:
        yield "In plain words:"
        yield from (f"  {_quoted(sentence.text)} {_marks(sentence.citations)}" for sentence in answer.plain)
        yield from ("", "What the articles say:")
    for sentence in answer.sentences:
        yield f"{_ROLES[sentence.role]}{_quoted(sentence.text)} {_marks(sentence.citations)}"
    for sides in answer.conflicts:
        said = (f"{side.body} {side.year or ''}".strip() + f" {_marks(side.citations)}" for side in sides)
        yield f"These sources disagree: {'; '.join(said)}."
    if answer.glosses:
        yield from ("", "Words:")
        yield from (f"  {gloss.term}: {gloss.plain}" for gloss in answer.glosses)


def _cited(answer: Answer) -> Iterator[str]:
    if not answer.citations:
        return
    yield "Cited:"
    for citation in answer.citations:
        behind = ", ".join(f"({reference.number})" for reference in citation.references)
        where = ", ".join(part for part in (citation.passage_id, " > ".join(citation.section)) if part)
        yield f"  [{citation.number}] {where}{f'; references {behind}' if behind else ''}"
        yield from (_origin(citation.origin),) if citation.origin else ()
    if answer.references:
        yield from ("", "References:")
    yield from (_reference(reference) for reference in answer.references)


def _origin(origin: Origin) -> str:
    undated = "" if origin.dated else "date not given by the source"
    parts = (origin.name, origin.id, origin.url, f"licence: {origin.licence}", undated)
    return f"      Source: {', '.join(part for part in parts if part)}"


def _reference(reference: CitedReference) -> str:
    where = f"doi:{reference.doi}" if reference.doi else f"PMID {reference.pmid}" if reference.pmid else reference.url or ""
    said = ". ".join(part.rstrip(".") for part in (reference.authors, reference.title, reference.venue) if part != NOT_STATED)
    gone = f" RETRACTED {reference.retracted}." if reference.retracted else ""
    return f"  ({reference.number}) {reference.type.title()}: {said}.{gone} {where}".rstrip()


def _after(answer: Answer) -> Iterator[str]:
    if answer.suggestions:
        yield "You can also ask:"
        yield from (f"  {suggestion}" for suggestion in answer.suggestions)


def _foot(answer: Answer) -> Iterator[str]:
    yield from answer.caveats
    if answer.review_status:
        yield REVIEW_NOTICES[answer.review_status]
    yield from (answer.disclaimer, answer.notice)
    yield f"(answer {answer.answer_id}, conversation {answer.conversation_id})"


def _quoted(text: str) -> str:
    return "\n".join(lines_of(text))


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)
