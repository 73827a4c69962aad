"""What readers leave behind is kept through an upgrade, shared between processes, and gone when it is deleted."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from assistant.store import ConversationStore, FeedbackStore
from assistant.store.conversations import MAX_LISTED, MAX_TITLE
from assistant.store.feedback import MAX_COMMENT, Opinion, Reason
from assistant.types import Answer
from corpus.errors import AnswerNotFound, ConversationNotFound, SettingsError, StoreUnavailable
from tests.answers import blank

PRIVATE = "Does Jane Doe of Springfield need an anticoagulant?"

#: The tables as version 0.1.0 made them.
RELEASED = """
CREATE TABLE conversation (id VARCHAR(32) NOT NULL, created_at VARCHAR(32) NOT NULL, article_id VARCHAR(80), PRIMARY KEY (id));
CREATE TABLE answer (
    id VARCHAR(32) NOT NULL, conversation_id VARCHAR(32) NOT NULL, position INTEGER NOT NULL, created_at VARCHAR(32) NOT NULL,
    "query" TEXT NOT NULL, article_id VARCHAR(80), body TEXT NOT NULL,
    PRIMARY KEY (id), UNIQUE (conversation_id, position), FOREIGN KEY(conversation_id) REFERENCES conversation (id));
"""


def made(answer_id: str, conversation_id: str = "talk", question: str = "Which dose?") -> Answer:
    return replace(blank(question), answer_id=answer_id, conversation_id=conversation_id)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConversationStore]:
    opened = ConversationStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def feedback(store: ConversationStore) -> FeedbackStore:
    return FeedbackStore(store.database)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A database of the last released version, with a conversation of two answers."""
    path = tmp_path / "released.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(RELEASED)
        database.execute("INSERT INTO conversation VALUES ('talk', '2026-01-02T03:04:05.678+00:00', 'gout')")
        for position, question in enumerate(("Which dose?", "And on dialysis?")):
            body = json.dumps(asdict(made(f"a{position}", question=question)))
            row = (f"a{position}", "talk", position, "2026-01-02T03:04:05.678+00:00", question, "gout", body)
            database.execute("INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return path


# --- databases of earlier versions, other processes ---------------------------------------------------------------------


def test_a_database_of_the_last_release_keeps_everything_and_can_be_gone_on_with(released: Path) -> None:
    for _ in range(2):  # the second time there is nothing to add
        store = ConversationStore(f"sqlite:///{released}")
        kept = store.conversation("talk")
        assert [answer["question"] for answer in kept["answers"]][:2] == ["Which dose?", "And on dialysis?"]
        assert (kept["title"], kept["article_id"], kept["created_at"]) == ("", "gout", "2026-01-02T03:04:05.678+00:00")
        assert store.reader("talk") is None
        assert [turn.question for turn in store.turns("talk")][:2] == ["Which dose?", "And on dialysis?"]
        store.close()
    store = ConversationStore(f"sqlite:///{released}")
    store.add(made("a2"), None, reader="me")
    assert store.reader("talk") is None  # going on does not make it one's own
    assert store.conversations("me") == []
    store.add(made("b0", "mine"), None, reader="me")
    FeedbackStore(store.database).put("a0", "me", Opinion(True))
    assert [one["conversation_id"] for one in store.conversations("me")] == ["mine"]
    store.close()


def test_the_last_release_can_still_write_into_an_upgraded_database(released: Path) -> None:
    ConversationStore(f"sqlite:///{released}").close()
    with closing(sqlite3.connect(released)) as old, old:
        old.execute("INSERT INTO conversation (id, created_at, article_id) VALUES ('late', '2026-01-03', NULL)")
        assert old.execute("SELECT count(*) FROM conversation").fetchone() == (2,)


def test_processes_that_open_an_old_database_at_once_all_upgrade_it(released: Path) -> None:
    url = f"sqlite:///{released}"
    with get_context("spawn").Pool(3) as pool:
        assert pool.map(_questions, [url] * 6, chunksize=1) == [2] * 6
    with closing(sqlite3.connect(released)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(conversation)")]
        indexes = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")]
    assert columns == ["id", "created_at", "article_id", "title", "reader"]
    assert sorted(indexes) == ["ix_conversation_reader", "ix_unanswered_day", "ix_unanswered_same"]


def _questions(url: str) -> int:
    store = ConversationStore(url)
    found = len(store.conversation("talk")["answers"])
    store.close()
    return found


def test_two_processes_that_add_to_one_conversation_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    store = ConversationStore(url)
    store.add(made("first"), None, "me")
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(_add_twenty, [(url, "one"), (url, "two")])
    asked = [answer["answer_id"] for answer in store.conversation("talk")["answers"]]
    store.close()
    assert sorted(asked) == sorted(["first", *(f"{name}-{number}" for name in ("one", "two") for number in range(20))])


def _add_twenty(url: str, name: str) -> None:
    store = ConversationStore(url)
    for number in range(20):
        store.add(made(f"{name}-{number}"), None, "me")
    store.close()


def test_a_database_that_cannot_be_made_is_a_settings_error_without_its_url(tmp_path: Path) -> None:
    (tmp_path / "not.sqlite").write_bytes(b"this is no database, and it is longer than a header of one" * 20)
    with pytest.raises(SettingsError, match="FOLLOWUP_DATABASE cannot be opened") as caught:
        ConversationStore(f"sqlite:///{tmp_path / 'not.sqlite'}")
    assert str(tmp_path) not in str(caught.value)


# --- conversations ------------------------------------------------------------------------------------------------------


def test_a_reader_sees_what_they_began_the_last_asked_first(store: ConversationStore) -> None:
    for answer_id, conversation, reader in [
        ("1", "a", "me"),
        ("2", "b", "me"),
        ("3", "c", "you"),
        ("4", "d", None),
        ("5", "a", "me"),
    ]:
        store.add(made(answer_id, conversation, f"Question {answer_id}?"), "gout" if conversation == "a" else None, reader)
    listed = store.conversations("me")
    assert [(one["conversation_id"], one["title"], one["questions"], one["article_id"]) for one in listed] == [
        ("a", "Question 1?", 2, "gout"),
        ("b", "Question 2?", 1, None),
    ]
    assert listed[0]["last_asked_at"] > listed[0]["created_at"]
    assert [one["conversation_id"] for one in store.conversations("you")] == ["c"]
    assert store.conversations("nobody") == []


def test_the_list_holds_the_latest_ones(store: ConversationStore) -> None:
    for number in range(MAX_LISTED + 3):
        store.add(made(f"a{number}", f"c{number:03}"), None, "me")
    listed = [one["conversation_id"] for one in store.conversations("me")]
    assert len(listed) == MAX_LISTED
    assert "c000" not in listed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Gout,\r\n on \t dialysis ", "Gout, on dialysis"),
        ("x" * 500, "x" * (MAX_TITLE - 1) + "…"),
        ("x" * MAX_TITLE, "x" * MAX_TITLE),
        ("bell\a, escape\x1b[31m, nothing\0", "bell , escape [31m, nothing"),
        ("علاج النقرس 👩‍⚕️", "علاج النقرس 👩‍⚕️"),
    ],
)
def test_a_title_is_one_line_of_bounded_length_without_control_characters(
    store: ConversationStore, given: str, kept: str
) -> None:
    store.add(made("a"), None, "me")
    store.rename("me", "talk", given)
    assert store.conversations("me")[0]["title"] == store.conversation("talk")["title"] == kept


def test_only_the_reader_who_began_a_conversation_renames_or_deletes_it(store: ConversationStore) -> None:
    store.add(made("a"), None, "me")
    store.add(made("b", "unowned"), None, None)
    for conversation in ("talk", "unowned", "nowhere"):
        with pytest.raises(ConversationNotFound):
            store.rename("you", conversation, "Taken over")
        with pytest.raises(ConversationNotFound):
            store.delete("you", conversation)
    store.delete_all("you")  # all of theirs: none
    assert store.conversation("talk")["title"] == "Which dose?"
    assert len(store.conversation("unowned")["answers"]) == 1


def test_deleting_all_leaves_those_of_others(store: ConversationStore) -> None:
    for number, reader in enumerate(["me", "me", "you", None]):
        store.add(made(f"a{number}", f"c{number}"), None, reader)
    store.delete_all("me")
    assert store.conversations("me") == []
    assert [len(store.conversation(each)["answers"]) for each in ("c2", "c3")] == [1, 1]


def test_what_is_deleted_is_nowhere_in_the_files_of_the_database(
    store: ConversationStore, feedback: FeedbackStore, tmp_path: Path
) -> None:
    def holds(word: str) -> bool:
        return any(word.encode() in path.read_bytes() for path in tmp_path.iterdir())

    store.add(made("kept", "other"), None, "me")
    for number in range(20):
        store.add(made(f"a{number}", question=f"{PRIVATE} {'long ' * 700}"), None, "me")
        feedback.put(f"a{number}", "me", Opinion(False, Reason.UNSAFE, "Jane Doe said so"))
    assert holds("Jane Doe")
    store.delete("me", "talk")
    assert not holds("Jane")
    for look in (lambda: store.conversation("talk"), lambda: store.turns("talk"), lambda: store.reader("talk")):
        with pytest.raises(ConversationNotFound):
            look()
    with pytest.raises(AnswerNotFound):
        store.answer("a0")
    assert feedback.all() == []
    assert store.answer("kept")["question"] == "Which dose?"


def test_threads_that_ask_rename_and_delete_at_once_leave_nothing_half_done(
    store: ConversationStore, feedback: FeedbackStore, tmp_path: Path
) -> None:
    outcomes: Counter[str] = Counter()
    counting = threading.Lock()

    def work(worker: int) -> None:
        for number in range(40):
            conversation, answer = f"c{number % 3}", f"{worker}-{number}"
            steps = {
                "add": lambda c=conversation, a=answer: store.add(made(a, c), None, "me"),
                "judge": lambda a=answer: feedback.put(a, f"reader {worker}", Opinion(True)),
                "rename": lambda c=conversation: store.rename("me", c, f"Named by {worker}"),
                "read": lambda c=conversation: store.conversation(c)["answers"][0],
            }
            if number % 4 == 0:
                steps["delete"] = lambda c=conversation: store.delete("me", c)
            for name, step in steps.items():
                try:
                    step()
                except (ConversationNotFound, AnswerNotFound):
                    name = "gone"
                with counting:
                    outcomes[name] += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert outcomes["add"] == 8 * 40
    assert outcomes.total() == 8 * (40 * 4 + 10)
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        lonely = "SELECT count(*) FROM conversation WHERE id NOT IN (SELECT conversation_id FROM answer)"
        assert database.execute(lonely).fetchone() == (0,)


# --- feedback -----------------------------------------------------------------------------------------------------------


def test_a_reader_has_one_opinion_on_an_answer_the_last_one(store: ConversationStore, feedback: FeedbackStore) -> None:
    for answer_id, conversation in (("a", "talk"), ("b", "talk"), ("c", "other")):
        store.add(made(answer_id, conversation), None, "me")
    feedback.put("a", "me", Opinion(False, Reason.UNSAFE, "Too much"))
    feedback.put("a", "you", Opinion(True))
    feedback.put("c", "me", Opinion(True))
    feedback.put("a", "me", Opinion(True, None, "I was wrong"))
    assert feedback.of("me", "talk") == {"a": Opinion(True, None, "I was wrong")}
    assert feedback.of("you", "talk") == {"a": Opinion(True)}
    assert feedback.of("nobody", "talk") == {}
    assert len(feedback.all()) == 3


def test_every_reason_is_kept_and_shown_to_staff_the_latest_first(store: ConversationStore, feedback: FeedbackStore) -> None:
    for number, reason in enumerate(Reason):
        store.add(made(f"a{number}", f"c{number}", f"Question {number}?"), None, "me")
        feedback.put(f"a{number}", "me", Opinion(False, reason, "x" * MAX_COMMENT + "y"))
        time.sleep(0.002)  # times are kept to the millisecond
    given = feedback.all()
    moments = [one["created_at"] for one in given]
    assert moments == sorted(moments, reverse=True)  # two may share a millisecond
    assert {one["question"]: one["reason"] for one in given} == {f"Question {at}?": each for at, each in enumerate(Reason)}
    assert {one["comment"] for one in given} == {"x" * MAX_COMMENT}
    assert set(given[0]) == {"id", "answer_id", "created_at", "helpful", "reason", "comment", "question"}
    assert feedback.all(since=moments[2]) == [one for one in given if one["created_at"] >= moments[2]]
    assert feedback.all(since="9999-01-01") == []
    assert all(reason.label for reason in Reason)


def test_an_opinion_on_an_answer_that_is_not_there_is_refused(feedback: FeedbackStore) -> None:
    with pytest.raises(AnswerNotFound):
        feedback.put("nowhere", "me", Opinion(True))


@pytest.mark.parametrize("table", ["conversation", "answer", "feedback"])
def test_a_failing_database_is_told_without_what_was_to_be_written(
    store: ConversationStore, feedback: FeedbackStore, tmp_path: Path, table: str
) -> None:
    store.add(made("kept"), None, "me")
    engine = create_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(FAIL, 'disk'); END"))
    engine.dispose()
    with pytest.raises(StoreUnavailable) as caught:
        if table == "feedback":
            feedback.put("kept", "me", Opinion(False, None, PRIVATE))
        else:
            store.add(made("new", "new", PRIVATE), None, "me")
    assert "Jane" not in f"{caught.value} {caught.value.__cause__} {caught.value.told}"
    assert caught.value.status == 503
