"""A test collection as information retrieval has them: documents, queries, and which documents are relevant to a query.

Reads the BEIR layout, plain or gzip, and TREC's (topics and qrels) beside a corpus of JSON lines:

    corpus.jsonl[.gz]       {"_id", "title", "text"}
    queries.jsonl[.gz]      {"_id", "text"}; or TREC topics: `<top>` blocks, or `id<tab>text` lines
    qrels/<split>.tsv[.gz]  query, document, grade, with a header; or TREC's four columns without one
    questions.jsonl[.gz]    where the answer stands, if known: {"_id", "doc", "start", "end"} in characters of the text

Whatever does not fit is an error with file and line, or a note that goes with every figure. Nothing is left out in silence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.datasets import DatasetError, read_text
from index.files import sha256_of

#: The files of the layout, without `.gz`.
CORPUS, QUERIES, QRELS, SPANS = "corpus.jsonl", "queries.jsonl", "qrels", "questions.jsonl"
_TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)", re.IGNORECASE)
#: Up to the next tag; "INR < 2" is none.
_TITLE = re.compile(r"<title>\s*(?:Topic:)?\s*((?!</?[a-z])\S.*?)\s*(?=</?[a-z]|\Z)", re.IGNORECASE | re.DOTALL)

#: Half of a character of two: JSON can say it, UTF-8 cannot.
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be found. `title` may be empty, `text` is not."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """Where a query's answer stands: `text[start:end]` of a document."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Collection:
    """One split. Every query has qrels, and at least one relevant document that is there."""

    name: str
    split: str
    documents: tuple[Document, ...] = field(repr=False)
    queries: Mapping[str, str] = field(repr=False)  # id -> text
    qrels: Mapping[str, Mapping[str, int]] = field(repr=False)  # query -> document -> grade
    spans: Mapping[str, Span] = field(repr=False)  # query -> where its answer stands; empty where it is not known
    files: Mapping[str, str]  # file -> SHA-256
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of all files: equal only when the data are."""
        return hashlib.sha256(json.dumps(dict(self.files), sort_keys=True).encode()).hexdigest()

    def about(self) -> dict[str, Any]:
        """For a result file."""
        return {
            "name": self.name,
            "split": self.split,
            "digest": self.digest,
            "documents": len(self.documents),
            "queries": len(self.queries),
            "files": dict(self.files),
        }


def load_collection(
    folder: Path, split: str | None = None, *, corpus: str = CORPUS, queries: str = QUERIES, qrels: str | None = None
) -> Collection:
    """One split of a folder; the names of its files may differ from the layout's. Raises `DatasetError`."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: data not present; give --dataset a folder in the BEIR layout (eval/README.md)")
    qrels_path = _there(folder / qrels) if qrels else _split_file(folder, split)
    corpus_path, queries_path = _there(folder / corpus), _there(folder / queries)
    notes: list[str] = []
    documents = load_documents(corpus_path, notes)
    judged = _qrels(qrels_path)
    texts = _queries(queries_path)
    kept = _judged_queries(texts, judged, {document.id for document in documents}, notes)
    span_path = _gz(folder / SPANS)
    used = [corpus_path, queries_path, qrels_path, *([span_path] if span_path else [])]
    return Collection(
        name=folder.resolve().name,
        split=split or qrels_path.name.split(".")[0],
        documents=documents,
        queries={query: texts[query] for query in kept},
        qrels={query: judged[query] for query in kept},
        spans=_spans(span_path, kept, documents, notes) if span_path else {},
        files={_name(path, folder): sha256_of(path) for path in used},
        notes=tuple(notes),
    )


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _judged_queries(
    texts: Mapping[str, str], judged: Mapping[str, Mapping[str, int]], documents: set[str], notes: list[str]
) -> list[str]:
    """The queries that can be measured, in the order of the queries file; why the others cannot goes to the notes."""
    known = [query for query in texts if query in judged]
    kept = [query for query in known if any(grade > 0 and document in documents for document, grade in judged[query].items())]
    missing = sorted({document for query in known for document in judged[query]} - documents)
    _note(notes, "queries of the qrels have no text", sorted(judged.keys() - texts.keys()))
    _note(notes, "documents of the qrels are not in the corpus; they count as never found", missing)
    _note(notes, "queries have no relevant document in the corpus and are left out", sorted(set(known) - set(kept)))
    if not kept:
        raise DatasetError(
            f"nothing to measure: {len(texts)} queries, {len(judged)} with qrels, {len(known)} in both, none with a relevant "
            "document in the corpus; do the ids of the files belong together?"
        )
    return kept


def _note(notes: list[str], what: str, ids: list[str]) -> None:
    if ids:
        notes.append(f"{len(ids)} {what}; the first is {ids[0]}")


def _split_file(folder: Path, split: str | None) -> Path:
    """The qrels of a split; without a name, of the only one."""
    splits = sorted({path.name.removesuffix(".gz").removesuffix(".tsv") for path in (folder / QRELS).glob("*.tsv*")})
    if split is None and len(splits) == 1:
        split = splits[0]
    if split not in splits:
        wanted = f"no split {split}" if split else "more than one split" if splits else f"no {QRELS}/<split>.tsv"
        raise DatasetError(f"{folder}: {wanted}; there are: {', '.join(splits) or 'none'}. Give --split or --qrels")
    return _there(folder / QRELS / f"{split}.tsv")


def _there(path: Path) -> Path:
    found = _gz(path)
    if found is None:
        raise DatasetError(f"{path}: not there, nor {path.name}.gz")
    return found


def _gz(path: Path) -> Path | None:
    return next((file for file in (path, path.with_name(f"{path.name}.gz")) if file.is_file()), None)


def load_documents(path: Path, notes: list[str]) -> tuple[Document, ...]:
    """A corpus file, plain or gzip; what is left out of it goes to the notes. Raises `DatasetError`."""
    found: dict[str, Document] = {}
    empty: list[str] = []
    for number, row in _rows(path):
        identifier, title, text = (_text(path, number, row, key) for key in ("_id", "title", "text"))
        if identifier in found:
            raise DatasetError(f"{path}:{number}: the document {identifier} stands twice")
        if text.strip() or title.strip():
            found[identifier] = Document(identifier, title.strip(), text if text.strip() else title)
        else:
            empty.append(identifier)
    _note(notes, "documents are empty and are left out", empty)
    if not found:
        raise DatasetError(f"{path}: no documents in this file")
    return tuple(found.values())


def _queries(path: Path) -> dict[str, str]:
    """Id -> text, from JSON lines, TREC topics, or `id<tab>text`."""
    source = read_text(path)
    pairs: list[tuple[int, str, str]]
    if path.name.removesuffix(".gz").endswith(".jsonl"):
        pairs = [(n, _text(path, n, row, "_id"), _text(path, n, row, "text")) for n, row in _rows(path)]
    elif topics := _TOPIC.findall(source):
        pairs = [(n, *_topic(path, n, topic)) for n, topic in enumerate(topics, start=1)]
    else:
        lines = [(n, line.partition("\t")) for n, line in enumerate(source.split("\n"), start=1) if line.strip()]
        pairs = [(n, query.strip(), text) for n, (query, _, text) in lines]
    found: dict[str, str] = {}
    for number, query, text in pairs:
        if query in found:
            raise DatasetError(f"{path}:{number}: the query {query} stands twice")
        if not text.strip():
            raise DatasetError(f"{path}:{number}: the query {query} has no text")
        found[query] = text.strip()
    if not found:
        raise DatasetError(f"{path}: no queries in this file")
    return found


def _topic(path: Path, number: int, topic: str) -> tuple[str, str]:
    identifier, title = _NUMBER.search(topic), _TITLE.search(topic)
    if not identifier or not title:
        raise DatasetError(f"{path}: topic {number} has no <num> or no <title>")
    return identifier[1], " ".join(title[1].split())


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    """Query -> document -> grade. BEIR's three columns under a header, or TREC's four without one."""
    judged: dict[str, dict[str, int]] = {}
    lines = [(n, line.split()) for n, line in enumerate(read_text(path).splitlines(), start=1) if line.strip()]
    if lines and len(lines[0][1]) == 3 and not _number(lines[0][1][2]):
        lines = lines[1:]
    for number, cells in lines:
        if len(cells) not in (3, 4) or not _whole(cells[-1]):
            raise DatasetError(f"{path}:{number}: not `query document grade` nor TREC's `query 0 document grade` (whole numbers)")
        query, document, grade = cells[0], cells[-2], int(cells[-1])
        if judged.setdefault(query, {}).setdefault(document, grade) != grade:
            raise DatasetError(f"{path}:{number}: {query} {document} has grade {grade} here and {judged[query][document]} before")
    if not judged:
        raise DatasetError(f"{path}: no qrels in this file, so nothing can be measured")
    return judged


def _whole(cell: str) -> bool:
    return cell.removeprefix("-").isdecimal()


def _number(cell: str) -> bool:
    """Also one that is no grade: `0.5` and `NaN` are, the `score` of a header is not."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _spans(path: Path, queries: list[str], documents: tuple[Document, ...], notes: list[str]) -> dict[str, Span]:
    wanted, lengths = set(queries), {document.id: len(document.text) for document in documents}
    spans: dict[str, Span] = {}
    for number, row in _rows(path):
        query = _text(path, number, row, "_id")
        if query in wanted:
            start, end = row.get("start"), row.get("end")
            if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
                raise DatasetError(f"{path}:{number}: start and end are {start} and {end}, not a span")
            span = Span(_text(path, number, row, "doc"), start, end)
            if end > lengths.get(span.document, end):
                raise DatasetError(f"{path}:{number}: the span ends at {end}, {span.document} at {lengths[span.document]}")
            spans[query] = span
    absent = sorted(query for query, span in spans.items() if span.document not in lengths)
    _note(notes, "answers stand in a document that is not in the corpus; they count as never found", absent)
    _note(notes, "queries have no span; AnswerIn@k is over the others", [query for query in queries if query not in spans])
    return spans


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(read_text(path).removesuffix("\n").split("\n"), start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}:{number}: not JSON ({error.msg} at column {error.colno})") from error
        if not isinstance(row, dict):
            raise DatasetError(f"{path}:{number}: not a JSON object")
        yield number, row


def _text(path: Path, number: int, row: Mapping[str, Any], key: str) -> str:
    """A row's text under a key; a missing title is an empty one."""
    value = row.get(key, "" if key == "title" else None)
    if not isinstance(value, str) or (key in ("_id", "doc") and value.split() != [value]):
        raise DatasetError(f"{path}:{number}: {key} is {'missing' if value is None else 'not a text, or holds a blank'}")
    if _HALF.search(value):
        raise DatasetError(f"{path}:{number}: {key} holds half a character (a lone surrogate)")
    return value
