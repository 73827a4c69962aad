"""A test collection is read in every layout, and what does not fit is told with its file and line."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from eval.collection import load_collection
from eval.datasets import DatasetError
from tests.beir import DOCUMENTS, QRELS, QUERIES, beir, corpus_text, qrels_text, queries_text, write


def test_a_folder_in_the_beir_layout_is_read(tiny: Path) -> None:
    read = load_collection(tiny)
    assert [(document.id, document.title, document.text) for document in read.documents] == [
        (key, title, text) for key, (title, text) in DOCUMENTS.items()
    ]
    assert (read.name, read.split, read.queries, read.qrels) == ("tiny", "test", QUERIES, QRELS)
    assert (read.spans, read.notes) == ({}, ())
    assert read.files == {
        name: hashlib.sha256((tiny / name).read_bytes()).hexdigest()
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")
    }


def test_the_same_collection_packed_or_in_trecs_files_is_the_same(tiny: Path, tmp_path: Path) -> None:
    topics = "".join(
        f"<top>\n<num> Number: {key}\n<title> Topic: {text}\n\n<desc> Description:\nNot this.\n</top>\n"
        for key, text in QUERIES.items()
    )
    trec = "".join(f"{query} 0 {document} {grade}\n" for query, grades in QRELS.items() for document, grade in grades.items())
    others = {
        "gzip": {"corpus.jsonl.gz": corpus_text(), "queries.jsonl.gz": queries_text(), "qrels/test.tsv.gz": qrels_text()},
        "trec": {"docs.jsonl": corpus_text(), "topics": topics, "qrels.txt": trec},
        "tabs": {
            "docs.jsonl": corpus_text(),
            "topics": "".join(f"{key}\t{text}\r\n" for key, text in QUERIES.items()),
            "qrels.txt": "\ufeff" + trec.replace("\n", "\r\n"),
        },
        "xml": {
            "docs.jsonl": corpus_text(),
            "topics": "".join(f"<top><num>{key}</num><title>{text}</title></top>" for key, text in QUERIES.items()),
            "qrels.txt": trec.replace(" 0 ", "\t0\t", 3),
        },
    }
    wanted = load_collection(tiny)
    for name, files in others.items():
        folder = write(tmp_path / name, files)
        given = {} if name == "gzip" else {"corpus": "docs.jsonl", "queries": "topics", "qrels": "qrels.txt"}
        read = load_collection(folder, **given)
        assert (read.documents, read.queries, read.qrels) == (wanted.documents, wanted.queries, wanted.qrels), name
        assert read.split == ("test" if name == "gzip" else "qrels")
        assert read.digest != wanted.digest
    assert load_collection(tiny).digest == wanted.digest


def test_a_topics_title_may_hold_a_sign_that_begins_no_tag(tiny: Path) -> None:
    write(tiny, {"topics": "<top><num>q1</num><title>gout with INR < 2 and\n urate <6</title><desc>x</top>"})
    assert load_collection(tiny, queries="topics").queries == {"q1": "gout with INR < 2 and urate <6"}


def test_a_text_may_hold_any_sign_a_line_break_of_unicode_included(tiny: Path) -> None:
    write(tiny, {"topics": "q1\tgout\u2028flare\x0cnow\n"})
    assert load_collection(tiny, queries="topics").queries == {"q1": "gout\u2028flare\x0cnow"}


def test_files_may_lie_elsewhere_and_a_folder_is_named_where_it_is_the_current_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"judged.txt": "q1 0 d1 1\n"})
    monkeypatch.chdir(tiny)
    read = load_collection(Path(), qrels=str(tmp_path / "judged.txt"))
    assert (read.name, read.split, read.qrels) == ("tiny", "judged", {"q1": {"d1": 1}})
    assert set(read.files) == {"corpus.jsonl", "queries.jsonl", "judged.txt"}


def test_of_several_splits_one_is_asked_for_by_name(tiny: Path) -> None:
    write(tiny, {"qrels/dev.tsv.gz": qrels_text({"q1": {"d1": 1}})})
    with pytest.raises(DatasetError, match=r"tiny: more than one split; there are: dev, test\. Give --split or --qrels"):
        load_collection(tiny)
    with pytest.raises(DatasetError, match=r"no split train; there are: dev, test\."):
        load_collection(tiny, "train")
    assert list(load_collection(tiny, "dev").queries) == ["q1"]
    # A split that lies there packed too is one split.
    (tiny / "qrels" / "dev.tsv.gz").rename(tiny / "qrels" / "test.tsv.gz")
    assert load_collection(tiny).queries == QUERIES


def test_data_that_are_not_there_are_named(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere: data not present; give --dataset a folder in the BEIR layout"):
        load_collection(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"mine\.txt: not there, nor mine\.txt\.gz"):
        load_collection(tiny, qrels="mine.txt")
    (tiny / "queries.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"queries\.jsonl: not there, nor queries\.jsonl\.gz"):
        load_collection(tiny)
    (tiny / "qrels" / "test.tsv").unlink()
    with pytest.raises(DatasetError, match=r"no qrels/<split>\.tsv; there are: none"):
        load_collection(tiny)


GOOD = '{"_id": "d1", "title": "", "text": "Gout."}\n'


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("qrels", "", r"qrels/test\.tsv: no qrels in this file, so nothing can be measured"),
        ("qrels", "query-id\tcorpus-id\tscore\n", r"qrels/test\.tsv: no qrels in this file"),
        ("qrels", "query-id\tcorpus-id\tscore\nq1\td1\tNaN\n", r"qrels/test\.tsv:2: not `query document grade`"),
        ("qrels", "q1\td1\tNaN\nq1\td3\t1\n", r"qrels/test\.tsv:1: not `query document grade`"),  # no header
        ("qrels", "q1\td1\t0.5\nq1\td3\t1\n", r"qrels/test\.tsv:1: not `query document grade`"),
        ("qrels", "q1\td1\t1\nq1\td3\t0.5\n", r"qrels/test\.tsv:2: not .*whole numbers"),
        ("qrels", "q1\td1\t²\nq1\td3\t1\n", None),
        ("qrels", "q1\td3\t1\nq1\td1\t²\n", r"qrels/test\.tsv:2: not `query document grade`"),
        ("qrels", "q1\td1\n", r"qrels/test\.tsv:1: not `query document grade`"),
        ("qrels", "q1\td1\t1\nq1\td1\t0\n", r"qrels/test\.tsv:2: q1 d1 has grade 0 here and 1 before"),
        ("qrels", "other\td1\t1\n", r"nothing to measure: 5 queries, 1 with qrels, 0 in both.*do the ids of the files belong"),
        ("qrels", "q1\tother\t1\n", r"nothing to measure: 5 queries, 1 with qrels, 1 in both, none with a relevant document"),
        ("corpus", "", r"corpus\.jsonl:1: not JSON"),
        ("corpus", f"{GOOD}{{oops}}\n", r"corpus\.jsonl:2: not JSON \(.* at column 2\)"),
        ("corpus", f"{GOOD}\n{GOOD}", r"corpus\.jsonl:2: not JSON"),
        ("corpus", f"{GOOD}[1]\n", r"corpus\.jsonl:2: not a JSON object"),
        ("corpus", GOOD + GOOD, r"corpus\.jsonl:2: the document d1 stands twice"),
        ("corpus", GOOD.replace('"d1"', "7"), r"corpus\.jsonl:1: _id is not a text"),
        ("corpus", GOOD.replace("d1", "d 1"), r"corpus\.jsonl:1: _id is .*holds a blank"),
        ("corpus", GOOD.replace("d1", " d1"), r"corpus\.jsonl:1: _id is .*holds a blank"),
        ("corpus", GOOD.replace("text", "body"), r"corpus\.jsonl:1: text is missing"),
        ("corpus", GOOD.replace("Gout.", r"\ud83d half"), r"corpus\.jsonl:1: text holds half a character"),
        ("corpus", GOOD.replace("Gout.", " "), r"corpus\.jsonl: no documents in this file"),
        ("queries", '{"_id": "q1", "text": " "}\n', r"queries\.jsonl:1: the query q1 has no text"),
        ("queries", '{"_id": "q1", "text": "a"}\n' * 2, r"queries\.jsonl:2: the query q1 stands twice"),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_place(tmp_path: Path, file: str, text: str, said: str | None) -> None:
    folder = beir(tmp_path / "tiny", **{file: text})
    if said is None:  # "²" is no number, so the first line is a header
        assert load_collection(folder).qrels == {"q1": {"d3": 1}}
        return
    with pytest.raises(DatasetError, match=said) as raised:
        load_collection(folder)
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        ("<top><num>q1</num></top>", "topic 1 has no <num> or no <title>"),
        ("<top><title>gout</title></top>", "topic 1 has no <num> or no <title>"),
        ("<top><num>q1<title> </title></top>", "topic 1 has no <num> or no <title>"),
        ("<top><num>q1<title>a</top><top><num>q1<title>a</top>", ":2: the query q1 stands twice"),
        ("q1 gout\n", ":1: the query q1 gout has no text"),
        ("\n", "no queries in this file"),
    ],
)
def test_topics_that_are_none_are_named(tiny: Path, topics: str, said: str) -> None:
    write(tiny, {"topics": topics})
    with pytest.raises(DatasetError, match=said):
        load_collection(tiny, queries="topics")


def test_a_file_that_is_cut_off_or_no_text_is_named(tiny: Path) -> None:
    packed = gzip.compress(corpus_text().encode())
    (tiny / "corpus.jsonl").unlink()
    harmed = {
        "cut off": packed[:-20],
        "not packed": b"plain",
        "changed": packed[:40] + bytes([packed[40] ^ 255]) + packed[41:],
    }
    for name, content in harmed.items():
        (tiny / "corpus.jsonl.gz").write_bytes(content)
        with pytest.raises(DatasetError, match=r"corpus\.jsonl\.gz: cannot be read"):
            load_collection(tiny)
        assert name
    (tiny / "corpus.jsonl.gz").write_bytes(gzip.compress(b'{"_id": "\xff"}'))
    with pytest.raises(DatasetError, match=r"corpus\.jsonl\.gz: not UTF-8 at byte 9"):
        load_collection(tiny)
