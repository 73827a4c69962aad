"""The citation ledger: quote -> exact span -> statement -> the references that the article attached to that statement.

A passage gets its number when it is first cited and a source when it first stands behind one, each once: so every mark
resolves, none is skipped, and a stored answer shows the same marks for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Citation, CitedReference, Draft, Origin, Sentence
from corpus.types import Article, Passage, Reference

if TYPE_CHECKING:
    from collections.abc import Callable


class MisquoteError(AssertionError):
    """A passage's text is not what its article says at its offsets: a defect of the index, never shown to a reader."""


class Ledger:
    """The citations and references of one answer, in the order in which they were first needed."""

    def __init__(self, article_of: Callable[[str], Article]) -> None:
        self._article_of = article_of
        self._citations: dict[str, Citation] = {}
        self._references: dict[tuple[object, ...], CitedReference] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Numbered from 1 without gaps."""
        return tuple(self._citations.values())

    @property
    def references(self) -> tuple[CitedReference, ...]:
        """Numbered from 1 without gaps."""
        return tuple(self._references.values())

    def cites(self, passage: Passage) -> bool:
        """Whether a passage has a number already."""
        return passage.id in self._citations

    def enter(self, draft: Draft) -> Sentence:
        """The draft with the numbers of the passages that it rests on. Raises `MisquoteError`."""
        numbers = tuple(dict.fromkeys(self._cite(passage).number for passage in draft.passages))
        return Sentence(draft.text, numbers, draft.role)

    def of(self, sentence: Sentence) -> tuple[Citation, ...]:
        """The citations that a sentence rests on."""
        return tuple(citation for citation in self.citations if citation.number in sentence.citations)

    def _cite(self, passage: Passage) -> Citation:
        if cited := self._citations.get(passage.id):
            return cited
        article = self._article_of(passage.article_id)
        if article.text[passage.start : passage.end] != passage.text:
            raise MisquoteError(f"{passage.id} does not stand at {passage.start}:{passage.end} of {article.id}")
        behind = tuple(self._refer(source) for mark in passage.marks if (source := article.reference(mark)))
        made = Citation(
            number=len(self._citations) + 1,
            article_id=article.id,
            article_title=article.title,
            section=passage.section,
            passage_id=passage.id,
            statement_id=passage.statement,
            quote=passage.text,
            start=passage.start,
            end=passage.end,
            sha256=passage.sha256,
            review_status=article.status.value,
            last_updated=article.last_updated.isoformat(),
            references=behind,
            origin=_origin(article),
        )
        self._citations[passage.id] = made
        return made

    def _refer(self, source: Reference) -> CitedReference:
        return self._references.setdefault(identity(source), _numbered(source, len(self._references) + 1))


def identity(source: Reference | CitedReference) -> tuple[object, ...]:
    """The same source listed by two articles is one reference: by DOI, by PMID, or by what it is called."""
    if source.doi:
        return ("doi", source.doi.lower())
    if source.pmid:
        return ("pmid", source.pmid)
    return (source.title.casefold(), source.authors.casefold(), source.venue.casefold(), source.year)


def _origin(article: Article) -> Origin | None:
    source = article.source
    if source is None:
        return None
    return Origin(source.name, source.id, source.url, source.licence, source.imported.isoformat(), not article.undated)


def _numbered(source: Reference, number: int) -> CitedReference:
    return CitedReference(
        number=number,
        type=source.type.value,
        title=source.title,
        authors=source.authors,
        venue=source.venue,
        year=source.year,
        doi=source.doi,
        pmid=source.pmid,
        url=source.url,
        retracted=source.retracted.isoformat() if source.retracted else None,
    )
