"""Finds the cues that share words with a query, with tantivy (BM25). Knows nothing of vectors.

The only module that imports tantivy.
"""

from __future__ import annotations

import errno
import math
import shutil
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from corpus.errors import IndexDamaged

#: Words of the text count once, of the heading path and the article's title less.
FIELD_BOOSTS = {"text": 1.0, "section": 0.5, "title": 0.5}
_WRITER_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class LexicalDocument:
    """One row of the lexical index."""

    row: int
    article_id: str
    title: str
    section: str
    text: str


class LexicalIndex:
    """Word index of one generation, read-only."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        try:
            if not _takes_locks(folder):
                copy = Path(mkdtemp(prefix="followup-"))
                weakref.finalize(self, shutil.rmtree, copy, ignore_errors=True)
                folder = shutil.copytree(folder, copy, dirs_exist_ok=True)
            self._index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise IndexDamaged(f"{folder}: tantivy cannot read it; run `followup index build`") from error
        self._analyzer = analyzer()
        self._searcher = self._index.searcher()

    @staticmethod
    def build(documents: Iterable[LexicalDocument], folder: Path) -> None:
        """Writes a complete index into an empty folder. One writer thread: the same documents give the same scores."""
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("row", fast=True)
        schema.add_text_field("article", tokenizer_name="raw", index_option="basic")
        for field in FIELD_BOOSTS:
            schema.add_text_field(field, tokenizer_name="medical", index_option="freq")
        index = tantivy.Index(schema.build(), path=str(folder))
        index.register_tokenizer("medical", analyzer())
        writer = index.writer(_WRITER_BYTES, num_threads=1)
        for document in documents:
            writer.add_document(
                tantivy.Document(
                    row=document.row,
                    article=document.article_id,
                    title=document.title,
                    section=document.section,
                    text=document.text,
                )
            )
        writer.commit()
        writer.wait_merging_threads()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def terms(self, text: str) -> list[str]:
        """The stems that are searched for a text, each once, in order."""
        return list(dict.fromkeys(self._analyzer.analyze(text)))

    def rarity(self, term: str) -> float:
        """Inverse document frequency of a stem, as in BM25: 0 for one that stands everywhere."""
        count, found = len(self), self._searcher.doc_freq("text", term)
        return math.log(1 + (count - found + 0.5) / (found + 0.5))

    def stands_in(self, term: str, article_id: str) -> bool:
        """Whether a stem occurs anywhere in what is searched of an article."""
        from tantivy import Occur, Query

        schema = self._index.schema
        query = Query.boolean_query(
            [
                (Occur.Must, Query.term_query(schema, "article", article_id)),
                (
                    Occur.Must,
                    Query.boolean_query([(Occur.Should, Query.term_query(schema, field, term)) for field in FIELD_BOOSTS]),
                ),
            ]
        )
        return bool(self._searcher.search(query, 1).count)

    def best(self, text: str, k: int, article_id: str | None = None) -> list[tuple[int, float]]:
        """At most `k` pairs `(row, BM25 score)`, best first; equal scores in the order of rows."""
        from tantivy import Occur, Query

        schema = self._index.schema
        words = [
            (Occur.Should, Query.boost_query(Query.term_query(schema, field, term), boost))
            for term in self.terms(text)
            for field, boost in FIELD_BOOSTS.items()
        ]
        if not words:
            return []
        query = Query.boolean_query(words)
        if article_id is not None:
            scope = Query.const_score_query(Query.term_query(schema, "article", article_id), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, scope)])
        hits = self._searcher.search(query, k).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return sorted(
            ((int(row), float(hit[0])) for row, hit in zip(rows, hits, strict=True)), key=lambda pair: (-pair[1], pair[0])
        )


def _takes_locks(folder: Path) -> bool:
    """Whether tantivy can lock the folder, which even its readers do: not on a read-only disk. There a copy is read."""
    try:
        with (folder / ".tantivy-meta.lock").open("ab"):
            return True
    except OSError as error:
        return error.errno not in (errno.EROFS, errno.EACCES)


def analyzer() -> Any:
    """Lower case, English stop words and stems; words over 60 characters are dropped."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(60)).filter(Filter.lowercase())
    return builder.filter(Filter.stopword("english")).filter(Filter.stemmer("english")).build()
