"""Caveats: fixed sentences for personal dosing, children, pregnancy, kidneys and liver, stopping and combining."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.safety import cautions
from assistant.safety.cautions import caveats
from assistant.safety.tables import FOLDER
from corpus.errors import SettingsError


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How many mg should I take if I weigh 70 kg?", "This is general information."),
        ("Which dose of amoxicillin do children get?", "Doses for children"),
        ("Is trastuzumab safe in pregnancy?", "In pregnancy"),
        ("Can it be given while breast-feeding?", "In pregnancy"),
        ("Is metformin given in chronic kidney disease?", "With weak kidneys"),
        ("Which statin suits patients with cirrhosis?", "With weak kidneys"),
        ("Can I stop taking my apixaban for a week?", "Do not stop"),
        ("Can I take ibuprofen together with my lisinopril?", "Do not stop"),
    ],
)
def test_each_caution_is_given_where_it_belongs(question: str, begins: str) -> None:
    assert any(text.startswith(begins) for text in caveats(question))


@pytest.mark.parametrize("question", ["What is the mechanism of trastuzumab?", "What dose of trastuzumab is usual?", "hello", ""])
def test_a_question_about_nobody_and_no_population_has_no_caveat(question: str) -> None:
    assert caveats(question) == ()


def test_a_population_named_a_turn_ago_still_counts() -> None:
    assert caveats("Which dose?", ["I am pregnant and have gout"]) == caveats(
        "Which dose?", ["I am pregnant and have gout", "And now?"]
    )
    assert any(text.startswith("In pregnancy") for text in caveats("Which drug?", ["I am pregnant and have gout"]))


def test_each_text_is_given_once_and_in_the_order_of_the_table() -> None:
    told = caveats("I am pregnant with bad kidneys: how many tablets may I and my child take, and can I stop them?")
    assert len(told) == len(set(told)) == 5
    assert told[0].startswith("This is general information.") and told[-1].startswith("Do not stop")


@pytest.mark.parametrize(
    ("old", "new"), [('who = "person"\ntext', 'who = "nobody"\ntext'), ("text =", "txt ="), ('"how much"', '"how <mch>"')]
)
def test_a_caution_that_is_wrong_names_its_row(tmp_path: Path, old: str, new: str) -> None:
    shutil.copy(FOLDER / "cautions.toml", tmp_path)
    table = tmp_path / "cautions.toml"
    table.write_text(table.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError, match=r"cautions\.toml, caution 'dosing'"):
        cautions._load.__wrapped__(tmp_path)
