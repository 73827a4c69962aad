"""`followup corpus import`: what staff type and are told, what stands in the audit log, and large imports in little memory."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.audit import AuditLog
from corpus.importing.batch import ImportNotRecorded, import_files, recorded
from corpus.importing.formats import FORMATS
from corpus.importing.types import Options
from corpus.importing.writing import Shelf
from corpus.loading import load_corpus
from tests.hostile import medquad

Followup = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.xml").write_text(medquad(f"Answer {name}.", identifier=name, focus=f"Topic {name}"), "utf-8")
    return folder


@pytest.fixture
def imported(followup: Followup, files: Path, tmp_path: Path) -> Followup:
    """Imports the files into `articles`, as somebody called Dr A."""

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        articles, audit = tmp_path / "articles", tmp_path / "audit.jsonl"
        return followup("corpus", "import", "medquad", str(files), "--by", "Dr A", *more, articles=articles, audit=audit)

    return run


def test_an_import_says_what_became_of_the_files(imported: Followup, files: Path, tmp_path: Path) -> None:
    first = imported()
    assert (first.returncode, first.stderr) == (0, "")
    assert re.fullmatch(r"2 added, 0 updated, 0 unchanged, 0 kept, 0 refused; \d+\.\d s\n", first.stdout)
    assert [article.title for article in load_corpus(tmp_path / "articles")] == ["Topic a", "Topic b"]
    (files / "a.xml").write_text(medquad("Another answer.", identifier="a", focus="Topic a"), "utf-8")
    (files / "c.xml").write_text("", "utf-8")
    second = imported()
    assert (second.returncode, second.stderr) == (1, "")
    refused, summary = second.stdout.splitlines()
    assert refused == f"refused {files}/c.xml: the file is empty"
    assert summary.startswith("0 added, 1 updated, 1 unchanged, 0 kept, 1 refused; ")


def test_the_same_is_said_in_json(imported: Followup, files: Path) -> None:
    (files / "c.xml").write_text("", "utf-8")
    done = imported("--json")
    said = json.loads(done.stdout)
    assert {key: said[key] for key in ("added", "updated", "unchanged", "kept", "refused", "dry_run")} == {
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "kept": 0,
        "refused": 1,
        "dry_run": False,
    }
    assert [row["outcome"] for row in said["documents"]] == ["added", "added", "refused"]
    assert said["documents"][0]["article_id"] == "medquad-niddk-a"
    assert said["documents"][2] == {"outcome": "refused", "path": f"{files}/c.xml", "reason": "the file is empty"}


def test_a_dry_run_prints_a_diff_and_leaves_no_trace(imported: Followup, files: Path, tmp_path: Path) -> None:
    done = imported("--dry-run")
    assert done.returncode == 0
    assert "+++ b/medquad-niddk-a.md\n" in done.stdout
    assert "+Answer a.\n" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("nothing was written")
    assert {path.name for path in tmp_path.iterdir()} == {"files", "here"}
    assert list((tmp_path / "here").iterdir()) == []
    imported()
    (files / "a.xml").write_text(medquad("Another answer.", identifier="a", focus="Topic a"), "utf-8")
    (row,) = [row for row in json.loads(imported("--dry-run", "--json").stdout)["documents"] if "diff" in row]
    assert "-Answer a.\n+Another answer.\n" in row["diff"]


def test_an_import_that_changes_something_is_one_entry_of_the_audit_log(imported: Followup, tmp_path: Path) -> None:
    imported()
    imported()
    log = AuditLog(tmp_path / "audit.jsonl")
    (entry,) = log.entries()
    assert log.verify().problems == ()
    assert (entry.actor, entry.action, entry.subject) == ("Dr A", "import", "medquad")
    assert (entry.details["added"], entry.details["refused"], entry.details["finished"]) == (2, 0, True)
    assert entry.details["articles"] == ["medquad-niddk-a", "medquad-niddk-b"]


def test_an_import_of_which_nothing_could_be_written_is_no_entry(imported: Followup, tmp_path: Path) -> None:
    (tmp_path / "articles").write_text("")  # where the folder would be
    done = imported()
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)
    assert AuditLog(tmp_path / "audit.jsonl").entries() == []


def test_nothing_is_imported_where_it_cannot_be_recorded(imported: Followup, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl.lock").mkdir()
    done = imported()
    assert done.returncode == 2
    assert "the audit log" in done.stderr
    assert not (tmp_path / "articles").exists()


@pytest.mark.parametrize("cut_short", [False, True])
def test_what_could_not_be_recorded_at_the_end_is_said_with_what_cut_it_short(
    cut_short: bool, files: Path, tmp_path: Path
) -> None:
    log, folder = AuditLog(tmp_path / "audit.jsonl"), tmp_path / "articles"
    shelf = Shelf(folder)
    outcomes = import_files([files], FORMATS["medquad"], Options(), shelf, today=dt.date(2026, 11, 23))
    done = recorded(outcomes, log, by="Dr A", form=FORMATS["medquad"], paths=[files], shelf=shelf)
    next(done)
    while not shelf.written:  # it is written beside this thread
        time.sleep(0.01)
    log.path.unlink()
    log.path.mkdir()
    if cut_short:
        folder.rename(tmp_path / "away")
        folder.write_text("a file", "utf-8")
    with pytest.raises(ImportNotRecorded) as error:
        list(done)
    said, written = str(error.value), 1 if cut_short else 2
    assert said.startswith(f"{written} articles were written into {folder}, and the audit log {log.path} does not tell of it (")
    assert "nothing was done" not in said
    assert ("the import was cut short: " in said) == cut_short
    assert (f"{folder}/medquad-niddk-b.md cannot be written" in said) == cut_short


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("html", "."), "give --source and --licence"),
        (("html", ".", "--source", "Ex"), "give --licence"),
        (("docs", "."), "'docs' is not one of"),
        (("medquad",), "Missing argument 'PATH...'"),
    ],
)
def test_what_is_missing_on_the_command_line_is_said(followup: Followup, arguments: tuple[str, ...], said: str) -> None:
    done = followup("corpus", "import", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_folder_without_files_of_the_format_is_said(followup: Followup, tmp_path: Path) -> None:
    done = followup("corpus", "import", "medquad", ".", "--into", str(tmp_path / "articles"))
    assert done.returncode == 1
    assert "no file ending in .xml there" in done.stderr


def test_a_killed_import_leaves_whole_articles_and_goes_on_where_it_was(files: Path, imported: Followup, tmp_path: Path) -> None:
    for number in range(400):
        (files / f"t{number:03}.xml").write_text(medquad("Answer. " * 50, identifier=f"t{number}"), "utf-8")
    articles = tmp_path / "articles"
    command = [Path(sys.executable).with_name("followup"), "corpus", "import", "medquad", files, "--into", articles]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(articles.glob("*.md"))) < 40 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = load_corpus(articles)
    assert 40 <= len(there) < 402
    done = imported()
    assert f"{402 - len(there)} added, 0 updated, {len(there)} unchanged, 0 kept, 0 refused" in done.stdout
    assert len(load_corpus(articles)) == 402


#: Runs a command and prints the most megabytes that it or a process of it had resident.
_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def test_a_file_of_any_size_is_imported_in_the_same_memory(tmp_path: Path) -> None:
    def megabytes(records: int) -> float:
        path = tmp_path / f"{records}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in range(records):
                file.write(json.dumps({"_id": f"{records}-{number}", "title": f"Title {number}", "text": "word " * 8000}) + "\n")
        command = [Path(sys.executable).with_name("followup"), "corpus", "import", "beir", path, "--into", tmp_path / "articles"]
        told = ["--source", "Ex", "--licence", "CC0"]
        measured = [sys.executable, "-c", _MEASURED, *map(str, command), *told]
        return float(subprocess.run(measured, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120).stdout)

    few, many = megabytes(25), megabytes(750)  # 1 MB and 30 MB
    assert many < 100
    assert many - few < 20
