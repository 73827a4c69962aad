"""Finds the cues that share words with a query, with tantivy (BM25). Knows nothing of vectors.

With titles.py the only module that imports tantivy.
"""

from __future__ import annotations

import errno
import math
import shutil
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from corpus.errors import IndexDamaged

#: Words of the text, which begins with the heading path, count once; the title's a half more. Headings in a field of their
#: own cost the sections of guidelines a third (nDCG@10 .41 against .64: eval/LOG.md, 2026-11-23).
FIELD_BOOSTS = {"text": 1.0, "title": 0.5}
#: BM25's constants as tantivy has them.
_K1, _B = 1.2, 0.75
_WRITER_BYTES = 50_000_000
#: Texts whose stems, and stems whose frequency, are kept: about 30 MB when full. Analysing a long passage takes .14 ms.
_COUNTED, _RARITIES = 4_000, 50_000


@dataclass(frozen=True, slots=True)
class LexicalDocument:
    """One row of the lexical index."""

    row: int
    article_id: str
    title: str
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
        # The index never changes, and the passages that feedback reads come again and again.
        analyze, searcher = self._analyzer.analyze, self._searcher  # not self, which the caches would keep alive
        self._counts = lru_cache(_COUNTED)(lambda text: Counter(analyze(text)))
        self.rarest = _rarity(searcher.num_docs, 0)  # of a stem that stands nowhere
        self.rarity = lru_cache(_RARITIES)(lambda term: _rarity(searcher.num_docs, searcher.doc_freq("text", term)))

    @staticmethod
    def build(documents: Iterable[LexicalDocument], folder: Path) -> None:
        """Writes a complete index into an empty folder. One writer thread: the same documents give the same scores.

        Raises `OSError` (disk).
        """
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("row", fast=True)
        schema.add_text_field("article", tokenizer_name="raw", index_option="basic")
        for field in FIELD_BOOSTS:
            schema.add_text_field(field, tokenizer_name="medical", index_option="freq")
        try:
            index = tantivy.Index(schema.build(), path=str(folder))
            index.register_tokenizer("medical", analyzer())
            writer = index.writer(_WRITER_BYTES, num_threads=1)
            for document in documents:
                writer.add_document(
                    tantivy.Document(
                        row=document.row,
                        article=document.article_id,
                        title=document.title,
                        text=document.text,
                    )
                )
            writer.commit()
            writer.wait_merging_threads()
        except ValueError as error:  # its one kind of error, also for a disk that is full or cannot be written
            raise OSError(errno.EIO, f"tantivy cannot write it ({str(error).splitlines()[0][:200]})", str(folder)) from error

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def terms(self, text: str) -> list[str]:
        """The stems that are searched for a text, each once, in order."""
        return list(dict.fromkeys(self._analyzer.analyze(text)))

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

    def weights(self, texts: Sequence[tuple[str, float]]) -> dict[str, float]:
        """What each stem says about several texts, given with their shares: its BM25 in each, times the share, summed."""
        counted = [(self._counts(text), share) for text, share in texts]
        length = sum(counts.total() for counts, _ in counted) / max(1, len(counted))
        sums: dict[str, float] = {}
        for counts, share in counted:
            damping = _K1 * (1 - _B + _B * counts.total() / length) if length else 0.0
            for term, count in counts.items():
                sums[term] = sums.get(term, 0.0) + share * count * (_K1 + 1) / (count + damping)
        rarity = self.rarity
        return {term: rarity(term) * weight for term, weight in sums.items()}

    def best(self, terms: Mapping[str, float], k: int, article_id: str | None = None) -> list[tuple[int, float]]:
        """At most `k` pairs `(row, BM25 score)` for weighted stems, best first; equal scores in the order of rows."""
        from tantivy import Occur, Query

        schema = self._index.schema
        words = [
            (Occur.Should, Query.boost_query(Query.term_query(schema, field, term), boost * weight))
            for term, weight in terms.items()
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


def _rarity(documents: int, found: int) -> float:
    """Inverse document frequency of a stem, as in BM25: 0 for one that stands everywhere."""
    return math.log(1 + (documents - found + 0.5) / (found + 0.5))


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
