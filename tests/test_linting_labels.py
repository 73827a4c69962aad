"""Figures under a label that is not theirs, told from figures that merely mention somebody else."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from corpus.linting import lint
from corpus.linting.labels import conflicts
from corpus.linting.types import Known
from corpus.loading import parse_article
from corpus.retractions import RetractionList

KNOWN = Known(dt.date(2026, 11, 23), RetractionList(), 280)
HEAD = """\
---
id: trastuzumab
title: What is the mechanism of action of trastuzumab and why is it usually combined with other agents?
heading: Trastuzumab vs Pertuzumab
specialty: Oncology
status: submitted
last_updated: 2026-01-02
references:
  - {id: 1, type: guideline, title: Trastuzumab Treatment Guidelines, authors: A, venue: 'J 1:2', year: 2024}
---
"""


def told(heading: str, wording: str) -> list[str]:
    article, problems = parse_article(f"{HEAD}\n## {heading}\n\n- {wording} [1] ^F1\n", "trastuzumab.md")
    assert article, problems
    found = list(conflicts(article, KNOWN))
    assert all((one.rule, one.at) == ("label-conflict", HEAD.count("\n") + 4) for one in found)
    return [one.message.rpartition("figures are of ")[2] for one in found]


#: The founding article's bullet: the label says monotherapy, the figures are those of chemotherapy alone.
FOUNDING = "chemotherapy alone gave a response in 32% and a median time to progression of 4.6 months."


def test_the_founding_articles_bullet_is_told_under_a_heading_and_under_its_own_label() -> None:
    assert told("Monotherapy shows inferior results", FOUNDING.capitalize()) == ["chemotherapy alone"]
    assert told("Evidence", f"**Monotherapy shows inferior results**: {FOUNDING}") == ["chemotherapy alone"]
    assert told("Evidence", f"Monotherapy shows inferior results: {FOUNDING}") == ["chemotherapy alone"]


@pytest.mark.parametrize(
    ("heading", "wording", "owner"),
    [
        ("Trastuzumab alone", "With trastuzumab plus a taxane 50% responded.", "a combination"),
        ("In combination with a taxane", "As a single agent it brought responses in 15% to 25%.", "one treatment alone"),
        ("Dose in children", "In adults 500 mg is given every 8 hours.", "adults"),
        ("Adults", "Children under 12 years are given 50 mg/kg.", "children"),
        ("Use in pregnancy", "Non-pregnant women are given 20 mg.", "people who are not pregnant"),
        ("Men", "Of the women, 12% had a fracture.", "women"),
        ("Primary prevention", "In secondary prevention events fell by 20%.", "secondary prevention"),
        ("First-line treatment", "As second-line treatment it adds 4 months.", "a later line"),
        ("Placebo", "In the intervention arm 12% died.", "the treated"),
        ("HER2-negative disease", "In HER2-positive disease 56% were alive.", "her2-positive"),
        ("Hormone receptor-positive tumours", "Of the receptor-negative tumours 20% shrank.", "receptor-negative"),
    ],
)
def test_figures_of_another_arm_or_population_are_told(heading: str, wording: str, owner: str) -> None:
    assert told(heading, wording) == [owner]


@pytest.mark.parametrize(
    ("heading", "wording"),
    [
        # The label's own figures, and both sides of it.
        ("Monotherapy", "Trastuzumab alone brought responses in 15% to 25%."),
        ("Monotherapy", "Docetaxel alone gave 32%, trastuzumab alone 26%."),
        ("Monotherapy versus combination", "With a taxane added, 50% responded."),
        ("Chemotherapy alone", "Chemotherapy alone gave a response in 32%."),
        ("Children", "Children are given half the dose of adults, 250 mg."),
        ("Adults and children", "In children 50 mg is given."),
        # What compares names no owner.
        ("Children", "The dose is lower than in adults, 5 mg."),
        ("Women", "Risk rises by 20%, compared with men."),
        ("HER2-negative disease", "Survival was 20% shorter than in HER2-positive disease."),
        ("Secondary prevention", "The 20% fall is as in primary prevention."),
        # No figures; figures elsewhere; somebody's family.
        ("Children", "Adults are treated elsewhere."),
        ("Children", "Adults are not discussed. The dose is 5 mg."),
        ("Adulthood", "She looks after her two children, 4 weeks and 2 months old."),
        # A label ends where the next one begins.
        ("Doses", "Adult: 500 mg every 8 hours; Child: 125 mg every 6 hours."),
        ("Add-on drugs", "LDL-C falls by 18% on ezetimibe alone, and by 25% with a statin."),
        ("Evidence", FOUNDING),
    ],
)
def test_what_only_mentions_another_is_not_told(heading: str, wording: str) -> None:
    assert told(heading, wording) == []


def test_the_innermost_of_several_headings_that_conflict_is_named() -> None:
    body = f"{HEAD}\n## Adults\n\n### Elderly people\n\n- Children are given 5 mg. [1] ^F1\n"
    article, _ = parse_article(body, "trastuzumab.md")
    assert article
    (found,) = conflicts(article, KNOWN)
    assert "'Elderly people'" in found.message


@pytest.mark.parametrize(
    "hostile", ["a-" * 50_000, "and " * 50_000, " " * 100_000 + "x", "5% children. " * 8_000, "A: " * 30_000]
)
def test_hostile_text_is_read_in_no_time(hostile: str, tmp_path: Path) -> None:
    body = f"{HEAD}\n## Adults alone\n\n- 5% {hostile} children alone 5 mg. [1] ^F1\n"
    (tmp_path / "trastuzumab.md").write_text(body, "utf-8")
    began = time.monotonic()
    assert len(lint(tmp_path, today=KNOWN.today).articles) == 1
    assert time.monotonic() - began < 10  # a quadratic pattern takes minutes
