"""`followup eval not-worse`: a generation that finds less is refused by a real build, any other passes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.settings import Settings
from eval.cli import eval as group
from eval.compare import compare
from eval.datasets import FollowUp
from eval.not_worse import Generations, Shared, open_both, run, shared_questions, too_few, worse
from index.build import build_index
from index.folders import generation_folder
from index.generations import live_generation, read_manifest, write_manifest
from index.types import ModelIdentity
from tests.fakes import BagOfWordsEmbedder, CountingEmbedder, edit, write_articles

#: Article -> what each of its statements is about. Each has a question of its own, in nearly the same words.
TOPICS = {
    "gout": ("colchicine dosing", "urate target", "steroid alternative", "allopurinol start"),
    "asthma": ("formoterol reliever", "spacer technique", "inhaler cleaning", "peak flow diary"),
    "sleep": ("caffeine cutoff", "light exposure", "nap length", "screen dimming"),
    "migraine": ("triptan timing", "aura warning", "magnesium supplement", "headache calendar"),
}
STATEMENTS = tuple(f"F{number}" for number in range(1, 5))
Run = Callable[..., subprocess.CompletedProcess[str]]


def article(name: str, answers: tuple[str, ...] = STATEMENTS) -> str:
    """`answers`: the statement that each question is said to be answered by."""
    topics = TOPICS[name]
    asked = "".join(
        f"  - {{text: 'Why {topic}?', statements: [{answer}]}}\n" for topic, answer in zip(topics, answers, strict=True)
    )
    said = "".join(f"- On {topic} it stands in part {name}. [1] ^{id}\n" for topic, id in zip(topics, STATEMENTS, strict=True))
    return (
        f"---\nid: {name}\ntitle: Advice on {name}\nheading: Advice\nspecialty: Example\nstatus: submitted\n"
        "last_updated: 2026-01-02\nreferences:\n"
        "  - {id: 1, type: guideline, title: Example guideline, authors: Example College, venue: J Example, year: 2020}\n"
        f"questions:\n{asked}---\n\n## Advice\n\n{said}"
    )


#: Each question leads to the statement after its own.
SCRAMBLED = (*STATEMENTS[1:], STATEMENTS[0])


def scramble(settings: Settings) -> None:
    write_articles(settings.articles, {name: article(name, SCRAMBLED) for name in TOPICS})


def reword(settings: Settings) -> None:
    """A change that costs nothing."""
    for name in TOPICS:
        edit(settings.articles / f"{name}.md", lambda source: source.replace("stands in part", "is given in part"))


@pytest.fixture
def corpus(tmp_path: Path) -> Settings:
    """Sixteen questions in four articles; its index is not built yet."""
    folder = write_articles(tmp_path / "articles", {name: article(name) for name in TOPICS})
    return Settings(articles=folder, index=tmp_path / "index", _env_file=None)


def two_generations(settings: Settings, change: Callable[[Settings], None], embedder: BagOfWordsEmbedder) -> Path:
    """Builds, copies the index away, changes the articles and builds again; returns where the first is."""
    build_index(settings, embedder=embedder)
    before = settings.index.with_name("before")
    shutil.copytree(settings.index, before)
    change(settings)
    build_index(settings, embedder=embedder)
    return before


def both(settings: Settings, live: Path, embedder: BagOfWordsEmbedder) -> Generations:
    found = open_both(settings, live, lambda _: embedder)
    assert isinstance(found, Generations)
    return found


@pytest.fixture
def embedder() -> BagOfWordsEmbedder:
    """Wide enough that no two words of the articles share a place."""
    return BagOfWordsEmbedder(4096)


# --- the gate of a build, with the product's own command and model ---------------------------------------------------


def test_a_build_is_refused_when_it_finds_less_and_passes_when_it_does_not(corpus: Settings, followup: Run) -> None:
    gate = f"{Path(sys.executable).with_name('followup')} eval not-worse"

    def build() -> subprocess.CompletedProcess[str]:
        return followup("index", "build", articles=corpus.articles, index=corpus.index, gate=gate)

    first = build()
    assert first.returncode == 0, first.stderr
    reword(corpus)
    equal = build()
    assert equal.returncode == 0, equal.stderr
    assert live_generation(corpus.index)[1].number == 2
    scramble(corpus)
    refused = build()
    assert refused.returncode == 2
    assert re.search(
        r"ended with 1: generation 3 is significantly worse than generation 2: own-\S+ [01]\.\d{3} -> 0\.\d{3} "
        r"over 16 questions, p = 0\.\d+ \(corrected\); also by own-\S+; the old one still serves$",
        refused.stderr.splitlines()[-1],
    )
    assert live_generation(corpus.index)[1].number == 2


# --- the command -------------------------------------------------------------------------------------------------------


def not_worse(settings: Settings, live: Path, *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(group, ["not-worse", *options], obj=lambda: settings, env={"FOLLOWUP_LIVE_INDEX": str(live)})
    return done.exit_code, done.stdout, done.stderr


def test_a_first_build_has_nothing_to_be_compared_with(corpus: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> None:
    build_index(corpus, embedder=embedder)
    code, out, _ = not_worse(corpus, tmp_path / "nowhere")
    assert (code, " ".join(out.split())[:65]) == (0, "Nothing was compared: there is no live generation to compare with")
    code, out, _ = not_worse(corpus, tmp_path / "nowhere", "--json")
    assert (code, json.loads(out)["compared"]) == (0, False)


def test_without_an_index_to_compare_with_the_command_says_what_to_give(corpus: Settings) -> None:
    done = CliRunner().invoke(group, ["not-worse"], obj=lambda: corpus)
    assert done.exit_code == 2
    assert "FOLLOWUP_LIVE_INDEX" in done.stderr


def test_a_damaged_or_foreign_baseline_lets_the_build_through_that_mends_it(
    corpus: Settings, embedder: BagOfWordsEmbedder
) -> None:
    live = two_generations(corpus, reword, embedder)
    folder = generation_folder(live, 1)
    manifest = read_manifest(folder, 1)
    write_manifest(folder, replace(manifest, model=ModelIdentity("no-such-model-here", "0" * 64)))
    code, out, _ = not_worse(corpus, live)
    assert (code, "Nothing was compared" in out) == (0, True)
    write_manifest(folder, manifest)
    (folder / "vectors.faiss").write_bytes(b"gone")
    code, out, _ = not_worse(corpus, live)
    assert (code, "is damaged" in " ".join(out.split())) == (0, True)


# --- what is asked, and what comes out ---------------------------------------------------------------------------------


def test_each_generation_is_held_against_its_own_statements_and_each_question_leaves_itself_out(
    corpus: Settings, embedder: BagOfWordsEmbedder
) -> None:
    generations = both(corpus, two_generations(corpus, scramble, embedder), embedder)
    shared = shared_questions(generations, ())
    assert len(shared.own) == 16
    live, new = run(generations, shared, corpus)
    assert live.means()["own-RR@10"] == 1  # every question is nearest to its statement's wording
    assert new.means()["own-RR@10"] <= 0.5  # where another statement stands first, the one that is said to answer cannot
    said = worse(compare(live, new, measures=["own-RR@10"]))
    assert said is not None
    assert said.startswith("generation 2 is significantly worse than generation 1: own-RR@10 1.000 -> 0.")
    assert worse(compare(new, live)) is None  # better is not worse


def test_questions_that_one_generation_lacks_are_not_asked(corpus: Settings, embedder: BagOfWordsEmbedder) -> None:
    def without_gout(settings: Settings) -> None:
        (settings.articles / "gout.md").unlink()
        edit(settings.articles / "sleep.md", lambda source: source.replace("Why nap length?", "How long a nap?"))

    generations = both(corpus, two_generations(corpus, without_gout, embedder), embedder)
    followups = (
        FollowUp("gone", "gout", "Which urate target?", None, ("gout#F2",)),
        FollowUp("kept", "asthma", "And for inhaler cleaning?", "Which spacer technique?", ("asthma#F3", "asthma#F9")),
        FollowUp("elsewhere", "no-such-article", "Why?", None, ("no-such-article#F1",)),
    )
    shared = shared_questions(generations, followups)
    assert [(one.id, one.gold) for one in shared.followups] == [("kept", ("asthma#F3",))]
    assert shared.notes == ("2 of 3 shipped follow-ups are left out: not both generations hold what answers them",)
    assert len(shared.own) == 16 - 4 - 1
    live, new = run(generations, shared, corpus)
    assert [query.id for query in live.queries] == [query.id for query in new.queries] == ["kept", *shared.own]
    assert live.queries[0].measures == {"open-hit@3": 1, "open-RR@10": 1, "corpus-hit@3": 1, "corpus-RR@10": 1}
    assert too_few(compare(live, new, measures=["open-hit@3"])) == ["1 question is too few to show a difference by open-hit@3"]
    assert too_few(compare(live, new, measures=["own-hit@3"])) == []


def test_own_questions_are_spread_over_the_corpus(corpus: Settings, embedder: BagOfWordsEmbedder) -> None:
    generations = both(corpus, two_generations(corpus, reword, embedder), embedder)
    some = shared_questions(generations, (), at_most=4).own
    assert sorted(key.partition("?")[0] for key in some) == sorted(TOPICS)


def test_one_model_is_loaded_and_encodes_each_question_once(corpus: Settings) -> None:
    counting, loaded = CountingEmbedder(), []

    def load(_: object) -> CountingEmbedder:
        loaded.append(1)
        return counting

    generations = open_both(corpus, two_generations(corpus, reword, counting), load)
    assert isinstance(generations, Generations)
    counting.asked.clear()
    shared: Shared = shared_questions(generations, ())
    live, new = run(generations, shared, corpus)
    assert len(loaded) == 1
    assert sorted(counting.asked) == sorted(f"Why {topic}?" for topics in TOPICS.values() for topic in topics)
    assert live.means() == new.means()
