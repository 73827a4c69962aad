"""The command line: quick help, one line for what goes wrong, JSON that parses. Each command as its user runs it."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli import followup as command
from assistant.settings import Settings
from index.build import build_index
from index.cli import index as index_group
from tests.fakes import BagOfWordsEmbedder, edit, write_articles


def test_help_comes_at_once_and_shows_the_first_commands(followup) -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = followup("--help")
        seconds.append(time.perf_counter() - started)
        assert (done.returncode, done.stderr) == (0, "")
    assert min(seconds) <= 0.4
    for shown in ("followup index build", "corpus", "index", "ask", "serve", "settings", "eval"):
        assert shown in done.stdout


@pytest.mark.parametrize("group", ["corpus", "index", "eval"])
def test_the_help_of_each_group_ends_with_what_is_typed(followup, group: str) -> None:
    done = followup(group, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"followup {group} " in done.stdout


def test_every_command_has_help_that_says_what_it_does() -> None:
    runner, missing = CliRunner(), []

    def visit(path: list[str]) -> None:
        done = runner.invoke(command, [*path, "--help"])
        assert done.exit_code == 0, done.output
        usage, _, rest = done.output.partition("\n\n")
        if not rest.strip() or rest.lstrip().startswith("Options:"):
            missing.append(usage)
        for line in done.output.partition("Commands:")[2].splitlines():
            if match := re.match(r"  ([a-z]+)\s", line):
                visit([*path, match[1]])

    visit([])
    assert missing == []


def test_the_version_is_the_distributions(followup) -> None:
    assert re.search(r"\d+\.\d+\.\d+$", followup("--version").stdout.strip())


MISTYPED = (["nothing"], ["index", "nothing"], ["corpus", "show"], ["index", "search", "x", "-k", "0"], ["ask"])


@pytest.mark.parametrize("words", MISTYPED, ids=" ".join)
def test_a_mistyped_command_is_exit_2_with_usage(followup, words: list[str]) -> None:
    done = followup(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: followup" in done.stderr
    assert "Traceback" not in done.stderr


# --- what goes wrong --------------------------------------------------------------------------------------------------

SEARCHING = (["index", "search", "gout"], ["index", "info"], ["ask", "What is gout?"])


def one_line(done, code: int) -> str:
    """The only line of a failed command, which says what to run."""
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("followup: ")
    return line


@pytest.mark.parametrize("words", SEARCHING, ids=" ".join)
def test_no_index_is_one_line_and_exit_2(followup, tmp_path: Path, words: list[str]) -> None:
    line = one_line(followup(*words, index=tmp_path / "none"), 2)
    assert line == f"followup: there is no index in {tmp_path / 'none'}; run `followup index build`"


@pytest.fixture
def fake_index(small: Settings, embedder: BagOfWordsEmbedder) -> Settings:
    build_index(small, embedder=embedder)
    return small


@pytest.mark.parametrize("words", [SEARCHING[0], SEARCHING[2]], ids=" ".join)
def test_an_index_of_another_model_or_with_a_damaged_file_is_one_line_and_exit_2(
    followup, fake_index: Settings, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "model").mkdir()
    line = one_line(followup(*words, index=fake_index.index, model=tmp_path / "model"), 2)
    assert "the index was built with bge-small-en-v1.5-int8" in line
    (fake_index.index / "generations" / "000001" / "vectors.faiss").write_bytes(b"")
    line = one_line(followup(*words, index=fake_index.index), 2)
    assert "vectors.faiss is damaged" in line
    assert line.endswith("run `followup index build`")


def test_a_broken_article_is_listed_line_by_line_with_exit_1_and_the_old_index_serves(followup, fake_index: Settings) -> None:
    edit(fake_index.articles / "gout-basics.md", lambda source: source.replace("[1] ^F3", "[8, 9] ^F3"))
    done = followup("index", "build", articles=fake_index.articles, index=fake_index.index)
    assert (done.returncode, done.stdout) == (1, "")
    assert [re.sub(r"^.*gout-basics\.md:\d+: ", "", line) for line in done.stderr.splitlines()] == [
        "mark [8]: reference 8 is not listed in the article",
        "mark [9]: reference 9 is not listed in the article",
    ]
    told = followup("index", "info", articles=fake_index.articles, index=fake_index.index)
    assert told.returncode == 0
    assert "up to date no: run `followup index build`" in told.stdout


def test_an_unknown_article_is_exit_1(followup) -> None:
    line = one_line(followup("corpus", "show", "nowhere"), 1)
    assert line == "followup: no article 'nowhere'; `followup corpus list` prints the 40 there are"


# --- what is printed --------------------------------------------------------------------------------------------------


def test_corpus_list_prints_every_article(followup) -> None:
    lines = followup("corpus", "list").stdout.splitlines()
    assert len(lines) == 40
    assert all(re.match(r"[a-z0-9-]+ +Submitted +\d{4}-\d\d-\d\d  \S.*\?$", line) for line in lines)
    rows = json.loads(followup("corpus", "list", "--json").stdout)["articles"]
    assert [row["id"] for row in rows] == [line.split()[0] for line in lines]
    assert set(rows[0]) == {"id", "title", "specialty", "status", "last_updated"}


def test_corpus_show_prints_statements_with_marks_and_references(followup, tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles")
    shown = followup("corpus", "show", "asthma-basics", articles=articles).stdout
    assert "Approved, last updated 2026-02-03, Respiratory medicine" in shown
    assert "    T1  Severe attacks | >50% fewer [3]\n" in shown
    assert "  [3] research: Example A et al.. Reliever trial. J Air (2018)" in shown
    document = json.loads(followup("corpus", "show", "asthma-basics", "--json", articles=articles).stdout)
    block = document["blocks"][2]
    assert document["text"][block["start"] : block["end"]] == "Severe attacks | >50% fewer"
    assert followup("corpus", "show", "sleep-basics", articles=articles).returncode == 0


def test_index_build_prints_what_it_did_and_no_progress_bar_into_a_pipe(followup, tmp_path: Path) -> None:
    where = {"articles": write_articles(tmp_path / "articles"), "index": tmp_path / "index"}
    done = followup("index", "build", **where)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"Generation 1: 3 articles, 7 passages; 19 texts embedded, 0 reused; \d+\.\d s\.\n", done.stdout
    )  # fmt: skip
    again = followup("index", "build", **where)
    assert again.stdout == "Up to date: generation 1, 3 articles, 7 passages.\n"
    report = json.loads(followup("index", "build", "--json", **where).stdout)
    assert (report["number"], report["changed"], report["reused"]) == (1, False, 19)


def test_index_info_says_what_made_the_generation(followup, settings: Settings) -> None:
    told = followup("index", "info", index=settings.index).stdout
    assert re.search(r"^model +bge-small-en-v1\.5-int8 \([0-9a-f]{12}\), 384 dimensions$", told, flags=re.MULTILINE)
    assert told.splitlines()[-1] == "up to date yes"
    document = json.loads(followup("index", "info", "--json", index=settings.index).stdout)
    assert (document["articles"], document["stale"], document["dimension"]) == (40, False, 384)
    assert Path(document["folder"]).is_dir()


def test_index_search_prints_passages_with_their_scores(settings: Settings) -> None:
    def search(*words: str) -> str:
        done = CliRunner().invoke(index_group, ["search", *words], obj=lambda: settings)
        assert done.exit_code == 0, done.output
        return done.output

    first, second = search("colchicine dose on dialysis", "-k", "1").splitlines()
    assert re.fullmatch(r"1\. \d\.\d{3}  \(vectors \d\.\d{3}, words \d+\.\d\)  gout-flares-urate-lowering#F14", first)
    assert "Colchicine dose and interactions: For a gout flare the US label" in second
    document = json.loads(search("how fast", "--article", "sepsis-first-hour", "--json"))
    assert [hit["rank"] for hit in document["hits"]] == [1, 2, 3, 4, 5]
    assert {hit["article_id"] for hit in document["hits"]} == {"sepsis-first-hour"}
    assert document["index_generation"] == 1
    # A terminal may hand over bytes that are not UTF-8, and a query may be no words at all.
    assert search("gout \udcff")
    assert search("")


def test_index_search_of_an_unknown_article_is_exit_1(followup, settings: Settings) -> None:
    line = one_line(followup("index", "search", "gout", "--article", "nowhere", index=settings.index), 1)
    assert "no article has this id" in line


def test_a_read_only_copy_of_an_index_can_be_searched(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.index, tmp_path / "copy")
    for path in [*(tmp_path / "copy").rglob("*"), tmp_path / "copy"]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    copied = settings.model_copy(update={"index": tmp_path / "copy"})
    done = CliRunner().invoke(index_group, ["search", "gout"], obj=lambda: copied)
    assert done.exit_code == 0
    for path in [tmp_path / "copy", *(tmp_path / "copy").rglob("*")]:
        path.chmod(0o755)
