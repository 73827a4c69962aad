"""The settings: every unknown or bad one is named, `.env` is read, nothing secret is printed, the README lists them all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.settings import Settings, load_settings
from corpus.errors import SettingsError
from corpus.loading import SHIPPED

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of the checkout is read."""
    monkeypatch.chdir(tmp_path)


def test_without_any_variable_the_defaults_hold() -> None:
    settings = load_settings()
    assert (settings.articles, settings.index, settings.model) == (SHIPPED, Path("var/index"), "bundled")
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_the_environment_goes_before_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FOLLOWUP_PORT=81\nFOLLOWUP_THREADS=3\n# FOLLOWUP_NOTHING=1\n", "utf-8")
    monkeypatch.setenv("FOLLOWUP_PORT", "82")
    settings = load_settings()
    assert (settings.port, settings.threads) == (82, 3)
    assert load_settings(env_file=None).threads == 2


def test_variables_of_other_programs_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("OTHER_KEY=1\nPORT=83\nMODEL=x\n", "utf-8")
    monkeypatch.setenv("HOST", "evil.example")
    assert load_settings() == Settings(_env_file=None)


def test_an_unknown_setting_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FOLLOWUP_PROT=1\n", "utf-8")
    monkeypatch.setenv("FOLLOWUP_MODLE", "secret value")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value).split("\n") == [
        "FOLLOWUP_MODLE (in the environment) is not a setting; `followup settings` prints those there are",
        "FOLLOWUP_PROT (in .env) is not a setting; `followup settings` prints those there are",
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "Input should be a valid integer"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("WORKERS", "0", "greater than or equal to 1"),
        ("DENSE_WEIGHT", "1.5", "less than or equal to 1"),
        ("DENSE_WEIGHT", "nan", "less than or equal to 1|finite|greater than or equal to 0"),
        ("DENSE_WEIGHT_BARE", "-0.1", "greater than or equal to 0"),
        ("COVERAGE", "nan", "less than or equal to 2|finite|greater than or equal to 0"),
        ("FEEDBACK", "51", "less than or equal to 50"),
        ("FEEDBACK", "1.5", "valid integer"),
        ("RERANKED", "-1", "greater than or equal to 0"),
        ("MODEL", "", "at least 1 character"),
        ("KEEP_GENERATIONS", "1", "greater than or equal to 2"),
        ("MAX_PASSAGE_WORDS", "5", "greater than or equal to 20"),
    ],
)
def test_a_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"FOLLOWUP_{name}", value)
    with pytest.raises(SettingsError, match=f"^FOLLOWUP_{name}: .*({said})"):
        load_settings()


def test_all_bad_values_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_PORT", "x")
    monkeypatch.setenv("FOLLOWUP_WORKERS", "hunter2")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert [line.partition(":")[0] for line in str(raised.value).split("\n")] == ["FOLLOWUP_PORT", "FOLLOWUP_WORKERS"]
    assert "hunter2" not in str(raised.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_the_command_prints_what_is_in_force_with_passwords_masked(followup) -> None:
    url = "postgresql+psycopg://staff:hunter2@db.example:5432/answers"
    done = followup("settings", database=url, port=8123)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.partition("=")[0] for line in lines] == [f"FOLLOWUP_{name.upper()}" for name in Settings.model_fields]
    assert "FOLLOWUP_PORT=8123" in lines
    assert "FOLLOWUP_DATABASE=postgresql+psycopg://staff:***@db.example:5432/answers" in lines
    document = json.loads(followup("settings", "--json", database=url).stdout)
    assert list(document) == list(Settings.model_fields)
    assert "hunter2" not in json.dumps(document) + done.stdout


@pytest.mark.parametrize("given", [{"modle": "x"}, {"port": "x"}, {"region": "atlantis"}])
def test_a_bad_setting_stops_every_command_with_exit_2(followup, given: dict[str, str]) -> None:
    for command in (["settings"], ["index", "info"], ["corpus", "list"], ["ask", "Is it?"]):
        done = followup(*command, **given)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"FOLLOWUP_{next(iter(given)).upper()}")
        assert len(done.stderr.splitlines()) == 1


def test_the_table_of_the_readme_is_the_fields() -> None:
    rows = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| `FOLLOWUP_")]
    wanted = []
    for name, field in Settings.model_fields.items():
        default = "the shipped articles" if field.default == SHIPPED else "" if field.default is None else f"`{field.default}`"
        wanted.append(f"| `FOLLOWUP_{name.upper()}` | {default} | {field.description} |")
    assert rows == wanted
