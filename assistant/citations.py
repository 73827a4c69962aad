"""The citation ledger: quote -> exact span -> statement -> the references that the article attached to that statement.

Numbers are given once, after everything that is cited is known, so every mark resolves and none is skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.types import Citation, CitedReference, Sentence
from corpus.types import Article, Passage, Reference

if TYPE_CHECKING:
    from collections.abc import Callable


class MisquoteError(AssertionError):
    """A passage's text is not what its article says at its offsets: a defect of the index, never shown to a reader."""


def cite(
    passages: Sequence[Passage], article_of: Callable[[str], Article]
) -> tuple[list[Sentence], list[Citation], list[CitedReference]]:
    """One sentence and one citation a passage, in order, and the references behind them, each source once.

    Raises `MisquoteError` when a passage is not the exact text of its article.
    """
    references: dict[tuple[object, ...], CitedReference] = {}
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for number, passage in enumerate(passages, start=1):
        article = article_of(passage.article_id)
        if article.text[passage.start : passage.end] != passage.text:
            raise MisquoteError(f"{passage.id} does not stand at {passage.start}:{passage.end} of {article.id}")
        behind = []
        for mark in passage.marks:
            if source := article.reference(mark):
                behind.append(references.setdefault(_identity(source), _numbered(source, len(references) + 1)))
        citations.append(
            Citation(
                number=number,
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
                references=tuple(behind),
            )
        )
        sentences.append(Sentence(passage.text, (number,)))
    return sentences, citations, list(references.values())


def _identity(source: Reference) -> tuple[object, ...]:
    """The same source listed by two articles is one reference: by DOI, by PMID, or by what it is called."""
    if source.doi:
        return ("doi", source.doi.lower())
    if source.pmid:
        return ("pmid", source.pmid)
    return (source.title.casefold(), source.authors.casefold(), source.venue.casefold(), source.year)


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
    )
