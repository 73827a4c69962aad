"""The glossary: its table holds together and can be read, and a term is found where it stands and nowhere else."""

from __future__ import annotations

import gzip
import json
import re
import time
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assistant.glossary import SHIPPED, glosses, load_glossary, marked
from assistant.types import Audience
from corpus.errors import SettingsError
from corpus.linting.fields import reading_grade
from corpus.loading import load_corpus
from corpus.types import Note

ENTRIES: list[dict[str, Any]] = tomllib.loads(SHIPPED.read_text("utf-8"))["entry"]
ARTICLES = {article.id: article for article in load_corpus()}
PUBLIC = Path(__file__).parents[2] / "shared" / "data" / "guideline-articles" / "articles.jsonl.gz"
#: Glossaries that sources name without their entries being at hand to compare with.
BY_NAME = (
    "NCI Dictionary of Cancer Terms: ",
    "American Heart Association, ",
    "ClinicalTrials.gov Glossary Terms, ",
    "Cochrane Handbook for Systematic Reviews of Interventions, ",
    "GRADE Handbook, ",
    "National Institute of Neurological Disorders and Stroke, ",
    "USPSTF, Grade Definitions",
    "US Food and Drug Administration, ",
)


def terms(*texts: str, audience: Audience = Audience.PATIENT) -> list[str]:
    return [gloss.term for gloss in glosses(texts, audience)]


def statements() -> list[list[str]]:
    """Every article's statements, six at a time, as an answer may quote them."""
    quotes = [[article.quote(block) for block in article.blocks] for article in ARTICLES.values()]
    return [some[at : at + 6] for some in quotes for at in range(0, len(some), 6)]


def written(path: Path, *entries: str) -> Path:
    path.write_text("".join(f"[[entry]]\n{entry}\n" for entry in entries), "utf-8")
    return path


def test_there_are_enough_entries_for_the_jargon_of_the_articles() -> None:
    assert len(ENTRIES) >= 220


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["term"])
def test_plain_words_are_few_easy_and_without_numbers(entry: dict[str, Any]) -> None:
    plain = entry["plain"]
    assert len(plain.split()) <= 15
    assert not re.search(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twice|dose of)\b", plain)
    assert not re.search(r"\b(?:must|you|your|mg|a day)\b", plain), "a gloss advises nothing"
    assert reading_grade([Note(f"{plain}.", ())]) <= 9


def test_every_entry_has_a_form_that_stands_in_the_shipped_articles() -> None:
    said = "\n".join(article.text for article in ARTICLES.values()).casefold()
    absent = [
        entry["term"]
        for entry in ENTRIES
        if not any(form.casefold() in said for form in (entry["term"], *entry.get("forms", ())))
    ]
    assert absent == []


@pytest.mark.parametrize("source", sorted({entry["source"] for entry in ENTRIES}))
def test_every_source_exists(source: str) -> None:
    if match := re.fullmatch(r"article (\S+), plain summary, (F\d+(?:, F\d+)*)", source):
        explained = {statement for note in ARTICLES[match[1]].plain_summary for statement in note.statements}
        assert set(match[2].split(", ")) <= explained
    elif match := re.fullmatch(r"article (\S+), reference (\d+)", source):
        assert ARTICLES[match[1]].reference(int(match[2]))
    elif source.startswith(("MedlinePlus: ", "OpenStax ")):
        if not PUBLIC.exists():
            pytest.skip(f"{PUBLIC} is not here to look the page up")
        publisher, _, title = source.partition(": ")
        with gzip.open(PUBLIC, "rt", encoding="utf-8") as lines:
            pages = [json.loads(line) for line in lines]
        assert any(page["source"].startswith(publisher) and page["title"].strip() == title for page in pages)
    else:
        assert source.startswith(BY_NAME)


def test_the_longest_term_wins() -> None:
    assert terms("Chronic kidney disease is common.") == ["chronic kidney disease (CKD)"]
    assert terms("Kidney failure after septic shock") == ["kidney failure", "septic shock"]
    assert terms("Iron deficiency anaemia, then anaemia") == ["iron deficiency anaemia", "anaemia"]


def test_terms_come_once_in_the_order_of_their_first_appearance() -> None:
    assert terms("Warfarin or a DOAC.", "DOACs, warfarin and placebo") == [
        "warfarin",
        "DOAC (direct oral anticoagulant)",
        "placebo",
    ]


def test_clinicians_get_none_students_the_specialist_terms_patients_all() -> None:
    text = "The hazard ratio of stroke in hypertension fell with a statin."
    assert terms(text, audience=Audience.CLINICIAN) == []
    assert terms(text, audience=Audience.STUDENT) == ["hazard ratio"]
    assert terms(text, audience=Audience.PATIENT) == ["hazard ratio", "hypertension", "statin"]


@pytest.mark.parametrize(
    "text",
    [
        "anticoagulantly acutely",  # inside a longer word
        "a non-invasive, pre-chronic thing",  # after a hyphen, a prefix changes the meaning
        "he aids the arb and the pe",  # abbreviations are matched as they are written
        "fosphenytoin 20 mg PE/kg, max 1,500 mg PE",  # a unit, and no word of clots around
        "FIT for work; ADA compliance; ACS report; the cervical spine; vesical reflux; tubal ligation",
        "Los Angeles grade C or D",  # not a grade of the USPSTF
        "",
    ],
)
def test_what_only_looks_like_a_term_is_left_alone(text: str) -> None:
    assert terms(text) == []


def test_an_ambiguous_abbreviation_is_read_by_the_words_around_it() -> None:
    assert "pulmonary embolism (PE)" in terms("Low-risk PE is treated at home.", "Venous thrombosis and anticoagulants")
    assert "grade B" in terms("Screening is advised (USPSTF 2021, grade B).")
    assert [gloss.term for _, _, gloss in marked("SBP is treated.", ["cirrhosis"])] == ["spontaneous bacterial peritonitis (SBP)"]
    assert marked("SBP is treated.") == []


def test_spelling_hyphens_apostrophes_and_line_breaks_do_not_hide_a_term() -> None:
    assert terms("ANAEMIA", "Anemia") == ["anaemia"]
    assert terms("LOW\u2011molecular-weight heparin") == ["low-molecular-weight heparin (LMWH)"]
    assert terms("Barrett\u2019s oesophagus") == ["Barrett's oesophagus"]
    assert terms("hazard\n  ratio") == ["hazard ratio"]


def test_marks_are_where_the_terms_stand_and_none_is_inside_another() -> None:
    text = "In CKD (chronic kidney disease) an ACE inhibitor lowers albuminuria; \U0001f600 ACE inhibitors too."
    found = marked(text)
    assert [text[start:end] for start, end, _ in found] == [
        "CKD",
        "chronic kidney disease",
        "ACE inhibitor",
        "albuminuria",
        "ACE inhibitors",
    ]
    assert all(end <= later for (_, end, _), (later, _, _) in pairwise(found))
    assert set(glosses([text], Audience.PATIENT)) == {gloss for _, _, gloss in found}


def test_six_statements_take_at_most_a_millisecond() -> None:
    load = statements()
    glosses(load[0], Audience.PATIENT)  # the table is read once
    started = time.perf_counter()
    for texts in load:
        glosses(texts, Audience.PATIENT)
    assert (time.perf_counter() - started) / len(load) <= 0.001  # 0.1 ms on the 2-core machine


def test_time_grows_with_the_length_of_the_text_and_not_faster() -> None:
    def seconds(text: str) -> float:
        started = time.perf_counter()
        glosses([text], Audience.PATIENT)
        return time.perf_counter() - started

    hostile = "chronic kidney - chronic kidney ACC/ vitamin K "
    seconds(hostile)
    assert seconds(hostile * 20_000) < 200 * max(seconds(hostile * 1_000), 0.001)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (['term = "a"\nplain = "x"\nsource = "s"'] * 2, r"entry 2 \(a\): a stands twice, here and under a"),
        (['term = "a"\nplain = "  "\nsource = "s"'], r"entry 1 \(a\): plain"),
        (['term = "a"\nplain = "2 drugs"\nsource = "s"'], r"entry 1 \(a\): .*digit"),
        (['term = "a"\nplain = "x"'], r"entry 1 \(a\): source"),
        (['term = "a"\nplain = "x"\nsource = "s"\nurl = "u"'], r"entry 1 \(a\): url"),
        (['term = "a"\nplain = "x"\nsource = "s"\nlevel = "hard"'], r"entry 1 \(a\): level"),
        (['term = "a"\nplain = "x"\nsource = "s"\nambiguous = ["b"]\ncontext = ["c"]'], r"entry 1 \(a\): .*b is neither"),
        (['term = "a"\nplain = "x"\nsource = "s"\nambiguous = ["a"]'], r"entry 1 \(a\): .*context"),
        (['term = "--"\nplain = "x"\nsource = "s"'], r"entry 1 \(--\): .*word"),
        (["term = "], "TOML"),
        ([], r"no \[\[entry\]\]"),
    ],
)  # fmt: skip
def test_a_broken_table_is_refused_by_entry_and_term(tmp_path: Path, entries: list[str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_glossary(written(tmp_path / "glossary.toml", *entries))


def test_all_broken_entries_are_told_together(tmp_path: Path) -> None:
    path = written(tmp_path / "glossary.toml", 'term = "a"', 'term = "b"\nplain = "x"\nsource = "s"', 'plain = "x"\nsource = "s"')
    with pytest.raises(SettingsError) as refused:
        load_glossary(path)
    told = str(refused.value).splitlines()
    assert [re.search(r"entry (\d)", line)[1] for line in told] == ["1", "1", "3"]  # type: ignore[index]


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_glossary(tmp_path / "nowhere.toml")
