"""What is searched for a follow-up question."""

from __future__ import annotations

import pytest

from assistant.types import Turn
from assistant.understanding import LEANS, MAY_LEAN, stand_alone


class Vocabulary:
    """A corpus of two articles: gout speaks of colchicine and allopurinol, asthma of formoterol."""

    def __init__(self) -> None:
        self.topics = {"gout": {"colchicine", "allopurinol", "gout"}, "asthma": {"formoterol", "asthma"}}

    def topics_in(self, text: str) -> list[str]:
        every = set().union(*self.topics.values())
        return sorted(every & {word.strip("?.,").lower() for word in text.split()})

    def stands_in(self, term: str, article_id: str) -> bool:
        return term in self.topics[article_id]


GOUT = [Turn("What colchicine dose for a flare?", "gout")]


def test_a_first_question_is_searched_as_typed() -> None:
    query = stand_alone("And in pregnancy?", [], Vocabulary())
    assert query.text == "And in pregnancy?"
    assert not query.used_history
    assert [variant.share for variant in query.variants] == [1.0]


@pytest.mark.parametrize(
    "question",
    [
        "And on dialysis?",
        "What about children?",
        "Why not more?",
        "Dialysis?",
        "What is the maximum dose of it in older adults?",
        "What starting dose is used in older adults?",
        "and with colchicine already taken today?",
    ],
)
def test_a_question_that_leans_gets_the_previous_one_put_before_it(question: str) -> None:
    query = stand_alone(question, GOUT, Vocabulary())
    assert query.used_history
    assert query.text == f"What colchicine dose for a flare? {question}"
    assert {variant.text: variant.share for variant in query.variants} == {question: pytest.approx(1 - LEANS), query.text: LEANS}


def test_a_first_question_that_leans_gets_the_open_articles_heading() -> None:
    query = stand_alone("And in pregnancy?", [], Vocabulary(), "Gout flares")
    assert query.text == "Gout flares: And in pregnancy?"
    assert not query.used_history
    assert query.variants[0].text == query.asked == "And in pregnancy?"
    assert sum(variant.share for variant in query.variants) == pytest.approx(1)


def test_a_first_question_that_names_its_topic_is_not_tied_to_the_open_article() -> None:
    query = stand_alone("Which reliever is preferred in asthma?", [], Vocabulary(), "Gout flares")
    assert query.text == "Which reliever is preferred in asthma?"


def test_a_question_on_the_same_topic_is_searched_both_ways() -> None:
    query = stand_alone("How is allopurinol started in kidney disease?", GOUT, Vocabulary())
    assert query.used_history
    assert query.variants[1].share == MAY_LEAN


def test_a_question_that_names_a_new_topic_drops_the_old_one() -> None:
    query = stand_alone("Which reliever is preferred in asthma?", GOUT, Vocabulary())
    assert not query.used_history
    assert query.text == "Which reliever is preferred in asthma?"


def test_a_long_history_cannot_push_the_question_out_of_what_is_read() -> None:
    query = stand_alone("And on dialysis?", [Turn("colchicine " * 400, "gout")], Vocabulary())
    assert len(query.text) < 600
    assert query.text.endswith("And on dialysis?")


def test_the_reason_never_quotes_more_of_the_question_than_its_opener() -> None:
    query = stand_alone("And my name is Jane Doe, born 1970, may I?", GOUT, Vocabulary())
    assert "Jane" not in query.reason
