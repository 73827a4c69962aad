"""Builds the next generation beside the live one, checks it, and switches to it.

Nothing to do: nothing is loaded. Otherwise passages whose text the last good generation already has keep their vectors, so
that an unchanged passage is never embedded twice.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BuildRefused, IndexUnavailable
from corpus.splitting import split_corpus
from index.cues import make_cues
from index.embedding import Embedded, KeptVectors, Known, embed_all, load_passage_embedder
from index.folders import numbers
from index.gate import WrongVectors, pass_gate
from index.generations import (
    FORMAT,
    PASSAGES,
    VECTORS,
    file_hashes,
    last_good,
    new_folder,
    next_number,
    publish,
    remove_old,
    remove_strays,
    which_serves,
    whole_generation,
    write_manifest,
)
from index.locking import single_writer
from index.passages import PassageStore, article_sha256
from index.pointer import Pointer, live_number, pointer_problems, read_pointer, remembered, switch
from index.report import BuildReport, Diff, compare, keep_report
from index.servers import wait_for_servers
from index.staleness import Source, Wanted, articles_folder, is_made_of, live_manifest, wanted
from index.taken_back import TakenBack
from index.types import Cue, Manifest, ModelIdentity, Step
from index.writing import read_vectors, write_files

if TYPE_CHECKING:
    from corpus.types import Article, Passage
    from index.settings import IndexSettings
    from index.types import Embedder

#: Told each step of a build as it begins, and how far embedding is.
OnStep = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class _Before:
    """The last good generation, which a build reuses vectors of and is compared with."""

    folder: Path
    manifest: Manifest
    store: PassageStore

    def known(self, model: ModelIdentity) -> Known | None:
        """Its texts and their vectors, if the same weights made them."""
        if self.manifest.model != model:
            return None
        return Known(self.store.cue_texts(), read_vectors(self.folder))


def build_index(
    settings: IndexSettings,
    *,
    source: Source | None = None,
    embedder: Embedder | None = None,
    progress: OnStep | None = None,
    allow_shrink: bool = False,
    by: str | None = None,
    record: Callable[[BuildReport], AbstractContextManager[object]] = lambda report: nullcontext(),
) -> BuildReport:
    """Makes the live generation match the settings and the articles: those of the settings' folder, or of another source.

    When it returns, every running server answers from it. `allow_shrink`: also when no passage or less than half of them
    would be left. `by`: for whom, where that is not who runs it. `record`: a context manager around the switch; where it
    raises on entry there is none.

    Raises `CorpusError` (articles), `IndexBusy` (another build), `ModelUnavailable`, `BuildRefused` (the gate). Whatever
    is raised before the switch, and wherever the process is killed until then, the generation that was live stays live.
    """
    before = live_number(settings.index)
    try:
        with single_writer(settings.index, "a build", by) as holder:
            remove_strays(settings.index)
            build = _Build(settings, source or articles_folder(settings), embedder, progress, by or holder)
            return build.run(record, allow_shrink=allow_shrink)
    except OSError as error:
        raise BuildRefused(
            f"the build stopped at {error.filename or settings.index}: {error.strerror or error}; "
            f"{which_serves(settings.index, before)}"
        ) from error


class _Build:
    """One build, step by step."""

    def __init__(
        self, settings: IndexSettings, source: Source, embedder: Embedder | None, progress: OnStep | None, by: str
    ) -> None:
        self._settings = settings
        self._source = source
        self._embedder = embedder
        self._progress = progress or (lambda step: None)
        self._by = by
        self._used: Embedder | None = None  # what embedded, where anything was
        self._started = time.perf_counter()

    def run(self, record: Callable[[BuildReport], AbstractContextManager[object]], *, allow_shrink: bool) -> BuildReport:
        root, made_of = self._settings.index, wanted(self._settings, self._source)
        live = live_manifest(root)
        if live and _intact(root) and is_made_of(root, live, made_of):
            late = self._clean(live)
            return replace(self._report(live, changed=False), late_servers=late)

        self._progress(Step("reading the articles"))
        articles = self._source.load()
        passages = split_corpus(articles, self._settings.max_passage_words)
        before = _before(root)
        if not allow_shrink:
            _check_size(len(passages), live or (before.manifest if before else None))
            _check_retractions(articles, self._settings)
        folder = new_folder(root)
        try:
            manifest, report = self._write(folder, made_of, articles, passages, before)
            self._progress(Step("checking"))
            _gate(folder, manifest, self._settings, self._used)
            with record(report):
                self._progress(Step("switching"))
                publish(root, folder, manifest)
                switch(root, _pointer(root, manifest.number, articles))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # what is left of it the next build removes
            raise
        late = self._clean(manifest)
        return replace(report, seconds=time.perf_counter() - self._started, late_servers=late)

    def _write(
        self,
        folder: Path,
        made_of: Wanted,
        articles: Sequence[Article],
        passages: Sequence[Passage],
        before: _Before | None,
    ) -> tuple[Manifest, BuildReport]:
        """Every file of the generation, its manifest last."""
        cues = make_cues(articles, passages)
        embedded = self._embed(folder / VECTORS, cues, made_of.model, before)
        self._progress(Step("writing"))
        write_files(folder, articles, passages, cues)
        manifest = Manifest(
            format=FORMAT,
            number=next_number(self._settings.index),
            built_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            model=made_of.model,
            dimension=embedded.dimension,
            corpus_sha256=made_of.corpus_sha256,
            settings_sha256=made_of.settings_sha256,
            articles=len(articles),
            passages=len(passages),
            cues=len(cues),
            files={},
        )
        report = self._report(manifest, before=before, embedded=embedded, diff=_diff(before, articles, passages))
        keep_report(folder, report)
        manifest = replace(manifest, files=file_hashes(folder))
        write_manifest(folder, manifest)
        return manifest, report

    def _embed(self, path: Path, cues: Sequence[Cue], model: ModelIdentity, before: _Before | None) -> Embedded:
        """Writes the vectors; those that are made are kept, so that a build that is killed goes on where it stopped."""

        def load() -> Embedder:
            self._used = self._embedder or load_passage_embedder(self._settings)
            return self._used

        with KeptVectors(_unfinished(self._settings.index), model) as kept:
            return embed_all(
                [cue.text for cue in cues],
                path,
                load=load,
                kept=kept,
                known=before.known(model) if before else None,
                progress=lambda at: self._progress(Step("embedding", at.done, at.total, at.rate, at.seconds_left)),
            )

    def _clean(self, manifest: Manifest) -> int:
        """Removes what no server needs from now on; a build that is killed before this leaves it to the next.

        Returns how many servers have not switched when patience ends.
        """
        root = self._settings.index
        remove_old(root, self._settings.keep_generations)
        shutil.rmtree(_unfinished(root), ignore_errors=True)  # the generation has these vectors
        return wait_for_servers(root, manifest.number)

    def _report(
        self,
        manifest: Manifest,
        *,
        changed: bool = True,
        before: _Before | None = None,
        embedded: Embedded | None = None,
        diff: Diff | None = None,
    ) -> BuildReport:
        made = embedded.made if embedded else 0
        return BuildReport(
            number=manifest.number,
            changed=changed,
            previous=before.manifest.number if before else None,
            by=self._by,
            articles=manifest.articles,
            passages=manifest.passages,
            cues=manifest.cues,
            embedded=made,
            reused=manifest.cues - made,
            embed_seconds=embedded.seconds if embedded else 0.0,
            seconds=time.perf_counter() - self._started,
            diff=diff or Diff(),
        )


def _intact(root: Path) -> bool:
    """Whether nothing needs to be mended: the live generation, what says that it is live, and the copy of that."""
    try:
        whole_generation(root, read_pointer(root).number)
    except IndexUnavailable:
        return False
    return not pointer_problems(root)


def _before(root: Path) -> _Before | None:
    """The last generation that is whole, if there is one: a damaged one has nothing to reuse."""
    try:
        folder, manifest, _ = last_good(root)
        return _Before(folder, manifest, PassageStore(folder / PASSAGES))
    except IndexUnavailable:
        return None


def _pointer(root: Path, number: int, articles: Sequence[Article]) -> Pointer:
    """To a new generation. Those that a rollback left, as far as they are on this disk, do not come back with it."""
    known = remembered(root) or Pointer(0)
    passed_over = tuple(sorted({*known.passed_over} & {*numbers(root)}))
    return Pointer(number, passed_over, TakenBack.by(articles, known.taken_back))


def _check_size(passages: int, before: Manifest | None) -> None:
    """Raises `BuildRefused` when articles seem to have been lost: nobody means to empty the index by a wrong folder.

    `before`: the live manifest, also that of a damaged generation, or else that of the last good one.
    """
    had = before.passages if before else 0
    if passages and passages * 2 >= had:
        return
    than = f"generation {before.number} holds {had}; the old one still serves" if before else "there is no index yet"
    raise BuildRefused(
        f"the new index would hold {passages} passages, {than}. Look at FOLLOWUP_ARTICLES; "
        "if it is meant, run `followup index build --allow-shrink`"
    )


def _check_retractions(articles: Sequence[Article], settings: IndexSettings) -> None:
    """Raises `BuildRefused` when sources would be cited again only because the list of retractions was lost."""
    known = remembered(settings.index)
    if known is None or settings.retractions.exists():
        return
    if back := known.taken_back.brought_back(articles):
        raise BuildRefused(
            f"{len(back)} retracted sources would be cited again, the first {back[0]}: there is no {settings.retractions}. "
            "Make the list again (`followup corpus import-retractions CSV`); if it is meant, run "
            "`followup index build --allow-shrink`"
        )


def _diff(before: _Before | None, articles: Sequence[Article], passages: Sequence[Passage]) -> Diff:
    digests = {article.id: article_sha256(article) for article in articles}
    added, removed, changed = compare(before.store.article_digests() if before else {}, digests)
    had = set(before.store.passage_digests().items()) if before else set()
    has = {(passage.id, passage.sha256) for passage in passages}
    return Diff(added, removed, changed, len(has - had), len(had - has))


def _unfinished(root: Path) -> Path:
    """Vectors of a build that has not ended."""
    return root / "unfinished"


def _gate(folder: Path, manifest: Manifest, settings: IndexSettings, embedder: Embedder | None) -> None:
    """Raises `BuildRefused` unless the generation passes."""
    try:
        pass_gate(folder, manifest, read_vectors(folder), settings, embedder)
    except (BuildRefused, IndexUnavailable) as error:
        if isinstance(error, WrongVectors):
            shutil.rmtree(_unfinished(settings.index), ignore_errors=True)
        raise BuildRefused(f"the new generation did not pass its gate: {error}; the old one still serves") from error
