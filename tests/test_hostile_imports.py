"""Hostile files among good ones: each is named and refused in time and memory, or harmless; the good ones are imported."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from corpus.importing.files import shown
from corpus.loading import parse_article
from corpus.types import Status
from tests.hostile import GOOD, HOSTILE

#: Imports a folder in a process of its own and prints each outcome with the seconds since the last one, and at the end
#: the most megabytes that a process of it had resident. In a process of its own, as one begins with its parent's figure.
IMPORT = """
import datetime as dt, json, resource, sys, time
from pathlib import Path
from corpus.importing.batch import import_files
from corpus.importing.formats import FORMATS
from corpus.importing.types import Options, Refused
from corpus.importing.writing import Shelf

name, folder, into = sys.argv[1:]
last = time.monotonic()
options = Options("Example College", "CC-BY-4.0", "")
for one in import_files([Path(folder)], FORMATS[name], options, Shelf(Path(into)), today=dt.date(2026, 11, 23)):
    now = time.monotonic()
    said = {"path": one.path, "reason": one.reason} if isinstance(one, Refused) else {"article": one.article_id}
    print(json.dumps(said | {"seconds": now - last}))
    last = time.monotonic()
print(json.dumps({"megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}))
"""
FORMATS = sorted(HOSTILE)


@dataclass(frozen=True)
class Import:
    """One import of a format's hostile and good files: what was refused by file name, the rows printed, the articles' texts."""

    refused: dict[str, str]
    rows: list[dict[str, Any]]
    megabytes: float
    articles: dict[str, str]


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Imports a format's files, once for all tests."""

    @cache
    def run(name: str) -> Import:
        base = tmp_path_factory.mktemp(name)
        folder, into = base / "files", base / "articles"
        folder.mkdir()
        for hostile in HOSTILE[name]:
            hostile.make(folder)
        for file, (content, _) in GOOD[name].items():
            (folder / file).write_bytes(content)
        command = [sys.executable, "-c", IMPORT, name, str(folder), str(into)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
        *rows, last = map(json.loads, done.stdout.splitlines())
        assert {path.name for path in base.iterdir()} == {"files", "articles"}
        refused = {row["path"].removeprefix(f"{folder}/").partition(", ")[0]: row["reason"] for row in rows if "path" in row}
        texts = {path.name: path.read_text("utf-8") for path in sorted(into.iterdir())}
        return Import(refused, rows, last["megabytes"], texts)

    return run


def test_there_are_more_than_fifty_hostile_files() -> None:
    assert sum(not hostile.taken for files in HOSTILE.values() for hostile in files) >= 50


@pytest.mark.parametrize("name", FORMATS)
def test_every_hostile_file_is_refused_and_named_with_a_reason(imports: Any, name: str) -> None:
    refused = imports(name).refused
    assert [file.name for file in HOSTILE[name] if not file.taken and shown(file.name) not in refused] == []
    assert all(reason and reason.isprintable() for reason in refused.values())


@pytest.mark.parametrize("name", FORMATS)
def test_the_good_files_of_the_batch_are_imported(imports: Any, name: str) -> None:
    done = imports(name)
    assert [file for file in GOOD[name] if file in done.refused] == []
    for file, (_, word) in GOOD[name].items():
        assert any(word in text for text in done.articles.values()), file


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_takes_more_than_its_time_and_memory(imports: Any, name: str) -> None:
    done = imports(name)
    assert done.megabytes <= 200
    # The first file, and the one after a process was ended, wait for a new process to start besides.
    ended = [True, *("took more than" in row.get("reason", "") or "reader" in row.get("reason", "") for row in done.rows)]
    slow = [row for row, fresh in zip(done.rows, ended, strict=False) if not fresh and row["seconds"] > 2.5]
    assert slow == []  # 2 s, and half a second for a busy machine to notice


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_imported_is_harmless(imports: Any, name: str) -> None:
    for file, text in imports(name).articles.items():
        article, problems = parse_article(text, file)
        assert article is not None, problems
        assert article.source is not None
        assert (article.status, article.reviewed_by) == (Status.SUBMITTED, None)
        assert [block.statement for block in article.blocks if block.statement] == []
        assert {mark for block in article.blocks for mark in block.marks} <= {one.id for one in article.references}
        assert "root:" not in text
        assert all(letter.isprintable() or letter in "\n\u200c" for letter in text)


def test_ids_that_lead_elsewhere_or_collide_are_told_apart(imports: Any) -> None:
    articles = imports("beir").articles
    assert {"example-college-a-b.md"} < {file for file in articles if file.startswith("example-college-a-b")}
    assert sum(file.startswith("example-college-a-b") for file in articles) == 3
    assert any(file.startswith("example-college-etc-cron-d-x-") for file in articles)
