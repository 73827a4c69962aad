"""The offline list of retracted papers: what an import takes, names, refuses; and what is found in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from corpus.audit import AuditLog
from corpus.cli import corpus as corpus_commands
from corpus.errors import FollowupError
from corpus.identifiers import bare_doi, bare_pmid, doi_key
from corpus.loading import load_corpus
from corpus.retraction_watch import import_retractions
from corpus.retractions import (
    Nature,
    Record,
    Retracted,
    RetractionList,
    RetractionsUnreadable,
    marked,
)
from corpus.settings import CorpusSettings
from tests.fakes import edit, write_articles

COLUMNS = (
    "Record ID,Title,Subject,Institution,Journal,Publisher,Country,Author,URLS,ArticleType,RetractionDate,RetractionDOI,"
    "RetractionPubMedID,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,Reason,Paywalled,Notes"
).split(",")


def row(**given: str) -> dict[str, str]:
    """A record in the layout of the list; keywords set columns."""
    made = dict.fromkeys(COLUMNS, "")
    made |= {
        "Record ID": "1",
        "RetractionDate": "1/31/2020 0:00",
        "RetractionNature": "Retraction",
        "OriginalPaperDOI": "10.1000/a",
    }
    return made | {"RetractionDOI": "unavailable", "OriginalPaperPubMedID": "0", "Title": 'A "quoted", title'} | given


def written(path: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def test_records_are_taken_and_found_by_doi_and_number(tmp_path: Path) -> None:
    source = written(
        tmp_path / "rw.csv",
        row(OriginalPaperDOI="10.1000/ABC", RetractionDOI="10.1000/NOTICE"),
        row(OriginalPaperDOI="unavailable", OriginalPaperPubMedID="123", RetractionDate="2021-02-03"),
        row(OriginalPaperDOI="10.1002/(SICI)1;2-S; 10.1000/second", RetractionDate="12/1/1999"),
        row(OriginalPaperDOI="Unavailable"),
        row(OriginalPaperDOI="10.1000/corrected", RetractionNature="Correction"),
    )
    done = import_retractions(source, tmp_path / "var" / "list.csv")
    assert (done.kept, done.corrections, done.nameless, done.skipped, done.before) == ({"Retraction": 3}, 1, 1, (), 0)
    found = RetractionList.load(tmp_path / "var" / "list.csv")
    assert len(found) == 3
    assert found.find("https://doi.org/10.1000/abc", None) == Retracted(
        Nature.RETRACTION, dt.date(2020, 1, 31), "10.1000/notice", "1"
    )
    by_number = found.find(None, "123")
    assert by_number
    assert by_number.date == dt.date(2021, 2, 3)
    assert found.find("10.1002/(sici)1;2-s", None) == found.find("10.1000/SECOND", None) is not None
    assert found.find("10.1000/corrected", None) is None
    assert found.find(None, None) is None
    assert found.find("", "0") is None


def record(nature: Nature, date: str, doi: str = "10.1000/a") -> Record:
    return Record(Retracted(nature, dt.date.fromisoformat(date), None, "1"), (doi,), ())


@pytest.mark.parametrize(
    ("records", "retracted", "concern"),
    [
        ([], None, None),
        ([(Nature.CONCERN, "2020-01-01")], None, "2020-01-01"),
        ([(Nature.CONCERN, "2020-01-01"), (Nature.RETRACTION, "2021-01-01")], "2021-01-01", None),
        ([(Nature.RETRACTION, "2021-01-01"), (Nature.REINSTATEMENT, "2022-01-01")], None, None),
        ([(Nature.REINSTATEMENT, "2022-01-01"), (Nature.RETRACTION, "2023-01-01")], "2023-01-01", None),
        ([(Nature.REINSTATEMENT, "2022-01-01"), (Nature.RETRACTION, "2022-01-01")], "2022-01-01", None),
    ],
)
def test_the_last_word_on_a_paper_counts(records: list[tuple[Nature, str]], retracted: str | None, concern: str | None) -> None:
    for order in (records, records[::-1]):
        known = RetractionList(record(nature, date) for nature, date in order)
        found, doubted = known.find("10.1000/A", None), known.concern("10.1000/A", None)
        assert (found and found.date.isoformat(), doubted and doubted.date.isoformat()) == (retracted, concern)


def test_lines_that_cannot_be_taken_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    source = written(
        tmp_path / "rw.csv",
        row(),
        row(RetractionDate="31/1/2020 0:00"),
        row(RetractionDate=""),
        row(RetractionNature="Apology"),
        row(Notes="x" * 200_000),
        row(**{"Record ID": "7"}, OriginalPaperDOI="10.1000/b"),
    )
    with source.open("a", encoding="utf-8") as file:
        file.write("1,2,3\r\n")
    done = import_retractions(source, tmp_path / "list.csv")
    assert [str(one) for one in done.skipped] == [
        "line 3: RetractionDate is '31/1/2020 0:00'",
        "line 4: RetractionDate is ''",
        "line 5: RetractionNature is 'Apology'",
        "line 6: field larger than field limit (131072)",
        "line 8: 3 fields instead of 20",
    ]
    assert done.kept == {"Retraction": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_exports_in_utf_8_and_latin_1_are_read(encoding: str, tmp_path: Path) -> None:
    source = written(tmp_path / "rw.csv", row(Author="Müller Ü", Title="Über Gicht"), encoding=encoding)
    assert import_retractions(source, tmp_path / "list.csv").records == 1


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", "Record ID,RetractionDate".encode("utf-16"), b"\x00" * 100])
def test_what_is_no_such_list_is_refused_and_the_old_list_stays(content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    import_retractions(written(tmp_path / "rw.csv", row()), target)
    before = target.read_bytes()
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(RetractionsUnreadable, match="its first line lacks"):
        import_retractions(tmp_path / "bad.csv", target)
    with pytest.raises(RetractionsUnreadable, match="no record of a retraction"):
        import_retractions(written(tmp_path / "rw.csv"), target)
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "list.csv", "rw.csv"]


def test_a_list_that_would_lose_half_of_itself_is_refused_unless_told_to(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    import_retractions(written(tmp_path / "rw.csv", *(row(OriginalPaperDOI=f"10.1000/{n}") for n in range(5))), target)
    short = written(tmp_path / "short.csv", row(), row(OriginalPaperDOI="10.1000/b"))
    with pytest.raises(RetractionsUnreadable, match="2 records would replace 5"):
        import_retractions(short, target)
    assert len(RetractionList.load(target)) == 5
    assert import_retractions(short, target, allow_shrink=True).records == 2
    assert len(RetractionList.load(target)) == 2


def test_what_cannot_be_recorded_is_not_done(tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise FollowupError("the audit log is full")

    with pytest.raises(FollowupError, match="the audit log is full"):
        import_retractions(written(tmp_path / "rw.csv", row()), tmp_path / "list.csv", record=refuse)
    assert not (tmp_path / "list.csv").exists()


def test_no_list_is_an_empty_list_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    assert len(RetractionList.load(tmp_path / "nowhere.csv")) == 0
    target = tmp_path / "list.csv"
    import_retractions(written(tmp_path / "rw.csv", row()), target)
    whole = target.read_bytes()
    for damaged in (b"", whole[:-30], whole.replace(b"Retraction", b"Apology"), b"\xff" + whole):
        target.write_bytes(damaged)
        with pytest.raises(RetractionsUnreadable, match="import-retractions"):
            RetractionList.load(target)


def test_marked_articles_say_which_references_are_retracted(tmp_path: Path) -> None:
    folder = write_articles(tmp_path / "articles")
    articles = load_corpus(folder)
    by_id = {article.id: article for article in articles}
    known = RetractionList([record(Nature.RETRACTION, "2024-05-06", "10.1000/air")])
    found = {article.id: article for article in marked(articles, known)}
    assert [(r.id, r.retracted) for r in found["asthma-basics"].references] == [(1, None), (3, dt.date(2024, 5, 6))]
    assert found["gout-basics"] is by_id["gout-basics"]
    assert marked(articles, RetractionList()) == articles
    # What an article declares itself stays.
    edit(folder / "asthma-basics.md", lambda text: text.replace("doi: 10.1000/air}", "doi: 10.1000/air, retracted: 2023-01-01}"))
    edit(folder / "asthma-basics.md", lambda text: text.replace("approved\n", "submitted\n"))
    again = {article.id: article for article in marked(load_corpus(folder), known)}
    assert again["asthma-basics"].references[1].retracted == dt.date(2023, 1, 1)


#: Says how many MiB the import took beyond the modules it needs, and how many seconds the list takes to load.
MEASURE = """
import resource, sys, time
from pathlib import Path
from corpus.retraction_watch import import_retractions
from corpus.retractions import RetractionList
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
made = import_retractions(Path(sys.argv[1]), Path(sys.argv[2]))
after = peak()
began = time.monotonic()
assert RetractionList.load(Path(sys.argv[2])).find("10.1000/59999", None)
print(made.records, after - before, time.monotonic() - began)
"""


def test_sixty_thousand_records_stream_through(tmp_path: Path) -> None:
    lines = [",".join(COLUMNS)]
    filled = row(Title="T", OriginalPaperDOI="10.1000/NUMBER", Notes="n" * 800)
    line = ",".join(filled[column] for column in COLUMNS)
    lines += [line.replace("NUMBER", str(number)) for number in range(60_000)]
    (tmp_path / "rw.csv").write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "rw.csv"), str(tmp_path / "list.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    records, grown, seconds = done.stdout.split()
    assert int(records) == 60_000
    assert int(grown) < 20  # MiB; the file has 55
    assert float(seconds) < 5


def test_the_command_names_what_it_skipped_and_what_is_cited(tmp_path: Path, followup) -> None:
    source = written(tmp_path / "rw.csv", row(OriginalPaperDOI="10.1000/AIR"), row(RetractionDate="soon"))
    where = {
        "articles": write_articles(tmp_path / "articles"),
        "retractions": tmp_path / "list.csv",
        "audit": tmp_path / "audit.jsonl",
    }
    done = followup("corpus", "import-retractions", str(source), "--by", "Dr A. Example", **where)
    assert (done.returncode, done.stderr) == (0, f"{source}: line 3: RetractionDate is 'soon'; skipped\n")
    assert done.stdout.splitlines() == [
        "asthma-basics: reference 3 was retracted on 2020-01-31",
        "1 records (1 retraction; 0 before); left out: 0 corrections, 0 without DOI and PubMed number, 1 unreadable",
        "`followup index build` takes them out of the answers",
    ]
    (entry,) = AuditLog(tmp_path / "audit.jsonl").entries()
    assert (entry.actor, entry.action, entry.subject) == ("Dr A. Example", "import-retractions", "rw.csv")
    assert entry.details == {"records": 1, "before": 0, "skipped": 1}
    document = json.loads(followup("corpus", "import-retractions", str(source), "--json", **where).stdout)
    assert document["listed"] == [{"article": "asthma-basics", "reference": 3, "date": "2020-01-31"}]
    assert document["records"] == {"Retraction": 1}
    checked = followup("corpus", "check", **where)
    assert checked.returncode == 1
    assert "reference 3 was retracted on 2020-01-31 (list of retractions) [retracted-reference]" in checked.stdout
    assert "^T1 cites nothing but retracted references [3] [retracted-alone]" in checked.stdout


def test_a_user_without_a_name_is_named_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under any number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_242_424)
    audit = tmp_path / "audit.jsonl"
    where = CorpusSettings(articles=write_articles(tmp_path / "articles"), retractions=tmp_path / "list.csv", audit=audit)
    source = written(tmp_path / "rw.csv", row())
    done = CliRunner().invoke(corpus_commands, ["import-retractions", str(source)], obj=lambda: where)
    assert (done.exit_code, done.exception) == (0, None)
    assert [entry.actor for entry in AuditLog(audit).entries()] == ["user 4242424"]


def test_a_file_that_is_no_list_is_exit_2_and_not_in_the_audit_log(tmp_path: Path, followup) -> None:
    (tmp_path / "x.csv").write_text("a,b\n", "utf-8")
    where = {"retractions": tmp_path / "list.csv", "audit": tmp_path / "audit.jsonl"}
    done = followup("corpus", "import-retractions", str(tmp_path / "x.csv"), **where)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"followup: {tmp_path / 'x.csv'}: no Retraction Watch CSV: its first line lacks Record ID")
    assert not (tmp_path / "list.csv").exists()
    assert not (tmp_path / "audit.jsonl").exists()


@pytest.mark.parametrize(
    ("said", "doi"),
    [
        ("10.1000/A.b", "10.1000/A.b"), ("https://doi.org/10.1000/a", "10.1000/a"), ("http://dx.doi.org/10.1000/a", "10.1000/a"),
        ("DOI: 10.1000/a", "10.1000/a"), (" doi.org/10.1000/a ", "10.1000/a"), ("unavailable", None), ("", None), (None, None),
        ("10.1/a", None), ("10.1000/a b", None), ("https://example.org/10.1000/a", None),
    ],
)  # fmt: skip
def test_dois_are_bared(said: str | None, doi: str | None) -> None:
    assert bare_doi(said) == doi
    assert doi_key(said) == (doi.lower() if doi else None)


@pytest.mark.parametrize(
    ("said", "pmid"),
    [
        ("123", "123"),
        ("PMID: 123", "123"),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        ("0", None),
        ("12a", None),
        (None, None),
    ],
)
def test_pubmed_numbers_are_bared(said: str | None, pmid: str | None) -> None:
    assert bare_pmid(said) == pmid
