"""Finds articles by what they are called while it is being typed: titles, headings, other names, askable questions.

Held in memory, with tantivy (BM25). A typed word stands for every word that begins with it or has its stem; where no article
has all the typed words, longer ones also for words spelled nearly like it. Knows nothing of passages, vectors or HTTP.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

#: How much a word counts where it stands. `names` are other words for the same thing.
FIELD_BOOSTS = {"title": 3.0, "heading": 2.0, "specialty": 1.0, "names": 1.0, "questions": 1.0}
#: What a word that was completed or respelled counts, against one that was typed whole.
_COMPLETED = 0.3
#: A beginning with more completions than this says too little for BM25: all of them then count the same. "g" has hundreds.
_TELLING = 32
#: Letters from which on one typo, and two, are allowed: fewer would make "gout" of "goat".
ONE_TYPO_FROM, TWO_TYPOS_FROM = 5, 8
#: Words spelled like a typed one that are looked for.
_RESPELLED = 50
#: What two typed words that stand side by side add, against what a word counts.
_BESIDE = 3.0
#: What stands in more than this share of the articles tells no question from another.
_COMMON = 0.5
#: A text with more different words than this is not the name of anything.
_MAX_WORDS = 32
#: Texts whose stems are kept, about 10 MB when full: the same titles and questions are shown again and again.
_STEMMED = 20_000
_WRITER_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """A question that an article answers, and other names of what it speaks of."""

    text: str
    names: str

    @property
    def said(self) -> str:
        """What it is found by."""
        return f"{self.text} {self.names}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What an article is called. `labels` are exact words to filter by, each with what it is: "status: approved"."""

    title: str
    heading: str
    specialty: str
    names: str
    questions: tuple[Question, ...]
    labels: tuple[str, ...]

    @property
    def about(self) -> str:
        """What each of its questions is about without saying so."""
        return " ".join((self.title, self.heading, self.specialty, self.names))


@dataclass(frozen=True, slots=True)
class Matches:
    """Rows of entries, best first, and how many there are in all. `words`: the stems that each typed word stands for."""

    rows: tuple[int, ...]
    total: int
    words: tuple[frozenset[str], ...]
    respelled: bool


class TitleIndex:
    """Read-only; safe to share between threads. Entries with equal scores keep the order they are given in."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._whole, analyzer = _splitter(), _stemmer()  # not self, which the cache would keep alive
        self._stems = lru_cache(_STEMMED)(lambda text: frozenset(analyzer.analyze(text)))
        self._index = _index(entries, analyzer)
        self._searcher = self._index.searcher()
        texts = [f"{entry.about} {' '.join(question.said for question in entry.questions)}" for entry in entries]
        #: Every word of the entries as it is spelled, in alphabetical order.
        self._spellings = sorted({word for text in texts for word in self._whole.analyze(text)})
        counts = Counter(stem for text in texts for stem in set(analyzer.analyze(text)))
        self._known = counts.keys()
        self._common = {stem for stem, count in counts.items() if count > _COMMON * len(entries)}
        self._spelled = _words(self._spellings)
        self._spelled_searcher = self._spelled.searcher()

    def search(self, text: str, labels: Sequence[str] = (), limit: int = 50, offset: int = 0) -> Matches:
        """The entries that have every typed word and every label; without a word to look for, none."""
        typed = self._typed(text)
        words = [self._standing_for(word) for word in typed]
        found = self._matching(typed, words, labels, limit, offset, respelled=False)
        if found.total:
            return found
        known = all(words)  # then it is not clear which is misspelled
        words = [stems | self._nearly(word) if known or not stems else stems for word, stems in zip(typed, words, strict=True)]
        return self._matching(typed, words, labels, limit, offset, respelled=True)

    def questions(self, row: int, words: Sequence[frozenset[str]]) -> list[str]:
        """An entry's questions that have a typed word, where what they do not say stands in what the article is called.

        What most articles have ("what", "which") is not needed. The question with the most words comes first.
        """
        entry = self._entries[row]
        about = self._stems(entry.about)
        needed = [word for word in words if not word & self._common] or words
        held: list[tuple[int, str]] = []
        for question in entry.questions:
            own = self._stems(question.said)
            inside = [not word.isdisjoint(own) for word in needed]
            if any(inside) and all(has or not word.isdisjoint(about) for has, word in zip(inside, needed, strict=True)):
                held.append((sum(not word.isdisjoint(own) for word in words), question.text))
        return [question for _, question in sorted(held, key=lambda one: -one[0])]

    def _typed(self, text: str) -> list[str]:
        """The words to look for, each once: no stop words, unless there is nothing else."""
        words = list(dict.fromkeys(self._whole.analyze(text)))
        telling = [word for word in words if self._stems(word)]
        return (telling or words[-1:]) if len(words) <= _MAX_WORDS else []

    def _standing_for(self, word: str) -> frozenset[str]:
        """The stems of the words that a typed one may be: those that begin with it or have its stem."""
        first = bisect_left(self._spellings, word)
        after = bisect_left(self._spellings, word + "\U0010ffff", first)
        return (self._stems(word) & self._known).union(*map(self._stems, self._spellings[first:after]))

    def _nearly(self, word: str) -> frozenset[str]:
        """The stems of the words spelled nearly so, else of those that begin nearly so; a swap of two letters is one typo.

        The first letter is taken to be right, as it mostly is.
        """
        typos = (len(word) >= ONE_TYPO_FROM) + (len(word) >= TWO_TYPOS_FROM)
        for beginning in (False, True) if typos else ():
            if found := [each for each in self._fuzzy(word, typos, beginning) if each[0] == word[0]]:
                return frozenset().union(*map(self._stems, found))
        return frozenset()

    def _fuzzy(self, word: str, typos: int, beginning: bool) -> list[str]:
        from tantivy import Query

        query = Query.fuzzy_term_query(self._spelled.schema, "word", word, distance=typos, prefix=beginning)
        searcher = self._spelled_searcher
        hits = searcher.search(query, _RESPELLED, count=False).hits
        return [self._spellings[row] for row in searcher.fast_field_values("row", [address for _, address in hits])]

    def _matching(
        self,
        typed: Sequence[str],
        words: Sequence[frozenset[str]],
        labels: Sequence[str],
        limit: int,
        offset: int,
        *,
        respelled: bool,
    ) -> Matches:
        """The entries that have one stem of each word."""
        from tantivy import Occur, Query

        if not words or not all(words):
            return Matches((), 0, (), respelled)
        schema = self._index.schema
        exact = [self._stems(word) for word in typed]
        needed = [self._having(stems, whole) for stems, whole in zip(words, exact, strict=True)]
        needed += [Query.const_score_query(Query.term_query(schema, "labels", label), 0.0) for label in labels]
        clauses = [(Occur.Must, clause) for clause in needed]
        clauses += [(Occur.Should, self._beside(min(one), min(next_))) for one, next_ in pairwise(exact) if one and next_]
        result = self._searcher.search(Query.boolean_query(clauses), limit, offset=offset)
        rows = self._searcher.fast_field_values("row", [address for _, address in result.hits])
        return Matches(tuple(int(row) for row in rows), int(result.count), tuple(words), respelled)

    def _beside(self, stem: str, next_stem: str) -> Any:
        """The query for two words that stand side by side, as in "heart attack"."""
        from tantivy import Query

        schema = self._index.schema
        return Query.disjunction_max_query(
            [
                Query.boost_query(Query.phrase_query(schema, field, [stem, next_stem]), boost * _BESIDE)
                for field, boost in FIELD_BOOSTS.items()
            ]
        )

    def _having(self, stems: frozenset[str], exact: frozenset[str]) -> Any:
        """The query for one typed word: what its best completion scores in the best field."""
        from tantivy import Query

        schema, ways = self._index.schema, []
        for field, boost in FIELD_BOOSTS.items():
            if len(stems) > _TELLING:
                every = Query.const_score_query(Query.term_set_query(schema, field, sorted(stems)), 1.0)
                ways.append(Query.boost_query(every, boost * _COMPLETED))
            for stem in sorted(stems & exact if len(stems) > _TELLING else stems):
                weight = boost * (1.0 if stem in exact else _COMPLETED)
                ways.append(Query.boost_query(Query.term_query(schema, field, stem), weight))
        return Query.disjunction_max_query(ways)


def _index(entries: Sequence[Entry], analyzer: Any) -> Any:
    """The entries by the stems of their fields."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("row", fast=True)
    schema.add_text_field("labels", tokenizer_name="raw", index_option="basic")
    for field in FIELD_BOOSTS:
        schema.add_text_field(field, tokenizer_name="called", index_option="position")
    index = tantivy.Index(schema.build())
    index.register_tokenizer("called", analyzer)
    rows = [
        {field: getattr(entry, field) for field in FIELD_BOOSTS}
        | {"questions": [question.said for question in entry.questions], "labels": list(entry.labels)}
        for entry in entries
    ]
    return _filled(index, rows)


def _words(spellings: Sequence[str]) -> Any:
    """An index of words, to find those spelled nearly like another."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("row", fast=True)
    schema.add_text_field("word", tokenizer_name="raw", index_option="basic")
    return _filled(tantivy.Index(schema.build()), [{"word": word} for word in spellings])


def _filled(index: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """The index with its rows, by their numbers. One thread and one commit: they keep their order."""
    import tantivy

    writer = index.writer(_WRITER_BYTES, num_threads=1)
    for row, fields in enumerate(rows):
        writer.add_document(tantivy.Document(row=row, **fields))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def _splitter() -> Any:
    """Whole words in lower case without accents."""
    return _plain_words().build()


def _stemmer() -> Any:
    """The same words without English stop words, stemmed."""
    from tantivy import Filter

    return _plain_words().filter(Filter.stopword("english")).filter(Filter.stemmer("english")).build()


def _plain_words() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(60))
    return builder.filter(Filter.lowercase()).filter(Filter.ascii_fold())
