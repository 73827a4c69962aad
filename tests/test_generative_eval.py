"""`followup eval gate`: false replies of many kinds through the whole writer, and true ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.loading import load_corpus
from corpus.splitting import split_article
from corpus.types import Passage
from eval.corruptions import CORRUPTIONS, Material, drug_names
from eval.gate import GateJudge, false_replies, load_paraphrases, run

ARTICLES = Path(__file__).parents[1] / "corpus" / "articles"


@pytest.fixture(scope="module")
def statements() -> list[Passage]:
    return [passage for article in load_corpus(ARTICLES) for passage in split_article(article)]


def test_no_false_reply_is_shown_and_paraphrases_are(statements: list[Passage]) -> None:
    report = run(statements, load_paraphrases(), each=20)
    assert len(report.false) >= 300 and len(report.by_operator()) >= 17
    assert [attempt.reply for attempt in report.leaked] == []
    replies, shown = report.by_style()["test, close"]
    assert replies >= 40 and shown / replies >= 0.75


def test_the_paraphrases_are_enough_and_about_statements_there_are(statements: list[Passage]) -> None:
    paraphrases = load_paraphrases()
    assert sum(one.split == "test" for one in paraphrases) >= 60
    assert {one.statement for one in paraphrases} <= {passage.id for passage in statements}
    assert len({one.statement for one in paraphrases}) == len(paraphrases)


def test_the_same_corpus_gives_the_same_replies(statements: list[Passage]) -> None:
    def made() -> list[tuple[str, str]]:
        return [(name, reply) for name, _, reply in false_replies(statements, load_paraphrases(), each=2)]

    assert made() == made()
    assert {name for name, _ in made()} == set(CORRUPTIONS)


def test_a_leak_would_be_seen(statements: list[Passage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.generative.writer.judge", _shows_everything)
    report = run(statements, [], each=2)
    assert len(report.leaked) >= 0.9 * len(report.false)


def _shows_everything(sentence: str, quotes: list[str], support: object) -> object:
    from assistant.generative.gate import Verdict

    return Verdict(None, sentence, (1,))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_operator_changes_what_it_is_given(name: str) -> None:
    true = (
        "In adults with severe gout, ACR 2020 conditionally recommends warfarin 5 mg once daily or apixaban 2.5 mg, "
        "unless eGFR is not above 30."
    )
    others = ["In children, fever is treated with amoxicillin for 5 days.", "For older people, the dose is lower."]
    made = list(CORRUPTIONS[name](Material(true, others, drug_names([true, *others]))))
    assert made
    assert f"{true.rstrip('.')} [1]." not in made


def test_the_gate_is_a_judge_too() -> None:
    judge = GateJudge()
    assert (
        judge.supports("Aspirin is stopped 5 days before surgery.", "Aspirin is stopped 5 days before surgery.")
        >= judge.threshold
    )
    assert (
        judge.supports("Aspirin is stopped 7 days before surgery.", "Aspirin is stopped 5 days before surgery.") < judge.threshold
    )
