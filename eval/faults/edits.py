"""Random editorial work on articles: after each build the index equals one made from nothing, and what was taken away is never
cited again.

A state machine of Hypothesis makes up the sequences and shortens one that fails. The acts are the editors' own
(corpus/reviewing.py) and changes of the files; a server's index is open all the while, and is asked as soon as a build returns.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import load_settings
from assistant.store import ConversationStore
from corpus import reviewing
from corpus.audit import AuditLog
from corpus.errors import CorpusError, ReviewRefused, RollbackRefused
from corpus.loading import SHIPPED, article_files, load_corpus, read_article
from corpus.retractions import RetractionList
from corpus.splitting import split_article, split_corpus
from eval.faults.corpora import WordsEmbedder
from eval.faults.reading import content
from index.build import build_index
from index.generations import live_generation
from index.live import LiveIndex
from index.rollback import rollback
from index.search import Index

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.settings import Settings
    from corpus.types import Article

SEQUENCES = 200
#: Articles that come and go: short ones, some with several statements on one source.
_POOL = 6
#: Steps of one sequence at most.
STEPS = 14
#: What is asked for the comparison: so many statements of every article there ever was.
_ASKED = 4
_K = 10
_TODAY = dt.date(2026, 11, 23)


@dataclass(slots=True)
class Edited:
    """How many sequences there were, and how much they did. A difference is an error, with the sequence that led to it."""

    sequences: int = 0
    acts: int = 0
    builds: int = 0
    embedded: int = 0
    reused: int = 0
    asked_of_gone: int = 0  # questions whose answer was taken away
    cited: int = 0  # citations that they got all the same, all of something else


class Difference(AssertionError):
    """An incremental index is not what a rebuilt one is, or cites what is gone."""


def edit_at_random(sequences: int, steps: int = STEPS) -> Edited:
    """As many sequences. Raises `Difference` for the shortest one that Hypothesis finds to fail."""
    from hypothesis import HealthCheck
    from hypothesis import settings as how
    from hypothesis.stateful import run_state_machine_as_test

    counted = Edited()
    run_state_machine_as_test(
        _machine(counted),
        settings=how(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return counted


class _Editing:
    """One sequence: a folder of articles, its index, and a server's view of it."""

    def __init__(self, counted: Edited) -> None:
        self._counted = counted
        self._made = tempfile.TemporaryDirectory(prefix="followup-faults-")
        folder = Path(self._made.name)
        self._articles = folder / "articles"
        self._articles.mkdir()
        for which in range(2):
            self.add(which)
        self._settings = load_settings(env_file=None).model_copy(
            update={
                "articles": self._articles,
                "index": folder / "index",
                "database": f"sqlite:///{folder / 'assistant.sqlite'}",
                "abstain_below": 0.001,  # something is cited whenever anything is found
            }
        )
        self._log = AuditLog(folder / "audit.jsonl")
        self._store = ConversationStore(self._settings.database)
        self._build()
        self._live = LiveIndex(self._settings, WordsEmbedder)
        self._live.current()
        self._live.watch()
        self._assistant = Assistant(self._live, self._store, self._settings)
        self._edits = 0

    def add(self, which: int) -> None:
        """An article that was not there, or as it first was."""
        shutil.copy(SHIPPED / f"{_pool()[which].id}.md", self._articles)

    def reword(self, which: int, block: int) -> None:
        """A few words more in one statement."""
        article = self._one(which)
        end = article.blocks[block % len(article.blocks)].end
        self._edits += 1
        path = self._articles / f"{article.id}.md"
        head, mark, body = path.read_text("utf-8").partition("\n---\n")
        path.write_text(f"{head}{mark}{body[:end]} (reworded {self._edits}){body[end:]}", "utf-8")

    def act(self, which: int, name: str) -> None:
        """One of the editors' acts; those that the state of the article does not allow change nothing."""
        acts: dict[str, Callable[..., Any]] = {
            "review": reviewing.start_review,
            "approve": partial(reviewing.approve, retracted=RetractionList()),
            "send_back": partial(reviewing.send_back, reason="To be reworked."),
            "withdraw": partial(reviewing.withdraw, reason="A new guideline says otherwise."),
            "restore": reviewing.restore,
        }
        with suppress(ReviewRefused, CorpusError):  # nothing is approved that cites retracted sources alone
            acts[name](self._articles, self._one(which).id, by="A. Editor", log=self._log, today=_TODAY)

    def retract(self, which: int, reference: int) -> None:
        """One of an article's sources is retracted."""
        article = self._one(which)
        number = article.references[reference % len(article.references)].id
        with suppress(ReviewRefused):
            reviewing.retract_reference(
                self._articles, article.id, number, date=_TODAY, by="A. Editor", log=self._log, today=_TODAY
            )

    def delete(self, which: int) -> None:
        """An article's file goes, unless it is the last."""
        if len(article_files(self._articles)) > 1:
            (self._articles / f"{self._one(which).id}.md").unlink()

    def build(self) -> None:
        """The incremental build; the server has switched when it returns, and cites nothing that is gone."""
        self._build()
        standing = {passage.id for passage in split_corpus(load_corpus(self._articles))}
        for before in _pool():
            gone = [passage for passage in split_article(before) if passage.id not in standing]
            for passage in gone[:: max(1, len(gone) // 2)][:2]:
                self._ask_for_gone(passage.id, passage.text)

    def roll_back(self) -> None:
        """The generation before serves again, and cites nothing either that was withdrawn or retracted since."""
        self._build()
        with suppress(RollbackRefused):  # there is none before
            rollback(self._settings)
        now = {article.id: article for article in load_corpus(self._articles)}
        for before in _pool():
            if before.id in now:  # to delete a file is not to withdraw an article
                standing = {passage.id for passage in split_corpus([_taken_back(before, now[before.id])])}
                gone = [passage for passage in split_article(before) if passage.id not in standing]
                for passage in gone[:2]:
                    self._ask_for_gone(passage.id, passage.text)

    def _ask_for_gone(self, passage_id: str, text: str) -> None:
        answer = self._assistant.answer(Ask(text[:500]))
        self._counted.asked_of_gone += 1
        self._counted.cited += len(answer.citations)
        if any(citation.passage_id == passage_id for citation in answer.citations):
            raise Difference(f"{passage_id} is cited after the build that took it away")

    def compare(self) -> None:
        """The index against one that is made from nothing."""
        self._build()
        rebuilt = self._settings.model_copy(update={"index": self._settings.index.with_name("rebuilt")})
        build_index(rebuilt, embedder=WordsEmbedder(), allow_shrink=True)
        one, other = (_opened(settings) for settings in (self._settings, rebuilt))
        folders = [live_generation(settings.index)[0] for settings in (self._settings, rebuilt)]
        if content(one, folders[0]) != content(other, folders[1]):
            raise Difference("an incremental index does not hold what a rebuilt one holds")
        for article in _pool():
            for block in article.blocks[:: max(1, len(article.blocks) // _ASKED)]:
                encoded = one.encode(article.quote(block)[:500])
                if one.search(encoded, k=_K) != other.search(encoded, k=_K):
                    raise Difference(
                        f"an incremental index does not find what a rebuilt one finds for a statement of {article.id}"
                    )

    def close(self) -> None:
        """Ends the server's view, and removes everything."""
        self._counted.sequences += 1
        self._live.close()
        self._store.close()
        self._made.cleanup()

    def _build(self) -> None:
        report = build_index(self._settings, embedder=WordsEmbedder(), allow_shrink=True)
        self._counted.builds += report.changed
        self._counted.embedded += report.embedded
        self._counted.reused += report.reused

    def _one(self, which: int) -> Article:
        self._counted.acts += 1
        paths = article_files(self._articles)
        article, problems = read_article(paths[which % len(paths)])
        if article is None:
            raise Difference(f"an act left an article that cannot be read: {problems[0]}")
        return article


@cache
def _pool() -> tuple[Article, ...]:
    """The shortest of the shipped articles, as they are shipped."""
    return tuple(sorted(load_corpus(), key=lambda article: len(article.text))[:_POOL])


def _taken_back(before: Article, now: Article) -> Article:
    """An article as it was, with what it has lost since: its standing, its sources."""
    retracted = {reference.id: reference.retracted for reference in now.references}
    references = tuple(replace(reference, retracted=retracted.get(reference.id)) for reference in before.references)
    return replace(before, withdrawn=now.withdrawn, references=references)


def _opened(settings: Settings) -> Index:
    folder, manifest = live_generation(settings.index)
    return Index(folder, manifest, ranking=settings.ranking, embedder=WordsEmbedder)


def _machine(counted: Edited) -> type[Any]:
    """The state machine over `_Editing`, as Hypothesis wants it: a class."""
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, rule

    which, part = st.integers(0, _POOL - 1), st.integers(0, 40)
    acts = st.sampled_from(["review", "approve", "send_back", "withdraw", "withdraw", "restore"])

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.editing = _Editing(counted)

        @rule(which=which)
        def add(self, which: int) -> None:
            self.editing.add(which)

        @rule(which=which, block=part)
        def reword(self, which: int, block: int) -> None:
            self.editing.reword(which, block)

        @rule(which=which, name=acts)
        def act(self, which: int, name: str) -> None:
            self.editing.act(which, name)

        @rule(which=which, reference=part)
        def retract(self, which: int, reference: int) -> None:
            self.editing.retract(which, reference)

        @rule(which=which)
        def delete(self, which: int) -> None:
            self.editing.delete(which)

        @rule()
        def build(self) -> None:
            self.editing.build()

        @rule()
        def roll_back(self) -> None:
            self.editing.roll_back()

        def teardown(self) -> None:
            try:
                self.editing.compare()
            finally:
                self.editing.close()

    return Machine
