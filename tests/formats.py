"""What the tests of the importers' parsers share: reading one file, and its body as sections with their blocks."""

from __future__ import annotations

from pathlib import Path

from corpus.body import read_blocks
from corpus.importing.formats import FORMATS
from corpus.importing.types import Document, NotTaken, Options

OPTIONS = Options(source="Ministry of Health", licence="CC BY 4.0", specialty="")


def parsed(name: str, path: Path, options: Options = OPTIONS) -> list[Document | NotTaken]:
    """All that a format's parser gives for a file."""
    return list(FORMATS[name].documents()(path, options))


def article(name: str, path: Path, options: Options = OPTIONS) -> Document:
    """The only document of a file."""
    [found] = parsed(name, path, options)
    assert isinstance(found, Document), found
    return found


def written(path: Path, content: str | bytes) -> Path:
    """A file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def outline(document: Document) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """Each block of the body as it loads: its section's path, kind, wording and marks. Fails where a block is no good."""
    blocks, problems = read_blocks(document.body)
    assert problems == []
    assert not any(block.statement for block in blocks)
    return [(" > ".join(b.section), b.kind.value, document.body[b.start : b.end], b.marks) for b in blocks]
