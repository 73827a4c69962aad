"""The editorial workflow: who may do what when, and that an act changes its own lines of the file and nothing else."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from corpus.acting import Done, unfinished
from corpus.audit import AuditLog
from corpus.errors import ArticleNotFound, ArticleNotWritten, CorpusError, FollowupError, ReviewRefused
from corpus.loading import SHIPPED, article_files, content_sha256, read_article
from corpus.retractions import Nature, Record, Retracted, RetractionList
from corpus.reviewing import approve, restore, retract_reference, send_back, start_review, withdraw
from corpus.types import Article, Status, Withdrawal
from tests.fakes import edit, write_articles

TODAY = dt.date(2026, 11, 23)
GOUT = "gout-basics"


class Desk:
    """A folder of articles, its log, and a person who acts on them."""

    def __init__(self, folder: Path, source: Path | None = None) -> None:
        self.articles = Path(shutil.copytree(source, folder / "articles")) if source else write_articles(folder / "articles")
        self.log = AuditLog(folder / "audit.jsonl")

    def path(self, article: str = GOUT) -> Path:
        return self.articles / f"{article}.md"

    def article(self, article: str = GOUT) -> Article:
        found, problems = read_article(self.path(article))
        assert found is not None, problems
        return found

    def act(self, act: Callable[..., Done], article: str = GOUT, **given: object) -> Done:
        listed = {"retracted": RetractionList()} if act is approve else {}
        return act(self.articles, article, **{"by": "Dr A. Reviewer", "log": self.log, "today": TODAY, **listed, **given})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_article_goes_from_submitted_to_approved_with_who_when_and_what(desk: Desk) -> None:
    begun = desk.act(start_review)
    assert (begun.article.status, begun.article.reviewed_by) == (Status.UNDER_REVIEW, None)
    done = desk.act(approve)
    article = desk.article()
    assert done.article == article
    assert (article.status, article.reviewed_by, article.reviewed_on) == (Status.APPROVED, "Dr A. Reviewer", TODAY)
    assert article.reviewed_sha256 == content_sha256(article) == done.entry.details["content"]
    acts = [(entry.actor, entry.action, entry.subject) for entry in desk.log.entries()]
    assert acts == [("Dr A. Reviewer", "review", GOUT), ("Dr A. Reviewer", "approve", GOUT)]
    assert desk.log.verify().problems == ()


def test_an_approval_ends_with_the_text_it_was_of(desk: Desk) -> None:
    desk.act(start_review)
    desk.act(approve)
    edit(desk.path(), lambda text: text.replace("0.6 mg", "6 mg"))
    assert desk.article().status is Status.UNDER_REVIEW
    with pytest.raises(ReviewRefused, match="no review of gout-basics that goes on"):
        desk.act(approve)
    desk.act(start_review)
    desk.act(approve)
    assert desk.article().status is Status.APPROVED


def test_what_changed_since_its_review_began_is_not_approved(desk: Desk) -> None:
    desk.act(start_review, by="Dr B")
    edit(desk.path(), lambda text: text.replace("0.6 mg", "6 mg"))
    with pytest.raises(
        ReviewRefused, match=r"changed since its review began \(.*, by Dr B\).*`followup corpus review gout-basics`"
    ):
        desk.act(approve)
    desk.act(start_review)
    assert desk.act(approve).article.status is Status.APPROVED


def test_a_review_that_nobody_logged_does_not_count(desk: Desk) -> None:
    edit(desk.path(), lambda text: text.replace("status: submitted", "status: under_review"))
    with pytest.raises(ReviewRefused, match="no review of gout-basics"):
        desk.act(approve)
    desk.act(start_review)
    desk.act(send_back, reason="Doses.")
    edit(desk.path(), lambda text: text.replace("status: submitted", "status: under_review"))
    with pytest.raises(ReviewRefused, match="no review of gout-basics"):  # the earlier one ended
        desk.act(approve)


def test_an_article_with_errors_is_neither_approved_nor_touched(desk: Desk) -> None:
    desk.act(start_review)
    edit(desk.path(), lambda text: text.replace("[1, 2] ^F1", "[1, 2, 9] ^F1"))
    before = desk.path().read_bytes()
    with pytest.raises(CorpusError, match="reference 9 is not listed"):
        desk.act(approve)
    assert (desk.path().read_bytes(), len(desk.log.entries())) == (before, 1)


def test_an_article_that_breaks_a_rule_of_the_checks_is_not_approved(desk: Desk) -> None:
    desk.act(retract_reference, reference="1", date=TODAY)  # ^F2 and ^F3 rest on it alone
    desk.act(start_review)
    with pytest.raises(CorpusError, match="gout-basics"):
        desk.act(approve)
    listed = RetractionList([Record(Retracted(Nature.RETRACTION, TODAY, None, "1"), ("10.1000/air",), ())])
    desk.act(start_review, "sleep-basics")
    assert desk.act(approve, "sleep-basics", retracted=listed).article.status is Status.APPROVED
    desk.act(send_back, "asthma-basics", reason="Trial.")
    desk.act(start_review, "asthma-basics")
    with pytest.raises(CorpusError, match="asthma-basics"):
        desk.act(approve, "asthma-basics", retracted=listed)


@pytest.mark.parametrize("by", ["", "  \n ", "\x1b\x07", "x" * 101])
def test_nobody_acts_without_a_name_of_one_printable_line(desk: Desk, by: str) -> None:
    with pytest.raises(ReviewRefused, match="who does it"):
        desk.act(start_review, by=by)
    assert desk.log.entries() == []


@pytest.mark.parametrize("act", [send_back, withdraw])
def test_taking_an_article_back_needs_a_reason(desk: Desk, act: Callable[..., Done]) -> None:
    desk.act(start_review)
    for reason in (None, " "):
        with pytest.raises(ReviewRefused, match="this needs a reason"):
            desk.act(act, reason=reason)


@pytest.mark.parametrize("article", ["no-such", "../gout-basics", "", ".", "gout-basics.md"])
def test_an_unknown_article_is_told(desk: Desk, article: str) -> None:
    with pytest.raises(ArticleNotFound):
        desk.act(start_review, article)


REASONS = [
    "Superseded.",
    "It said: no, {really}",
    "'quoted' \"twice\"",
    "# 1",
    "no",
    "2026-01-01",
    "Größe ≤ 3 𝄞",
    "a\nb\u2028c",
    "- x",
]


@pytest.mark.parametrize("reason", REASONS)
def test_any_reason_and_name_comes_back_as_it_was_given(desk: Desk, reason: str) -> None:
    plain = " ".join(reason.split())
    assert desk.act(withdraw, reason=reason).article.withdrawn == Withdrawal(TODAY, plain)
    desk.act(restore)
    desk.act(start_review)
    assert desk.act(approve, by=reason).article.reviewed_by == plain


@pytest.mark.parametrize("given", ["3", "10.1000/air", "https://doi.org/10.1000/AIR", 3])
def test_a_reference_is_retracted_by_number_or_doi(desk: Desk, given: str | int) -> None:
    day = dt.date(2026, 5, 6)
    done = desk.act(retract_reference, "asthma-basics", reference=given, date=day)
    assert [reference.retracted for reference in done.article.references] == [None, day]
    assert done.entry.details["doi"] == "10.1000/air"
    with pytest.raises(ReviewRefused, match="already noted as retracted on 2026-05-06"):
        desk.act(retract_reference, "asthma-basics", reference=given, date=TODAY)


def test_a_retraction_ends_an_approval_and_unknown_or_future_ones_are_refused(desk: Desk) -> None:
    desk.act(start_review)
    desk.act(approve)
    for reference, date, message in (("7", TODAY, "lists no reference '7'"), ("1", TODAY + dt.timedelta(1), "is after today")):
        with pytest.raises(ReviewRefused, match=message):
            desk.act(retract_reference, reference=reference, date=date)
    done = desk.act(retract_reference, reference="1", date=TODAY)
    assert (done.article.status, desk.article().status) == (Status.UNDER_REVIEW, Status.UNDER_REVIEW)
    assert [warning.rule for warning in done.warnings] == ["changed-since-approval"]


def test_every_shipped_article_is_byte_for_byte_the_same_after_its_whole_life(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SHIPPED)
    for path in article_files(SHIPPED):
        before = path.read_bytes()
        allowed = {"status", "reviewed_by", "reviewed_on", "reviewed_sha256", "withdrawn"}
        for act, more in ((start_review, {}), (approve, {}), (withdraw, {"reason": "Try."})):
            desk.act(act, path.stem, **more)
            now = desk.path(path.stem).read_text("utf-8").splitlines()
            changes = [line for line in difflib.ndiff(before.decode().splitlines(), now) if line[0] in "+-"]
            assert {line[2:].partition(":")[0] for line in changes} <= allowed
        desk.act(restore, path.stem)
        assert desk.path(path.stem).read_bytes() == before, path.stem
    assert (len(desk.log.entries()), desk.log.verify().problems) == (4 * len(article_files(SHIPPED)), ())


ODD = """\
# before anything
"id":   'gout-basics'      # its name
title: How is it treated?
heading: >-
  Gout
  flares
specialty: Rheumatology
"status" : [submitted, approved]  # two words
# between
references:
- {id: 1, type: guideline, title: Gout guideline, authors: Example, venue: J Gout,   year: 2020, }  # kept
-   id: 2
    type: label
    title: "Colchicine label"   # no year
    authors: Example Agency
    venue: Label


    # of reference 2
last_updated:   2026-01-02

withdrawn:
questions: []
# the end"""
BODY = "\n---\n\n## Flares\n\n- Colchicine helps. [1, 2] ^F1\n\n---\nstatus: not front matter\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_comments_order_quotes_line_ends_and_spaces_stay(desk: Desk, end: str, mark: str) -> None:
    text = mark + f"---\n{ODD}{BODY}".replace("\n", end)
    desk.path().write_bytes(text.encode())
    desk.act(start_review)
    desk.act(approve, by="Dr Ä")
    desk.act(retract_reference, reference="1", date=TODAY)
    desk.act(retract_reference, reference="2", date=TODAY)
    desk.act(withdraw, reason="Try.")
    assert (desk.article().withdrawn, desk.article().reviewed_by) == (Withdrawal(TODAY, "Try."), "Dr Ä")
    sha = desk.article().reviewed_sha256
    lines = {
        "last_updated:   2026-01-02": f"\nreviewed_by: Dr Ä\nreviewed_on: 2026-11-23\nreviewed_sha256: '{sha}'",
        "    venue: Label": "\n    retracted: 2026-11-23",
    }
    expected = ODD.replace("[submitted, approved]", "approved").replace("2020, }", "2020, retracted: 2026-11-23, }")
    expected = expected.replace("withdrawn:", "withdrawn: {since: 2026-11-23, reason: Try.}")
    for line, added in lines.items():
        expected = expected.replace(line, line + added)
    assert desk.path().read_bytes().decode() == mark + f"---\n{expected}{BODY}".replace("\n", end)


def test_a_front_matter_that_cannot_be_changed_alone_is_left_alone(desk: Desk) -> None:
    text = desk.path().read_text("utf-8")
    head, body = text.removeprefix("---\n").split("\n---\n")
    braces = yaml.safe_dump(yaml.safe_load(head), default_flow_style=True, width=10**6)
    desk.path().write_text(f"---\n{braces}---\n{body}", "utf-8")
    desk.act(withdraw, reason="Try.")  # adding works
    before = desk.path().read_bytes()
    with pytest.raises(FollowupError, match=r"gout-basics\.md: the front matter is written in braces.*by hand"):
        desk.act(restore)
    assert (desk.path().read_bytes(), len(desk.log.entries())) == (before, 1)


def test_the_files_mode_is_kept_and_a_link_stays_a_link(desk: Desk, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.md"
    shutil.move(desk.path(), real)
    real.chmod(0o640)
    desk.path().symlink_to(real)
    desk.act(start_review)
    assert (real.stat().st_mode & 0o777, desk.path().is_symlink()) == (0o640, True)
    assert desk.article().status is Status.UNDER_REVIEW


def test_an_edit_between_reading_and_replacing_wins_and_the_log_says_so(desk: Desk) -> None:
    class Meddled(AuditLog):
        """Somebody saves the article while the entry is written."""

        def append(self, actor: str, action: str, subject: str, **details: object) -> object:  # type: ignore[override]
            if action == "review":
                edit(desk.path(), lambda text: text.replace("0.6 mg", "0.5 mg"))
            return super().append(actor, action, subject, **details)

    with pytest.raises(ArticleNotWritten, match="changed by somebody else"):
        start_review(desk.articles, GOUT, by="Dr A", log=Meddled(desk.log.path), today=TODAY)
    assert ("0.5 mg" in desk.article().text, desk.article().status) == (True, Status.SUBMITTED)
    assert [entry.action for entry in desk.log.entries()] == ["review", "undone"]
    assert [path.name for path in desk.articles.iterdir() if path.name.startswith(".")] == []


class Model:
    """What an article may do, in the plain words of docs/editorial.md."""

    def __init__(self) -> None:
        self.status, self.withdrawn, self.text = "submitted", False, 0
        self.reviewed: int | None = None  # the text that the review began with
        self.approved: int | None = None

    @property
    def shown(self) -> str:
        lapsed = self.status == "approved" and self.approved != self.text
        return "under_review" if lapsed else self.status

    def may(self, act: str) -> bool:
        if act == "restore":
            return self.withdrawn
        if self.withdrawn:
            return False
        return {
            "review": self.shown != "approved",
            "approve": self.shown == "under_review" and self.reviewed == self.text,
            "send-back": self.shown != "submitted",
            "withdraw": True,
        }[act]

    def do(self, act: str) -> None:
        if act == "edit":
            self.text += 1
        elif act == "withdraw":
            self.withdrawn = True
        elif act == "approve":
            self.status, self.approved, self.reviewed = "approved", self.text, None
        elif act == "review":
            self.status, self.reviewed = "under_review", self.text
        else:  # send-back, restore
            self.status, self.reviewed, self.withdrawn = "submitted", None, False


ACTS: dict[str, Callable[..., Done]] = {
    "review": start_review,
    "approve": approve,
    "send-back": send_back,
    "withdraw": withdraw,
    "restore": restore,
}


@examples(max_examples=40, deadline=None)
@given(acts=st.lists(st.sampled_from([*ACTS, "edit"]), max_size=12))
def test_random_sequences_do_what_the_plain_model_does(tmp_path_factory: pytest.TempPathFactory, acts: list[str]) -> None:
    desk, model, logged = Desk(tmp_path_factory.mktemp("desk")), Model(), []
    for act in acts:
        before = desk.path().read_bytes()
        if act == "edit":
            with desk.path().open("a", encoding="utf-8") as file:
                file.write(f"\nMore text {model.text}. [1]\n")
        elif model.may(act):
            desk.act(ACTS[act], reason="Reason.")
            logged.append(act)
        else:
            with pytest.raises(ReviewRefused):
                desk.act(ACTS[act], reason="Reason.")
            assert desk.path().read_bytes() == before
            continue
        model.do(act)
        article = desk.article()
        assert (article.status.value, article.withdrawn is not None) == (model.shown, model.withdrawn)
        assert (article.reviewed_by is not None) == (model.status == "approved")
    assert [entry.action for entry in desk.log.entries()] == logged
    assert (desk.log.verify().problems, unfinished(desk.articles, desk.log)) == ((), [])


def test_staff_do_all_of_it_on_the_command_line(desk: Desk, followup: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return followup("corpus", *arguments, articles=desk.articles, audit=desk.log.path)

    assert "Missing option '--by'" in run("approve", GOUT).stderr
    refused = run("approve", GOUT, "--by", "Dr A")
    assert (refused.returncode, "first run `followup corpus review`" in refused.stderr) == (2, True)
    for command in (
        ("review", GOUT), ("send-back", GOUT, "--reason", "Doses."), ("review", GOUT), ("approve", GOUT),
        ("retract", GOUT, "2", "--on", "2026-01-02"), ("withdraw", GOUT, "--reason", "Harm."),
    ):  # fmt: skip
        done = run(*command, "--by", "Dr A")
        assert (done.returncode, done.stdout.startswith(f"{GOUT}: ")) == (0, True), done.stderr
    restored = json.loads(run("restore", GOUT, "--by", "Dr A", "--json").stdout)
    assert (restored["status"], restored["entry"], restored["hash"]) == ("submitted", 7, desk.log.verify().head)
    verified = followup("audit", "verify", articles=desk.articles, audit=desk.log.path)
    assert (verified.returncode, verified.stdout.startswith("7 entries, 0 problems")) == (0, True)
