"""Tables, lists and page edges of PDFs as programs really write them: printed by Chromium, and drawn as others draw them."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from pathlib import Path

import pytest

from corpus.importing.rendering import render
from corpus.importing.types import Document
from corpus.linting import lint_article
from tests.formats import article, outline
from tests.papers import Line, assembled, write_pdf

CHROMIUM = Path("/usr/bin/chromium")
TODAY = dt.date(2026, 11, 23)
DOSES = [("Drug", "Start", "Maximum"), ("Allopurinol", "100 mg", "800 mg"), ("Febuxostat", "40 mg", "80 mg")]
TABLE = "| Drug | Start | Maximum |\n|---|---|---|\n| Allopurinol | 100 mg | 800 mg |\n| Febuxostat | 40 mg | 80 mg |"
PROSE = "Urate is kept low by these drugs, which are started at the dose that is named here."


def chromium_pdf(folder: Path, body: str) -> Path:
    """The page as Chromium prints it, with its header (day, time, title) and footer (file:///…, page)."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium; install it with: apt-get install chromium")
    page, made = folder / "page.html", folder / "page.pdf"
    page.write_text(f"<!doctype html><title>Gout doses</title><body><h1>Gout doses</h1>{body}</body>", "utf-8")
    options = ["--headless", "--no-sandbox", f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
    command = [str(CHROMIUM), *options, str(page)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made


def html_table(*rows: tuple[str, ...], border: int = 0) -> str:
    head, *others = ("".join(f"<{cell}>{text}</{cell}>" for text in row) for cell, row in _cells(rows))
    return f"<table border={border}><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in others)}</table>"


def _cells(rows: tuple[tuple[str, ...], ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [("td" if at else "th", row) for at, row in enumerate(rows)]


def drawn(folder: Path, content: str) -> Document:
    """The document of one page with this content; F1 is Helvetica."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
    stream = content.encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    path = folder / "a.pdf"
    path.write_bytes(assembled(objects, b"/Root 1 0 R"))
    return article("pdf", path)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Document:
    body = f"""<p>{PROSE}</p><h2>Doses</h2>{html_table(*DOSES, border=1)}
    <ul><li>First point<ul><li>Inner point</li></ul></li><li>Second point</li></ul>
    <h2>Age</h2>{html_table(("Age", "Dose"), ("Adult", "5 mg"), ("Child", "2 mg"))}
    <h2>Wrapped</h2><table border=1 style="width:60%"><tr><th>Drug</th><th>Child</th><th>Note on its use</th></tr>
    <tr><td>Amoxicillin</td><td align=right>50 mg/kg</td><td>With or without food, in three doses a day, and for <b>five</b> days
    in all</td></tr><tr><td>Doxycycline</td><td></td><td>Not under 12 years</td></tr></table>
    <h2>References</h2><ol><li>Smith A. Gout trial. J Gout 2020;1:2-3.</li></ol>"""
    return article("pdf", chromium_pdf(tmp_path_factory.mktemp("printed"), body))


def test_a_table_that_chromium_prints_stays_a_table(printed: Document) -> None:
    assert TABLE in printed.body
    assert "## Age\n\n| Age | Dose |\n|---|---|\n| Adult | 5 mg |\n| Child | 2 mg |\n" in printed.body


def test_a_cell_over_several_lines_stays_one_and_an_empty_one_empty(printed: Document) -> None:
    wrapped = "| Amoxicillin | 50 mg/kg | With or without food, in three doses a day, and for five days in all |"
    assert (
        f"| Drug | Child | Note on its use |\n|---|---|---|\n{wrapped}\n| Doxycycline |  | Not under 12 years |" in printed.body
    )


def test_bullets_that_are_drawn_make_a_list(printed: Document) -> None:
    assert "- First point\n  - Inner point\n- Second point\n" in printed.body


def test_what_a_browser_prints_at_the_edges_of_its_pages_is_left_out(printed: Document) -> None:
    assert [each.title for each in printed.references] == ["Smith A. Gout trial. J Gout 2020;1:2-3."]
    assert "file:" not in printed.body
    assert "PM" not in printed.body


def row(y: int, *cells: tuple[int, str]) -> str:
    """A row as some programs draw it: one text object, moved on from cell to cell."""
    moves = [f"{x - before} 0 Td ({text}) Tj" for (x, text), before in zip(cells, [0, *(x for x, _ in cells)], strict=False)]
    return f"BT /F1 11 Tf 1 0 0 1 0 {y} Tm {' '.join(moves)} ET\n"


LEAD = f"BT /F1 11 Tf 1 0 0 1 72 700 Tm ({PROSE}) Tj ET\n"
XS = (72, 130, 172)
ROWS = [(640 - 14 * at, list(zip(XS, cells, strict=True))) for at, cells in enumerate(DOSES)]
#: The same three rows as programs draw them.
MAKES = {
    "cells placed one by one": "".join(
        f"BT /F1 11 Tf 1 0 0 1 {x} {y} Tm ({text}) Tj T* ET\n" for y, cells in ROWS for x, text in cells
    ),
    "cells of one text object": "".join(row(y, *cells) for y, cells in ROWS),
    "cells from right to left": "".join(
        f"BT /F1 11 Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n" for y, cells in ROWS for x, text in reversed(cells)
    ),
}


@pytest.mark.parametrize("content", MAKES.values(), ids=MAKES.keys())
def test_rows_are_found_however_a_program_draws_them(content: str, tmp_path: Path) -> None:
    found = drawn(tmp_path, LEAD + content)
    assert [text for _, kind, text, _ in outline(found) if kind == "row"] == [" | ".join(cells) for cells in DOSES]


def test_gaps_within_one_text_part_columns(tmp_path: Path) -> None:
    # Helvetica's widths of the first texts, in thousandths: all second columns begin at 150 points.
    texts = [("Mild", "5 mg", 1722), ("Severe", "10 mg", 3057)]
    rows = [
        f"BT /F1 10 Tf 1 0 0 1 72 {640 - 14 * at} Tm [({a}) {wide - 7800} ({b})] TJ ET\n" for at, (a, b, wide) in enumerate(texts)
    ]
    found = drawn(tmp_path, LEAD + "".join(rows))
    assert [text for _, kind, text, _ in outline(found) if kind == "row"] == ["Mild | 5 mg", "Severe | 10 mg"]


def test_rows_as_near_as_lines_never_make_one_dose_of_two(tmp_path: Path) -> None:
    rows = [*ROWS, (598, [(130, "5 mg"), (172, "10 mg")]), (584, [(72, "Probenecid"), (130, "250 mg"), (172, "2 g")])]
    found = drawn(tmp_path, LEAD + "".join(row(y, *cells) for y, cells in rows))
    assert "| Febuxostat | 40 mg | 80 mg |\n|  | 5 mg | 10 mg |\n| Probenecid | 250 mg | 2 g |" in found.body


def test_words_that_are_placed_one_by_one_are_a_paragraph(tmp_path: Path) -> None:
    texts = ["Urate is kept low by these drugs", "which are begun at a small dose and", "raised until the goal is reached."]
    lines = [row(640 - 14 * at, *_placed(text)) for at, text in enumerate(texts)]
    assert [text for _, _, text, _ in outline(drawn(tmp_path, LEAD + "".join(lines)))][-1] == " ".join(texts)


def _placed(text: str) -> list[tuple[int, str]]:
    words, x = [], 72
    for word in text.split():
        words.append((x, word))
        x += 6 * len(word) + 3
    return words


def test_columns_of_a_page_of_which_one_is_longer_lose_no_line(tmp_path: Path) -> None:
    left = ["The left column has its own text, which", "goes on in its second line, then in its", "third line."]
    right = [
        "The right column has another text and",
        "it too goes on in its second line, then",
        "in its third line, and",
        "a fourth.",
    ]
    lines = [Line(x, 700 - 14 * at, text) for at in range(3) for x, text in ((50, left[at]), (320, right[at]))]
    found = article("pdf", write_pdf(tmp_path / "a.pdf", [[*lines, Line(320, 658, right[3])]]))
    assert [text for _, _, text, _ in outline(found)] == [" ".join(left), " ".join(right)]


def rules(folder: Path, document: Document, status: str = "submitted") -> list[str]:
    """What the check says of the article's layout."""
    made = render(document, TODAY)
    text = made.text(made.ids[0]).replace("status: submitted", f"status: {status}")
    path = folder / f"{made.ids[0]}.md"
    path.write_text(text, "utf-8")
    report = lint_article(path, today=TODAY)
    assert report.articles
    return [one.message for one in report.problems if one.rule == "pdf-layout"]


def test_staff_are_told_of_tables_and_of_figures_side_by_side_until_they_approve(tmp_path: Path) -> None:
    run_together = "Drug Start Maximum Allopurinol 100 mg 800 mg"
    doses = drawn(tmp_path, f"{LEAD}BT /F1 11 Tf 1 0 0 1 72 600 Tm ({run_together}) Tj ET\n" + MAKES["cells placed one by one"])
    together, table = rules(tmp_path, doses)
    assert re.fullmatch(r"columns of figures from a PDF may have run together \(line \d+\): compare with the source", together)
    assert table == "3 rows of tables were put together from a PDF: compare each with the source"
    assert rules(tmp_path, doses, "approved\nreviewed_by: Dr A\nreviewed_on: 2026-11-23") == []
    plain = drawn(tmp_path, f"{LEAD}BT /F1 11 Tf 1 0 0 1 72 600 Tm (Give 100 mg first, then 200 mg a day.) Tj ET\n")
    assert rules(tmp_path, plain) == []
