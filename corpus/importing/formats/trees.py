"""XML and HTML as trees, by libxml2 with everything off that could read another file, the network or too much.

A DOCTYPE is tolerated (JATS has one), its DTD is never read, and a document that declares entities of its own is refused: it
would otherwise lose the text they stand for.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree, html

from corpus.importing.formats.files import LARGEST, LARGEST_TEXT, beginning, decoded, whole
from corpus.importing.types import NotTaken

#: lxml has no types of its own.
Element = Any
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{1,40})""", re.IGNORECASE)
_SINGLE_BYTE = {"iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"}
_SAFE: dict[str, bool] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def xml(path: Path, *roots: str) -> Element:
    """The root element of an XML file, its elements' names without namespaces; `roots` are the names it may have."""
    beginning(path, "XML")
    element = parsed(whole(path, LARGEST))
    if name(element) not in roots:
        raise NotTaken(f"the root element is <{name(element)}>, not <{'> or <'.join(roots)}>")
    for each in element.iter("{*}*"):
        each.tag = etree.QName(each).localname
    return element


def parsed(data: bytes) -> Element:
    """The root element of an XML document."""
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        raise NotTaken(f"not well-formed XML: {error.msg}") from error
    _no_entities(root)
    return root


def records(path: Path, root: str, tag: str) -> Iterator[Element]:
    """The elements `tag` right under the root, one by one; each is emptied when the next is asked for."""
    beginning(path, "XML")
    elements = etree.iterparse(str(path), events=("start", "end"), **_SAFE)
    depth = 0
    try:
        for event, element in elements:
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                if name(element) != root:
                    raise NotTaken(f"the root element is <{name(element)}>, not <{root}>")
                _no_entities(element)
            elif event == "end" and depth == 1:
                if element.tag == tag:
                    _no_entities(element)
                    yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise NotTaken(f"not well-formed XML: {error.msg}") from error


def html_document(path: Path) -> Element:
    """The root element of an HTML file in UTF-8, or in the single-byte encoding that it declares."""
    beginning(path, "HTML")
    return _html(_html_text(whole(path, LARGEST_TEXT)))


def html_fragment(text: str) -> Element:
    """The root element of a page that holds an HTML fragment alone."""
    return _html(f"<html><body>{text}</body></html>")


def name(element: Element) -> str:
    """The name of an element without its namespace, in lower case; "" for comments and the like."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _no_entities(element: Element) -> None:
    """Raises NotTaken where a document declares or uses entities other than XML's five."""
    dtd = element.getroottree().docinfo.internalDTD
    declared = next(dtd.iterentities(), None) if dtd is not None else None
    if declared is not None:
        raise NotTaken(f"the document declares the entity {declared.name}: entities of a document's own are not read")
    used = next(element.iter(etree.Entity), None)
    if used is not None:
        raise NotTaken(f"line {used.sourceline}: the document uses {used.text}, whose text is not in the file")


def _html(text: str) -> Element:
    """Parsed by libxml2's HTML parser, which repairs what is broken but stops at elements nested 256 deep."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise NotTaken(f"not HTML: {error}") from error
    cut = next((entry for entry in parser.error_log if entry.level == etree.ErrorLevels.FATAL), None)
    if cut is not None:
        raise NotTaken(f"line {cut.line}: {cut.message}")
    return root


def _html_text(data: bytes) -> str:
    """HTML in UTF-8, or in the single-byte encoding that its first kilobytes declare."""
    declared = _DECLARED.search(data[:4096])
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    if encoding not in _SINGLE_BYTE or data.startswith(codecs.BOM_UTF8):
        return decoded(data)
    try:
        return data.decode("cp1252")  # as browsers read them all
    except UnicodeDecodeError as error:
        raise NotTaken(
            f"the page says it is {encoding}, which has no byte {data[error.start]:#04x} (at {error.start:,})"
        ) from error
