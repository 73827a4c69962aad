"""Web pages and Markdown: the main part whole, with levels, nested lists, tables, references and dates; nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from corpus.importing.types import NotTaken
from tests.formats import article, outline, parsed, written

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Hypertension in pregnancy | Ministry</title>
<link rel="canonical" href="https://health.example.org/guidelines/htn"><style>p { color: red }</style>
<meta property="article:modified_time" content="2025-01-02T10:00:00Z"><meta name="dcterms.issued" content="2023-11-30">
</head><body>
<header><h1>Ministry of Health</h1></header><nav><ul><li><a href="/">Home</a></li></ul></nav>
<main>
<h1>Hypertension in <em>pregnancy</em></h1>
<script>alert("no")</script>
<h2>Treatment</h2>
<p>Give <i>labetalol</i> 100&nbsp;mg <b>twice</b> daily, <i>unless</i> asthma<sup><a href="#r2">2</a></sup>. Platelets
 10<sup>9</sup>/L, CO<sub>2</sub>; the 20<sup>th</sup> week [1]. Not [7].</p>
<ul><li>First line<ul><li><span>Labetalol</span></li><li>Nifedipine<ol start="3"><li>modified release</li></ol></li></ul></li>
<li><p>Second line: <del>atenolol</del> methyldopa</p><p>It is slow.</p></li></ul>
<h3>Doses</h3>
<table><caption>Table 2</caption><tr><th>Drug</th><th colspan="2">Dose</th></tr>
<tr><td rowspan="2">Labetalol</td><td><ul><li>100 mg</li><li>max 2400 mg</li></ul></td><td>a|b</td></tr>
<tr><td>IV</td><td></td></tr></table>
<h2>Do not use</h2>
<dl><dt>ACE inhibitors</dt><dd>Fetal harm.</dd><dt>ARBs</dt><dt>Aliskiren</dt><dd><p>The same.</p></dd></dl>
<p hidden>Draft</p><p style="display: none">Draft</p><aside>Renal function matters.</aside><p>&lt;script&gt; is text. ^F1</p>
<h2>References</h2>
<ol><li id="r1">Smith A. A trial. Lancet 2010;1:2-3. <a href="https://doi.org/10.1000/xyz">Link</a></li>
<li id="r2">NICE guideline NG133. 2019. <a href="https://www.nice.org.uk/guidance/ng133">NICE</a></li></ol>
</main><footer>Crown copyright</footer></body></html>"""


def test_a_page_keeps_its_main_part_and_nothing_else(tmp_path: Path) -> None:
    found = article("html", written(tmp_path / "htn.html", PAGE))
    treatment, doses, not_used = "Treatment", "Treatment > Doses", "Do not use"
    assert outline(found) == [
        (treatment, "paragraph", "Give labetalol 100 mg twice daily, unless asthma [2]. Platelets 10⁹/L, CO2; the 20th week [1]. "
         "Not [\u200c7].", (2, 1)),
        (treatment, "item", "First line", ()),
        (treatment, "item", "Labetalol", ()),
        (treatment, "item", "Nifedipine", ()),
        (treatment, "item", "modified release", ()),
        (treatment, "item", "Second line: methyldopa", ()),
        (treatment, "item", "It is slow.", ()),
        (doses, "paragraph", "Table 2", ()),
        (doses, "row", "Labetalol | 100 mg; max 2400 mg | a\u2223b", ()),
        (doses, "row", "Labetalol | IV", ()),
        (not_used, "item", "ACE inhibitors: Fetal harm.", ()),
        (not_used, "item", "ARBs, Aliskiren: The same.", ()),
        (not_used, "paragraph", "Renal function matters.", ()),
        (not_used, "paragraph", "<script> is text. ^ F1", ()),
    ]  # fmt: skip
    assert "    3. modified release" in found.body
    assert found.body.startswith("## Treatment\n")


def test_a_page_keeps_title_address_date_and_references(tmp_path: Path) -> None:
    found = article("html", written(tmp_path / "htn.html", PAGE))
    assert (found.source_id, found.title) == ("health.example.org/guidelines/htn", "Hypertension in pregnancy")
    assert (found.url, found.published) == ("https://health.example.org/guidelines/htn", dt.date(2023, 11, 30))
    assert (found.source, found.licence) == ("Ministry of Health", "CC BY 4.0")
    first, second = found.references
    assert (first.id, first.title, first.year, first.doi) == (1, "Smith A. A trial. Lancet 2010;1:2-3. Link", 2010, "10.1000/xyz")
    assert (second.type, second.url) == ("guideline", "https://www.nice.org.uk/guidance/ng133")


@pytest.mark.parametrize(
    ("body", "sections"),
    [
        ("<article><h1>T</h1><p>a</p></article><p>b</p>", [("", "a")]),
        ("<article><p>a</p></article><article><p>b</p></article>", [("", "a"), ("", "b")]),
        ("<div role=main><h3>Deep</h3><p>a</p></div><p>b</p>", [("Deep", "a")]),
        ("<form><p>a</p><input value=x><button>Go</button></form>", [("", "a")]),
        ("<h1>A</h1><p>a</p><h1>B</h1><p>b</p>", [("A", "a"), ("B", "b")]),
        ("<table role=presentation><tr><td><h2>A</h2><p>a</p></td><td>b</td></tr></table>", [("A", "a"), ("A", "b")]),
        ("a<br>b<br><br>c", [("", "a b"), ("", "c")]),
        ("<ul><li>a<table><tr><td>x</td><td>y</td></tr></table>b</li></ul>", [("", "a"), ("", "x | y"), ("", "b")]),
        ("<p>1. Not a list</p><p># Nor a heading</p>", [("", "1\u200c. Not a list"), ("", "\u200c# Nor a heading")]),
    ],
)
def test_pages_of_other_makes_are_read_whole(tmp_path: Path, body: str, sections: list[tuple[str, str]]) -> None:
    found = article("html", written(tmp_path / "p.html", f"<title>T</title><body>{body}</body>"))
    assert [(section, text) for section, _, text, _ in outline(found)] == sections


def test_the_sign_that_links_to_a_heading_is_no_wording(tmp_path: Path) -> None:
    page = (
        '<h1>Gout</h1><h2 id="d">Dose<a href="#d">¶</a></h2><p>One # two.</p><h2><a href="#c">#</a> Care <a href="#c">1</a></h2>'
    )
    found = article("html", written(tmp_path / "g.html", f"{page}<p>Rest.</p>"))
    assert outline(found) == [("Dose", "paragraph", "One # two.", ()), ("Care 1", "paragraph", "Rest.", ())]


def test_a_page_in_latin_1_is_read_as_it_says(tmp_path: Path) -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1"><title>T</title><p>5 µg – naïve</p>'
    assert outline(article("html", written(tmp_path / "p.html", page.encode("cp1252"))))[0][2] == "5 µg – naïve"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\0\0\0\0", "empty"),
        (b"%PDF-1.7 x", "the file is a PDF, not HTML"),
        ("<p>5 µg</p>".encode("latin-1"), "byte 0xb5 at 5 is not UTF-8"),
        ("<p>x</p>".encode("utf-16"), "UTF-16"),
        (b"<nav>Home</nav><script>x</script>", "no text outside"),
        (b"<div>" * 5_000 + b"x", "depth"),
    ],
)
def test_what_is_no_page_is_refused_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(NotTaken, match=reason):
        parsed("html", written(tmp_path / "p.html", data))


MARKDOWN = """\ufeff---
title: Gout in brief
id: gout-brief
date: 2024-05-03
license: CC BY-SA 4.0
url: https://example.org/gout
---
# Gout

Intro with **bold**, [a link](http://x.example), 10<sup>9</sup>/L and a note[^a]. See [1].

## Treatment
3. three
   - nested <b>x</b>

     more
4. four

> quoted

| Drug | Dose |
|------|------|
| a \\| b | 5 mg |

<table><tr><th>H</th></tr><tr><td>cell</td></tr></table>

    code  line

[^a]: Smith. Lancet 2010. doi:10.1000/x
"""


def test_markdown_is_read_and_written_anew(tmp_path: Path) -> None:
    found = article("markdown", written(tmp_path / "g.md", MARKDOWN))
    assert outline(found) == [
        ("", "paragraph", "Intro with bold, a link, 10⁹/L and a note [1]. See [\u200c1].", (1,)),
        ("Treatment", "item", "three", ()),
        ("Treatment", "item", "nested x", ()),
        ("Treatment", "item", "more", ()),
        ("Treatment", "item", "four", ()),
        ("Treatment", "paragraph", "quoted", ()),
        ("Treatment", "row", "a \u2223 b | 5 mg", ()),
        ("Treatment", "row", "cell", ()),
        ("Treatment", "paragraph", "code line", ()),
    ]
    assert "3. three\n   - nested x\n" in found.body
    assert (found.source_id, found.title, found.url) == ("gout-brief", "Gout in brief", "https://example.org/gout")
    assert (found.published, found.licence) == (dt.date(2024, 5, 3), "CC BY-SA 4.0")
    assert [(each.id, each.year, each.doi) for each in found.references] == [(1, 2010, "10.1000/x")]


def test_markdown_without_front_matter_takes_its_first_heading_and_list_of_references(tmp_path: Path) -> None:
    text = "# Gout\n\nGive colchicine [2, 1]. Not [4].\n\n## References\n\n1. Smith 2010.\n2. ACR guideline. PMID: 32390306\n"
    found = article("markdown", written(tmp_path / "g.md", text))
    assert (found.title, found.source_id, found.published) == ("Gout", "g.md", None)
    assert outline(found) == [("", "paragraph", "Give colchicine [2, 1]. Not [\u200c4].", (2, 1))]
    assert [(each.id, each.type.value, each.pmid) for each in found.references] == [
        (1, "research", None),
        (2, "guideline", "32390306"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x" * 10_000_001, "at most 10,000,000"),
        (b"---\na: &x [1]\nb: [*x, *x]\n---\ntext", "aliases"),
        (b"---\na: [\n---\ntext", "no YAML"),
        (b"---\ntitle: x\n---\n", "no text"),
        (b"a\x00b", "zero byte"),
    ],
)
def test_markdown_that_cannot_be_read_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(NotTaken, match=reason):
        parsed("markdown", written(tmp_path / "g.md", data))
