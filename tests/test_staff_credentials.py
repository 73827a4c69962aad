"""Who may sign in: what the settings hold, what the commands print, and when the server refuses to start."""

from __future__ import annotations

import datetime as dt
import time
from statistics import median

import pytest

from assistant.serving import serve
from assistant.settings import Settings, load_settings
from assistant.staff.credentials import BadEntry, Staff, new_password, new_token, read_passwords, read_tokens
from corpus.errors import IndexMissing, SettingsError

TODAY = dt.date(2026, 11, 23)
WORDS = "correct horse battery"
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def staff() -> tuple[Staff, str]:
    """Ann with a password and a token, a script with a token that expired yesterday; and Ann's token."""
    token, entry = new_token("Dr Ann Lee", TODAY)
    old, old_entry = new_token("nightly", TODAY - dt.timedelta(days=1))
    passwords = read_passwords(new_password("Dr Ann Lee", WORDS))
    return Staff(read_tokens(f"{entry},\n {old_entry}"), passwords), f"{token} {old}"


def test_a_token_lets_in_until_the_end_of_its_last_day(staff: tuple[Staff, str]) -> None:
    who, (token, old) = staff[0], staff[1].split()
    found = who.by_token(token, TODAY)
    assert found is not None
    assert found.name == "Dr Ann Lee"
    assert who.still(found, TODAY)
    assert who.by_token(token, TODAY + dt.timedelta(days=1)) is None
    assert not who.still(found, TODAY + dt.timedelta(days=1))
    for wrong in (old, token[:-1], token + "x", token.upper(), "", "x" * 10_000, "é"):
        assert who.by_token(wrong, TODAY) is None


def test_a_password_lets_in_by_name_however_the_name_is_capitalised(staff: tuple[Staff, str]) -> None:
    who = staff[0]
    found = who.by_password(" dr ann lee ", WORDS)
    assert found is not None
    assert found.name == "Dr Ann Lee"
    for name, password in (("Dr Ann Lee", WORDS[:-1]), ("nightly", WORDS), ("", WORDS), ("Dr Ann Lee", ""), ("x", "y" * 5000)):
        assert who.by_password(name, password) is None


def test_a_password_is_the_same_however_its_accents_are_typed() -> None:
    who = Staff(passwords=read_passwords(new_password("Ann", "caf\u00e9 au lait, toujours")))
    assert who.by_password("Ann", "cafe\u0301 au lait, toujours")


def test_a_session_does_not_outlive_the_password_it_was_begun_with(staff: tuple[Staff, str]) -> None:
    who = staff[0]
    found = who.by_password("Dr Ann Lee", WORDS)
    assert found is not None
    changed = Staff(who.tokens, read_passwords(new_password("Dr Ann Lee", "another long password")))
    assert who.still(found, TODAY)
    assert not changed.still(found, TODAY)


def test_an_unknown_name_takes_the_time_of_a_wrong_password(staff: tuple[Staff, str]) -> None:
    def seconds(name: str) -> float:
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            assert staff[0].by_password(name, "a wrong password") is None
            taken.append(time.perf_counter() - started)
        return median(taken)

    known, unknown = seconds("Dr Ann Lee"), seconds("nobody")
    assert 0.5 < unknown / known < 2  # without its own hash an unknown name would take a thousandth


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hunter2", "entry 1 is not name:2027-01-31:hash"),
        (f"Ann:2027-01-31:{DIGEST},hunter2:x", "entry 2 is not"),
        (f"Ann:tomorrow:{DIGEST}", "entry 1: the day on which the token expires is no date"),
        ("Ann:2027-01-31:hunter2", "entry 1: the hash is not 64 hexadecimal digits"),
        (f":2027-01-31:{DIGEST}", "entry 1: a name is 1 to 60 printable characters"),
        (f"Ann:2027-01-31:{DIGEST}\nBob:2027-01-31:{DIGEST}", "entry 2 has the token of another entry"),
    ],
)
def test_a_bad_token_entry_is_named_by_its_number_alone(given: str, said: str) -> None:
    with pytest.raises(BadEntry, match=said) as raised:
        read_tokens(given)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ValueError, match=said):
        Settings(staff_tokens=given, _env_file=None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hunter2", "entry 1 is not name:hash"),
        ("Ann:hunter2", "entry 1: the hash is not one that `followup staff password` prints"),
        ("Ann:scrypt:1024:8:1$aaaaaaaaaaaaaaaa$" + "0" * 128, "entry 1: the hash is not one"),
        ("Ann:pbkdf2:sha256:1000$aaaaaaaa$" + "0" * 64, "entry 1: the hash is not one"),
        ("Ann:scrypt:32768:8:1", "single quotes"),  # what a shell leaves of it in double quotes
        (f"{'A' * 61}:x", "a name is 1 to 60"),
        (2 * ("Ann:scrypt:32768:8:1$aaaaaaaaaaaaaaaa$" + "0" * 128 + ",").replace("Ann", "ann", 1), "entry 2 has the name"),
    ],
)
def test_a_bad_password_entry_is_named_by_its_number_alone(given: str, said: str) -> None:
    with pytest.raises(BadEntry, match=said) as raised:
        read_passwords(given)
    assert "hunter2" not in str(raised.value)


def test_a_bad_entry_stops_the_start_without_showing_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_STAFF_TOKENS", "Ann:2027-01-31:hunter2")
    monkeypatch.setenv("FOLLOWUP_STAFF_PASSWORDS", "hunter2")
    with pytest.raises(SettingsError) as raised:
        load_settings(env_file=None)
    names = [line.partition(":")[0] for line in str(raised.value).splitlines()]
    assert names == ["FOLLOWUP_STAFF_TOKENS", "FOLLOWUP_STAFF_PASSWORDS"]
    assert "hunter2" not in str(raised.value)


def test_the_commands_print_what_the_settings_take_and_the_settings_do_not_print_it(followup) -> None:
    made = followup("staff", "token", "--name", "nightly", "--days", "3")
    assert made.returncode == 0
    token, entry = made.stdout.splitlines()
    assert token.startswith("fua_")
    assert read_tokens(entry)[0].expires == dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3)
    assert Staff(read_tokens(entry)).by_token(token, dt.datetime.now(dt.UTC).date())
    shown = followup("settings", staff_tokens=entry)
    assert "FOLLOWUP_STAFF_TOKENS=**********" in shown.stdout
    assert entry[-64:] not in shown.stdout + followup("settings", "--json", staff_tokens=entry).stdout
    for arguments in (["token", "--name", "a:b"], ["token", "--name", "x", "--days", "367"], ["password", "--name", "x"]):
        assert followup("staff", *arguments).returncode == 2  # nothing is typed: an empty password is too short


@pytest.mark.parametrize("given", [{"host": "0.0.0.0"}, {"host": "::"}, {"host": "192.0.2.1"}, {"proxies": 1}])  # noqa: S104
def test_a_server_that_others_reach_does_not_start_before_somebody_may_sign_in(small: Settings, given: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"FOLLOWUP_STAFF_PASSWORDS.*FOLLOWUP_STAFF=off"):
        serve(small.model_copy(update=given))
    entry = new_token("Ann", TODAY)[1]
    for named in ({"staff": "off"}, {"staff_tokens": entry}, {"staff_passwords": new_password("Ann", WORDS)}):
        allowed = Settings(**{**small.model_dump(), **given, **named}, _env_file=None)
        with pytest.raises(IndexMissing):  # it goes on to what is checked next
            serve(allowed)


def test_a_server_for_this_machine_alone_starts_without_staff(small: Settings) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        with pytest.raises(IndexMissing):
            serve(small.model_copy(update={"host": host}))
