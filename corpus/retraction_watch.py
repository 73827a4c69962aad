"""Makes the list of retracted papers (corpus/retractions.py) from the CSV of the Retraction Watch database, line by line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from corpus.identifiers import bare_pmid, doi_key
from corpus.replacing import replaced
from corpus.retractions import KEPT, Nature, Record, Retracted, RetractionList, RetractionsUnreadable

#: The columns that are needed of the twenty that the Retraction Watch CSV has.
NEEDED = (
    "Record ID",
    "RetractionDate",
    "RetractionDOI",
    "RetractionNature",
    "OriginalPaperDOI",
    "OriginalPaperPubMedID",
)
#: "1/31/2020 0:00", month first; newer exports also write ISO dates.
_DAY = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?: .*)?|(?P<iso>\d{4}-\d\d-\d\d)(?:[ T].*)?")
#: Where a field names several papers. Old DOIs hold semicolons of their own: "10.1002/(SICI)…3.0.CO;2-S".
_NEXT_DOI = re.compile(r"(?<![;,\s])[;,\s]++(?=10\.\d)")
_NEXT_PMID = re.compile(r"[;,\s]+")


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
    writer.writerow(KEPT)
    for one in records:
        if isinstance(one, Skipped):
            skipped.append(one)
        elif one.said.nature is Nature.CORRECTION:
            corrections += 1
        elif not (one.dois or one.pmids):
            nameless += 1
        else:
            kept[one.said.nature.value] += 1
            writer.writerow(one.row)
    text.detach()
    return Imported(dict(kept), corrections, nameless, tuple(skipped), before)


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
