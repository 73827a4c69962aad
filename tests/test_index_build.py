"""Building generations: what is reused, what is refused, and that nothing on the way loses the index that serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.settings import Settings
from corpus.errors import (
    BuildRefused,
    CorpusError,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    IndexUnavailable,
    SettingsError,
)
from corpus.loading import SHIPPED
from index.build import build_index
from index.folders import generations_folder
from index.generations import live_generation, remove_old
from index.pointer import Pointer, switch
from index.sealed import sealed
from index.search import Index
from index.staleness import is_stale
from index.types import Step
from tests.fakes import SMALL, AllAlikeEmbedder, BagOfWordsEmbedder, edit, open_with, write_articles

ROOT = Path(__file__).parents[1]
QUERIES = ["how much colchicine", "salbutamol or formoterol", "caffeine", "urate 6 mg/dL", "something else entirely"]


def found(settings: Settings, embedder: BagOfWordsEmbedder, *, article_id: str | None = None) -> list[list[tuple[str, float]]]:
    """What the live generation finds for each of the queries: passage ids and scores, to the last bit."""
    index = open_with(settings, embedder)
    return [[(h.passage.id, h.score) for h in index.search(index.encode(q), article_id=article_id)] for q in QUERIES]


def generations(settings: Settings) -> list[str]:
    """Everything in the folder of generations, what killed builds left included."""
    return sorted(path.name for path in generations_folder(settings.index).iterdir())


def one_line(error: Exception) -> str:
    """The message, which is one line that says what to run."""
    message = str(error)
    assert "\n" not in message
    assert "`followup index build`" in message
    return message


# --- round trip -------------------------------------------------------------------------------------------------------


def test_a_built_index_holds_the_articles_as_they_were_read(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    report = build_index(small, embedder=embedder)
    # 7 passages, 6 of them statements that are found by their text alone too, 5 questions, 1 plain sentence; no text twice
    assert (report.number, report.changed, report.articles, report.passages, report.cues) == (1, True, 3, 7, 19)
    assert (report.embedded, report.reused) == (19, 0)
    assert sorted(embedder.embedded) == sorted(set(embedder.embedded))
    index = open_with(small, embedder)
    for article in index.store.articles:
        assert article.text == SMALL[article.id].partition("\n---\n")[2]
        for passage in index.store.passages_of(article.id):
            assert passage.text == article.text[passage.start : passage.end]
    assert len(index.store.all_passages()) == 7


def test_opening_again_finds_the_same(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    first = found(small, embedder)
    assert first == found(small, embedder)
    assert first[0][0][0] == "gout-basics#F1"


def test_the_progress_counts_up_to_all_texts(tmp_path: Path) -> None:
    seen: list[Step] = []
    source = SMALL["gout-basics"] + "".join(f"- Statement {number}. [1] ^X{number}\n" for number in range(100))
    settings = Settings(articles=write_articles(tmp_path / "a", {"gout-basics": source}), index=tmp_path / "i", _env_file=None)
    report = build_index(settings, embedder=BagOfWordsEmbedder(), progress=seen.append)
    # 103 statements, each under its headings and alone, 3 questions, 1 plain sentence
    assert report.embedded == 210
    stages = list(dict.fromkeys(step.stage for step in seen))
    assert stages == ["reading the articles", "embedding", "writing", "checking", "switching"]
    embedding = [step for step in seen if step.stage == "embedding"]
    assert [step.done for step in embedding] == sorted(step.done for step in embedding)
    assert (embedding[-1].done, embedding[-1].total, embedding[-1].seconds_left) == (210, 210, 0)


# --- damage -----------------------------------------------------------------------------------------------------------


def opened(path: Path) -> dict[str, object]:
    """What is in a sealed file, without its seal."""
    content = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in content.items() if key != "sha256"}


def files_of(settings: Settings) -> list[Path]:
    folder, manifest = live_generation(settings.index)
    assert {"passages.sqlite", "vectors.npy", "vectors.faiss", "lexical/meta.json"} <= set(manifest.files)
    return [folder / name for name in manifest.files]


def put(path: Path, content: bytes) -> None:
    """Another file in its place, as a restore from a bad backup would leave it; readers keep the one they have mapped."""
    fresh = path.with_name("fresh")
    fresh.write_bytes(content)
    fresh.replace(path)


def test_every_removed_or_changed_file_is_noticed_and_a_rebuild_mends_it(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    whole = found(small, embedder)
    for number in range(len(files_of(small))):
        for harm in ("removed", "changed", "cut"):
            path = files_of(small)[number]
            content = path.read_bytes()
            middle = len(content) // 2
            if harm == "removed":
                path.unlink()
            elif harm == "changed":
                put(path, content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
            else:
                put(path, content[:-1])
            with pytest.raises(IndexDamaged) as raised:
                Index.open(small)
            message = one_line(raised.value)
            assert str(path) in message
            assert ("cannot be read" if harm == "removed" else "is damaged: SHA-256") in message
            assert build_index(small, embedder=embedder).changed
            assert found(small, embedder) == whole


def test_a_rebuild_after_damage_takes_no_vector_from_the_damaged_files(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    put(files_of(small)[-1], b"")
    assert build_index(small, embedder=embedder).embedded == 19


@pytest.mark.parametrize("name", ["CURRENT", "generations/000001/manifest.json", "generations/000001/report.json"])
def test_any_changed_byte_of_what_says_which_files_are_whole_is_found(
    small: Settings, embedder: BagOfWordsEmbedder, name: str
) -> None:
    build_index(small, embedder=embedder)
    path = small.index / name
    content = path.read_bytes()
    whole = found(small, embedder)
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :])
        with pytest.raises(IndexUnavailable) as raised:
            live_generation(small.index) if name != "generations/000001/report.json" else Index.open(small)
        one_line(raised.value)
    path.write_bytes(content)
    assert found(small, embedder) == whole


@pytest.mark.parametrize("content", [b"", b"\n", b"seven", b"\xff\xfe", b"7 8", b"99", b"-1"])
def test_a_pointer_that_names_no_generation_is_damage(small: Settings, embedder: BagOfWordsEmbedder, content: bytes) -> None:
    build_index(small, embedder=embedder)
    (small.index / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamaged) as raised:
        Index.open(small)
    one_line(raised.value)
    assert build_index(small, embedder=embedder).number == 2
    assert found(small, embedder)


def test_an_empty_folder_is_no_index(small: Settings) -> None:
    with pytest.raises(IndexMissing) as raised:
        Index.open(small)
    assert one_line(raised.value) == f"there is no index in {small.index}; run `followup index build`"
    assert is_stale(small)


def test_a_folder_without_a_manifest_is_damage(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    (live_generation(small.index)[0] / "manifest.json").unlink()
    with pytest.raises(IndexDamaged) as raised:
        Index.open(small)
    one_line(raised.value)


def test_an_index_of_another_format_or_model_says_so(small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> None:
    build_index(small, embedder=embedder)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"other weights")
    other = small.model_copy(update={"model": str(tmp_path / "model")})
    with pytest.raises(IndexMismatch) as raised:
        Index.open(other)
    message = one_line(raised.value)
    assert "built with bge-small-en-v1.5-int8" in message
    assert str(tmp_path / "model") in message
    assert is_stale(other)

    path = live_generation(small.index)[0] / "manifest.json"
    path.write_text(sealed(opened(path) | {"format": 99}), "utf-8")
    with pytest.raises(IndexMismatch) as raised:
        Index.open(small)
    assert "format 99" in one_line(raised.value)
    assert build_index(small, embedder=embedder).changed


def test_files_that_disagree_are_damage_even_when_their_hashes_agree(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    path = live_generation(small.index)[0] / "manifest.json"
    path.write_text(sealed(opened(path) | {"passages": 8}), "utf-8")
    with pytest.raises(IndexDamaged) as raised:
        Index.open(small)
    assert "(3, 7, 19, 19, 19, 64)" in one_line(raised.value)


def test_an_index_folder_that_is_a_file_is_a_bad_setting(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    small.index.write_text("a file")
    with pytest.raises(SettingsError, match=r"FOLLOWUP_INDEX: .* cannot be a folder"):
        build_index(small, embedder=embedder)


# --- building again ---------------------------------------------------------------------------------------------------


def test_an_unchanged_build_embeds_nothing_and_switches_nothing(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    fresh = BagOfWordsEmbedder()
    report = build_index(small, embedder=fresh)
    assert (report.number, report.changed, report.embedded, report.reused) == (1, False, 0, 19)
    assert fresh.embedded == []
    assert generations(small) == ["000001"]
    assert not is_stale(small)


def test_an_unchanged_build_of_the_shipped_articles_is_fast_and_imports_no_model(settings: Settings) -> None:
    script = (
        "import sys, time; started = time.perf_counter(); sys.argv = ['followup', 'index', 'build', '--json']\n"
        "from assistant.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'sentence_transformers', 'onnxruntime', 'transformers', 'faiss'} & set(sys.modules)\n"
        "sys.stderr.write(f'{time.perf_counter() - started:.3f} {sorted(heavy)}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.index, env={**os.environ, "PYTHONPATH": str(ROOT),
        "FOLLOWUP_INDEX": str(settings.index)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["changed"] is False
    seconds, _, heavy = done.stderr.partition(" ")
    assert heavy == "[]"
    assert float(seconds) <= 2


def test_an_edited_statement_is_embedded_alone(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("Oral prednisone is", "Oral prednisolone is"))
    assert is_stale(small)
    fresh = BagOfWordsEmbedder()
    report = build_index(small, embedder=fresh)
    assert (report.number, report.embedded, report.reused) == (2, 2, 17)
    statement = "Oral prednisolone is an alternative when colchicine is not tolerated."
    assert fresh.embedded == [f"Gout flares > Flares: {statement}", statement]


def test_an_edited_question_is_embedded_alone_and_a_moved_statement_is_not(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    path = small.articles / "gout-basics.md"
    edit(path, lambda source: source.replace("Is a steroid an option?", "Could I take a steroid?"))
    edit(path, lambda source: source.replace("## Flares\n", "## Flares\n\nFlares hurt.\n", 1))
    fresh = BagOfWordsEmbedder()
    build_index(small, embedder=fresh)
    assert sorted(fresh.embedded) == ["Could I take a steroid?", "Gout flares > Flares: Flares hurt."]


def test_what_an_edit_of_references_changes_is_not_embedded(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("authors: Example College", "authors: Other College"))
    report = build_index(small, embedder=embedder)
    assert (report.changed, report.embedded) == (True, 0)
    assert open_with(small, embedder).store.article("gout-basics").references[0].authors == "Other College"


def test_a_changed_passage_length_builds_again_and_a_changed_weight_does_not(
    small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    build_index(small, embedder=embedder)
    assert not build_index(small.model_copy(update={"dense_weight": 0.9, "threads": 1}), embedder=embedder).changed
    assert build_index(small.model_copy(update={"max_passage_words": 20}), embedder=embedder).changed


def test_an_incremental_index_finds_exactly_what_a_rebuilt_one_finds(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    edit(small.articles / "asthma-basics.md", lambda source: source.replace("Severe attacks", "Severe colchicine attacks"))
    edit(small.articles / "sleep-basics.md", lambda source: source.replace("Caffeine after noon", "Coffee (caffeine) after noon"))
    (small.articles / "gout-basics.md").rename(small.articles / "gout.md")
    edit(small.articles / "gout.md", lambda source: source.replace("id: gout-basics", "id: gout"))
    build_index(small, embedder=embedder)
    rebuilt = small.model_copy(update={"index": small.index.with_name("rebuilt")})
    assert build_index(rebuilt, embedder=embedder).reused == 0
    assert found(small, embedder) == found(rebuilt, embedder)
    assert found(small, embedder, article_id="gout") == found(rebuilt, embedder, article_id="gout")


def test_with_the_real_embedder_too_an_incremental_index_equals_a_rebuilt_one(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for name in ("gout-flares-urate-lowering.md", "sepsis-first-hour.md"):
        shutil.copy(SHIPPED / name, articles)
    first = Settings(articles=articles, index=tmp_path / "index", _env_file=None)
    whole = build_index(first)
    edit(articles / "gout-flares-urate-lowering.md", lambda source: source.replace("37.8% with low-dose", "37.8 % with low-dose"))
    again = build_index(first)
    assert (again.embedded, again.reused) == (2, whole.cues - 2)  # the statement under its headings, and alone
    second = first.model_copy(update={"index": tmp_path / "rebuilt"})
    build_index(second)
    one, other = Index.open(first), Index.open(second)
    for text in ("colchicine dose on dialysis", "how fast must antibiotics be given", "and in pregnancy?"):
        for article_id in (None, "gout-flares-urate-lowering"):
            encoded = one.encode(text)
            assert one.search(encoded, k=50, article_id=article_id) == other.search(encoded, k=50, article_id=article_id)


def test_a_withdrawn_article_is_gone(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    (small.articles / "gout-basics.md").unlink()
    report = build_index(small, embedder=embedder)
    assert (report.articles, report.embedded) == (2, 0)
    assert not any(passage.startswith("gout") for hits in found(small, embedder) for passage, _ in hits)


def test_a_broken_article_stops_the_build_and_the_old_generation_serves(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    before = found(small, embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("[1] ^F3", "[9] ^F3"))
    edit(small.articles / "asthma-basics.md", lambda source: source.replace("status: approved", "status: good"))
    with pytest.raises(CorpusError) as raised:
        build_index(small, embedder=embedder)
    assert len(raised.value.problems) == 2
    assert found(small, embedder) == before
    assert generations(small) == ["000001"]


def test_old_generations_are_removed_but_never_the_live_one(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    for number in range(4):
        edit(small.articles / "sleep-basics.md", lambda source, number=number: source.replace("Insomnia", f"Insomnia{number}", 1))
        build_index(small.model_copy(update={"keep_generations": 3}), embedder=embedder)
    assert generations(small) == ["000002", "000003", "000004"]
    switch(small.index, Pointer(2))
    assert remove_old(small.index, keep=3) == []
    assert remove_old(small.index, keep=2) == [3]
    assert generations(small) == ["000002", "000004"]
    # The number of a new one is above all there are, whichever is live.
    assert build_index(small, embedder=embedder).number == 5


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_a_generation_that_cannot_answer_its_own_questions_does_not_go_live(
    small: Settings, embedder: BagOfWordsEmbedder
) -> None:
    build_index(small, embedder=AllAlikeEmbedder())
    before = found(small, AllAlikeEmbedder())
    # Forty statements with a question each; a model that gives every text one vector, and words that do not count:
    # the ten best are then always the first ten, and the questions on the others stay without their answer.
    many = "".join(f"- Statement number {number}. [1] ^S{number}\n" for number in range(40))
    asked = "".join(f"  - {{text: 'What is number {number}?', statements: [S{number}]}}\n" for number in range(40))
    edit(small.articles / "gout-basics.md", lambda source: source.replace("questions:\n", f"questions:\n{asked}") + many)
    deaf = small.model_copy(update={"dense_weight": 1.0})
    with pytest.raises(BuildRefused, match=r"does not find gout-basics#\w+ by its own question; the old one still serves"):
        build_index(deaf, embedder=AllAlikeEmbedder())
    assert generations(small) == ["000001"]
    assert found(small, AllAlikeEmbedder()) == before
    # The same articles with a model that tells texts apart pass.
    shutil.rmtree(small.index)
    assert build_index(deaf, embedder=embedder).changed


# --- killed and concurrent builds -------------------------------------------------------------------------------------

#: A build in its own process that kills itself, as the system might, just before a certain file operation.
KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.settings import Settings
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder

event, parts, articles, index = sys.argv[1:]

class Embedder(BagOfWordsEmbedder):
    def embed_passages(self, texts):
        if event == "embedding":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_passages(texts)

def watch(name, arguments):
    if name == event and all(part in str(arguments[0]) for part in parts.split()):
        os.kill(os.getpid(), signal.SIGKILL)

embedder, settings = Embedder(), Settings(articles=articles, index=index, _env_file=None)
sys.addaudithook(watch)
build_index(settings, embedder=embedder)
"""


@pytest.mark.parametrize(
    ("event", "parts", "left"),
    [
        ("embedding", "", [".building-", "000001"]),
        ("sqlite3.connect", ".building- passages.sqlite", [".building-", "000001"]),
        # hashing it: every file of the generation is written, its manifest is not
        ("open", ".building- vectors.faiss", [".building-", "000001"]),
        ("open", ".building- manifest.json", [".building-", "000001"]),
        ("os.rename", ".building-", [".building-", "000001"]),
        # published, not yet live
        ("open", "CURRENT.new", ["000001", "000002"]),
        ("os.rename", "CURRENT.new", ["000001", "000002"]),
    ],
)
def test_a_killed_build_leaves_the_old_generation_serving(
    small: Settings, embedder: BagOfWordsEmbedder, event: str, parts: str, left: list[str]
) -> None:
    build_index(small, embedder=embedder)
    before = found(small, embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("Oral prednisone", "Oral prednisolone"))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, event, parts, small.articles, small.index], cwd=ROOT, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [re.sub(r"(?<=-)\d+", "", name) for name in generations(small)] == left
    assert live_generation(small.index)[1].number == 1
    assert found(small, embedder) == before
    report = build_index(small, embedder=embedder)
    assert report.changed
    assert not [name for name in generations(small) if name.startswith(".")]
    assert open_with(small, embedder).store.passages_of("gout-basics")[1].text.startswith("Oral prednisolone")


SLOW = """
import sys
from assistant.settings import Settings
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder

build_index(Settings(articles=sys.argv[1], index=sys.argv[2], _env_file=None), embedder=BagOfWordsEmbedder(delay=60))
"""


def eventually(happens: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something happens in another process."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_second_build_is_told_who_builds_since_when(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    edit(small.articles / "gout-basics.md", lambda source: source.replace("Oral prednisone", "Oral prednisolone"))
    holder = small.index / "lock.holder"
    with subprocess.Popen([sys.executable, "-c", SLOW, small.articles, small.index], cwd=ROOT) as other:
        try:
            eventually(lambda: f"process {other.pid}," in holder.read_text("utf-8"))
            wanted = rf"process {other.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
            with pytest.raises(IndexBusy, match=wanted) as raised:
                build_index(small, embedder=embedder)
            assert "\n" not in str(raised.value)
            assert found(small, embedder)  # a build in progress stops no reader
        finally:
            other.kill()
    assert build_index(small, embedder=embedder).number == 2


def test_the_manifest_names_what_made_the_generation(settings: Settings) -> None:
    folder, manifest = live_generation(settings.index)
    assert (manifest.model.name, manifest.dimension, manifest.articles) == ("bge-small-en-v1.5-int8", 384, 40)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest.built_at)
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert on_disk == {*manifest.files, "manifest.json"}
