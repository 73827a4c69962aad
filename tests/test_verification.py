"""A stored quote held against an article that has changed since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.verification import Standing, verify
from corpus.loading import parse_article
from corpus.types import Article
from tests.fakes import SMALL


@pytest.fixture
def article() -> Article:
    parsed, problems = parse_article(SMALL["gout-basics"], "gout-basics.md")
    assert parsed, problems
    return parsed


def _citation(article: Article) -> dict[str, object]:
    block = article.blocks[1]
    return {"number": 1, "article_id": article.id, "quote": article.quote(block), "start": block.start, "end": block.end}


def test_an_untouched_article_leaves_a_quote_unchanged(article: Article) -> None:
    (found,) = verify([_citation(article)], [article])
    assert found["standing"] is Standing.UNCHANGED


def test_a_line_put_before_moves_it_and_says_where_it_stands_now(article: Article) -> None:
    (found,) = verify([_citation(article)], [replace(article, text="Hello.\n" + article.text)])
    assert found["standing"] is Standing.MOVED
    assert found["start"] == article.blocks[1].start + len("Hello.\n")


def test_other_words_change_it(article: Article) -> None:
    (found,) = verify([_citation(article)], [replace(article, text=article.text.replace("prednisone", "prednisolone"))])
    assert (found["standing"], found["start"]) == (Standing.CHANGED, None)


def test_a_missing_article_withdraws_it(article: Article) -> None:
    (found,) = verify([_citation(article)], [])
    assert (found["standing"], found["start"]) == (Standing.WITHDRAWN, None)
