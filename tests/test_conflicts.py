"""Guidelines that disagree: whose advice a statement is, and which other sides must be quoted."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest

from assistant.attribution import attributions
from assistant.conflicts import Held, amounts, sides
from corpus.loading import load_corpus
from corpus.splitting import split_article
from corpus.types import Article, Passage, Reference, ReferenceType, Status
from eval.datasets import DATA

REFERENCES = (
    Reference(1, ReferenceType.GUIDELINE, "Screening guideline", "Health Task Force", "J", 2021),
    Reference(2, ReferenceType.GUIDELINE, "Screening guidance", "American College of Emergency Physicians", "J", 2018),
    Reference(3, ReferenceType.RESEARCH, "A trial", "Doe J", "J", 2010),
    Reference(4, ReferenceType.LABEL, "Zorabine US prescribing information", "US FDA label", "Label", None),
)


def an_article(*statements: tuple[str, str, tuple[int, ...]], name: str = "new") -> tuple[Article, list[Passage]]:
    """An article nobody has seen: heading, wording and marks of each statement."""
    text = "\n".join(wording for _, wording, _ in statements)
    passages, start = [], 0
    for number, (section, wording, marks) in enumerate(statements, start=1):
        end = start + len(wording)
        passages.append(
            Passage(
                f"{name}#F{number}",
                name,
                "Skin screening?",
                "Skin screening",
                (section,),
                f"F{number}",
                wording,
                start,
                end,
                marks,
            )
        )
        start = end + 1
    article = Article(
        id=name, title="Skin screening?", heading="Skin screening", specialty="Dermatology", status=Status.SUBMITTED,
        last_updated=dt.date(2026, 11, 1), reviewed_by=None, withdrawn=None, review_notes=(), references=REFERENCES,
        plain_summary=(), questions=(), conditions=None, disagreements=None, text=text, blocks=(), path=f"{name}.md",
    )  # fmt: skip
    return article, passages


def bodies(text: str, *marks: int) -> list[tuple[str, int | None]]:
    article, passages = an_article(("S", text, marks))
    return [(one.body, one.year) for one in attributions(passages[0], {"new": article}.__getitem__)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Skin is checked yearly (ACR 2020).", [("ACR", 2020)]),
        ("The 2024 ESC guideline starts at 45.", [("ESC", 2024)]),
        ("USPSTF (2021; grade B) says 50.", [("USPSTF", 2021)]),
        ("The American Cancer Society (December 2025) says 25.", [("American Cancer Society", 2025)]),
        ("UK 2021 guidance says six hours.", [("UK", 2021)]),
        ("By the 2023 US (ACC/AHA) guideline it is 2%.", [("ACC/AHA", 2023)]),
        ("ACEP asks the patient.", [("ACEP", 2018)]),  # the year of the cited guideline, whose authors have these initials
        ("LVEF and HIV are measured.", []),
        ("Listed by AES 2016 and NCS 2012.", [("AES", 2016), ("NCS", 2012)]),
    ],
)
def test_whose_advice_a_statement_is(text: str, found: list[tuple[str, int | None]]) -> None:
    assert bodies(text, 1, 2) == found


def test_a_trial_is_no_body_and_a_label_is_one_without_a_year() -> None:
    assert bodies("In SPRINT 2015 the goal was 120.", 3) == []
    assert bodies("The US zorabine labelling forbids it.", 4) == [("US label", None)]


def test_amounts_are_read_by_measure() -> None:
    assert amounts("yearly from 45, for six months, 10 to 20 mg, every 2 years") == {
        "every": {"1 year", "2 year"},
        "age": {"45"},
        "months": {"6"},
        "mg": {"10", "20"},
    }


DISAGREEING = (
    ("Start", "Skin screening is recommended yearly from age 40 by the USPSTF (2021).", (1,)),
    ("Start", "Skin screening is recommended every two years from age 50 by the ACEP (2018).", (2,)),
    ("Start", "Sunscreen is recommended to everybody by the ACEP (2018).", (2,)),
    ("Trials", "In the SUN trial, screening from age 60 lowered deaths.", (3,)),
)


def test_two_bodies_with_other_ages_stand_side_by_side_and_the_other_one_is_to_be_quoted() -> None:
    article, passages = an_article(*DISAGREEING)
    found = sides(passages[:1], passages[1:], {"new": article}.__getitem__)
    assert found.groups == ((Held("USPSTF", 2021, ("new#F1",)), Held("ACEP", 2018, ("new#F2",))),)
    assert [passage.id for passage in found.further] == ["new#F2"]


def test_nothing_more_is_quoted_when_both_sides_were_chosen() -> None:
    article, passages = an_article(*DISAGREEING)
    found = sides(passages[:2], passages[2:], {"new": article}.__getitem__)
    assert len(found.groups) == 1
    assert found.further == ()


def test_bodies_that_agree_or_speak_of_something_else_make_no_group() -> None:
    agreeing = (DISAGREEING[0], ("Start", "Skin screening is recommended yearly from age 40 by the ACEP (2018).", (2,)))
    for statements in (agreeing, (DISAGREEING[0], DISAGREEING[2]), (DISAGREEING[0], DISAGREEING[3])):
        article, passages = an_article(*statements)
        assert sides(passages[:1], passages[1:], {"new": article}.__getitem__).groups == ()


def test_one_statement_may_hold_both_sides() -> None:
    text = "USPSTF (2021) starts at 40, whereas ACEP (2018) starts at 50."
    article, passages = an_article(("Start", text, (1, 2)))
    found = sides(passages, (), {"new": article}.__getitem__)
    assert found.groups == ((Held("USPSTF", 2021, ("new#F1",)), Held("ACEP", 2018, ("new#F1",))),)
    assert found.further == ()


def test_bodies_listed_for_the_same_advice_do_not_disagree() -> None:
    article, passages = an_article(("Start", "Whereas others wait, screening starts at 40 (AES 2016, NCS 2012).", (1, 2)))
    assert sides(passages, (), {"new": article}.__getitem__).groups == ()


def test_other_articles_are_heard_too() -> None:
    one, first = an_article(("Goal", "In kidney disease the systolic pressure goal is below 120 mm Hg (KDIGO 2024).", (1,)))
    two, second = an_article(
        ("Goal", "In kidney disease the systolic pressure goal is below 130 mm Hg (ACEP 2018).", (2,)), name="other"
    )
    found = sides(first, second, {"new": one, "other": two}.__getitem__)
    assert [[side.body for side in group] for group in found.groups] == [["KDIGO", "ACEP"]]
    assert [passage.id for passage in found.further] == ["other#F1"]


def test_a_word_of_many_capitals_takes_no_time() -> None:
    began = time.perf_counter()
    bodies("A" * 50_000 + " and " + "Aa " * 5_000, 1)
    assert time.perf_counter() - began < 2


def test_half_of_the_disagreements_of_the_shipped_articles_are_found_from_the_wording() -> None:
    articles = {article.id: article for article in load_corpus()}
    passages = {name: split_article(article) for name, article in articles.items()}
    there = {passage.id: passage for found in passages.values() for passage in found}
    rows = [json.loads(line) for line in (DATA / "conflicts.jsonl").read_text("utf-8").splitlines()]
    assert {name for row in rows for side in row["sides"] for name in side["gold"]} <= there.keys()
    found = 0
    for row in rows:
        first = there[row["sides"][0]["gold"][0]]
        groups = sides([first], passages[first.article_id], articles.__getitem__).groups
        heard = {name for group in groups for side in group for name in side.passage_ids}
        found += bool(groups) and all(heard & set(side["gold"]) for side in row["sides"])
    assert len(rows) >= 20
    assert found >= 19
