"""Each rule of the corpus check: what breaks it, on which line, and what does not."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.web.ages import Age, age_of
from corpus.linting import Report, fields, lint, lint_article
from corpus.linting.checking import MAX_WORDS
from corpus.linting.rules import BY_ID, RULES, as_markdown
from corpus.linting.types import Known
from corpus.loading import SHIPPED, content_sha256, errors_among, parse_article, read_article
from corpus.retractions import Nature, Record, Retracted, RetractionList
from corpus.types import Severity
from tests.fakes import SMALL, write_articles

ROOT = Path(__file__).parents[1]
TODAY = dt.date(2026, 11, 23)
GOUT = SMALL["gout-basics"]
GUIDELINE = "{id: 1, type: guideline, title: Gout guideline, authors: Example College, venue: J Gout, year: 2020}"
SOURCE = "source: {name: Example, id: x1, url: 'https://example.org/x', licence: CC0, sha256: '%s', imported: 2026-11-01}" % (
    "0" * 64
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(source: str, retracted: RetractionList | None = None, today: dt.date = TODAY) -> list[tuple[str, int]]:
    """`(rule, line)` of all that is said of one article, beside what the small gout article always gets."""
    write_articles(Path("one"), {"gout-basics": source})
    report = lint(Path("one"), today=today, retracted=retracted)
    return [(problem.rule, problem.line) for problem in report.problems if problem.rule not in USUAL]


#: The small articles list sources without a DOI and old guidelines: told by rules that have tests of their own.
USUAL = {"reference-lookup", "guideline-age-outdated", "guideline-age-check"}


def line_of(source: str, snippet: str) -> int:
    return max(number for number, line in enumerate(source.split("\n"), start=1) if snippet in line)


def changed(*pairs: tuple[str, str]) -> str:
    source = GOUT
    for before, after in pairs:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    return source


def test_the_good_article_is_told_nothing() -> None:
    assert told(GOUT) == []


#: What is changed, the rule that tells it, and where.
BROKEN: dict[str, tuple[list[tuple[str, str]], str, str]] = {
    "a text that cites and has no id": ([("[1] ^F3", "[1] ^F3\n- Goal. [1]")], "mark-without-statement", "- Goal."),
    "ids that look alike": ([("[1] ^F3", "[1] ^F3\n- Goal. [1] ^f3")], "alike-ids", "^f3"),
    "the same DOI in other letters": (
        [("year: 2020}", "year: 2020, doi: 10.1000/AB}"), ("venue: Label}", "venue: Label, doi: 10.1000/ab}")],
        "duplicate-reference", "id: 2",
    ),
    "the same title, year and venue": (
        [("  - {id: 2, type: label, title: Colchicine label, authors: Example Agency, venue: Label}",
          "  - {id: 2, type: research, title: GOUT  guideline., authors: Somebody, venue: J. Gout, year: 2020}")],
        "duplicate-reference", "id: 2",
    ),
    "a study without a year": ([("year: 2020", "pmid: '123'")], "reference-year", "id: 1"),
    "an old article": ([("2026-01-02", "2023-11-22")], "age-check", "2023-11-22"),
    "a very old article": ([("2026-01-02", "2021-11-22")], "age-outdated", "2021-11-22"),
    "a day to come": ([("2026-01-02", "2026-11-24")], "future-date", "2026-11-24"),
    "a year to come": ([("year: 2020", "year: 2028")], "future-date", "id: 1"),
    "several status words": (
        [("status: submitted", "status: Submitted → Under Review → Approved")], "ambiguous-status", "Submitted →",
    ),
    "a review by nobody": ([("status: submitted", "status: under_review")], "reviewer", "status:"),
    "a superseded source alone": (
        [("year: 2020}", "year: 2020, superseded_by: 2026 guideline}")], "superseded-alone", "^F3",
    ),
    "a declared retraction alone": ([("year: 2020}", "year: 2020, retracted: 2024-01-02}")], "retracted-alone", "^F3"),
    "a hard summary": (
        [("A small dose of colchicine helps.", "Pharmacological antihyperuricaemic interventions necessitate deliberation.")],
        "hard-summary", "plain_summary:",
    ),
    "an address for a DOI": ([("year: 2020}", "year: 2020, doi: 'https://doi.org/10.1000/a'}")], "doi-form", "id: 1"),
    "blanks at a line's end": ([("urate is kept below 6 mg/dL. [1] ^F3", "urate is low. [1] ^F3  ")], "trailing-blanks", "^F3"),
}  # fmt: skip


@pytest.mark.parametrize(("pairs", "rule", "where"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_told_on_its_line(pairs: list[tuple[str, str]], rule: str, where: str) -> None:
    source = changed(*pairs)
    assert (rule, line_of(source, where)) in told(source)


def test_a_hard_summary_is_an_error_that_says_its_grade() -> None:
    hard = "Pharmacological antihyperuricaemic interventions necessitate individualised multidisciplinary deliberation."
    write_articles(Path("one"), {"gout-basics": changed(("A small dose of colchicine helps.", hard))})
    (problem,) = errors_among(lint(Path("one"), today=TODAY).problems)
    assert re.fullmatch(r"plain_summary reads at school grade \d\d\.\d; at most 8", problem.message)


@pytest.mark.parametrize("key", ["plain_summary", "questions"])
def test_what_readers_look_for_first_is_missed_in_articles_written_here(key: str) -> None:
    source = re.sub(rf"^{key}:\n(?:  .*\n)+", "", GOUT, flags=re.MULTILINE)
    rule = {"plain_summary": "no-summary", "questions": "no-questions"}[key]
    assert told(source) == [(rule, 2)]
    imported = source.replace("status: submitted", f"status: submitted\n{SOURCE}")
    assert told(imported) == []


def test_an_imported_article_needs_an_address_and_no_references() -> None:
    bare = re.sub(r"references:\n(?:  .*\n)+", "", GOUT)
    bare = re.sub(r" \[1.*?\] \^F\d", "", bare)
    bare = re.sub(r"(?:plain_summary|questions):\n(?:  .*\n)+", "", bare)
    assert ("no-references", 2) in told(bare)
    source = bare.replace("status: submitted", f"status: submitted\n{SOURCE}")
    assert told(source) == []
    source = source.replace("url: 'https://example.org/x', ", "")
    assert told(source) == [("source-address", line_of(source, "source:"))]


@pytest.mark.parametrize(
    ("venue", "found"),
    [
        ("N Engl J Med 2001;344:783-792", False),
        ("Lancet 2007;370(9582):123", False),
        ("BMJ 2019;365:l2006", False),
        ("J Gout 2019", True),
    ],
)
def test_a_source_that_nobody_can_look_up_is_told(venue: str, found: bool) -> None:
    source = changed(("venue: J Gout,", f"venue: '{venue}',"))
    write_articles(Path("one"), {"gout-basics": source})
    lookups = [p.line for p in lint(Path("one"), today=TODAY).problems if p.rule == "reference-lookup"]
    assert (line_of(source, "id: 1") in lookups) == found


@pytest.mark.parametrize(
    ("today", "rule"),
    [
        ("2023-12-31", None),
        ("2024-01-01", "guideline-age-check"),
        ("2025-12-31", "guideline-age-check"),
        ("2026-01-01", "guideline-age-outdated"),
    ],
)
def test_a_guideline_of_2020_ages_from_the_last_day_of_its_year(today: str, rule: str | None) -> None:
    write_articles(Path("one"), {"gout-basics": GOUT.replace("2026-01-02", "2023-12-30")})
    found = lint(Path("one"), today=dt.date.fromisoformat(today)).by_rule()
    assert {name for name in found if name.startswith("guideline-age")} == ({rule} if rule else set())


def test_an_article_of_29_february_ages_without_a_leap_year() -> None:
    source = GOUT.replace("2026-01-02", "2024-02-29")
    assert [rule for rule, _ in told(source, today=dt.date(2027, 2, 28))] == []
    assert [rule for rule, _ in told(source, today=dt.date(2027, 3, 1))] == ["age-check"]


@given(st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), st.dates(dt.date(1990, 1, 1), dt.date(2040, 1, 1)))
@example(dt.date(2020, 2, 29), dt.date(2023, 3, 1))
@example(dt.date(2020, 2, 29), dt.date(2025, 3, 1))
def test_readers_are_told_of_the_same_age_as_staff(dated: dt.date, today: dt.date) -> None:
    article, _ = parse_article(GOUT, "gout-basics.md")
    assert article
    article = replace(article, last_updated=dated, references=())
    rules = [found.rule for found in fields.age(article, Known(today, RetractionList(), MAX_WORDS))]
    assert rules == {None: [], Age.CHECK: ["age-check"], Age.OLD: ["age-outdated"]}[age_of(dated, today)]


def test_what_is_too_long_to_be_embedded_is_told_and_what_can_be_cut_is_not() -> None:
    long = " ".join(["word"] * 300)
    source = changed(("Serum urate is kept below 6 mg/dL.", f"{long}."))
    assert told(source) == [("long-passage", line_of(source, "^F3"))]
    sentences = " ".join(["It is taken with food once a day."] * 60)
    assert told(GOUT + f"\n{sentences}\n") == []
    source = GOUT + f"\n{long}.\n"
    assert told(source) == [("long-passage", line_of(source, long))]


def papers(nature: Nature, **known: str) -> RetractionList:
    said = Retracted(nature, dt.date(2024, 5, 6), "10.1000/notice", "7")
    return RetractionList([Record(said, (known["doi"],) if "doi" in known else (), (known["pmid"],) if "pmid" in known else ())])


def test_a_reference_on_the_list_is_told_and_what_rests_on_it_alone_is_an_error() -> None:
    source = changed(("year: 2020}", "year: 2020, doi: 10.1000/GOUT}"))
    found = told(source, papers(Nature.RETRACTION, doi="10.1000/gout"))
    # F1 also cites the label; F2 and F3 rest on the retracted guideline alone.
    assert found == [
        ("retracted-reference", line_of(source, "id: 1")),
        ("retracted-alone", line_of(source, "^F2")),
        ("retracted-alone", line_of(source, "^F3")),
    ]
    assert told(source, papers(Nature.CONCERN, doi="10.1000/gout")) == [("concern", line_of(source, "id: 1"))]
    by_number = source.replace("doi: 10.1000/GOUT", "pmid: '123'")
    assert len(told(by_number, papers(Nature.RETRACTION, pmid="123"))) == 3


def test_what_an_article_declares_retracted_is_not_told_again() -> None:
    source = changed(("year: 2020}", "year: 2020, doi: 10.1000/gout, retracted: 2024-05-06}"))
    assert {rule for rule, _ in told(source, papers(Nature.RETRACTION, doi="10.1000/gout"))} == {"retracted-alone"}


def test_an_approval_without_a_day_is_told() -> None:
    write_articles(Path("one"), {"gout-basics": GOUT.replace("submitted", "approved\nreviewed_by: Dr A. Example")})
    article, _ = read_article(Path("one/gout-basics.md"))
    assert article
    bound = f"approved\nreviewed_by: Dr A. Example\nreviewed_sha256: {content_sha256(article)}"
    source = GOUT.replace("submitted", bound)
    assert told(source) == [("reviewer", line_of(source, "reviewed_by"))]
    assert told(source.replace("mg/dL", "mg")) == [
        ("changed-since-approval", line_of(source, "status:")),
    ]


def edition(number: int, title: str, year: int, authors: str = "Somebody; Example College of Gout (ECG)") -> str:
    return f"  - {{id: {number}, type: guideline, title: '{title}', authors: '{authors}', venue: 'J 1:2', year: {year}}}"


def editions(one: str, other: str) -> list[tuple[str, int]]:
    """What is told of a corpus whose gout article lists one guideline and whose asthma article another."""
    gout = re.sub(r"  - \{id: 1.*", one, GOUT)
    asthma = re.sub(r"  - \{id: 1.*", other, SMALL["asthma-basics"])
    write_articles(Path("two"), {"gout-basics": gout, "asthma-basics": asthma})
    return [(p.rule, p.line) for p in lint(Path("two"), today=TODAY).problems if p.rule == "newer-edition"]


def test_a_newer_edition_in_another_article_is_told() -> None:
    old, new = "2012 Guideline for the Management of Gout", "ECG Clinical Practice Guideline 2020: Treatment of Gout"
    assert editions(edition(1, old, 2012), edition(1, new, 2020)) == [("newer-edition", line_of(GOUT, "id: 1"))]
    assert editions(edition(1, new, 2020), edition(1, new, 2020)) == []


@pytest.mark.parametrize("today", [TODAY, dt.date(2030, 1, 1), dt.date(2040, 1, 1)])
def test_an_import_day_is_no_age(today: dt.date) -> None:
    undated = changed(("2026-01-02", "2026-11-01"), ("status: submitted\n", f"status: submitted\n{SOURCE}\n"))
    found = [(rule, line) for rule, line in told(undated, today=today) if rule.startswith(("undated", "age"))]
    assert found == [("undated", line_of(undated, "last_updated"))]


def test_a_date_that_the_source_gave_is_an_age() -> None:
    dated = changed(("status: submitted\n", f"status: submitted\n{SOURCE}\n"))
    assert [rule for rule, _ in told(dated, today=dt.date(2030, 1, 1)) if rule.startswith(("undated", "age"))] == ["age-check"]


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("Guideline for the Management of Gout in Kidney Disease", "Somebody; Example College of Gout (ECG)"),
        ("Guideline for the Management of Gout", "Somebody; Other Society of Joints (OSJ)"),
        ("Guideline for the Management of Gout: a focused update on colchicine", "Somebody; Example College of Gout (ECG)"),
    ],
)
def test_another_topic_another_body_and_a_focused_update_replace_nothing(title: str, authors: str) -> None:
    old = edition(1, "2012 Guideline for the Management of Gout", 2012)
    assert editions(old, edition(1, title, 2020, authors)) == []
    declared = old.replace("year: 2012", "year: 2012, superseded_by: the 2020 guideline")
    assert editions(declared, edition(1, "2020 Guideline for the Management of Gout", 2020)) == []


def near(change: Callable[[str], str]) -> list[str]:
    body = "\n\n".join(f"Sentence {n} says that gout number {n} is treated with drug {n * 7} every {n} days." for n in range(20))
    head = GOUT.split("references:")[0] + SOURCE
    first = f"{head}\n---\n\n{body}\n"
    twin = first.replace("id: gout-basics", "id: gout-twin").replace("How is a gout", "When is a gout")
    write_articles(Path("near"), {"gout-basics": first, "gout-twin": twin.split("\n---\n\n")[0] + "\n---\n\n" + change(body)})
    return [p.message for p in lint(Path("near"), today=TODAY).problems if p.rule == "near-duplicate"]


def test_articles_that_say_nearly_the_same_are_told_with_their_share() -> None:
    assert near(str) == ["says the same as gout-basics (near/gout-basics.md)"]
    assert near(str.upper) == ["says the same as gout-basics (near/gout-basics.md)"]
    (said,) = near(lambda body: body.replace("drug 35", "another drug"))
    share = re.fullmatch(r"has (\d\d)% of its wording in common with gout-basics \(near/gout-basics.md\)", said)
    assert share
    assert 90 <= int(share[1]) < 100
    assert near(lambda body: re.sub("days", "weeks or so", body)) == []


def test_one_file_is_checked_as_in_its_folder() -> None:
    write_articles(Path("one"), {"gout-basics": changed(("status: submitted", "status: under_review"))})
    whole, alone = lint(Path("one"), today=TODAY), lint_article(Path("one/gout-basics.md"), today=TODAY)
    assert alone == whole
    assert lint_article(Path("one/nowhere.md"), today=TODAY).errors == 1


def test_the_shipped_articles_have_no_error_and_no_near_duplicate() -> None:
    report = lint(SHIPPED, today=TODAY)
    assert (len(report.articles), report.errors) == (40, 0)
    # Read one by one on 2026-11-23: sources known by name and year only, old guidelines, older editions.
    assert report.by_rule() == {
        "reference-lookup": 36,
        "guideline-age-check": 6,
        "newer-edition": 6,
        "guideline-age-outdated": 5,
        "reference-year": 3,
    }


def test_every_rule_is_told_somewhere_and_documented() -> None:
    assert len(BY_ID) == len(RULES)
    assert as_markdown() in (ROOT / "docs" / "linting.md").read_text("utf-8")
    sources = [path for path in [*(ROOT / "corpus").rglob("*.py")] if path.name != "rules.py"]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    for rule in RULES:
        made = rule.id.removesuffix("-alone").removesuffix("-check").removesuffix("-outdated")
        assert f'"{rule.id}"' in text or f'"{made}"' in text, rule.id


def test_the_loader_names_no_rule_that_the_table_lacks() -> None:
    loading = (ROOT / "corpus" / "loading.py").read_text("utf-8")
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', loading))
    assert named <= set(BY_ID), named - set(BY_ID)


def test_severities_are_those_of_the_table() -> None:
    report = lint(SHIPPED, today=TODAY)
    assert isinstance(report, Report)
    assert {problem.severity for problem in report.problems} == {Severity.WARNING}
    assert report.warnings == len(report.problems)


def test_checks_load_no_model() -> None:
    code = (
        "import sys, datetime, pathlib; from corpus.linting import lint; "
        "lint(pathlib.Path(sys.argv[1]), today=datetime.date(2026, 1, 1)); "
        "print({'torch', 'onnxruntime', 'sentence_transformers', 'faiss'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(write_articles(Path("small").absolute()))]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "set()\n"
