"""One import from beginning to end: files found, read in a child, put into the folder, and the whole noted in the audit log."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from corpus.audit import Action, AuditLog
from corpus.errors import AuditUnavailable, FollowupError
from corpus.importing.files import files_in, shown
from corpus.importing.formats import Format
from corpus.importing.limits import Limits
from corpus.importing.reading import read
from corpus.importing.types import Options, Refused
from corpus.importing.writing import Kind, Outcome, Shelf

#: Articles and paths that an entry of the audit log names; the files themselves say of each from where and when it came.
_NAMED = 100


class ImportNotRecorded(FollowupError):
    """Articles were written, and the audit log, which could be written before, does not tell of it."""

    exit_code = 2


def import_files(
    paths: Sequence[Path], form: Format, options: Options, shelf: Shelf, *, today: dt.date, limits: Limits | None = None
) -> Generator[Outcome | Refused]:
    """What becomes of every document of the files and folders, and every file or record refused, in reading order.

    Nothing of the whole is kept in memory but the names of what came.
    """
    files = files_in(paths, form.suffixes)
    with shelf, closing(read(files, form, options, limits or Limits(), today)) as articles:
        for read_one in articles:
            if isinstance(read_one, Refused):
                yield read_one
                continue
            file, document = read_one
            outcome = shelf.put(document)
            yield Refused(shown(file.path), outcome) if isinstance(outcome, str) else outcome


@dataclass
class Tally:
    """How many documents became what."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, one: Outcome | Refused) -> None:
        """Counts one outcome."""
        self.counts["refused" if isinstance(one, Refused) else one.kind.value] += 1

    def as_dict(self) -> dict[str, int]:
        """Every kind with its number, the refused last."""
        return {name: self.counts[name] for name in (*Kind, "refused")}


def recorded(
    outcomes: Generator[Outcome | Refused], log: AuditLog, *, by: str, form: Format, paths: Sequence[Path], shelf: Shelf
) -> Generator[Outcome | Refused]:
    """The same outcomes; at their end, also when it is an error or Ctrl-C, one entry of the log says what was written.

    Raises `AuditUnavailable` before anything is done where the log cannot be written, and `ImportNotRecorded` where that
    shows only at the end.
    """
    log.check()
    tally, finished, broken = Tally(), False, ""
    try:
        with closing(outcomes):
            for one in outcomes:
                tally.add(one)
                yield one
        finished = True
    except FollowupError as error:
        broken = f"; the import was cut short: {error}"
        raise
    finally:
        if written := shelf.written:
            named = {"articles": sorted(written)[:_NAMED], "paths": [shown(path) for path in paths[:_NAMED]]}
            told = {"folder": shown(shelf.folder), "finished": finished, "written": len(written)}
            try:
                log.append(by, Action.IMPORT, form.name, **told, **tally.as_dict(), **named)
            except AuditUnavailable as error:
                why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "another process held it"
                raise ImportNotRecorded(
                    f"{len(written)} articles were written into {shown(shelf.folder)}, and the audit log {log.path} does not "
                    f"tell of it ({why}); the `source` of each says from where and when it came{broken}"
                ) from error
