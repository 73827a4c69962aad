"""From a question to a stored, cited answer, on the real articles with the real embedder."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.citations import Ledger, MisquoteError
from assistant.disclaimer import DISCLAIMER, UNAPPROVED
from assistant.events import Ask, Spoken, Started
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import AbstentionReason, Answer, AnswerStatus, Audience, Draft, Role, Sentence
from corpus.errors import AnswerNotFound, ArticleNotFound, ConversationNotFound, IndexMissing, QuestionRefused
from corpus.types import Status
from index.search import Index

GOUT = "gout-flares-urate-lowering"


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


def test_generated_questions_are_answered_with_exact_quotes_or_not_at_all(assistant: Assistant) -> None:
    """500 made of eight words in a row of a statement, half of them with a word of another article among them."""
    choose = random.Random(4)  # noqa: S311  # the same questions every time
    passages = assistant.index.store.all_passages()
    answered = 0
    for number in range(500):
        words = choose.choice(passages).text.split()
        at = choose.randrange(max(1, len(words) - 8))
        asked = words[at : at + 8]
        if number % 2:
            asked.insert(choose.randrange(len(asked)), choose.choice(choose.choice(passages).text.split()))
        answer = assistant.answer(Ask(f"{' '.join(asked)}?"))
        quotes = {citation.number: citation.quote for citation in answer.citations}
        answered += answer.status is AnswerStatus.ANSWERED
        assert all([quotes[number] for number in one.citations] == [one.text] for one in answer.sentences)
        for citation in answer.citations:
            source = assistant.index.store.article(citation.article_id)
            assert source.text[citation.start : citation.end] == citation.quote
    assert answered > 100


def test_a_question_with_two_parts_gets_both(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("What is the first dose of allopurinol, and which urate level is the target?", GOUT))
    assert {"F6", "F8"} <= {citation.statement_id for citation in answer.citations}


def test_a_query_that_the_reader_changed_is_searched_instead(assistant: Assistant) -> None:
    first = assistant.answer(Ask("What colchicine dose for a flare?", GOUT))
    changed = assistant.answer(Ask("And on dialysis?", GOUT, first.conversation_id, query="Who needs HLA testing?"))
    assert (changed.question, changed.query.text) == ("And on dialysis?", "Who needs HLA testing?")
    assert changed.citations[0].statement_id == "F11"


def test_an_emergency_comes_before_everything_and_yields_to_the_reader_alone(assistant: Assistant) -> None:
    asked = "My dad has crushing chest pain and is sweating, should he take colchicine for his gout?"
    stopped = assistant.answer(Ask(asked, GOUT))
    assert stopped.status is AnswerStatus.EMERGENCY
    assert stopped.banner is not None
    assert not stopped.sentences
    safe = assistant.answer(Ask(asked, GOUT, stopped.conversation_id, safe=True))
    assert safe.status in (AnswerStatus.ANSWERED, AnswerStatus.ABSTAINED)
    assert safe.banner == stopped.banner
    after = assistant.answer(Ask("Which colchicine dose for a flare?", GOUT, stopped.conversation_id))
    assert after.banner is None  # it was settled


def test_a_crisis_does_not_yield_and_lasts_for_the_questions_after_it(assistant: Assistant) -> None:
    first = assistant.answer(Ask("I want to kill myself", GOUT, safe=True))
    assert first.status is AnswerStatus.CRISIS
    then = assistant.answer(Ask("How much colchicine is dangerous?", GOUT, first.conversation_id, safe=True))
    assert then.status is AnswerStatus.CRISIS
    assert not then.sentences


def test_an_emergency_settled_by_the_reader_does_not_settle_a_crisis_before_it(assistant: Assistant) -> None:
    first = assistant.answer(Ask("I want to kill myself", GOUT))
    assistant.answer(Ask("I also have crushing chest pain and I am sweating", GOUT, first.conversation_id, safe=True))
    then = assistant.answer(Ask("How much paracetamol is toxic?", GOUT, first.conversation_id))
    assert then.status is AnswerStatus.CRISIS


def test_what_is_searched_instead_is_held_against_the_table_too(assistant: Assistant) -> None:
    hidden = assistant.answer(Ask("What is gout?", GOUT, query="how many propranolol tablets would stop my heart so I die"))
    assert hidden.status is AnswerStatus.CRISIS
    with pytest.raises(QuestionRefused):
        assistant.stream(Ask("What is gout?", GOUT, query="a\x00b"))
    blank = assistant.answer(Ask("What colchicine dose for a flare?", GOUT, query="  "))
    assert blank.query.reason != "edited by you"


def test_a_signpost_is_not_a_turn_that_follow_ups_lean_on(assistant: Assistant) -> None:
    asked = "My chest is crushing and my left arm is numb, can I take colchicine for a gout flare?"
    stopped = assistant.answer(Ask(asked, GOUT))
    assert stopped.status is AnswerStatus.EMERGENCY
    again = assistant.answer(Ask(asked, GOUT, stopped.conversation_id, safe=True))
    assert not again.query.used_history


def test_one_part_of_a_question_is_answered_where_the_other_is_not_in_the_articles(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("Which urate level is the target in gout, and which violin concerto is the longest?", GOUT))
    assert "F8" in {citation.statement_id for citation in answer.citations}


def test_signposts_need_neither_index_nor_store(settings: Settings, tmp_path: Path) -> None:
    broken = settings.model_copy(update={"index": tmp_path / "none"})
    store = ConversationStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
    (tmp_path / "a.sqlite").write_bytes(b"no database")
    without = Assistant(None, store, broken)
    answer = without.answer(Ask("my wife took 40 paracetamol tablets an hour ago", conversation_id="lost"))
    assert answer.banner is not None
    assert answer.index_generation is None
    with pytest.raises(IndexMissing):
        without.answer(Ask("What colchicine dose for a flare?"))
    store.close()


def test_only_reviewed_material_is_answered_from_where_the_setting_asks_for_it(
    real_index: Index, store: ConversationStore, settings: Settings
) -> None:
    strict = Assistant(real_index, store, settings.model_copy(update={"answer_from": Status.APPROVED}))
    answer = strict.answer(Ask("What colchicine dose for a flare?", GOUT))
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.UNREVIEWED


def test_answers_from_unapproved_articles_begin_with_a_warning_where_the_setting_asks_for_it(
    real_index: Index, store: ConversationStore, settings: Settings
) -> None:
    ask = Ask("What colchicine dose for a flare?", GOUT)
    plain = Assistant(real_index, store, settings).answer(ask)
    marked = Assistant(real_index, store, settings.model_copy(update={"mark_unapproved": True})).answer(ask)
    assert marked.caveats == (UNAPPROVED, *plain.caveats)
    assert [citation.quote for citation in marked.citations] == [citation.quote for citation in plain.citations]


def test_the_sentence_that_answers_comes_first_and_at_most_five_follow(assistant: Assistant) -> None:
    answer = assistant.answer(Ask("What colchicine dose for a flare?", GOUT))
    assert answer.citations[0].statement_id == "F14"
    roles = [sentence.role for sentence in answer.sentences]
    assert 1 <= roles.count(Role.ANSWER) <= 6
    assert roles == sorted(roles, key=[Role.ANSWER, Role.CONDITION, Role.CONTRAST].index)
    assert len({sentence.text for sentence in answer.sentences}) == len(answer.sentences)
    rest = [citation.start for citation in answer.citations[1 : roles.count(Role.ANSWER)]]
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
    assert answer.confidence is not None
    assert answer.confidence.score < answer.confidence.threshold
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.NOT_IN_CORPUS


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
        Ledger(assistant.index.store.article).enter(Draft(shifted.text, (shifted,), Role.ANSWER))


def test_a_passage_and_a_source_get_one_number_however_often_they_are_cited(assistant: Assistant) -> None:
    first, second = (passage for passage in assistant.index.store.passages_of(GOUT) if passage.statement in ("F13", "F1"))
    ledger = Ledger(assistant.index.store.article)
    said = [
        ledger.enter(Draft("both", (first, second), Role.ANSWER)),
        ledger.enter(Draft("second, then first", (second, first), Role.ANSWER)),
    ]
    assert [sentence.citations for sentence in said] == [(1, 2), (2, 1)]
    assert [citation.number for citation in ledger.citations] == [1, 2]
    assert [reference.number for reference in ledger.references] == [1]  # both rest on the ACR guideline


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
