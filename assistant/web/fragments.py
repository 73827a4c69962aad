"""An answer piece by piece, as the markup that its page will show: what chat.js puts in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flask import current_app

from assistant.events import Ask, Event, Spoken, Started
from assistant.questions import clean_question
from assistant.types import STOPPED, Answer
from assistant.web.current import assistant
from assistant.web.metrics import ANSWERS
from corpus.errors import FollowupError


def fragments(asked: Ask, events: Iterator[Event]) -> Iterator[tuple[str, dict[str, object]]]:
    """`begin`: the answer without sentences; each `sentence` with what it is the first to cite; the whole `answer`."""
    macros, open_id = _macros(), asked.article_id or ""
    begun: dict[str, Any] = {}
    cited: set[int] = set()
    listed: set[int] = set()
    for event in events:
        match event:
            case Started():
                begun = {"question": clean_question(asked.question), **asdict(event)}
                yield "begin", {"html": macros.show(begun, open_id, True)}
            case Spoken():
                said = begun | {"citations": event.citations}
                new = [citation for citation in event.citations if citation.number not in cited]
                sources = {source.number: source for citation in new for source in citation.references}
                unlisted = [source for number, source in sources.items() if number not in listed]
                cited.update(citation.number for citation in new)
                listed.update(sources)
                yield (
                    "sentence",
                    {
                        "sentences": macros.sentence(said, event.sentence, open_id),
                        "passages": "".join(macros.passage(said, citation, open_id) for citation in new),
                        "sources": "".join(macros.cited_reference(said, source) for source in unlisted),
                    },
                )
            case Answer():
                ANSWERS.labels(event.status).inc()
                whole = asdict(event)
                # The next question names its conversation, so it must not learn of one that the store could not keep.
                kept = event.status not in STOPPED or is_kept(event.answer_id)
                yield (
                    "answer",
                    {
                        "html": macros.show(whole, open_id),
                        "summary": macros.summary(whole),
                        "conversation": event.conversation_id if kept else "",
                    },
                )


def is_kept(answer_id: str) -> bool:
    """Whether the store has an answer and can tell: a signpost is given also when it has not."""
    try:
        assistant().store.answer(answer_id)
    except FollowupError:
        return False
    return True


def _macros() -> Any:
    """The macros of _answer.html with the texts that every template gets."""
    context: dict[str, Any] = {}
    current_app.update_template_context(context)
    return current_app.jinja_env.get_template("_answer.html").make_module(context)
