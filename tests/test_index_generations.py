"""What staff see and undo of generations: listing, verifying, rolling back, and what a build refuses or asks about first."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.settings import Settings
from corpus.errors import BuildRefused, IndexBusy, IndexDamaged, RollbackRefused
from index.build import build_index
from index.folders import generation_folder
from index.generations import list_generations, live_generation
from index.live import LiveIndex
from index.locking import single_writer
from index.pointer import read_pointer
from index.report import read_report
from index.rollback import rollback
from index.search import Index
from tests.fakes import SMALL, BagOfWordsEmbedder, edit, open_with, spoil, write_articles


def steroid(settings: Settings) -> str:
    return Index.open(settings).store.passages_of("gout-basics")[1].text.split()[1]


def test_a_rollback_goes_one_back_and_again_one_back_and_forward_by_number(three: Settings) -> None:
    assert steroid(three) == "methylprednisolone"
    assert rollback(three).manifest.number == 2
    assert steroid(three) == "prednisolone"
    assert rollback(three).manifest.number == 1
    assert steroid(three) == "prednisone"
    assert rollback(three, 3).manifest.number == 3
    assert read_pointer(three.index).passed_over == ()


def test_a_rollback_refuses_what_cannot_serve_and_changes_nothing(three: Settings) -> None:
    spoil(generation_folder(three.index, 2) / "vectors.npy")
    with pytest.raises(IndexDamaged, match=r"vectors\.npy"):
        rollback(three, 2)
    with pytest.raises(RollbackRefused, match="there is no generation 9; `followup index generations` lists"):
        rollback(three, 9)
    with pytest.raises(RollbackRefused, match="generation 3 is live already"):
        rollback(three, 3)
    assert read_pointer(three.index).number == 3
    assert rollback(three).manifest.number == 1  # 2 is not whole
    with pytest.raises(RollbackRefused, match="no whole generation before 1"):
        rollback(three)


def test_a_rollback_waits_for_no_build(three: Settings) -> None:
    with single_writer(three.index, "a build", "anna"), pytest.raises(IndexBusy, match=r"a build by anna, process .*, since 20"):
        rollback(three)


def test_a_build_after_a_rollback_makes_a_new_generation_of_the_articles_as_they_are(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    rollback(three, 1)
    report = build_index(three, embedder=embedder)
    assert (report.number, report.previous, report.diff.changed) == (4, 1, ("gout-basics",))
    assert steroid(three) == "methylprednisolone"


def test_a_report_of_what_changed_is_kept_with_each_generation(three: Settings, embedder: BagOfWordsEmbedder) -> None:
    write_articles(
        three.articles, {"sleep-naps": SMALL["sleep-basics"].replace("sleep-basics", "sleep-naps").replace("?", " in naps?")}
    )
    (three.articles / "asthma-basics.md").unlink()
    edit(three.articles / "gout-basics.md", lambda source: source.replace("status: submitted", "status: under_review"))
    made = build_index(three, embedder=embedder, by="anna")
    kept = read_report(live_generation(three.index)[0])
    assert kept.diff == made.diff
    assert (kept.number, kept.previous, kept.by) == (4, 3, "anna")
    assert (kept.diff.added, kept.diff.removed, kept.diff.changed) == (("sleep-naps",), ("asthma-basics",), ("gout-basics",))
    held = {number: len(Index.open(three).store.passages_of(number)) for number in ("sleep-naps",)}
    assert kept.diff.passages_added == held["sleep-naps"]
    before = generation_folder(three.index, 3)
    assert kept.diff.passages_removed == read_report(before).passages - (kept.passages - kept.diff.passages_added)


@pytest.mark.parametrize("left", [(), ("sleep-basics",)])
def test_a_build_that_would_lose_most_passages_asks_first(
    small: Settings, embedder: BagOfWordsEmbedder, left: tuple[str, ...]
) -> None:
    build_index(small, embedder=embedder)
    for path in small.articles.glob("*.md"):
        if path.stem not in left:
            path.unlink()
    with pytest.raises(BuildRefused, match=r"would hold \d passages, generation 1 holds 7; .* --allow-shrink"):
        build_index(small, embedder=embedder)
    assert len(open_with(small, embedder).store.all_passages()) == 7
    report = build_index(small, embedder=embedder, allow_shrink=True)
    index = open_with(small, embedder)
    assert [article.id for article in index.store.articles] == list(left)
    assert report.passages == len(index.search(index.encode("anything at all"), k=50))
    assert not build_index(small, embedder=embedder).changed


def test_a_first_build_of_an_empty_folder_asks_too(tmp_path: Path, embedder: BagOfWordsEmbedder) -> None:
    (tmp_path / "articles").mkdir()
    settings = Settings(articles=tmp_path / "articles", index=tmp_path / "index", _env_file=None)
    with pytest.raises(BuildRefused, match="would hold 0 passages, there is no index yet"):
        build_index(settings, embedder=embedder)


def test_a_command_of_the_staff_can_refuse_a_generation(small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> None:
    build_index(small, embedder=embedder)
    script = tmp_path / "scripts" / "gate.py"
    script.parent.mkdir()
    script.write_text(
        "import os, sys\nfrom pathlib import Path\nfrom index.generations import live_generation\n"
        "folder, new = live_generation(Path(os.environ['FOLLOWUP_INDEX']))\n"
        "_, live = live_generation(Path(os.environ['FOLLOWUP_LIVE_INDEX']))\n"
        "sys.exit('nDCG@10 fell from .8 to .5' if new.number == live.number + 1 and (folder / 'vectors.faiss').exists() else 0)\n"
    )
    gated = small.model_copy(update={"gate": f"{sys.executable} {script}"})
    edit(small.articles / "gout-basics.md", lambda source: source.replace("prednisone", "prednisolone"))
    with pytest.raises(BuildRefused, match=r"ended with 1: nDCG@10 fell from \.8 to \.5; the old one still serves"):
        build_index(gated, embedder=embedder)
    assert live_generation(small.index)[1].number == 1
    for broken, said in (("no-such-command", "did not run to its end"), ("'", "did not run to its end")):
        with pytest.raises(BuildRefused, match=said):
            build_index(small.model_copy(update={"gate": broken}), embedder=embedder)
    assert build_index(small.model_copy(update={"gate": "true"}), embedder=embedder).number == 2


def test_strays_of_killed_builds_and_removals_are_cleaned_by_a_build_that_has_nothing_else_to_do(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    folder = three.index / "generations"
    (folder / ".building-1").mkdir()
    (folder / ".removing-000001").mkdir()
    (folder / ".removing-000001" / "vectors.npy").write_bytes(b"half")
    (three.index / "CURRENT.new").write_text("half")
    fewer = three.model_copy(update={"keep_generations": 2})
    assert not build_index(fewer, embedder=embedder).changed
    assert sorted(path.name for path in folder.iterdir()) == ["000002", "000003"]
    assert not (three.index / "CURRENT.new").exists()


def test_vectors_of_a_build_that_was_stopped_are_not_made_again(small: Settings, embedder: BagOfWordsEmbedder) -> None:

    refused = small.model_copy(update={"gate": "false"})
    with pytest.raises(BuildRefused):
        build_index(refused, embedder=embedder)
    again = BagOfWordsEmbedder()
    assert build_index(small, embedder=again).embedded == 0
    assert again.embedded == []
    assert not (small.index / "unfinished").exists()


def test_the_list_says_what_is_wrong_with_each_generation(three: Settings) -> None:
    spoil(generation_folder(three.index, 1) / "manifest.json")
    spoil(generation_folder(three.index, 2) / "vectors.npy")
    by_manifest = {info.number: info.problem for info in list_generations(three.index)}
    by_file = {info.number: info.problem for info in list_generations(three.index, verify=True)}
    assert by_manifest[3] is by_manifest[2] is by_file[3] is None
    assert "manifest.json" in str(by_manifest[1])
    assert "vectors.npy" in str(by_file[2])
    assert [(info.number, info.live) for info in list_generations(three.index)] == [(3, True), (2, False), (1, False)]


def test_the_command_line_lists_verifies_and_rolls_back(followup: Callable[..., object], three: Settings) -> None:
    given = {"index": three.index, "articles": three.articles}

    def run(*arguments: str) -> tuple[int, str, str]:
        done = followup("index", *arguments, **given)
        return done.returncode, done.stdout, done.stderr  # type: ignore[attr-defined]

    code, out, _ = run("generations")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if not line.startswith("        ")] == ["3", "2", "1"]
    assert "since 2: 0 articles added, 1 changed, 0 removed; 1 passages added, 1 removed" in out
    assert run("verify")[0] == 0
    code, out, _ = run("rollback", "--json")
    assert (code, json.loads(out)["number"]) == (0, 2)
    listed = json.loads(run("generations", "--json")[1])["generations"]
    assert [(one["number"], one["live"], one["passed_over"]) for one in listed] == [
        (3, False, True),
        (2, True, False),
        (1, False, False),
    ]
    assert listed[1]["report"]["diff"]["changed"] == ["gout-basics"]
    spoil(generation_folder(three.index, 2) / "vectors.npy")
    code, out, _ = run("verify")
    assert code == 1
    assert "vectors.npy is damaged" in out
    code, _, err = run("rollback", "7")
    assert (code, err) == (2, "followup: there is no generation 7; `followup index generations` lists those there are\n")


def test_without_current_the_newest_whole_generation_serves_and_the_next_build_mends_it(
    followup: Callable[..., object], three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    given = {"index": three.index, "articles": three.articles}
    (three.index / "CURRENT").unlink()
    live = LiveIndex(three, embedder=lambda: embedder)
    assert live.current().manifest.number == 3
    assert "CURRENT is missing" in str(live.health().degraded)
    verified = followup("index", "verify", **given)
    assert verified.returncode == 1  # type: ignore[attr-defined]
    assert "CURRENT is missing" in verified.stdout  # type: ignore[attr-defined]
    for name in ("asthma-basics", "gout-basics"):
        (three.articles / f"{name}.md").unlink()
    with pytest.raises(BuildRefused, match="generation 3 holds"):
        build_index(three, embedder=embedder)
    (three.index / "CURRENT.last").unlink()
    report = build_index(three, embedder=embedder, allow_shrink=True)
    assert (report.number, report.previous, report.embedded) == (4, 3, 0)
    assert followup("index", "verify", **given).returncode == 0  # type: ignore[attr-defined]


def test_a_lost_copy_of_the_pointer_is_told_and_mended(
    followup: Callable[..., object], three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    spoil(three.index / "CURRENT.last")
    told = followup("index", "verify", index=three.index)
    assert (told.returncode, "CURRENT.last is damaged" in told.stdout) == (1, True)  # type: ignore[attr-defined]
    assert build_index(three, embedder=embedder).number == 4
    assert followup("index", "verify", index=three.index).returncode == 0  # type: ignore[attr-defined]


class Dice(BagOfWordsEmbedder):
    """A model that makes another vector of a text each time."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        made = np.random.default_rng().normal(size=(len(texts), self.dimension)).astype(np.float32)
        return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.mark.parametrize("article_id", ["gout-basics", "sleep-basics"])
def test_vectors_that_are_not_of_their_texts_do_not_pass_the_gate(
    small: Settings, embedder: BagOfWordsEmbedder, article_id: str
) -> None:
    """Of an article with questions, and of one without, as imported ones are."""
    for path in small.articles.glob("*.md"):
        if path.stem != article_id:
            path.unlink()
    with pytest.raises(BuildRefused, match=r"row \d+ of its vectors is not what its model makes of the text"):
        build_index(small, embedder=Dice())
    assert build_index(small, embedder=embedder).number == 1


def test_a_pointer_that_cannot_be_read_is_remembered_with_what_was_rolled_back_and_withdrawn(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    rollback(three, 2)
    spoil(three.index / "CURRENT")
    live = LiveIndex(three, embedder=lambda: embedder)
    assert live.current().manifest.number == 2
    assert "CURRENT" in str(live.health().degraded)
