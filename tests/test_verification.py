"""A stored quote held against an article that has changed since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from assistant.verification import Standing, verify
from corpus.loading import parse_article
from corpus.types import Article, Withdrawal
from tests.fakes import SMALL


@pytest.fixture
def article() -> Article:
    parsed, problems = parse_article(SMALL["gout-basics"], "gout-basics.md")
    assert parsed, problems
    return parsed


def _citation(article: Article) -> dict[str, object]:
    block = article.blocks[1]
    source = article.references[0]
    return {
        "number": 1,
        "article_id": article.id,
        "quote": article.quote(block),
        "start": block.start,
        "end": block.end,
        "references": [{"number": 4, "doi": source.doi, "pmid": source.pmid, "title": source.title}],
    }


def test_an_untouched_article_leaves_a_quote_unchanged(article: Article) -> None:
    (found,) = verify([_citation(article)], [article])
    assert found.standing is Standing.UNCHANGED
    assert found.holds
    assert found.note == ""


def test_a_line_put_before_moves_it_and_says_where_it_stands_now(article: Article) -> None:
    (found,) = verify([_citation(article)], [replace(article, text="Hello.\n" + article.text)])
    assert found.standing is Standing.MOVED
    assert found.holds
    assert found.start == article.blocks[1].start + len("Hello.\n")


def test_other_words_change_it(article: Article) -> None:
    (found,) = verify([_citation(article)], [replace(article, text=article.text.replace("prednisone", "prednisolone"))])
    assert (found.standing, found.start, found.holds) == (Standing.CHANGED, None, False)
    assert "no longer says this" in found.note


def test_a_missing_article_withdraws_it(article: Article) -> None:
    (found,) = verify([_citation(article)], [])
    assert (found.standing, found.start, found.holds) == (Standing.WITHDRAWN, None, False)


def test_a_withdrawn_article_withdraws_it_and_says_why(article: Article) -> None:
    gone = replace(article, withdrawn=Withdrawal(dt.date(2026, 3, 1), "Superseded by ACR 2026."))
    (found,) = verify([_citation(article)], [gone])
    assert found.standing is Standing.WITHDRAWN
    assert found.note == "The article was withdrawn on 2026-03-01: Superseded by ACR 2026."


def test_a_source_retracted_since_is_named_by_its_number_in_the_old_answer(article: Article) -> None:
    first, *others = article.references
    today = replace(article, references=(replace(first, retracted=dt.date(2026, 4, 1)), *others))
    (found,) = verify([_citation(article)], [today])
    assert (found.standing, found.retracted, found.holds) == (Standing.UNCHANGED, (4,), False)
    assert found.note == "Retracted since: reference (4)."
