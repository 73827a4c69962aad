"""Readers who ask a real server all the while the index under it is built again, switched and rolled back.

Every edit moves the words after it, so that an answer that took a passage from one generation and its article from another
would quote what does not stand there.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.loading import load_corpus, read_article
from eval.faults.commands import run
from eval.faults.worker import Place, TryFailed
from eval.measures import percentile
from eval.processes import environment_of, served

if TYPE_CHECKING:
    import httpx

    from assistant.settings import Settings

SWITCHES = 50
READERS = 4
#: Questions of all readers together in a second.
PER_SECOND = 20.0
#: Every fifth switch is a rollback; the others are builds after an edit.
_ROLLBACK = 5
#: Edits that are timed one by one.
_EDITS = 5
#: Articles that are edited in turn, and asked about.
_ARTICLES = 8
_FIRST_MARK = re.compile(r"( \(revision \d+\))? \[\d")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a reader. `seconds` count from when it was due: one that waits for another waits as well."""

    seconds: float
    failed: str = ""
    generation: int | None = None
    cited: tuple[tuple[str, str, int, int], ...] = ()  # article, quote, start, end


@dataclass(frozen=True, slots=True)
class Switched:
    """What readers had. `mixed` are answers with a quote that their generation does not hold; in words."""

    switches: int
    idle: tuple[Asked, ...]
    busy: tuple[Asked, ...]
    mixed: tuple[str, ...]
    to_live_s: tuple[float, ...]  # of each build, from its command to its end, when the server has switched

    @property
    def failed(self) -> list[str]:
        """Why questions were not answered."""
        return [asked.failed for asked in (*self.idle, *self.busy) if asked.failed]

    def p99(self, asked: Sequence[Asked]) -> float:
        """Seconds."""
        return percentile([each.seconds for each in asked], 99)


@dataclass(slots=True)
class _Corpus:
    """The articles on disk, and what they were in each generation: id -> text."""

    place: Place
    edited: tuple[str, ...]
    texts: Mapping[str, str]  # now; only the edited article is read again: readers wait while this process computes
    of_generation: dict[int, Mapping[str, str]] = field(default_factory=dict)

    def edit(self, number: int) -> None:
        """A few characters more in one article, in front of most of its statements."""
        path = self.place.articles / f"{self.edited[number % len(self.edited)]}.md"
        head, mark, body = path.read_text("utf-8").partition("\n---\n")
        changed = _FIRST_MARK.sub(lambda found: f" (revision {number}){found[0][len(found[1] or '') :]}", body, count=1)
        path.write_text(head + mark + changed, "utf-8")
        article, _ = read_article(path)
        if article is None:
            raise TryFailed(f"{path.name} cannot be read after edit {number}")
        self.texts = {**self.texts, article.id: article.text}

    def build(self) -> float:
        """Seconds of the command, which returns when every server has switched."""
        started = time.perf_counter()
        done = run(self.place, "index", "build", "--json")
        seconds = time.perf_counter() - started
        if done.returncode:
            raise TryFailed(f"`followup index build` ended with {done.returncode}: {done.stderr.strip()}")
        self.of_generation[json.loads(done.stdout)["number"]] = self.texts
        return seconds


def switch_under_readers(settings: Settings, switches: int, idle_s: float, articles: int | None = None) -> Switched:
    """Asks for `idle_s` seconds without and then with so many switches, over the first `articles` articles or all."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        folder = Path(name)
        corpus = _copied(settings, folder, articles)
        corpus.build()
        place = corpus.place
        theirs = settings.model_copy(update={"articles": place.articles, "index": place.index})
        environment = environment_of(theirs, database=f"sqlite:///{folder / 'assistant.sqlite'}", workers=1)
        with served(environment, folder / "stderr") as (_, client, _):
            questions = _questions(corpus)
            for question in questions:
                _ask(client, question, time.perf_counter())
            with _readers(str(client.base_url), questions) as idle:
                time.sleep(idle_s)
            with _readers(str(client.base_url), questions) as busy:
                to_live = [seconds for number in range(1, switches + 1) if (seconds := _switch(corpus, number)) is not None]
    mixed = [said for asked in (*idle, *busy) for said in quoted_elsewhere(asked, corpus.of_generation)]
    return Switched(switches, tuple(idle), tuple(busy), tuple(mixed), tuple(to_live))


def edits_to_live(settings: Settings, edits: int = _EDITS) -> list[float]:
    """Seconds from the command until a server that runs answers from the edited article, edit after edit, nobody asking."""
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as name:
        folder = Path(name)
        corpus = _copied(settings, folder, None)
        corpus.build()
        theirs = settings.model_copy(update={"articles": corpus.place.articles, "index": corpus.place.index})
        environment = environment_of(theirs, database=f"sqlite:///{folder / 'assistant.sqlite'}", workers=1)
        seconds = []
        with served(environment, folder / "stderr") as (_, client, _):
            for number in range(1, edits + 1):
                corpus.edit(number)
                seconds.append(corpus.build())
                if client.get("/healthz").json()["index_generation"] != max(corpus.of_generation):
                    raise TryFailed("the build returned before the server had switched")
    return seconds


def _copied(settings: Settings, folder: Path, count: int | None) -> _Corpus:
    place = Place(folder / "articles", folder / "index")
    place.articles.mkdir()
    for path in sorted(settings.articles.glob("*.md"))[:count]:
        shutil.copy(path, place.articles)
    articles = load_corpus(place.articles)
    asked = [article.id for article in articles if article.questions and not article.withdrawn]
    edited = tuple(asked[:: max(1, len(asked) // _ARTICLES)][:_ARTICLES])
    return _Corpus(place, edited, {article.id: article.text for article in articles})


def _questions(corpus: _Corpus) -> list[str]:
    return [
        note.text for article in load_corpus(corpus.place.articles) if article.id in corpus.edited for note in article.questions
    ]


def _switch(corpus: _Corpus, number: int) -> float | None:
    """Seconds of a build; None for a rollback."""
    if number % _ROLLBACK == 0:
        done = run(corpus.place, "index", "rollback")
        if done.returncode:
            raise TryFailed(f"`followup index rollback` ended with {done.returncode}: {done.stderr.strip()}")
        return None
    corpus.edit(number)
    return corpus.build()


@contextmanager
def _readers(address: str, questions: Sequence[str]) -> Iterator[list[Asked]]:
    """Readers who ask at their times until the block ends; what they asked is then in the list."""
    import httpx

    stop, done = threading.Event(), list[Asked]()

    def ask(first: int) -> None:
        due = time.perf_counter() + first / PER_SECOND
        number = first
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            while not stop.wait(max(0.0, due - time.perf_counter())):
                done.append(_ask(client, questions[number % len(questions)], due))
                due += READERS / PER_SECOND
                number += READERS

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ask(client: httpx.Client, question: str, due: float) -> Asked:
    import httpx

    try:
        response = client.post("/api/v1/chat", json={"question": question})
    except httpx.HTTPError as error:
        return Asked(time.perf_counter() - due, failed=type(error).__name__)
    seconds = time.perf_counter() - due
    if response.status_code != 200:
        return Asked(seconds, failed=f"{response.status_code} {response.json().get('detail', '')}")
    answer: dict[str, Any] = response.json()
    cited = tuple((one["article_id"], one["quote"], one["start"], one["end"]) for one in answer["citations"])
    return Asked(seconds, generation=answer["index_generation"], cited=cited)


def quoted_elsewhere(asked: Asked, of_generation: Mapping[int, Mapping[str, str]]) -> Iterator[str]:
    """What an answer quotes that does not stand in the articles of the one generation that it names."""
    texts = of_generation.get(asked.generation or 0)
    if asked.cited and texts is None:
        yield f"an answer of generation {asked.generation}, which there never was"
    for article_id, quote, start, end in asked.cited if texts else ():
        if texts is not None and texts.get(article_id, "")[start:end] != quote:
            yield f"an answer of generation {asked.generation} quotes what {article_id} does not hold at {start}"
