"""Many texts into one file of vectors: each made once, whatever is killed, copied where known; bounded memory, honest times."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import ModelUnavailable
from index.embedding import Embedded, KeptVectors, Known, embed_all
from index.embedding.distinct import Distinct
from index.embedding.many import Progress
from index.embedding.vector_file import VectorFile
from index.types import ModelIdentity
from tests.fakes import BagOfWordsEmbedder

if TYPE_CHECKING:
    from index.types import Vectors

ROOT = Path(__file__).parents[1]
MODEL = ModelIdentity("model", "a" * 64)
TEXTS = [f"passage {number} {'about gout ' * (number % 7)}" for number in range(500)]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptVectors]:
    with KeptVectors(tmp_path / "kept", MODEL) as opened:
        yield opened


def run(
    texts: Sequence[str], path: Path, kept: KeptVectors, embedder: BagOfWordsEmbedder, known: Known | None = None
) -> tuple[Embedded, Vectors]:
    done = embed_all(texts, path, load=lambda: embedder, kept=kept, known=known)
    return done, np.load(path, allow_pickle=False)


def one_by_one(texts: Sequence[str]) -> Vectors:
    return np.stack([BagOfWordsEmbedder().embed_query(text) for text in texts])


def test_row_i_is_the_vector_of_text_i_in_the_bytes_that_numpy_writes(
    tmp_path: Path, kept: KeptVectors, embedder: BagOfWordsEmbedder
) -> None:
    done, vectors = run(TEXTS, tmp_path / "all.npy", kept, embedder)
    assert np.array_equal(vectors, one_by_one(TEXTS))
    assert (done.made, done.kept, done.known, done.dimension) == (500, 0, 0, 64)
    np.save(tmp_path / "expected.npy", one_by_one(TEXTS), allow_pickle=False)
    assert (tmp_path / "all.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()


def test_equal_texts_are_embedded_once_and_the_longest_first(
    tmp_path: Path, kept: KeptVectors, embedder: BagOfWordsEmbedder
) -> None:
    texts = ["gout", "asthma attack", "gout", "", "asthma attack", "gout"]
    done, vectors = run(texts, tmp_path / "all.npy", kept, embedder)
    assert embedder.embedded == ["asthma attack", "gout", ""]
    assert np.array_equal(vectors, one_by_one(texts))
    assert done.made == 3


def test_known_vectors_are_copied_and_nothing_is_loaded_for_them(tmp_path: Path, kept: KeptVectors) -> None:
    known = Known(iter(TEXTS), one_by_one(TEXTS))
    some = [*TEXTS[400:], *TEXTS[:100], TEXTS[450]]
    path = tmp_path / "all.npy"
    done = embed_all(some, path, load=lambda: pytest.fail("nothing is new"), kept=kept, known=known)
    assert np.array_equal(np.load(path), one_by_one(some))
    assert (done.made, done.kept, done.known) == (0, 0, 200)


def test_only_new_texts_are_embedded(tmp_path: Path, kept: KeptVectors, embedder: BagOfWordsEmbedder) -> None:
    known = Known(TEXTS[:400], one_by_one(TEXTS[:400]))
    done, vectors = run(TEXTS, tmp_path / "all.npy", kept, embedder, known)
    assert sorted(embedder.embedded) == sorted(TEXTS[400:])
    assert np.array_equal(vectors, one_by_one(TEXTS))
    assert (done.made, done.kept, done.known) == (100, 0, 400)


def test_no_texts_make_an_empty_file_of_the_model_s_dimension(
    tmp_path: Path, kept: KeptVectors, embedder: BagOfWordsEmbedder
) -> None:
    for name, known in (("a", None), ("b", Known([], np.empty((0, 64), np.float32)))):
        done, vectors = run([], tmp_path / f"{name}.npy", kept, embedder, known)
        assert vectors.shape == (0, 64)
        assert (done.made, done.kept, done.known) == (0, 0, 0)


@given(st.lists(st.sampled_from("abcdefgh")), st.lists(st.sampled_from("abcdefgh")))
def test_equal_texts_and_texts_among_others_are_found_as_dicts_find_them(texts: list[str], others: list[str]) -> None:
    distinct = Distinct.of(texts)
    assert sorted(texts[row] for row in distinct.first) == sorted(set(texts))
    assert [texts[distinct.first[number]] for number in distinct.which] == texts
    numbers = np.arange(len(distinct.keys))[::-1]
    rows, places = distinct.rows(numbers)
    assert sorted(rows.tolist()) == list(range(len(texts)))
    assert distinct.which[rows].tolist() == numbers[places].tolist()
    for number, place in enumerate(distinct.found_among(others).tolist()):
        text = texts[distinct.first[number]]
        assert others[place] == text if text in others else place == -1


# --- a run that does not finish ---------------------------------------------------------------------------------------

KILLED = """
import sys
from pathlib import Path
from index.embedding import KeptVectors, embed_all
from tests.fakes import BagOfWordsEmbedder
from tests.test_embedding_many import MODEL
texts = [f"{'gout ' * 500} {number}" for number in range(2000)]
def told(progress):
    sys.stdout.write(f"{progress.done}\\n")
    sys.stdout.flush()
folder = Path(sys.argv[1])
embed_all(texts, folder / f"{sys.argv[2]}.npy", load=lambda: BagOfWordsEmbedder(delay=0.0005),
          kept=KeptVectors(folder / "kept", MODEL), progress=told)
"""


def test_what_a_killed_run_made_is_never_made_again(tmp_path: Path, embedder: BagOfWordsEmbedder) -> None:
    texts = [f"{'gout ' * 500} {number}" for number in range(2000)]
    before = 0
    for attempt, batches in enumerate((3, 5, 1)):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(attempt)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = [int(process.stdout.readline()) for _ in range(1 + batches)]
            process.send_signal(signal.SIGKILL)
        assert said[0] >= before
        before = said[-1]
    with KeptVectors(tmp_path / "kept", MODEL) as kept:
        done, vectors = run(texts, tmp_path / "all.npy", kept, embedder)
    assert done.made + done.kept == 2000
    assert done.kept >= before > 0
    assert len(embedder.embedded) == done.made
    assert np.array_equal(vectors, one_by_one(texts))


def test_a_vector_that_is_none_is_refused_and_not_kept(tmp_path: Path, kept: KeptVectors) -> None:
    class Broken(BagOfWordsEmbedder):
        def __init__(self, harm: Callable[[Vectors], Vectors]) -> None:
            super().__init__()
            self._harm = harm

        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            return self._harm(super().embed_passages(texts))

    for number, (harm, said) in enumerate(
        [
            (lambda vectors: vectors * np.nan, "a vector of length nan instead of 1"),
            (lambda vectors: vectors * 2, "a vector of length 2 instead of 1"),
            (lambda vectors: vectors[1:], r"vectors \(499, 64\) where \(500, 64\)"),
        ]
    ):
        with pytest.raises(ModelUnavailable, match=said):
            run(TEXTS, tmp_path / f"{number}.npy", kept, Broken(harm))
    done, _ = run(TEXTS, tmp_path / "all.npy", kept, BagOfWordsEmbedder())
    assert done.kept == 0


# --- progress ---------------------------------------------------------------------------------------------------------


class AsLongAsTheRealOne(BagOfWordsEmbedder):
    """Takes as long as was measured of the bundled embedder, on a clock of its own."""

    MEASURED = ((20, 0.8), (100, 1.84), (400, 5.49), (800, 11.62), (1600, 29.43), (2000, 43.96), (2500, 45.5), (5000, 45.1))

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        lengths, spent = zip(*self.MEASURED, strict=True)
        self.seconds += float(np.interp([len(text) for text in texts], lengths, spent).sum()) / 1000
        return super().embed_passages(texts)


def test_the_time_left_is_not_underestimated(tmp_path: Path, kept: KeptVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = AsLongAsTheRealOne()
    monkeypatch.setattr("index.embedding.many.time.perf_counter", lambda: embedder.seconds)
    lengths = np.random.default_rng(5).gamma(1.2, 350, 3000).astype(int) + 5
    texts = [f"{number} {'x' * length}" for number, length in enumerate(lengths)]
    told: list[tuple[float, Progress]] = []
    embed_all(
        texts, tmp_path / "all.npy", load=lambda: embedder, kept=kept, progress=lambda now: told.append((embedder.seconds, now))
    )
    assert (told[0][1].done, told[0][1].rate, told[0][1].seconds_left) == (0, None, None)
    assert [now.done for _, now in told] == sorted(now.done for _, now in told)
    assert (told[-1][1].done, told[-1][1].total, told[-1][1].seconds_left) == (3000, 3000, 0.0)
    for at, now in told[1:]:
        really = embedder.seconds - at
        assert now.seconds_left is not None
        assert 0.97 * really <= now.seconds_left <= 1.3 * really
        assert now.rate == pytest.approx(now.done / at)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_rows_are_written_in_any_order_and_only_of_their_own_length(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)
    order = np.random.default_rng(2).permutation(50)
    with VectorFile(tmp_path / "a.npy", 50, 8) as file:
        for some in np.split(order, [3, 20, 20, 49]):
            file.write(some, numbers[some])
        with pytest.raises(ValueError, match=r"vectors \(2, 7\) for 2 rows of 8"):
            file.write(np.array([0, 1]), np.zeros((2, 7), np.float32))
    assert np.array_equal(np.load(tmp_path / "a.npy"), numbers)
    with pytest.raises(FileExistsError):
        VectorFile(tmp_path / "a.npy", 50, 8)


@pytest.mark.parametrize("when", ["when it is made", "when it is written to"])
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path, when: str) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; import numpy as np;"
        "from index.embedding.vector_file import VectorFile; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "def fill(): resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))\n"
        "if sys.argv[2] == 'when it is made': fill()\n"
        "try:\n"
        "    with VectorFile(Path(sys.argv[1]), 1000, 8) as file:\n"
        "        fill(); file.write(np.arange(10), np.zeros((10, 8), np.float32))\n"
        "        sys.stdout.write('ten rows; '); file.write(np.array([999]), np.zeros((1, 8), np.float32))\n"
        "except OSError as error: sys.stdout.write(f'{error.filename}: {error.strerror}')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.npy"), when]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.removeprefix("ten rows; ") == f"{tmp_path / 'a.npy'}: File too large"
    assert done.stdout.startswith("ten rows") == (when == "when it is written to")


def test_memory_does_not_grow_with_the_vectors(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; import numpy as np;"
        "from index.embedding import KeptVectors, embed_all; from tests.test_embedding_many import MODEL\n"
        "class Quick:\n"
        "    dimension = 384\n"
        "    def embed_passages(self, texts): return np.eye(1, 384, dtype=np.float32).repeat(len(texts), axis=0)\n"
        "texts = [f'{number:08}' * 30 for number in range(30_000)]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "folder = Path(sys.argv[1]); kept = KeptVectors(folder / 'kept', MODEL)\n"
        "embed_all(texts, folder / 'all.npy', load=Quick, kept=kept)\n"
        "sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (tmp_path / "all.npy").stat().st_size > 46_000_000
    assert int(done.stdout) < 25  # MB
