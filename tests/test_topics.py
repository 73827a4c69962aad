"""Which stems name a topic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corpus.types import Article
from eval.collection import Document
from eval.throwaway import _article
from index.search import Index
from index.topics import topic_terms


def article(name: str, title: str, text: str) -> Article:
    return replace(_article(Document(name, title, text)), heading=title)


def words(text: str) -> list[str]:
    return text.lower().replace(".", "").split()


def corpus(*homes: Article) -> list[Article]:
    """Forty articles: those given, and others that all speak of the dose and once, every fourth, of asthma."""
    others = [
        article(f"other-{n}", "Other", "dose dose dose dose dose" + (" asthma type" if n % 4 == 0 else ""))
        for n in range(40 - len(homes))
    ]
    return [*homes, *others]


def test_a_disease_that_many_articles_mention_is_the_topic_of_the_one_called_by_it() -> None:
    topics = topic_terms(corpus(article("asthma", "asthma relievers", "asthma " * 20 + "dose")), words)
    assert "asthma" in topics
    assert "dose" not in topics


def test_a_mention_in_a_title_is_not_enough() -> None:
    assert "asthma" not in topic_terms(corpus(article("dose", "dose in asthma", "asthma dose " * 3)), words)


def test_a_word_that_only_numbers_a_thing_names_nothing() -> None:
    assert "type" not in topic_terms(corpus(article("diabetes", "type 2 diabetes", "type 2 diabetes " * 20)), words)


@pytest.mark.parametrize(
    "name", ["asthma", "stroke", "gout", "type 2 diabetes", "hypertension", "heart failure", "lung cancer", "COPD"]
)
def test_the_conditions_that_shipped_articles_are_called_by_are_topics(real_index: Index, name: str) -> None:
    assert real_index.topics_in(name)


@pytest.mark.parametrize("name", ["dose", "treatment", "patient", "women", "risk", "types", "side effects", "pregnancy"])
def test_what_is_asked_of_every_topic_is_none(real_index: Index, name: str) -> None:
    assert real_index.topics_in(name) == []
