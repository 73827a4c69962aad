"""What staff do on their pages and through the API: review, reindex, go back, read what readers left, and see it in the log."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import time
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from assistant.staff.locks import held
from assistant.staff.records import Job, JobState
from assistant.store.feedback import FeedbackStore, Opinion, Reason
from assistant.store.unanswered import UnansweredStore
from assistant.types import AnswerStatus
from corpus.loading import content_sha256, load_corpus
from corpus.splitting import split_corpus
from corpus.types import Status
from index.folders import generation_folder
from index.generations import PASSAGES
from index.passages import PassageStore
from tests.fakes import SMALL, edit, write_articles
from tests.pages import BROWSER, HOSTILE, Page
from tests.staff import BEARER, Office, ended, office, opened, read_article

__all__ = ["office", "opened"]

GOUT = "/staff/articles/gout-basics"


def log(office: Office) -> list[tuple[str, str, str]]:
    """Who did what to what, signing in and out left out."""
    entries = office.app.extensions["staff"].audit.entries()
    return [(each.actor, each.action, each.subject) for each in entries if not each.action.startswith("sign")]


def article(office: Office, article_id: str) -> Any:
    return next(each for each in load_corpus(office.settings.articles) if each.id == article_id)


def end_of_job(page: Page, office: Office) -> Job:
    """How the reindexing ended that a page leads to."""
    links = [each["href"] for each in page.all("a") if each["href"].startswith("/staff/index/jobs/")]
    return ended(office, links[0].rpartition("/")[2])


def titles(page: Page) -> list[str]:
    return [each["href"].rpartition("/")[2] for each in page.all("a") if each["href"].startswith("/staff/articles/")]


def test_the_day_of_an_import_is_not_shown_as_a_date_of_the_text(office: Office) -> None:
    imported = "source: {name: Example, id: x1, licence: CC0, sha256: '%s', imported: 2026-01-02}" % ("0" * 64)
    edit(office.settings.articles / "gout-basics.md", lambda text: text.replace("status:", f"{imported}\nstatus:", 1))
    ann = office.ann()
    while "not looked at yet" in (table := ann.read("/staff/articles")).text:
        pass
    assert table.text.count("not stated (imported 2 January 2026)") == 1
    one = ann.read(GOUT)
    assert "<dt>Last updated</dt><dd>not stated (imported 2 January 2026)</dd>" in one.html
    assert "(undated)" in one.text


def test_the_table_shows_every_file_and_is_narrowed_by_each_filter(office: Office) -> None:
    (office.settings.articles / "broken.md").write_text("no front matter\n", "utf-8")
    edit(office.settings.articles / "gout-basics.md", lambda text: text.replace("1.2 mg", "1.0 mg"))
    ann = office.ann()
    while "not looked at yet" in (page := ann.read("/staff/articles")).text:  # a page reads files for two seconds at most
        pass
    assert titles(page) == ["asthma-basics", "broken", "gout-basics", "sleep-basics"]
    assert "1 error" in page.text
    for narrowed, found in {
        "text=GOUT": ["gout-basics"],
        "status=approved": ["asthma-basics"],
        "status=unreadable": ["broken"],
        "specialty=Sleep medicine": ["sleep-basics"],
        "severity=error": ["broken"],
        "presence=changed": ["gout-basics"],
        "presence=absent": ["broken"],
        "text=<script>": [],
        "page=99": ["asthma-basics", "broken", "gout-basics", "sleep-basics"],
    }.items():
        assert titles(ann.read(f"/staff/articles?{narrowed}")) == found, narrowed


def test_an_article_is_shown_as_it_will_be_embedded(office: Office) -> None:
    page = office.ann().read("/staff/articles/asthma-basics")
    assert "Relievers Budesonide-formoterol as needed is preferred to salbutamol alone." in page.text
    assert "asthma-basics#F1" in page.text
    assert re.search(r"\d+ tokens references 1", page.text)
    assert "Dr A. Example, 3 February 2026" in page.text
    office.ann().read("/staff/articles/nothing", 404)
    office.ann().read("/staff/articles/..%2F..%2Fetc%2Fpasswd", 404)


def test_a_broken_file_is_shown_with_what_is_wrong_and_no_steps(office: Office) -> None:
    (office.settings.articles / "broken.md").write_text("no front matter\n", "utf-8")
    page = office.ann().read("/staff/articles/broken")
    assert "no front matter" in page.text
    assert "Withdraw" not in page.text


def test_what_authors_and_readers_wrote_is_text(office: Office) -> None:
    write_articles(office.settings.articles, SMALL | {"hostile": HOSTILE})
    UnansweredStore(office.app.extensions["assistant"].store.database).add(
        "Does <script>alert(1)</script> help?", AnswerStatus.ABSTAINED
    )
    ann = office.ann()
    for where in ("/staff/articles", "/staff/articles/hostile", "/staff/questions"):
        page = ann.read(where)  # `check_page` refuses any image, style and inline script
        assert "<script>alert(" in page.text


def test_an_article_is_reviewed_approved_sent_back_withdrawn_and_restored_by_name(office: Office) -> None:
    ann = office.ann()
    for action, reason, status, said in (
        ("review", "", Status.UNDER_REVIEW, "The review has begun."),
        ("approve", "checked against the guideline", Status.APPROVED, "Approved."),
        ("send-back", "dose unclear", Status.SUBMITTED, "Sent back."),
        ("withdraw", "superseded", Status.SUBMITTED, "Withdrawn."),
        ("restore", "", Status.SUBMITTED, "Restored."),
    ):
        shown = ann.read(GOUT)
        content = next(each["value"] for each in shown.all("input", name="content"))
        response = ann.post(f"{GOUT}/step", action=action, reason=reason, content=content)
        assert response.status_code == 303
        assert said in ann.read(response.location).text
        assert article(office, "gout-basics").status is status
        assert (article(office, "gout-basics").withdrawn is not None) == (action == "withdraw")
        if action == "approve":
            assert article(office, "gout-basics").reviewed_by == "Dr Ann Lee"
        if action == "withdraw":
            assert end_of_job(ann.read(response.location), office).state is JobState.DONE
    steps = [(action, "gout-basics") for action in ("review", "approve", "send-back", "withdraw")]
    done = [*steps, ("reindex", "generation 2"), ("restore", "gout-basics")]
    assert log(office) == [("Dr Ann Lee", *each) for each in done]


def test_what_is_withdrawn_leaves_the_index_at_once_and_where_it_cannot_the_page_says_so(office: Office) -> None:
    ann = office.ann()
    with held(office.settings.index / "lock"):  # somebody builds
        late = ann.read(ann.post(f"{GOUT}/step", action="withdraw", reason="superseded").location)
    assert "readers are still answered from what was taken away" in late.one("p", role="alert").text
    assert late.all("form", action="/staff/index/reindex")
    ann.post(f"{GOUT}/step", action="restore")
    (office.settings.index / "CURRENT").unlink()  # what is live stands in for itself
    shown = ann.read(ann.post(f"{GOUT}/step", action="withdraw", reason="superseded").location)
    assert not shown.all("form", action="/staff/index/reindex")
    assert end_of_job(shown, office).message.startswith("generation 2 is live: 3 articles")
    passages = PassageStore(generation_folder(office.settings.index, 2) / PASSAGES)
    assert {each.article_id for each in passages.all_passages()} == {"asthma-basics", "sleep-basics"}


def test_a_step_that_cannot_be_taken_says_why_and_keeps_the_reason(office: Office) -> None:
    ann = office.ann()
    before = read_article(office, "gout-basics")
    for fields, status, said in (
        ({"action": "approve", "reason": "because I say so"}, 409, "is submitted"),
        ({"action": "withdraw", "reason": " "}, 409, "needs a reason"),
        ({"action": "delete"}, 409, "no step of a review"),
        ({"action": "review", "content": "0" * 64}, 409, "was changed while you read it"),
    ):
        response = ann.post(f"{GOUT}/step", **fields)
        assert response.status_code == status
        page = Page(response.text)
        assert said in page.one("p", role="alert").text
    assert ann.post("/staff/articles/nothing/step", action="review").status_code == 404
    assert read_article(office, "gout-basics") == before
    assert log(office) == []


def test_a_retracted_reference_is_noted(office: Office) -> None:
    ann = office.ann()
    refused = ann.post("/staff/articles/asthma-basics/retraction", reference="3", date="31/01/2020")
    assert (refused.status_code, "no date like" in refused.text) == (409, True)
    response = ann.post("/staff/articles/asthma-basics/retraction", reference="3", date="2020-01-31", reason="fabricated data")
    assert response.status_code == 303
    changed = article(office, "asthma-basics")
    assert str(changed.reference(3).retracted) == "2020-01-31"
    assert changed.status is Status.UNDER_REVIEW  # the approval was of another text
    assert "Retracted" in ann.read("/staff/articles/asthma-basics").text
    assert end_of_job(ann.read(response.location), office).state is JobState.DONE
    assert log(office) == [("Dr Ann Lee", "retract", "asthma-basics"), ("Dr Ann Lee", "reindex", "generation 2")]


def test_the_index_shows_generations_and_goes_back_by_name(office: Office) -> None:
    ann = office.ann()
    page = ann.read("/staff/index")
    assert "Generation 1 Live" in page.text
    assert "Articles added (3)" in page.text
    refused = ann.post("/staff/index/rollback", number="7")
    assert refused.status_code == 409
    assert "there is no generation 7" in Page(refused.text).one("p", role="alert").text
    assert ann.post("/staff/index/rollback").status_code == 422
    assert log(office) == []
    part = ann.client.get("/staff/index", headers={"X-Part": "index"})
    assert part.text.lstrip().startswith('<div id="live"')
    assert part.headers["Vary"] == "X-Part"


def test_the_live_generation_is_measured(office: Office) -> None:
    ann = office.ann()
    assert "Nothing was measured yet" in ann.read("/staff/index").text
    assert ann.post("/staff/index/benchmark").status_code == 303
    page = ann.read("/staff/index")
    assert "Generation 1 Serves" in page.text
    measured = office.visitor().get("/api/v1/staff/benchmark", headers=BEARER).json["benchmarks"]
    assert [each["generation"] for each in measured] == [1]
    assert f"{measured[0]['hit_at_1']:.3f}" in page.text


def test_questions_and_feedback_are_read_and_deleted(opened: Callable[..., Office]) -> None:
    office = opened(keep_unanswered=True, abstain_below=0.0)
    store = office.app.extensions["assistant"].store
    kept = UnansweredStore(store.database)
    kept.add("Which dose for a left-handed person?", AnswerStatus.ABSTAINED, "gout-basics")
    kept.add("Which dose for a left-handed person?", AnswerStatus.ABSTAINED, "gout-basics")
    answer = office.visitor().post("/api/v1/chat", json={"question": "How much colchicine do I take?"}).json
    FeedbackStore(store.database).put(answer["answer_id"], "r", Opinion(False, Reason.UNSAFE, "Too high?"))
    ann = office.ann()
    page = ann.read("/staff/questions")
    assert "Which dose for a left-handed person? Asked 2 times" in page.text
    assert "Did not help It could harm someone" in page.text
    assert "Too high?" in page.text
    [question] = kept.all()
    assert ann.post(f"/staff/questions/{question.id}/delete").status_code == 303
    assert kept.all() == []
    assert ann.post(f"/staff/questions/{question.id}/delete").status_code == 404
    assert [each[1] for each in log(office)] == ["delete-question", "delete-question", "undone"]
    opinions = FeedbackStore(store.database)
    opinions.put(answer["answer_id"], "other reader", Opinion(True))
    [wrong] = [each["id"] for each in opinions.all() if not each["helpful"]]
    assert f'"/staff/questions/feedback/{wrong}/delete"' in ann.client.get("/staff/questions", headers=BROWSER).text
    assert ann.post(f"/staff/questions/feedback/{wrong}/delete").status_code == 303
    assert [each["helpful"] for each in opinions.all()] == [True]
    assert ann.post(f"/staff/questions/feedback/{wrong}/delete").status_code == 404
    [left] = asked(office.visitor(), "GET", "feedback")["feedback"]
    gone = office.visitor().delete(f"/api/v1/staff/feedback/{left['id']}", headers=BEARER)
    assert (gone.status_code, opinions.all()) == (204, [])
    assert log(office)[3:] == [
        ("Dr Ann Lee", "delete-feedback", wrong),
        ("Dr Ann Lee", "delete-feedback", wrong),
        ("Dr Ann Lee", "undone", wrong),
        ("nightly", "delete-feedback", left["id"]),
    ]
    assert store.answer(answer["answer_id"])["question"] == answer["question"]  # what was thought of it is gone, not it
    kept_words = office.settings.audit.read_text("utf-8")
    assert not [words for words in ("left-handed", "Too high", "colchicine") if words in kept_words]


def test_a_server_that_keeps_no_questions_says_so(opened: Callable[..., Office]) -> None:
    office = opened(keep_unanswered=False)
    assert asked(office.visitor(), "GET", "questions") == {"kept": False, "questions": []}
    assert (
        "They are not kept on this server. FOLLOWUP_KEEP_UNANSWERED=true keeps them" in office.ann().read("/staff/questions").text
    )


def test_what_only_shows_across_articles_is_shown_after_comparing_them(office: Office) -> None:
    copy = read_article(office, "gout-basics").replace("id: gout-basics", "id: zz-copy")
    (office.settings.articles / "zz-copy.md").write_text(copy, "utf-8")
    ann = office.ann()
    before = ann.read("/staff/articles/zz-copy")
    assert "were not compared with each other yet" in before.text
    assert "the same title as" not in before.text
    deadline = time.monotonic() + 30
    assert ann.post("/staff/comparison", article="zz-copy").status_code == 303
    while "Compare again" not in (page := ann.read("/staff/articles/zz-copy")).text:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.2)
    assert "Error line 1, the same title as" in page.text
    assert "(same-title) Rename one, or withdraw it." in page.text
    assert titles(ann.read("/staff/articles?severity=error")) == ["zz-copy"]
    edit(office.settings.articles / "zz-copy.md", lambda text: text.replace("How is a gout flare treated?", "Another title?"))
    assert "This file was changed since" in ann.read("/staff/articles/zz-copy").text
    found = asked(office.visitor(), "GET", "comparison")
    assert (found["running"], found["latest"]["articles"]) == (False, 4)
    assert "same-title" in [each["rule"] for each in found["latest"]["problems"]]


def test_the_log_is_shown_and_says_when_it_was_changed(office: Office) -> None:
    ann = office.ann()
    ann.post(f"{GOUT}/step", action="review")
    assert "The log is whole" in ann.read("/staff/audit").text
    narrowed = ann.read("/staff/audit?action=review&who=Dr Ann Lee")
    assert "1 to 1 of 1 entries" in narrowed.text
    assert "to: under_review" in narrowed.text
    text = office.settings.audit.read_text("utf-8")
    office.settings.audit.write_text(text.replace("under_review", "approved", 1), "utf-8")
    page = ann.read("/staff/audit")
    assert "The log is not whole" in page.text
    assert "Not whole" in ann.read("/staff").text


def asked(client: FlaskClient, method: str, path: str, **body: object) -> Any:
    response = client.open(
        f"/api/v1/staff/{path}", method=method, headers=BEARER, json=body or ({} if method == "POST" else None)
    )
    assert response.status_code in (200, 202), response.text
    return response.json


def test_a_script_reviews_and_reads_by_the_api(office: Office) -> None:
    client = office.visitor()
    listed = asked(client, "GET", "articles?status=submitted")
    assert [each["id"] for each in listed["articles"]] == ["gout-basics"]
    preview = asked(client, "GET", "articles/gout-basics/passages")
    assert preview["content"] == content_sha256(article(office, "gout-basics"))
    assert [each["id"] for each in preview["passages"]] == [f"gout-basics#F{number}" for number in (1, 2, 3)]
    assert all(each["tokens"] > 5 for each in preview["passages"])
    done = asked(client, "POST", "articles/gout-basics/status", action="review", content=preview["content"])
    assert (done["status"], done["audit_sequence"]) == ("under_review", 1)
    retracted = asked(client, "POST", "articles/gout-basics/status", action="retract", reference="1", date="2020-01-31")
    assert retracted["audit_sequence"] == 2
    assert ended(office, retracted["reindexing"]["job"]).state is JobState.DONE
    done = asked(client, "POST", "articles/gout-basics/status", action="withdraw", reason="superseded")
    assert ended(office, done["reindexing"]["job"]).state is JobState.DONE
    withdrawn = done["withdrawn"]
    assert (dt.date.fromisoformat(withdrawn["since"]), withdrawn["reason"]) == (dt.datetime.now(dt.UTC).date(), "superseded")
    assert [each["actor"] for each in asked(client, "GET", "audit")["entries"]] == ["nightly"] * 5
    assert asked(client, "GET", "audit?after=1")["verified"]["problems"] == []
    assert [each["number"] for each in asked(client, "GET", "generations")["generations"]] == [3, 2]
    assert asked(client, "GET", "feedback")["feedback"] == []
    for path, body, status in (
        ("articles/gout-basics/status", {"action": "retract"}, 409),
        ("articles/gout-basics/status", {"action": "fly"}, 422),
        ("articles/gout-basics/status", {"action": "approve"}, 409),
        ("reindex", {"allow_shrink": "yes"}, 422),
        ("rollback", {"number": 9}, 409),
    ):
        refused = client.post(f"/api/v1/staff/{path}", json=body, headers=BEARER)
        assert (refused.status_code, refused.mimetype) == (status, "application/problem+json"), refused.text
    gone = client.delete("/api/v1/staff/questions/none", headers={**BEARER, **BROWSER})
    assert (gone.status_code, gone.mimetype) == (404, "application/problem+json")


def test_a_script_reindexes_and_follows_the_job(office: Office) -> None:
    """The child process has the bundled embedder, which the small index was not built with: it builds one from nothing."""
    shutil.rmtree(office.settings.index / "generations")
    (office.settings.index / "CURRENT").unlink()
    client = office.visitor()
    started = client.post("/api/v1/staff/reindex", json={}, headers=BEARER)
    assert started.status_code == 202
    where = started.json["address"]
    twice = client.post("/api/v1/staff/reindex", json={}, headers=BEARER)
    assert (twice.status_code, "nightly began to reindex" in twice.json["detail"]) == (409, True)
    ended(office, started.json["id"])
    job = client.get(where, headers=BEARER).json
    assert job["state"] == "done", job
    assert job["report"]["articles"] == 3
    number = job["report"]["number"]
    assert f"generation {number} is live" in job["log"]
    assert "faiss" not in job["log"].lower()  # of others only warnings
    assert [each["live"] for each in asked(client, "GET", "generations")["generations"]] == [True]
    page = office.ann().read(f"/staff/index/jobs/{job['id']}")
    passages = len(split_corpus(load_corpus(office.settings.articles)))
    assert f"Generation {number} is live: 3 articles, {passages} passages" in page.text
    assert log(office) == [("nightly", "reindex", f"generation {number}")]
