"""`followup eval retrieval` on a tiny collection: measured as by hand, the same again bit for bit."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

from assistant.settings import Settings
from eval.cli import eval as group
from eval.collection import Collection, load_collection
from eval.configurations import Configuration, chosen_configurations, named_configurations
from eval.datasets import DatasetError
from eval.embeddings import KeptEmbedder
from eval.provenance import commit
from eval.results import read_result, write_result
from eval.retrieval import MEASURES, measure
from eval.throwaway import run_configuration
from index.embedding import identify
from index.types import Fusion, ModelIdentity, Ranking
from tests.beir import DOCUMENTS, QRELS, QUERIES, beir, corpus_text, lines, qrels_text, queries_text, write
from tests.fakes import BagOfWordsEmbedder, CountingEmbedder

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder: what a benchmark keeps goes below it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def settings_of(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def fake() -> CountingEmbedder:
    return CountingEmbedder(dimension=512)


def configuration(name: str = "shipped", **given: Any) -> Configuration:
    made = named_configurations(settings_of())[name]
    return Configuration(name, made.ranking, given.get("max_passage_words", made.max_passage_words))


def measured(collection: Collection, name: str, out: Path, embedder: BagOfWordsEmbedder | None = None) -> Path:
    """One run with the fake embedder, written to `out`."""
    write_result(run_configuration(collection, configuration(name), settings_of(), embedder=embedder or fake()), out)
    return out


def retrieval(*arguments: str | Path) -> Outcome:
    """The command, as typed in the current folder."""
    return CliRunner().invoke(group, ["retrieval", *map(str, arguments)], obj=settings_of)


# Measures


def test_measures_are_those_worked_by_hand() -> None:
    qrels = {"q": {"a": 3, "b": 1, "c": 2, "never": 1, "bad": 0}, "nothing": {"a": 1}, "late": {"z": 1}}
    ranking = ["x", "a", "bad", "c", "y", "b"]
    late = [f"n{number}" for number in range(10)] + ["z"]
    ranked = {
        query: [(key, 1 / rank) for rank, key in enumerate(keys, 1)] for query, keys in {"q": ranking, "late": late}.items()
    }
    found = measure(qrels, ranked, ["nDCG@10", "RR@10", "P@5", "R@100", "Success@1", "Success@5"])

    gain = 3 / math.log2(3) + 2 / math.log2(5) + 1 / math.log2(7)  # ranks 2, 4, 6
    ideal = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(5)
    assert found["q"] == {
        "nDCG@10": pytest.approx(gain / ideal),
        "RR@10": 1 / 2,
        "P@5": 2 / 5,
        "R@100": 3 / 4,
        "Success@1": 0,
        "Success@5": 1,
    }
    assert set(found["nothing"].values()) == {0.0}
    # Found at 11: too deep for all but R@100.
    assert found["late"] == {"nDCG@10": 0, "RR@10": 0, "P@5": 0, "R@100": 1, "Success@1": 0, "Success@5": 0}
    assert measure(qrels, {}, ["RR@10"]) == {query: {"RR@10": 0.0} for query in qrels}


def test_two_names_of_one_measure_both_have_its_value() -> None:
    found = measure({"q": {"a": 1}}, {"q": [("b", 2.0), ("a", 1.0)]}, ["MRR@10", "RR@10", "RR@10"])
    assert found == {"q": {"MRR@10": 0.5, "RR@10": 0.5}}


@pytest.mark.parametrize(
    "name", ["bogus@10", "ndcg", "nDCG@", "nDCG@ten", "R@0", "P@5.5", "P", "nDCG(foo=1)@10", "alpha_nDCG@10", "nDCG@10, P@5", ""]
)
def test_an_unknown_measure_is_named_before_anything_is_read(tmp_path: Path, name: str) -> None:
    outcome = retrieval("--dataset", tmp_path / "nowhere", "--measure", name)
    assert isinstance(outcome.exception, DatasetError)
    assert str(outcome.exception).startswith(f"{name} is not a measure that ir-measures can compute here (")


@pytest.fixture
def shipped(tiny: Path, tmp_path: Path) -> Path:
    return measured(load_collection(tiny), "shipped", tmp_path / "out" / "tiny-test-shipped")


@pytest.mark.parametrize("name", sorted(named_configurations(settings_of()).keys() - {"reranked"}))
def test_the_figures_are_those_of_the_written_run(tiny: Path, tmp_path: Path, name: str) -> None:
    out = measured(load_collection(tiny), name, tmp_path / "out")
    run = list(ir_measures.read_trec_run(str(out / "run.trec")))
    qrels = [ir_measures.Qrel(query, document, grade) for query, grades in QRELS.items() for document, grade in grades.items()]
    names = list(MEASURES)
    wanted: dict[str, dict[str, float]] = {query: {} for query in QUERIES}
    for metric in ir_measures.iter_calc([ir_measures.parse_measure(name) for name in names], qrels, run):
        wanted[metric.query_id][str(metric.measure)] = pytest.approx(metric.value, abs=1e-6)
    rows = [json.loads(line) for line in (out / "per-query.jsonl").read_text("utf-8").splitlines()]
    assert {row["id"]: row["measures"] for row in rows} == wanted
    document = json.loads((out / "result.json").read_text("utf-8"))
    assert list(document["measures"]) == names
    means = {name: sum(row["measures"][name] for row in rows) / 5 for name in names}
    assert document["measures"] == {name: pytest.approx(mean, abs=1e-6) for name, mean in means.items()}
    # Every query finds its words: the tiny collection is easy.
    assert document["measures"]["R@100"] > 0.8


def test_the_run_is_trecs_and_the_hits_are_what_was_found(shipped: Path) -> None:
    ranked: dict[str, list[tuple[str, float]]] = {}
    for line in (shipped / "run.trec").read_text("utf-8").splitlines():
        query, q0, document, rank, score, tag = line.split(" ")
        ranked.setdefault(query, []).append((document, float(score)))
        assert (q0, int(rank), tag) == ("Q0", len(ranked[query]), "shipped")
    assert list(ranked) == list(QUERIES)
    for hits in ranked.values():
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        assert len({document for document, _ in hits}) == len(hits)  # a document once, though it may have several passages

    shown = [json.loads(line) for line in (shipped / "hits.jsonl").read_text("utf-8").splitlines()]
    assert {row["id"]: row["gold"] for row in shown} == QRELS
    for row in shown:
        assert [(hit["id"], hit["score"]) for hit in row["hits"]] == ranked[row["id"]][:10]
        for hit in row["hits"]:
            title, text = DOCUMENTS[hit["id"]]
            assert (hit["grade"], hit["title"]) == (QRELS[row["id"]].get(hit["id"], 0), title)
            assert hit["text"] in text
            assert hit["stages"].keys() == {"dense", "lexical"}


def test_a_written_result_is_read_back(shipped: Path, tiny: Path) -> None:
    result = read_result(shipped)
    assert (result.command, result.name, result.kinds()) == ("retrieval", "shipped", {"query": 5})
    assert result.document() == json.loads((shipped / "result.json").read_text("utf-8"))
    assert result.dataset == json.loads(json.dumps(load_collection(tiny).about()))


def test_a_result_names_everything_that_made_it(shipped: Path, tiny: Path) -> None:
    document = json.loads((shipped / "result.json").read_text("utf-8"))
    assert document["dataset"] | {"digest": ""} == {
        "name": "tiny", "split": "test", "digest": "", "documents": 12, "queries": 5,
        "files": {name: hashlib.sha256((tiny / name).read_bytes()).hexdigest() for name in
                  ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")},
    }  # fmt: skip
    assert document["dataset"]["digest"] == load_collection(tiny).digest
    ranking = settings_of().ranking
    assert document["configuration"] == {
        "name": "shipped", "max_passage_words": settings_of().max_passage_words,
        **{name: getattr(ranking, name) for name in Ranking.__slots__},
    }  # fmt: skip
    made_by = document["made_by"]
    assert made_by["commit"] == commit()
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", made_by["commit"] or "0" * 40)
    model = identify(settings_of())
    assert (made_by["model"], made_by["model_sha256"]) == (model.name, model.sha256)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", made_by["measured_at"])
    assert made_by["machine"]["cores"] >= 1
    assert document["seconds"].keys() == {"index", "search"}
    assert all(seconds >= 0 for seconds in document["seconds"].values())


def test_another_file_is_another_dataset(tiny: Path) -> None:
    before = load_collection(tiny)
    write(tiny, {"corpus.jsonl": corpus_text(DOCUMENTS | {"d1": ("Colchicine", "Colchicine treats a gout flare.")})})
    after = load_collection(tiny)
    assert before.digest != after.digest
    assert {name for name in before.files if before.files[name] != after.files[name]} == {"corpus.jsonl"}


# Where the answer stands

LONG = (
    "Colchicine is given at the first sign of a flare, because later it does less, as all guidelines on gout say.\n"
    "The dose is one milligram and half of it an hour later; in kidney disease it is not repeated within two weeks.\n"
    "Allopurinol lowers urate."
)


def spanned(folder: Path, spans: Sequence[Mapping[str, Any]]) -> Path:
    documents = {key: value for key, value in DOCUMENTS.items() if key not in ("d1", "d2")} | {"d1": ("Gout", LONG)}
    queries = {"inside": "colchicine dose in kidney disease", "across": "colchicine flare guidelines dose", "none": "asthma"}
    qrels = {"inside": {"d1": 1}, "across": {"d1": 1}, "none": {"d5": 1}}
    beir(folder, corpus=corpus_text(documents), queries=queries_text(queries), qrels=qrels_text(qrels))
    return write(folder, {"questions.jsonl": lines(spans)})


def span(query: str, first: str, last: str, document: str = "d1") -> dict[str, Any]:
    return {"_id": query, "doc": document, "start": LONG.index(first), "end": LONG.index(last) + len(last)}


def test_an_answer_counts_where_it_lies_whole_inside_one_of_the_first_passages(tmp_path: Path) -> None:
    spans = [
        span("inside", "one milligram", "hour later"),
        span("across", "guidelines on gout", "The dose"),
        span("other", "C", "C"),
    ]
    read = load_collection(spanned(tmp_path / "spans", spans))
    assert list(read.spans) == ["inside", "across"]
    assert read.notes == ("1 queries have no span; AnswerIn@k is over the others; the first is none",)
    result = run_configuration(read, configuration(max_passage_words=22), settings_of(), embedder=fake())
    measures = {query.id: query.measures for query in result.queries}
    # Of the three passages, a paragraph each, the second holds the dose, and is found first by four words of five.
    assert {name: value for name, value in measures["inside"].items() if name.startswith("Answer")} == {
        "AnswerIn@1": 1, "AnswerIn@5": 1, "AnswerIn@10": 1,
    }  # fmt: skip
    # An answer that begins in one passage and ends in the next is in none of them, though the document is found.
    assert measures["across"]["Success@1"] == 1
    assert [measures["across"][f"AnswerIn@{k}"] for k in (1, 5, 10)] == [0, 0, 0]
    assert not any(name.startswith("Answer") for name in measures["none"])
    assert result.means()["AnswerIn@5"] == 0.5
    # In longer passages it is inside.
    longer = run_configuration(read, configuration(max_passage_words=100), settings_of(), embedder=fake())
    assert {query.id: query.measures.get("AnswerIn@1") for query in longer.queries} == {"inside": 1, "across": 1, "none": None}


def test_an_answer_in_a_passage_further_down_counts_from_there_on(tmp_path: Path) -> None:
    # Of "colchicine flare guidelines dose" the first paragraph has three words and the second one.
    read = load_collection(spanned(tmp_path / "spans", [span("across", "The dose", "hour later"), span("inside", "one", "half")]))
    result = run_configuration(read, configuration("lexical", max_passage_words=22), settings_of(), embedder=fake())
    across = {query.id: query.measures for query in result.queries}["across"]
    assert [across[f"AnswerIn@{k}"] for k in (1, 5, 10)] == [0, 1, 1]
    assert across["Success@1"] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"start": 5, "end": 5}, r"questions\.jsonl:1: start and end are 5 and 5, not a span"),
        ({"start": -1, "end": 5}, "start and end are -1 and 5"),
        ({"start": 1.5, "end": 5}, "start and end are 1.5 and 5"),
        ({"start": 0, "end": len(LONG) + 1}, rf"the span ends at {len(LONG) + 1}, d1 at {len(LONG)}"),
        ({"start": 0, "end": 5, "doc": None}, "doc is missing"),
    ],
)
def test_a_span_that_is_none_is_named(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        load_collection(spanned(tmp_path / "spans", [span("inside", "one", "hour later") | wrong]))


def test_a_span_in_a_document_that_is_not_there_is_a_miss_and_said(tmp_path: Path) -> None:
    spans = [span(query, "one", "hour later") for query in ("across", "none")] + [span("inside", "one", "hour later", "gone")]
    read = load_collection(spanned(tmp_path / "spans", spans))
    assert read.notes == (
        "1 answers stand in a document that is not in the corpus; they count as never found; the first is inside",
    )
    result = run_configuration(read, configuration(), settings_of(), embedder=fake())
    assert {query.id: query.measures["AnswerIn@10"] for query in result.queries}["inside"] == 0


def test_what_cannot_be_measured_is_said_with_every_figure(tmp_path: Path) -> None:
    qrels = QRELS | {
        "q1": {"d3": 2, "gone": 1},
        "q2": {"d4": 0},
        "q3": {"lost": 1},
        "q8": {"d1": 1},
        "q9": {"d1": 1},
    }
    documents = DOCUMENTS | {"e1": (" ", ""), "e2": ("", "\n")}
    folder = beir(tmp_path / "tiny", qrels=qrels_text(qrels), corpus=corpus_text(documents))
    read = load_collection(folder)
    assert list(read.queries) == list(read.qrels) == ["q1", "q4", "q5"]
    assert len(read.documents) == 12
    assert read.notes == (
        "2 documents are empty and are left out; the first is e1",
        "2 queries of the qrels have no text; the first is q8",
        "2 documents of the qrels are not in the corpus; they count as never found; the first is gone",
        "2 queries have no relevant document in the corpus and are left out; the first is q2",
    )
    result = run_configuration(read, configuration("lexical"), settings_of(), embedder=fake())
    assert result.notes == read.notes
    assert result.document()["notes"] == list(read.notes)
    # The ideal ranking of q1 has both documents, the lost one too: 2 / (2 + 1/log2 3).
    assert result.queries[0].ranking[0][0] == "d3"
    assert result.queries[0].measures["nDCG@10"] == pytest.approx(2 / (2 + 1 / math.log2(3)))


def test_a_document_of_a_title_alone_is_found_by_it(tmp_path: Path) -> None:
    folder = beir(tmp_path / "tiny", corpus=corpus_text(DOCUMENTS | {"d3": ("Gout flare", " \n")}))
    result = run_configuration(load_collection(folder), configuration(), settings_of(), embedder=fake())
    assert result.queries[0].ranking[0][0] == "d3"
    assert result.queries[0].hits[0].text == "Gout flare"


# The same again

WRITTEN = ("run.trec", "per-query.jsonl", "hits.jsonl")


def stripped(folder: Path) -> dict[str, Any]:
    """`result.json` without what may differ."""
    document = json.loads((folder / "result.json").read_text("utf-8"))
    assert document["made_by"].pop("measured_at")
    assert document.pop("seconds")
    return document


def assert_same(one: Path, other: Path) -> None:
    for name in WRITTEN:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert stripped(one) == stripped(other)


@pytest.mark.parametrize("name", sorted(named_configurations(settings_of()).keys() - {"reranked"}))
def test_a_run_again_is_the_same_bit_for_bit(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    read = load_collection(tiny)
    first = measured(read, name, tmp_path / "first")
    # With the index and the embeddings that were kept, neither needed nor asked for again:
    kept = fake()
    assert_same(first, measured(read, name, tmp_path / "kept", kept))
    assert (kept.embedded, kept.asked) == ([], [])
    # and in another folder, from nothing.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fresh = fake()
    assert_same(first, measured(load_collection(tiny), name, tmp_path / "fresh", fresh))
    assert fresh.embedded
    assert fresh.asked[-len(QUERIES) :] == list(QUERIES.values())  # before them, the gate asked some of the texts


ALONE = """
import sys
from pathlib import Path
from assistant.settings import Settings
from eval.collection import load_collection
from eval.configurations import named_configurations
from eval.results import write_result
from eval.throwaway import run_configuration
from tests.fakes import BagOfWordsEmbedder

settings = Settings(_env_file=None)
read = load_collection(Path(sys.argv[1]))
for name in ("shipped", "rrf"):
    configuration = named_configurations(settings)[name]
    result = run_configuration(read, configuration, settings, embedder=BagOfWordsEmbedder(512))
    write_result(result, Path(sys.argv[2]) / name)
"""


def test_a_run_in_another_process_is_the_same_bit_for_bit(tiny: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):  # sets of texts come in another order
        (tmp_path / seed).mkdir()
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", ALONE, tiny, tmp_path / seed], cwd=tmp_path / seed, env=environment, check=True)
    for name in ("shipped", "rrf"):
        assert_same(tmp_path / "1" / name, tmp_path / "2" / name)


def test_another_configuration_embeds_only_the_passages_that_are_split_otherwise(tiny: Path, tmp_path: Path) -> None:
    read = load_collection(tiny)
    run_configuration(read, configuration(), settings_of(), embedder=fake())
    again = fake()
    run_configuration(read, configuration("lexical"), settings_of(), embedder=again)
    assert (again.embedded, again.asked) == ([], [])
    # Another passage size is another index; no text of the tiny collection is long enough to be split otherwise.
    run_configuration(read, configuration(max_passage_words=50), settings_of(), embedder=again)
    assert (again.embedded, again.asked) == ([], [])
    assert len(list(Path("var/eval/indexes").iterdir())) == 2


def test_only_documents_that_changed_are_embedded_again(tiny: Path) -> None:
    run_configuration(load_collection(tiny), configuration(), settings_of(), embedder=fake())
    write(tiny, {"corpus.jsonl": corpus_text(DOCUMENTS | {"d7": ("Coffee", "Coffee delays sleep.")})})
    again = fake()
    run_configuration(load_collection(tiny), configuration(), settings_of(), embedder=again)
    assert again.embedded == ["Coffee: Coffee delays sleep."]
    assert not {*again.asked} & {*QUERIES.values()}


def test_a_text_is_embedded_once_by_each_model(tmp_path: Path) -> None:
    one, other = (ModelIdentity("model", digit * 64) for digit in "ab")
    counting = fake()
    kept = KeptEmbedder(tmp_path, one, lambda: counting)
    first = kept.embed_passages(["gout", "asthma", "gout"])
    assert first.shape == (3, 512)
    assert counting.embedded == ["gout", "asthma"]
    query = kept.embed_query("gout")
    assert counting.asked == ["gout"]  # a query is another text than a passage of the same words

    again = KeptEmbedder(tmp_path, one, lambda: pytest.fail("nothing is new"))
    assert np.array_equal(again.embed_passages(["asthma", "gout"]), first[[1, 0]])
    assert np.array_equal(again.embed_query("gout"), query)

    shorter = BagOfWordsEmbedder(dimension=8)
    assert KeptEmbedder(tmp_path, other, lambda: shorter).embed_passages(["gout"]).shape == (1, 8)
    assert np.array_equal(KeptEmbedder(tmp_path, one, lambda: shorter).embed_passages(["gout"]), first[:1])


def test_a_query_under_another_prompt_is_embedded_anew(tiny: Path) -> None:
    run_configuration(load_collection(tiny), configuration(), settings_of(), embedder=fake())
    prompted = fake()
    for _ in range(2):
        run_configuration(load_collection(tiny), configuration(), settings_of(query_prompt="ask: "), embedder=prompted)
    assert (prompted.embedded, prompted.asked) == ([], list(QUERIES.values()))


def test_many_texts_are_kept_at_once(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(12_000)]
    small = BagOfWordsEmbedder(dimension=4)
    kept = KeptEmbedder(tmp_path, ModelIdentity("model", "c" * 64), lambda: small)
    assert np.array_equal(kept.embed_passages(texts), kept.embed_passages(texts[::-1])[::-1])
    assert len(small.embedded) == 12_000


def test_the_real_index_is_left_alone(tiny: Path, here: Path) -> None:
    run_configuration(load_collection(tiny), configuration(), settings_of(), embedder=fake())
    assert {path.name for path in here.iterdir()} == {"var"}
    assert {path.name for path in (here / "var").iterdir()} == {"eval"}
    assert {path.name for path in (here / "var" / "eval").iterdir()} == {"embeddings", "indexes"}


# Configurations


def test_each_search_each_fusion_and_what_can_be_added_have_a_name() -> None:
    named = named_configurations(settings_of(dense_weight=0.6))
    assert {"shipped", "lexical", "dense", "rrf", "convex", "reranked"} <= set(named)
    assert {name: made.ranking.dense_weight for name, made in named.items()} == {
        "shipped": 0.6, "lexical": 0, "dense": 1, "rrf": 0.5, "convex": 0.5, "reranked": 0.6,
    }  # fmt: skip
    alone = [name for name, made in named.items() if made.ranking.dense_weight_bare == made.ranking.dense_weight]
    assert {"lexical", "dense", "rrf"} <= set(alone)
    assert [name for name, made in named.items() if made.ranking.fusion is Fusion.RRF] == ["rrf"]
    assert [name for name, made in named.items() if made.ranking.feedback] == ["shipped", "reranked"]
    assert [name for name, made in named.items() if made.ranking.reranked] == ["reranked"]


def test_a_search_alone_knows_nothing_of_the_other(tmp_path: Path) -> None:
    folder = beir(tmp_path / "tiny", queries=queries_text(QUERIES | {"q5": "zzz"}))
    read = load_collection(folder)
    lexical = run_configuration(read, configuration("lexical"), settings_of(), embedder=fake())
    ranked = {query.id: {document for document, _ in query.ranking} for query in lexical.queries}
    assert ranked["q1"] == {"d1", "d3"}  # no other has one of its words
    assert ranked["q5"] == set()  # none has its word
    assert set(lexical.queries[4].measures.values()) == {0.0}
    dense = run_configuration(read, configuration("dense"), settings_of(), embedder=fake())
    assert len(dense.queries[4].ranking) == 12


def test_own_configurations_change_only_what_they_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[half]\ndense_weight = 0.5\nmax_passage_words = 60\n\n[ranks]\nfusion = "rrf"\nfeedback = 0\n', "utf-8")
    settings = settings_of()
    half, ranks = chosen_configurations(settings, [], file)
    shipped = named_configurations(settings)["shipped"].about()
    assert half.about() == shipped | {"name": "half", "dense_weight": 0.5, "max_passage_words": 60}
    assert ranks.about() == shipped | {"name": "ranks", "fusion": "rrf", "feedback": 0}
    assert [made.name for made in chosen_configurations(settings, ["lexical", "ranks"], file)] == ["lexical", "ranks"]
    assert [made.name for made in chosen_configurations(settings, [])] == ["shipped"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "[mine]\nweight = 1\n",
            r"\[mine\] weight: not known; a configuration may set dense_weight, .*max_passage_words",
        ),
        ("[mine]\ndense_weight = 2\n", r"\[mine\] ranking: .*dense weights are 0 to 1"),
        ("[mine]\ndense_weight = nan\n", r"\[mine\] ranking: .*dense weights are 0 to 1"),
        ('[mine]\ndense_weight = "much"\n', r"\[mine\] dense_weight: Input should be a valid number"),
        ('[mine]\nfusion = "sum"\n', r"\[mine\] fusion: Input should be 'convex' or 'rrf'"),
        ("[mine]\nfeedback = 1.5\n", r"\[mine\] feedback: Input should be a valid integer"),
        ("[mine]\nmax_passage_words = 'many'\n", r"\[mine\] max_passage_words: Input should be a valid integer"),
        ("[mine]\nmax_passage_words = 0\n", r"\[mine\] max_passage_words: Input should be greater than or equal to 20"),
        ("mine = 1\n", r"\[mine\] mine: not known"),
        ("[mine\n", r"cannot be read as TOML"),
        ("", r"no configurations in this file"),
        ('["my way"]\n', r"\[my way\]: a name is one word"),
        ('["../way"]\n', r"\[\.\./way\]: a name is one word, without a slash"),
        ("[shipped]\nfeedback = 1\n", r"\[shipped\]: a name is one word, without a slash, and none of shipped, lexical"),
    ],
)
def test_a_configuration_that_is_none_is_named_with_file_and_key(tmp_path: Path, source: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(source, "utf-8")
    with pytest.raises(DatasetError, match=rf"^{re.escape(str(file))}: {said}"):
        chosen_configurations(settings_of(), [], file)


def test_an_unknown_configuration_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no configuration best; there are shipped, lexical, dense, rrf, convex"):
        chosen_configurations(settings_of(), ["shipped", "best"])
    with pytest.raises(DatasetError, match=r"nowhere\.toml: cannot be read"):
        chosen_configurations(settings_of(), [], tmp_path / "nowhere.toml")


# The command


def test_the_command_measures_prints_and_writes(tiny: Path, tmp_path: Path, here: Path) -> None:
    """With the bundled embedder, and the second time with its kept vectors."""
    (tmp_path / "mine.toml").write_text("[mine]\ndense_weight = 0.4\n", "utf-8")
    chosen = ("--dataset", tiny, "--config", "lexical", "--config", "mine", "--configs", tmp_path / "mine.toml")
    outcome = retrieval(*chosen, "--measure", "nDCG@3", "--measure", "RR@10", "--json")
    assert outcome.exit_code == 0, outcome.output
    printed = json.loads(outcome.stdout)
    assert list(printed["results"]) == ["lexical", "mine"]
    assert (printed["dataset"]["name"], printed["reach"]) == ("tiny", {})
    for name, document in printed["results"].items():
        folder = here / "var" / "eval" / "results" / f"tiny-test-{name}"
        assert document == json.loads((folder / "result.json").read_text("utf-8"))
        assert list(document["measures"]) == ["nDCG@3", "RR@10"]
        assert (folder / "run.trec").stat().st_size > 0

    outcome = retrieval(*chosen, "--out", tmp_path / "again")
    assert outcome.exit_code == 0, outcome.output
    said = " ".join(outcome.stdout.split())
    assert "tiny (test): 5 queries, 12 documents lexical mine nDCG@10 " in said
    assert f"Written to {tmp_path / 'again'}" in outcome.stdout.replace("\n", "")
    for name in ("lexical", "mine"):
        first, again = (read_result(folder / f"tiny-test-{name}") for folder in (here / "var/eval/results", tmp_path / "again"))
        assert [query.ranking for query in first.queries] == [query.ranking for query in again.queries]


def test_the_command_says_notes_and_what_was_to_be_reached(tmp_path: Path) -> None:
    qrels = qrels_text(QRELS | {"q9": {"d1": 1}})
    folder = write(tmp_path / "medquad", {"corpus.jsonl": corpus_text(), "queries.jsonl": queries_text(), "qrels/dev.tsv": qrels})
    outcome = retrieval("--dataset", folder, "--config", "lexical")
    assert outcome.exit_code == 0, outcome.output
    said = " ".join(outcome.stdout.split())
    assert "1 queries of the qrels have no text; the first is q9" in said
    assert "lexical reach nDCG@10" in said
    assert "≥ 0.68" in said


def test_the_command_refuses_in_one_line_with_exit_2(tmp_path: Path, followup: Any) -> None:
    done = followup("eval", "retrieval", "--dataset", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "data not present" in done.stderr
    assert len(done.stderr.splitlines()) == 1
