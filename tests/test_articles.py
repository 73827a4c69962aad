"""The forty shipped articles: complete, submitted, readable, true to their sheets, with questions of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from corpus.linting.fields import MAX_GRADE, reading_grade
from corpus.loading import SHIPPED, read_corpus
from corpus.types import Article, Status
from tests.sheets import SHEETS, differences, load_sheets

ARTICLES, PROBLEMS = read_corpus(SHIPPED)
IDS = [article.id for article in ARTICLES]
#: The benchmark's questions, copied from the sheets: the articles' own questions must not be these reworded.
FOLLOWUPS = Path(__file__).parents[1] / "eval" / "data" / "followups.jsonl"


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def followups_of(article_id: str) -> list[str]:
    lines = [json.loads(line) for line in FOLLOWUPS.read_text("utf-8").splitlines()]
    return [line["question"] for line in lines if line["article_id"] == article_id]


def test_all_forty_load_without_a_problem() -> None:
    assert [str(problem) for problem in PROBLEMS] == []
    assert len(ARTICLES) == 40


@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_no_article_claims_a_review_it_did_not_have(article: Article) -> None:
    assert article.status is Status.SUBMITTED
    assert article.reviewed_by is None


@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_every_statement_is_asked_for_by_a_question(article: Article) -> None:
    assert len(article.questions) >= 12
    stated = {block.statement for block in article.blocks if block.statement}
    asked = {statement for note in article.questions for statement in note.statements}
    assert stated - asked == set()
    texts = [note.text.casefold() for note in article.questions]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_the_plain_summary_can_be_read_after_eight_years_of_school(article: Article) -> None:
    assert article.plain_summary
    assert reading_grade(article.plain_summary) <= MAX_GRADE


@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_everything_an_article_says_is_a_statement_with_a_reference(article: Article) -> None:
    assert [article.quote(block) for block in article.blocks if not (block.statement and block.marks)] == []


@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_no_question_is_the_benchmarks(article: Article) -> None:
    asked = followups_of(article.id)
    assert asked
    near = [
        (note.text, followup)
        for note in article.questions
        for followup in asked
        if len(words(note.text) & words(followup)) >= 0.9 * len(words(note.text) | words(followup))
    ]
    assert near == []


@pytest.mark.skipif(not SHEETS.is_dir(), reason="the fact sheets (../shared/facts) are not on this machine")
def test_the_articles_are_those_of_the_sheets() -> None:
    assert sorted(load_sheets()) == IDS


@pytest.mark.skipif(not SHEETS.is_dir(), reason="the fact sheets (../shared/facts) are not on this machine")
@pytest.mark.parametrize("article", ARTICLES, ids=IDS)
def test_an_article_says_what_its_sheet_says(article: Article) -> None:
    assert list(differences(article, load_sheets()[article.id])) == []
