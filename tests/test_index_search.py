"""Searching a generation: fusion worked by hand, scopes, several readings, and queries that mean harm or nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.settings import Settings
from corpus.errors import ArticleNotFound, IndexDamaged
from index.build import build_index
from index.cues import wording
from index.fusion import combine, min_max, pool_dense, pool_lexical
from index.lexical import LexicalDocument, LexicalIndex
from index.search import Index
from index.types import CueKind, EncodedQuery
from index.vectors import VectorIndex
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles

WORDING, QUESTION, PLAIN = CueKind.WORDING, CueKind.QUESTION, CueKind.PLAIN


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


def test_the_best_cue_of_each_kind_is_pooled_into_a_weighted_mean() -> None:
    # (1·.6 + 1·.9 + .3·.6) / 2.3, the example of the docstring
    assert pool_dense({WORDING: 0.6, QUESTION: 0.9}, floor=0.0) == pytest.approx(1.68 / 2.3)
    assert pool_dense({WORDING: 0.6}, floor=0.5) == pytest.approx(0.6)
    # Without a wording among the nearest the floor stands in: (1·.2 + 1·.9 + .3·.5) / 2.3
    assert pool_dense({QUESTION: 0.9, PLAIN: 0.5}, floor=0.2) == pytest.approx(1.25 / 2.3)
    # A question that is further away than the wording does not pull it down.
    assert pool_dense({WORDING: 0.6, QUESTION: 0.1}, floor=0.0) == pytest.approx(0.6)
    assert pool_dense({}, floor=0.3) == pytest.approx(0.3)


def test_word_scores_of_the_kinds_add_up() -> None:
    assert pool_lexical({WORDING: 2.0, QUESTION: 3.0, PLAIN: 10.0}) == pytest.approx(2 + 3 + 0.3 * 10)
    assert pool_lexical({PLAIN: 1.0}) == pytest.approx(0.3)


def test_scores_are_scaled_over_the_candidates() -> None:
    assert min_max({1: 2.0, 2: 4.0, 3: 3.0}) == {1: 0.0, 2: 1.0, 3: 0.5}
    assert min_max({1: 2.0, 2: 2.0}) == {1: 0.0, 2: 0.0}
    assert min_max({}) == {}


def test_the_two_searches_are_combined_by_their_weight() -> None:
    dense, lexical = {1: 0.8, 2: 0.4, 3: 0.6}, {3: 10.0, 4: 5.0}
    # dense scaled: 1, 0, .5; lexical scaled: 1, 0
    assert combine(dense, lexical, 0.6) == {
        1: pytest.approx(0.6),
        2: pytest.approx(0.0),
        3: pytest.approx(0.6 * 0.5 + 0.4),
        4: pytest.approx(0.0),
    }
    assert combine({}, {}, 0.5) == {}


# --- searching --------------------------------------------------------------------------------------------------------


def test_with_vectors_alone_the_scores_are_those_of_brute_force(built: Settings) -> None:
    embedder = BagOfWordsEmbedder()
    index = open_with(built.model_copy(update={"dense_weight": 1.0}), embedder)
    query = embedder.embed_query("how much colchicine one hour later")
    cosines = {}
    for article in index.store.articles:
        for passage in index.store.passages_of(article.id):
            own = float(embedder.embed_query(wording(passage)) @ query)
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
        LexicalDocument(0, "a", "Statins", "", "Nothing of it here."),
        LexicalDocument(1, "a", "Other", "", "A statin lowers cholesterol."),
        LexicalDocument(2, "b", "Other", "Statin", "Nothing of it here."),
        LexicalDocument(3, "b", "Other", "", "Nothing at all."),
    ]
    LexicalIndex.build(documents, tmp_path)
    index = LexicalIndex(tmp_path)
    assert len(index) == 4
    assert index.best("STATINS?", 10)[0][0] == 1
    assert {row for row, _ in index.best("statins", 10)} == {0, 1, 2}
    assert {row for row, _ in index.best("statins", 10, article_id="b")} == {2}
    assert index.best("statins", 10, article_id="c") == []
    assert index.best("the and of", 10) == []
    assert index.terms("Statins, statin: the STATIN") == ["statin"]
    assert index.stands_in("statin", "b")
    assert not index.stands_in("cholesterol", "b")
    scoped = dict(index.best("statins", 10, article_id="a"))
    assert scoped == {row: score for row, score in index.best("statins", 10) if row in scoped}


def test_a_folder_that_is_no_word_index_is_damage(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="tantivy cannot read it; run `followup index build`"):
        LexicalIndex(tmp_path)
    (tmp_path / "x").write_bytes(b"no index")
    with pytest.raises(IndexDamaged, match="FAISS cannot read it; run `followup index build`"):
        VectorIndex.read(tmp_path / "x")


@pytest.mark.parametrize("kind", ["exact", "lists"])
def test_the_nearest_vectors_are_those_of_brute_force(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(7)
    vectors = random.normal(size=(500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    if kind == "exact":
        made = VectorIndex.build(vectors)
    else:  # as above EXACT_BELOW, in small: all lists are looked at
        lists = faiss.index_factory(16, "IVF4,Flat", faiss.METRIC_INNER_PRODUCT)
        lists.train(vectors)
        lists.add(vectors)
        lists.nprobe = 4
        made = VectorIndex(lists)
    made.write(tmp_path / "v")
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
