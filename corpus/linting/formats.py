"""A report as text, JSON, GitHub workflow commands, or SARIF 2.1.0 (what code-scanning pages read)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from corpus.linting.checking import Report
from corpus.linting.fixing import Fixed
from corpus.linting.rules import BY_ID, RULES
from corpus.types import Problem, Severity

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(report: Report, fixed: Sequence[Fixed] = ()) -> str:
    """A line for each problem, then the sum: `a.md:3: no pmid [reference-lookup]`."""
    lines = [*map(str, fixed), *(f"{problem} [{problem.rule}]" for problem in report.problems)]
    sum_up = f"{len(report.articles)} articles, {report.errors} errors, {report.warnings} warnings"
    return "\n".join([*lines, sum_up])


def as_json(report: Report, fixed: Sequence[Fixed] = ()) -> str:
    """One document: how many articles, every problem, what was fixed."""
    found = [
        {"path": p.path, "line": p.line, "message": p.message, "rule": p.rule, "severity": p.severity} for p in report.problems
    ]
    mended = [
        {"path": f.path, "line": f.line, "message": f.message, "rule": f.rule, "done": f.done, "kept": f.kept} for f in fixed
    ]
    return json.dumps({"articles": len(report.articles), "problems": found, "fixed": mended}, indent=1)


def as_github(report: Report, fixed: Sequence[Fixed] = ()) -> str:
    """Workflow commands: a pull request shows each at its line."""
    return "\n".join(map(_command, report.problems))


def as_sarif(report: Report, fixed: Sequence[Fixed] = ()) -> str:
    """One run with every rule of the table and a result for each problem."""
    driver = {
        "name": "followup corpus check",
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.what},
                "help": {"text": rule.mend},
                "defaultConfiguration": {"level": _level(rule.severity)},
            }
            for rule in RULES
        ],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(_results(report.problems))}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


#: What `--format` takes.
FORMATS: dict[str, Callable[[Report, Sequence[Fixed]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}


def _command(problem: Problem) -> str:
    place = f"file={_property(problem.path)},line={problem.line},title={_property(problem.rule)}"
    return f"::{problem.severity} {place}::{_data(problem.message)}"


def _data(text: str) -> str:
    """What would end a workflow command, written as the runner reads it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _results(problems: Sequence[Problem]) -> Iterator[dict[str, Any]]:
    order = {rule: position for position, rule in enumerate(BY_ID)}
    for problem in problems:
        place = {"artifactLocation": {"uri": _uri(problem.path)}, "region": {"startLine": max(1, problem.line)}}
        yield {
            "ruleId": problem.rule,
            "ruleIndex": order[problem.rule],
            "level": _level(problem.severity),
            "message": {"text": problem.message},
            "locations": [{"physicalLocation": place}],
        }


def _level(severity: Severity) -> str:
    return {Severity.ERROR: "error", Severity.WARNING: "warning"}[severity]


def _uri(path: str) -> str:
    """A relative path as a relative reference, an absolute one as a `file:` address."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())
