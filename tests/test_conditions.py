"""Conditions travel with recommendations: which statements come along, and which do not."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.conditions import INTERCEPT, MOST, WEIGHTS, conditions, conditions_of, signs_of
from assistant.drugs import dosed, drugs_in
from assistant.settings import Settings
from assistant.statements import likeness, read
from corpus.loading import load_corpus
from corpus.splitting import split_article
from corpus.types import Passage
from eval.conditions import DEVELOPED, HELD_OUT, Pair, answered, declared_by, fit, load_declared, load_pairs, measure
from eval.datasets import DatasetError
from eval.product import Product
from index.search import Index


def article(*statements: tuple[str, str], heading: str = "Trastuzumab in breast cancer") -> tuple[Passage, ...]:
    """An article nobody has seen: a heading path and a wording for each statement."""
    passages = []
    start = 0
    for number, (section, text) in enumerate(statements, start=1):
        passages.append(
            Passage(
                f"new#F{number}", "new", f"{heading}?", heading, (section,), f"F{number}", text, start, start + len(text), (1,)
            )
        )
        start += len(text) + 1
    return tuple(passages)


FOUNDING = article(
    ("Summary", "Trastuzumab binds the extracellular domain of HER2."),
    ("Combinations", "Combinations recommended with trastuzumab include doxorubicin 60 mg/m2 followed by paclitaxel."),
    ("Combinations", "Vinorelbine is an alternative partner of trastuzumab when a taxane is unsuitable."),
    (
        "Cardiac safety",
        "Avoid anthracyclines together with trastuzumab and pertuzumab, because heart failure becomes more frequent.",
    ),
    ("Testing", "HER2 is measured by immunohistochemistry on the core biopsy."),
    ("Trials", "Response was 50% versus 32% in the pivotal trial."),
)


@pytest.fixture(scope="module")
def shipped() -> dict[str, list[Passage]]:
    return {one.id: split_article(one) for one in load_corpus()}


def test_the_founding_example_brings_the_warning_against_the_class_along() -> None:
    assert "new#F4" in [passage.id for passage in conditions_of(FOUNDING[1], FOUNDING)]


def test_a_statement_without_anything_that_qualifies_it_comes_alone() -> None:
    assert conditions_of(FOUNDING[4], FOUNDING) == ()


def test_a_statement_is_never_its_own_condition_and_brings_at_most_three() -> None:
    warnings = [("Warnings", f"Colchicine must not be given with {drug}.") for drug in ("a", "b", "c", "d", "e", "f")]
    crowd = article(("Treatment", "Colchicine 1.2 mg is recommended first for a flare."), *warnings, heading="Gout")
    found = conditions_of(crowd[0], crowd)
    assert len(found) == len(set(found)) == MOST
    assert crowd[0] not in found


def test_advice_on_another_drug_does_not_come_along() -> None:
    passages = article(
        ("Treatment", "Apixaban 5 mg twice daily is recommended for stroke prevention."),
        ("Treatment", "Rivaroxaban 20 mg is taken with the evening meal."),
        ("When not to give it", "Rivaroxaban is contraindicated in severe liver disease."),
        ("When not to give it", "Apixaban is contraindicated with active bleeding."),
        heading="Atrial fibrillation",
    )
    assert [passage.id for passage in conditions_of(passages[0], passages)][:1] == ["new#F4"]
    assert [passage.id for passage in conditions_of(passages[1], passages)][:1] == ["new#F3"]


def test_the_same_article_gives_the_same_conditions_in_any_process_order() -> None:
    first = conditions(FOUNDING)
    conditions.cache_clear()
    assert conditions(FOUNDING) == first


def test_what_an_article_declares_comes_along_as_declared_and_nothing_else() -> None:
    declared = {"new#F2": ("new#F5", "new#F4", "gone#F1")}
    assert [passage.id for passage in conditions_of(FOUNDING[1], FOUNDING, declared)] == ["new#F5", "new#F4"]
    assert conditions_of(FOUNDING[0], FOUNDING, declared) == ()


def test_an_article_of_one_statement_or_of_none_has_no_conditions() -> None:
    assert conditions(()) == {}
    alone = FOUNDING[:1]
    assert conditions_of(alone[0], alone) == ()


def test_shipped_articles_bring_at_most_three_fifths_of_a_statement_along(shipped: dict[str, list[Passage]]) -> None:
    found = [len(names) for passages in shipped.values() for names in conditions(tuple(passages)).values()]
    assert sum(found) / len(found) <= 0.61


def test_an_answer_looks_its_conditions_up_in_under_two_milliseconds(shipped: dict[str, list[Passage]]) -> None:
    for passages in shipped.values():
        conditions(tuple(passages))
    times = []
    for passages in shipped.values():
        began = time.perf_counter()
        for passage in passages[:3]:
            conditions_of(passage, passages)
        times.append((time.perf_counter() - began) * 1000)
    assert sorted(times)[len(times) // 2] <= 2


def test_a_long_imported_article_is_worked_out_within_seconds() -> None:
    long = article(*((f"Part {number // 20}", f"Drug{number} is avoided with item{number % 7}.") for number in range(600)))
    began = time.perf_counter()
    conditions(long)
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("text", "named", "implied"),
    [
        ("epirubicin was added", {"epirubicin"}, {"anthracycline"}),
        ("anthracyclines are avoided", {"anthracycline"}, set()),
        ("ramipril 5 mg", {"ramipril"}, {"ace inhibitor"}),
        ("in April, we predict", set(), set()),
        ("aripiprazole", set(), set()),  # ends like a proton pump inhibitor and is none
    ],
)
def test_a_generic_name_tells_its_class(text: str, named: set[str], implied: set[str]) -> None:
    found = drugs_in(text)
    assert found.named == named
    assert implied <= found.implied


def test_what_stands_before_a_dose_is_a_drug() -> None:
    assert dosed(["Colchicine 1.2 mg by mouth", "a maximum 30 mg", "febuxostat 40 to 80 mg"]) == {"colchicine", "febuxostat"}


def test_likeness_is_the_cosine_of_the_shared_rare_words() -> None:
    # Both words of each statement stand in one of two statements (weight 1), but "gout", in both, weighs log 2 / log 3.
    reading = read(article(("A", "gout flares"), ("A", "gout tophi"), heading="X"))
    shared = 0.6309297535714574
    assert likeness(reading, 0, 1) == pytest.approx(shared / (1 + shared))


def test_every_sign_has_a_weight_and_lies_between_0_and_1() -> None:
    signs = [sign for row in signs_of(read(FOUNDING)).values() for sign in row.values()]
    assert all(sign.keys() == WEIGHTS.keys() for sign in signs)
    assert all(0 <= value <= 1 for sign in signs for value in sign.values())


def test_the_weights_are_what_the_fit_gives(shipped: dict[str, list[Passage]]) -> None:
    fitted = fit(shipped, load_pairs(DEVELOPED), load_declared())
    assert fitted.intercept == pytest.approx(INTERCEPT, abs=0.1)
    assert fitted.weights == pytest.approx(WEIGHTS, abs=0.1)


@pytest.mark.parametrize("pairs", [DEVELOPED, HELD_OUT])
def test_the_articles_declare_the_conditions_of_every_pair(shipped: dict[str, list[Passage]], pairs: Path) -> None:
    row = measure(shipped, load_pairs(pairs), "declared", declared_by(load_corpus()))
    assert row.pairs >= 100
    assert row.dropped == ()


def test_no_answer_gives_a_recommendation_without_its_condition(real_index: Index, settings: Settings) -> None:
    row = answered(Product(real_index, settings), load_pairs(HELD_OUT))
    assert row.dropped == ()


def test_a_pair_is_dropped_unless_its_condition_comes_along() -> None:
    def pair(name: str, recommendation: str, condition: str) -> Pair:
        return Pair(name, "new", recommendation, condition, "not-with", "?")

    pairs = [pair("kept", "new#F2", "new#F4"), pair("lost", "new#F5", "new#F4"), pair("same", "new#F1", "new#F1")]
    row = measure({"new": FOUNDING}, pairs, "declared", {"new#F2": ("new#F4", "new#F6"), "new#F3": ("new#F4",)})
    assert (row.pairs, row.apart, row.dropped, row.extra) == (3, 2, ("lost",), 3 / 6)


def test_a_pair_of_unknown_statements_is_an_error() -> None:
    with pytest.raises(DatasetError, match="1 pairs name statements"):
        measure({"new": FOUNDING}, [Pair("x", "new", "new#F1", "new#F99", "k", "?")], "any")


def test_a_broken_line_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": "x"}\n', "utf-8")
    with pytest.raises(DatasetError, match=r"pairs\.jsonl:1: article_id"):
        load_pairs(path)


def test_the_command_prints_one_json_document(
    followup: Callable[..., subprocess.CompletedProcess[str]], settings: Settings
) -> None:
    done = followup("eval", "conditions", "--pairs", str(DEVELOPED), "--json", index=settings.index)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["files"][DEVELOPED.name]
    assert [row["conditions"] for row in rows[:2]] == ["worked out from the wording", "declared by the articles"]
    assert rows[2]["dropped"] == 0
    assert rows[1]["dropped"] == 0
