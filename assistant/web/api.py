"""The JSON API, version 1. A route translates: body -> call -> body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import TypeAdapter

from assistant.events import Ask, Event, Spoken, Started
from assistant.questions import clean_question
from assistant.types import Answer, Mode
from assistant.verification import verify
from assistant.web.current import assistant
from assistant.web.limits import admit, count_request
from assistant.web.metrics import ANSWERS
from assistant.web.readers import earlier
from assistant.web.schemas import (
    AnswerBody,
    AnswerPath,
    ArticleLine,
    ArticlePath,
    ArticlesBody,
    ChatBody,
    ConversationPath,
    Hit,
    HitsBody,
    ProblemBody,
    RetrieveBody,
)
from assistant.web.streaming import server_sent
from corpus.types import Article

routes = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="v1")],
    abp_responses={403: ProblemBody, 404: ProblemBody, 422: ProblemBody, 503: ProblemBody},
)
_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)


@routes.post("/chat", responses={200: AnswerBody, 413: ProblemBody, 415: ProblemBody, 429: ProblemBody})
def chat(body: ChatBody) -> Response:
    """Answers a question: as JSON, or sentence by sentence with `Accept: text/event-stream`.

    A conversation that a reader of the pages began is only followed: the answer names the one that it begins.
    """
    conversation_id, after = earlier(body.conversation_id)
    ask = Ask(
        question=body.question,
        article_id=body.article_id,
        audience=body.audience,
        query=body.query,
        safe=body.safe,
        mode=Mode(body.mode) if body.mode else None,
        section=body.section,
        conversation_id=conversation_id,
        after=after,
    )
    admit(ask)
    if request.accept_mimetypes.best_match(["application/json", "text/event-stream"]) == "text/event-stream":
        return server_sent(_named(assistant().stream(ask)))
    answer = assistant().answer(ask)
    ANSWERS.labels(answer.status).inc()
    return jsonify(asdict(answer))


@routes.post("/retrieve", responses={200: HitsBody, 413: ProblemBody, 415: ProblemBody, 429: ProblemBody})
def retrieve(body: RetrieveBody) -> Response:
    """The best passages for a query, without an answer."""
    count_request()
    index = assistant().index
    found = index.search(index.encode(clean_question(body.query)), k=body.k, article_id=body.article_id)
    hits = [
        Hit(
            rank=hit.rank,
            score=hit.score,
            passage_id=hit.passage.id,
            statement_id=hit.passage.statement,
            article_id=hit.passage.article_id,
            section=list(hit.passage.section),
            text=hit.passage.text,
        )
        for hit in found
    ]
    return jsonify(HitsBody(hits=hits, index_generation=index.manifest.number).model_dump())


@routes.get("/articles", responses={200: ArticlesBody})
def articles() -> Response:
    """Every article of the live generation."""
    lines = [
        ArticleLine(
            id=article.id,
            title=article.title,
            specialty=article.specialty,
            status=article.status,
            last_updated=article.last_updated.isoformat(),
        )
        for article in assistant().index.store.articles
    ]
    return jsonify(ArticlesBody(articles=lines).model_dump())


@routes.get("/articles/<string:article_id>")
def article(path: ArticlePath) -> Response:
    """One article: front matter, text, and its blocks with their spans."""
    found = _ARTICLE.dump_python(assistant().index.store.article(path.article_id), mode="json")
    del found["path"]  # where the file lies on the server is nobody's business
    return jsonify(found)


@routes.get("/answers/<string:answer_id>")
def answer(path: AnswerPath) -> Response:
    """A stored answer, as the reader got it."""
    return jsonify(assistant().store.answer(path.answer_id))


@routes.get("/answers/<string:answer_id>/verify")
def verify_answer(path: AnswerPath) -> Response:
    """Each quote of a stored answer held against today's articles."""
    stored = assistant().store.answer(path.answer_id)
    verified = verify(stored["citations"], assistant().index.store.articles)
    return jsonify(answer_id=path.answer_id, citations=[asdict(one) for one in verified])


@routes.get("/conversations/<string:conversation_id>")
def conversation(path: ConversationPath) -> Response:
    """A stored conversation with its answers, oldest first."""
    return jsonify(assistant().store.conversation(path.conversation_id))


def _named(events: Iterator[Event]) -> Iterator[tuple[str, dict[str, object]]]:
    """The events `meta`, `sentence`…, `answer`."""
    for event in events:
        match event:
            case Started():
                yield "meta", asdict(event)
            case Spoken():
                yield "sentence", {**asdict(event.sentence), "citations": [asdict(one) for one in event.citations]}
            case Answer():
                ANSWERS.labels(event.status).inc()
                yield "answer", asdict(event)
