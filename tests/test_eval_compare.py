"""Comparing two results: the statistics against enumeration and theory, what is compared and what is told, the exit status."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
from click.testing import CliRunner

from eval.cli import eval as group
from eval.compare import Verdict, compare
from eval.compare_report import comparison_document
from eval.datasets import DatasetError
from eval.results import PER_QUERY, QueryResult, Result, write_result
from eval.significance import holm, interval, p_value

ROOT = Path(__file__).parents[1]
DATASET = {"name": "toy", "split": "test", "digest": "d1"}
#: Six losses: of the 64 ways to sign them two are as far from 0, so p = 1/32.
SIX_LOSSES = (-0.1, -0.2, -0.3, -0.15, -0.25, -0.05)


def exact_p(differences: Sequence[float]) -> float:
    """By enumeration of every way to sign the differences."""
    observed = abs(sum(differences))
    signed = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    return sum(abs(value) >= observed - 1e-12 for value in signed) / len(signed)


def result(
    measures: Mapping[str, Sequence[float | None]], name: str = "a", kinds: Sequence[str] = ("opening",), **other: Any
) -> Result:
    """Queries q0, q1…: None where a query has no such measure; kinds come round in turn."""
    count = len(next(iter(measures.values())))
    queries = []
    for number in range(count):
        found = {key: values[number] for key, values in measures.items()}
        has = {key: value for key, value in found.items() if value is not None}
        queries.append(QueryResult(f"q{number}", f"why [sic] {number}?", kinds[number % len(kinds)], has))
    made: dict[str, Any] = {"command": "retrieval", "dataset": DATASET, "configuration": {"name": name}}
    return Result(**{**made, **other}, queries=tuple(queries))


def shifted(differences: Sequence[float], measure: str = "nDCG@10", base: float = 0.5) -> tuple[Result, Result]:
    return result({measure: [base] * len(differences)}), result({measure: [base + d for d in differences]}, "b")


def followup_compare(folder: Path, a: Result, b: Result, *options: str) -> click.testing.Result:
    write_result(a, folder / "a")
    write_result(b, folder / "b")
    return CliRunner().invoke(group, ["compare", str(folder / "a"), str(folder / "b"), *options])


def document(found: click.testing.Result) -> dict[str, Any]:
    """What `--json` printed; NaN and infinity are not JSON."""
    loaded: dict[str, Any] = json.loads(found.stdout, parse_constant=lambda name: pytest.fail(f"{name} in the document"))
    return loaded


# Statistics


@pytest.mark.parametrize(
    "differences",
    [(3, 1, 2), SIX_LOSSES, (0.3, -0.1, 0.2, 0.05, -0.02, 0.4), (0.3, 0, 0.2, 0, -0.02, 0.4), (0.1, 0.1, -0.1, 0.1, 0.2, -0.3)],
)
def test_the_p_value_is_the_share_of_sign_flips_as_far_from_zero(differences: Sequence[float]) -> None:
    assert p_value(np.array(differences, float)) == pytest.approx(exact_p(differences), abs=1e-12)


def test_the_p_value_of_many_queries_is_near_that_of_the_t_test() -> None:
    """For 300 differences without heavy tails; p is twice the share of one tail in 10,000 samples: three standard errors."""
    from scipy.stats import ttest_1samp

    for mean in (0.0, 0.01, 0.02):
        differences = np.random.default_rng(5).normal(mean, 0.15, 300)
        tail = ttest_1samp(differences, 0).pvalue / 2
        assert p_value(differences) == pytest.approx(2 * tail, abs=3 * 2 * math.sqrt(tail * (1 - tail) / 10_000))
        assert p_value(differences) == p_value(-differences) == p_value(differences)


def test_a_sampled_p_value_is_never_zero() -> None:
    assert 0 < p_value(np.full(50, 0.3)) <= 2 / 10_001


def test_differences_that_are_all_zero_give_p_one_and_an_interval_of_nothing() -> None:
    assert p_value(np.zeros(20)) == 1
    assert interval(np.zeros(20)) == (0, 0)


@pytest.mark.parametrize("differences", [[0.25], [0.1, 0.1, 0.1], [-0.2] * 40])
def test_differences_that_are_all_alike_have_an_interval_of_one_value(differences: list[float]) -> None:
    assert interval(np.array(differences)) == pytest.approx((differences[0], differences[0]))


def test_the_interval_holds_the_true_mean_in_about_19_of_20_simulated_runs() -> None:
    held = 0
    for seed in range(200):
        drawn = np.random.default_rng(seed).normal(0.03, 0.2, 60)
        low, high = interval(drawn)
        held += low <= 0.03 <= high
    assert 180 <= held <= 198  # binomial(200, .95): 190 and three standard deviations of 3, below somewhat more for n = 60


def test_the_interval_of_many_queries_is_the_normal_one() -> None:
    drawn = np.random.default_rng(1).normal(0.02, 0.1, 2_000)
    half = 1.96 * drawn.std(ddof=1) / math.sqrt(drawn.size)
    assert interval(drawn) == pytest.approx((drawn.mean() - half, drawn.mean() + half), abs=half / 20)


def test_the_correction_is_holms() -> None:
    """The four hypotheses of the textbooks: at .05 the first and the last are rejected, no others."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.7]) == [1, 1]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


# What is compared


def test_a_row_says_means_interval_wins_and_losses() -> None:
    row = compare(*shifted([0.2, 0.1, 0, -0.1])).measures[0]
    assert (row.measure, row.queries, row.mean_a, row.mean_b, row.delta) == ("nDCG@10", 4, 0.5, 0.55, 0.05)
    assert (row.wins, row.ties, row.losses) == (2, 1, 1)
    assert -0.1 <= row.low < 0.05 < row.high <= 0.2
    assert row.p == exact_p([0.2, 0.1, 0, -0.1]) == row.p_holm
    assert row.verdict is Verdict.UNDECIDED


def test_what_a_subtraction_leaves_is_a_tie() -> None:
    row = compare(result({"P@5": [0.3, 0.3]}), result({"P@5": [0.1 + 0.2, 0.3]})).measures[0]
    assert (row.ties, row.delta, row.p) == (2, 0, 1)


def test_the_verdict_is_of_the_corrected_p_value() -> None:
    """Six losses are p = .031: worse alone, not shown (.0625) when two measures are looked at."""
    a, b = shifted(SIX_LOSSES)
    assert compare(a, b).significantly_worse == ("nDCG@10",)
    two_a = result({"nDCG@10": [0.5] * 6, "RR@10": [0.5] * 6})
    two_b = result({name: [0.5 + d for d in SIX_LOSSES] for name in ("nDCG@10", "RR@10")})
    both = compare(two_a, two_b)
    assert [row.p_holm for row in both.measures] == [pytest.approx(1 / 16)] * 2
    assert both.significantly_worse == ()
    assert compare(two_a, two_b, measures=["RR@10"]).significantly_worse == ("RR@10",)
    assert compare(two_a, two_b, level=0.1).significantly_worse == ("nDCG@10", "RR@10")


def test_the_measures_asked_for_come_in_that_order_once() -> None:
    a = result({"nDCG@10": [0.5, 0.6], "RR@10": [0.5, 0.6], "P@5": [0.5, 0.6]})
    assert list(compare(a, a).deltas) == ["nDCG@10", "RR@10", "P@5"]
    assert [row.measure for row in compare(a, a, measures=["P@5", "nDCG@10", "P@5"]).measures] == ["P@5", "nDCG@10"]


def test_only_queries_of_a_kind_are_compared_when_asked() -> None:
    values = [0.1, 0.9, 0.2, 0.8]
    a = result({"P@5": values}, kinds=("opening", "pronoun"))
    b = result({"P@5": [0.1, 0.5, 0.2, 0.5]}, kinds=("opening", "pronoun"))
    found = compare(a, b, kind="pronoun")
    assert [query.id for query in found.deltas["P@5"]] == ["q1", "q3"]
    assert (found.measures[0].mean_a, found.measures[0].mean_b) == (0.85, 0.5)
    with pytest.raises(DatasetError, match="kind ellipsis; there are: opening, pronoun"):
        compare(a, b, kind="ellipsis")


def test_by_kind_is_corrected_over_all_its_rows_and_gates_nothing() -> None:
    """Six losses in one kind, six gains as great in the other: p = 1/32 in each, twice that after correction."""
    a = result({"P@5": [0.5] * 12}, kinds=("opening", "pronoun"))
    b = result({"P@5": [0.5 + s * d for d in SIX_LOSSES for s in (1, -1)]}, kinds=("opening", "pronoun"))
    found = compare(a, b, by_kind=True, level=0.07)
    rows = {kind: rows[0] for kind, rows in found.by_kind.items()}
    assert {kind: (row.queries, row.p, row.p_holm) for kind, row in rows.items()} == {
        "opening": (6, 1 / 32, 1 / 16),
        "pronoun": (6, 1 / 32, 1 / 16),
    }
    assert (rows["opening"].verdict, rows["pronoun"].verdict) == (Verdict.WORSE, Verdict.BETTER)
    assert found.significantly_worse == ()
    assert compare(a, b).by_kind == {}


def test_the_worst_and_the_best_are_losses_and_wins_the_greatest_first() -> None:
    found = compare(*shifted([(-1) ** n * n / 100 for n in range(30)]))  # 15 losses, a tie, 14 wins
    assert [query.id for query in found.worst("nDCG@10")] == [f"q{n}" for n in range(29, 10, -2)]
    assert [query.id for query in found.best("nDCG@10")] == [f"q{n}" for n in range(28, 9, -2)]
    few = compare(*shifted([0, -0.2, 0.1, 0]))
    assert [query.id for query in few.worst("nDCG@10")] == ["q1"]
    assert [query.id for query in few.best("nDCG@10")] == ["q2"]


# What is told


def test_queries_that_only_one_has_are_told_with_their_count_and_first_ids() -> None:
    a, b = shifted([0.1] * 15)
    fewer = Result("retrieval", DATASET, {"name": "b"}, b.queries[:3])
    assert compare(a, fewer).notes == (
        "12 queries in A alone, not compared: q3, q4, q5, q6, q7, q8, q9, q10, q11, q12 …",
    )  # fmt: skip
    assert compare(fewer, a).notes[0].startswith("12 queries in B alone, not compared: q3")
    assert compare(a, fewer).measures[0].queries == 3
    assert compare(a, b).notes == ()


def test_a_measure_that_only_one_has_is_told_and_refused_when_asked_for() -> None:
    a, b = result({"P@5": [0.5, 1], "RR": [1, 1]}), result({"P@5": [0.5, 1], "R@100": [1, 1]})
    assert compare(a, b).notes == ("measured in A alone, not compared: RR", "measured in B alone, not compared: R@100")
    with pytest.raises(DatasetError, match=r"RR is not a measure of both A and B; both have: P@5"):
        compare(a, b, measures=["RR"])
    with pytest.raises(DatasetError, match=r"no measure in common: A has RR, B R@100"):
        compare(result({"RR": [1]}), result({"R@100": [1]}))


def test_queries_with_a_measure_on_one_side_only_are_told_and_left_out_of_that_measure() -> None:
    a = result({"Answered": [1, 1, 1], "QuotesExact": [1, 1, 0.5]})
    b = result({"Answered": [1, 0, 1], "QuotesExact": [1, None, 1]})
    found = compare(a, b)
    assert found.notes == ("1 query with QuotesExact on one side only, there not compared: q1",)
    assert [(row.queries, row.mean_a) for row in found.measures] == [(3, 1), (2, 0.75)]


def test_a_measure_of_no_common_query_is_told_or_refused_when_asked_for() -> None:
    a, b = result({"P@5": [1, 1], "RR": [1, None]}), result({"P@5": [1, 1], "RR": [None, 1]})
    assert "of no query compared in both A and B: RR" in compare(a, b).notes
    with pytest.raises(DatasetError, match="no query compared has RR in both"):
        compare(a, b, measures=["RR"])


def test_other_names_splits_commands_and_kinds_are_told() -> None:
    a = result({"P@5": [0.5, 1]})
    b = result(
        {"P@5": [0.5, 1]}, kinds=("opening", "pronoun"), command="answers", dataset={**DATASET, "name": "toys", "split": "dev"}
    )
    assert compare(a, b).notes == (
        "the name of the dataset differs: toy in A, toys in B",
        "the split of the dataset differs: test in A, dev in B",
        "measured by different commands: A by retrieval, B by answers",
        "1 query of another kind in B, A's kind is used: q1",
    )


def test_other_data_is_refused_unless_told_and_then_said() -> None:
    a, b = result({"P@5": [0.5, 1]}), result({"P@5": [0.5, 1]}, dataset={**DATASET, "digest": "d2"})
    with pytest.raises(DatasetError, match=r"A on toy with digest d1, B on toy with digest d2; .*--anyway") as refused:
        compare(a, b)
    assert refused.value.exit_code == 2
    assert compare(a, b, any_dataset=True).notes == (
        "measured on different data: A on toy with digest d1, B on toy with digest d2",
    )
    nameless = result({"P@5": [0.5, 1]}, dataset={"name": "toy", "split": "test"})
    with pytest.raises(DatasetError, match="digest None"):
        compare(a, nameless)
    assert "is not known" in compare(nameless, nameless).notes[0]


def test_what_was_set_or_made_otherwise_is_told_without_the_time() -> None:
    a = result({"P@5": [1]}, configuration={"name": "a", "k": 10, "rerank": True}, made_by={"commit": "1", "measured_at": "x"})
    b = result({"P@5": [1]}, configuration={"name": "a", "k": 20}, made_by={"commit": "2", "measured_at": "y"})
    assert compare(a, b).settings == {
        "configuration.k": (10, 20),
        "configuration.rerank": (True, None),
        "made_by.commit": ("1", "2"),
    }


def test_results_without_a_common_query_are_refused() -> None:
    a = result({"P@5": [0.5, 1]})
    none = Result("retrieval", DATASET, {"name": "b"}, ())
    with pytest.raises(DatasetError, match=r"A has 2 queries \(q0, q1\), B has 0 queries"):
        compare(a, none)


# The command


def test_identical_results_exit_0_with_p_one_and_no_nan(tmp_path: Path) -> None:
    same = result({"nDCG@10": [0.1, 0.7, 0.4], "RR@10": [0, 0, 0]})
    found = followup_compare(tmp_path, same, same, "--json", "--by-kind")
    assert found.exit_code == 0, found.output
    printed = document(found)
    for rows in (printed["measures"], printed["by_kind"]["opening"]):
        for row in rows.values():
            assert [row[key] for key in ("delta", "low", "high", "p", "p_holm", "wins", "ties", "losses")] == [
                0,
                0,
                0,
                1,
                1,
                0,
                3,
                0,
            ]
    assert (printed["worst"], printed["best"], printed["notes"], printed["significantly_worse"]) == ([], [], [], [])


def test_a_significantly_worse_candidate_exits_1_and_a_better_one_0(tmp_path: Path) -> None:
    losses = np.random.default_rng(2).normal(-0.05, 0.1, 100).tolist()
    worse = followup_compare(tmp_path, *shifted(losses))
    assert worse.exit_code == 1
    assert "B is significantly worse by nDCG@10 (level 0.05, Holm's correction over 1)." in " ".join(worse.stdout.split())
    better = followup_compare(tmp_path, *shifted([-loss for loss in losses]))
    assert better.exit_code == 0
    assert "B is significantly worse by no measure" in better.stdout


def test_one_measure_significantly_worse_among_better_ones_exits_1(tmp_path: Path) -> None:
    gains = np.random.default_rng(2).normal(0.05, 0.1, 100)
    a = result({"R@100": [0.5] * 100, "nDCG@10": [0.5] * 100})
    b = result({"R@100": (0.5 + gains).tolist(), "nDCG@10": (0.5 - gains).tolist()}, "b")
    found = followup_compare(tmp_path, a, b, "--json")
    assert found.exit_code == 1
    assert document(found)["significantly_worse"] == ["nDCG@10"]
    assert {name: row["verdict"] for name, row in document(found)["measures"].items()} == {"R@100": "better", "nDCG@10": "worse"}
    assert followup_compare(tmp_path, a, b, "--measure", "R@100").exit_code == 0


def test_a_tiny_loss_that_may_be_chance_exits_0(tmp_path: Path) -> None:
    differences = np.random.default_rng(4).normal(0, 0.1, 100)
    found = followup_compare(tmp_path, *shifted((differences - differences.mean() - 0.001).tolist()), "--json")
    assert found.exit_code == 0
    assert document(found)["measures"]["nDCG@10"]["delta"] == pytest.approx(-0.001, abs=1e-6)


def test_a_significant_loss_in_one_kind_can_be_gated_by_that_kind(tmp_path: Path) -> None:
    a = result({"P@5": [0.5] * 12}, kinds=("opening", "pronoun"))
    b = result({"P@5": [0.5 + s * d for d in SIX_LOSSES for s in (1, -1)]}, kinds=("opening", "pronoun"))
    assert followup_compare(tmp_path, a, b).exit_code == 0
    assert followup_compare(tmp_path, a, b, "--kind", "opening").exit_code == 1
    assert followup_compare(tmp_path, a, b, "--kind", "pronoun").exit_code == 0


def test_the_document_is_the_same_every_time_and_has_every_query(tmp_path: Path) -> None:
    a, b = shifted(np.random.default_rng(8).normal(0.01, 0.1, 40).tolist())
    first, again = (followup_compare(tmp_path, a, b, "--json").stdout for _ in range(2))
    assert first == again
    printed = json.loads(first)
    deltas = printed["deltas"]["nDCG@10"]
    assert sorted(row["id"] for row in deltas) == sorted(query.id for query in a.queries)
    assert [row["delta"] for row in deltas] == sorted(row["delta"] for row in deltas)
    assert printed["worst"] == deltas[:10]
    assert (printed["a"]["dataset"], printed["b"]["name"]) == (DATASET, "b")


def test_questions_are_shown_only_when_asked_for_and_then_as_they_are(tmp_path: Path) -> None:
    a, b = shifted([-0.2, 0.1, 0.3])
    for options, shown in (((), False), (("--json",), False), (("--texts",), True), (("--texts", "--json"), True)):
        assert ("why [sic] 0?" in followup_compare(tmp_path, a, b, *options).stdout) is shown
    assert comparison_document(compare(a, b), texts=True)["worst"][0]["text"] == "why [sic] 0?"


def test_the_table_fits_80_columns_with_no_figure_cut(tmp_path: Path) -> None:
    differences = np.random.default_rng(2).normal(-0.05, 0.1, 400).tolist()
    a, b = shifted(differences)
    found = followup_compare(tmp_path, a, b)
    row = next(line for line in found.stdout.splitlines() if line.startswith("nDCG@10"))
    printed = compare(a, b).measures[0]
    assert row.split() == [
        "nDCG@10", "0.5000", f"{printed.mean_b:.4f}", f"{printed.delta:+.4f}", f"{printed.low:+.4f}", f"{printed.high:+.4f}",
        "<.001", "<.001", f"{printed.wins}/{printed.ties}/{printed.losses}", "WORSE",
    ]  # fmt: skip
    assert max(len(line) for line in found.stdout.splitlines()) <= 80


def test_missing_queries_and_differing_settings_are_printed(tmp_path: Path) -> None:
    a, b = shifted([-0.2, 0.1, 0.3])
    found = followup_compare(tmp_path, a, Result("retrieval", DATASET, {"name": "b"}, b.queries[1:]))
    assert "Note: 1 query in A alone, not compared: q0" in found.stdout
    assert 'configuration.name "a" "b"' in " ".join(found.stdout.split())


def test_a_result_file_will_do_for_its_folder(tmp_path: Path) -> None:
    a, b = shifted([-0.2, 0.1, 0.3])
    by_folder = followup_compare(tmp_path, a, b, "--json")
    by_file = CliRunner().invoke(group, ["compare", str(tmp_path / "a" / "result.json"), str(tmp_path / "b"), "--json"])
    assert by_file.stdout == by_folder.stdout


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": "q0", "kind": "opening", "text": "", "measures": {"P@5": NaN}}', "P@5 of query q0 is nan"),
        ('{"id": "q0", "kind": "opening", "text": "", "measures": {"P@5": -Infinity}}', "P@5 of query q0 is -inf"),
        ('{"id": "q0", "kind": "opening", "text": "", "measures": {"P@5": "0.5"}}', "P@5 of query q0 is 0.5, not a number"),
        ('{"id": "q0", "kind": "opening", "text": "", "measures": null}', "is not a result of"),
        ('{"id": "q0", "kind": "opening"}', "is not a result of"),
        ("{", "is not a result of"),
    ],
)
def test_a_file_with_a_figure_that_is_none_is_refused(tmp_path: Path, line: str, complaint: str) -> None:
    a = result({"P@5": [0.5]})
    followup_compare(tmp_path, a, a)
    (tmp_path / "b" / PER_QUERY).write_text(line + "\n", "utf-8")
    found = CliRunner().invoke(group, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert isinstance(found.exception, DatasetError)
    assert complaint in str(found.exception)


def test_bad_input_is_one_line_and_exit_2_in_a_shell(tmp_path: Path) -> None:
    a, b = result({"P@5": [0.5, 1]}), result({"P@5": [0.5, 1]}, dataset={**DATASET, "digest": "d2"})
    followup_compare(tmp_path, a, b)
    code = "from assistant.cli import main; main()"
    shell = [sys.executable, "-c", code, "eval", "compare", str(tmp_path / "a")]
    for other, options in (("b", []), ("nowhere", []), ("b", ["--anyway", "--measure", "nDCG@7"]), ("b", ["--level", "2"])):
        done = subprocess.run([*shell, str(tmp_path / other), *options], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr and done.stdout == ""
    done = subprocess.run([*shell, str(tmp_path / "b"), "--anyway"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "measured on different data" in done.stdout
