"""What was taken back since a generation was built: withdrawn articles and retracted sources.

An earlier generation that serves again, after a rollback or in place of a damaged one, still holds them; it must not answer
from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from corpus.identifiers import bare_pmid, doi_key
from corpus.types import Withdrawal

if TYPE_CHECKING:
    from corpus.types import Article, Reference


@dataclass(frozen=True, slots=True)
class RetractedSource:
    """A retracted source: by its DOI or PubMed number in any article, by its title where it has neither."""

    doi: str
    pmid: str
    title: str
    since: str

    @classmethod
    def of(cls, reference: Reference) -> RetractedSource:
        """`since` is empty for one that was not retracted."""
        since = reference.retracted.isoformat() if reference.retracted else ""
        return cls(
            doi_key(reference.doi) or "", bare_pmid(reference.pmid) or "", " ".join(reference.title.casefold().split()), since
        )

    def __str__(self) -> str:
        return self.doi or (f"PMID {self.pmid}" if self.pmid else f"{self.title!r}")

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What it is known by; two sources are the same when they share one."""
        known = tuple((kind, value) for kind, value in (("doi", self.doi), ("pmid", self.pmid)) if value)
        return known or (("title", self.title),)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """`withdrawn`: articles, each its id, since when and why. `retracted`: sources, each once."""

    withdrawn: tuple[tuple[str, str, str], ...] = ()
    retracted: tuple[RetractedSource, ...] = ()

    @classmethod
    def by(cls, articles: Sequence[Article], before: TakenBack) -> TakenBack:
        """What articles say, and of what was known before all that they say nothing of: a deleted article stays withdrawn."""
        ids = {article.id for article in articles}
        cited = [RetractedSource.of(reference) for article in articles for reference in article.references]
        spoken_of = {key for source in cited for key in source.keys}
        withdrawn = [
            (article.id, article.withdrawn.since.isoformat(), article.withdrawn.reason)
            for article in articles
            if article.withdrawn
        ]
        return cls(
            withdrawn=(*withdrawn, *(one for one in before.withdrawn if one[0] not in ids)),
            retracted=tuple(
                dict.fromkeys(
                    (
                        *(source for source in cited if source.since),
                        *(source for source in before.retracted if spoken_of.isdisjoint(source.keys)),
                    )
                )
            ),
        )

    def brought_back(self, articles: Iterable[Article]) -> tuple[RetractedSource, ...]:
        """The retracted sources that articles cite as if they were not."""
        standing = {
            key for article in articles for one in article.references if not one.retracted for key in RetractedSource.of(one).keys
        }
        return tuple(source for source in self.retracted if not standing.isdisjoint(source.keys))

    def applied(self, articles: Iterable[Article]) -> tuple[Article, ...]:
        """The articles as they stand since; those that nothing was taken back of are the same objects."""
        withdrawals = {name: Withdrawal(dt.date.fromisoformat(since), why) for name, since, why in self.withdrawn}
        dates = {key: source.since for source in self.retracted for key in source.keys}

        def marked(reference: Reference) -> Reference:
            if reference.retracted:
                return reference
            since = next((dates[key] for key in RetractedSource.of(reference).keys if key in dates), None)
            return replace(reference, retracted=dt.date.fromisoformat(since)) if since else reference

        def since_then(article: Article) -> Article:
            references = tuple(map(marked, article.references)) if dates else article.references
            withdrawn = article.withdrawn or withdrawals.get(article.id)
            if (references, withdrawn) == (article.references, article.withdrawn):
                return article
            return replace(article, references=references, withdrawn=withdrawn)

        return tuple(map(since_then, articles))


NOTHING = TakenBack()
