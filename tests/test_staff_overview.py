"""The table of articles: rows, filters, what is wrong, what is live; kept so that it is quick; and one article as passages."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.staff import kept_rows
from assistant.staff.overview import ROWS, Filters, Overview, Presence
from corpus.errors import ArticleNotFound, CorpusError
from index.build import build_index
from index.embedding.tokens import count_tokens, most_tokens
from tests.fakes import SMALL, BagOfWordsEmbedder, edit, write_articles

GOUT = "gout-basics"


@pytest.fixture
def built(small: Settings) -> Settings:
    build_index(small, embedder=BagOfWordsEmbedder())
    return small.model_copy(update={"retractions": small.index.parent / "retractions.csv"})


def opened(settings: Settings) -> Overview:
    """With every file read: a slow machine may not read three within the seconds that one look takes."""
    overview = Overview(settings)
    overview.read_all()
    return overview


def ids(overview: Overview, filters: Filters | None = None) -> list[str]:
    return [row.id for row in overview.page(filters).rows]


def many(folder: Path, count: int) -> None:
    write_articles(
        folder,
        {
            f"copy-{number:03}": SMALL["sleep-basics"]
            .replace("id: sleep-basics", f"id: copy-{number:03}")
            .replace("What helps against insomnia?", f"What helps against insomnia {number}?")
            for number in range(count)
        },
    )


def test_a_row_tells_what_the_file_holds(built: Settings) -> None:
    page = opened(built).page()
    assert [row.id for row in page.rows] == ["asthma-basics", GOUT, "sleep-basics"]
    asthma, gout, _ = page.rows
    assert (gout.title, gout.specialty, gout.status) == ("How is a gout flare treated?", "Rheumatology", "submitted")
    assert (gout.last_updated, gout.passages, gout.presence, gout.withdrawn) == ("2026-01-02", 3, Presence.LIVE, False)
    assert (gout.errors, gout.source) == (0, "")
    assert asthma.status == "approved"
    assert page.statuses == {"approved": 1, "submitted": 1, "under_review": 1}
    assert page.specialties == ("Respiratory medicine", "Rheumatology", "Sleep medicine")
    assert (page.total, page.number, page.pages, page.unread) == (3, 1, 1, 0)


def test_a_row_tells_an_import_day_from_a_date(built: Settings) -> None:
    imported = "source: {name: Example, id: x1, licence: CC0, sha256: '%s', imported: 2026-01-02}" % ("0" * 64)
    edit(built.articles / f"{GOUT}.md", lambda source: source.replace("status:", f"{imported}\nstatus:", 1))
    assert [(row.id, row.undated) for row in opened(built).page().rows] == [
        ("asthma-basics", False),
        (GOUT, True),
        ("sleep-basics", False),
    ]


def test_the_table_tells_what_readers_do_not_see_yet(built: Settings) -> None:
    edit(built.articles / f"{GOUT}.md", lambda source: source.replace("1.2 mg", "1.3 mg"))
    (built.articles / "asthma-basics.md").unlink()
    (built.articles / "new.md").write_text(SMALL["sleep-basics"].replace("sleep-basics", "new").replace("helps", "is"), "utf-8")
    overview = opened(built)
    presence = {row.id: row.presence for row in overview.page().rows}
    assert presence == {
        "asthma-basics": Presence.REMOVED,
        GOUT: Presence.CHANGED,
        "new": Presence.ABSENT,
        "sleep-basics": Presence.LIVE,
    }
    assert ids(overview, Filters(presence="changed")) == [GOUT]
    build_index(built, embedder=BagOfWordsEmbedder())
    assert {row.presence for row in overview.page().rows} == {Presence.LIVE}


def test_an_article_that_cannot_be_read_is_a_row_with_its_errors(built: Settings) -> None:
    edit(built.articles / f"{GOUT}.md", lambda source: source.replace("specialty: Rheumatology\n", ""))
    overview = opened(built)
    (row,) = overview.page(Filters(status="unreadable")).rows
    assert (row.id, row.title, row.presence) == (GOUT, GOUT, Presence.CHANGED)
    assert row.errors >= 1
    assert any("specialty" in problem.message for problem in overview.problems(GOUT))
    assert ids(overview, Filters(severity="error")) == [GOUT]
    with pytest.raises(CorpusError, match="specialty"):
        overview.preview(GOUT)


def test_filters_take_what_all_of_them_take(built: Settings) -> None:
    overview = opened(built)
    assert ids(overview, Filters(text="GOUT fl")) == [GOUT]
    assert ids(overview, Filters(text="basics", specialty="Sleep medicine")) == ["sleep-basics"]
    assert ids(overview, Filters(status="approved", specialty="Rheumatology")) == []
    assert ids(overview, Filters(severity="none")) == [row.id for row in overview.page().rows if not row.errors + row.warnings]
    assert ids(overview, Filters(severity="warning")) == [row.id for row in overview.page().rows if row.warnings]
    assert overview.page(Filters(text="nothing like it")).pages == 1


def test_pages_hold_fifty_rows_and_the_nearest_is_given(built: Settings) -> None:
    many(built.articles, 2 * ROWS)
    overview = opened(built)
    overview.read_all()
    pages = [overview.page(number=number) for number in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [ROWS, ROWS, 3]
    assert len({row.id for page in pages for row in page.rows}) == 2 * ROWS + 3
    assert (overview.page(number=99).number, overview.page(number=-1).number) == (3, 1)


def test_a_look_takes_no_longer_than_it_may_and_the_next_goes_on(built: Settings) -> None:
    many(built.articles, 5)
    overview = Overview(built)
    seen = [overview.page(budget_s=0).unread for _ in range(9)]
    assert seen == [7, 6, 5, 4, 3, 2, 1, 0, 0]


def test_a_file_is_read_again_only_when_it_changed(built: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    lint = kept_rows.lint_article
    monkeypatch.setattr(kept_rows, "lint_article", lambda path, **given: (read.append(path.stem), lint(path, **given))[1])
    overview = opened(built)
    overview.page()
    assert sorted(read) == sorted(SMALL)
    read.clear()
    overview.page()
    opened(built).page()  # another process
    assert read == []
    edit(built.articles / f"{GOUT}.md", lambda source: source.replace("1.2 mg", "1.3 mg"))
    overview.page()
    assert read == [GOUT]
    built.retractions.write_text("", "utf-8")  # another list of retractions: every file is held against it
    with pytest.raises(Exception, match="retractions"):
        overview.page()
    built.retractions.unlink()


def test_a_broken_or_unwritable_store_of_rows_costs_only_time(built: Settings, caplog: pytest.LogCaptureFixture) -> None:
    (built.index / "overview.sqlite").write_bytes(b"no database" * 200)
    assert len(opened(built).page().rows) == 3
    assert "the articles are read again" in caplog.text
    (built.index / "overview.sqlite").unlink()
    (built.index / "overview.sqlite").mkdir()
    overview = opened(built)
    overview.page()
    assert len(overview.page().rows) == 3
    assert "another process will read the articles again" in caplog.text


def test_without_an_index_no_article_is_live(small: Settings) -> None:
    assert {row.presence for row in opened(small).page().rows} == {Presence.ABSENT}


def test_a_preview_shows_the_passages_a_build_would_make(built: Settings) -> None:
    preview = opened(built).preview(GOUT)
    assert preview.article.id == GOUT
    first = preview.passages[0]
    assert (first.passage.id, first.passage.section, first.passage.marks) == (f"{GOUT}#F1", ("Flares",), (1, 2))
    assert first.passage.text == "Colchicine 1.2 mg is followed by 0.6 mg one hour later."
    # "Gout flares > Flares: Colchicine 1.2 mg is …": the words, the numbers' points and the cut names, and both ends
    assert first.tokens == count_tokens(built, [f"Gout flares > Flares: {first.passage.text}"])[0]
    assert not first.cut


@pytest.mark.parametrize("article_id", ["", "nothing", "../articles/gout-basics", ".hidden", "gout-basics.md"])
def test_no_other_file_can_be_previewed(built: Settings, article_id: str) -> None:
    (built.articles / ".hidden.md").write_text(SMALL[GOUT], "utf-8")
    overview = opened(built)
    for ask in (overview.preview, overview.problems):
        with pytest.raises(ArticleNotFound):
            ask(article_id)


def test_tokens_are_counted_as_the_embedder_makes_them(small: Settings) -> None:
    """[CLS] the dose [SEP]; a text that is longer than the embedder reads is counted to its end."""
    assert count_tokens(small, ["the dose", "the", ""]) == [4, 3, 2]
    assert count_tokens(small, ["the " * 1000]) == [1002]
    assert most_tokens(small) == 512


def test_a_file_that_is_gone_between_two_looks_is_gone_from_the_table(built: Settings) -> None:
    overview = opened(built)
    overview.page()
    (built.articles / f"{GOUT}.md").unlink()
    assert {row.id: row.presence for row in overview.page().rows}[GOUT] is Presence.REMOVED
