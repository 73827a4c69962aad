"""What staff ask for and must not get, or cannot get just then: listed retractions, full disks, half-typed queries, waiting."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.staff import across
from assistant.staff.across import AcrossBoard
from assistant.staff.benchmark import Benchmark, BenchmarkNotKept, keep, kept
from assistant.staff.kept_rows import ArticlesNotListed, KeptRows
from assistant.staff.locks import held, held_unless_taken
from assistant.staff.overview import Overview
from corpus.audit import Action
from corpus.types import Status
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder
from tests.pages import BROWSER
from tests.staff import BEARER, Office, office, opened, read_article

__all__ = ["office", "opened"]

ASTHMA = "/staff/articles/asthma-basics"
#: As `followup corpus import-retractions` keeps the source that both statements of asthma-basics rest on.
LISTED = "doi,pmid,nature,date,notice,record\n10.1000/air,,Retraction,2026-01-31,,1\n"
MEASURED = Benchmark(7, "2026-11-23T10:00:00+00:00", 300, 1200, 0.8, 0.9, 0.85, 2.5)


def test_what_rests_on_a_listed_retraction_is_not_approved_by_page_or_script(
    opened: Callable[..., Office], tmp_path: Path
) -> None:
    listed = tmp_path / "retractions.csv"
    office = opened(retractions=listed)
    ann = office.ann()
    for action in ("send-back", "review"):
        assert ann.post(f"{ASTHMA}/step", action=action, reason="A trial.").status_code == 303
    listed.write_text(LISTED, "utf-8")
    before = read_article(office, "asthma-basics")
    page = ann.post(f"{ASTHMA}/step", action="approve")
    script = office.visitor().post("/api/v1/staff/articles/asthma-basics/status", json={"action": "approve"}, headers=BEARER)
    assert (page.status_code, script.status_code, script.mimetype) == (422, 422, "application/problem+json")
    for refused in (page.text, script.json["detail"]):
        assert "nothing but retracted references" in refused
    assert read_article(office, "asthma-basics") == before
    listed.unlink()
    assert ann.post(f"{ASTHMA}/step", action="approve").status_code == 303
    assert f"status: {Status.APPROVED}" in read_article(office, "asthma-basics")


def test_a_retraction_is_noted_only_in_the_text_that_was_shown(office: Office) -> None:
    ann, where = office.ann(), "/staff/articles/gout-basics"
    shown = {each["value"] for each in ann.read(where).all("input", name="content")}
    assert len(shown) == 1
    before = read_article(office, "gout-basics")
    given = {"reference": "1", "date": "2020-01-31", "content": "0" * 64}
    assert ann.post(f"{where}/retraction", **given).status_code == 409
    script = office.visitor().post(
        "/api/v1/staff/articles/gout-basics/status", json={"action": "retract", **given}, headers=BEARER
    )
    assert (script.status_code, "was changed while you read it" in script.json["detail"]) == (409, True)
    assert read_article(office, "gout-basics") == before
    assert ann.post(f"{where}/retraction", **{**given, "content": shown.pop()}).status_code == 303


@pytest.mark.parametrize(
    "asked",
    [
        "feedback?since=yesterday",
        "questions?since=2026-13-01",
        "articles?severity=grave",
        "articles?presence=there",
        "articles?status=fine",
        "audit?after=two",
        "audit?after=-1",
        "audit?limit=0",
        "audit?limit=1000000",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(office: Office, asked: str) -> None:
    refused = office.visitor().get(f"/api/v1/staff/{asked}", headers=BEARER)
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json"), refused.text


def test_the_audit_log_is_read_in_parts(office: Office) -> None:
    log = office.app.extensions["staff"].audit
    office.ann()
    for _ in range(4):
        log.append("Dr B", Action.SIGN_IN, "staff")

    def read(after: int) -> list[int]:
        part = office.visitor().get(f"/api/v1/staff/audit?limit=2&after={after}", headers=BEARER)
        return [each["sequence"] for each in part.json["entries"]]

    assert [read(after) for after in (0, 2, 4, 5)] == [[1, 2], [3, 4], [5], []]
    assert len(office.visitor().get("/api/v1/staff/audit", headers=BEARER).json["entries"]) == 5


def test_words_in_the_place_of_an_id_reach_no_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    ann, before = office.ann(), len(office.app.extensions["staff"].audit.entries())
    words = "is-my-mothers-rash-cancer"
    for kind in ("questions", "feedback"):
        assert office.visitor().delete(f"/api/v1/staff/{kind}/{words}", headers=BEARER).status_code == 404
    for where in (f"/staff/questions/{words}/delete", f"/staff/questions/feedback/{words}/delete"):
        assert ann.post(where).status_code == 404
    assert len(office.app.extensions["staff"].audit.entries()) == before
    assert words not in caplog.text


def test_signing_out_ends_the_session_also_where_the_audit_log_cannot_tell_of_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    ann = office.ann()
    cookie = ann.client.get_cookie("staff", path="/staff")
    assert cookie is not None
    office.settings.audit.unlink()
    office.settings.audit.mkdir()  # it can be neither read nor written
    csrf = ann.client.get("/staff/index", headers=BROWSER).text.partition('name="csrf" value="')[2][:64]
    assert ann.client.post("/staff/sign-out", data={"csrf": csrf}, headers=BROWSER).status_code == 303
    thief = office.visitor()
    thief.set_cookie("staff", cookie.value, path="/staff")
    assert thief.get("/staff/index").status_code == 401
    assert "somebody signed out" in caplog.text


def test_a_benchmark_that_cannot_be_kept_says_so_with_what_was_measured(office: Office, tmp_path: Path) -> None:
    (tmp_path / "benchmarks").write_text("a file where the folder should be")
    with pytest.raises(BenchmarkNotKept, match=r"generation 7 was measured \(hit@1 0.8, MRR 0.85\), but .* cannot be written"):
        keep(tmp_path, MEASURED)
    (office.settings.index / "benchmarks").write_text("a file where the folder should be")
    refused = office.visitor().post("/api/v1/staff/benchmark", json={}, headers=BEARER)
    assert (refused.status_code, "cannot be written" in refused.json["detail"]) == (503, True)


def test_benchmarks_that_are_kept_at_the_same_time_do_not_hinder_each_other(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def keep_one(_: int) -> None:
        together.wait(10)
        for _ in range(5):
            keep(tmp_path, MEASURED)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep_one, range(8)))
    assert kept(tmp_path) == {7: MEASURED}
    assert [path.name for path in (tmp_path / "benchmarks").iterdir()] == ["000007.json"]


def test_whoever_asks_for_a_comparison_that_another_has_just_begun_does_not_wait(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.index.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(across, "is_held", lambda path: False)  # as it was when this one looked
    begun: list[bool] = []
    with held(small.index / "across.lock"):
        asking = threading.Thread(target=lambda: begun.append(AcrossBoard(small).start(0.0)), daemon=True)
        asking.start()
        asking.join(20)
        assert begun == [False]


def test_a_lock_is_had_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_unless_taken(path) as first, held_unless_taken(path) as second:
        assert (first is None, second) == (False, None)
    with held_unless_taken(path) as third:
        assert third is not None


def test_a_missing_folder_of_articles_is_said(small: Settings, office: Office) -> None:
    with pytest.raises(ArticlesNotListed, match="FOLLOWUP_ARTICLES") as raised:
        Overview(small.model_copy(update={"articles": small.articles / "nothing"})).page()
    assert raised.value.exit_code == 2
    ann = office.ann()
    shutil.move(small.articles, small.articles.with_name("moved"))
    page = ann.client.get("/staff/articles", headers=BROWSER)
    assert (page.status_code, "cannot be listed: No such file or directory" in page.text) == (503, True)


def test_rows_that_cannot_be_read_are_thrown_away_only_where_the_file_itself_is_bad(
    small: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    nowhere = small.model_copy(update={"index": tmp_path / "file" / "index"})  # neither read, written nor removed
    assert len(KeptRows(nowhere).look(60.0)[0]) == 3
    assert "the articles are read again" in caplog.text
    build_index(small, embedder=BagOfWordsEmbedder())
    KeptRows(small).look(60.0)
    path = small.index / "overview.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE read SET row = '{}'")
    database.close()
    assert len(KeptRows(small).look(60.0)[0]) == 3
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM read WHERE row = '{}'").fetchone() == (0,)
    database.close()


def test_the_first_page_counts_what_the_table_shows(office: Office) -> None:
    (office.settings.articles / "broken.md").write_text("no front matter\n", "utf-8")
    overview = office.app.extensions["staff"].overview
    overview.read_all()
    page = overview.page()
    assert page.with_errors == sum(row.errors > 0 for row in page.rows) == 1
    assert page.with_warnings == sum(row.warnings > 0 for row in page.rows)
    assert {presence.value: count for presence, count in page.presences.items()} == {"live": 3, "absent": 1}
    shown = office.ann().read("/staff").text
    assert "With errors: 1" in shown
    assert "Not in the live index: 1" in shown
