"""JSON lines and plain text: every record is an article or a reason, strictly read; lists come out as lists."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.body import read_blocks
from corpus.importing.formats.outline import markdown
from corpus.importing.formats.words import blocks_in
from corpus.importing.types import Document, NotTaken, Options
from tests.formats import article, outline, parsed, written

DATA = Path(__file__).parents[2] / "shared" / "data"
GUIDELINE = {
    "_id": "uspstf-1",
    "title": "Autism: Screening",
    "year": 2016,
    "pub_date": "2016-02-16",
    "source": "USPSTF",
    "url": "health.example.org/autism",
    "licence": "US public domain",
    "sections": [
        {"heading": "", "text": "Before all."},
        {"heading": "Rationale > Importance", "text": "It matters [3].\n| Cell\n|\n| 5 |"},
        {"heading": "Rationale > Harms", "text": "Few."},
        {"heading": "Treatment", "text": "Goals: - Restore haemostasis\n- Rest\n  - In bed\nGive 250 - 500 mg"},
    ],
}


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_beir_records_are_articles_and_bullets_are_lists(tmp_path: Path) -> None:
    text = "Key Points\n- Tests find it. - There are three kinds.\n- A\nThe kinds are not the same."
    record = {"_id": "C_1", "title": "Tumours", "text": text, "url": "https://cancer.example.org/t", "source": "CancerGov"}
    found = article("beir", written(tmp_path / "c.jsonl", lines(record)))
    assert outline(found) == [
        ("", "paragraph", "Key Points", ()),
        ("", "item", "Tests find it.", ()),
        ("", "item", "There are three kinds.", ()),
        ("", "item", "A", ()),
        ("", "paragraph", "The kinds are not the same.", ()),
    ]
    assert (found.source_id, found.title, found.source, found.licence) == ("C_1", "Tumours", "CancerGov", "CC BY 4.0")
    assert found.url == "https://cancer.example.org/t"
    of_nfcorpus = {"_id": "M", "title": "T", "text": "Text.", "metadata": {"url": "https://pubmed.example.org/1"}}
    assert article("beir", written(tmp_path / "n.jsonl", lines(of_nfcorpus))).url == "https://pubmed.example.org/1"


def test_a_beir_record_without_title_or_source_has_its_beginning_and_the_option(tmp_path: Path) -> None:
    found = article("beir", written(tmp_path / "c.jsonl", lines({"_id": 7, "title": "", "text": "Gout " * 40})))
    assert (found.source_id, found.source) == ("7", "Ministry of Health")
    assert found.title == "Gout " * 19 + "Gout…"


def test_guideline_sections_are_headings_by_their_path(tmp_path: Path) -> None:
    found = article("guidelines", written(tmp_path / "a.jsonl", lines(GUIDELINE)), Options())
    assert outline(found) == [
        ("", "paragraph", "Before all.", ()),
        ("Rationale > Importance", "paragraph", "It matters [\u200c3].", ()),
        ("Rationale > Importance", "paragraph", "Cell", ()),
        ("Rationale > Importance", "paragraph", "5", ()),
        ("Rationale > Harms", "paragraph", "Few.", ()),
        ("Treatment", "paragraph", "Goals:", ()),
        ("Treatment", "item", "Restore haemostasis", ()),
        ("Treatment", "item", "Rest", ()),
        ("Treatment", "item", "In bed", ()),
        ("Treatment", "paragraph", "Give 250 - 500 mg", ()),
    ]
    assert found.body.count("## Rationale\n") == 1
    assert (found.source_id, found.source, found.licence) == ("uspstf-1", "USPSTF", "US public domain")
    assert (found.url, found.published) == ("https://health.example.org/autism", dt.date(2016, 2, 16))


def test_a_year_alone_counts_as_its_first_day(tmp_path: Path) -> None:
    found = article("guidelines", written(tmp_path / "a.jsonl", lines({**GUIDELINE, "pub_date": None, "url": ""})))
    assert (found.published, found.url) == (dt.date(2016, 1, 1), None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"_id": "a", "title": "t", "text": NaN}', "NaN is no JSON"),
        ('{"_id": "a", "title": "t", "text": "x", "text": "y"}', "the key 'text' stands twice"),
        ('{"_id": "a", "title": "t", "text": "\\ud800"}', "lone surrogate"),
        ('{"_id": "a", "title": "t", "text": ["x"]}', "'text' is no text but a list"),
        ('{"_id": "a", "title": "t"}', "it has no 'text'"),
        ('{"title": "t", "text": "x"}', "it has no '_id'"),
        ('{"_id": "a", "title": "t", "text": "| | |"}', "no words"),
        ('["a"]', "not an object but a list"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "not JSON"),
        (f'{{"_id": {"9" * 5_000}}}', "not JSON"),
    ],
)
def test_a_bad_record_is_named_by_its_line_and_the_others_are_taken(tmp_path: Path, line: str, reason: str) -> None:
    good = lines({"_id": "g", "title": "t", "text": "x"})
    first, bad, last = parsed("beir", written(tmp_path / "c.jsonl", f"{good}\n{line}\n{good}"))
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert isinstance(bad, NotTaken)
    assert str(bad).startswith("line 3: ")
    assert reason in str(bad)


@pytest.mark.parametrize("sections", [None, "x", ["x"], [], [{"heading": "h", "text": " "}], [{"heading": 1.5}]])
def test_an_article_without_sections_is_refused(tmp_path: Path, sections: Any) -> None:
    [found] = parsed("guidelines", written(tmp_path / "a.jsonl", lines({**GUIDELINE, "sections": sections})))
    assert isinstance(found, NotTaken)


def test_a_line_that_is_not_utf_8_is_refused_alone(tmp_path: Path) -> None:
    good = lines({"_id": "g", "title": "t", "text": "5 \u00b5g"}).encode()
    raw = '{"_id": "g", "title": "t", "text": "5 \u00b5g"}\n'
    found = parsed("beir", written(tmp_path / "c.jsonl", good + raw.encode("latin-1") + raw.encode()))
    assert [str(each) if isinstance(each, NotTaken) else each.body for each in found] == [
        "5 \u00b5g\n",
        "line 2: byte 0xb5 at 38 is not UTF-8",
        "5 \u00b5g\n",
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("c.jsonl", b"", "empty"),
        ("c.jsonl", b"%PDF-1.7", "a PDF"),
        ("c.jsonl.gz", b'{"_id": "a"}', "not JSON lines"),
        ("c.jsonl.gz", gzip.compress(b'{"_id": "a", "title": "t", "text": "x"}' * 99, mtime=0)[:60], "gzip file is damaged"),
        ("c.jsonl.gz", gzip.compress(b"\0" * 50_000_000, mtime=0), "over 4,000,000 bytes"),
        ("c.jsonl.gz", gzip.compress(b"\n" * 50_000_000, mtime=0), "over 10,000 empty lines"),
        ("c.jsonl.gz", gzip.compress((b"[" + b" " * 3_000_000 + b"]\n") * 20, mtime=0), "over 100 times its size"),
    ],
)
def test_what_is_no_file_of_lines_is_refused(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(NotTaken, match=reason):
        parsed("beir", written(tmp_path / name, data))


WRAPPED = "Genes are the building blocks of inheritance. They contain the\ninstructions for making proteins."


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (WRAPPED, WRAPPED.replace("\n", " ") + "\n"),
        ("heart\nlungs", "heart\n\nlungs\n"),
        ("1. one\n2) two\n   - nested\n3. three", "1. one\n2. two\n   - nested\n3. three\n"),
        ("    - far\n        - deeper\n    - far", "- far\n  - deeper\n- far\n"),
        ("- a bullet that\n  goes on", "- a bullet that goes on\n"),
        ("• methotrexate - not in pregnancy", "- methotrexate - not in pregnancy\n"),
        ("# no heading\n---\n```\n> x", "\u200c# no heading\n\n\u200c---\n\n\u200c```\n\n\u200c> x\n"),
    ],
)  # fmt: skip
def test_plain_text_becomes_lists_and_paragraphs(text: str, body: str) -> None:
    assert markdown(blocks_in(text)) == body


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", text))


@given(st.text(st.sampled_from("ab.:;|-*#>`~=[]()<^12 \n\t\\!_é"), max_size=80))
def test_no_word_is_lost_or_changed_whatever_the_text_looks_like(text: str) -> None:
    body = markdown(blocks_in(text))
    blocks, problems = read_blocks(body)
    read = _words(" ".join(body[block.start : block.end] for block in blocks))
    assert problems == []
    assert not any(block.section or block.marks for block in blocks)
    # The numbers of numbered items are the list's, not the wording's.
    assert read - _words(text) == Counter()
    assert all(word.isdigit() for word in _words(text) - read)


def _sections(record: dict[str, Any]) -> str:
    return "\n".join(section["text"] for section in record["sections"])


@pytest.mark.parametrize(
    ("name", "file", "told"),
    [
        ("guidelines", "guideline-articles/articles.jsonl.gz", _sections),
        ("beir", "medquad/corpus.jsonl.gz", lambda record: record["text"]),
    ],
)
def test_real_data_arrives_word_for_word(name: str, file: str, told: Callable[[dict[str, Any]], str]) -> None:
    if not (DATA / file).is_file():
        pytest.skip(f"data not present: {file}")
    with gzip.open(DATA / file, "rt") as source:
        records = {record["_id"]: record for record in map(json.loads, source)}
    for document in parsed(name, DATA / file)[::7]:
        assert isinstance(document, Document)
        body = "\n".join(line for line in document.body.splitlines() if not line.startswith("#"))
        assert _words(body) == _words(told(records[document.source_id])), document.source_id
        assert read_blocks(document.body)[1] == []
