"""From a question to a stored, cited answer, on the real articles with the real embedder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering import Ask, Assistant, Spoken, Started
from assistant.citations import MisquoteError, cite
from assistant.disclaimer import DISCLAIMER
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Audience, Sentence
from corpus.errors import AnswerNotFound, ArticleNotFound, ConversationNotFound, QuestionRefused
from corpus.types import Status
from index.search import Index

GOUT = "gout-flares-urate-lowering"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConversationStore]:
    opened = ConversationStore(f"sqlite:///{tmp_path_factory.mktemp('store') / 'a.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def assistant(real_index: Index, store: ConversationStore, settings: Settings) -> Assistant:
    return Assistant(real_index, store, settings)


def test_every_shipped_question_is_answered_with_exact_quotes_or_abstained(assistant: Assistant) -> None:
    """The property the product stands on, over all 1,198 questions: quote, offsets, hash, references, disclaimer."""
    answered = 0
    for article in assistant.index.store.articles:
        for note in article.questions:
            answer = assistant.answer(Ask(note.text, article.id))
            assert answer.disclaimer == DISCLAIMER
            assert bool(answer.sentences) == (answer.status is AnswerStatus.ANSWERED)
            answered += bool(answer.sentences)
            for citation in answer.citations:
                source = assistant.index.store.article(citation.article_id)
                assert source.text[citation.start : citation.end] == citation.quote
                assert hashlib.sha256(citation.quote.encode()).hexdigest() == citation.sha256
                block = next(block for block in source.blocks if block.statement == citation.statement_id)
                assert [reference.title for reference in citation.references] == [
                    source.references[[r.id for r in source.references].index(mark)].title for mark in block.marks
                ]
    assert answered > 1000


def test_the_sentence_that_answers_comes_first_and_at_most_five_follow(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("What colchicine dose for a flare?", GOUT))
    assert answer.citations[0].statement_id == "F14"
    assert 1 <= len(answer.sentences) <= 6
    assert len({sentence.text for sentence in answer.sentences}) == len(answer.sentences)
    rest = [citation.start for citation in answer.citations[1:]]
    assert rest == sorted(rest)


def test_marks_count_from_one_and_every_reference_is_listed_once(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("How often is febuxostat linked to cardiovascular death?", GOUT))
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert [reference.number for reference in answer.references] == list(range(1, len(answer.references) + 1))
    behind = {reference.number: reference for citation in answer.citations for reference in citation.references}
    assert behind == {reference.number: reference for reference in answer.references}


def test_an_answer_is_only_as_reviewed_as_its_least_reviewed_source(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("Who needs urate-lowering therapy?", GOUT))
    assert answer.review_status is Status.SUBMITTED
    assert Status.least([Status.APPROVED, Status.SUBMITTED, Status.UNDER_REVIEW]) is Status.SUBMITTED


@pytest.mark.parametrize("question", ["What is the capital of France?", "Who won the world cup in 1998?", "asdf qwer zxcv"])
def test_a_question_nothing_answers_gets_the_nearest_articles_and_askable_questions(assistant: Assistant, question: str) -> None:
    answer = assistant.answer(Ask(question))
    assert answer.status is AnswerStatus.ABSTAINED
    assert not answer.sentences
    assert not answer.citations
    assert answer.nearest
    askable = {note.text for article in assistant.index.store.articles for note in article.questions}
    assert answer.suggestions
    assert set(answer.suggestions) <= askable
    assert answer.confidence.score < answer.confidence.threshold


def test_a_follow_up_leans_on_the_stored_turn_before_it(assistant: Assistant) -> None:
    first = assistant.answer(Ask("What colchicine dose for a flare?", GOUT))
    second = assistant.answer(Ask("And on dialysis?", GOUT, first.conversation_id))
    assert second.conversation_id == first.conversation_id
    assert second.query.used_history
    assert "0.6 mg once" in second.sentences[0].text


def test_the_open_article_answers_first_and_another_only_when_it_does_not(assistant: Assistant) -> None:
    inside = assistant.answer(Ask("What is the first drug?", "anaphylaxis-treatment-and-observation"))
    assert {citation.article_id for citation in inside.citations} <= {"anaphylaxis-treatment-and-observation"}
    elsewhere = assistant.answer(Ask("What colchicine dose is used for a gout flare?", "breast-cancer-screening"))
    assert {citation.article_id for citation in elsewhere.citations} == {GOUT}


def test_the_audience_changes_no_citation_number_or_caveat(assistant: Assistant) -> None:
    answers = [assistant.answer(Ask("Who definitely needs urate lowering?", GOUT, audience=audience)) for audience in Audience]
    assert len({(a.citations, a.caveats, a.review_status, a.disclaimer) for a in answers}) == 1


def test_the_stream_begins_before_searching_and_ends_with_the_stored_answer(assistant: Assistant) -> None:
    events = list(assistant.stream(Ask("What colchicine dose for a flare?", GOUT)))
    assert isinstance(events[0], Started)
    spoken = [event for event in events if isinstance(event, Spoken)]
    last = events[-1]
    assert isinstance(last, Answer)
    assert tuple(event.sentence for event in spoken) == last.sentences
    assert assistant.store.answer(last.answer_id)["sentences"][0]["text"] == last.sentences[0].text


def test_reopening_a_conversation_shows_the_same_marks(assistant: Assistant) -> None:
    first = assistant.answer(Ask("Who definitely needs urate lowering?", GOUT))
    assistant.answer(Ask("And after the very first attack?", GOUT, first.conversation_id))
    stored = assistant.store.conversation(first.conversation_id)
    assert stored["answers"][0]["answer_id"] == first.answer_id
    assert [c["quote"] for c in stored["answers"][0]["citations"]] == [c.quote for c in first.citations]
    assert len(stored["answers"]) == 2


def test_bad_questions_and_unknown_ids_are_refused_before_the_first_event(assistant: Assistant) -> None:
    with pytest.raises(QuestionRefused) as empty:
        assistant.stream(Ask(" \u200b\n"))
    assert empty.value.status == 422
    with pytest.raises(QuestionRefused) as long:
        assistant.stream(Ask("a" * 4001))
    assert long.value.status == 413
    with pytest.raises(ArticleNotFound):
        assistant.stream(Ask("dose?", "no-such-article"))
    with pytest.raises(ConversationNotFound):
        assistant.stream(Ask("dose?", conversation_id="none"))
    with pytest.raises(AnswerNotFound):
        assistant.store.answer("none")


@pytest.mark.parametrize(
    "question",
    [
        "<script>alert(1)</script> colchicine dose?",
        "colchicine dose ![x](http://example.invalid/y.png)",
        "جرعة colchicine \u202e؟",
        "colchicine " + "a\u0301" * 1000,
        "💊" * 500 + " colchicine",
        "'; DROP TABLE answer; -- colchicine",
    ],
)
def test_strange_text_is_only_text(assistant: Assistant, question: str) -> None:
    answer = assistant.answer(Ask(question))
    assert assistant.store.answer(answer.answer_id)["question"] == question


def test_a_misquote_can_never_become_a_citation(assistant: Assistant) -> None:
    passage = assistant.index.store.passages_of(GOUT)[0]
    shifted = replace(passage, start=passage.start + 1, end=passage.end + 1)
    with pytest.raises(MisquoteError):
        cite([shifted], assistant.index.store.article)


def test_an_answer_cannot_be_built_without_disclaimer_or_with_a_dead_mark(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("Who definitely needs urate lowering?", GOUT))
    with pytest.raises(ValueError, match="disclaimer"):
        replace(answer, disclaimer=" ")
    with pytest.raises(ValueError, match="cites"):
        replace(answer, sentences=(Sentence("dead", (99,)),))


def test_conversations_survive_a_restart(tmp_path: Path, real_index: Index, settings: Settings) -> None:
    url = f"sqlite:///{tmp_path / 'kept.sqlite'}"
    before = ConversationStore(url)
    answer = Assistant(real_index, before, settings).answer(Ask("What colchicine dose for a flare?"))
    before.close()
    after = ConversationStore(url)
    assert after.conversation(answer.conversation_id)["answers"][0]["answer_id"] == answer.answer_id
    after.close()
