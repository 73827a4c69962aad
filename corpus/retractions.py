"""The offline list of retracted papers: read from the Retraction Watch CSV, looked up by DOI or PubMed number.

A record is about a paper and has a nature: a retraction, the reinstatement of a retracted paper, an expression of concern,
or a correction. A paper counts as retracted when its last retraction was not followed by a reinstatement. Corrections are
left out: they are part of science and stop no citing.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from corpus.errors import FollowupError
from corpus.identifiers import bare_pmid, doi_key
from corpus.replacing import replaced
from corpus.types import Article, Reference

#: The columns that are needed of the twenty that the Retraction Watch CSV has.
NEEDED = (
    "Record ID",
    "RetractionDate",
    "RetractionDOI",
    "RetractionNature",
    "OriginalPaperDOI",
    "OriginalPaperPubMedID",
)
_KEPT = ("doi", "pmid", "nature", "date", "notice", "record")
#: "1/31/2020 0:00", month first; newer exports also write ISO dates.
_DAY = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?: .*)?|(?P<iso>\d{4}-\d\d-\d\d)(?:[ T].*)?")
#: Where a field names several papers. Old DOIs hold semicolons of their own: "10.1002/(SICI)…3.0.CO;2-S".
_NEXT_DOI = re.compile(r"(?<![;,\s])[;,\s]++(?=10\.\d)")
_NEXT_PMID = re.compile(r"[;,\s]+")


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


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that could not be taken."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `kept` counts the records by nature; `nameless` had neither a DOI nor a PubMed number."""

    kept: dict[str, int]
    corrections: int
    nameless: int
    skipped: tuple[Skipped, ...]
    before: int  # records of the list that was replaced

    @property
    def records(self) -> int:
        """How many the list has now."""
        return sum(self.kept.values())


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


def import_retractions(
    source: Path, target: Path, *, allow_shrink: bool = False, record: Callable[[Imported], object] | None = None
) -> Imported:
    """Replaces the list at `target` by the records of a Retraction Watch CSV, read line by line; all or nothing.

    Lines that cannot be taken are named and left out. Raises `RetractionsUnreadable` for a file without the columns or
    without any record, and for one that would leave less than half of the list, unless `allow_shrink`. `record` is told
    what is about to be done; where it raises, the list stays as it was.
    """
    before = len(RetractionList.load(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced(target) as file, _opened(source) as lines:
            made = _copied(_records(source, lines), file, before)
            _check_size(source, made, allow_shrink)
            if record:
                record(made)
    except OSError as error:
        raise RetractionsUnreadable(f"{target}: cannot be written: {error.strerror}; the list stays as it was") from error
    return made


def _copied(records: Iterable[Record | Skipped], file: BinaryIO, before: int) -> Imported:
    """Writes what is kept of the records and counts the rest."""
    kept: Counter[str] = Counter()
    skipped: list[Skipped] = []
    nameless = corrections = 0
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_KEPT)
    for one in records:
        if isinstance(one, Skipped):
            skipped.append(one)
        elif one.said.nature is Nature.CORRECTION:
            corrections += 1
        elif not (one.dois or one.pmids):
            nameless += 1
        else:
            kept[one.said.nature.value] += 1
            writer.writerow(_row(one))
    text.detach()
    return Imported(dict(kept), corrections, nameless, tuple(skipped), before)


def _row(record: Record) -> list[str]:
    """A record as a line of the kept list, in the order of `_KEPT`."""
    said = record.said
    return [
        " ".join(record.dois),
        " ".join(record.pmids),
        said.nature.value,
        said.date.isoformat(),
        said.notice or "",
        said.record,
    ]


def _check_size(source: Path, made: Imported, allow_shrink: bool) -> None:
    if not made.records:
        raise RetractionsUnreadable(f"{source}: no record of a retraction could be taken; the list stays as it was")
    if 2 * made.records < made.before and not allow_shrink:
        raise RetractionsUnreadable(
            f"{source}: {made.records} records would replace {made.before}; the list stays as it was. "
            "Lists of retractions grow: is the file whole? `--allow-shrink` takes it all the same"
        )


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a CSV in UTF-8 or, where that fails, Latin-1: older exports of the list are in it."""
    encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        encoding = "latin-1"
    except OSError as error:
        raise RetractionsUnreadable(f"{path}: cannot be read: {error.strerror}") from error
    with path.open(encoding=encoding, newline="") as file:
        yield iter(file)


def _records(source: Path, lines: Iterator[str]) -> Iterator[Record | Skipped]:
    reader = csv.reader(lines)
    first = next(_rows(reader), [])
    header = [] if isinstance(first, Skipped) else first
    if missing := [name for name in NEEDED if name not in header]:
        raise RetractionsUnreadable(f"{source}: no Retraction Watch CSV: its first line lacks {', '.join(missing)}")
    at = {name: header.index(name) for name in NEEDED}
    for row in _rows(reader):
        if isinstance(row, Skipped):
            yield row
        elif len(row) != len(header):
            yield Skipped(reader.line_num, f"{len(row)} fields instead of {len(header)}")
        else:
            yield _record({name: row[position] for name, position in at.items()}, reader.line_num)


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str] | Skipped]:
    """The rows; one that the csv module cannot read (a field of over 131,072 characters) is skipped, the next ones are read."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Skipped(getattr(reader, "line_num", 0), str(error))
            continue
        if row:
            yield row


def _record(row: dict[str, str], line: int) -> Record | Skipped:
    """One row; dates and natures must be readable, a paper may be known by a DOI, a PubMed number, both or neither."""
    try:
        nature = Nature(row["RetractionNature"].strip().capitalize())
    except ValueError:
        return Skipped(line, f"RetractionNature is {row['RetractionNature']!r}")
    date = _date(row["RetractionDate"])
    if date is None:
        return Skipped(line, f"RetractionDate is {row['RetractionDate']!r}")
    dois = [doi_key(word) for word in _NEXT_DOI.split(row["OriginalPaperDOI"])]
    pmids = [bare_pmid(word) for word in _NEXT_PMID.split(row["OriginalPaperPubMedID"])]
    said = Retracted(nature, date, doi_key(row["RetractionDOI"]), row["Record ID"].strip())
    return Record(said, tuple(doi for doi in dois if doi), tuple(pmid for pmid in pmids if pmid))


def _date(text: str) -> dt.date | None:
    match = _DAY.fullmatch(text.strip())
    if match is None:
        return None
    try:
        if match["iso"]:
            return dt.date.fromisoformat(match["iso"])
        return dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def _kept_records(reader: Iterator[list[str]]) -> Iterator[Record]:
    if tuple(next(reader, ())) != _KEPT:
        raise ValueError(f"its first line is not {','.join(_KEPT)}")
    for row in reader:
        doi, pmid, nature, date, notice, record = row
        said = Retracted(Nature(nature), dt.date.fromisoformat(date), notice or None, record)
        yield Record(said, tuple(doi.split()), tuple(pmid.split()))
