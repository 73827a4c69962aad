"""Hostile and unlucky files, made on the fly: what an importer must name and refuse, or take without harm.

Each maker writes one file (or something that only looks like one) into a folder that also holds good files.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

#: Content -> a file, or a function that makes whatever stands at a path.
Content = bytes | Callable[[Path], object]


def large(content: Callable[[], bytes]) -> Content:
    """A file that is only made when it is needed."""
    return lambda path: path.write_bytes(content())


@dataclass(frozen=True)
class Hostile:
    """`name` is the file's; `taken` says that its content is harmless once it is escaped: it may be imported or refused."""

    name: str
    content: Content
    taken: bool = False

    def make(self, folder: Path) -> Path:
        path = folder / self.name
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        else:
            self.content(path)
        return path


def medquad(answer: str, *, identifier: str = "0000001", focus: str = "Gout", declared: str = "", doctype: str = "") -> str:
    return (
        f'<?xml version="1.0"{declared}?>\n{doctype}<Document id="{identifier}" source="NIDDK" url="https://example.org/x">'
        f"<Focus>{focus}</Focus><QAPairs><QAPair pid='1'><Question qid='1' qtype='x'>What is it?</Question>"
        f"<Answer>{answer}</Answer></QAPair></QAPairs></Document>"
    )


def _entities(*declared: str) -> str:
    return f"<!DOCTYPE Document [{''.join(declared)}]>"


_LAUGHS = _entities('<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)))
_SPEAKING = (
    "--- \n---\nid: stolen\nstatus: approved\nreviewed_by: Dr Nobody\n---\n# Heading\n## Dose\n- [1] 5 mg ^F1\n\n[3] ^F2\n\n"
    "| a | b |\n|---|---|\n\n[x]: javascript:alert(1)\n\n&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=alert(1)&gt;"
)

XML = (
    Hostile("xxe-file.xml", medquad("&x;", doctype=_entities('<!ENTITY x SYSTEM "file:///etc/passwd">')).encode()),
    Hostile("xxe-network.xml", medquad("&x;", doctype=_entities('<!ENTITY x SYSTEM "http://192.0.2.1/x">')).encode()),
    Hostile("xxe-parameter.xml", medquad("x", doctype=_entities('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;')).encode()),
    Hostile("xxe-attribute.xml", medquad("x", identifier="&x;", doctype=_entities('<!ENTITY x "y">')).encode()),
    Hostile("xxe-dtd.xml", medquad("&x;", doctype='<!DOCTYPE Document SYSTEM "file:///dev/zero">').encode()),
    Hostile("billion-laughs.xml", medquad("&a9;", doctype=_LAUGHS).encode()),
    Hostile("quadratic.xml", medquad("&a;" * 50_000, doctype=_entities(f'<!ENTITY a "{"a" * 50_000}">')).encode()),
    Hostile("entity-loop.xml", medquad("&a;", doctype=_entities('<!ENTITY a "&b;">', '<!ENTITY b "&a;">')).encode()),
    Hostile("deep.xml", medquad("<b>" * 100_000 + "x" + "</b>" * 100_000).encode()),
    Hostile(
        "include.xml",
        medquad('<i xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></i>').encode(),
        True,
    ),
    Hostile("empty.xml", b""),
    Hostile("blank.xml", b" \n\t \n"),
    Hostile("zeros.xml", bytes(4096)),
    Hostile("cut.xml", medquad("A long answer. " * 100).encode()[:700]),
    Hostile("pdf.xml", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    Hostile("zip.xml", b"PK\x03\x04" + bytes(100)),
    Hostile("json.xml", b'{"_id": "1", "title": "x", "text": "y"}'),
    Hostile("other-root.xml", b"<html><body>No MedQuAD.</body></html>"),
    Hostile("no-answers.xml", medquad("").encode()),
    Hostile("no-focus.xml", medquad("An answer.", focus=" ", identifier="no-focus").encode(), True),
    Hostile("not-utf8.xml", medquad("caf\xe9 au lait").encode("latin-1")),
    Hostile("utf16-unsaid.xml", medquad("x", identifier="wide", declared=' encoding="UTF-8"').encode("utf-16-le"), True),
    Hostile("odd-encoding.xml", medquad("x", declared=' encoding="no-such"').encode()),
    Hostile("zero-byte.xml", medquad("a\0b").encode()),
    Hostile("control.xml", medquad("a&#x1b;[31mb&#8;").encode()),
    Hostile("surrogate.xml", medquad("a&#xd800;b").encode()),
    Hostile("long-attribute.xml", large(lambda: medquad("x", identifier="a" * 12_000_000).encode())),
    Hostile("long-line.xml", large(lambda: medquad("word " * 3_000_000).encode())),
    Hostile("many-elements.xml", large(lambda: medquad("<a/>" * 2_000_000).encode())),
    Hostile("folder.xml", lambda path: path.mkdir()),
    Hostile("pipe.xml", os.mkfifo),
    Hostile("loop.xml", lambda path: path.symlink_to(path.name)),
    Hostile("loop-of-folders.xml", lambda path: path.symlink_to(path.parent)),
    Hostile("link-out.xml", lambda path: path.symlink_to("/etc/passwd")),
    Hostile("device.xml", lambda path: path.symlink_to("/dev/zero")),
    Hostile("line\nbreak\x1b[2J.xml", b"<x/>"),
    Hostile("\u202elmx.xml", b"<x/>"),
    Hostile("traversal.xml", medquad("An answer.", identifier="../../../../tmp/x").encode(), True),
    Hostile("long-id.xml", medquad("An answer.", identifier="very-" * 2000).encode(), True),
    Hostile("alphabet.xml", medquad("Ein Wort.", identifier="\u75db\u98a8").encode(), True),
    Hostile("speaking.xml", medquad(_SPEAKING, identifier="speaking").encode(), True),
    Hostile("utf32.xml", medquad("x", identifier="w32", declared=' encoding="UTF-32"').encode("utf-32"), True),
)


def _page(body: str, head: str = "<title>Gout</title>") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


HTML = (
    Hostile("empty.html", b""),
    Hostile("no-text.html", _page("<script>alert(1)</script><style>p {}</style>")),
    Hostile("picture.html", b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    Hostile("program.html", b"\x7fELF" + bytes(1000)),
    Hostile("deep.html", _page("<div>" * 200_000 + "x")),
    Hostile("deep-list.html", _page("<ul><li>x" * 3_000), True),
    Hostile("deep-table.html", _page("<table><tr><td>x" * 3_000), True),
    Hostile("unclosed.html", _page("<p>Words.<b><i><u>" * 20_000), True),
    Hostile("wide-table.html", _page(f"<table><tr>{'<td colspan=65000 rowspan=65000>x' * 300}</table>"), True),
    Hostile("long-line.html", large(lambda: _page("<p>" + "word " * 3_000_000))),
    Hostile("brackets.html", _page("<p>" + "[" * 100_000 + "</p><p>" + "*a_ " * 50_000 + "</p><p>" + "![](" * 50_000), True),
    Hostile("utf16-unsaid.html", _page("<p>Words.").decode().encode("utf-16-le")),
    Hostile("wide.html", _page("<p>At most 500 \u00b5g.</p>").decode().encode("utf-16")),
    Hostile("not-its-encoding.html", _page("<p>caf\xe9", '<meta charset="utf-8"><title>x</title>').decode().encode("latin-1")),
    Hostile("script.html", _page(f"<h1 onclick=alert(1)>Gout</h1><p>{_SPEAKING}</p><a href='javascript:alert(1)'>x</a>"), True),
    Hostile("entities.html", _page("<p>&lt;script&gt; &#0; &#xD800; &#27;[31m &zwnj;&rlm; word</p>"), True),
    Hostile(
        "leaves.html",
        _page("<p>Words.", '<meta http-equiv=refresh content="0;url=file:///etc/passwd"><base href="//192.0.2.1">'),
        True,
    ),
)


def _record(**values: object) -> bytes:
    return json.dumps({"_id": "1", "title": "Gout", "text": "Colchicine helps."} | values).encode() + b"\n"


def _zeros(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        for _ in range(300):
            file.write(bytes(1_000_000))


JSONL = (
    Hostile("empty.jsonl", b""),
    Hostile("nan.jsonl", b'{"_id": "1", "title": "x", "text": "y", "score": NaN}\n'),
    Hostile("key-twice.jsonl", b'{"_id": "1", "title": "x", "text": "y", "_id": "2"}\n'),
    Hostile("half-character.jsonl", b'{"_id": "1", "title": "x", "text": "a\\ud800b"}\n'),
    Hostile("deep.jsonl", b'{"_id": "1", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"),
    Hostile("list.jsonl", b"[1, 2]\n"),
    Hostile("long-number.jsonl", b'{"_id": ' + b"9" * 100_000 + b', "title": "x", "text": "y"}\n'),
    Hostile("long-line.jsonl", large(lambda: b'{"_id": "1", "text": "' + b"word " * 20_000_000 + b'"}\n')),
    Hostile("no-line-end.jsonl", large(lambda: b"x" * 50_000_000)),
    Hostile("no-id.jsonl", _record(_id="")),
    Hostile("text-is-a-list.jsonl", _record(text=["x"])),
    Hostile("utf16.jsonl", _record().decode().encode("utf-16")),
    Hostile("not-utf8.jsonl", b'{"_id": "1", "title": "x", "text": "caf\xe9"}\n'),
    Hostile("zero-bytes.jsonl", b'{"_id": "1", "title": "x", "text": "a\0b"}\n'),
    Hostile("bomb.jsonl.gz", _zeros),
    Hostile("cut.jsonl.gz", gzip.compress(_record() * 1000)[:40]),
    Hostile("not-gzip.jsonl.gz", _record()),
    Hostile("traversal.jsonl", _record(_id="../../../etc/cron.d/x"), True),
    Hostile("speaking.jsonl", _record(_id="speaking", text=_SPEAKING), True),
    Hostile("collide.jsonl", _record(_id="a/b") + _record(_id="a b") + _record(_id="A.B"), True),
    Hostile("same-id.jsonl", _record(_id="same") + _record(_id="same", text="Something else.")),
)

MARKDOWN = (
    Hostile("empty.md", b"\xef\xbb\xbf"),
    Hostile("alias-bomb.md", b"---\na: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n---\n\nWords.\n"),
    Hostile("open-front-matter.md", b"---\ntitle: x\n" + b"a: b\n" * 200_000, True),
    Hostile("python-tag.md", b"---\ntitle: !!python/object/apply:os.system [id]\n---\n\nWords.\n"),
    Hostile("deep-quotes.md", b">" * 100_000 + b" Words.\n", True),
    Hostile("deep-lists.md", b"".join(b"  " * n + b"- x\n" for n in range(2_000)), True),
    Hostile("brackets.md", b"[" * 200_000 + b"\n\n" + b"![](" * 50_000 + b"\n\n" + b"*a_ " * 50_000, True),
    Hostile("backticks.md", b"".join(b"`" * n + b" x " for n in range(1_500)), True),
    Hostile("utf16-unsaid.md", "# Gout\n\nWords.\n".encode("utf-16-le")),
    Hostile("zeros.md", b"# Gout\n\n\0\0\0 Words.\n"),
    Hostile("approved.md", _SPEAKING.replace("--- \n", "", 1).encode(), True),
    Hostile("html.md", b"# Gout\n\n<script>alert(1)</script>\n\n<b onclick=alert(1)>x</b> [a](javascript:alert(1)) ^F1\n", True),
    Hostile("long-line.md", large(lambda: b"# Gout\n\n" + b"word " * 3_000_000)),
)


def pdf(objects: Iterable[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of objects numbered from 1; the first is its catalogue."""
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, trailer, start))
    return out.getvalue()


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_ONE_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"


def pdf_of(content: bytes, entries: bytes = b"", trailer: bytes = b"", catalogue: bytes = b"") -> bytes:
    """A PDF of one page with this content stream."""
    root = b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return pdf([root, pages, _ONE_PAGE, _FONT, stream(content, entries)], trailer)


def said(*lines: str) -> bytes:
    """A content stream that shows lines of text."""
    shown = b" ".join(b"(%s) Tj 0 -20 Td" % line.encode("latin-1") for line in lines)
    return b"BT /F1 12 Tf 50 700 Td " + shown + b" ET"


def _many_pages(number: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (5 + n) for n in range(number))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, number),
            _FONT,
            stream(said("Words.")),
            *[page] * number,
        ]
    )


def _bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"(word) Tj " * 100_000) for _ in range(megabytes))
    return packed + packer.flush()


def _deep_dictionary(depth: int) -> bytes:
    return b"<< /A " * depth + b"null" + b" >>" * depth


def _looping_pages() -> bytes:
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"])


def _pages_of_pages() -> bytes:
    """40 levels, each with the next one twice: a million million pages in 3 kB."""
    levels = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n, n) for n in range(3, 43)]
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *levels, b"<< /Type /Page /MediaBox [0 0 9 9] >>"])


_LOCK = b"/ID [<00><00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <%s> /U <%s> >>" % (b"a1" * 32, b"b2" * 32)

PDF = (
    Hostile("empty.pdf", b""),
    Hostile("text.pdf", b"Just words.\n"),
    Hostile("page.pdf", _page("<p>Words.")),
    Hostile("cut.pdf", pdf_of(said("Words."))[:250]),
    Hostile("looping-pages.pdf", _looping_pages()),
    Hostile("pages-of-pages.pdf", _pages_of_pages()),
    Hostile("many-pages.pdf", large(lambda: _many_pages(10_000))),
    Hostile("locked.pdf", pdf_of(said("Words."), trailer=_LOCK)),
    Hostile("bomb.pdf", large(lambda: pdf_of(_bomb(400), b"/Filter /FlateDecode"))),
    Hostile("bomb-in-bomb.pdf", large(lambda: pdf_of(zlib.compress(_bomb(300), 9), b"/Filter [/FlateDecode /FlateDecode]"))),
    Hostile(
        "object-stream.pdf",
        large(
            lambda: (
                pdf_of(b"", catalogue=b"/Extra 6 0 R")[:-30]
                + stream(_bomb(200), b"/Type /ObjStm /N 9999999 /First 9 /Filter /FlateDecode")
            )
        ),
    ),
    Hostile("deep.pdf", pdf([_deep_dictionary(50_000), b"<<>>"])),
    Hostile("no-pages.pdf", pdf([b"<< /Type /Catalog >>"])),
    Hostile("picture-only.pdf", pdf_of(b"0 0 10 10 re f")),
    Hostile("long-strings.pdf", pdf_of(b"BT /F1 12 Tf " + b"(" * 2_000_000 + b" ET")),
    Hostile("wrong-table.pdf", pdf_of(said("Words.")).replace(b"0000000", b"9999999"), True),
    Hostile("previous-loop.pdf", pdf_of(said("Words."), trailer=b"/Prev 9"), True),
    Hostile(
        "acts.pdf",
        pdf_of(said("Words that open a page."), catalogue=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
        True,
    ),
    Hostile("speaking.pdf", pdf_of(said("# Heading", "- 5 mg [1] ^F1", "<script>alert(1)</script>", "---")), True),
)

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def docx(body: str, *, doctype: str = "", more: dict[str, bytes] | None = None, document: bytes | None = None) -> bytes:
    """A Word document with this body of WordprocessingML."""
    words = (
        f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", document or f'<?xml version="1.0"?>{doctype}{words}')
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return made.getvalue()


def words(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _archive(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        with archive.open("word/document.xml", "w", force_zip64=True) as file:
            for _ in range(300):
                file.write(b" " * 1_000_000)


def _lying_sizes() -> bytes:
    """Its directory says that the document unpacks to 100 bytes."""
    data = docx(words("word " * 1_000_000))
    size = (len(words("word " * 1_000_000)) + 141).to_bytes(4, "little")
    return data.replace(size, (100).to_bytes(4, "little"))


DOCX = (
    Hostile("empty.docx", b""),
    Hostile("text.docx", b"Just words.\n"),
    Hostile("other-zip.docx", _archive(**{"a.txt": b"Words."})),
    Hostile("zip-bomb.docx", _zip_bomb),
    Hostile("zip-slip.docx", docx(words("Words."), more={"../../../../tmp/slipped.txt": b"x", "/etc/slipped": b"x"}), True),
    Hostile("nested.docx", _archive(**{"word/document.xml": _archive(**{"a.zip": _archive(b=b"0" * 10_000_000)})})),
    Hostile("many-entries.docx", docx(words("Words."), more={f"word/x{n}.xml": b"" for n in range(20_000)}), True),
    Hostile("cut.docx", docx(words("Words."))[:-60]),
    Hostile("damaged.docx", docx(words("Words. " * 100)).replace(b"word/document.xml", b"word/d\xffcument.xml", 1)),
    Hostile("lying-sizes.docx", large(_lying_sizes)),
    Hostile("locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)),
    Hostile("xxe.docx", docx(words("&x;"), doctype=_entities('<!ENTITY x SYSTEM "file:///etc/passwd">'))),
    Hostile("laughs.docx", docx(words("&a9;"), doctype=_LAUGHS)),
    Hostile("deep.docx", docx("<w:p>" * 50_000 + "</w:p>" * 50_000)),
    Hostile("deep-tables.docx", docx("<w:tbl><w:tr><w:tc>" * 100 + words("x") + "</w:tc></w:tr></w:tbl>" * 100), True),
    Hostile("not-xml.docx", docx("", document=b"Just words.")),
    Hostile("no-text.docx", docx("<w:p/>")),
    Hostile(
        "speaking.docx", docx(words("# Heading [1] ^F1") + words("&lt;script&gt;alert(1)&lt;/script&gt;") + words("---")), True
    ),
)

#: Format -> its hostile files.
HOSTILE = {"medquad": XML, "html": HTML, "beir": JSONL, "markdown": MARKDOWN, "pdf": PDF, "docx": DOCX}
#: Format -> good files that a person would expect to be imported, with a word that the article must hold.
GOOD: dict[str, dict[str, tuple[bytes, str]]] = {
    "medquad": {
        "good.xml": (medquad("Gout is a painful joint disease.", identifier="good").encode(), "painful"),
        "good-mark.xml": (b"\xef\xbb\xbf" + medquad("Caf\xe9 and \u00b5g.", identifier="mark").encode(), "\u00b5g"),
        "good-wide.xml": (
            medquad("Colchicine in \u00b5g.", identifier="good-wide", declared=' encoding="UTF-16"').encode("utf-16"),
            "\u00b5g",
        ),
    },
    "html": {
        "good.html": (_page("<h1>Gout</h1><p>Gout is a painful joint disease.</p>"), "painful"),
        "good-mark.html": (b"\xef\xbb\xbf" + _page("<p>At most 500 \u00b5g.</p>"), "\u00b5g"),
    },
    "beir": {
        "good.jsonl": (_record(_id="good-1") + b"\n" + _record(_id="good-2"), "Colchicine"),
        "good-mark.jsonl": (b"\xef\xbb\xbf" + _record(_id="good-3"), "Colchicine"),
        "good.jsonl.gz": (gzip.compress(_record(_id="good-4")), "Colchicine"),
    },
    "markdown": {
        "good.md": (b"# Gout\n\nGout is a painful joint disease.\n", "painful"),
        "good-mark.md": (b"\xef\xbb\xbf# Dose\r\n\r\nAt most 500 \xc2\xb5g.\r\n", "\u00b5g"),
    },
    "pdf": {"good.pdf": (pdf_of(said("Gout", "Gout is a painful joint disease.")), "painful")},
    "docx": {"good.docx": (docx(words("Gout") + words("Gout is a painful joint disease.")), "painful")},
}
