"""Makes the article file of a document: front matter, body, and the hash that tells a later import what has changed.

Runs in the confined child, as all that reads what others wrote does: an article that is made has already been read back.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

import yaml

from corpus.body import MARK
from corpus.identifiers import bare_doi, bare_pmid
from corpus.importing.types import Document, NotTaken, clean, unmarked
from corpus.loading import MAX_FILE_BYTES, content_sha256, errors_among, parse_article
from corpus.types import NOT_STATED, Article, Reference, Source

#: An article's id is at most so long (corpus/frontmatter.py).
MAX_ID = 80
#: In place of a hash until it is known; no number, so that YAML does not quote it.
_UNKNOWN = "f" * 64
_HASH = 8
_NOT_ID = re.compile(r"[^a-z0-9]+")
#: Source ids that no other one becomes the same name as, but for its case and its separators.
_TELLING = re.compile(r"[a-z0-9]+(?:[-_./: ][a-z0-9]+)*")
_LINE_BREAKS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_STATEMENT = re.compile(r"\^(?=[A-Za-z])")
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article ready to be written. `ids` are its names, the second for where the first is another article's.

    `tail` is the file's text after the id; `sha256` is of what was imported.
    """

    source: str
    source_id: str
    ids: tuple[str, str]
    title: str
    tail: str
    sha256: str

    def text(self, article_id: str) -> str:
        """The article file, under one of the ids."""
        return f"---\nid: {article_id}\n{self.tail}"  # with a hyphen in it always: YAML reads it as text


class _Dumper(yaml.CSafeDumper):
    """Without aliases, which articles do not have: a date that stands twice is written twice. In C: 8 times as fast."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def render(document: Document, today: dt.date) -> Rendered:
    """The article of a document, read back without errors. Raises `NotTaken` with the first thing wrong with it."""
    source, source_id = clean(document.source), clean(document.source_id)
    if not source or not source_id or not clean(document.title):
        missing = [name for name in ("source", "source_id", "title") if not clean(getattr(document, name))]
        raise NotTaken(f"it has no {', '.join(missing).replace('_', ' ')}")
    ids = article_ids(source, source_id)
    body = _guarded(document.body, {reference.id for reference in document.references})
    made = Rendered(source, source_id, ids, clean(document.title), _tail(document, body, today), _UNKNOWN)
    if (size := len(made.tail.encode())) > MAX_FILE_BYTES - 200:
        raise NotTaken(f"it is too long for one article: {size:,} bytes, at most {MAX_FILE_BYTES - 200:,}")
    article, problems = parse_article(made.text(ids[0]), f"{ids[0]}.md")
    if article is None or article.source is None:
        raise NotTaken(f"it makes no article: {errors_among(problems)[0].message}")
    if any(block.statement for block in article.blocks):
        raise NotTaken("it holds a statement id, which only this project's authors give")
    sha256 = imported_sha256(article, article.source, document.published)
    return replace(made, tail=made.tail.replace(f"\n  sha256: {_UNKNOWN}\n", f"\n  sha256: '{sha256}'\n", 1), sha256=sha256)


def imported_sha256(article: Article, source: Source, published: dt.date | None) -> str:
    """SHA-256 of all that an import sets: what a reviewer approves, specialty, date, source, licence and address."""
    origin = asdict(source) | {"sha256": None, "imported": None}
    said = {
        "content": content_sha256(article),
        "specialty": article.specialty,
        "published": published and published.isoformat(),
        "origin": origin,
        "withdrawn": article.withdrawn is not None,
        "review_notes": [asdict(note) for note in article.review_notes],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def is_as_imported(article: Article) -> bool:
    """Whether nobody has edited an imported article since. Its review (status, who, when) is no edit."""
    source = article.source
    if source is None:
        return False
    # A document without a date gets the day of its import: which of both it was, only the hash tells.
    dates = {article.last_updated, None if article.last_updated == source.imported else article.last_updated}
    return any(imported_sha256(article, source, date) == source.sha256 for date in dates)


def article_ids(source: str, source_id: str) -> tuple[str, str]:
    """The readable id of a source's document, and the one with a hash for where that is taken. Always the same two.

    Where the readable one leaves out what tells documents apart (other alphabets, long ids), both have the hash.
    """
    words, more = _slug(source).split("-"), _slug(source_id).split("-")
    more = more[1:] if more[1:] and more[0] == words[-1] else more  # "MedQuAD: NIDDK" and "NIDDK_0000001" say it once
    name = "-".join(word for word in (*words, *more) if word) or "imported"
    mark = hashlib.sha256(f"{source}\0{source_id}".encode()).hexdigest()[:_HASH]
    told_apart = f"{name[: MAX_ID - _HASH - 1].strip('-')}-{mark}"
    telling = len(name) <= MAX_ID and all(words) and _TELLING.fullmatch(source_id.lower())
    return (name if telling else told_apart), told_apart


def _slug(text: str) -> str:
    """Lower-case words and hyphens: `"Gicht: Ödem"` → `"gicht-odem"`."""
    letters = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode().lower()
    return _NOT_ID.sub("-", letters).strip("-")


def _guarded(body: str, references: Collection[int]) -> str:
    """A body in which nothing is a mark of no reference, or a statement id, whatever its parser let through."""

    def mark(found: re.Match[str]) -> str:
        known = all(int(number) in references for number in found[1].split(","))
        return found[0] if known else unmarked(found[0])

    lines = (_line(line) for line in _LINE_BREAKS.sub(" ", body.replace("\r\n", "\n")).split("\n"))
    return MARK.sub(mark, _STATEMENT.sub("^ ", "\n".join(lines).strip("\n")))


def _line(line: str) -> str:
    """A line with its indentation and without characters that are not seen."""
    wording = line.lstrip(" ")
    return " " * (len(line) - len(wording)) + clean(wording)


def _tail(document: Document, body: str, today: dt.date) -> str:
    """The file after its id. What it holds of the hash is `_UNKNOWN`."""
    title = clean(document.title)
    source = {
        "name": clean(document.source),
        "id": clean(document.source_id),
        "url": _address(document.url),
        "licence": clean(document.licence) or NOT_STATED,
        "sha256": _UNKNOWN,
        "imported": today,
    }
    front: dict[str, Any] = {
        "title": title,
        "heading": title,
        "specialty": clean(document.specialty) or NOT_STATED,
        "status": "submitted",
        "last_updated": document.published or today,
        "source": _given(source),
        "references": [_reference(reference) for reference in document.references],
    }
    written = yaml.dump(
        {key: value for key, value in front.items() if value != []},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10**6,
    )
    return f"{written}---\n\n{body}\n"


def _reference(reference: Reference) -> dict[str, Any]:
    """A reference's keys. An address or number that is not one is left out rather than the whole article."""
    return _given(
        {
            "id": reference.id,
            "type": reference.type.value,
            "title": clean(reference.title) or NOT_STATED,
            "authors": clean(reference.authors) or NOT_STATED,
            "venue": clean(reference.venue) or NOT_STATED,
            "year": reference.year if reference.year and 1800 <= reference.year <= 2200 else None,
            "doi": bare_doi(clean(reference.doi or "")),
            "pmid": bare_pmid(clean(reference.pmid or "")),
            "url": _address(reference.url),
            "retracted": reference.retracted,
            "superseded_by": clean(reference.superseded_by or "") or None,
        }
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _address(value: str | None) -> str | None:
    value = clean(value or "")
    return value if _URL.fullmatch(value) else None
