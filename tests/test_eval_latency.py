"""Latency: what a spread says, that stages add up to the whole, and the command from measuring to the result folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assistant.settings import Settings
from eval.cli import eval as group
from eval.datasets import load_followups
from eval.processes import cold_rows, reader_rows
from eval.results import read_result
from eval.stages import Watch, spread, spreads, warm_rows, watched
from index.search import Index
from tests.fakes import BagOfWordsEmbedder


def followup_eval(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(group, arguments, obj=lambda: settings)


def test_a_spread_is_in_milliseconds_and_a_second_holds_so_many() -> None:
    row = spread([0.004, 0.001, 0.002, 0.003], stage="dense")
    assert row == {"stage": "dense", "p50_ms": 2.0, "p95_ms": 4.0, "p99_ms": 4.0, "per_s": 400.0}


def test_a_row_for_each_stage_of_all_questions() -> None:
    rows = spreads([{"a": 0.001, "b": 0.002}, {"a": 0.003, "b": 0.002}], state="cold")
    assert [(row["state"], row["stage"], row["p50_ms"], row["p99_ms"]) for row in rows] == [
        ("cold", "a", 1.0, 3.0),
        ("cold", "b", 2.0, 2.0),
    ]


def test_a_watch_counts_the_calls_of_what_it_is_around_and_changes_nothing() -> None:
    embedder, watch = BagOfWordsEmbedder(delay=0.01), Watch()
    seen = watch.around(embedder)
    assert seen.dimension == embedder.dimension
    assert (seen.embed_passages(["a", "b"]) == embedder.embed_passages(["a", "b"])).all()
    assert 0.02 <= watch.seconds < 0.2
    with pytest.raises(AttributeError):
        seen.embed_query(None)  # type: ignore[arg-type]
    assert len(watch.around([1, 2])) == 2


def test_a_watched_index_finds_what_the_index_does(settings: Settings, real_index: Index) -> None:
    seen = watched(settings)
    query = seen.encode("colchicine dose on dialysis")
    before = seen.spent()
    assert before["load"] > before["encode"] > 0
    for article_id in (None, "gout-flares-urate-lowering"):
        assert seen.search(query, k=3, article_id=article_id) == real_index.search(query, k=3, article_id=article_id)
    spent = {stage: seconds - before[stage] for stage, seconds in seen.spent().items()}
    assert spent["load"] == spent["encode"] == 0
    assert min(spent["dense"], spent["lexical"], spent["fuse"]) > 0


def test_every_stage_is_told_and_none_is_longer_than_the_whole(settings: Settings) -> None:
    rows = {row["stage"]: row for row in warm_rows(settings, load_followups()[:30], readers=(1,))}
    assert list(rows) == ["encode", "dense", "lexical", "fuse", "select", "rest", "whole"]
    for row in rows.values():
        assert row["state"] == "warm"
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= rows["whole"]["p99_ms"]


def test_every_stage_is_told_for_every_number_of_readers(settings: Settings) -> None:
    rows = warm_rows(settings, load_followups()[:24], readers=(1, 4))
    assert [(row["readers"], row["stage"]) for row in rows if row["stage"] in ("encode", "whole")] == [
        (1, "encode"),
        (1, "whole"),
        (4, "encode"),
        (4, "whole"),
    ]
    for readers in (1, 4):
        mean_ms = {row["stage"]: 1000 * readers / row["per_s"] for row in rows if row["readers"] == readers}
        whole = mean_ms.pop("whole")
        assert sum(mean_ms.values()) == pytest.approx(whole, rel=0.02)  # no thread's seconds are another's


def test_a_first_question_tells_opening_and_loading_apart(settings: Settings) -> None:
    rows = {row["stage"]: row for row in cold_rows(settings, starts=2)}
    assert list(rows) == ["open", "load", "encode", "dense", "lexical", "fuse", "select", "rest", "whole"]
    assert all(row["state"] == "cold" and row["p50_ms"] > 0 for row in rows.values())
    assert rows["load"]["p50_ms"] > rows["encode"]["p50_ms"]


def test_several_readers_at_once_are_all_answered(settings: Settings) -> None:
    rows = reader_rows(settings, load_followups()[:24], readers=(1, 4))
    assert [row["readers"] for row in rows] == [1, 4]
    for row in rows:
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["per_s"] > 0


def test_latency_as_json_holds_figures_bounds_and_the_machine(settings: Settings, tmp_path: Path) -> None:
    result = followup_eval(settings, "latency", "--json", "--only", "help", "--only", "search", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert {"help_s", "encoding_p50_ms", "search_beyond_encoder_p50_ms"} <= printed["figures"].keys()
    assert all(value > 0 for value in printed["figures"].values())
    assert printed["reach"] == {"help_s": "≤ 0.4", "search_beyond_encoder_p50_ms": "≤ 10"}
    assert printed["made_by"]["machine"]["cores"] >= 1


def test_growth_is_printed_and_kept_as_a_result(settings: Settings, tmp_path: Path) -> None:
    arguments = ("latency", "--only", "scale", "--size", "300", "--size", "3000", "--out", str(tmp_path / "out"))
    result = followup_eval(settings, *arguments)
    assert result.exit_code == 0, result.output
    assert "3,000" in result.stdout
    assert "synthetic neighbours" in " ".join(result.stdout.split())
    kept = read_result(tmp_path / "out")
    assert kept.command == "latency"
    assert {row["passages"] for row in kept.extra["scale"]} == {300, 3_000}
    assert "synthetic" in kept.notes[0]


@pytest.mark.sweep
def test_every_speed_figure_is_within_reach(settings: Settings, tmp_path: Path) -> None:
    result = followup_eval(settings, "latency", "--json", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["not_reached"] == []
