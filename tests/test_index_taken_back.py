"""What was withdrawn or retracted is not answered from: after the command, in an earlier generation, and until it is restored."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.settings import Settings
from corpus.audit import AuditLog
from corpus.errors import BuildRefused
from corpus.reviewing import retract_reference
from index.build import build_index
from index.folders import generation_folder
from index.generations import live_generation
from index.live import LiveIndex
from index.rollback import rollback
from index.search import Index
from index.servers import Announcement
from index.staleness import is_stale
from index.types import EncodedQuery
from tests.fakes import BagOfWordsEmbedder, edit, open_with, spoil


def test_a_retracted_source_takes_what_rests_on_it_alone_out_of_the_index(
    small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path
) -> None:
    listed = small.model_copy(update={"retractions": tmp_path / "retractions.csv"})
    build_index(listed, embedder=embedder)
    before = {passage.id for passage in open_with(listed, embedder).store.all_passages()}
    edit(
        small.articles / "gout-basics.md",
        lambda source: source.replace("type: guideline", "retracted: 2026-11-23, type: guideline", 1),
    )
    build_index(listed, embedder=embedder, allow_shrink=True)
    index = open_with(listed, embedder)
    gone = before - {passage.id for passage in index.store.all_passages()}
    article = index.store.article("gout-basics")
    resting = {
        f"gout-basics#{block.statement}"
        for block in article.blocks
        if {article.reference(mark).retracted is not None for mark in block.marks} == {True}  # type: ignore[union-attr]
    }
    assert resting
    assert gone == resting
    assert not any(hit.passage.id in gone for hit in index.search(index.encode("How is a gout flare treated?"), k=50))


def test_when_withdraw_returns_nothing_is_answered_from_the_article(followup: Callable[..., object], three: Settings) -> None:
    given = {"index": three.index, "articles": three.articles, "audit": three.index / "audit.jsonl"}
    act = ("corpus", "withdraw", "sleep-basics", "--by", "anna", "--reason", "Superseded.")
    done = followup(*act, **given)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Generation 4 serves.")  # type: ignore[attr-defined]
    assert Index.open(three).store.passages_of("sleep-basics") == []
    logged = followup("audit", "list", "--json", **given).stdout  # type: ignore[attr-defined]
    assert [(one["action"], one["actor"]) for one in json.loads(logged)["entries"]] == [("withdraw", "anna"), ("reindex", "anna")]


def test_a_source_that_was_retracted_is_not_cited_when_an_earlier_generation_serves_again(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    """F1 rests on the references 1 and 2, F2 and F3 on 1 alone."""
    article, today = three.articles / "gout-basics.md", dt.date(2026, 11, 23)
    log = AuditLog(three.index / "audit.jsonl")
    retract_reference(three.articles, "gout-basics", reference=1, date=today, by="anna", log=log, today=today)
    build_index(three, embedder=embedder)
    rollback(three, 3)
    for fallen_back in (False, True):
        if fallen_back:
            rollback(three, 4)
            spoil(generation_folder(three.index, 4) / "vectors.npy")
        index = LiveIndex(three, embedder=lambda: embedder).current()
        assert index.manifest.number == 3
        assert [one.id for one in index.passages_of("gout-basics")] == ["gout-basics#F1"]
        query = EncodedQuery("How is a gout flare treated?", embedder.embed_query("How is a gout flare treated?"))
        found = {hit.passage.id for hit in index.search(query, k=50) if hit.passage.article_id == "gout-basics"}
        assert found == {"gout-basics#F1"}
        assert [one.retracted for one in index.store.article("gout-basics").references] == [today, None]
    article.unlink()
    build_index(three, embedder=embedder, allow_shrink=True)
    rollback(three, 3)
    assert [one.id for one in Index.open(three).passages_of("gout-basics")] == ["gout-basics#F1"]


def test_a_build_without_the_list_of_retractions_that_there_was_is_refused(
    three: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path
) -> None:
    """The reliever trial of the small asthma article has a DOI, and is retracted by the list alone."""
    listed = three.model_copy(update={"retractions": tmp_path / "retractions.csv"})
    listed.retractions.write_text("doi,pmid,nature,date,notice,record\n10.1000/air,,Retraction,2026-01-31,,1\n", "utf-8")
    build_index(listed, embedder=embedder)
    (trial,) = (one for one in Index.open(listed).store.article("asthma-basics").references if one.doi)
    assert trial.retracted == dt.date(2026, 1, 31)
    listed.retractions.unlink()
    with pytest.raises(BuildRefused, match=r"1 retracted sources would be cited again, the first 10.1000/air: there is no .*csv"):
        build_index(listed, embedder=embedder)
    assert build_index(listed, embedder=embedder, allow_shrink=True).changed


def test_a_withdrawal_is_carried_out_also_while_an_earlier_generation_stands_in(
    followup: Callable[..., object], three: Settings
) -> None:
    given = {"index": three.index, "articles": three.articles, "audit": three.index / "audit.jsonl"}
    spoil(three.index / "CURRENT")
    done = followup("corpus", "withdraw", "sleep-basics", "--by", "anna", "--reason", "Superseded.", **given)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Generation 4 serves.")  # type: ignore[attr-defined]
    assert Index.open(three).store.passages_of("sleep-basics") == []


def test_a_withdrawal_that_does_not_reach_the_index_says_so_loudly(followup: Callable[..., object], three: Settings) -> None:
    given = {"index": three.index, "articles": three.articles, "audit": three.index / "audit.jsonl"}
    (three.articles / "draft.md").write_text("half a draft")
    done = followup("corpus", "withdraw", "sleep-basics", "--by", "anna", "--reason", "Superseded.", **given)
    assert done.returncode == 2  # type: ignore[attr-defined]
    assert "STILL REST ON IT AS IT WAS" in done.stderr  # type: ignore[attr-defined]
    assert "draft.md" in done.stderr  # type: ignore[attr-defined]
    later = followup("corpus", "restore", "sleep-basics", "--by", "anna", **given)
    assert later.returncode == 0  # type: ignore[attr-defined]


def test_what_was_withdrawn_stays_withdrawn_when_an_earlier_generation_serves_again(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    asked = "How is a gout flare treated?"
    article = three.articles / "gout-basics.md"
    edit(article, lambda source: source.replace("status: sub", "withdrawn: {since: 2026-11-23, reason: Harm.}\nstatus: sub"))
    build_index(three, embedder=embedder, allow_shrink=True)
    rolled = rollback(three, 2).manifest
    index = Index.open(three)
    assert index.manifest == rolled
    assert not index.store.passages_of("gout-basics")
    assert index.store.hidden_rows  # the generation has them
    for within in (None, "gout-basics"):
        hits = index.search(EncodedQuery(asked, embedder.embed_query(asked)), k=50, article_id=within)
        assert not [hit for hit in hits if hit.passage.article_id == "gout-basics"]
    withdrawn = index.store.article("gout-basics").withdrawn
    assert withdrawn is not None
    assert withdrawn.reason == "Harm."
    rollback(three, 4)
    spoil(generation_folder(three.index, 4) / "vectors.npy")
    fallen_back = LiveIndex(three, embedder=lambda: embedder).current()
    assert fallen_back.manifest.number == 3
    assert not [hit for hit in fallen_back.search(fallen_back.encode(asked), k=50) if hit.passage.article_id == "gout-basics"]


def test_an_article_that_is_restored_after_a_rollback_is_answered_from_again(
    three: Settings, embedder: BagOfWordsEmbedder
) -> None:
    """Its file is then what generation 3 was built of, whose passages of it the rollback goes on hiding."""
    article = three.articles / "gout-basics.md"
    before = article.read_bytes()
    edit(article, lambda source: source.replace("status: sub", "withdrawn: {since: 2026-11-23, reason: Harm.}\nstatus: sub"))
    build_index(three, embedder=embedder, allow_shrink=True)
    rollback(three, 3)
    assert is_stale(three)
    article.write_bytes(before)
    asked = "How is a gout flare treated?"
    query = EncodedQuery(asked, embedder.embed_query(asked))
    assert "gout-basics" not in {hit.passage.article_id for hit in Index.open(three).search(query, k=50)}
    assert is_stale(three)
    assert build_index(three, embedder=embedder).changed
    assert not is_stale(three)
    assert Index.open(three).search(query, k=1)[0].passage.article_id == "gout-basics"


@pytest.mark.sweep  # a build waits for half a minute
def test_a_withdrawal_fails_loudly_when_a_server_does_not_switch(followup: Callable[..., object], three: Settings) -> None:
    given = {"index": three.index, "articles": three.articles, "audit": three.index / "audit.jsonl"}
    stuck = Announcement(three.index)
    stuck.say(3)
    done = followup("corpus", "withdraw", "sleep-basics", "--by", "anna", "--reason", "Superseded.", **given)
    stuck.end()
    assert done.returncode == 2  # type: ignore[attr-defined]
    assert "1 server processes still answer from another generation" in done.stderr  # type: ignore[attr-defined]
    assert live_generation(three.index)[1].number == 4
