"""Vectors kept on disk: there after a kill, never a wrong one after damage, and read from files of earlier versions."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.embedding.kept import KeptVectors, passage_key, query_key
from index.types import ModelIdentity

if TYPE_CHECKING:
    from index.types import Vectors

ROOT = Path(__file__).parents[1]
MODEL = ModelIdentity("model", "a" * 64)
COUNT, DIMENSION = 300, 32
FILE = f"{'a' * 16}.sqlite"


def vectors(count: int = COUNT) -> dict[bytes, Vectors]:
    numbers = np.random.default_rng(7).standard_normal((count, DIMENSION)).astype(np.float32)
    return {passage_key(f"text {position}"): vector for position, vector in enumerate(numbers)}


def written(folder: Path, count: int = COUNT) -> dict[bytes, Vectors]:
    kept = vectors(count)
    with KeptVectors(folder, MODEL) as file:
        file.keep(kept)
    return kept


def test_what_is_kept_is_found_bit_by_bit_by_the_same_weights_alone(tmp_path: Path) -> None:
    kept = written(tmp_path, 12_000)
    with KeptVectors(tmp_path, MODEL) as file:
        found = file.find([*kept, passage_key("another")])
        assert found.keys() == kept.keys()
        assert all(np.array_equal(found[key], kept[key]) for key in kept)
        assert file.find([]) == {}
    with KeptVectors(tmp_path, ModelIdentity("model", "b" * 64)) as other:
        assert other.find(list(kept)) == {}


def test_a_passage_and_a_query_of_the_same_words_have_different_keys() -> None:
    keys = {passage_key("gout"), query_key("gout"), query_key("gout", ""), query_key("gout", "ask: ")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_a_vector_kept_again_replaces_the_first(tmp_path: Path) -> None:
    key = passage_key("gout")
    with KeptVectors(tmp_path, MODEL) as file:
        for number in (1, 2):
            file.keep({key: np.full(DIMENSION, number, np.float32)})
        assert file.find([key])[key].tolist() == [2.0] * DIMENSION


# --- kills ------------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from index.embedding.kept import KeptVectors
from tests.test_kept_vectors import MODEL, vectors
file = KeptVectors(Path(sys.argv[1]), MODEL)
every = list(vectors(3000).items())
for start in range(0, len(every), 10):
    file.keep(dict(every[start : start + 10]))
    sys.stdout.write(f"{start + 10}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("after", [1, 7, 60, 150])
def test_what_was_kept_when_it_is_killed_is_there(tmp_path: Path, after: int) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    promised = int(said[-1]) if said[-1].endswith("\n") else int(said[-2])
    every = vectors(3000)
    with KeptVectors(tmp_path, MODEL) as file:
        found = file.find(list(every))
    assert len(found) in (promised, promised + 10)  # the kill may come between keeping and saying so
    assert set(found) == set(list(every)[: len(found)])
    assert all(np.array_equal(found[key], every[key]) for key in found)


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_no_flipped_bit_gives_a_wrong_vector_or_stops_anybody(tmp_path: Path, seed: int) -> None:
    kept = written(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    chance = random.Random(seed)  # noqa: S311  # a test's own
    lost = []
    for _ in range(30):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        harmed = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / FILE).write_bytes(harmed)
        with KeptVectors(tmp_path, MODEL) as file:
            found = file.find(list(kept))
            assert all(np.array_equal(found[key], kept[key]) for key in found), (at, bit)
            file.keep({key: vector for key, vector in kept.items() if key not in found})
            again = file.find(list(kept))
            assert again.keys() == kept.keys(), (at, bit)
        lost.append(COUNT - len(found))
    assert np.median(lost) <= 1


@pytest.mark.parametrize("harm", ["cut", "header", "noise", "empty", "middle"])
def test_a_damaged_file_is_made_anew_of_what_is_whole(tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture) -> None:
    kept = written(tmp_path, 2_000)
    path = tmp_path / FILE
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[: len(content) * 2 // 3 + 100],
            "header": b"not a database at all" + content[21:],
            "noise": np.random.default_rng(3).bytes(50_000),
            "empty": b"",
            "middle": content[:middle] + bytes(20_000) + content[middle + 20_000 :],
        }[harm]
    )  # fmt: skip
    with KeptVectors(tmp_path, MODEL) as file:
        found = file.find(list(kept))
        assert all(np.array_equal(found[key], kept[key]) for key in found)
        file.keep(kept)
        assert file.find(list(kept)).keys() == kept.keys()
    assert {path.name for path in tmp_path.iterdir()} == {FILE}
    assert (harm == "empty") != ("is damaged" in caplog.text)
    if harm == "middle":
        assert len(found) > 1_500


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    kept = written(tmp_path, 10)
    code = (
        "import resource, signal, sys; from pathlib import Path; from index.embedding.kept import KeptVectors;"
        "from tests.test_kept_vectors import MODEL, vectors; file = KeptVectors(Path(sys.argv[1]), MODEL);"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));\n"
        "try: file.keep(vectors(3000))\n"
        "except OSError as error: sys.stdout.write(f'{error.filename}: {error.strerror}')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path / FILE}: SQLite cannot keep vectors in it (")
    with KeptVectors(tmp_path, MODEL) as file:
        assert file.find(list(kept)).keys() == kept.keys()


def test_two_processes_may_keep_in_the_same_file(tmp_path: Path) -> None:
    written(tmp_path, 1)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL) for _ in "ab"]
    assert [writer.wait() for writer in writers] == [os.EX_OK] * 2
    with KeptVectors(tmp_path, MODEL) as file:
        assert len(file.find(list(vectors(3000)))) == 3000


# --- earlier versions -------------------------------------------------------------------------------------------------


def test_a_file_from_before_checksums_is_read_and_gets_them(tmp_path: Path) -> None:
    kept = vectors()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        connection.executemany("INSERT INTO kept VALUES (?, ?)", ((key, vector.tobytes()) for key, vector in kept.items()))
    connection.close()
    for _ in range(2):
        with KeptVectors(tmp_path, MODEL) as file:
            found = file.find(list(kept))
            assert found.keys() == kept.keys()
            assert all(np.array_equal(found[key], kept[key]) for key in kept)
    content = (tmp_path / FILE).read_bytes()
    at = content.index(next(iter(kept.values())).tobytes())
    (tmp_path / FILE).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with KeptVectors(tmp_path, MODEL) as file:
        assert file.find(list(kept)).keys() == set(list(kept)[1:])
