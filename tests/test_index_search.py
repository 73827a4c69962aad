"""Searching a generation: fusion worked by hand, scopes, several readings, and queries that mean harm or nothing."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from statistics import fmean

import faiss
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.settings import Settings
from corpus.errors import ArticleNotFound, IndexDamaged
from index.build import build_index
from index.coverage import share
from index.cues import wording
from index.files import sha256_of
from index.fusion import best, by_best, combine, min_max
from index.lexical import LexicalDocument, LexicalIndex
from index.pooling import Leads, aligned, pooled_cosine
from index.search import Index
from index.types import EncodedQuery, Fusion, Ranking
from index.vectors import VectorIndex
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small corpus, built once with the fake embedder."""
    folder = tmp_path_factory.mktemp("search")
    made = Settings(articles=write_articles(folder / "articles"), index=folder / "index", _env_file=None)
    build_index(made, embedder=BagOfWordsEmbedder())
    return made


@pytest.fixture(scope="module")
def index(built: Settings) -> Index:
    return open_with(built, BagOfWordsEmbedder())


# --- fusion, by hand --------------------------------------------------------------------------------------------------

NONE = -np.inf  # no cue of that kind is near


def pooled(*kinds: float, text: bool = False, floor: float = 0.0) -> float:
    """The pooled cosine of one passage, from its best wording, text, question and plain sentence."""
    return float(pooled_cosine(np.array(kinds)[:, None], np.array([text]), floor)[0])


def test_the_best_cue_of_each_kind_is_pooled_into_a_weighted_mean() -> None:
    # The example of the docstring: its own nearness is (.6 + .8) / 2; (1·.7 + 1·.9 + .3·.7) / 2.3
    assert pooled(0.6, 0.8, 0.9, NONE, text=True) == pytest.approx(1.81 / 2.3)
    assert pooled(0.6, NONE, 0.9, NONE) == pytest.approx(1.68 / 2.3)
    assert pooled(0.6, NONE, NONE, NONE, floor=0.5) == pytest.approx(0.6)
    # Without a wording among the nearest the floor stands in: (1·.2 + 1·.9 + .3·.5) / 2.3
    assert pooled(NONE, NONE, 0.9, 0.5, floor=0.2) == pytest.approx(1.25 / 2.3)
    # and for a bare text too, where the passage has one: its own nearness is (.6 + .2) / 2.
    assert pooled(0.6, NONE, NONE, NONE, text=True, floor=0.2) == pytest.approx(0.4)
    # A question that is further away than the passage itself does not pull it down.
    assert pooled(0.6, NONE, 0.1, NONE) == pytest.approx(0.6)
    assert pooled(NONE, NONE, NONE, NONE, floor=0.3) == pytest.approx(0.3)


def test_cues_lead_to_their_passages_with_the_best_of_each_kind() -> None:
    kinds = ["wording", "text", "wording", "question", "plain"]
    leads = Leads(kinds, [(0, 0), (1, 0), (2, 1), (3, 1), (3, 0), (4, 2)])
    found = leads.pool([(0, 0.6), (3, 0.5)], [(3, 2.0), (1, 3.0)])
    assert found.rows.tolist() == [0, 1]
    # Passage 0: wording .6, no text near: (.6 + .5) / 2, which its question, .5, does not better. Passage 1: the floor, .5.
    assert found.dense.tolist() == pytest.approx([0.55, 0.5])
    # Word scores are not pooled: that of the best cue.
    assert found.lexical.tolist() == [3.0, 2.0]
    assert leads.pool([], [(4, 1.5)]).rows.tolist() == [2]
    assert leads.pool([], []).rows.tolist() == []


def test_values_are_put_beside_other_rows() -> None:
    rows, values = np.array([2, 5]), np.array([0.2, 0.5])
    assert aligned(np.array([1, 2, 5]), rows, values, 0).tolist() == [0, 0.2, 0.5]
    assert aligned(np.array([2, 9]), rows, values, -1).tolist() == [0.2, -1]
    assert aligned(np.array([1, 2]), np.array([], np.int64), np.array([]), 0.5).tolist() == [0.5, 0.5]


def test_scores_are_scaled_over_the_candidates() -> None:
    assert min_max(np.array([2.0, 4.0, 3.0])).tolist() == [0, 1, 0.5]
    assert min_max(np.array([2.0, 2.0])).tolist() == [0, 0]
    assert min_max(np.array([])).tolist() == []


def test_word_scores_are_shares_of_the_best_because_their_zero_means_no_word() -> None:
    assert by_best(np.array([2.0, 4.0, 0.0])).tolist() == [0.5, 1, 0]
    assert by_best(np.array([0.0, 0.0])).tolist() == [0, 0]
    assert by_best(np.array([])).tolist() == []


DENSE, LEXICAL = np.array([0.8, 0.4, 0.6, 0.4]), np.array([0.0, 0.0, 10.0, 5.0])


def test_the_two_searches_are_combined_by_their_weight() -> None:
    # dense from its lowest to its highest: 1, 0, .5, 0; lexical as shares of the best: 0, 0, 1, .5
    wanted = [0.6, 0, 0.6 * 0.5 + 0.4 * 1, 0.4 * 0.5]
    assert combine(DENSE, LEXICAL, 0.6).tolist() == pytest.approx(wanted)
    assert combine(DENSE, LEXICAL, 1.0).tolist() == pytest.approx([1, 0, 0.5, 0])
    assert combine(DENSE, LEXICAL, 0.0).tolist() == [0, 0, 1, 0.5]
    assert combine(DENSE, LEXICAL, np.array([0.6, 0.6, 1, 0])).tolist() == pytest.approx([0.6, 0, 0.5, 0.5])
    assert combine(np.array([]), np.array([]), 0.5).tolist() == []


def test_reciprocal_ranks_are_combined_by_their_weight() -> None:
    # (60 + 1) / (60 + rank). dense: the first is first, then the third; the second and fourth are equal, so in their order.
    # lexical: third, fourth; the others were not found and have 0.
    wanted = [0.25 * 61 / 61, 0.25 * 61 / 63, 0.25 * 61 / 62 + 0.75 * 61 / 61, 0.25 * 61 / 64 + 0.75 * 61 / 62]
    assert combine(DENSE, LEXICAL, 0.25, Fusion.RRF).tolist() == pytest.approx(wanted)
    # What ranks say does not depend on how far apart the scores are.
    assert combine(DENSE**9, LEXICAL**0.1, 0.25, Fusion.RRF).tolist() == pytest.approx(wanted)


def test_the_best_come_first_and_equal_ones_in_reading_order() -> None:
    rows, scores = np.array([7, 3, 9, 4]), np.array([0.5, 0.9, 0.5, 0.1])
    assert best(rows, scores, 3).tolist() == [1, 0, 2]
    assert best(rows[::-1], scores[::-1], 3).tolist() == [2, 3, 1]
    assert best(rows, scores, 99).tolist() == [1, 0, 2, 3]


@pytest.mark.parametrize(
    "given",
    [{"dense_weight": 1.1}, {"dense_weight": -0.1}, {"dense_weight_bare": 2}, {"coverage": -1}, {"feedback": -1},
     {"reranked": -1}, {"dense_weight": math.nan}, {"coverage": math.nan}, {"coverage": math.inf}],
)  # fmt: skip
def test_a_ranking_out_of_bounds_cannot_be_made(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="dense weights are 0 to 1, nothing is negative or no number"):
        Ranking(**given)


def plainly(settings: Settings, **ranking: float) -> Settings:
    """Settings that combine the two searches by one weight and do nothing else, but for what is given."""
    weight = ranking.get("dense_weight", 0.5)
    plain = {"dense_weight": weight, "dense_weight_bare": weight, "coverage": 0.0, "feedback": 0, "reranked": 0}
    return settings.model_copy(update=plain | ranking)


# --- searching --------------------------------------------------------------------------------------------------------


def test_with_vectors_alone_the_scores_are_those_of_brute_force(built: Settings) -> None:
    embedder = BagOfWordsEmbedder()
    index = open_with(plainly(built, dense_weight=1.0), embedder)
    query = embedder.embed_query("how much colchicine one hour later")
    cosines = {}
    for article in index.store.articles:
        for passage in index.store.passages_of(article.id):
            own = float(embedder.embed_query(wording(passage)) @ query)
            if passage.statement:  # found by its text alone too
                own = (own + float(embedder.embed_query(passage.text) @ query)) / 2
            total = own
            for weight, notes in ((1.0, article.questions), (0.3, article.plain_summary)):
                said = [float(embedder.embed_query(n.text) @ query) for n in notes if passage.statement in n.statements]
                total += weight * max([own, *said])
            cosines[passage.id] = total / 2.3
    low, high = min(cosines.values()), max(cosines.values())
    hits = index.search(EncodedQuery("unused words: zzz", query), k=10)
    assert {hit.passage.id: hit.score for hit in hits} == {
        name: pytest.approx((cosine - low) / (high - low), abs=1e-6) for name, cosine in cosines.items()
    }
    assert {hit.passage.id: hit.dense for hit in hits} == {name: pytest.approx(c, abs=1e-6) for name, c in cosines.items()}


def test_words_alone_find_only_what_has_a_word_of_the_query(built: Settings) -> None:
    index = open_with(plainly(built, dense_weight=0.0), BagOfWordsEmbedder())
    found = {hit.passage.id for hit in index.search(index.encode("caffeine or colchicine"))}
    assert found == {"gout-basics#F1", "gout-basics#F2", "sleep-basics#p1"}
    assert index.search(index.encode("zebra")) == []
    assert index.search(index.encode("zebra"), article_id="gout-basics") == []
    assert index.search(index.encode("caffeine"), article_id="gout-basics") == []


def test_a_passage_of_one_vector_is_weighed_by_a_share_of_its_own(built: Settings) -> None:
    index = open_with(plainly(built, dense_weight=0.9, dense_weight_bare=0.2), BagOfWordsEmbedder())
    hits = index.search(index.encode("what helps the sleep of a colchicine taker"))
    cosines, words = [hit.dense for hit in hits], [hit.lexical for hit in hits]
    assert {hit.passage.statement is None for hit in hits} == {True, False}
    for hit in hits:
        weight = 0.9 if hit.passage.statement else 0.2
        nearness = (hit.dense - min(cosines)) / (max(cosines) - min(cosines))
        assert hit.score == pytest.approx(weight * nearness + (1 - weight) * hit.lexical / max(words))


def test_a_passage_gains_by_how_much_of_the_question_it_speaks_of(built: Settings) -> None:
    plain, covered = (open_with(plainly(built, coverage=coverage), BagOfWordsEmbedder()) for coverage in (0.0, 0.5))
    for text in ("how much colchicine for a flare", "is prednisone an option when sleep is bad"):
        before = {hit.passage.id: hit for hit in plain.search(plain.encode(text))}
        after = covered.search(covered.encode(text))
        assert {hit.passage.id: hit.score for hit in after} == {
            name: pytest.approx((hit.score + 0.5 * plain.coverage(text, [hit]).by_hits) / 1.5) for name, hit in before.items()
        }
        assert [hit.score for hit in after] == sorted((hit.score for hit in after), reverse=True)
        assert {(hit.passage.id, hit.dense, hit.lexical) for hit in after} == {
            (name, hit.dense, hit.lexical) for name, hit in before.items()
        }


def test_the_share_of_the_words_that_are_spoken_of_weighs_rare_ones_more() -> None:
    assert share({"gout": 3, "dose": 1}, {"gout", "else"}) == 0.75
    assert share({"gout": 3}, ()) == 0
    assert share({}, {"gout"}) == 0


def test_hits_are_ranked_from_one_with_falling_scores_between_0_and_1(index: Index) -> None:
    hits = index.search(index.encode("colchicine or prednisone for a gout flare"), k=5)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert hits[0].passage.id == "gout-basics#F1"


def test_a_question_or_a_plain_sentence_leads_to_its_passage(index: Index) -> None:
    for query, unsaid, wanted in (
        ("steroid option?", "steroid", "gout-basics#F2"),
        ("a small dose helps", "small", "gout-basics#F1"),
    ):
        hit = index.search(index.encode(query), k=1)[0]
        assert hit.passage.id == wanted
        assert unsaid not in wording(hit.passage)


def test_a_scope_returns_all_of_its_article_and_nothing_else(index: Index) -> None:
    for article_id in ("asthma-basics", "gout-basics", "sleep-basics"):
        passages = {passage.id for passage in index.store.passages_of(article_id)}
        hits = index.search(index.encode("how much colchicine"), k=50, article_id=article_id)
        assert {hit.passage.id for hit in hits} == passages


def test_an_unknown_article_is_not_found(index: Index) -> None:
    for article_id in ("nowhere", "", "gout", "gout-basics' OR 1=1 --"):
        with pytest.raises(ArticleNotFound):
            index.search(index.encode("gout"), article_id=article_id)
        with pytest.raises(ArticleNotFound):
            index.store.article(article_id)
        assert index.store.passages_of(article_id) == []


def test_several_readings_count_by_their_shares(index: Index) -> None:
    texts = {"how much colchicine": 0.7, "what is the goal": 0.3}
    single = {text: {h.passage.id: h for h in index.search(index.encode(text), k=50)} for text in texts}
    together = index.search(*(index.encode(text, share) for text, share in texts.items()), k=50)
    assert {hit.passage.id for hit in together} == {name for hits in single.values() for name in hits}
    for hit in together:
        parts = [(share, single[text][hit.passage.id]) for text, share in texts.items() if hit.passage.id in single[text]]
        assert hit.score == pytest.approx(sum(share * part.score for share, part in parts))
        assert hit.dense == pytest.approx(sum(share * part.dense for share, part in parts))
        assert hit.lexical == pytest.approx(sum(share * part.lexical for share, part in parts))
    # Two halves of one reading are that reading.
    halves = index.search(index.encode("what is the goal", 0.5), index.encode("what is the goal", 0.5), k=50)
    assert [(h.passage.id, h.score) for h in halves] == [
        (name, pytest.approx(h.score)) for name, h in single["what is the goal"].items()
    ]


def test_no_reading_finds_nothing_however_it_is_ranked(built: Settings) -> None:
    index = open_with(built.model_copy(update={"reranked": 5}), BagOfWordsEmbedder(), lambda: pytest.fail("nothing to read"))
    assert index.search() == []
    assert index.search(article_id="gout-basics") == []


def test_no_reading_finds_nothing_and_k_bounds_the_hits(index: Index) -> None:
    assert index.search() == []
    assert len(index.search(index.encode("gout"), k=2)) == 2
    assert index.search(index.encode("gout"), k=0) == []


ODD = ["", " ", "the of and", "¿?!", "title:gout AND (", '"', "-gout +asthma", "a" * 5000, "\x00", "𝄞"]


@pytest.mark.parametrize("query", ODD)
def test_no_query_is_syntax_and_none_fails(index: Index, query: str) -> None:
    for article_id in (None, "gout-basics"):
        assert index.search(index.encode(query), k=3, article_id=article_id)
    assert 0 <= index.coverage(query, index.search(index.encode(query), k=3)).by_hits <= 1


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80))
def test_any_text_can_be_searched(index: Index, text: str) -> None:
    hits = index.search(index.encode(text), k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]


def test_searches_from_many_threads_agree(built: Settings) -> None:
    index = open_with(built, BagOfWordsEmbedder())
    wanted = index.search(index.encode("colchicine"), k=5)
    answers: list[bool] = []

    def ask() -> None:
        answers.extend(index.search(index.encode("colchicine"), k=5) == wanted for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 160


def test_coverage_is_the_share_of_the_words_that_are_spoken_of(index: Index) -> None:
    hits = index.search(index.encode("colchicine"), k=1)
    assert index.coverage("colchicine", hits).by_hits == 1
    assert index.coverage("colchicine", hits).by_article == 1
    assert index.coverage("zebra", hits).by_hits == 0
    # "prednisone" stands in the first hit's article but not in the hit.
    part = index.coverage("colchicine prednisone", hits)
    assert 0 < part.by_hits < 1
    assert part.by_article == 1
    assert (index.coverage("the", hits).by_hits, index.coverage("colchicine", []).by_article) == (0, 0)


def test_the_shipped_articles_answer_the_founding_questions(real_index: Index) -> None:
    for query, wanted in (
        ("colchicine dose on dialysis", "gout-flares-urate-lowering#F14"),
        ("starting dose of allopurinol in kidney disease", "gout-flares-urate-lowering#F6"),
    ):
        assert real_index.search(real_index.encode(query), k=1)[0].passage.id == wanted


# --- the two engines --------------------------------------------------------------------------------------------------


def test_words_are_found_by_their_stems_in_the_text_first(tmp_path: Path) -> None:
    documents = [
        LexicalDocument(0, "a", "Statins", "Nothing of it here."),
        LexicalDocument(1, "a", "Other", "A statin lowers cholesterol."),
        LexicalDocument(2, "b", "Statin", "Nothing of it here."),
        LexicalDocument(3, "b", "Other", "Nothing at all."),
    ]
    LexicalIndex.build(documents, tmp_path)
    index = LexicalIndex(tmp_path)
    assert len(index) == 4
    assert index.terms("Statins, statin: the STATIN") == ["statin"]
    assert index.terms("the and of") == []
    statin = {"statin": 1.0}
    assert index.best(statin, 10)[0][0] == 1
    assert {row for row, _ in index.best(statin, 10)} == {0, 1, 2}
    assert {row for row, _ in index.best(statin, 10, article_id="b")} == {2}
    assert index.best(statin, 10, article_id="c") == []
    assert index.best({}, 10) == []
    assert index.stands_in("statin", "b")
    assert not index.stands_in("cholesterol", "b")
    scoped = dict(index.best(statin, 10, article_id="a"))
    assert scoped == {row: score for row, score in index.best(statin, 10) if row in scoped}


def test_a_stem_counts_by_its_weight(tmp_path: Path) -> None:
    texts = ["a statin lowers cholesterol", "gout hurts", "a statin", "cholesterol"]
    LexicalIndex.build([LexicalDocument(row, "a", "", text) for row, text in enumerate(texts)], tmp_path)
    index = LexicalIndex(tmp_path)
    statin, cholesterol = (dict(index.best({term: 1.0}, 10)) for term in ("statin", "cholesterol"))
    wanted = {row: 2 * statin.get(row, 0) + 0.5 * cholesterol.get(row, 0) for row in statin.keys() | cholesterol.keys()}
    assert dict(index.best({"statin": 2.0, "cholesterol": 0.5}, 10)) == pytest.approx(wanted)
    assert [row for row, _ in index.best({"statin": 1.0, "cholesterol": 9.0}, 1)] == [3]


def test_what_stems_say_about_texts_is_bm25_by_hand(tmp_path: Path) -> None:
    texts = ["gout flare", "gout gout diet", "asthma"]
    LexicalIndex.build([LexicalDocument(row, "a", "", text) for row, text in enumerate(texts)], tmp_path)
    # The texts weighed need not be documents: 2 and 4 words long, 3 on average; "the" and "of" are not counted.
    found = LexicalIndex(tmp_path).weights([("the gout flare", 0.75), ("gout of gout diet asthma", 0.25)])

    def bm25(count: int, length: int, documents: int) -> float:
        rarity = math.log(1 + (3 - documents + 0.5) / (documents + 0.5))  # of 3 documents
        return rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / 3))

    assert found == {
        "gout": pytest.approx(0.75 * bm25(1, 2, 2) + 0.25 * bm25(2, 4, 2)),
        "flare": pytest.approx(0.75 * bm25(1, 2, 1)),
        "diet": pytest.approx(0.25 * bm25(1, 4, 1)),
        "asthma": pytest.approx(0.25 * bm25(1, 4, 1)),
    }
    # It is tantivy's own formula: over whole documents of the index the numbers are the scores it gives.
    whole = LexicalIndex(tmp_path).weights([(text, 1.0) for text in texts])
    scores = LexicalIndex(tmp_path).best({"flare": 1.0}, 10)
    assert scores == [(0, pytest.approx(whole["flare"], rel=1e-6))]
    # A text that stands twice, as in two documents, counts twice.
    assert LexicalIndex(tmp_path).weights([("gout", 0.5), ("gout", 0.25)]) == pytest.approx({"gout": 0.75 * bm25(1, 3, 2)})
    assert LexicalIndex(tmp_path).weights([]) == {}
    assert LexicalIndex(tmp_path).weights([("the of", 1.0)]) == {}


def test_a_folder_that_is_no_word_index_is_damage(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="tantivy cannot read it; run `followup index build`"):
        LexicalIndex(tmp_path)
    (tmp_path / "x").write_bytes(b"no index")
    with pytest.raises(IndexDamaged, match="FAISS cannot read it; run `followup index build`"):
        VectorIndex.read(tmp_path / "x")


def unit_vectors(count: int, dimension: int = 16) -> NDArray[np.float32]:
    random = np.random.default_rng(7)
    vectors = random.normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@pytest.mark.parametrize("exact_below", [500, 501])
def test_the_nearest_vectors_are_those_of_brute_force(tmp_path: Path, exact_below: int) -> None:
    vectors = unit_vectors(500)
    VectorIndex.build(vectors, exact_below=exact_below).write(tmp_path / "v")
    index = VectorIndex.read(tmp_path / "v")
    assert (len(index), index.dimension) == (500, 16)
    query = vectors[42]
    cosines = vectors @ query
    assert [row for row, _ in index.nearest(query, 10)] == list(np.argsort(-cosines)[:10])
    inside = 100 + np.argsort(-cosines[100:200])[:5]
    assert [row for row, _ in index.nearest(query, 5, range(100, 200))] == list(inside)
    assert len(index.nearest(query, 50, range(490, 500))) == 10
    assert index.nearest(query, 5, range(0)) == []
    assert dict(index.nearest(query, 500)) == {row: pytest.approx(cosine, abs=1e-6) for row, cosine in enumerate(cosines)}


def test_from_a_number_on_vectors_are_sketched_and_the_nearest_scored_exactly(tmp_path: Path) -> None:
    vectors = unit_vectors(5_000, 64)
    VectorIndex.build(vectors, exact_below=5_001).write(tmp_path / "exact")
    VectorIndex.build(vectors, exact_below=5_000).write(tmp_path / "sketched")
    VectorIndex.build(vectors[:, :63] / np.linalg.norm(vectors[:, :63], axis=1, keepdims=True), exact_below=10).write(
        tmp_path / "odd"
    )
    kinds = {name: type(faiss.read_index(str(tmp_path / name))).__name__ for name in ("exact", "sketched", "odd")}
    assert kinds == {"exact": "IndexFlatIP", "sketched": "IndexRefineFlat", "odd": "IndexFlatIP"}

    index = VectorIndex.read(tmp_path / "sketched")
    queries = unit_vectors(5_040, 64)[-40:]
    for k in (1, 10, 200):
        found = [index.nearest(query, k) for query in queries]
        wanted = [set(np.argsort(-(vectors @ query))[:k]) for query in queries]
        assert fmean(len({row for row, _ in hits} & best) / k for hits, best in zip(found, wanted, strict=True)) > 0.98
        assert all(
            score == pytest.approx(float(vectors[row] @ query), abs=1e-6)
            for query, hits in zip(queries, found, strict=True)
            for row, score in hits
        )


def test_the_same_vectors_give_the_same_bytes(tmp_path: Path) -> None:
    vectors = unit_vectors(2_000)
    for name in ("one", "two"):
        VectorIndex.build(vectors, exact_below=10).write(tmp_path / name)
    assert sha256_of(tmp_path / "one") == sha256_of(tmp_path / "two")
