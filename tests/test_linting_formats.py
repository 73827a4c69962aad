"""`followup corpus check`: what it prints in each format, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from corpus.linting import Report
from corpus.linting.formats import as_github, as_sarif, as_text
from corpus.linting.rules import RULES
from corpus.types import Problem, Severity
from tests.fakes import SMALL, write_articles

ODD = Problem("a b/ü%,:.md", 7, "50% of\nlines: a,b\r::end", "format")
WARNED = Problem("b.md", 2, "old", "age-check", Severity.WARNING)
REPORT = Report((), (ODD, WARNED))


def written(folder: Path, *pairs: tuple[str, str]) -> Path:
    source = SMALL["gout-basics"]
    for before, after in pairs:
        assert before in source
        source = source.replace(before, after)
    return write_articles(folder, {"gout-basics": source})


def test_text_has_a_line_for_each_problem_with_its_rule_and_the_sum() -> None:
    assert as_text(Report((), (WARNED,))).splitlines() == ["b.md:2: old [age-check]", "0 articles, 0 errors, 1 warnings"]


def test_github_commands_escape_what_would_end_them() -> None:
    first, second = as_github(REPORT).splitlines()
    assert first == "::error file=a b/ü%25%2C%3A.md,line=7,title=format::50%25 of%0Alines: a,b%0D::end"
    assert second == "::warning file=b.md,line=2,title=age-check::old"
    # Read back as the runner does: properties end at "::", are parted by commas, and are unescaped last.
    match = re.fullmatch(r"::(error|warning) (.*?)::(.*)", first)
    assert match
    properties = dict(part.split("=", 1) for part in match[2].split(","))
    back = {"%25": "%", "%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ","}
    assert re.sub("%25|%0A|%0D|%3A|%2C", lambda found: back[found[0]], properties["file"]) == ODD.path
    assert re.sub("%25|%0A|%0D", lambda found: back[found[0]], match[3]) == ODD.message


def required(value: dict[str, Any], *names: str) -> None:
    assert set(names) <= set(value), names


def test_sarif_has_what_its_schema_requires() -> None:
    document = json.loads(as_sarif(REPORT))
    required(document, "version", "runs")
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = document["runs"]
    required(run, "tool", "results")
    driver = run["tool"]["driver"]
    required(driver, "name")
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in RULES]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note", "none"}
    for result, problem in zip(run["results"], REPORT.problems, strict=True):
        required(result, "message")  # the one key that SARIF asks of a result
        assert result["message"]["text"] == problem.message
        assert result["ruleId"] == driver["rules"][result["ruleIndex"]]["id"] == problem.rule
        assert result["level"] == problem.severity.value
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] == problem.line >= 1
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert uris == ["a%20b/%C3%BC%25%2C%3A.md", "b.md"]
    assert (
        json.loads(as_sarif(Report((), (Problem("/a b.md", 1, "x"),))))["runs"][0]["results"][0]["locations"][0][
            "physicalLocation"
        ]["artifactLocation"]["uri"]
        == "file:///a%20b.md"
    )


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_an_error_is_exit_1_in_every_format(form: str, tmp_path: Path, followup) -> None:
    folder = written(tmp_path / "bad", ("[1] ^F3", "[8] ^F3"))
    done = followup("corpus", "check", str(folder), "--format", form)
    assert (done.returncode, done.stderr) == (1, "")
    assert "reference 8 is not listed" in done.stdout
    if form in ("json", "sarif"):
        json.loads(done.stdout)


def test_warnings_are_exit_0_and_with_strict_exit_1(tmp_path: Path, followup) -> None:
    folder = written(tmp_path / "old", ("2026-01-02", "2019-01-02"))
    done = followup("corpus", "check", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"gout-basics\.md:7: last updated 2019-01-02, over 5 years ago \[age-outdated\]\n", done.stdout)
    assert re.search(r"\n1 articles, 0 errors, \d warnings\n\Z", done.stdout)
    assert followup("corpus", "check", str(folder), "--strict").returncode == 1
    document = json.loads(followup("corpus", "check", str(folder), "--json").stdout)
    assert document["articles"] == 1
    assert {"path", "line", "message", "rule", "severity"} == set(document["problems"][0])


def test_github_says_nothing_of_good_articles(tmp_path: Path, followup) -> None:
    pairs = [(", year: 2020", ", year: 2026, doi: 10.1000/a"), (", venue: Label", ", venue: Label, url: 'https://example.org'")]
    folder = written(tmp_path / "good", *pairs)
    done = followup("corpus", "check", str(folder), "--format", "github", "--strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", [["--dry-run"], ["--format", "xml"], ["nowhere"]])
def test_what_cannot_be_run_is_exit_2(arguments: list[str], followup) -> None:
    done = followup("corpus", "check", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_damaged_list_of_retractions_is_exit_2_and_not_an_empty_list(tmp_path: Path, followup) -> None:
    (tmp_path / "r.csv").write_text("not a list\n", "utf-8")
    done = followup("corpus", "check", str(written(tmp_path / "a")), retractions=tmp_path / "r.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "r.csv: not a list of retractions" in done.stderr


def test_fix_says_what_it_changed_and_a_dry_run_changes_nothing(tmp_path: Path, followup) -> None:
    folder = written(tmp_path / "a", ("status: submitted", "status: Submitted / Approved  "))
    path = folder / "gout-basics.md"
    before = path.read_bytes()
    dry = followup("corpus", "check", str(folder), "--fix", "--dry-run")
    assert path.read_bytes() == before
    assert (
        "would be fixed: status names submitted, approved; the least approved, submitted, counts [ambiguous-status]" in dry.stdout
    )
    done = followup("corpus", "check", str(folder), "--fix")
    assert done.returncode == 0
    assert f"{path}:6: fixed: status names submitted, approved" in done.stdout
    assert path.read_bytes() == SMALL["gout-basics"].encode()
    document = json.loads(followup("corpus", "check", str(folder), "--fix", "--json").stdout)
    assert document["fixed"] == []
