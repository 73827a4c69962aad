"""PDFs and Word documents: headings, lists, tables, notes, references and dates; bombs and broken files are refused."""

from __future__ import annotations

import datetime as dt
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt

from corpus.importing.types import NotTaken
from tests.formats import article, outline, parsed, written
from tests.papers import Line, assembled, write_pdf

PAGE = [
    Line(72, 800, "Ministry of Health 2024", 9),
    Line(72, 770, "Gout: treatment", 20, True),
    Line(72, 748, "guideline", 20, True),
    Line(72, 715, "Flares", 15, True),
    Line(72, 690, "Colchicine is given within 12 hours of the start of a flare, and again an"),
    Line(72, 676, "hour later. It is not for people with severe renal disease [1]. Plate-"),
    Line(72, 662, "lets go with low-"),
    Line(72, 648, "dose aspirin: 10"),
    Line(155, 652, "9", 7),
    Line(160, 648, "/L."),
    Line(72, 625, "Platelets are counted."),
    Line(72, 610, "• first item"),
    Line(72, 596, "• second item that goes on to the"),
    Line(82, 582, "next line"),
    Line(90, 568, "– within it"),
    Line(72, 540, "Doses", 11, True),
    Line(72, 515, "Drug", 11, True),
    Line(200, 515, "Dose", 11, True),
    Line(72, 501, "Colchicine"),
    Line(200, 501, "0.5 mg"),
    Line(72, 487, "Naproxen"),
    Line(200, 487, "500 mg"),
    Line(72, 460, "This sentence goes over to the"),
    Line(300, 30, "Page 1"),
]
SECOND = [
    Line(72, 800, "Ministry of Health 2024", 9),
    Line(72, 770, "next page, where it ends [2]."),
    Line(72, 740, "References", 15, True),
    Line(72, 715, "1. Smith A. Colchicine. Lancet 2010;1:2. doi:10.1000/abc"),
    Line(72, 701, "2. ACR guideline 2020, a title that goes on"),
    Line(82, 687, "to the next line."),
    Line(300, 30, "Page 2"),
]


def test_a_pdf_keeps_headings_paragraphs_lists_tables_and_references(tmp_path: Path) -> None:
    found = article("pdf", write_pdf(tmp_path / "gout.pdf", [PAGE, SECOND], info="/CreationDate (D:20240503101500Z)"))
    assert outline(found) == [
        ("Flares", "paragraph", "Colchicine is given within 12 hours of the start of a flare, and again an hour later. It is not "
         "for people with severe renal disease [1]. Platelets go with low-dose aspirin: 10⁹/L.", (1,)),
        ("Flares", "paragraph", "Platelets are counted.", ()),
        ("Flares", "item", "first item", ()),
        ("Flares", "item", "second item that goes on to the next line", ()),
        ("Flares", "item", "within it", ()),
        ("Flares > Doses", "row", "Colchicine | 0.5 mg", ()),
        ("Flares > Doses", "row", "Naproxen | 500 mg", ()),
        ("Flares > Doses", "paragraph", "This sentence goes over to the next page, where it ends [2].", (2,)),
    ]  # fmt: skip
    assert "| Drug | Dose |" in found.body
    assert (found.title, found.source_id, found.published) == ("Gout: treatment guideline", "gout.pdf", dt.date(2024, 5, 3))
    assert [(each.id, each.type.value, each.doi) for each in found.references] == [
        (1, "research", "10.1000/abc"),
        (2, "guideline", None),
    ]
    assert found.references[1].title == "ACR guideline 2020, a title that goes on to the next line."


def test_columns_of_a_page_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = ["The left column has its own text, which", "goes on in its second line, then in its", "third line."]
    right = ["The right column has another text and", "it too goes on in its second line, then", "in its third line."]
    page = [Line(x, 700 - 14 * at, text) for at in range(3) for x, text in ((50, left[at]), (320, right[at]))]
    found = article("pdf", write_pdf(tmp_path / "a.pdf", [page]))
    assert [text for _, _, text, _ in outline(found)] == [" ".join(left), " ".join(right)]


def with_content(content: bytes, form: bytes) -> bytes:
    """One page with this content, which may draw a form X1."""
    resources = b"/Resources << /Font << /F1 5 0 R >> /XObject << /X1 6 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % resources
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    return assembled([*tree, page, content, font, form], b"/Root 1 0 R")


def bomb(*, form: bool = False) -> bytes:
    """A page whose content, or the form that it draws, unpacks to 300 megabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    kind = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> >>" if form else b""
    stream = b"<< " + kind + b" /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    drawing = b"BT /F1 11 Tf (Before the form.) Tj ET /X1 Do"
    small = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing)
    return with_content(small, stream) if form else with_content(stream, b"null")


def looping() -> bytes:
    """A tree of pages that is its own child."""
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"], b"/Root 1 0 R")


def pages(count: int) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    kids = b" ".join(b"3 0 R" for _ in range(count))
    return assembled(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count), page], b"/Root 1 0 R"
    )


def encrypted(tmp_path: Path) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(write_pdf(tmp_path / "open.pdf", [PAGE])))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    return (tmp_path / "locked.pdf").read_bytes()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: b"", "empty"),
        (lambda folder: b"<html>", "not a PDF"),
        (lambda folder: b"PK\x03\x04", "a zip archive"),
        (lambda folder: b"%PDF-1.7\nnonsense", "damaged"),
        (lambda folder: write_pdf(folder / "x.pdf", [[]]).read_bytes(), "scan"),
        (lambda folder: write_pdf(folder / "x.pdf", [PAGE]).read_bytes()[:900], "damaged"),
        (lambda folder: looping(), "cyclic"),
        (lambda folder: pages(2_001), "2,001 pages"),
        (lambda folder: pages(10_000), "10,000 pages"),
        (lambda folder: bomb(), "asks for more memory"),
        (lambda folder: bomb(form=True), "a part of a page cannot be read"),
        (encrypted, "encrypted"),
    ],
)
def test_a_pdf_that_cannot_be_read_is_refused_within_two_seconds(
    tmp_path: Path, make: Callable[[Path], bytes], reason: str
) -> None:
    path = written(tmp_path / "a.pdf", make(tmp_path))
    started = time.monotonic()
    with pytest.raises(NotTaken, match=reason):
        parsed("pdf", path)
    assert time.monotonic() - started < 2


def word(path: Path, fill: Callable[[Any], None]) -> Path:
    """A Word document made with python-docx."""
    made = docx.Document()
    fill(made)
    made.save(str(path))
    return path


def add(paragraph: Any, xml: str) -> None:
    """Puts WordprocessingML into a paragraph."""
    for element in parse_xml(f"<w:x {nsdecls('w')}>{xml}</w:x>"):
        paragraph._p.append(element)


def guideline(made: Any) -> None:
    made.core_properties.created = dt.datetime(2024, 5, 3, 10)
    made.add_heading("Gout guideline", 0)
    made.add_heading("Treatment", 1)
    text = made.add_paragraph("Platelets 10")
    text.add_run("9").font.superscript = True
    text.add_run("/L [1]")
    text.add_run(" old dose").font.strike = True
    add(text, '<w:ins w:id="1" w:author="a"><w:r><w:t> inserted</w:t></w:r></w:ins>')
    add(text, '<w:del w:id="2" w:author="a"><w:r><w:delText> deleted</w:delText></w:r></w:del>')
    add(text, "<w:sdt><w:sdtContent><w:r><w:t> controlled.</w:t></w:r></w:sdtContent></w:sdt>")
    for style, line in (("List Bullet", "a"), ("List Bullet 2", "b"), ("List Number", "one"), ("List Number", "two")):
        made.add_paragraph(line, style=style)
    made.add_heading("Doses", 2)
    table = made.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, (("Drug", "Dose"), ("Allopurinol", "100 mg"), ("", "300 mg")), strict=True):
        for cell, line in zip(row.cells, cells, strict=True):
            cell.text = line
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(1, 1).add_paragraph("daily")
    made.add_paragraph("Small print").runs[0].font.size = Pt(8)


def test_a_word_document_keeps_headings_lists_tables_and_changes(tmp_path: Path) -> None:
    found = article("docx", word(tmp_path / "gout.docx", guideline))
    assert outline(found) == [
        ("Treatment", "paragraph", "Platelets 10⁹/L [\u200c1] inserted controlled.", ()),
        ("Treatment", "item", "a", ()),
        ("Treatment", "item", "b", ()),
        ("Treatment", "item", "one", ()),
        ("Treatment", "item", "two", ()),
        ("Treatment > Doses", "row", "Allopurinol | 100 mg; daily", ()),
        ("Treatment > Doses", "row", "Allopurinol | 300 mg", ()),
        ("Treatment > Doses", "paragraph", "Small print", ()),
    ]
    assert "- a\n  - b\n1. one\n2. two\n" in found.body
    assert "| Drug | Dose |" in found.body
    assert (found.title, found.source_id, found.published) == ("Gout guideline", "gout.docx", dt.date(2024, 5, 3))


def with_footnotes(made: Any) -> None:
    made.add_heading("Only heading", 1)
    add(made.add_paragraph("Give colchicine"), '<w:r><w:footnoteReference w:id="7"/></w:r><w:r><w:t> early.</w:t></w:r>')
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote w:type='separator' w:id='0'><w:p/></w:footnote>"
        "<w:footnote w:id='7'><w:p><w:r><w:t>Smith A. Lancet 2010. doi:10.1000/x</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, notes.encode(), made.part.package)
    made.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def test_footnotes_are_references_with_their_marks(tmp_path: Path) -> None:
    found = article("docx", word(tmp_path / "n.docx", with_footnotes))
    assert outline(found) == [("", "paragraph", "Give colchicine [1] early.", (1,))]
    assert [(each.id, each.title, each.doi) for each in found.references] == [
        (1, "Smith A. Lancet 2010. doi:10.1000/x", "10.1000/x")
    ]
    assert found.title == "Only heading"


def with_list_of_references(made: Any) -> None:
    made.add_heading("Treatment", 1)
    made.add_paragraph("Give colchicine [1], not more [2].")
    made.add_heading("References", 1)
    for line in ("Smith A. Lancet 2010.", "ACR guideline."):
        made.add_paragraph(line, style="List Number")


def test_a_list_of_references_is_taken_out_of_the_text(tmp_path: Path) -> None:
    found = article("docx", word(tmp_path / "n.docx", with_list_of_references))
    assert [block[2:] for block in outline(found)] == [("Give colchicine [1], not more [2].", (1, 2))]
    assert [each.title for each in found.references] == ["Smith A. Lancet 2010.", "ACR guideline."]


def repacked(tmp_path: Path, change: Callable[[zipfile.ZipFile], None], without: str = "") -> bytes:
    """A Word document's archive with something put into it or left out."""
    path = word(tmp_path / "good.docx", guideline)
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(tmp_path / "bad.docx", "w", zipfile.ZIP_DEFLATED) as bad:
        for entry in good.infolist():
            if entry.filename != without:
                bad.writestr(entry, good.read(entry))
        change(bad)
    return (tmp_path / "bad.docx").read_bytes()


def many(archive: zipfile.ZipFile) -> None:
    for number in range(5_001):
        archive.writestr(f"x/{number}", b"")


TEXT = "<w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body>"
ENTITIES = f'<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document {nsdecls("w")}>{TEXT}</w:document>'
MAIN = "word/document.xml"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: b"", "empty"),
        (lambda folder: b"%PDF-1.7", "a PDF, not a Word document"),
        (lambda folder: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or encrypted Office"),
        (lambda folder: b"PK\x03\x04 nonsense", "damaged"),
        (lambda folder: repacked(folder, lambda archive: archive.writestr("word/media/x", b"\0" * 15_000_000)), "would swell"),
        (lambda folder: repacked(folder, lambda archive: archive.writestr("../../etc/x", b"x")), "outside of it"),
        (lambda folder: repacked(folder, lambda archive: archive.writestr("/etc/x", b"x")), "outside of it"),
        (lambda folder: repacked(folder, many), "entries"),
        (lambda folder: repacked(folder, lambda archive: None, MAIN), "no word/document.xml"),
        (lambda folder: repacked(folder, lambda archive: archive.writestr(MAIN, "<x"), MAIN), "can be read"),
        (lambda folder: repacked(folder, lambda archive: archive.writestr(MAIN, ENTITIES), MAIN), "DTD"),
        (lambda folder: word(folder / "e.docx", lambda made: None).read_bytes(), "no text"),
    ],
)
def test_a_word_document_that_is_not_safe_or_whole_is_refused(tmp_path: Path, make: Callable[[Path], bytes], reason: str) -> None:
    path = written(tmp_path / "a.docx", make(tmp_path))
    started = time.monotonic()
    with pytest.raises(NotTaken, match=reason):
        parsed("docx", path)
    assert time.monotonic() - started < 2
