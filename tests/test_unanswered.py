"""Questions without an answer: kept without personal details, counted, taken back with their conversation, removed in time."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.store.database import Database, now
from assistant.store.unanswered import MAX_QUESTION, UnansweredNotFound, UnansweredStore, keep_unanswered
from assistant.types import Answer, AnswerStatus, Banner
from tests.answers import blank

ABSTAINED, CLARIFY = AnswerStatus.ABSTAINED, AnswerStatus.CLARIFY


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> UnansweredStore:
    return UnansweredStore(database)


@pytest.fixture
def on(tmp_path: Path) -> Settings:
    return Settings(keep_unanswered=True, unanswered_days=90, database=f"sqlite:///{tmp_path / 'a.sqlite'}", _env_file=None)


def withheld(question: str, status: AnswerStatus = ABSTAINED) -> Answer:
    return replace(blank(question), status=status)


def test_a_question_is_kept_redacted_with_its_day_and_nothing_of_who_asked(store: UnansweredStore, tmp_path: Path) -> None:
    assert store.add("My name is Sarah Whitfield, is tirzepatide safe in gout?", ABSTAINED, "gout-basics")
    (kept,) = store.all()
    assert kept.question == "My name is [name], is tirzepatide safe in gout?"
    assert (kept.times, kept.first_day, kept.last_day) == (1, now()[:10], now()[:10])
    assert (kept.statuses, kept.article_ids) == (("abstained",), ("gout-basics",))
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(unanswered)")]
        assert columns == ["id", "same", "day", "status", "article_id", "question", "times"]
        assert not [row for row in file.execute("SELECT * FROM unanswered") if "Whitfield" in repr(row)]
    assert b"Whitfield" not in b"".join(path.read_bytes() for path in tmp_path.glob("a.sqlite*"))


def test_the_same_question_is_counted_over_days_statuses_and_articles(store: UnansweredStore) -> None:
    store.add("What's the dose of tirzepatide?", ABSTAINED, day="2026-01-05")
    store.add("whats the dose of Tirzepatide", ABSTAINED, day="2026-01-05")
    store.add("What's the dose of tirzepatide ??", CLARIFY, "gout-basics", day="2026-01-03")
    store.add("Is tirzepatide a GLP-1 agonist?", ABSTAINED, day="2026-01-09")
    first, second = store.all()
    assert (first.times, first.first_day, first.last_day) == (3, "2026-01-03", "2026-01-05")
    assert (first.statuses, first.article_ids) == (("abstained", "clarify"), ("gout-basics",))
    assert (second.question, second.times) == ("Is tirzepatide a GLP-1 agonist?", 1)
    assert [one.question for one in store.all(since="2026-01-06")] == ["Is tirzepatide a GLP-1 agonist?"]


def test_questions_that_differ_only_in_who_asked_are_one(store: UnansweredStore) -> None:
    store.add("My name is Anna Schmidt, may I fly?", ABSTAINED)
    store.add("My name is Peter van Dijk, may I fly?", ABSTAINED)
    assert [(one.question, one.times) for one in store.all()] == [("My name is [name], may I fly?", 2)]


def test_letters_and_records_are_not_kept(store: UnansweredStore) -> None:
    assert not store.add("word " * (MAX_QUESTION // 5 + 1), ABSTAINED)
    assert not store.add("Mr Ahmed, 07700 900789, ahmed@example.org, is apixaban right?", ABSTAINED)
    assert store.all() == []


def test_staff_delete_a_question_in_all_its_askings(store: UnansweredStore, tmp_path: Path) -> None:
    for day in ("2026-01-03", "2026-01-05"):
        store.add("Does zinc cure colds?", ABSTAINED, day=day)
    store.add("Is tirzepatide a GLP-1 agonist?", ABSTAINED, day="2026-01-05")
    gone = next(one for one in store.all() if "zinc" in one.question)
    store.delete(gone.id)
    assert [one.question for one in store.all()] == ["Is tirzepatide a GLP-1 agonist?"]
    with pytest.raises(UnansweredNotFound) as error:
        store.delete(gone.id)
    assert error.value.status == 404
    assert b"zinc" not in b"".join(path.read_bytes() for path in tmp_path.glob("a.sqlite*"))


def test_what_is_older_than_a_day_can_be_removed(store: UnansweredStore) -> None:
    for day in ("2026-01-03", "2026-01-04", "2026-01-05"):
        store.add(f"Question of {day[-1]}?", ABSTAINED, day=day)
    assert store.delete_before("2026-01-05") == 2
    assert [one.question for one in store.all()] == ["Question of 5?"]


def test_nothing_is_kept_where_the_operator_turned_it_off(database: Database, on: Settings) -> None:
    off = Settings(keep_unanswered=False, _env_file=None)
    assert Settings(_env_file=None).keep_unanswered
    keep_unanswered(database, off, withheld("Does zinc cure colds?"), None)
    assert UnansweredStore(database).all() == []
    keep_unanswered(database, on, withheld("Does zinc cure colds?"), None)
    assert [one.times for one in UnansweredStore(database).all()] == [1]


@pytest.mark.parametrize("status", AnswerStatus)
def test_only_questions_left_open_are_kept(database: Database, on: Settings, status: AnswerStatus) -> None:
    keep_unanswered(database, on, withheld("Does zinc cure colds?", status), None)
    assert len(UnansweredStore(database).all()) == (status in (ABSTAINED, CLARIFY))


def test_what_somebody_in_danger_said_is_not_kept(database: Database, on: Settings) -> None:
    banner = Banner("chest_pain", "Call for help", "now", "a source", None)
    keep_unanswered(database, on, replace(withheld("My chest hurts, does zinc help?"), banner=banner), None)
    assert UnansweredStore(database).all() == []


def test_keeping_removes_what_is_past_its_time(database: Database, on: Settings) -> None:
    store = UnansweredStore(database)
    store.add("Old?", ABSTAINED, day="2020-01-01")
    keep_unanswered(database, on, withheld("New?"), None)
    assert [one.question for one in store.all()] == ["New?"]


def test_a_failing_store_does_not_cost_the_answer(on: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(f"sqlite:///{tmp_path / 'b.sqlite'}")
    with closing(sqlite3.connect(tmp_path / "b.sqlite")) as file:
        file.execute("DROP TABLE unanswered")
    keep_unanswered(database, on, withheld("Does zinc cure colds?"), None)
    database.close()
    assert "an unanswered question was not kept" in caplog.text
    assert "zinc" not in caplog.text


def test_a_reader_who_deletes_a_conversation_takes_its_questions_back(tmp_path: Path, on: Settings) -> None:
    conversations = ConversationStore(on.database)
    store = UnansweredStore(conversations.database)
    for answer_id, reader, question, article_id in (
        ("a", "me", "My name is Anna Schmidt, does zinc cure colds?", "gout-basics"),
        ("b", "me", "Is tirzepatide a GLP-1 agonist?", None),
        ("c", "other", "Is tirzepatide a GLP-1 agonist?", None),
    ):
        answer = replace(withheld(question), answer_id=answer_id, conversation_id=f"of {answer_id}")
        conversations.add(answer, article_id, reader)
        keep_unanswered(conversations.database, on, answer, article_id)
    assert {one.question: one.times for one in store.all()} == {
        "My name is [name], does zinc cure colds?": 1,
        "Is tirzepatide a GLP-1 agonist?": 2,
    }
    conversations.delete("me", "of a")
    assert [(one.question, one.times) for one in store.all()] == [("Is tirzepatide a GLP-1 agonist?", 2)]
    conversations.delete_all("me")
    assert [one.times for one in store.all()] == [1]
    conversations.delete_all("me")  # a second time takes nothing from others
    assert [one.times for one in store.all()] == [1]
    conversations.close()
    assert b"zinc" not in b"".join(path.read_bytes() for path in tmp_path.glob("a.sqlite*"))


def test_threads_that_ask_the_same_at_once_are_all_counted(store: UnansweredStore) -> None:
    def ask() -> None:
        for _ in range(10):
            store.add("Does zinc cure colds?", ABSTAINED, day="2026-01-05")

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.times for one in store.all()] == [80]


def test_staff_list_and_delete_them_in_the_terminal(
    store: UnansweredStore, on: Settings, followup: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for day in ("2026-01-03", "2026-01-05"):
        store.add("Does zinc cure colds?", ABSTAINED, day=day)
    store.add("Is tirzepatide a GLP-1 agonist?", CLARIFY, day="2026-01-04")
    listed = followup("staff", "unanswered", database=on.database, keep_unanswered=False).stdout.splitlines()
    zinc = store.all()[0].id
    assert listed[0] == f"   2  2026-01-05  {zinc}  Does zinc cure colds?"
    assert listed[-1] == "2 questions; FOLLOWUP_KEEP_UNANSWERED is off: no others are kept"
    since = followup("staff", "unanswered", "--since", "2026-01-05", "--json", database=on.database, keep_unanswered=True)
    shown = json.loads(since.stdout)
    assert shown["kept"]
    assert [one["times"] for one in shown["questions"]] == [1]
    assert followup("staff", "unanswered", "--delete", zinc, database=on.database).stdout == f"deleted {zinc}\n"
    again = followup("staff", "unanswered", "--delete", zinc, database=on.database)
    assert (again.returncode, again.stderr) == (1, "followup: no kept question has this id\n")
    assert [one.question for one in store.all()] == ["Is tirzepatide a GLP-1 agonist?"]


def test_a_database_of_an_earlier_version_gets_the_table(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as old, old:
        old.execute("CREATE TABLE conversation (id VARCHAR(32) PRIMARY KEY, created_at VARCHAR(32), article_id VARCHAR(80))")
    for _ in range(2):
        database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
        UnansweredStore(database).add("Does zinc cure colds?", ABSTAINED, day="2026-01-05")
        database.close()
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    assert [one.times for one in UnansweredStore(database).all()] == [2]
    database.close()
