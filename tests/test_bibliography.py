"""References as RIS and BibTeX, read back by the libraries that read them: nothing lost, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
import rispy
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData, parse_string

from assistant.bibliography import bibtex, ris
from assistant.disclaimer import DISCLAIMER
from corpus.loading import SHIPPED, load_corpus

#: LaTeX as a reader of it sees it: the text commands, escaped signs, and braces that only group.
COMMANDS = {"backslash": "\\", "braceleft": "{", "braceright": "}", "asciicircum": "^", "asciitilde": "~"}
LATEX = re.compile(r"\{\\text(\w+)\}|\\([$&%#_])|[{}]")
GOUT = {
    "number": 1,
    "type": "guideline",
    "title": "2020 American College of Rheumatology Guideline for the Management of Gout",
    "authors": "FitzGerald JD et al.",
    "venue": "Arthritis Rheumatol 2020;72:879-895 (also Arthritis Care Res 2020;72:744-760)",
    "year": 2020,
    "doi": "10.1002/art.41247",
    "pmid": "32390306",
    "url": None,
    "retracted": None,
}


def reference(**changed: Any) -> dict[str, Any]:
    return GOUT | changed


def from_ris(*references: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rispy.loads(ris(references))


def from_bibtex(*references: Mapping[str, Any]) -> BibliographyData:
    return parse_string(bibtex(references), "bibtex")


def entry(**changed: Any) -> Any:
    (only,) = from_bibtex(reference(**changed)).entries.values()
    return only


def record(**changed: Any) -> dict[str, Any]:
    (only,) = from_ris(reference(**changed))
    return only


def plain(latex: str) -> str:
    return LATEX.sub(lambda found: COMMANDS[found[1]] if found[1] else found[2] or "", latex)


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, Any]]:
    """The references of all shipped articles as answers hold them."""
    listed = [one for article in load_corpus(SHIPPED) for one in article.references]
    return [asdict(one) | {"number": number, "type": one.type.value} for number, one in enumerate(listed, 1)]


def test_every_shipped_reference_is_read_back_by_rispy(shipped: list[dict[str, Any]]) -> None:
    read = from_ris(*shipped)
    assert len(read) == len(shipped) > 300
    for was, now in zip(shipped, read, strict=True):
        assert now["title"] == was["title"]
        assert now.get("year") == (str(was["year"]) if was["year"] else None)
        assert now.get("doi") == was["doi"]
        assert now.get("accession_number") == was["pmid"]
        assert now.get("urls", [None]) == [was["url"]]
        assert now["keywords"] == [was["type"]]
        assert_nothing_lost(was, " ".join(str(value) for value in now.values()))


def test_every_shipped_reference_is_read_back_by_pybtex(shipped: list[dict[str, Any]]) -> None:
    read = from_bibtex(*shipped).entries
    assert len(read) == len(shipped)
    for was, now in zip(shipped, read.values(), strict=True):
        fields = now.fields
        assert plain(fields["title"]) == was["title"]
        assert fields.get("year") == (str(was["year"]) if was["year"] else None)
        assert (fields.get("doi"), fields.get("url"), fields.get("pmid")) == (was["doi"], was["url"], was["pmid"])
        assert fields["keywords"] == was["type"]
        names = " ".join(str(person) for person in now.persons["author"]).replace("others", "et al")
        assert_nothing_lost(was, plain(" ".join([names, *fields.values()])).replace("--", "-"))


def assert_nothing_lost(was: Mapping[str, Any], written: str) -> None:
    """Every word and number of authors and venue is there; initials are compared without their full stops."""
    bare = re.sub(r"[\s.]", "", written)
    for word in re.findall(r"\w+", f"{was['authors']} {was['venue']}"):
        assert word in bare, (was["authors"], was["venue"])
    assert f"Reference {was['number']} of the answer." in written


@pytest.mark.parametrize(
    ("authors", "names", "others"),
    [
        ("FitzGerald JD et al.", ["FitzGerald, J. D."], True),
        ("Arnold JJ, Hehn LE, Klein DA", ["Arnold, J. J.", "Hehn, L. E.", "Klein, D. A."], False),
        ("Gandhi RT, Landovitz RJ, et al.; IAS-USA", ["Gandhi, R. T.", "Landovitz, R. J.", "IAS-USA"], True),
        ("Nguyen AT et al., CDC", ["Nguyen, A. T.", "CDC"], True),
        ("Meites E, Kempe A, ACIP/CDC", ["Meites, E.", "Kempe, A.", "ACIP/CDC"], False),
        ("Lim WS, van der Eerden MM, Laing R", ["Lim, W. S.", "van der Eerden, M. M.", "Laing, R."], False),
        ("Lee JD, Nunes EV Jr, Novo P, et al.", ["Lee, J. D.", "Nunes, E. V., Jr", "Novo, P."], True),
        ("O'Byrne PM, Acevedo-Quinones M, de-Madaria E", ["O'Byrne, P. M.", "Acevedo-Quinones, M.", "de-Madaria, E."], False),
        ("Müller Ö and Dupont J-P", ["Müller, Ö.", "Dupont, J.-P."], False),
        ("US Preventive Services Task Force (Barry MJ et al.)", ["US Preventive Services Task Force", "Barry, M. J."], True),
        ("Creager MA (chair), et al.", ["Creager, M. A."], True),
        ("Yawn BP et al. (NHLBI expert panel)", ["Yawn, B. P."], True),
        # Not certain, and so whole: a place is no initials, two words may be a name or a body.
        ("Resuscitation Council UK", ["Resuscitation Council UK"], False),
        ("Diabetes UK", ["Diabetes UK"], False),
        ("Das M, Abdool Karim Q, et al.", ["Das, M.", "Abdool Karim Q"], True),
        ("Centers for Disease Control and Prevention", ["Centers for Disease Control and Prevention"], False),
        ("Ministry of Health, Labour and Welfare", ["Ministry of Health; Labour and Welfare"], False),
        ("Smith, John", ["Smith; John"], False),
        ("World Health Organization (WHO)", ["World Health Organization (WHO)"], False),
    ],
)
def test_only_certain_persons_are_split(authors: str, names: list[str], others: bool) -> None:
    assert record(authors=authors)["authors"] == names
    persons = entry(authors=authors).persons["author"]
    assert (str(persons[-1]) == "others") is others
    bodies = [str(person) for person in persons if str(person).startswith("{")]
    assert [body.strip("{}").replace(",", ";") for body in bodies] == [name for name in names if not name.endswith((".", "Jr"))]


@pytest.mark.parametrize("written", ["ris", "bibtex"])
def test_authors_are_noted_as_given_where_names_cannot_say_them(written: str) -> None:
    def noted(authors: str) -> bool:
        notes = record(authors=authors)["notes"][0] if written == "ris" else entry(authors=authors).fields["annote"]
        return f"Authors as given: {authors}" in notes

    assert noted("Yawn BP et al. (NHLBI expert panel)")
    assert noted("Nguyen AT et al., CDC")
    assert noted("FitzGerald JD et al.") is (written == "ris")  # BibTeX has "and others"
    assert not noted("Arnold JJ, Hehn LE, Klein DA")
    assert not noted("US Preventive Services Task Force")


@pytest.mark.parametrize(
    ("venue", "expected"),
    [
        ("N Engl J Med 2011;365:981-992", ("N Engl J Med", "365", None, "981--992")),
        ("JAMA 2018;319(18):1901-1913", ("JAMA", "319", "18", "1901--1913")),
        ("Kidney Int 2022;102(5S):S1-S127", ("Kidney Int", "102", "5S", "S1--S127")),
        ("Diabetes Care 2024;47(Suppl 1):S158-S178", ("Diabetes Care", "47", "Suppl 1", "S158--S178")),
        ("Gastroenterology 2020;158(4):1131-1153.e5", ("Gastroenterology", "158", "4", "1131--1153.e5")),
        ("BMJ 2010;341:c5462", ("BMJ", "341", None, "c5462")),
        ("Cancers (Basel) 2018;10(10):342", ("Cancers (Basel)", "10", "10", "342")),
        ("Osteoporos Int 2019;30(9)", ("Osteoporos Int", "30", "9", None)),
        ("Cochrane Database Syst Rev 2013;CD000951", ("Cochrane Database Syst Rev", None, None, "CD000951")),
    ],
)
def test_a_journal_citation_is_an_article(venue: str, expected: tuple[str | None, ...]) -> None:
    made = entry(venue=venue)
    assert made.type == "article"
    assert tuple(made.fields.get(name) for name in ("journal", "volume", "number", "pages")) == expected
    also = record(venue=venue)
    assert also["type_of_reference"] == "JOUR"
    pages = "--".join(also[name] for name in ("start_page", "end_page") if name in also) or None
    assert (also["secondary_title"], also.get("volume"), also.get("number"), pages) == expected


@pytest.mark.parametrize(
    "venue",
    [
        "Prescribing information",
        "JAMA 2019",
        "CDC 2021",
        "RCUK, May 2021",
        "26 September 2024",
        "Federal Register 89:7528-7563 (2 February 2024)",
        "US labelling; Liver Int 2025;45:e70399",
        "Clin Infect Dis 2023 and hcvguidelines.org",
    ],
)
def test_any_other_venue_stays_as_it_was_given(venue: str) -> None:
    made = entry(venue=venue)
    assert (made.type, made.fields["howpublished"]) == ("misc", venue)
    also = record(venue=venue)
    assert (also["type_of_reference"], also["secondary_title"]) == ("RPRT", venue)
    assert "journal" not in made.fields and "volume" not in also


def test_a_venue_that_says_more_than_the_fields_is_noted() -> None:
    assert f"Published as: {GOUT['venue']}." in entry().fields["annote"]
    assert f"Published as: {GOUT['venue']}." in record()["notes"][0]
    printed_later = {"venue": "Ann Rheum Dis 2023;82:3-18", "year": 2022}
    assert entry(**printed_later).fields["year"] == record(**printed_later)["year"] == "2022"
    assert "Published as: Ann Rheum Dis 2023;82:3-18." in entry(**printed_later).fields["annote"]
    assert "Published as" not in entry(venue="N Engl J Med 2020;382:503-513").fields["annote"]


def test_the_disclaimer_is_in_both() -> None:
    head = bibtex([GOUT]).partition("@")[0]
    assert " ".join(head.replace("%", "").split()) == DISCLAIMER
    assert all(line.startswith("%") for line in head.split("\n") if line)
    assert all(one["notes"][-1] == DISCLAIMER for one in from_ris(GOUT, reference(number=2)))


def test_without_references_there_is_only_the_disclaimer() -> None:
    assert ris([]) == ""
    assert bibtex([]).startswith("% For education only.") and not from_bibtex().entries


def test_a_retraction_is_told() -> None:
    assert entry(retracted="2021-03-01").fields["note"] == "RETRACTED 2021-03-01."
    assert record(retracted="2021-03-01")["notes"][0] == "RETRACTED 2021-03-01."
    assert "retracted" in record(retracted="2021-03-01")["keywords"]
    assert "note" not in entry().fields


def test_a_reference_of_an_earlier_version_lacks_keys() -> None:
    old = {"number": 3, "type": "label", "title": "Colchicine tablets", "authors": "US labelling", "venue": "US labelling"}
    (made,) = from_bibtex(old).entries.values()
    assert dict(made.fields) == {
        "title": "{Colchicine tablets}",
        "keywords": "label",
        "annote": "Reference 3 of the answer.",
    }
    assert from_ris(old)[0]["authors"] == ["US labelling"]


def test_keys_are_readable_and_unique(shipped: list[dict[str, Any]]) -> None:
    made = from_bibtex(GOUT, GOUT, GOUT, reference(authors="US Preventive Services Task Force", year=2021, title="Screening"))
    expected = ["fitzgerald2020american", "fitzgerald2020americanb", "fitzgerald2020americanc", "uspstf2021screening"]
    assert list(made.entries) == expected
    assert [one["id"] for one in from_ris(GOUT, GOUT)] == expected[:2]
    keys = [str(key) for key in from_bibtex(*shipped).entries]
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", key) for key in keys) and len(set(keys)) == len(shipped)
    assert list(from_bibtex(reference(authors="世界保健機関", title="痛風")).entries) == ["reference2020"]


def test_links_are_written_as_they_are() -> None:
    doi, url = "10.1002/(SICI)1097_0142<1::AID>3.0.CO;2-#", "https://example.org/a_b?c=1&d=50%25;e~f#g"
    assert (entry(doi=doi, url=url).fields["doi"], entry(doi=doi, url=url).fields["url"]) == (doi, url)
    assert f"DO  - {doi}\n" in ris([reference(doi=doi)]) and f"UR  - {url}\n" in ris([reference(url=url)])
    assert entry(url="https://example.org/{a}}").fields["url"] == "https://example.org/%7Ba%7D%7D"


def test_a_text_cannot_begin_a_record_or_leave_its_field() -> None:
    title = 'A\nER  - \n\nTY  - JOUR\r\nTI  - B}\n}\n@article{evil, title = "x"}'
    assert record(title=title)["title"] == on_one_line(title)
    assert plain(entry(title=title).fields["title"]) == on_one_line(title)


texts = st.text(st.one_of(st.sampled_from("\\{}$^~#%&_\"'`-,;.()@ \n aB"), st.characters(exclude_categories=["Cs"])), max_size=40)


@settings(max_examples=150, deadline=None)
@given(texts, texts, texts)
def test_any_text_survives_both_formats(title: str, authors: str, venue: str) -> None:
    made = reference(title=title, authors=authors, venue=venue)
    (one,), (other,) = from_ris(made), from_bibtex(made).entries.values()
    title, authors, venue = map(on_one_line, (title, authors, venue))
    assert one.get("title", "") == title
    assert plain(other.fields.get("title", "")) == title
    if other.type == "misc" and venue != authors:
        assert plain(other.fields.get("howpublished", "")) == one.get("secondary_title", "") == venue
    names = "".join(plain(str(person)) for person in other.persons.get("author", []))
    same = re.sub(r"[\s.,]", "", names) == re.sub(r"[\s.,]", "", authors)  # commas and full stops apart
    assert same or "others" in names or f"Authors as given: {authors}" in plain(other.fields["annote"])


def on_one_line(text: str) -> str:
    """One space for all white space and control characters (the first 32, 127 to 159) in a row, none at the ends."""
    return " ".join("".join(" " if ord(letter) < 32 or 127 <= ord(letter) < 160 else letter for letter in text).split())
