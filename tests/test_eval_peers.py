"""Peers: the harness with a small BM25 of our own, what is timed and told, and each library where its package is installed."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from assistant.settings import Settings
from eval.cli import eval as group
from eval.collection import Collection, Document, load_collection
from eval.compare import compare
from eval.datasets import DatasetError
from eval.peers.harness import LONG, OF_SHORT, SHORT, run
from eval.peers.peer import PEERS, Listed, best_of_documents, chosen_peers, chunks_for, given_text
from eval.peers.report import peers_document, peers_table, ratios, ratios_table
from eval.results import QueryResult, Result, read_result, write_result
from tests.fakes import BagOfWordsEmbedder

if TYPE_CHECKING:
    from index.types import Embedder, Vectors

DOCUMENTS = [
    ("d1", "Gout flares", "Colchicine in a low dose is given early in a gout flare."),
    ("d2", "Asthma relievers", "Budesonide with formoterol is taken as needed for asthma."),
    ("d3", "Insomnia", "Behavioural therapy helps against insomnia longer than tablets do."),
    ("d4", "", "Allopurinol lowers serum urate between two flares."),
]
#: Each shares words with one document only.
QUERIES = {"q1": "colchicine dose", "q2": "formoterol budesonide", "q3": "behavioural therapy insomnia"}
QRELS = {"q1": {"d1": 1}, "q2": {"d2": 2}, "q3": {"d3": 1}}


class PlainBM25:
    """Ranks whole documents by Okapi BM25 (k1 1.2, b .75); a real peer that needs nothing installed."""

    name = "bm25"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.counts: dict[str, Counter[str]] = {}

    def about(self) -> dict[str, Any]:
        return {"name": self.name, "k1": 1.2, "b": 0.75}

    def index(self, documents: Sequence[Document]) -> None:
        self._embedder.embed_passages([given_text(document) for document in documents])  # as a hybrid one would
        self.counts = {d.id: Counter(re.findall(r"\w+", given_text(d).lower())) for d in documents}

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        mean = sum(c.total() for c in self.counts.values()) / len(self.counts)
        scores = dict.fromkeys(self.counts, 0.0)
        for word in re.findall(r"\w+", text.lower()):
            holding = sum(word in counts for counts in self.counts.values())
            idf = math.log(1 + (len(self.counts) - holding + 0.5) / (holding + 0.5))
            for document, counts in self.counts.items():
                length = 1.2 * (0.25 + 0.75 * counts.total() / mean)
                scores[document] += idf * 2.2 * counts[word] / (counts[word] + length)
        return best_of_documents(((d, score) for d, score in scores.items() if score > 0), k)


class FromTheEnd(PlainBM25):
    """A bad one: the last document of the corpus first, whatever is asked. Writes down when it was asked what."""

    name = "from-the-end"
    asked: list[tuple[str, str, int]] = []  # noqa: RUF012  # of all, to see who came first

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        self.asked.append((self.name, text, k))
        return [(document, float(place)) for place, document in enumerate(self.counts)][::-1][:k]


class AlsoFromTheEnd(FromTheEnd):
    """A second one, to see them take turns."""

    name = "also-from-the-end"


HERE = {made_by.name: Listed(__name__, made_by.__name__, ()) for made_by in (PlainBM25, FromTheEnd, AlsoFromTheEnd)}


def write_dataset(folder: Path) -> Path:
    rows = [{"_id": key, "title": title, "text": text} for key, title, text in DOCUMENTS]
    (folder / "qrels").mkdir(parents=True)
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (folder / "queries.jsonl").write_text("".join(json.dumps({"_id": q, "text": t}) + "\n" for q, t in QUERIES.items()), "utf-8")
    lines = [f"{query}\t{document}\t{grade}\n" for query, grades in QRELS.items() for document, grade in grades.items()]
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines), "utf-8")
    return folder


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.chdir(tmp_path)
    return load_collection(write_dataset(tmp_path / "tiny"), "dev")


def figures(name: str, quality: float, milliseconds: float) -> Result:
    """A result as the harness leaves it."""
    times = dict.fromkeys(("p50@10", "p95@10", "p50@100", "p95@100"), milliseconds)
    query = QueryResult("q", "", "query", {"nDCG@10": quality, "short nDCG@10": quality, "R@100": quality})
    dataset = {"name": "tiny", "split": "dev", "queries": 1, "documents": 4}
    return Result("peers", dataset, {"name": name}, (query,), {"milliseconds": times}, {"build": 2 * milliseconds})


# The harness


def test_the_product_and_each_peer_are_measured_on_the_same_queries(collection: Collection, small: Settings) -> None:
    ours, good, bad = run(
        collection, {name: HERE[name] for name in ("bm25", "from-the-end")}, small, embedder=BagOfWordsEmbedder()
    )
    assert [result.name for result in (ours, good, bad)] == ["shipped", "bm25", "from-the-end"]
    for result in (ours, good):
        assert result.means()["nDCG@10"] == 1
        assert [query.ranking[0][0] for query in result.queries] == ["d1", "d2", "d3"]
    # The only relevant document at rank 4, 3 and 2: gains of 1/log2(rank + 1).
    expected = [1 / math.log2(rank + 1) for rank in (4, 3, 2)]
    assert [query.measures["nDCG@10"] for query in bad.queries] == pytest.approx(expected)
    assert bad.means()["R@100"] == 1
    assert good.configuration == {"name": "bm25", "k1": 1.2, "b": 0.75}
    assert ours.configuration["dense_weight"] == small.dense_weight


def test_the_short_list_is_measured_beside_the_long_one(collection: Collection, small: Settings) -> None:
    many = [Document(f"more{number}", "", f"Sentence {number} about nothing that is asked.") for number in range(10)]
    longer = replace(collection, documents=(*collection.documents, *many))
    ours, bad = run(longer, {"from-the-end": HERE["from-the-end"]}, small, embedder=BagOfWordsEmbedder())
    assert ours.means()[OF_SHORT] == ours.means()["nDCG@10"] == 1
    assert bad.means()[OF_SHORT] == bad.means()["nDCG@10"] == 0  # the relevant ones stand at 12 to 14 of 14
    assert bad.means()["R@100"] == 1
    assert len(bad.queries[0].ranking) == 14


def test_systems_take_turns_and_another_one_begins_each_query(collection: Collection, small: Settings) -> None:
    FromTheEnd.asked.clear()
    run(collection, {name: HERE[name] for name in ("from-the-end", "also-from-the-end")}, small, embedder=BagOfWordsEmbedder())
    warm_up, asked = FromTheEnd.asked[:4], FromTheEnd.asked[4:]
    assert {text for _, text, _ in warm_up} == {QUERIES["q1"]}
    assert [(text, k) for _, text, k in asked[::2]] == [(text, k) for text in QUERIES.values() for k in (SHORT, LONG)]
    # Of the product (0), the first (1) and the second (2), query 0 begins with 0: 0 1 2, then 1 2 0, then 2 0 1.
    a, b = "from-the-end", "also-from-the-end"
    assert [name for name, _, k in asked if k == SHORT] == [a, b, a, b, b, a]


def test_embedding_is_no_part_of_the_time_to_build(collection: Collection, small: Settings) -> None:
    slow = BagOfWordsEmbedder(delay=0.25)
    results = run(collection, {"bm25": HERE["bm25"]}, small, embedder=slow)
    assert len(slow.embedded) >= 4
    assert results[1].seconds["build"] < 0.25
    assert set(results[1].made_by["milliseconds"]) == {"p50@10", "p95@10", "p50@100", "p95@100"}
    assert results[1].made_by["encode_p50_ms"] > 0


def test_a_repeated_run_embeds_nothing_and_finds_the_same(collection: Collection, small: Settings, tmp_path: Path) -> None:
    first, again = BagOfWordsEmbedder(), BagOfWordsEmbedder()
    once = run(collection, {"bm25": HERE["bm25"]}, small, embedder=first)
    twice = run(collection, {"bm25": HERE["bm25"]}, small, embedder=again)
    assert first.embedded and not again.embedded
    for folder, results in (("once", once), ("twice", twice)):
        for result in results:
            write_result(result, tmp_path / folder / result.name)
    for name in ("shipped", "bm25"):
        for file in ("per-query.jsonl", "run.trec", "hits.jsonl"):
            assert (tmp_path / "once" / name / file).read_bytes() == (tmp_path / "twice" / name / file).read_bytes()


def test_a_result_goes_into_a_paired_test(collection: Collection, small: Settings, tmp_path: Path) -> None:
    ours, bad = run(collection, {"from-the-end": HERE["from-the-end"]}, small, embedder=BagOfWordsEmbedder())
    write_result(ours, tmp_path / "ours")
    write_result(bad, tmp_path / "bad")
    found = compare(read_result(tmp_path / "bad"), read_result(tmp_path / "ours"), measures=["nDCG@10"])
    assert [delta.queries for delta in found.measures] == [3]
    assert found.measures[0].mean_b == 1 and found.measures[0].delta > 0.4


# What peers share


def test_a_document_is_as_good_as_its_best_chunk_and_stands_once() -> None:
    assert best_of_documents([("a", 1.0), ("b", 3.0), ("a", 2.0), ("c", 0.5)], 2) == [("b", 3.0), ("a", 2.0)]


def test_as_many_chunks_are_asked_for_as_make_k_documents() -> None:
    assert chunks_for(10, chunks=300, documents=100) == 30
    assert chunks_for(10, chunks=101, documents=100) == 20
    assert chunks_for(10, chunks=7, documents=7) == 7


def test_every_peer_is_given_title_and_text() -> None:
    assert given_text(Document("d", "Gout", "Colchicine.")) == "Gout: Colchicine."
    assert given_text(Document("d", "", "Colchicine.")) == "Colchicine."


def test_a_peer_that_is_unknown_or_not_installed_is_named_with_what_to_run() -> None:
    with pytest.raises(DatasetError, match="no peer is called elastic; there are txtai, haystack, llamaindex, langchain"):
        chosen_peers(["elastic"])
    assert Listed("tests", "PlainBM25", ("pytest", "no-such-package-of-ours")).missing() == ["no-such-package-of-ours"]
    lacking = [name for name, listed in PEERS.items() if listed.missing()]
    if lacking:
        with pytest.raises(DatasetError, match=rf"{lacking[0]} is left out: .* not installed; pip install .*\[peers\]"):
            chosen_peers([lacking[0]])
    if len(lacking) < len(PEERS):
        chosen, notes = chosen_peers([])
        assert len(chosen) + len(notes) == len(PEERS)


# Telling


def test_ratios_are_above_one_where_the_product_is_better() -> None:
    beside = ratios([figures("shipped", 0.4, 2.0), figures("twice-as-good", 0.8, 1.0), figures("half-as-good", 0.2, 6.0)])
    assert [one.values["nDCG@10"] for one in beside] == [0.5, 2.0]
    assert [one.values["p50@10"] for one in beside] == [0.5, 3.0]
    assert [one.values["build s"] for one in beside] == [0.5, 3.0]
    assert [one.short_of for one in beside] == [["nDCG@10", "short nDCG@10", "p50@10", "p50@100"], []]


def test_a_peer_that_finds_nothing_has_a_ratio_that_is_a_number() -> None:
    document = peers_document([figures("shipped", 0.4, 2.0), figures("blind", 0.0, 3.0)])
    assert document["ratios"]["blind"]["nDCG@10"] == pytest.approx(400_000)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["not_reached"] == {}


def test_there_is_a_row_a_system_and_a_row_a_peer_with_the_verdict() -> None:
    ours = figures("shipped", 0.4, 2.0)
    results = [ours, figures("txtai", 0.5, 4.0), figures("langchain", 0.3, 4.0)]
    assert list(peers_table(results).columns[0].cells) == ["shipped", "txtai", "langchain"]
    beside = ratios_table(results)
    assert list(beside.columns[0].cells) == ["txtai", "langchain"]
    assert list(beside.columns[1].cells) == ["0.8", "1.33"]
    assert list(beside.columns[-1].cells) == ["no", "yes"]


# The libraries


@pytest.fixture(params=PEERS)
def installed(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if missing := PEERS[name].missing():
        pytest.skip(f"{', '.join(missing)} not installed: they are in the extra `peers`")
    return name


@pytest.mark.filterwarnings("default")  # of packages that are not ours
def test_a_library_finds_by_words_and_vectors_and_returns_each_document_once(installed: str) -> None:
    embedder = BagOfWordsEmbedder(256)
    peer = PEERS[installed].load(embedder)
    long = " ".join(f"Paragraph {number} speaks of allopurinol and urate once more." for number in range(400))
    documents = [Document(*row) for row in DOCUMENTS] + [Document("d5", "Urate", long)]
    peer.index(documents)
    assert embedder.embedded
    for query, text in QUERIES.items():
        found = peer.search(text, embedder.embed_query(text), 3)
        assert found[0][0] in QRELS[query]
        assert len(found) <= 3 and len({document for document, _ in found}) == len(found)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert peer.search("allopurinol urate", embedder.embed_query("allopurinol urate"), 100)[0][0] in ("d4", "d5")
    # The vector counts, not only the words: asked for words that nobody wrote, with the vector of others.
    assert peer.search("zzz", embedder.embed_query("formoterol budesonide asthma"), 1)[0][0] == "d2"
    about = peer.about()
    assert about["name"] == installed and all(about[package] for package in PEERS[installed].packages)


@pytest.mark.filterwarnings("default")
def test_the_command_measures_prints_and_writes(
    installed: str, small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["peers", "--dataset", str(write_dataset(tmp_path / "tiny")), "--peer", installed, "--out", "out"]
    done = CliRunner().invoke(group, [*arguments, "--json"], obj=lambda: small)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert set(document["results"]) == {"shipped", installed}
    assert set(document["ratios"][installed]) == {"nDCG@10", "short nDCG@10", "R@100", "p50@10", "p95@10", "p50@100", "build s"}
    assert read_result(tmp_path / "out" / f"tiny-dev-peers-{installed}").means()["Success@1"] == 1
    assert "followup eval compare" in CliRunner().invoke(group, arguments, obj=lambda: small).output


def test_the_command_says_which_peers_there_are(small: Settings, tmp_path: Path) -> None:
    done = CliRunner().invoke(group, ["peers", "--dataset", str(tmp_path), "--peer", "elastic"], obj=lambda: small)
    assert isinstance(done.exception, DatasetError)
    assert "langchain" in str(done.exception)
