"""Builds the next generation beside the live one, checks it, and switches to it.

Nothing to do: nothing is loaded. Otherwise passages whose text the last good generation already has keep their vectors, so
that an unchanged passage is never embedded twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.errors import BuildRefused, IndexUnavailable
from corpus.loading import article_files, load_corpus
from corpus.retractions import RetractionList, marked
from corpus.splitting import split_corpus
from index.coverage import spoken_stems
from index.cues import CUES_VERSION, make_cues
from index.embedding import Embedded, KeptVectors, Known, embed_all, identify, load_passage_embedder
from index.gate import pass_gate
from index.generations import (
    FORMAT,
    LEXICAL,
    NEAREST,
    PASSAGES,
    VECTORS,
    Pointer,
    file_hashes,
    last_good,
    live_generation,
    live_number,
    new_folder,
    next_number,
    numbers,
    publish,
    read_pointer,
    remembered,
    remove_old,
    remove_strays,
    sha256_of,
    switch,
    which_serves,
    whole_generation,
    write_manifest,
)
from index.lexical import LexicalDocument, LexicalIndex, analyzer
from index.locking import single_writer
from index.passages import PassageStore, article_sha256, write_passages
from index.report import BuildReport, Diff, compare, keep_report
from index.servers import wait_for_servers
from index.topics import topic_terms
from index.types import Cue, CueKind, Manifest, ModelIdentity, Step
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from corpus.types import Article, Passage
    from index.settings import IndexSettings
    from index.types import Embedder, Vectors

#: Told each step of a build as it begins, and how far embedding is.
Progress = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a digest that changes when they do, and how they are loaded when it did."""

    sha256: str
    load: Callable[[], tuple[Article, ...]]


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
        return Known(self.store.cue_texts(), np.load(self.folder / VECTORS, mmap_mode="r", allow_pickle=False))


def build_index(
    settings: IndexSettings,
    *,
    source: Source | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
    allow_shrink: bool = False,
    by: str | None = None,
    record: Callable[[BuildReport], AbstractContextManager[None]] = lambda report: nullcontext(),
) -> BuildReport:
    """Makes the live generation match the settings and the articles: those of the settings' folder, or of another source.

    When it returns, every running server answers from it. `allow_shrink`: also when no passage or less than half of them
    would be left. `by`: for whom, where that is not who runs it. `record`: what the switch is made in: it
    may note it first, and learns where it fails.

    Raises `CorpusError` (articles), `IndexBusy` (another build), `ModelUnavailable`, `BuildRefused` (the gate). Whatever
    is raised before the switch, and wherever the process is killed until then, the generation that was live stays live.
    """
    before = live_number(settings.index)
    try:
        with single_writer(settings.index, "a build", by) as holder:
            remove_strays(settings.index)
            build = _Build(settings, source or _articles_folder(settings), embedder, progress, by or holder)
            return build.run(record, allow_shrink=allow_shrink)
    except OSError as error:
        raise BuildRefused(
            f"the build stopped at {error.filename or settings.index}: {error.strerror or error}; "
            f"{which_serves(settings.index, before)}"
        ) from error


class _Build:
    """One build, step by step."""

    def __init__(
        self, settings: IndexSettings, source: Source, embedder: Embedder | None, progress: Progress | None, by: str
    ) -> None:
        self._settings = settings
        self._source = source
        self._embedder = embedder
        self._progress = progress or (lambda step: None)
        self._by = by
        self._started = time.perf_counter()

    def run(self, record: Callable[[BuildReport], AbstractContextManager[None]], *, allow_shrink: bool) -> BuildReport:
        root, wanted = self._settings.index, _wanted(self._settings, self._source)
        live = _live_or_none(root)
        if live and _matches(live, wanted) and _intact(root):
            late = self._clean(live)
            return replace(self._report(live, changed=False), late_servers=late)

        self._progress(Step("reading the articles"))
        articles = self._source.load()
        passages = split_corpus(articles, self._settings.max_passage_words)
        before = _before(root)
        if not allow_shrink:
            _check_size(len(passages), live or (before.manifest if before else None))
        folder = new_folder(root)
        try:
            manifest, report = self._write(folder, wanted, articles, passages, before)
            self._progress(Step("checking"))
            _gate(folder, manifest, self._settings)
            with record(report):
                self._progress(Step("switching"))
                publish(root, folder, manifest)
                switch(root, Pointer(manifest.number, _passed_over(root), _withdrawn(articles)))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # what is left of it the next build removes
            raise
        late = self._clean(manifest)
        return replace(report, seconds=time.perf_counter() - self._started, late_servers=late)

    def _write(
        self,
        folder: Path,
        wanted: _Wanted,
        articles: Sequence[Article],
        passages: Sequence[Passage],
        before: _Before | None,
    ) -> tuple[Manifest, BuildReport]:
        """Every file of the generation, its manifest last."""
        cues = make_cues(articles, passages)
        embedded = self._embed(folder / VECTORS, cues, wanted.model, before)
        self._progress(Step("writing"))
        _write_files(folder, articles, passages, cues)
        manifest = Manifest(
            format=FORMAT,
            number=next_number(self._settings.index),
            built_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            model=wanted.model,
            dimension=embedded.dimension,
            corpus_sha256=wanted.corpus_sha256,
            settings_sha256=wanted.settings_sha256,
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
            return self._embedder or load_passage_embedder(self._settings)

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


def is_stale(settings: IndexSettings) -> bool:
    """Whether the articles or the settings ask for another index than the live one, by its manifest alone."""
    live = _live_or_none(settings.index)
    return live is None or not _matches(live, _wanted(settings, _articles_folder(settings)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What decides a generation: the weights, the articles and the settings."""

    model: ModelIdentity
    corpus_sha256: str
    settings_sha256: str


def _wanted(settings: IndexSettings, source: Source) -> _Wanted:
    making = json.dumps({"cues": CUES_VERSION, "max_passage_words": settings.max_passage_words})
    return _Wanted(identify(settings), source.sha256, _sha256(making))


def _articles_folder(settings: IndexSettings) -> Source:
    """The articles of the settings' folder and the list of retractions, by the hashes of their files."""
    paths = [*article_files(settings.articles), settings.retractions]
    files = "".join(f"{path.name.encode('utf-8', 'replace').decode()} {_hash_or_none(path)}\n" for path in paths)
    return Source(_sha256(files), lambda: _load(settings))


def _load(settings: IndexSettings) -> tuple[Article, ...]:
    return marked(load_corpus(settings.articles, allow_empty=True), RetractionList.load(settings.retractions))


def _hash_or_none(path: Path) -> str | None:
    """None for a file that cannot be read: no index matches it, and loading the articles says what is wrong."""
    try:
        return sha256_of(path) if path.is_file() else None  # a pipe would wait for ever
    except OSError:
        return None


def _matches(live: Manifest, wanted: _Wanted) -> bool:
    return (live.model, live.corpus_sha256, live.settings_sha256) == (wanted.model, wanted.corpus_sha256, wanted.settings_sha256)


def _live_or_none(root: Path) -> Manifest | None:
    """The live manifest; None when there is none that this version can read, which a build mends."""
    try:
        return live_generation(root)[1]
    except IndexUnavailable:
        return None


def _intact(root: Path) -> bool:
    try:
        whole_generation(root, read_pointer(root).number)
    except IndexUnavailable:
        return False
    return True


def _before(root: Path) -> _Before | None:
    """The last generation that is whole, if there is one: a damaged one has nothing to reuse."""
    try:
        folder, manifest, _ = last_good(root)
        return _Before(folder, manifest, PassageStore(folder / PASSAGES))
    except IndexUnavailable:
        return None


def _passed_over(root: Path) -> tuple[int, ...]:
    """The generations that a rollback left, as far as they are on this disk: a build does not bring them back."""
    known = remembered(root)
    return tuple(sorted({*known.passed_over} & {*numbers(root)})) if known else ()


def _withdrawn(articles: Sequence[Article]) -> tuple[tuple[str, str, str], ...]:
    """As the pointer keeps it: whichever generation serves, nothing is answered from these."""
    return tuple(
        (article.id, article.withdrawn.since.isoformat(), article.withdrawn.reason) for article in articles if article.withdrawn
    )


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


def _diff(before: _Before | None, articles: Sequence[Article], passages: Sequence[Passage]) -> Diff:
    digests = {article.id: article_sha256(article) for article in articles}
    added, removed, changed = compare(before.store.article_digests() if before else {}, digests)
    had = set(before.store.passage_digests().items()) if before else set()
    has = {(passage.id, passage.sha256) for passage in passages}
    return Diff(added, removed, changed, len(has - had), len(had - has))


def _unfinished(root: Path) -> Path:
    """Vectors of a build that has not ended."""
    return root / "unfinished"


def _write_files(folder: Path, articles: Sequence[Article], passages: Sequence[Passage], cues: Sequence[Cue]) -> None:
    stems = analyzer().analyze
    spoken = spoken_stems(passages, cues, stems)
    write_passages(folder / PASSAGES, articles, passages, cues, topic_terms(articles, stems), spoken)
    VectorIndex.build(_vectors(folder)).write(folder / NEAREST)
    LexicalIndex.build((_document(row, cue, passages[cue.passages[0]]) for row, cue in enumerate(cues)), folder / LEXICAL)


def _vectors(folder: Path) -> Vectors:
    """What later builds reuse, and what feedback moves a query by."""
    mapped: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    return mapped


def _document(row: int, cue: Cue, passage: Passage) -> LexicalDocument:
    if cue.kind is CueKind.TEXT:  # its words stand in its wording already
        return LexicalDocument(row=row, article_id=passage.article_id, title="", text="")
    title = " ".join(dict.fromkeys((passage.article_title, passage.article_heading)))
    return LexicalDocument(row=row, article_id=passage.article_id, title=title, text=cue.text)


def _gate(folder: Path, manifest: Manifest, settings: IndexSettings) -> None:
    """Raises `BuildRefused` unless the generation passes."""
    try:
        pass_gate(folder, manifest, _vectors(folder), settings)
    except (BuildRefused, IndexUnavailable) as error:
        raise BuildRefused(f"the new generation did not pass its gate: {error}; the old one still serves") from error


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
