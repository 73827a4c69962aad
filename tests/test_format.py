"""The article format: every rule, every complaint with its line, and exact spans of what an article says."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.loading import MAX_FILE_BYTES, load_corpus, parse_article, read_article, read_corpus
from corpus.types import Condition, ReferenceType, Severity, Status, Withdrawal
from tests.fakes import SMALL, write_articles

GOUT = SMALL["gout-basics"]
FIRST_REFERENCE = "- {id: 1, type: guideline, title: Gout guideline, authors: Example College, venue: J Gout, year: 2020}"


def line_of(source: str, snippet: str) -> int:
    """The line on which a snippet stands, the last one when it stands on several."""
    return max(number for number, line in enumerate(source.split("\n"), start=1) if snippet in line)


def complaints(source: str, name: str = "gout-basics.md") -> list[str]:
    article, problems = parse_article(source, name)
    assert (article is None) == bool(problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("conditions: {F1: [F9]}", "conditions: the body has no statement ^F9"),
        ("conditions: {F9: [F1]}", "conditions: the body has no statement ^F9"),
        ("conditions: {F1: [F1]}", "conditions: ^F1 names itself"),
        ("disagreements: [[{body: ACR, statements: [F1]}, {body: EULAR, statements: [F9]}]]", "has no statement ^F9"),
        ("disagreements: [[{body: ACR, statements: [F1]}]]", "at least 2 items"),
        ("withdrawn: {since: soon, reason: Old.}", "withdrawn.since"),
        ("withdrawn: {since: 2026-01-01}", "withdrawn.reason"),
    ],
)
def test_what_is_declared_must_be_there(added: str, problem: str) -> None:
    article, problems = parse_article(GOUT.replace("status: submitted", f"status: submitted\n{added}"), "gout-basics.md")
    assert article is None
    assert any(problem in str(one) for one in problems), problems


def test_what_is_declared_is_read_and_nothing_is_not_none() -> None:
    declared = "conditions: {F1: [F2]}\ndisagreements: []\nwithdrawn: {since: 2026-01-02, reason: Old.}"
    article, _ = parse_article(GOUT.replace("status: submitted", f"status: submitted\n{declared}"), "gout-basics.md")
    assert article is not None
    assert article.conditions == (Condition("F1", ("F2",)),)
    assert article.disagreements == ()
    assert article.withdrawn == Withdrawal(dt.date(2026, 1, 2), "Old.")
    plain, _ = parse_article(GOUT, "gout-basics.md")
    assert plain is not None
    assert (plain.conditions, plain.disagreements, plain.withdrawn) == (None, None, None)


def test_a_good_article_is_read_whole() -> None:
    article, problems = parse_article(GOUT, "articles/gout-basics.md")
    assert not problems
    assert article is not None
    assert (article.id, article.status, article.reviewed_by) == ("gout-basics", Status.SUBMITTED, None)
    assert article.last_updated.isoformat() == "2026-01-02"
    assert [reference.type for reference in article.references] == [ReferenceType.GUIDELINE, ReferenceType.LABEL]
    assert [(note.text, note.statements) for note in article.plain_summary] == [("A small dose of colchicine helps.", ("F1",))]
    assert [(block.statement, block.section, block.marks) for block in article.blocks] == [
        ("F1", ("Flares",), (1, 2)),
        ("F2", ("Flares",), (1,)),
        ("F3", ("Long term", "Target"), (1,)),
    ]
    assert article.quote(article.blocks[2]) == "Serum urate is kept below 6 mg/dL."
    assert [block.line for block in article.blocks] == [line_of(GOUT, f"^F{number}") for number in (1, 2, 3)]


#: What is changed in a good article, where the complaint must stand, and what it must say.
BROKEN = {
    "unknown key": ("status: submitted", "status: submitted\ncolour: red", "colour", "colour: Extra inputs are not permitted"),
    "unknown key of a reference": (
        "venue: J Gout", "venue: J Gout, colour: red", "colour", "references.0.colour: Extra inputs are not permitted",
    ),
    "unknown key of a question": (
        "  - text: Is a steroid an option?", "  - text: Is a steroid an option?\n    colour: red", "colour",
        "questions.1.colour: Extra inputs are not permitted",
    ),
    "key given twice": (
        "heading: Gout flares", "heading: Gout flares\nheading: Again", "Again", "`heading` is given twice, first on line 4",
    ),
    "blank title": (
        "title: How is a gout flare treated?", "title: '  '", "title: '", "title: String should have at least 1 character",
    ),
    "unknown status": (
        "status: submitted", "status: ready", "status:",
        "status: Input should be 'submitted', 'under_review' or 'approved'",
    ),
    "status that denies itself": (
        "status: submitted", "status: not approved", "status:",
        "status: Input should be 'submitted', 'under_review' or 'approved'",
    ),
    "approved without a reviewer": (
        "status: submitted", "status: approved", "---", "front matter: status is approved but reviewed_by names nobody",
    ),
    "a day that does not exist": (
        "2026-01-02", "2026-02-30", "2026-02-30",
        "last_updated: Input should be a valid date or datetime, day value is outside expected range",
    ),
    "type of reference": (
        "type: label", "type: blog", "blog", "references.1.type: Input should be 'guideline', 'research' or 'label'",
    ),
    "year of a reference": (
        "year: 2020", "year: 3020", "3020", "references.0.year: Input should be less than or equal to 2200",
    ),
    "dangerous address": (
        "year: 2020", "url: 'javascript:x()'", "javascript",
        r"references.0.url: String should match pattern '^https?://\S+$'",
    ),
    "statement list that is empty": (
        "statements: [F3]", "statements: []", "statements: []",
        "questions.2.statements: Tuple should have at least 1 item after validation, not 0",
    ),
    "dangling mark": (
        "not tolerated. [1]", "not tolerated. [1, 7]", "^F2", "mark [7]: reference 7 is not listed in the article",
    ),
    "mark in the middle": (
        "Serum urate is", "Serum urate [9] is", "^F3", "mark [9]: reference 9 is not listed in the article",
    ),
    "duplicate statement": ("- Serum", "- Again. [1] ^F1\n- Serum", "Again", "^F1 is used twice, first on line {first}"),
    "statement without a mark": (" [1] ^F3", " ^F3", "^F3", "^F3 carries no reference mark"),
    "statement id inside": ("Serum urate", "Serum ^F9 urate", "^F3", "^F9 does not stand at the end of its block"),
    "statement id before its mark": (
        "- Serum", "- ^F9 [1]\n- Serum", "^F9", "^F9 does not stand at the end of its block",
    ),
    "two statement ids": ("- Serum", "- Twice. [1] ^F8 ^F9\n- Serum", "Twice", "^F8 does not stand at the end of its block"),
    "statement id of a passage": (
        "- Serum", "- Named. [1] ^p3\n- Serum", "^p3",
        "^p3 is the name of a passage without a statement id; choose another",
    ),
    "statement id without wording": (
        "- Serum urate is kept below 6 mg/dL. [1] ^F3", "- Urate. [1] ^F3\n- [1] ^F4", "^F4",
        "a statement id or citation mark stands without wording",
    ),
    "uncited reference": (
        "  - {id: 2,", "  - {id: 3, type: research, title: A, authors: B, venue: C}\n  - {id: 2,", "id: 3",
        "reference 3 is cited by no statement",
    ),
    "question about nothing": (
        "statements: [F3]", "statements: [F3, F9]", "Which urate", "questions: the body has no statement ^F9",
    ),
    "summary of nothing": (
        "A small dose of colchicine helps.\n    statements: [F1]", "A dose.\n    statements: [F8]", "A dose.",
        "plain_summary: the body has no statement ^F8",
    ),
    "review note on nothing": (
        "plain_summary:", "review_notes:\n  - text: Check this.\n    statements: [F8]\nplain_summary:", "Check this.",
        "review_notes: the body has no statement ^F8",
    ),
    "id and file": ("id: gout-basics", "id: gout", "id: gout", "id is 'gout' but the file is called 'gout-basics.md'"),
    "id in capitals": (
        "id: gout-basics", "id: Gout", "id: Gout", "id: String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$'",
    ),
    "YAML that does not close": (
        "heading: Gout flares", "heading: [Gout", "specialty",
        "front matter is not valid YAML: expected ',' or ']', but got ':'",
    ),
    "alias": ("heading: Gout flares", "heading: *x", "heading", "front matter is not valid YAML: aliases are not taken"),
    "alias of itself": (
        "heading: Gout flares", "heading: &x [*x]", "heading", "front matter is not valid YAML: aliases are not taken",
    ),
    "merge key": (
        "heading: Gout flares", "<<: {heading: x}", "<<",
        "front matter is not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:merge'",
    ),
    "key that is a list": (
        "heading: Gout flares", "? [a]\n: b\nheading: x", "? [a]", "front matter is not valid YAML: found unhashable key",
    ),
    "Python object": (
        "heading: Gout flares", "heading: !!python/name:os.system", "heading",
        "front matter is not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'",
    ),
    "control character": (
        "heading: Gout flares", "heading: Gout\x07", "heading",
        "front matter is not valid YAML: the character U+0007 is not allowed",
    ),
    "nested without end": (
        "heading: Gout flares", "heading: " + "[" * 5000, "---", "front matter is not valid YAML: nested too deeply",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "where", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_each_broken_rule_is_named_on_its_line(before: str, after: str, where: str, message: str) -> None:
    assert GOUT.count(before) == 1
    source = GOUT.replace(before, after)
    # A complaint about the front matter as a whole stands on the line that opens it, a YAML one on the first inside.
    line = line_of(source, where) if where != "---" else 2 if "YAML" in message else 1
    message = message.replace("{first}", str(line_of(GOUT, "^F1")))
    assert complaints(source) == [f"gout-basics.md:{line}: {message}"]


@pytest.mark.parametrize("key", ["id", "title", "heading", "specialty", "status", "last_updated"])
def test_a_missing_key_is_named(key: str) -> None:
    source = re.sub(rf"^{key}: .*\n", "", GOUT, count=1, flags=re.MULTILINE)
    assert complaints(source) == [f"gout-basics.md:1: {key}: Field required"]


@pytest.mark.parametrize("key", ["type", "title", "authors", "venue"])
def test_a_missing_key_of_a_reference_is_named_on_its_line(key: str) -> None:
    source = GOUT.replace(FIRST_REFERENCE, re.sub(rf"{key}: [^,]*, ", "", FIRST_REFERENCE))
    assert complaints(source) == [f"gout-basics.md:{line_of(source, 'id: 1,')}: references.0.{key}: Field required"]


@pytest.mark.parametrize("key", ["id: 1", "doi: 10.1000/a", "pmid: '123'"])
def test_a_reference_listed_twice_is_named_with_both_lines(key: str) -> None:
    own = "" if key == "id: 1" else "id: 2, "
    first = FIRST_REFERENCE if key == "id: 1" else FIRST_REFERENCE.replace("id: 1", f"id: 1, {key}")
    second = f"- {{{own}{key}, type: label, title: L, authors: A, venue: V}}"
    source = re.sub(r"- \{id: 2.*", second, GOUT).replace(FIRST_REFERENCE, first)
    source = source.replace("[1, 2]", "[1]") if key == "id: 1" else source
    shown = key.replace("'", "").replace(":", "")
    wanted = f"reference {shown} is listed twice, first on line {line_of(source, first)}"
    assert complaints(source) == [f"gout-basics.md:{line_of(source, second)}: {wanted}"]


@pytest.mark.parametrize(
    ("said", "least"),
    [
        ("submitted", Status.SUBMITTED),
        ("Under Review", Status.UNDER_REVIEW),
        ("Submitted → Under Review → Approved", Status.SUBMITTED),
        ("[approved, under_review]", Status.UNDER_REVIEW),
        ("approved / Approved", Status.APPROVED),
    ],
)
def test_of_several_status_words_the_least_approved_wins(said: str, least: Status) -> None:
    article, problems = parse_article(GOUT.replace("status: submitted", f"status: {said}\nreviewed_by: Dr B"), "gout-basics.md")
    assert [problem.rule for problem in problems] == ["approval-not-bound"] * (least is Status.APPROVED)
    assert article is not None
    assert article.status is least


def test_an_approved_article_that_was_edited_since_is_under_review_again() -> None:
    approved = SMALL["asthma-basics"]
    article, problems = parse_article(approved, "asthma-basics.md")
    assert article is not None
    assert (article.status, problems) == (Status.APPROVED, [])
    for edited in (approved.replace("year: 2018", "year: 2019"), approved.replace("Which reliever", "What reliever")):
        article, problems = parse_article(edited, "asthma-basics.md")
        assert article is not None
        assert article.status is Status.UNDER_REVIEW
        assert [(problem.line, problem.rule) for problem in problems] == [(6, "changed-since-approval")]


IMPORTED = """source: {name: NIH, id: a1, url: https://example.org/a, licence: CC BY 4.0, sha256: %s, imported: 2026-11-23}
status: submitted""" % ("ab" * 32)  # braces of YAML


def test_what_an_imported_article_cites_badly_is_a_warning_and_stops_nothing() -> None:
    badly = GOUT.replace("[1] ^F2", "[9] ^F2")
    written, errors = parse_article(badly, "gout-basics.md")
    imported, warnings = parse_article(badly.replace("status: submitted", IMPORTED), "gout-basics.md")
    assert written is None
    assert imported is not None
    assert imported.source is not None
    assert [(imported.source.name, imported.source.licence)] == [("NIH", "CC BY 4.0")]
    assert [problem.message for problem in warnings] == [problem.message for problem in errors]
    assert {problem.severity for problem in warnings} == {Severity.WARNING}


@pytest.mark.parametrize("source", ["", "# No front matter\n", "---\nid: x\n", "\n---\nid: x\n---\n", "--- \nid: x\n---\n"])
def test_a_file_without_front_matter_says_so(source: str) -> None:
    wanted = "gout-basics.md:1: no front matter: the file must begin with a line `---` and close it with another"
    assert complaints(source) == [wanted]


def test_front_matter_that_is_no_mapping_says_so() -> None:
    assert "gout-basics.md:2: front matter is not a list of `key: value` lines" in complaints("---\n- a\n---\n\nText. ^F1\n")


def test_an_article_without_text_says_so() -> None:
    head = SMALL["sleep-basics"].partition("\nCognitive")[0].replace("references:\n", "references: []\n")
    head = re.sub(r"  - \{id.*\n", "", head)
    assert complaints(head, "sleep-basics.md") == [f"sleep-basics.md:{head.count(chr(10)) + 1}: the article has no text"]


def test_byte_order_mark_and_line_ends_of_other_systems_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gout-basics.md"
    path.write_text(GOUT, "utf-8")
    plain = read_article(path)
    for written in ("\ufeff" + GOUT, GOUT.replace("\n", "\r\n"), GOUT.replace("\n", "\r")):
        path.write_bytes(written.encode())
        assert read_article(path) == plain
    assert parse_article(GOUT.replace("\n", "\r\n"), "a/gout-basics.md") == parse_article(GOUT, "a/gout-basics.md")


def test_files_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.md").write_bytes(GOUT.replace("Gout flares", "Gout f\u00fcr").encode("latin-1"))
    (tmp_path / "huge.md").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    position = GOUT.index("Gout flares") + len("Gout f")
    _, problems = read_corpus(tmp_path)
    assert [str(problem) for problem in problems] == [
        "folder.md:1: cannot be read: Is a directory",
        "gone.md:1: cannot be read: No such file or directory",
        "huge.md:1: 2000001 bytes; an article has at most 2000000",
        f"latin.md:1: not UTF-8: byte {position} is 0xfc",
    ]


def test_markup_and_scripts_stay_plain_text() -> None:
    nasty = "<script>alert(1)</script> <img src=x onerror=y> ![p](http://e.example/p.png) &lt; {{ 7*7 }}"
    source = GOUT.replace("Serum urate is kept", f"{nasty} is kept").replace("How is a gout", "<b>How</b> is a gout")
    article, problems = parse_article(source, "gout-basics.md")
    assert not problems
    assert article is not None
    assert article.quote(article.blocks[2]) == f"{nasty} is kept below 6 mg/dL."
    assert article.title.startswith("<b>How</b>")


def broken_corpus(folder: Path) -> list[str]:
    """Three broken files and a good one; what must be said of them, in order of file and line."""
    asthma = SMALL["asthma-basics"].replace("[1] ^F2", "[4] ^F2").replace("status: approved", "status: done")
    gout = GOUT.replace("[1] ^F3", "[8] ^F3").replace("[1, 2]", "[1]").replace("id: gout-basics", "id: gout")
    write_articles(folder, {**SMALL, "asthma-basics": asthma, "gout-basics": gout, "no-head": "Hello"})
    return [
        f"asthma-basics.md:{line_of(asthma, 'done')}: status: Input should be 'submitted', 'under_review' or 'approved'",
        "gout-basics.md:2: id is 'gout' but the file is called 'gout-basics.md'",
        f"gout-basics.md:{line_of(gout, 'id: 2')}: reference 2 is cited by no statement",
        f"gout-basics.md:{line_of(gout, '^F3')}: mark [8]: reference 8 is not listed in the article",
        "no-head.md:1: no front matter: the file must begin with a line `---` and close it with another",
    ]


def test_all_problems_of_all_files_come_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = broken_corpus(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError) as raised:
        load_corpus(tmp_path)
    assert str(raised.value).split("\n") == wanted


def test_corpus_check_prints_every_problem_and_exits_1(tmp_path: Path, followup) -> None:
    wanted = [f"{tmp_path / 'bad'}/{line}" for line in broken_corpus(tmp_path / "bad")]
    done = followup("corpus", "check", str(tmp_path / "bad"))
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    rules = ["format", "format", "uncited-reference", "dangling-mark", "format"]
    errors = [f"{line} [{rule}]" for line, rule in zip(wanted, rules, strict=True)]
    assert [line for line in lines if line in errors] == errors  # warnings stand between them
    assert lines[-1].startswith("1 articles, 5 errors, ")
    document = json.loads(followup("corpus", "check", "--json", articles=tmp_path / "bad").stdout)
    found = [f"{p['path']}:{p['line']}: {p['message']}" for p in document["problems"] if p["severity"] == "error"]
    assert found == wanted
    listed = followup("corpus", "list", articles=tmp_path / "bad")
    assert (listed.returncode, listed.stdout, listed.stderr.splitlines()) == (1, "", wanted)


def test_corpus_check_of_good_articles_exits_0(tmp_path: Path, followup) -> None:
    done = followup("corpus", "check", articles=write_articles(tmp_path / "good"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("3 articles, 0 errors, ")


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    assert [problem.message for problem in read_corpus(tmp_path)[1]] == ["no article (*.md) in this folder"]
    assert read_corpus(tmp_path / "nowhere")[1]


def test_two_articles_may_not_have_one_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    twin = GOUT.replace("id: gout-basics", "id: gout-twin").replace("How is a gout", "HOW is a Gout")
    write_articles(tmp_path, {"gout-basics": GOUT, "gout-twin": twin})
    assert [str(problem) for problem in read_corpus(tmp_path)[1]] == ["gout-twin.md:1: the same title as gout-basics.md"]
