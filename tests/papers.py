"""Small PDF files, written by hand: lines of text with their place, size and font on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """A text at `x`, `y` (points from the lower left corner) in a size; bold or not."""

    x: float
    y: float
    text: str
    size: float = 11
    bold: bool = False


def write_pdf(path: Path, pages: Sequence[Sequence[Line]], *, info: str = "") -> Path:
    """A PDF with these pages; `info` are entries of its information dictionary, as PDF writes them."""
    fonts = b"<< /F1 3 0 R /F2 4 0 R >>"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
    kids = " ".join(f"{6 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
        f"<< {info} >>".encode("latin-1"),
    ]
    for at, lines in enumerate(pages):
        content = b"".join(map(_drawn, lines))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font %s >> /Contents %d 0 R >>"
            % (fonts, 7 + 2 * at)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    path.write_bytes(assembled(objects, b"/Root 1 0 R /Info 5 0 R"))
    return path


def assembled(objects: Sequence[bytes], trailer: bytes) -> bytes:
    """A PDF of numbered objects, the first being 1."""
    data = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    size = len(objects) + 1
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, trailer, start,
    )  # fmt: skip


def _drawn(line: Line) -> bytes:
    text = line.text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F%d %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n" % (2 if line.bold else 1, line.size, line.x, line.y, text)
