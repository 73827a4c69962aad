"""The formats that articles are imported from: one module each, with `documents(path, options)`.

`documents` reads one file and gives its articles one by one, in constant memory where a file holds many. A record that is
not taken is given as a `NotTaken` value between the documents, and the next record follows; `NotTaken` is raised when nothing
more can be read from the file. Either message says why, and where in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from corpus.importing.types import Document, NotTaken, Options

Documents = Callable[[Path, Options], Iterator[Document | NotTaken]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format by name. `suffixes` are those of its files; `told` are the options that its files do not say themselves.

    `file_names`: its documents are known by the path of their file below the folder given, which another document may have
    below another folder.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    description: str
    told: tuple[str, ...] = ()
    file_names: bool = False

    def documents(self) -> Documents:
        """The format's parser. Its libraries are loaded only now."""
        parser: Documents = import_module(self.module).documents
        return parser


def _format(name: str, suffixes: str, description: str, told: str = "", *, file_names: bool = False) -> Format:
    return Format(name, f"{__name__}.{name}", tuple(suffixes.split()), description, tuple(told.split()), file_names)


_ALL = (
    _format("medquad", ".xml", "MedQuAD: NIH questions and answers, one XML file a topic"),
    _format("medlineplus", ".xml", "MedlinePlus health topics: one XML file of all topics"),
    _format("jats", ".xml .nxml", "JATS: journal articles as PubMed Central gives them"),
    _format("html", ".html .htm .xhtml", "a web page", "source licence", file_names=True),
    _format("pdf", ".pdf", "a PDF with text in it", "source licence", file_names=True),
    _format("docx", ".docx", "a Word document", "source licence", file_names=True),
    _format("markdown", ".md .markdown .txt", "a Markdown file, with or without front matter", "source licence", file_names=True),
    _format("beir", ".jsonl .jsonl.gz", "BEIR: JSON lines with _id, title and text", "source licence"),
    _format("guidelines", ".jsonl .jsonl.gz", "JSON lines of articles with sections"),
)
FORMATS: dict[str, Format] = {each.name: each for each in _ALL}
