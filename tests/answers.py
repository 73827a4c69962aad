"""Answers made by hand over a real index, every part of one included, and an Assistant that gives them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from assistant.answering import Assistant
from assistant.citations import Ledger
from assistant.disclaimer import DISCLAIMER, NOTICE
from assistant.events import Ask, Event, Spoken, Started
from assistant.types import (
    Abstention,
    AbstentionReason,
    Answer,
    AnswerStatus,
    Audience,
    Banner,
    Clarification,
    Draft,
    Gloss,
    Mode,
    Nearest,
    Query,
    Role,
    Side,
    Variant,
)
from corpus.errors import IndexMissing
from index.search import Index

EMERGENCY = Banner(
    "heart-attack",
    "This may be a heart attack",
    "Call your local emergency number now: 911 (US, Canada), 999 (UK), 112 (EU).\nDo not drive yourself.",
    "American Heart Association",
    None,
)
CRISIS = Banner(
    "self-harm",
    "You do not have to face this alone",
    "Thank you for saying it. Please talk to somebody now.\nIn the US call or text 988. Elsewhere call your local line.",
    "988 Suicide & Crisis Lifeline",
    "2026-11-01",
)


def blank(question: str, **parts: Any) -> Answer:
    """An answer that says nothing, with these parts."""
    answer = Answer(
        answer_id="made",
        conversation_id="talk",
        question=question,
        query=Query(question, False, "first question of the conversation: searched as typed", (Variant(question, 1.0),)),
        status=AnswerStatus.ABSTAINED,
        mode=Mode.EXTRACTIVE,
        audience=Audience.CLINICIAN,
        disclaimer=DISCLAIMER,
        notice=NOTICE,
        index_generation=1,
    )
    return replace(answer, **parts)


def quoting(index: Index, question: str, said: Mapping[str, Role], **parts: Any) -> Answer:
    """An answer that quotes these passages in these roles, numbered as the product numbers them."""
    ledger = Ledger(index.store.article)
    passages = {passage.id: passage for passage in index.store.all_passages()}
    sentences = tuple(ledger.enter(Draft(passages[id].text, (passages[id],), role)) for id, role in said.items())
    quoted = blank(
        question,
        status=AnswerStatus.ANSWERED,
        sentences=sentences,
        citations=ledger.citations,
        references=ledger.references,
        review_status="submitted",
    )
    return replace(quoted, **parts)


def every_part(index: Index, passage_ids: Sequence[str], text: str) -> list[Answer]:
    """Three answers that together show every part there is, with `text` wherever a part holds a text."""
    roles = dict(zip(passage_ids, Role, strict=True))
    whole = quoting(
        index,
        f"Whole {text}",
        roles,
        answer_id="whole",
        query=Query(f"Query {text}", True, f"Reason {text}", (Variant("-", 1.0),)),
        banner=Banner("category", f"Title {text}", f"Text {text}", f"Source {text}", f"Day {text}"),
        caveats=(f"Caveat {text}",),
        glosses=(Gloss(f"Term {text}", f"Plain {text}", f"Origin {text}"),),
        conflicts=((Side(f"Body {text}", 2020, (1,)), Side(f"Other {text}", None, (2,))),),
        suggestions=(f"Suggestion {text}",),
        mode=Mode.EXTRACTIVE_FALLBACK,
        fallback=f"Fallback {text}",
        dropped=2,
    )
    whole = replace(whole, plain=whole.sentences[:1])
    gave_up = blank(
        f"Abstained {text}",
        answer_id="abstained",
        abstention=Abstention(AbstentionReason.NOT_IN_CORPUS, f"Abstention {text}"),
        nearest=(Nearest(whole.citations[0].article_id, f"Nearest {text}", (f"Section {text}",)),),
    )
    back = blank(
        f"Clarify {text}",
        answer_id="clarify",
        status=AnswerStatus.CLARIFY,
        clarification=Clarification(f"Which {text}", (f"One {text}", f"Two {text}")),
    )
    return [whole, gave_up, back]


class ScriptedAssistant(Assistant):
    """Gives the answer made for a question; any other is answered as always. Keeps what it was asked in `asked`.

    Before the sentence with the number `held` it waits until `go_on` is set.
    """

    def __init__(self, *arguments: Any, answers: Sequence[Answer] = (), held: int = 0) -> None:
        super().__init__(*arguments)
        self.answers = {answer.question: answer for answer in answers}
        self.asked: list[Ask] = []
        self.held = held
        self.go_on = threading.Event()

    def stream(self, ask: Ask) -> Iterator[Event]:
        self.asked.append(ask)
        if answer := self.answers.get(ask.question):
            conversation = ask.conversation_id or secrets.token_hex(4)
            return self._spoken(replace(answer, answer_id=f"made-{secrets.token_hex(4)}", conversation_id=conversation))
        return super().stream(ask)

    def _spoken(self, answer: Answer) -> Iterator[Event]:
        yield Started(**{field.name: getattr(answer, field.name) for field in fields(Started)})
        for number, sentence in enumerate(answer.sentences, start=1):
            if number == self.held:
                self.go_on.wait(20)
            cited = tuple(citation for citation in answer.citations if citation.number in sentence.citations)
            yield Spoken(sentence, cited)
        self.store.add(answer, None)
        yield answer


class LosingAssistant(Assistant):
    """Has no index any more once `lost` is set."""

    lost = False

    @property
    def index(self) -> Index:
        if self.lost:
            raise IndexMissing("there is no index; run `followup index build`")
        return super().index
