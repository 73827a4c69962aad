"""Conversations: how their files are read, how they are played, and what is measured by what."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click.testing
import pytest
from click.testing import CliRunner

from assistant.settings import Settings, load_settings
from eval.cli import eval as group
from eval.conversations import BASELINES, ConversationTurn, is_conversations, kind_of, load_conversations
from eval.conversations_report import conversations_document, conversations_tables, short_of_reach
from eval.datasets import FOLLOWUPS, DatasetError
from eval.resolving import PRODUCT, Player, opened, run
from eval.results import QueryResult, Result, read_result
from eval.wording import added
from tests.fakes import BagOfWordsEmbedder

SHARED = Path(__file__).parents[2] / "shared/data"
#: Each topic has a document on what it is and one on its treatment.
DOCUMENTS = {
    f"{topic}-{part}": (topic.capitalize(), f"{topic.capitalize()} {text}")
    for topic, about in {
        "gout": {"is": "is arthritis from urate crystals in a joint.", "treat": "treatment: colchicine eases the flare of gout."},
        "asthma": {"is": "is wheeze from swollen airways.", "treat": "treatment: formoterol opens the airways in asthma."},
        "scabies": {"is": "is itch from mites under the skin.", "treat": "treatment: permethrin kills the mites of scabies."},
    }.items()
    for part, text in about.items()
}


def line(number: int, question: str, before: Sequence[str] = (), **other: Any) -> dict[str, Any]:
    history = [said for text in before for said in ({"role": "user", "text": text}, {"role": "assistant", "text": "An answer."})]
    return {"_id": f"c_{number}", "conversation": "c", "history": history, "utterance": question, "rewrite": question, **other}


#: One conversation: about gout, then about asthma.
ASKED = ["What is gout?", "What is the treatment?", "What is asthma?", "What is the treatment?"]
TURNS = [
    line(1, ASKED[0], relevant=["gout-is"], kind="opening"),
    line(2, ASKED[1], ASKED[:1], relevant=["gout-treat"], kind="ellipsis", rewrite="What is the treatment of gout?"),
    line(3, ASKED[2], ASKED[:2], relevant=["asthma-is"], kind="switch-explicit"),
    line(4, ASKED[3], ASKED[:3], relevant=["asthma-treat"], kind="after-switch", rewrite="What is the treatment of asthma?"),
    line(5, "What does it cost?", ASKED, relevant=[], rewrite="What does asthma cost?"),
]


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of turns with its documents beside it; what is kept goes to the same temporary folder."""
    monkeypatch.chdir(tmp_path)
    documents = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    write(tmp_path / "data/medquad/corpus.jsonl.gz", documents)
    return write(tmp_path / "data/talks/dev.jsonl.gz", TURNS)


@pytest.fixture
def measured(dataset: Path) -> dict[str, Result]:
    conversations = load_conversations(dataset)
    product = opened(conversations, load_settings(env_file=None), BagOfWordsEmbedder())
    return {result.name: result for result in run(conversations, product)}


# The files


def test_the_reader_sees_only_what_a_reader_typed(dataset: Path) -> None:
    turns = load_conversations(dataset).turns
    assert turns[3].before == tuple(ASKED[:3])
    assert turns[3].relevant == ("asthma-treat",)


def test_the_baselines_are_the_four_of_the_field() -> None:
    turn = ConversationTurn("x", "c", "pronoun", "", ("first?", "second?"), "it?", "gout?", True, True, ())
    assert [turn.baselines[name] for name in BASELINES] == ["it?", "first? second? it?", "first? it?", "gout?"]


def test_the_baselines_of_a_first_question_are_the_question() -> None:
    turn = ConversationTurn("x", "c", "opening", "", (), "gout?", "gout?", False, True, ())
    assert set(turn.baselines.values()) == {"gout?"}


def test_what_was_open_comes_before_what_was_said() -> None:
    turn = ConversationTurn("x", "c", "pronoun", "Gout: Flares", ("first?",), "it?", "gout?", True, True, ())
    assert turn.baselines["all-turns"] == "Gout: Flares first? it?"
    assert turn.baselines["first-last"] == "Gout: Flares it?"


@pytest.mark.parametrize(
    ("question", "before", "changed", "relevant", "kind"),
    [
        ("What is gout?", (), False, None, "opening"),
        ("What is asthma?", ("What is gout?",), False, None, "stand-alone"),
        ("Is it inherited?", ("What is gout?",), True, None, "pronoun"),
        ("And the treatment?", ("What is gout?",), True, None, "ellipsis"),
        ("What does it cost?", ("What is gout?",), True, (), "unanswerable"),
        ("Is it inherited?", ("What is gout?",), True, ("d",), "pronoun"),
    ],
)
def test_a_turn_without_a_kind_gets_one(
    question: str, before: tuple[str, ...], changed: bool, relevant: tuple[str, ...] | None, kind: str
) -> None:
    assert kind_of(question, before, changed, relevant) == kind


def test_the_format_is_told_by_the_first_line(dataset: Path, tmp_path: Path) -> None:
    assert is_conversations(dataset)
    assert not is_conversations(FOLLOWUPS)
    assert not is_conversations(write(tmp_path / "other.jsonl", [{"_id": "x"}]))
    (tmp_path / "broken.jsonl.gz").write_bytes(b"not gzip")
    assert not is_conversations(tmp_path / "broken.jsonl.gz")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([{**TURNS[0], "utterance": "  "}], r"dev\.jsonl:1: utterance: String should match pattern"),
        ([TURNS[0], TURNS[0]], r"dev\.jsonl:2: the id c_1 stands twice"),
        ([TURNS[0], {"_id": "c_9"}], r"dev\.jsonl:2: conversation: Field required"),
        ([{**TURNS[0], "relevant": "gout-is"}], r"dev\.jsonl:1: relevant: Input should be a valid array"),
        ([{**TURNS[0], "relevant": ["nowhere"]}], "none of 1 turns has a gold document in the corpus"),
    ],
)
def test_a_broken_file_is_named_by_its_line(dataset: Path, rows: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        load_conversations(write(dataset.with_name("dev.jsonl"), rows))


def test_missing_documents_are_said_plainly(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="data not present; give --corpus"):
        load_conversations(dataset, tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"corpus\.jsonl: cannot be read"):
        load_conversations(dataset, tmp_path)


def test_documents_for_turns_that_name_none_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "talks/dev.jsonl", [line(1, "What is gout?")])
    with pytest.raises(DatasetError, match="no line names `relevant` documents"):
        load_conversations(path, tmp_path)


def test_gold_that_is_not_there_is_a_note_and_never_found(dataset: Path) -> None:
    rows = [{**TURNS[0], "relevant": ["gout-is", "lost"]}, {**TURNS[1], "relevant": ["lost"]}]
    conversations = load_conversations(write(dataset.with_name("dev.jsonl"), rows))
    assert [turn.id for turn in conversations.turns] == ["c_1"]
    assert len(conversations.notes) == 2
    assert "1 gold documents are not in the corpus, the first is lost" in conversations.notes[0]
    assert "1 turns have no gold document in the corpus and are left out; the first is c_2" in conversations.notes[1]


# Playing and finding


def test_a_turn_is_asked_after_what_its_earlier_turns_became(dataset: Path) -> None:
    conversations = load_conversations(dataset)
    player = Player(opened(conversations, load_settings(env_file=None), BagOfWordsEmbedder()))
    fourth = conversations.turns[3]
    alone = player.ask(fourth).query
    for turn in conversations.turns[:3]:
        player.ask(turn)
    assert player.ask(fourth).query == alone
    assert "asthma" in alone.text
    assert "gout" not in alone.text


def test_a_ranking_holds_each_document_once_and_is_measured_by_hand(measured: dict[str, Result]) -> None:
    """Only where no other document has the gold one's score: measures differ in how they break ties."""
    ranks = []
    for query in (query for result in measured.values() for query in result.queries if query.gold):
        scores = dict(query.ranking)
        assert len(scores) == len(query.ranking)
        gold = next(iter(query.gold))
        if Counter(scores.values())[scores[gold]] > 1:
            continue
        rank = sum(score >= scores[gold] for score in scores.values())
        assert query.measures["RR@10"] == pytest.approx(1 / rank)
        assert query.measures["nDCG@10"] == pytest.approx(1 / math.log2(rank + 1))
        assert query.measures["Success@1"] == (rank == 1)
        ranks.append(rank)
    assert len(set(ranks)) > 1


def test_the_gold_rewrite_finds_what_the_last_turn_cannot(measured: dict[str, Result]) -> None:
    assert measured["gold"].extra["groups"]["all follow-ups"]["Success@1"] == 1
    assert measured["last-turn"].extra["groups"]["all follow-ups"]["Success@1"] < 1
    assert measured[PRODUCT].extra["groups"]["all follow-ups"]["Success@1"] == 1


def test_an_unanswerable_turn_is_measured_by_whether_it_is_left_alone(measured: dict[str, Result]) -> None:
    for result in measured.values():
        last = result.queries[-1]
        assert last.kind == "unanswerable"
        assert set(last.measures) == {"Abstained"}
        assert "Abstained" not in result.queries[0].measures


def test_groups_are_means_over_their_kinds(measured: dict[str, Result]) -> None:
    result = measured["all-turns"]
    values = [query.measures["nDCG@10"] for query in result.queries[:4]]
    groups = result.extra["groups"]
    assert groups["all follow-ups"]["nDCG@10"] == pytest.approx(sum(values[1:]) / 3, abs=1e-6)
    assert groups["switched topics"]["nDCG@10"] == pytest.approx(sum(values[2:]) / 2, abs=1e-6)
    assert (groups["all follow-ups"]["queries"], groups["switched topics"]["queries"]) == (4, 2)
    assert "health" not in groups


def test_a_second_run_gives_the_same_and_embeds_nothing(dataset: Path) -> None:
    conversations, settings = load_conversations(dataset), load_settings(env_file=None)

    class Counting(BagOfWordsEmbedder):
        queries = 0

        def embed_query(self, text: str) -> Any:
            self.queries += 1
            return super().embed_query(text)

    first = run(conversations, opened(conversations, settings, BagOfWordsEmbedder()))
    counting = Counting()
    second = run(conversations, opened(conversations, settings, counting))
    assert counting.queries == 0
    assert [result.queries for result in first] == [result.queries for result in second]


def test_progress_counts_every_turn_in_every_way(dataset: Path) -> None:
    conversations = load_conversations(dataset)
    seen: list[tuple[int, int]] = []
    run(
        conversations,
        opened(conversations, load_settings(env_file=None), BagOfWordsEmbedder()),
        lambda done, total: seen.append((done, total)),
    )
    assert seen == [(done, 25) for done in range(1, 26)]


# Wording


@pytest.mark.parametrize(
    ("searched", "figures"),
    [
        ("What is gout? What causes it?", {"AddedRecall": 1, "AddedF1": 1}),
        ("What causes it?", {"AddedRecall": 0, "AddedF1": 0}),
        # adds gout, arthritis and flares to the one stem wanted: precision 1/3, recall 1, F1 2/(1+3)
        ("gout arthritis flares: What causes it?", {"AddedRecall": 1, "AddedF1": 0.5}),
    ],
)
def test_added_stems_are_held_against_the_rewrites(searched: str, figures: dict[str, float]) -> None:
    assert added("What causes it?", "What causes gout?", searched) == pytest.approx(figures)


def test_a_rewrite_that_adds_nothing_has_no_such_measure() -> None:
    assert added("What causes gout?", "And what causes gout?", "gout: What causes gout?") == {} == added("Gout?", "Gout.", "x")


def test_without_documents_the_wording_is_measured(small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from index.build import build_index

    monkeypatch.chdir(tmp_path)
    build_index(small, embedder=BagOfWordsEmbedder())
    rows = [
        {**row, "health": number == 2, "changed": row["utterance"] != row["rewrite"]} for number, row in enumerate(TURNS, start=1)
    ]
    for row in rows:
        del row["relevant"]
        row.pop("kind", None)
    conversations = load_conversations(write(tmp_path / "talks/talk.jsonl", rows))
    results = {result.name: result for result in run(conversations, opened(conversations, small, BagOfWordsEmbedder()))}
    typed, gold = results["last-turn"], results["gold"]
    assert typed.kinds() == {"opening": 1, "ellipsis": 2, "stand-alone": 1, "pronoun": 1}
    assert (typed.means()["LeftAlone"], typed.means()["Resolved"], typed.means()["AddedF1"]) == (1, 0, 0)
    assert (gold.means()["LeftAlone"], gold.means()["Resolved"], gold.means()["AddedF1"]) == (1, 1, 1)
    assert gold.means()["Cosine"] == pytest.approx(1)
    assert typed.means()["Cosine"] < 1
    assert typed.extra["groups"]["health"]["queries"] == 1
    assert results[PRODUCT].means()["Resolved"] > 0
    names = [str(table.title) for table in conversations_tables(list(results.values()))]
    assert names == [
        "talks talk: all turns (5)",
        "talks talk: health (1)",
        "AddedF1 by kind of turn",
    ]


# Reports and the command


def result(name: str, follow_ups: float, switched: float, dataset: str = "medquad-followup") -> Result:
    groups = {"all follow-ups": {"nDCG@10": follow_ups}, "switched topics": {"nDCG@10": switched}}
    about = {"name": dataset, "split": "dev", "conversations": 1}
    return Result("followups", about, {"name": name}, (QueryResult("q", "?", "pronoun", {}),), extra={"groups": groups})


@pytest.mark.parametrize(
    ("product", "short"),
    [
        ((0.62, 0.72), []),
        ((0.61, 0.72), ["all follow-ups: nDCG@10 0.610 is below 0.620"]),
        ((0.62, 0.71), ["switched topics: nDCG@10 0.710 is below 0.720"]),
    ],
)
def test_switched_topics_are_held_against_the_gold_rewrite_of_the_same_run(
    product: tuple[float, float], short: list[str]
) -> None:
    """0.72 is 0.9 times the rewrite's 0.8."""
    assert short_of_reach([result("product", *product), result("gold", 0.9, 0.8)]) == short


def test_other_conversations_have_nothing_to_reach() -> None:
    results = [result("product", 0.1, 0.1, "mine"), result("gold", 0.9, 0.8, "mine")]
    assert short_of_reach(results) == []
    assert conversations_document(results)["reach"] == {}


def followups(dataset: Path, *options: str) -> click.testing.Result:
    return CliRunner().invoke(group, ["followups", "--dataset", str(dataset), *options], obj=lambda: load_settings(env_file=None))


def test_the_command_writes_a_result_for_each_way_and_they_can_be_compared(dataset: Path, tmp_path: Path) -> None:
    done = followups(dataset, "--json", "--out", "out")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert list(document["results"]) == [PRODUCT, *BASELINES]
    assert document["dataset"]["queries"] == 5
    kept = read_result(tmp_path / "out/talks-dev-product")
    assert kept.means()["nDCG@10"] == document["results"][PRODUCT]["measures"]["nDCG@10"]
    compared = CliRunner().invoke(group, ["compare", "out/talks-dev-gold", "out/talks-dev-product", "--json"])
    assert compared.exit_code in (0, 1), compared.output


def test_the_command_prints_a_row_for_each_kind(dataset: Path) -> None:
    done = followups(dataset, "--out", "out")
    assert done.exit_code == 0, done.output
    for kind in ("opening", "ellipsis", "switch-explicit", "after-switch", "unanswerable: Abstained", "all follow-ups"):
        assert f"\n {kind}" in done.output


def test_the_command_says_what_is_missing(dataset: Path) -> None:
    done = followups(dataset, "--corpus", "nowhere")
    assert done.exit_code != 0
    assert isinstance(done.exception, DatasetError)
    assert "data not present" in str(done.exception)


@pytest.mark.parametrize(
    "name", ["medquad-followup/dev", "conv-rewrite/cast2019", "conv-rewrite/canard-dev", "conv-rewrite/ikat2023"]
)
def test_the_shared_files_are_read_whole(name: str) -> None:
    path = SHARED / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("../shared is not here")
    conversations = load_conversations(path)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        assert len(conversations.turns) == sum(1 for _ in file)
    assert conversations.notes == ()
