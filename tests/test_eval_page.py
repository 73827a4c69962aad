"""The HTML report: what its figures are, that foreign texts stay texts, and that it can be read, pressed and printed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.compare import compare
from eval.datasets import DatasetError
from eval.page import load_groups, result_folders, write_page
from eval.page.build import page_of
from eval.page.figures import interpolated_precision, paired_deltas, precision_recall, sampled, spread
from eval.page.queries import TEXT_CHARACTERS, browser_data
from eval.page.svg import linear, logarithmic
from eval.page.tables import measure_tables, number, partial_measures, signed, worst_table
from eval.results import Hit, QueryResult, Result, write_result

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "</script><img src=x onerror=alert(1)><!-- <script>alert(2)</script>\u2028 & 'quoted'"
SCALE = [
    {"passages": size, "stage": stage, "p50_ms": size / 1000, "p95_ms": size / 500, "recall@10": recall}
    for size in (1000, 100_000)
    for stage, recall in (("dense", 0.98), ("lexical", None))
]
RISKS = [{"coverage": 0.5, "risk": 0.1, "threshold": 0.8}, {"coverage": 1.0, "risk": 0.3, "threshold": 0.2}]


def query(name: str, ranking: str, gold: str = "a", *, kind: str = "", text: str = "", **measures: float) -> QueryResult:
    """A query whose documents have one letter each; of the ranking the first three are hits."""
    grades = dict.fromkeys(gold, 1)
    scored = [(document, 1 - rank / 10) for rank, document in enumerate(ranking)]
    hits = [Hit(id, score, grades.get(id, 0), f"title {id}", f"text {id}", {"dense": score}) for id, score in scored[:3]]
    return QueryResult(name, text or f"what of {name}?", kind, measures or {"RR@10": 0.5}, scored, hits, grades)


def result(name: str, *queries: QueryResult, digest: str = "d1", command: str = "retrieval", **more: Any) -> Result:
    made = {"measured_at": "2025-11-23T00:10:31+00:00", "commit": "abc", **more.pop("made_by", {})}
    dataset = {"name": "small", "split": "test", "digest": digest}
    return Result(command, dataset, {"name": name, "k": 10}, queries, made_by=made, **more)


def grouped(folder: Path, *results: Result, baseline: str | None = None) -> list[Any]:
    """The groups of results that were written and read again."""
    folders = [folder / f"{position:02d}" for position in range(len(results))]
    for path, one in zip(folders, results, strict=True):
        write_result(one, path)
    return load_groups(folders, baseline)


def page(folder: Path, *results: Result) -> str:
    return page_of(grouped(folder, *results))


def some_queries(gain: float = 0.0, count: int = 12) -> list[QueryResult]:
    values = [round(min(1.0, position % 4 / 4 + gain * (position % 3)), 6) for position in range(count)]
    kinds = ("opening", "pronoun")
    return [
        query(
            f"q{position}", "bac" if position % 2 else "abc", kind=kinds[position % 2], **{"nDCG@10": value, "RR@10": value / 2}
        )
        for position, value in enumerate(values)
    ]


class Elements(HTMLParser):
    """Every element with its attributes, and the text of every script, as a browser would cut the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data

    def named(self, *names: str) -> Iterator[tuple[str, dict[str, str | None]]]:
        return ((name, attributes) for name, attributes in self.found if name in names)


def data_of(html: str) -> dict[str, Any]:
    """What the browser of queries reads of the first group."""
    data: dict[str, Any] = json.loads(Elements(html).scripts[0])
    return data


# The numbers


def test_interpolated_precision_is_the_worked_example() -> None:
    assert interpolated_precision("abcd", {"a": 1, "d": 2, "b": 0}).tolist() == [1.0] * 6 + [0.5] * 5
    assert interpolated_precision("bc", {"a": 1}).tolist() == [0.0] * 11


def test_the_precision_recall_curve_is_that_of_trec_eval() -> None:
    ir_measures = pytest.importorskip("ir_measures")
    rng = np.random.default_rng(3)
    queries = []
    for number_ in range(20):
        documents = rng.permutation([f"d{position}" for position in range(60)]).tolist()
        gold = {document: int(rng.integers(0, 3)) for document in rng.choice(documents, 17, replace=False)} | {"never": 1}
        queries.append(
            QueryResult(f"q{number_}", "", "", {}, [(d, 60.0 - rank) for rank, d in enumerate(documents[:40])], (), gold)
        )
    levels = [ir_measures.parse_measure(f"IPrec@{level / 10}") for level in range(11)]
    qrels = {one.id: dict(one.gold) for one in queries}
    theirs = ir_measures.calc_aggregate(levels, qrels, {one.id: dict(one.ranking) for one in queries})
    found = precision_recall(result("x", *queries))
    assert found is not None
    assert found[0] == pytest.approx([theirs[level] for level in levels])
    assert found[1] == 20


def test_queries_without_gold_do_not_count_and_without_rankings_there_is_no_curve() -> None:
    found = precision_recall(result("x", query("q1", "ab"), query("q2", "ab", gold="")))
    assert found is not None
    assert found[1] == 1
    assert precision_recall(result("x", query("q1", ""))) is None


def test_a_found_nothing_counts_as_zero_beside_queries_that_found() -> None:
    found = precision_recall(result("x", query("q1", "ab"), query("q2", "")))
    assert found is not None
    assert found[0].tolist() == [0.5] * 11


def test_deltas_are_of_queries_that_both_have_the_measure_for_lowest_first() -> None:
    first = {"a": query("a", "", m=0.5), "b": query("b", "", m=0.1), "c": query("c", "", other=1.0), "d": query("d", "", m=0.2)}
    other = {"b": query("b", "", m=0.4), "a": query("a", "", m=0.2), "c": query("c", "", m=1.0)}
    assert paired_deltas(first, other, "m") == [("a", -0.3), ("b", 0.3)]


def test_a_spread_has_quantiles_mean_and_shares() -> None:
    found = spread([0.0, 0.0, 0.5, 1.0], 0, 1)
    assert found.quantiles == (0.0, 0.0, 0.25, 0.625, 1.0)
    assert found.mean == 0.375
    assert {place: share for place, share in enumerate(found.shares) if share} == {0: 0.5, 10: 0.25, 19: 0.25}


def test_samples_keep_both_ends() -> None:
    assert sampled(9, 5) == [0, 2, 4, 6, 8]
    assert sampled(3, 5) == [0, 1, 2]
    assert sampled(1, 5) == [0]
    assert sampled(0, 5) == []


def test_axes_end_on_round_numbers() -> None:
    assert linear("", 0, 0.77).ticks == (0, 0.2, 0.4, 0.6, 0.8)
    assert linear("", -0.6, 0.6).ticks == (-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75)
    assert linear("", 0, 0).high > 0
    assert logarithmic("", 1000, 1_000_000).ticks == (1000, 10_000, 100_000, 1_000_000)
    assert logarithmic("", 3, 40).ticks == (1, 10, 100)
    assert logarithmic("", 200, 200).ticks == (100, 200, 500, 1000)
    assert logarithmic("", 1000, 1_000_000).share(10_000) == pytest.approx(1 / 3)


def test_numbers_are_written_with_their_sign_and_no_more_digits_than_are_meant() -> None:
    assert [number(value) for value in (0.3774, -0.25, 12.345, 4321.0, None, -0.0001)] == [
        "0.377",
        "−0.250",
        "12.3",
        "4,321",
        "–",
        "0.000",
    ]
    assert [signed(value) for value in (0.012, -0.012, 0.0001, -0.0001)] == ["+0.012", "−0.012", "±0.000", "±0.000"]


# What is grouped and tabulated


def test_results_on_other_data_or_of_another_command_stand_apart(tmp_path: Path) -> None:
    one = query("q1", "ab")
    groups = grouped(
        tmp_path, result("x", one), result("y", one), result("x", one, digest="d2"), result("x", one, command="answers")
    )
    assert [[each.label for each in group.results] for group in groups] == [["x", "y"], ["x"], ["x"]]


def test_the_baseline_comes_first_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    results = [result("x", query("q1", "ab")), result("y", query("q1", "ab")), result("z", query("q1", "ab"))]
    assert [each.label for each in grouped(tmp_path, *results, baseline="y")[0].results] == ["y", "x", "z"]
    with pytest.raises(DatasetError, match="configuration named w; there are: x, y, z"):
        grouped(tmp_path, *results, baseline="w")


def test_results_of_one_name_are_told_apart_by_commit_then_by_folder(tmp_path: Path) -> None:
    before, after = (result("x", query("q1", "ab"), made_by={"commit": commit}) for commit in ("aaa", "bbb"))
    assert [each.label for each in grouped(tmp_path, before, after)[0].results] == ["x (aaa)", "x (bbb)"]
    assert [each.label for each in grouped(tmp_path, after, after)[0].results] == ["x (00)", "x (01)"]


def test_folders_are_found_below_and_none_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    grouped(tmp_path, result("x", query("q1", "ab")), result("y", query("q1", "ab")))
    assert result_folders([tmp_path / "01", tmp_path]) == [tmp_path / "01", tmp_path / "00"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"no result.json in or below .*empty; measure first"):
        result_folders([tmp_path / "empty"])


def test_a_figure_that_is_no_number_is_named(tmp_path: Path) -> None:
    grouped(tmp_path, result("x", query("q7", "ab", m=0.25)))
    lines = tmp_path / "00" / "per-query.jsonl"
    lines.write_text(lines.read_text().replace("0.25", "NaN"))
    with pytest.raises(DatasetError, match="m of query q7 is nan, not a number"):
        load_groups([tmp_path / "00"])


def test_the_best_is_marked_where_it_can_be_seen_to_be_best(tmp_path: Path) -> None:
    def configuration(name: str, **measures: float) -> Result:
        return result(name, query("q1", "ab", **measures))

    groups = grouped(
        tmp_path,
        configuration("x", a=0.5, b=0.40001, c=0.2),
        configuration("y", a=0.4, b=0.40002, c=0.3),
        configuration("z", a=0.1, b=0.1),
    )
    [table] = measure_tables(groups[0])
    marked = [[cell.text for cell in row if cell.best] for row in table.bodies[0].rows]
    assert marked == [["0.500", "0.400"], ["0.400", "0.300"], []]
    assert [cell.text for cell in table.bodies[0].rows[2]] == ["z", "1", "0.100", "0.100", "–"]
    alone = measure_tables(grouped(tmp_path / "alone", configuration("x", a=0.5))[0])
    assert not any(cell.best for row in alone[0].bodies[0].rows for cell in row)


def test_many_measures_become_tables_that_fit_a_printed_page(tmp_path: Path) -> None:
    measures = {f"m{position}": 0.5 for position in range(9)}
    tables = measure_tables(grouped(tmp_path, result("x", query("q1", "ab", **measures)))[0])
    assert [table.columns[2:] for table in tables] == [("m0", "m1", "m2", "m3", "m4"), ("m5", "m6", "m7", "m8")]
    assert tables[1].caption.endswith("(2 of 2)")


def test_means_over_fewer_queries_are_said(tmp_path: Path) -> None:
    groups = grouped(tmp_path, result("x", query("q1", "ab", a=1.0), query("q2", "ab", a=1.0, b=1.0), query("q3", "ab", a=0.0)))
    assert partial_measures(groups[0]) == "b (1)"
    assert "Fewer queries than all have b (1)." in page_of(groups)


def test_kinds_are_tabulated_only_where_there_are_several(tmp_path: Path) -> None:
    html = page(tmp_path / "two", result("x", *some_queries()))
    assert re.search(r'scope="rowgroup" colspan="4">pronoun<', html)
    assert "By kind of query" not in page(tmp_path / "one", result("x", query("q1", "ab", kind="opening")))


def test_the_worst_queries_are_those_of_the_lowest_mean_of_all_configurations(tmp_path: Path) -> None:
    first = [query(f"q{position}", "ab", m=position / 20) for position in range(15)]
    second = [query(f"q{position}", "ab", m=1.0 if position == 0 else position / 20) for position in range(15)]
    table = worst_table(grouped(tmp_path, result("x", *first), result("y", *second))[0])
    assert table is not None
    assert [row[1].text for row in table.bodies[0].rows] == [f"q{position}" for position in (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)]


def test_comparisons_are_those_of_eval_compare(tmp_path: Path) -> None:
    groups = grouped(tmp_path, result("x", *some_queries()), result("y", *some_queries(gain=0.2)))
    row = next(
        each for each in compare(groups[0].results[0].result, groups[0].results[1].result).measures if each.measure == "nDCG@10"
    )
    cells = re.findall(r"<td>([^<]*)</td>", page_of(groups).split(">nDCG@10</th><td>12</td>")[1].split("</tr>")[0])
    assert cells[:3] == [f"{row.mean_a:.3f}", f"{row.mean_b:.3f}", signed(row.delta)]
    assert cells[4:] == [f"{row.p_holm:.3f}", f"{row.wins} / {row.ties} / {row.losses}", "▲ better"]


def test_what_cannot_be_compared_is_said_and_the_rest_stands(tmp_path: Path) -> None:
    html = page(tmp_path, result("x", query("q1", "ab", m=1.0)), result("y", query("q1", "ab", other=1.0)))
    assert "<strong>y</strong> is not compared: x and y have no measure in common" in html
    assert "Precision and recall" in html


def test_the_header_names_data_time_commit_machine_and_weights(tmp_path: Path) -> None:
    made = {"commit": "0123456789abcdef", "machine": {"cores": 2}, "model": "bge", "model_sha256": "fedcba9876543210"}
    notes = ("3 queries have no gold",)
    later = {**made, "measured_at": "2025-11-23T02:00:00+01:00"}
    one = query("q1", "ab")
    html = page(
        tmp_path, result("x", one, made_by=made, notes=notes), result("y", one, made_by=later, notes=(*notes, "only here"))
    )
    header = html.split("</header>")[0]
    for said in (
        "small, test (retrieval), digest d1",
        "2025-11-23 00:10 UTC to 2025-11-23 01:00 UTC",
        "cores 2",
        "bge, weights fedcba987654<",
    ):
        assert said in header
    assert "<dd>0123456789ab</dd>" in header
    assert html.count("<li>3 queries have no gold</li>") == 1
    assert "<li><strong>y:</strong> only here</li>" in html


# Curves that only some commands have


def test_time_and_recall_by_size_are_drawn_from_extra(tmp_path: Path) -> None:
    scale = [{**row, "disk_mb": row["passages"] // 10} for row in SCALE]
    html = page(tmp_path, result("shipped", command="latency", extra={"scale": scale, "cold_ms": 812.54}))
    assert "<h4>Time by size: shipped</h4>" in html
    assert "<h4>Recall against exact search by size: shipped</h4>" in html
    assert "Time, ms, logarithmic" in html
    assert "100,000</td><td>100</td><td>200</td><td>0.980</td>" in html
    assert '<th scope="col">disk_mb</th>' in html  # what is not drawn
    assert "cold_ms</th><td>812.5</td>" in html
    assert "<h3>Measures</h3>" not in html
    assert 'id="queries"' not in html


@pytest.mark.parametrize("risks", [RISKS, {"article open": RISKS, "whole corpus": RISKS[1:]}], ids=["list", "by name"])
def test_risk_and_coverage_are_drawn_from_extra(tmp_path: Path, risks: Any) -> None:
    html = page(tmp_path, result("x", query("q1", "ab"), extra={"risk_coverage": risks}))
    assert "<h4>Risk and coverage</h4>" in html
    assert ("x: whole corpus" in html) == isinstance(risks, Mapping)


@pytest.mark.parametrize(
    "extra",
    [
        {"scale": [{"passages": 0, "stage": "dense", "p50_ms": 1, "p95_ms": 1}]},
        {"scale": [{"passages": 10, "stage": "dense", "p50_ms": float("inf"), "p95_ms": 1}]},
        {"risk_coverage": [{"coverage": 1}]},
        {"risk_coverage": "none"},
    ],
)
def test_a_curve_of_another_shape_names_the_folder_and_the_place(tmp_path: Path, extra: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=rf"{tmp_path}/00: extra\.{next(iter(extra))}\b.*measure again"):
        page(tmp_path, result("x", query("q1", "ab"), extra=extra))


def test_figures_that_nothing_draws_are_tabulated(tmp_path: Path) -> None:
    extra = {
        "abstention": {"AUROC": 0.93},
        "length": {"words": {"p90": 110}},
        "readers": [{"n": 1, "ms": 9.5}, {"n": 8}],
        "empty": [],
    }
    html = page(tmp_path, result("x", query("q1", "ab"), extra=extra))
    for said in ("abstention, AUROC</th><td>0.93</td>", "words</th><td>110</td>", "1</th><td>9.5</td>", "8</th><td>–</td>"):
        assert said in html


# The page


def test_the_same_folders_make_the_same_page_byte_for_byte(tmp_path: Path) -> None:
    groups = grouped(tmp_path, result("x", *some_queries()), result("y", *some_queries(gain=0.2), extra={"risk_coverage": RISKS}))
    sizes = [write_page(groups, tmp_path / "deep" / name) for name in ("one.html", "two.html")]
    pages = [(tmp_path / "deep" / name).read_bytes() for name in ("one.html", "two.html")]
    assert pages[0] == pages[1]
    assert sizes == [len(pages[0])] * 2


def test_every_plot_is_an_image_with_name_description_and_figures(tmp_path: Path) -> None:
    extra = {"risk_coverage": RISKS, "scale": SCALE}
    html = page(tmp_path, result("x", *some_queries(), extra=extra), result("y", *some_queries(gain=0.2)))
    elements = Elements(html)
    plots = [attributes for _, attributes in elements.named("svg") if attributes["class"] == "plot"]
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(plots) == 4 + 2 * 2  # two measures: values and one delta plot each
    assert len(ids) == len(set(ids))
    for attributes in plots:
        assert attributes["role"] == "img"
        assert set(str(attributes["aria-labelledby"]).split()) <= set(ids)
    assert html.count('<details class="figures">') == len(plots)


def test_headings_are_in_order_and_nothing_is_fetched(tmp_path: Path) -> None:
    elements = Elements(page(tmp_path, result("x", *some_queries()), result("y", *some_queries(gain=0.2))))
    levels = [int(name[1]) for name, _ in elements.named("h1", "h2", "h3", "h4", "h5")]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    addresses = [
        value for _, attributes in elements.found for key, value in attributes.items() if key in ("src", "href", "srcset")
    ]
    assert all(str(address).startswith(("#", "data:")) for address in addresses)
    policy = next(str(each["content"]) for _, each in elements.named("meta") if each.get("http-equiv"))
    assert policy.startswith("default-src 'none';")


def hostile_result(name: str = "x") -> Result:
    hit = Hit("h", 1.0, 1, HOSTILE, HOSTILE, {HOSTILE: 0.5})
    one = QueryResult("q</script>", HOSTILE, HOSTILE, {"nDCG@10": 0.5, HOSTILE: 1.0}, [("h", 1.0)], [hit], {"h": 1, HOSTILE: 1})
    notes, extra = (HOSTILE,), {HOSTILE: [{HOSTILE: HOSTILE}], "risk_coverage": {HOSTILE: RISKS}}
    other = query("tame", "ab", kind="plain", **{"nDCG@10": 0.25})
    return result(name, one, other, notes=notes, extra=extra, made_by={"machine": HOSTILE, "model": HOSTILE})


def test_markup_in_foreign_texts_never_becomes_markup(tmp_path: Path) -> None:
    html = page(tmp_path, hostile_result(f"x{HOSTILE}".replace(" ", "_").replace("\u2028", "")), hostile_result("y"))
    elements = Elements(html)
    assert not list(elements.named("img"))
    assert [attributes.get("type") for _, attributes in elements.named("script")] == ["application/json", None]
    assert not re.search(r"[<>&\u2028\u2029]", elements.scripts[0])
    data = data_of(html)
    assert data["documents"] == [[HOSTILE, HOSTILE], ["title a", "text a"], ["title b", "text b"]]
    assert data["queries"][0]["text"] == HOSTILE
    assert "innerHTML" not in html


def test_the_script_sets_texts_only_as_texts() -> None:
    script = (Path(__file__).parents[1] / "eval" / "page" / "browser.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|</script", script)


def test_long_texts_are_cut_and_a_document_found_twice_stands_once(tmp_path: Path) -> None:
    def found(name: str, text: str) -> Result:
        return result(name, QueryResult("q1", "?", "", {"m": 1.0}, [("a", 1.0)], [Hit("a", 1.0, 0, "t", text, {})], {}))

    data = browser_data(grouped(tmp_path, found("x", "w" * 5000), found("y", "w" * 5000), found("z", "other"))[0])
    assert data["documents"] == [("t", "w" * (TEXT_CHARACTERS - 1) + "…"), ("t", "other")]
    assert [one["hits"][0][3] for one in data["queries"][0]["results"]] == [0, 0, 1]


def test_gold_that_is_not_among_the_hits_has_its_rank_and_its_text_where_known(tmp_path: Path) -> None:
    one = query("q1", "xyzwa", gold="abz")
    elsewhere = query("q2", "bxy", gold="b")
    data = browser_data(grouped(tmp_path, result("x", one, elsewhere))[0])
    found = data["queries"][0]["results"][0]
    assert found["ranked"] == 5
    assert [(id, rank, None if place is None else data["documents"][place][0]) for id, _, rank, place in found["missed"]] == [
        ("a", 5, None),
        ("b", None, "title b"),
    ]


def test_a_query_that_one_configuration_lacks_is_shown_for_the_other(tmp_path: Path) -> None:
    data = browser_data(grouped(tmp_path, result("x", query("q1", "ab")), result("y", query("q1", "ab"), query("q2", "ab")))[0])
    assert [[one is not None for one in each["results"]] for each in data["queries"]] == [[True, True], [False, True]]


def test_the_command_writes_the_page_and_says_where(
    tmp_path: Path, followup: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    here = tmp_path / "here"
    grouped(here / "var" / "eval" / "results", result("x", *some_queries()), result("y", *some_queries()))
    done = followup("eval", "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"var/eval/report\.html: 2 results in 1 groups, 0\.\d MB\n", done.stdout)
    assert (here / "var" / "eval" / "report.html").read_text("utf-8").startswith("<!doctype html>")
    chosen = followup("eval", "report", "var/eval/results/01", "--out", "one.html")
    assert chosen.stdout.startswith("one.html: 1 results in 1 groups")


def test_the_command_without_results_says_what_to_run(followup: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = followup("eval", "report")
    assert done.returncode == 2
    assert "no result.json in or below var/eval/results; measure first" in done.stderr
    assert "Traceback" not in done.stderr


# In a browser

#: The lowest contrast of a text with what is behind it (WCAG 2.2), and which text that is.
CONTRAST = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => { for (let at = node; at; at = at.parentElement) {
    const color = parts(getComputedStyle(at).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color; } return [255, 255, 255]; };
  let worst = [99, ""];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) || !node.checkVisibility()) continue;
    const style = getComputedStyle(node), color = node.closest("svg") ? style.fill : style.color;
    const [a, b] = [light(parts(color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst[0]) worst = [ratio, node.textContent.slice(0, 40)];
  }
  return worst; }"""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium; install it with: apt-get install chromium")
def test_the_page_is_read_pressed_and_printed_in_a_real_browser(tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    queries: Sequence[QueryResult] = some_queries(gain=0.2, count=30)
    hostile = hostile_result("y")
    groups = grouped(
        tmp_path,
        result("x", *hostile.queries, *some_queries(count=30)),
        result("y", *hostile.queries, *queries, extra={"risk_coverage": RISKS, "scale": SCALE}, notes=("a note",)),
    )
    write_page(groups, tmp_path / "report.html")
    address = (tmp_path / "report.html").as_uri()
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)  # type: ignore[arg-type]
            tab = context.new_page()
            tab.set_default_timeout(10_000)
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
            tab.on("request", lambda request: said.append(request.url) if request.url.split("#")[0] != address else None)
            tab.goto(address)

            tab.locator("#f-order").select_option("dataset")
            tab.locator("#list button").first.focus()
            tab.keyboard.press("ArrowDown")
            tab.keyboard.press("ArrowUp")
            tab.keyboard.press("Enter")
            heading = tab.locator("#detail h3")
            expect(heading).to_be_focused()
            assert heading.evaluate("heading => heading.textContent") == HOSTILE
            hit = tab.locator("#detail .hits li").first
            expect(hit).to_contain_text("✓ gold, grade 1")
            assert hit.locator(".text").evaluate("text => text.textContent") == HOSTILE
            expect(tab.locator("#detail")).to_contain_text("not among the 1 ranked")
            assert tab.locator("#detail img, #detail script").count() == 0
            assert tab.evaluate("document.documentElement.scrollWidth") == 320
            ratio, text = tab.evaluate(CONTRAST)
            assert ratio >= 4.5, f"{scheme}: {text}"

            tab.get_by_label("Words of the query, or its id").fill("what q17")
            expect(tab.locator("#found")).to_contain_text("1 of 32 queries")
            tab.goto(f"{address}#query=part0/{'q%3C/script%3E'}")
            expect(heading).to_be_focused()
            expect(tab.locator("#list button")).to_have_count(32)

            measure = tab.locator("select[data-part]")
            measure.select_option("RR@10")
            expect(tab.get_by_role("img", name="RR@10 over the queries")).to_be_visible()
            expect(tab.get_by_role("img", name="nDCG@10 over the queries")).not_to_be_visible()

            tab.emulate_media(media="print")
            expect(tab.locator("#queries")).not_to_be_visible()
            expect(tab.locator(".worst tbody tr")).to_have_count(10)
            expect(tab.locator(".worst table")).to_be_visible()
            assert tab.evaluate("getComputedStyle(document.querySelector('.line')).stroke") == "rgb(0, 0, 0)"
            context.close()
        browser.close()
    assert said == []
