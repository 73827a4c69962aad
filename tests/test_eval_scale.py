"""Growth: what synthetic passages are made of, and search over them against exact search."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import numpy as np
import pytest

from assistant.settings import Settings
from corpus.loading import load_corpus
from corpus.splitting import split_corpus
from eval.datasets import load_followups
from eval.neighbours import Parents, parents, write_neighbours
from eval.reach import SPEED
from eval.scale import scale_figures, scale_rows
from eval.stages import Row


@pytest.fixture(scope="module")
def real(settings: Settings) -> Parents:
    return parents(settings)


def test_up_to_their_number_passages_are_the_real_ones(real: Parents, tmp_path: Path) -> None:
    vectors = write_neighbours(real, 200, tmp_path / "articles").vectors
    kept = {row.tobytes() for row in real.vectors}
    assert all(np.abs(real.vectors @ vector).max() == pytest.approx(1, abs=1e-6) for vector in vectors)
    assert len({row.tobytes() for row in vectors} - kept) <= 200
    passages = split_corpus(load_corpus(tmp_path / "articles"))
    assert len(passages) == len(vectors) == 200
    assert {passage.article_title.rpartition(" (")[0] for passage in passages} <= {p.article_title for p in real.passages}


def test_above_it_they_are_as_near_to_each_other_as_real_ones_are(real: Parents, tmp_path: Path) -> None:
    count = len(real.texts) + 1_000
    vectors = write_neighbours(real, count, tmp_path / "articles").vectors
    assert vectors.shape == (count, real.vectors.shape[1])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(count), abs=1e-5)
    cosines = vectors[-1_000:] @ real.vectors.T
    nearest = np.sort(cosines, axis=1)[:, -1]
    assert 0.75 < median(nearest) < 0.95  # a real passage's nearest is at .83
    passages = split_corpus(load_corpus(tmp_path / "articles"))
    assert len(passages) == len({passage.text for passage in passages}) == count
    spoken = {word for text in real.texts for word in text.replace(".", " ").replace(",", " ").split()}
    words = [word.strip(".,") for passage in passages[-50:] for word in passage.text.split()[1:]]
    assert np.mean([word in spoken for word in words]) > 0.9


def test_the_same_seed_makes_the_same_passages_and_another_seed_others(real: Parents, tmp_path: Path) -> None:
    made = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        vectors = write_neighbours(real, len(real.texts) + 500, tmp_path / name, seed).vectors
        made[name] = (vectors.tobytes(), {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert made["a"] == made["b"]
    assert made["a"] != made["c"]


@pytest.fixture(scope="module")
def rows(settings: Settings) -> list[Row]:
    return scale_rows(settings, load_followups()[:30], [300, 1_000])


def test_each_size_has_every_stage_with_its_spread(rows: list[Row]) -> None:
    stages = [f"{stage}{of}" for of in ("", " of subjects") for stage in ("dense", "lexical", "fuse", "hybrid")]
    assert [(row["passages"], row["stage"]) for row in rows] == [(size, stage) for size in (300, 1_000) for stage in stages]
    for row in rows:
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["per_s"] > 0
        assert row["synthetic"] == 0
    disk = {row["passages"]: row["disk_mb"] for row in rows}
    assert disk[300] < disk[1_000]
    by_stage = {row["stage"]: row["p50_ms"] for row in rows if row["passages"] == 1_000}
    assert by_stage["hybrid"] > max(by_stage[stage] for stage in ("dense", "lexical", "fuse"))


def test_a_small_index_is_searched_exactly(rows: list[Row]) -> None:
    recalls = {row["stage"]: row["recall@10"] for row in rows}
    assert recalls["dense"] == recalls["hybrid"] == recalls["hybrid of subjects"] == 1
    assert recalls["lexical"] is recalls["fuse"] is None


def test_the_bound_is_on_questions_over_a_hundred_thousand_passages() -> None:
    hybrid: Row = {"passages": 100_000, "stage": "hybrid", "p50_ms": 4.0, "recall@10": 0.97}
    others: list[Row] = [{**hybrid, "passages": 10_000}, {**hybrid, "stage": "dense"}, {**hybrid, "stage": "hybrid of subjects"}]
    figures = {figure.name: figure.within for figure in scale_figures([*others, hybrid])}
    assert figures == {"search_at_100k_p50_ms": True, "search_at_100k_recall@10": False}
    assert figures.keys() <= SPEED.keys()
    assert scale_figures(others) == []
