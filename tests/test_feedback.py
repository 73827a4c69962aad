"""What readers think of answers: sent by a form, one opinion a reader, and shown to staff by `followup feedback`."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from assistant.answering import Assistant
from assistant.cli import feedback as command
from assistant.settings import Settings
from assistant.store import ConversationStore, FeedbackStore
from assistant.store.feedback import MAX_COMMENT, Opinion, Reason
from assistant.web import create_app
from tests.answers import blank
from tests.pages import BROWSER

FETCH = {"X-Requested-With": "fetch"}
QUESTION = "How much colchicine does Jane Doe take?"


class Site:
    """A server whose store holds one answer, and the readers who come to it."""

    def __init__(self, settings: Settings, **limits: int) -> None:
        self.settings = settings.model_copy(update={"questions_per_minute": 0, **limits})
        self.store = ConversationStore(settings.database)
        self.store.add(replace(blank(QUESTION), answer_id="made", conversation_id="talk"), None)
        self._app = create_app(self.settings, Assistant(None, self.store, self.settings))

    def reader(self) -> FlaskClient:
        """A new one, who has opened a page."""
        client = self._app.test_client()
        client.get("/conversations", headers=BROWSER)
        return client

    @property
    def given(self) -> list[tuple[Any, ...]]:
        """What staff see, the latest first."""
        told = FeedbackStore(self.store.database).all()
        return [(one["answer_id"], one["helpful"], one["reason"], one["comment"]) for one in told]


@pytest.fixture
def site(small: Settings) -> Iterator[Site]:
    opened = Site(small)
    yield opened
    opened.store.close()


def judge(client: FlaskClient, answer_id: str = "made", headers: dict[str, str] | None = None, **form: str) -> TestResponse:
    return client.post(f"/answers/{answer_id}/feedback", data=form, headers=BROWSER if headers is None else headers)


# --- the route ----------------------------------------------------------------------------------------------------------


def test_a_form_goes_back_to_the_answer_on_the_page_it_came_from(site: Site) -> None:
    alone = judge(site.reader(), helpful="yes", conversation_id="talk")
    assert (alone.status_code, alone.location) == (303, "/ask?conversation=talk#made")
    beside = judge(site.reader(), helpful="yes", conversation_id="talk", article_id="gout-basics")
    assert beside.location == "/articles/gout-basics?conversation=talk#made"
    elsewhere = judge(site.reader(), helpful="yes", conversation_id="//evil.example", article_id="//evil.example/")
    assert elsewhere.location.startswith("/articles/")  # of this site, whatever is there


def test_a_script_gets_204_and_nothing_to_show(site: Site) -> None:
    told = judge(site.reader(), headers=FETCH, helpful="yes")
    assert (told.status_code, told.data) == (204, b"")
    assert site.given == [("made", True, None, "")]


@pytest.mark.parametrize("reason", ["", *Reason])
def test_an_answer_that_did_not_help_may_have_a_reason_and_a_comment(site: Site, reason: str) -> None:
    assert judge(site.reader(), helpful="no", reason=reason, comment=" One line\r\nand another ").status_code == 303
    assert site.given == [("made", False, reason or None, "One line\nand another")]


def test_a_reason_left_from_before_does_not_stick_to_an_answer_that_helped(site: Site) -> None:
    reader = site.reader()
    judge(reader, helpful="no", reason="unsafe")
    judge(reader, helpful="yes", reason="unsafe")
    assert site.given == [("made", True, None, "")]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"helpful": ""},
        {"helpful": "YES"},
        {"helpful": "maybe"},
        {"reason": "unsafe"},
        {"helpful": "no", "reason": "UNSAFE"},
        {"helpful": "no", "reason": "<script>"},
        {"helpful": "yes", "reason": "nothing of the kind"},
        {"helpful": "no", "comment": "x" * (MAX_COMMENT + 1)},
    ],
)
def test_wrong_values_are_422_and_nothing_is_kept(site: Site, form: dict[str, str]) -> None:
    for headers in (BROWSER, FETCH):
        refused = judge(site.reader(), headers=headers, **form)
        assert refused.status_code == 422
        assert "xxx" not in refused.text
        assert "of the kind" not in refused.text
    assert site.given == []


def test_a_comment_of_the_full_length_is_kept_however_its_lines_end(site: Site) -> None:
    comment = "\n".join(["x" * 99] * 10) + "x"
    assert len(comment) == MAX_COMMENT
    assert judge(site.reader(), helpful="no", comment=comment.replace("\n", "\r\n")).status_code == 303
    assert site.given == [("made", False, None, comment)]


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("<script>alert(1)</script> {{ 7 * 7 }}", "<script>alert(1)</script> {{ 7 * 7 }}"),
        ("a\0b \x1b[31m\x9b31m c", "ab [31m31m c"),
        ("الجرعة خاطئة 👎", "الجرعة خاطئة 👎"),
        ("'); DROP TABLE feedback; --", "'); DROP TABLE feedback; --"),
    ],
)
def test_a_comment_is_kept_as_the_text_it_is_without_control_characters(site: Site, comment: str, kept: str) -> None:
    judge(site.reader(), helpful="no", comment=comment)
    assert site.given == [("made", False, None, kept)]


def test_an_unknown_answer_is_404(site: Site) -> None:
    for answer_id in ("nowhere", "x" * 500, "made%00"):
        assert judge(site.reader(), answer_id, helpful="yes").status_code == 404
    assert site.given == []


def test_each_reader_has_one_opinion_and_may_change_it(site: Site) -> None:
    mine, yours = site.reader(), site.reader()
    judge(mine, helpful="no", reason="unsafe", comment="Too much")
    judge(yours, helpful="yes")
    judge(mine, helpful="no", reason="incomplete")
    assert sorted(site.given, key=str) == sorted([("made", False, "incomplete", ""), ("made", True, None, "")], key=str)


def test_without_cookies_an_opinion_is_kept_too(site: Site) -> None:
    cookieless = site.reader().application.test_client(use_cookies=False)
    assert judge(cookieless, helpful="yes").status_code == 303
    assert site.given == [("made", True, None, "")]


def test_another_site_cannot_send_an_opinion_in_a_readers_name(site: Site) -> None:
    assert judge(site.reader(), headers=BROWSER | {"Sec-Fetch-Site": "cross-site"}, helpful="no").status_code == 403
    assert site.reader().get("/answers/made/feedback", headers=BROWSER).status_code == 405
    assert site.given == []


def test_opinions_count_as_questions_do_so_that_nobody_fills_the_disk(small: Settings) -> None:
    site = Site(small, questions_per_minute=3)
    told = [judge(site.reader(), helpful="no", comment="x" * MAX_COMMENT).status_code for _ in range(5)]
    assert told == [303, 303, 303, 429, 429]
    site.store.close()


def test_a_failing_store_is_503_and_neither_page_nor_log_tells_the_comment(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine(site.settings.database)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE feedback"))
    engine.dispose()
    with caplog.at_level(logging.DEBUG):
        refused = judge(site.reader(), helpful="no", comment="Jane Doe was harmed")
    assert refused.status_code == 503
    assert "Jane" not in refused.text + caplog.text


# --- what staff see -----------------------------------------------------------------------------------------------------


@pytest.fixture
def told(site: Site) -> Callable[..., str]:
    """Runs `followup feedback` over three opinions, one of them given in 2025; what it prints."""
    store, feedback = site.store, FeedbackStore(site.store.database)
    store.add(replace(blank("Which dose\non dialysis?"), answer_id="other", conversation_id="talk"), None)
    feedback.put("made", "one", Opinion(False, Reason.UNSUPPORTED, "Page 3 says 0.6 mg.\n\x1b[2Jgone"))
    feedback.put("made", "two", Opinion(True))
    feedback.put("other", "two", Opinion(False, None, "«خطأ»"))
    for answer_id, reader, when in [
        ("made", "one", "2026-01-02T03:04:05.000+00:00"),
        ("made", "two", "2025-12-31T23:59:59.999+00:00"),
        ("other", "two", "2026-02-03T00:00:00.000+00:00"),
    ]:
        with store.database.writing() as connection:
            set_time = text("UPDATE feedback SET created_at = :when WHERE answer_id = :answer AND reader = :reader")
            connection.execute(set_time, {"when": when, "answer": answer_id, "reader": reader})

    def run(*options: str) -> str:
        done = CliRunner().invoke(command, options, obj=lambda: site.settings)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_staff_see_the_latest_first_without_questions_and_without_readers(told: Callable[..., str]) -> None:
    assert told() == (
        "2026-02-03 00:00 UTC  not helpful\n  answer other\n  > «خطأ»\n\n"
        "2026-01-02 03:04 UTC  not helpful: A citation does not say what the answer says\n"
        "  answer made\n  > Page 3 says 0.6 mg.\n  > [2Jgone\n\n"
        "2025-12-31 23:59 UTC  helpful\n  answer made\n\n"
        "1 helpful, 2 not helpful.\n"
    )


def test_staff_can_narrow_by_day_and_ask_for_the_questions(told: Callable[..., str]) -> None:
    shown = told("--since", "2026-02-03", "--questions")
    assert shown.splitlines()[:4] == [
        "2026-02-03 00:00 UTC  not helpful",
        "  answer other",
        "  asked: Which dose",
        "  asked: on dialysis?",
    ]
    assert shown.endswith("\n\n0 helpful, 1 not helpful.\n")
    assert told("--since", "2030-01-01") == "No feedback.\n"


def test_staff_get_one_json_document(told: Callable[..., str]) -> None:
    document = json.loads(told("--json"))["feedback"]
    assert [(one["answer_id"], one["helpful"], one["reason"]) for one in document] == [
        ("other", False, None),
        ("made", False, "unsupported"),
        ("made", True, None),
    ]
    assert set(document[0]) == {"id", "answer_id", "created_at", "helpful", "reason", "comment"}
    assert json.loads(told("--json", "--questions"))["feedback"][1]["question"] == QUESTION


def test_a_mistyped_day_and_a_database_that_cannot_be_opened_are_exit_2(
    followup: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    done = followup("feedback", database=f"sqlite:///{tmp_path / 'file' / 'a.sqlite'}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    mistyped = followup("feedback", "--since", "yesterday")
    assert (mistyped.returncode, mistyped.stdout) == (2, "")
    assert "%Y-%m-%d" in mistyped.stderr
