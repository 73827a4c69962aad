"""MedQuAD, MedlinePlus and JATS: what their files say arrives whole, with sections, lists, tables, references and dates."""

from __future__ import annotations

import datetime as dt
import re
import resource
from pathlib import Path

import pytest

from corpus.importing.types import Document, NotTaken, Options
from corpus.types import ReferenceType
from tests.formats import OPTIONS, article, outline, parsed, written

MEDQUAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="0000001_1" source="CancerGov" url="https://www.cancer.gov/types/lip/patient/lip-treatment-pdq">
<Focus>Lip and Oral Cavity Cancer</Focus>
<FocusAnnotations><UMLS><CUIs><CUI>C0153340</CUI></CUIs></UMLS></FocusAnnotations>
<QAPairs>
  <QAPair pid="1">
    <Question qid="0000001_1-1" qtype="information">What is (are) Lip and Oral Cavity Cancer ?</Question>
    <Answer>
    Key Points
        - It is a disease in which cells &lt; 2 cm form.
        - Alcohol use can affect the risk. [2]
          - Even a little.

    The lip and oral cavity include:

        - The front two thirds of the tongue.
    </Answer>
  </QAPair>
  <QAPair pid="2">
    <Question qid="0000001_1-2" qtype="treatment">What are the treatments ?</Question>
    <Answer></Answer>
  </QAPair>
</QAPairs>
</Document>
"""

TOPICS = """<?xml version="1.0" encoding="UTF-8"?>
<health-topics total="3" date-generated="11/20/2026 02:30:31">
<health-topic meta-desc="Learn about A1C." title="A1C" url="https://medlineplus.gov/a1c.html" id="6308" language="English"
 date-created="12/22/2015">
<also-called>HbA1C</also-called><also-called>Glycohemoglobin</also-called>
<full-summary>&lt;h3&gt;What is it?&lt;/h3&gt;&lt;p&gt;A blood test for &lt;a
 href="https://medlineplus.gov/diabetes.html"&gt;type 2
 diabetes&lt;/a&gt;.&lt;/p&gt;&lt;ul&gt;&lt;li&gt;Normal: below 5.7%&lt;/li&gt;&lt;li&gt;Prediabetes&lt;ul&gt;&lt;li&gt;5.7% to
 6.4%&lt;/li&gt;&lt;/ul&gt;&lt;/li&gt;&lt;/ul&gt;</full-summary>
<group url="https://medlineplus.gov/diabetesmellitus.html" id="30">Diabetes Mellitus</group>
<mesh-heading><descriptor id="D006442">Glycated Hemoglobin</descriptor></mesh-heading>
<primary-institute>National Institute of Diabetes</primary-institute>
<site title="A1C and diabetes" url="https://example.org/a1c"><information-category>Specifics</information-category></site>
</health-topic>
<health-topic title="A1C" url="https://medlineplus.gov/spanish/a1c.html" id="6309" language="Spanish" date-created="12/22/2015">
<full-summary>&lt;p&gt;Un examen de sangre.&lt;/p&gt;</full-summary></health-topic>
<health-topic title="Empty" url="https://medlineplus.gov/e.html" id="9" language="English" date-created="01/02/2003"/>
</health-topics>
"""

FRONT = """<front><journal-meta><journal-title-group>
<journal-title>Journal of Gout</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="pmc">PMC123</article-id><article-id pub-id-type="doi">10.1000/gout.1</article-id>
<title-group><article-title>Allopurinol in <italic>gout</italic></article-title><subtitle>a trial</subtitle></title-group>
<pub-date pub-type="collection"><year>2021</year></pub-date>
<pub-date pub-type="epub"><day>4</day><month>5</month><year>2021</year></pub-date>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Open.</license-p></license></permissions>
<abstract><sec><title>Background</title><p>Gout is common.</p></sec></abstract></article-meta></front>"""
BODY = """<body><sec><label>1</label><title>Introduction</title>
<p>Known [<xref ref-type="bibr" rid="b1">1</xref>–<xref ref-type="bibr" rid="b3">3</xref>] and
painful<sup><xref ref-type="bibr" rid="b2">2</xref>,<xref ref-type="bibr" rid="b3">3</xref></sup>. Platelets 10<sup>9</sup>/L; see
[9] and <xref ref-type="table" rid="t1">Table 1</xref>.</p>
<sec><title>Doses</title><p>We gave:<list list-type="order"><list-item><label>1.</label>
<p>allopurinol 100 mg<list list-type="bullet">
<list-item><p>daily</p></list-item></list></p></list-item><list-item><p>colchicine</p></list-item></list> and then stopped.</p>
<def-list><def-item><term>ULT</term><def><p>urate-lowering therapy</p></def></def-item></def-list>
<table-wrap id="t1"><label>Table 1</label><caption><title>Baseline</title></caption><table>
<thead><tr><th rowspan="2">Arm</th><th colspan="2">Urate</th></tr><tr><th>mg/dL</th><th>n</th></tr></thead>
<tbody><tr><td rowspan="2">A</td><td>6.1<sup>a</sup></td><td>10</td></tr><tr><td>6.2</td><td>11</td></tr></tbody></table>
<table-wrap-foot><fn><label>a</label><p>Adjusted.</p></fn></table-wrap-foot></table-wrap></sec></sec></body>"""
BACK = """<back><ack><p>We thank the patients.</p></ack><ref-list><title>References</title>
<ref id="b1"><element-citation><person-group person-group-type="author"><name><surname>FitzGerald</surname>
<given-names>JD</given-names></name><etal/></person-group>
<article-title>2020 ACR Guideline for the Management of Gout</article-title>
<source>Arthritis Rheumatol</source><year>2020</year><volume>72</volume><fpage>879</fpage><lpage>895</lpage>
<pub-id pub-id-type="doi">10.1002/art.41247</pub-id><pub-id pub-id-type="pmid">32390306</pub-id></element-citation></ref>
<ref id="b2"><mixed-citation>Smith A. Plain words. Lancet 2010. doi:10.1000/x.y.</mixed-citation></ref>
<ref id="b3"><element-citation><source>A book</source><year>2001</year></element-citation></ref></ref-list></back>"""
DOCTYPE = '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2 20190208//EN" "JATS-archivearticle1.dtd">'


def jats(front: str = FRONT, *, kind: str = "research-article", doctype: str = DOCTYPE) -> str:
    return (
        f'<?xml version="1.0"?>\n{doctype}\n<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="{kind}">'
        f"{front}{BODY}{BACK}</article>"
    )


def test_a_medquad_topic_has_each_answered_question_as_its_heading(tmp_path: Path) -> None:
    found = article("medquad", written(tmp_path / "0000001_1.xml", MEDQUAD))
    asked = "What is (are) Lip and Oral Cavity Cancer ?"
    assert outline(found) == [
        (asked, "paragraph", "Key Points", ()),
        (asked, "item", "It is a disease in which cells < 2 cm form.", ()),
        (asked, "item", "Alcohol use can affect the risk. [\u200c2]", ()),
        (asked, "item", "Even a little.", ()),
        (asked, "paragraph", "The lip and oral cavity include:", ()),
        (asked, "item", "The front two thirds of the tongue.", ()),
    ]
    assert "  - Even a little." in found.body.splitlines()
    assert "treatments" not in found.body
    assert (found.source_id, found.title, found.source) == (
        "CancerGov_0000001_1",
        "Lip and Oral Cavity Cancer",
        "MedQuAD: CancerGov",
    )
    assert (found.url, found.licence) == ("https://www.cancer.gov/types/lip/patient/lip-treatment-pdq", "CC BY 4.0")


def test_medquad_knows_its_licence_and_names_a_topic_without_focus_after_its_question(tmp_path: Path) -> None:
    path = written(tmp_path / "1.xml", re.sub("<Focus>.*</Focus>", "<Focus/>", MEDQUAD))
    found = article("medquad", path, Options())
    assert (found.title, found.licence) == ("What is (are) Lip and Oral Cavity Cancer ?", "CC BY 4.0 (MedQuAD)")


def test_medquad_without_answers_is_not_taken(tmp_path: Path) -> None:
    path = written(tmp_path / "1.xml", re.sub("<Answer>.*?</Answer>", "<Answer> </Answer>", MEDQUAD, flags=re.DOTALL))
    with pytest.raises(NotTaken, match="no answers: all of its 2 are empty"):
        parsed("medquad", path)


def test_medlineplus_gives_english_topics_and_names_the_empty_one(tmp_path: Path) -> None:
    found, refused = parsed("medlineplus", written(tmp_path / "mplus.xml", TOPICS), Options())
    assert isinstance(found, Document)
    assert outline(found) == [
        ("", "paragraph", "Also called: HbA1C, Glycohemoglobin", ()),
        ("What is it?", "paragraph", "A blood test for type 2 diabetes.", ()),
        ("What is it?", "item", "Normal: below 5.7%", ()),
        ("What is it?", "item", "Prediabetes", ()),
        ("What is it?", "item", "5.7% to 6.4%", ()),
    ]
    assert (found.source_id, found.source, found.specialty) == ("6308", "MedlinePlus", "Diabetes Mellitus")
    assert (found.published, found.licence) == (dt.date(2015, 12, 22), "US public domain (NLM)")
    assert isinstance(refused, NotTaken)
    assert str(refused) == "topic 9 (Empty): it has no full-summary"


def test_medlineplus_is_read_in_constant_memory(tmp_path: Path) -> None:
    head, topic, rest = re.fullmatch(r"(.*?)(<health-topic .*?</health-topic>)(.*)", TOPICS, re.DOTALL).groups()  # type: ignore[union-attr]
    path = written(tmp_path / "mplus.xml", head + topic.replace("5.7%", "x" * 20_000) * 500 + rest)
    assert path.stat().st_size > 20_000_000
    from corpus.importing.formats.medlineplus import documents

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(isinstance(each, Document) for each in documents(path, OPTIONS)) == 500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # kilobytes


def test_a_jats_article_keeps_sections_lists_tables_and_marks(tmp_path: Path) -> None:
    found = article("jats", written(tmp_path / "a.nxml", jats()), Options())
    doses = "Introduction > Doses"
    assert outline(found) == [
        ("Abstract > Background", "paragraph", "Gout is common.", ()),
        (
            "Introduction",
            "paragraph",
            "Known [1, 2, 3] and painful [2, 3]. Platelets 10⁹/L; see [\u200c9] and Table 1.",
            (1, 2, 3),
        ),
        (doses, "paragraph", "We gave:", ()),
        (doses, "item", "allopurinol 100 mg", ()),
        (doses, "item", "daily", ()),
        (doses, "item", "colchicine", ()),
        (doses, "paragraph", "and then stopped.", ()),
        (doses, "item", "ULT: urate-lowering therapy", ()),
        (doses, "paragraph", "Table 1. Baseline", ()),
        (doses, "row", "A | 6.1(a) | 10", ()),
        (doses, "row", "A | 6.2 | 11", ()),
        (doses, "paragraph", "a. Adjusted.", ()),
    ]
    assert "| Arm | Urate mg/dL | Urate n |" in found.body
    assert "2. colchicine" in found.body


def test_a_jats_article_keeps_its_front_and_references(tmp_path: Path) -> None:
    found = article("jats", written(tmp_path / "a.nxml", jats()), Options())
    assert (found.source_id, found.title, found.source) == ("PMC123", "Allopurinol in gout: a trial", "Journal of Gout")
    assert (found.url, found.licence, found.published) == ("https://doi.org/10.1000/gout.1", "CC BY 4.0", dt.date(2021, 5, 4))
    first, second, third = found.references
    assert (first.type, first.title) == (ReferenceType.GUIDELINE, "2020 ACR Guideline for the Management of Gout")
    assert (first.authors, first.venue) == ("FitzGerald JD et al.", "Arthritis Rheumatol 2020;72:879-895")
    assert (first.year, first.doi, first.pmid) == (2020, "10.1002/art.41247", "32390306")
    assert (second.id, second.title, second.doi) == (2, "Smith A. Plain words. Lancet 2010. doi:10.1000/x.y.", "10.1000/x.y")
    assert (third.type, third.title, third.year) == (ReferenceType.RESEARCH, "A book", 2001)


def test_several_jats_articles_in_one_file_are_taken_one_by_one(tmp_path: Path) -> None:
    two = "".join(
        re.sub(r"^.*?(<article )", r"\1", jats(kind=kind), flags=re.DOTALL) for kind in ("retraction", "research-article")
    )
    refused, found = parsed("jats", written(tmp_path / "set.xml", f"<pmc-articleset>{two}</pmc-articleset>"))
    assert isinstance(refused, NotTaken)
    assert isinstance(found, Document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (jats(kind="retraction"), "retracted"),
        (jats(FRONT.replace("Allopurinol in", "RETRACTED: Allopurinol in")), "retracted"),
        (
            jats(FRONT.replace("</article-meta>", '<related-article related-article-type="retraction-forward"/></article-meta>')),
            "retracted",
        ),
        (jats(re.sub("<permissions>.*</permissions>", "", FRONT)), "licence"),
        (jats("<front/>"), "no <article-meta>"),
        (jats()[:900], "not well-formed XML"),
        (MEDQUAD, "the root element is <document>"),
        ("", "empty"),
        ("%PDF-1.7", "a PDF"),
        (jats(doctype='<!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares the entity x"),
        (
            jats(doctype='<!DOCTYPE article [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'),
            "declares the entity",
        ),
        (jats().replace("Gout is common.", "10&nbsp;mg"), "nbsp"),
    ],
)
def test_what_is_no_article_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(NotTaken, match=reason):
        parsed("jats", written(tmp_path / "a.xml", text), Options())
