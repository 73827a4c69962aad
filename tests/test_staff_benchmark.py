"""How well a generation finds the articles' own questions, each without itself: the figures, and that they are kept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.staff.benchmark import Benchmark, keep, kept, measure
from index.build import build_index
from index.leaving_out import LeavingOut
from index.search import Index
from index.types import CueKind
from tests.fakes import SMALL, BagOfWordsEmbedder, open_with, write_articles


@pytest.fixture
def index(small: Settings) -> Index:
    embedder = BagOfWordsEmbedder(dimension=512)
    build_index(small, embedder=embedder)
    return open_with(small, embedder)


def test_a_question_left_out_is_searched_as_if_the_article_did_not_list_it(index: Index, small: Settings, tmp_path: Path) -> None:
    question = "Is a steroid an option?"
    cue = next(one for one in index.store.some_cues(CueKind.QUESTION, 100) if one.text == question)
    with_it = index.search(index.encode(question), k=1)[0]
    without = LeavingOut(index, cue.row, cue.passages).search(index.encode(question), k=20)
    assert with_it.passage.id == "gout-basics#F2"

    embedder = BagOfWordsEmbedder(dimension=512)
    shorter = {key: text.replace(f"  - text: {question}\n    statements: [F2]\n", "") for key, text in SMALL.items()}
    other = small.model_copy(update={"articles": write_articles(tmp_path / "other", shorter), "index": tmp_path / "other-index"})
    build_index(other, embedder=embedder)
    rebuilt = open_with(other, embedder)
    expected = rebuilt.search(rebuilt.encode(question), k=20)
    dense = {hit.passage.id: round(hit.dense, 5) for hit in expected}
    assert {hit.passage.id: round(hit.dense, 5) for hit in without} == dense
    assert without[0].passage.id == expected[0].passage.id
    assert index.search(index.encode(question), k=1)[0] == with_it  # the index itself is as it was


def test_the_figures_are_those_of_the_ranks(index: Index) -> None:
    measured = measure(index)
    ranks = []
    for cue in index.store.some_cues(CueKind.QUESTION, 100):
        wanted = {passage.id for passage in index.store.passages(cue.passages).values()}
        left_out = LeavingOut(index, cue.row, cue.passages).search(index.encode(cue.text), k=10)
        found = [hit.passage.id for hit in left_out]
        ranks.append(next((at for at, name in enumerate(found, start=1) if name in wanted), None))
    assert (measured.questions, measured.of, measured.generation) == (5, 5, 1)
    assert measured.hit_at_1 == round(sum(rank == 1 for rank in ranks) / 5, 4)
    assert measured.hit_at_3 == round(sum(rank is not None and rank <= 3 for rank in ranks) / 5, 4)
    assert measured.mrr == round(sum(1 / rank for rank in ranks if rank) / 5, 4)


def test_at_most_so_many_questions_are_searched(index: Index) -> None:
    assert (measure(index, at_most=2).questions, measure(index, at_most=2).of) == (2, 5)


def test_without_questions_there_is_no_figure(small: Settings) -> None:
    for name in ("gout-basics", "asthma-basics"):
        (small.articles / f"{name}.md").unlink()
    embedder = BagOfWordsEmbedder()
    build_index(small, embedder=embedder)
    measured = measure(open_with(small, embedder))
    assert (measured.questions, measured.of, measured.hit_at_1, measured.mrr) == (0, 0, None, None)


def test_benchmarks_are_kept_by_generation_and_a_broken_one_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = Benchmark(7, "2026-11-23T10:00:00+00:00", 300, 1200, 0.8, 0.9, 0.85, 2.5)
    again = Benchmark(7, "2026-11-24T10:00:00+00:00", 300, 1200, 0.7, 0.9, 0.8, 2.5)
    other = Benchmark(9, "2026-11-25T10:00:00+00:00", 0, 0, None, None, None, 0.1)
    for one in (first, other, again):
        keep(tmp_path, one)
    (tmp_path / "benchmarks" / "000008.json").write_text("{", "utf-8")
    assert kept(tmp_path) == {9: other, 7: again}
    assert list(kept(tmp_path)) == [9, 7]
    assert "000008.json cannot be read" in caplog.text
    assert kept(tmp_path / "nothing") == {}


def test_the_shipped_articles_in_a_few_seconds(real_index: Index) -> None:
    measured = measure(real_index)
    assert measured.questions == 300
    assert measured.of > 1000
    assert measured.hit_at_1 is not None
    assert measured.hit_at_3 is not None
    assert 0.5 < measured.hit_at_1 < measured.hit_at_3 < 1  # by itself every question finds itself: 1.0
    assert measured.seconds < 30


def test_the_command_prints_and_keeps_it(
    settings: Settings, followup: Callable[..., subprocess.CompletedProcess[str]], real_index: Index
) -> None:
    done = followup("staff", "benchmark", "--json", index=settings.index)
    shown = json.loads(done.stdout)
    assert kept(settings.index)[real_index.manifest.number].mrr == shown["mrr"]
