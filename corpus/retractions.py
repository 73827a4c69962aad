"""The offline list of retracted papers, looked up by DOI or PubMed number; corpus/retraction_watch.py makes it.

A record is about a paper and has a nature: a retraction, the reinstatement of a retracted paper, an expression of concern,
or a correction. A paper counts as retracted when its last retraction was not followed by a reinstatement. Corrections are
left out: they are part of science and stop no citing.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from corpus.errors import FollowupError
from corpus.identifiers import bare_pmid, doi_key
from corpus.types import Article, Reference

#: The first line of its file.
KEPT = ("doi", "pmid", "nature", "date", "notice", "record")


class RetractionsUnreadable(FollowupError):
    """The file is no list of retractions, or its list would shrink without having been told to."""

    exit_code = 2


class Nature(StrEnum):
    """What a record says of a paper, in the words of the list."""

    RETRACTION = "Retraction"
    REINSTATEMENT = "Reinstatement"
    CONCERN = "Expression of concern"
    CORRECTION = "Correction"


@dataclass(frozen=True, slots=True)
class Retracted:
    """A record about one paper: since when, the DOI of the notice where it is known, its number in the list."""

    nature: Nature
    date: dt.date
    notice: str | None
    record: str


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the list: what it says, and the papers it says it of (DOIs in small letters)."""

    said: Retracted
    dois: tuple[str, ...]
    pmids: tuple[str, ...]

    @property
    def row(self) -> list[str]:
        """A line of the list's file, in the order of `KEPT`."""
        said = self.said
        return [
            " ".join(self.dois),
            " ".join(self.pmids),
            said.nature.value,
            said.date.isoformat(),
            said.notice or "",
            said.record,
        ]


class RetractionList:
    """The kept list. Empty where there is none: nothing is known to be retracted then."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._by_doi: dict[str, list[Retracted]] = {}
        self._by_pmid: dict[str, list[Retracted]] = {}
        self._records = 0
        for record in records:
            self._records += 1
            for doi in record.dois:
                self._by_doi.setdefault(doi, []).append(record.said)
            for pmid in record.pmids:
                self._by_pmid.setdefault(pmid, []).append(record.said)

    def __len__(self) -> int:
        return self._records

    @classmethod
    def load(cls, path: Path) -> RetractionList:
        """The list of a file that `import_retractions` wrote; an empty one when there is no file.

        Raises `RetractionsUnreadable` for any other file: a damaged list must not pass for "nothing is retracted".
        """
        if not path.exists():
            return cls()
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return cls(_kept_records(csv.reader(file, strict=True)))
        except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
            raise RetractionsUnreadable(
                f"{path}: not a list of retractions ({error}); `followup corpus import-retractions CSV` makes it anew"
            ) from error

    def find(self, doi: str | None, pmid: str | None) -> Retracted | None:
        """The retraction that a paper stands under, or None. A later reinstatement ends it; on one day, it stands."""
        about = [one for one in self._about(doi, pmid) if one.nature in (Nature.RETRACTION, Nature.REINSTATEMENT)]
        last = max(about, key=lambda one: (one.date, one.nature is Nature.RETRACTION), default=None)
        return last if last and last.nature is Nature.RETRACTION else None

    def concern(self, doi: str | None, pmid: str | None) -> Retracted | None:
        """The last expression of concern about a paper that is not retracted, or None."""
        if self.find(doi, pmid):
            return None
        about = [one for one in self._about(doi, pmid) if one.nature is Nature.CONCERN]
        return max(about, key=lambda one: one.date, default=None)

    def _about(self, doi: str | None, pmid: str | None) -> list[Retracted]:
        return [*self._by_doi.get(doi_key(doi) or "", ()), *self._by_pmid.get(bare_pmid(pmid) or "", ())]


def marked(articles: Sequence[Article], retractions: RetractionList) -> tuple[Article, ...]:
    """The articles with `Reference.retracted` set where the list says so; what an article declares itself stays."""

    def mark(reference: Reference) -> Reference:
        found = None if reference.retracted else retractions.find(reference.doi, reference.pmid)
        return replace(reference, retracted=found.date) if found else reference

    if not len(retractions):
        return tuple(articles)
    made = []
    for article in articles:
        references = tuple(map(mark, article.references))
        made.append(article if references == article.references else replace(article, references=references))
    return tuple(made)


def _kept_records(reader: Iterator[list[str]]) -> Iterator[Record]:
    if tuple(next(reader, ())) != KEPT:
        raise ValueError(f"its first line is not {','.join(KEPT)}")
    for row in reader:
        doi, pmid, nature, date, notice, record = row
        said = Retracted(Nature(nature), dt.date.fromisoformat(date), notice or None, record)
        yield Record(said, tuple(doi.split()), tuple(pmid.split()))
