"""What only shows when the articles are held against each other: same titles, near-duplicates, newer editions of a guideline.

12,000 articles take 50 s and 270 MB, so no page does: a process of its own does after each reindexing and when staff
ask for it (`python -m assistant.staff.across`), and what it found is kept beside the index:

    <index>/across.json    what was found, and in which files; may be deleted at any time
    <index>/across.lock    held (flock) while one looks
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assistant.staff.jobs import environment
from assistant.staff.kept_rows import file_stats
from assistant.staff.locks import held, held_unless_taken, is_held
from corpus.clock import today
from corpus.errors import FollowupError
from corpus.linting import lint_across
from corpus.replacing import replace_bytes
from corpus.types import Problem
from index.priority import step_back
from index.settings import IndexSettings

log = logging.getLogger(__name__)

#: Raise when what the rules across articles find changes.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Across:
    """What was found. `begun` and `checked` are UTC in ISO 8601; `files` tells whether a file was changed since."""

    begun: str
    checked: str
    files: str
    articles: int
    problems: tuple[Problem, ...] = field(default=())

    def by_article(self) -> Mapping[str, tuple[Problem, ...]]:
        """By the name of the article's file, without its ending."""
        found: dict[str, list[Problem]] = defaultdict(list)
        for problem in self.problems:
            found[Path(problem.path).stem].append(problem)
        return {name: tuple(problems) for name, problems in found.items()}


_ACROSS = TypeAdapter(Across)


class NotCompared(FollowupError):
    """The articles cannot be held against each other: no process can be made, or what was found cannot be kept."""

    exit_code = 2
    status = 503


class AcrossBoard:
    """What was found last, for any process of the server. Safe to share between threads."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._read: tuple[int, Across | None, Mapping[str, tuple[Problem, ...]]] = (0, None, {})

    def latest(self) -> Across | None:
        """None where the articles were not held against each other yet."""
        return self._look()[1]

    def of(self, article_id: str) -> tuple[Problem, ...]:
        """What was found in an article."""
        return self.by_article().get(article_id, ())

    def by_article(self) -> Mapping[str, tuple[Problem, ...]]:
        """What was found in each article in which something was."""
        return self._look()[2]

    def older_than(self, file: Path) -> bool:
        """Whether a file was changed since."""
        latest = self.latest()
        return latest is not None and file.stat().st_mtime > dt.datetime.fromisoformat(latest.begun).timestamp()

    def running(self) -> bool:
        """Whether a process looks now."""
        return is_held(_lock(self._settings))

    def start(self, wait_s: float) -> bool:
        """Begins to look, unless one does already, and waits so long for it. Whether it is done. Raises `NotCompared`."""
        try:
            process = self._spawn()
        except OSError as error:
            raise NotCompared(f"the articles cannot be compared with each other: {error.strerror}") from error
        if process is None:
            return False
        try:
            code = process.wait(wait_s)
        except subprocess.TimeoutExpired:
            threading.Thread(target=process.wait, name="across", daemon=True).start()  # else it stays a zombie
            return False
        if code:
            raise NotCompared("the articles could not be compared with each other; the server's log says why")
        return True

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        """None where one looks already: whoever asks for a page does not wait until it is done."""
        self._settings.index.mkdir(parents=True, exist_ok=True)
        with held_unless_taken(_lock(self._settings)) as lock:  # handed on: from now on it is seen that one looks
            if lock is None:
                return None
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "assistant.staff.across"],
                env=environment(self._settings),
                stdin=subprocess.DEVNULL,
                pass_fds=[lock],
                start_new_session=True,
            )

    def _look(self) -> tuple[int, Across | None, Mapping[str, tuple[Problem, ...]]]:
        try:
            changed = _kept(self._settings).stat().st_mtime_ns
        except FileNotFoundError:
            return 0, None, {}
        if changed != self._read[0]:
            across = _read(_kept(self._settings))
            self._read = (changed, across, across.by_article() if across else {})
        return self._read


def check_across(settings: IndexSettings) -> Across:
    """Looks through all articles, unless no file changed since, and keeps what was found.

    Raises `ArticlesNotListed`, or `OSError` where it cannot be kept.
    """
    with held(_lock(settings)):
        return _check(settings)


def _check(settings: IndexSettings) -> Across:
    begun, files = _now(), _digest(settings)
    known = _read(_kept(settings)) if _kept(settings).exists() else None
    if known is not None and known.files == files:
        across = replace(known, begun=begun, checked=_now())
    else:
        report = lint_across(settings.articles, today=today(), max_words=settings.max_passage_words)
        across = Across(begun, _now(), files, len(report.articles), report.problems)
    replace_bytes(_kept(settings), json.dumps(asdict(across), ensure_ascii=False).encode("utf-8", "replace"))
    return across


def _digest(settings: IndexSettings) -> str:
    """Of names, sizes and times of change."""
    stats = file_stats(settings.articles).items()
    listed = [f"{name} {stat.st_mtime_ns} {stat.st_size}" for name, stat in stats]
    return hashlib.sha256("\n".join([f"{_VERSION}", *listed]).encode("utf-8", "surrogateescape")).hexdigest()


def _read(path: Path) -> Across | None:
    try:
        return _ACROSS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read (%s): the articles are to be held against each other again", path, type(error).__name__)
        return None


def _kept(settings: IndexSettings) -> Path:
    return settings.index / "across.json"


def _lock(settings: IndexSettings) -> Path:
    return settings.index / "across.lock"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def main() -> int:
    """The settings come from the environment alone. Its starter holds the lock file, which this process inherited."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    step_back()
    try:
        _check(IndexSettings(_env_file=None))  # type: ignore[call-arg]  # pydantic-settings' own keyword
    except (FollowupError, OSError) as error:
        log.error("the articles were not held against each other: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
