"""Queries widened by their best passages, worked by hand, and the second look of a reranker."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.settings import Settings
from index.build import build_index
from index.cues import wording
from index.feedback import TERMS, is_question, shares, telling, widened
from index.fusion import RERANKED
from index.search import Index
from index.types import Ranking
from tests.fakes import BagOfWordsEmbedder, SharedWordsReranker, open_with, write_articles

ARTICLE = """\
---
id: {id}
title: {title}
heading: {title}
specialty: Test
status: submitted
last_updated: 2026-01-02
references:
  - {{id: 1, type: guideline, title: Guideline, authors: College, venue: Journal}}
---

{body}
"""


def article(article_id: str, title: str, *paragraphs: str) -> str:
    """Without statement ids: each section is a passage with one cue, its wording."""
    body = "\n\n".join(f"## {title}{number}\n\n{text} [1]" for number, text in enumerate(paragraphs, start=1))
    return ARTICLE.format(id=article_id, title=title, body=body)


#: What speaks of podagra speaks of colchicine; pericarditis has the second word alone, asthma neither.
PODAGRA = {
    "asthma": article("asthma", "Asthma", "Formoterol relieves wheezing."),
    "pericarditis": article("pericarditis", "Pericarditis", "Colchicine prevents relapses."),
    "podagra": article("podagra", "Podagra", "Colchicine helps early.", "Colchicine doses stay small."),
}
FAR, NEITHER = "pericarditis#p1", "asthma#p1"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("feedback")
    settings = Settings(articles=write_articles(folder / "articles", PODAGRA), index=folder / "index", _env_file=None)
    build_index(settings, embedder=BagOfWordsEmbedder(512))
    return settings


def opened(built: Settings, reranker: SharedWordsReranker | None = None, **ranking: float) -> Index:
    """The index ranked plainly but for what is given; without a reranker none may be loaded."""
    weight = ranking.get("dense_weight", 0.5)
    plain = {
        "coverage": 0.0,
        "feedback": 0,
        "reranked": 0,
        "dense_weight": weight,
        "dense_weight_bare": weight,
        "dense_weight_widened": weight,
    }
    settings = built.model_copy(update=plain | ranking)
    return open_with(settings, BagOfWordsEmbedder(512), lambda: reranker or pytest.fail("a reranker was loaded"))


def found(index: Index, text: str, article_id: str | None = None) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in index.search(index.encode(text), article_id=article_id)}


# What is a question


@pytest.mark.parametrize(
    "text",
    ["what is gout", "How much?", "gout?", "  is it safe", "CAN I drink", "and in pregnancy?", "why", "when, if ever",
     "does colchicine help", "who is at risk", "Who takes it", "gout? and then"],
)  # fmt: skip
def test_a_question_mark_or_a_first_word_that_asks_makes_a_question(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    ["arsenic in rice", "", " ", "howler monkeys", "whatever", "candida", "island fever", "gout and what helps", "dose",
     "WHO analgesic ladder", "May-Thurner syndrome", "do-not-resuscitate orders", "williams syndrome"],
)  # fmt: skip
def test_all_else_names_a_subject(text: str) -> None:
    assert not is_question(text)


# What the best passages count


def test_shares_fall_by_e_for_every_twentieth_behind_the_best() -> None:
    assert shares([0.9, 0.85]) == pytest.approx([1 / (1 + math.exp(-1)), math.exp(-1) / (1 + math.exp(-1))])
    assert shares([0.4, 0.4, 0.4]) == pytest.approx([1 / 3] * 3)
    assert shares([0.7]) == [1]
    assert shares([0.0, 0.0]) == [0.5, 0.5]


def test_shares_add_up_to_1_and_the_best_counts_most() -> None:
    for scores in ([1.0, 0.99, 0.5, 0.0], [0.3] * 8, [1.0, 0.0]):
        counts = shares(scores)
        assert sum(counts) == pytest.approx(1)
        assert counts == sorted(counts, reverse=True)
        assert min(counts) >= 0


def test_a_query_moves_towards_its_passages_by_their_shares() -> None:
    query = np.array([1, 0, 0], np.float32)
    passages = np.array([[0, 1, 0], [0, 0, 1]], np.float32)
    moved = widened(query, passages, [0.75, 0.25])
    # (1, .75, .25) has the length √1.625
    assert moved == pytest.approx(np.array([1, 0.75, 0.25]) / math.sqrt(1.625), abs=1e-6)
    assert (moved.dtype, moved.shape) == (np.float32, (3,))
    assert query.tolist() == [1, 0, 0]
    assert widened(query, query[None], [1.0]) == pytest.approx(query)


def test_the_telling_stems_are_the_heaviest_and_the_heaviest_counts_1() -> None:
    assert telling({"dose": 1.0, "gout": 4.0, "acid": 2.0}, 2) == {"gout": 1, "acid": 0.5}
    assert list(telling({"b": 2.0, "c": 1.0, "a": 2.0}, 2)) == ["a", "b"]
    assert telling({"gout": 3.0, "everywhere": 0.0}) == {"gout": 1}
    assert telling({}) == telling({"everywhere": 0.0}) == {}
    assert len(telling({f"stem{number}": float(number) for number in range(99)})) == TERMS


# Searching


@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_a_subject_finds_what_shares_a_word_with_its_best_passages_only(built: Settings, weight: float) -> None:
    assert "podagra" not in PODAGRA["pericarditis"].lower()
    plain, widely = (found(opened(built, dense_weight=weight, feedback=feedback), "podagra") for feedback in (0, 2))
    # Without feedback nothing tells the one from the other; by words alone neither is found at all.
    assert plain.get(FAR, 0) == pytest.approx(plain.get(NEITHER, 0), abs=1e-6)
    assert (FAR in plain) is (weight > 0)
    assert widely[FAR] > widely.get(NEITHER, 0) + 0.01
    # What names the subject stays ahead.
    assert set(list(widely)[:2]) == {"podagra#p1", "podagra#p2"}
    assert all(0 <= score <= 1 for score in widely.values())


@pytest.mark.parametrize("text", ["what is podagra", "podagra?"])
def test_a_question_is_not_widened(built: Settings, text: str) -> None:
    assert found(opened(built, feedback=2), text) == found(opened(built), text)


def test_feedback_0_widens_nothing(built: Settings) -> None:
    assert Ranking(feedback=0) != Ranking()
    assert FAR not in found(opened(built, feedback=0, dense_weight=0), "podagra")


def test_the_widened_vectors_scores_are_those_worked_by_hand(built: Settings) -> None:
    embedder = BagOfWordsEmbedder(512)
    index = opened(built, dense_weight=1, feedback=2)
    passages = [passage for article in index.store.articles for passage in index.store.passages_of(article.id)]
    vectors = np.stack([embedder.embed_query(wording(passage)) for passage in passages])
    query = embedder.embed_query("podagra early")

    def scaled(cosines: np.ndarray) -> np.ndarray:
        return (cosines - cosines.min()) / (cosines.max() - cosines.min())

    first = scaled(vectors @ query)
    one, other = np.argsort(-first)[:2]
    assert [passages[row].id for row in (one, other)] == ["podagra#p1", "podagra#p2"]
    behind = math.exp(20 * (first[other] - first[one]))
    moved = query + (vectors[one] + behind * vectors[other]) / (1 + behind)
    wanted = scaled(vectors @ (moved / np.linalg.norm(moved)))
    assert found(index, "podagra early") == {
        passage.id: pytest.approx(score, abs=1e-5) for passage, score in zip(passages, wanted, strict=True)
    }


def test_what_is_said_of_a_hit_is_said_of_the_query_as_it_was_asked(built: Settings) -> None:
    plain, widely = (opened(built, feedback=feedback) for feedback in (0, 2))
    before = {hit.passage.id: hit for hit in plain.search(plain.encode("podagra"))}
    after = {hit.passage.id: hit for hit in widely.search(widely.encode("podagra"))}
    assert before.keys() == after.keys()
    for name, hit in after.items():
        assert (hit.dense, hit.lexical) == pytest.approx((before[name].dense, before[name].lexical))
    assert after[FAR].lexical == 0


def test_a_widened_query_stays_in_its_article(built: Settings) -> None:
    index = opened(built, feedback=8)
    for text in ("podagra", "nothing known", ""):
        assert set(found(index, text, "podagra")) == {"podagra#p1", "podagra#p2"}
        assert set(found(index, text, "asthma")) == {NEITHER}


def test_more_feedback_than_passages_is_all_of_them(built: Settings) -> None:
    assert found(opened(built, feedback=50), "podagra") == found(opened(built, feedback=4), "podagra")


# The reranker


def test_the_rerankers_relevance_moves_the_best_and_only_them(built: Settings) -> None:
    text = "podagra colchicine stay small"
    before = found(opened(built, dense_weight=1), text)
    reader = SharedWordsReranker()
    after = found(opened(built, reader, dense_weight=1, reranked=2), text)

    index = opened(built)
    said = {p.id: wording(p) for a in index.store.articles for p in index.store.passages_of(a.id)}
    best = list(before)[:2]
    assert reader.read == [(text, said[name]) for name in best]
    relevance = dict(zip(best, SharedWordsReranker().relevance(text, [said[name] for name in best]), strict=True))
    assert relevance["podagra#p2"] == 1
    assert after == {
        name: pytest.approx((score + RERANKED * relevance.get(name, 0)) / (1 + RERANKED)) for name, score in before.items()
    }


def test_a_passage_that_answers_better_is_moved_ahead(built: Settings) -> None:
    class Prefers(SharedWordsReranker):
        """Knows what is asked for though the query does not say it."""

        def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
            return [float("small" in text) for text in texts]

    before = found(opened(built, dense_weight=0), "podagra")
    after = found(opened(built, Prefers(), dense_weight=0, reranked=2), "podagra")
    assert before["podagra#p2"] < before["podagra#p1"] < before["podagra#p2"] + RERANKED
    assert (list(before), list(after)) == (["podagra#p1", "podagra#p2"], ["podagra#p2", "podagra#p1"])


def test_the_reading_that_counts_most_is_what_the_reranker_reads(built: Settings) -> None:
    reader = SharedWordsReranker()
    index = opened(built, reader, reranked=1)
    index.search(index.encode("small share", 0.3), index.encode("podagra colchicine", 0.7))
    assert [query for query, _ in reader.read] == ["podagra colchicine"]


def test_no_reranker_is_loaded_unless_it_is_asked_for(built: Settings) -> None:
    index = opened(built, reranked=0)
    assert index.search(index.encode("podagra"))
    with pytest.raises(pytest.fail.Exception, match="a reranker was loaded"):
        opened(built, reranked=1).search(index.encode("podagra"))
    # Where nothing is found there is nothing to read.
    assert opened(built, reranked=1, dense_weight=0).search(index.encode("zebra")) == []


def test_the_reranker_is_loaded_once_whoever_asks_first(built: Settings) -> None:
    loaded: list[SharedWordsReranker] = []

    def load() -> SharedWordsReranker:
        loaded.append(SharedWordsReranker())
        return loaded[-1]

    index = open_with(built.model_copy(update={"reranked": 2}), BagOfWordsEmbedder(512), load)
    query = index.encode("podagra")
    threads = [threading.Thread(target=index.search, args=(query,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1
    assert len(loaded[0].read) == 16
