"""Imported articles in a folder: added, updated, left alone, and never over what staff did here."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.audit import AuditLog
from corpus.errors import ArticleNotWritten
from corpus.frontmatter import FrontMatter
from corpus.importing.rendering import Rendered, article_ids, is_as_imported, render
from corpus.importing.types import Document, NotTaken, plain
from corpus.importing.writing import Outcome, Shelf
from corpus.loading import load_corpus, parse_article, read_article
from corpus.retractions import RetractionList
from corpus.reviewing import approve, retract_reference, start_review, withdraw
from corpus.types import Article, Reference, ReferenceType, Status
from tests.fakes import edit

TODAY = dt.date(2026, 11, 23)
LATER = dt.date(2026, 12, 24)
GUIDELINE = Reference(
    3, ReferenceType.GUIDELINE, "Gout guideline: [a]", "Example College", "J Gout", 2020, "10.1000/gout", "123", None
)
GOUT = Document(
    source_id="Topic_1",
    title="Gout: what is it? # 1",
    body=(
        "## What is it?\n\nGout is painful [3].\n\n- It comes back.\n  - Often.\n\n| Dose | Risk |\n|---|---|\n| 1 mg | low [3] |"
    ),
    references=(GUIDELINE,),
    source="Example Library",
    url="https://example.org/gout",
    licence="CC-BY-4.0",
    published=dt.date(2024, 5, 6),
    specialty="Rheumatology",
)


def put(folder: Path, *documents: Document, today: dt.date = TODAY, **given: bool) -> list[str]:
    """Imports documents; what became of each, with its reason."""
    return [
        one if isinstance(one, str) else f"{one.kind.value} {one.article_id}" + f": {one.reason}" * bool(one.reason)
        for one in outcomes(folder, documents, today=today, **given)
    ]


def outcomes(folder: Path, documents: Sequence[Document], today: dt.date = TODAY, **given: bool) -> list[Outcome | str]:
    with Shelf(folder, **given) as shelf:
        return [shelf.put(render(document, today)) for document in documents]


def read(path: Path) -> Article:
    article, problems = read_article(path)
    assert article is not None, problems
    return article


def test_an_imported_article_says_where_it_is_from_and_is_submitted(tmp_path: Path) -> None:
    assert put(tmp_path, GOUT) == ["added example-library-topic-1"]
    article = read(tmp_path / "example-library-topic-1.md")
    assert (article.title, article.status, article.specialty) == (GOUT.title, Status.SUBMITTED, "Rheumatology")
    assert (article.last_updated, article.references) == (dt.date(2024, 5, 6), (GUIDELINE,))
    assert article.source is not None
    assert (article.source.name, article.source.id, article.source.licence) == ("Example Library", "Topic_1", "CC-BY-4.0")
    assert (article.source.url, article.source.imported) == ("https://example.org/gout", TODAY)
    assert [article.quote(block) for block in article.blocks] == [
        "Gout is painful [3].",
        "It comes back.",
        "Often.",
        "1 mg | low",
    ]
    assert [block.marks for block in article.blocks] == [(3,), (), (), (3,)]
    assert is_as_imported(article)
    assert load_corpus(tmp_path) == (article,)


def test_the_same_import_again_changes_no_file(tmp_path: Path) -> None:
    undated = replace(GOUT, source_id="2", published=None)
    put(tmp_path, GOUT, undated)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    assert put(tmp_path, GOUT, undated, today=LATER) == ["unchanged example-library-topic-1", "unchanged example-library-2"]
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Gout"},
        {"body": "Gout hurts."},
        {"references": (replace(GUIDELINE, year=2021),)},
        {"published": dt.date(2025, 1, 1)},
        {"published": None},
        {"licence": "CC0"},
        {"specialty": "Medicine"},
        {"url": None},
    ],
)
def test_what_changed_at_the_source_is_updated(tmp_path: Path, change: dict[str, object]) -> None:
    put(tmp_path, GOUT)
    changed = replace(GOUT, **change)  # type: ignore[arg-type]
    assert put(tmp_path, changed, today=LATER) == ["updated example-library-topic-1"]
    assert put(tmp_path, changed, today=LATER) == ["unchanged example-library-topic-1"]
    assert (tmp_path / "example-library-topic-1.md").read_text() == render(changed, LATER).text("example-library-topic-1")


def test_another_file_of_the_same_name_does_not_take_the_first_ones_place(tmp_path: Path) -> None:
    put(tmp_path, GOUT, file_names=True)
    before = (tmp_path / "example-library-topic-1.md").read_bytes()
    other = replace(GOUT, title="Asthma", body="Asthma wheezes.")
    said = (
        "example-library-topic-1 was imported as 'Topic_1' with the title 'Gout: what is it? # 1'; this may be another document,"
        " as its title is 'Asthma'. Import the folder that holds both files: they are then told apart by their paths in it."
        " --replace takes the new text."
    )
    assert put(tmp_path, other, file_names=True) == [said]
    assert (tmp_path / "example-library-topic-1.md").read_bytes() == before
    changed = replace(GOUT, body="Gout hurts.")
    assert put(tmp_path, changed, file_names=True) == ["updated example-library-topic-1"]
    assert put(tmp_path, other, file_names=True, replace=True) == ["updated example-library-topic-1"]


@pytest.mark.parametrize(
    "act",
    [
        lambda text: text.replace("painful", "very painful"),
        lambda text: text.replace("specialty: Rheumatology", "specialty: Gout clinic"),
        lambda text: text.replace("last_updated: 2024-05-06", "last_updated: 2026-11-23"),
        lambda text: text.replace("status: submitted", "status: submitted\nplain_summary: []\nconditions: {}"),
    ],
)
def test_what_staff_edited_is_kept_until_the_new_text_is_asked_for(tmp_path: Path, act: object) -> None:
    put(tmp_path, GOUT)
    path = tmp_path / "example-library-topic-1.md"
    edit(path, act)  # type: ignore[arg-type]
    edited = path.read_bytes()
    assert not is_as_imported(read(path))
    assert put(tmp_path, GOUT, today=LATER) == ["unchanged example-library-topic-1"]
    changed = replace(GOUT, body="Gout hurts.")
    kept = "the source has changed, but the article was edited here; --replace takes the new text"
    assert put(tmp_path, changed) == [f"kept example-library-topic-1: {kept}"]
    assert path.read_bytes() == edited
    assert put(tmp_path, changed, replace=True) == ["updated example-library-topic-1"]
    assert "Gout hurts." in path.read_text()


def test_what_staff_reviewed_or_withdrew_is_kept(tmp_path: Path) -> None:
    folder, log = tmp_path / "articles", AuditLog(tmp_path / "audit.jsonl")
    documents = [replace(GOUT, source_id=name) for name in ("review", "approve", "withdraw", "retract")]
    put(folder, *documents)
    review, approved, withdrawn, retracted = (f"example-library-{one.source_id}" for one in documents)
    for name in (review, approved):
        start_review(folder, name, by="Dr A", log=log, today=TODAY)
    approve(folder, approved, by="Dr A", log=log, today=TODAY, retracted=RetractionList())
    withdraw(folder, withdrawn, by="Dr A", reason="Old.", log=log, today=TODAY)
    retract_reference(folder, retracted, 3, by="Dr A", reason="Retracted.", date=TODAY, log=log, today=TODAY)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [line.split()[0] for line in put(folder, *documents)] == ["unchanged"] * 4
    changed = [replace(document, body="Gout hurts.") for document in documents]
    said = "the source has changed, but the article"
    assert put(folder, *changed) == [
        f"kept {review}: {said} is under review here; --replace takes the new text",
        f"kept {approved}: {said} is approved here; --replace takes the new text",
        f"kept {withdrawn}: {said} is withdrawn here",
        f"kept {retracted}: {said} was edited here; --replace takes the new text",
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    found = [line.partition(":")[0] for line in put(folder, *changed, replace=True)]
    assert found == [f"updated {review}", f"updated {approved}", f"kept {withdrawn}", f"updated {retracted}"]
    assert read(folder / f"{approved}.md").status is Status.SUBMITTED


def test_an_article_that_staff_renamed_is_found_again(tmp_path: Path) -> None:
    put(tmp_path, GOUT)
    edit(tmp_path / "example-library-topic-1.md", lambda text: text.replace("id: example-library-topic-1", "id: gout", 1))
    (tmp_path / "example-library-topic-1.md").rename(tmp_path / "gout.md")
    assert put(tmp_path, GOUT) == ["unchanged gout"]
    assert put(tmp_path, replace(GOUT, body="Gout hurts.")) == ["updated gout"]
    assert [path.name for path in tmp_path.iterdir()] == ["gout.md"]


def test_a_broken_article_is_kept_and_its_error_said(tmp_path: Path) -> None:
    put(tmp_path, GOUT)
    edit(tmp_path / "example-library-topic-1.md", lambda text: text.replace("status: submitted", "status: finished"))
    (kept,) = put(tmp_path, replace(GOUT, body="Gout hurts."))
    assert "the file here has an error: " in kept
    assert "status" in kept


def test_articles_written_here_are_never_written_over(tmp_path: Path) -> None:
    for name in article_ids(GOUT.source, GOUT.source_id)[:1]:
        (tmp_path / f"{name}.md").write_text("mine", "utf-8")
    assert put(tmp_path, GOUT) == [f"added {article_ids(GOUT.source, GOUT.source_id)[1]}"]
    for path in tmp_path.iterdir():
        path.write_text("mine", "utf-8")
    (refused,) = put(tmp_path, GOUT)
    assert refused.endswith("are other articles")
    assert {path.read_text("utf-8") for path in tmp_path.iterdir()} == {"mine"}


def test_one_record_twice_is_taken_once(tmp_path: Path) -> None:
    found = put(tmp_path, GOUT, GOUT, replace(GOUT, body="Something else."))
    assert found == [
        "added example-library-topic-1",
        "unchanged example-library-topic-1",
        "'Topic_1' was there before in this import, with another text; only the first was taken",
    ]
    assert "painful" in (tmp_path / "example-library-topic-1.md").read_text()


def test_a_dry_run_writes_nothing_and_shows_each_change(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    (added,) = outcomes(folder, [GOUT], dry_run=True)
    assert isinstance(added, Outcome)
    assert added.diff().startswith("--- /dev/null\n+++ b/example-library-topic-1.md\n")
    assert "+Gout is painful [3].\n" in added.diff()
    assert not folder.exists()
    put(folder, GOUT)
    (updated, again) = outcomes(folder, [replace(GOUT, body="Gout hurts."), replace(GOUT, source_id="x")], dry_run=True)
    assert isinstance(updated, Outcome)
    assert "-Gout is painful [3].\n" in updated.diff()
    assert "+Gout hurts.\n" in updated.diff()
    assert isinstance(again, Outcome)
    assert len(list(folder.iterdir())) == 1


def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "articles").write_text("a file", "utf-8")
    with pytest.raises(ArticleNotWritten, match=r"topic-1\.md cannot be written \(.*the same command goes on from here"):
        put(tmp_path / "articles", GOUT)


def test_a_shelf_tells_what_is_on_the_disk_when_another_file_could_not_be_written(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "articles")
    with pytest.raises(ArticleNotWritten), shelf:
        shelf.put(render(GOUT, TODAY))
        while not shelf.written:  # it is written beside this thread
            time.sleep(0.01)
        (tmp_path / "articles").rename(tmp_path / "away")
        (tmp_path / "articles").write_text("a file", "utf-8")
        shelf.put(render(replace(GOUT, source_id="x"), TODAY))
    assert shelf.written == ["example-library-topic-1"]


def test_files_are_made_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(tmp_path, *(replace(GOUT, source_id=str(n)) for n in range(50)))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}
    finally:
        assert os.umask(before) == 0o027


@pytest.mark.parametrize(
    ("source", "source_id", "readable"),
    [
        ("MedlinePlus", "5520", "medlineplus-5520"),
        ("MedQuAD: NIDDK", "NIDDK_0000001", "medquad-niddk-0000001"),
        ("PMC", "PMC1234567", "pmc-pmc1234567"),
        ("Example College", "guide/2024.gout", "example-college-guide-2024-gout"),
        ("123", "456", "123-456"),
    ],
)
def test_ids_are_readable_and_say_source_and_record(source: str, source_id: str, readable: str) -> None:
    assert article_ids(source, source_id)[0] == readable


def test_ids_that_leave_out_what_tells_records_apart_carry_a_hash() -> None:
    names = ["../../etc/passwd", "痛風", "关节炎", "a  b", "a--b", "é", "x" * 200, "x" * 201, "/", "Topic 1!"]
    ids = [article_ids("Library", name)[0] for name in names]
    assert len(set(ids)) == len(names)
    assert all(one.startswith("library") for one in ids)


@given(st.text(min_size=1, max_size=120), st.text(min_size=1, max_size=300))
def test_any_id_is_one_that_articles_may_have(source: str, source_id: str) -> None:
    pattern = FrontMatter.model_json_schema()["properties"]["id"]["pattern"]
    for name in article_ids(source, source_id):
        assert len(name) <= 80
        assert re.fullmatch(pattern, name)
        assert "-" in name  # never a number or a date to YAML


@given(st.text(max_size=80), st.text(max_size=80), st.text(min_size=1, max_size=80))
def test_any_text_makes_an_article_that_says_it_or_is_refused(title: str, wording: str, licence: str) -> None:
    document = replace(GOUT, title=title, body=f"- {plain(wording)} word [3]", licence=licence, source=title or "x", url=wording)
    try:
        made = render(document, TODAY)
    except NotTaken as error:
        assert "has no" in str(error)  # either end is right
        return
    article, problems = parse_article(made.text(made.ids[0]), f"{made.ids[0]}.md")
    assert article is not None, problems
    assert is_as_imported(article)
    assert [(block.statement, block.marks) for block in article.blocks] == [(None, (3,))]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Words [3] and [7].", "Words [3] and [\u200c7]."),
        ("Words [3, 7].", "Words [\u200c3, 7]."),
        ("Words. ^F1", "Words. ^ F1"),
        ("<b>Words</b>", "<b>Words</b>"),
        ("Two\x00 \u202ewords\x85here", "Two words here"),
    ],
)
def test_what_a_parser_let_through_is_escaped_all_the_same(body: str, text: str) -> None:
    assert render(replace(GOUT, body=body), TODAY).tail.endswith(f"---\n\n{text}\n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"body": ""}, "it makes no article: the article has no text"),
        ({"body": "Words.\n\n[3]"}, "it makes no article: a statement id or citation mark stands without wording"),
        ({"title": " \x00"}, "it has no title"),
        ({"source_id": ""}, "it has no source id"),
        ({"references": (GUIDELINE, GUIDELINE)}, "it makes no article: reference id 3 is listed twice"),
        ({"body": "word " * 400_000}, "it is too long for one article: 2,000,"),
    ],
)
def test_a_document_that_makes_no_article_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(NotTaken) as refused:
        render(replace(GOUT, **change), TODAY)  # type: ignore[arg-type]
    assert str(refused.value).startswith(reason)


def test_numbers_and_addresses_that_are_none_are_left_out_of_references() -> None:
    wrong = Reference(3, ReferenceType.RESEARCH, "Title", "", "", 20204, "10.1/x", "PMC 1", "javascript:x")
    made = render(replace(GOUT, references=(wrong,), url="javascript:x"), TODAY)
    article, _ = parse_article(made.text(made.ids[0]), f"{made.ids[0]}.md")
    assert article is not None
    assert article.references == (Reference(3, ReferenceType.RESEARCH, "Title", "Not stated", "Not stated"),)
    assert article.source is not None
    assert article.source.url is None


def test_numbers_with_a_label_or_as_an_address_are_written_bare() -> None:
    said = replace(GUIDELINE, doi="https://doi.org/10.1000/Gout", pmid="PMID: 123")
    made = render(replace(GOUT, references=(said,)), TODAY)
    article, _ = parse_article(made.text(made.ids[0]), f"{made.ids[0]}.md")
    assert article is not None
    assert [(reference.doi, reference.pmid) for reference in article.references] == [("10.1000/Gout", "123")]


def test_rendering_is_the_same_every_time() -> None:
    made: Rendered = render(GOUT, TODAY)
    assert made == render(GOUT, TODAY)
    assert made.sha256 == render(GOUT, LATER).sha256
