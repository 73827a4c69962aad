"""Builds the next generation beside the live one, checks it, and switches to it.

Nothing to do: nothing is loaded. Otherwise passages whose text the live generation already has keep their vectors, so
that an unchanged passage is never embedded twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout

from corpus.errors import BuildRefused, IndexBusy, IndexUnavailable, SettingsError
from corpus.loading import article_files, load_corpus
from corpus.splitting import split_corpus
from index.coverage import spoken_stems
from index.cues import CUES_VERSION, make_cues
from index.embedding import identify, load_embedder
from index.generations import (
    FORMAT,
    LEXICAL,
    NEAREST,
    PASSAGES,
    VECTORS,
    file_hashes,
    live_generation,
    new_folder,
    next_number,
    publish,
    remove_old,
    sha256_of,
    switch,
    verify_files,
)
from index.lexical import LexicalDocument, LexicalIndex, analyzer
from index.passages import PassageStore, write_passages
from index.search import Index
from index.topics import topic_terms
from index.types import Cue, CueKind, EncodedQuery, Manifest, ModelIdentity
from index.vectors import VectorIndex

if TYPE_CHECKING:
    from corpus.types import Article, Passage
    from index.settings import IndexSettings
    from index.types import Embedder, Vectors

#: Called with (cues embedded so far, cues to embed).
Progress = Callable[[int, int], None]
#: Cues embedded between two calls of Progress.
_STEP = 64
#: Questions of the articles that a new generation must answer with their own passage before it goes live.
_CANARIES = 10


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `changed` is false when the live generation was already up to date."""

    number: int
    changed: bool
    articles: int
    passages: int
    cues: int
    embedded: int
    reused: int
    embed_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a digest that changes when they do, and how they are loaded when it did."""

    sha256: str
    load: Callable[[], tuple[Article, ...]]


def build_index(
    settings: IndexSettings,
    *,
    source: Source | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Makes the live generation match the settings and the articles: those of the settings' folder, or of another source.

    Raises `CorpusError` (articles), `IndexBusy` (another build), `ModelUnavailable`, `BuildRefused` (the gate). Whatever
    is raised, and wherever the process is killed, the generation that was live stays live.
    """
    try:
        with _single_writer(settings.index):
            return _build(settings, source or _articles_folder(settings.articles), embedder, progress)
    except OSError as error:
        raise BuildRefused(
            f"the build stopped at {error.filename or settings.index}: {error.strerror or error}; the old index still serves"
        ) from error


def _build(settings: IndexSettings, source: Source, embedder: Embedder | None, progress: Progress | None) -> BuildReport:
    started = time.perf_counter()
    wanted = _wanted(settings, source)
    live = _live_or_none(settings.index)
    if live and _matches(live, wanted) and _intact(settings.index):
        return _report(live, changed=False, embedded=0, embed_seconds=0.0, started=started)

    articles = source.load()
    passages = split_corpus(articles, settings.max_passage_words)
    cues = make_cues(articles, passages)
    vectors, embedded, embed_seconds = _vectors(settings, wanted.model, cues, embedder, progress)

    folder = new_folder(settings.index)
    _write(folder, articles, passages, cues, vectors)
    manifest = Manifest(
        format=FORMAT,
        number=next_number(settings.index),
        built_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        model=wanted.model,
        dimension=int(vectors.shape[1]),
        corpus_sha256=wanted.corpus_sha256,
        settings_sha256=wanted.settings_sha256,
        articles=len(articles),
        passages=len(passages),
        cues=len(cues),
        files=file_hashes(folder),
    )
    _gate(folder, manifest, vectors, settings)
    publish(settings.index, folder, manifest)
    switch(settings.index, manifest.number)
    remove_old(settings.index, settings.keep_generations)
    return _report(manifest, changed=True, embedded=embedded, embed_seconds=embed_seconds, started=started)


def _vectors(
    settings: IndexSettings, model: ModelIdentity, cues: list[Cue], embedder: Embedder | None, progress: Progress | None
) -> tuple[Vectors, int, float]:
    """The vector of every cue, float32 (len(cues), dimension); how many texts were embedded for it, in how many seconds."""
    known = _known_vectors(settings.index, model)
    new = list(dict.fromkeys(cue.text for cue in cues if cue.text not in known))
    started = time.perf_counter()
    if new:
        known |= _embed(new, load_embedder(settings) if embedder is None else embedder, progress)
    seconds = time.perf_counter() - started
    return np.stack([known[cue.text] for cue in cues]).astype(np.float32, copy=False), len(new), seconds


def _report(manifest: Manifest, *, changed: bool, embedded: int, embed_seconds: float, started: float) -> BuildReport:
    return BuildReport(
        number=manifest.number,
        changed=changed,
        articles=manifest.articles,
        passages=manifest.passages,
        cues=manifest.cues,
        embedded=embedded,
        reused=manifest.cues - embedded,
        embed_seconds=embed_seconds,
        seconds=time.perf_counter() - started,
    )


def is_stale(settings: IndexSettings) -> bool:
    """Whether the articles or the settings ask for another index than the live one, by its manifest alone."""
    live = _live_or_none(settings.index)
    return live is None or not _matches(live, _wanted(settings, _articles_folder(settings.articles)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What decides a generation: the weights, the articles and the settings."""

    model: ModelIdentity
    corpus_sha256: str
    settings_sha256: str


def _wanted(settings: IndexSettings, source: Source) -> _Wanted:
    making = json.dumps({"cues": CUES_VERSION, "max_passage_words": settings.max_passage_words})
    return _Wanted(identify(settings), source.sha256, _sha256(making))


def _articles_folder(folder: Path) -> Source:
    """The articles of a folder, by the hashes of their files."""
    files = "".join(f"{path.name.encode('utf-8', 'replace').decode()} {_hash_or_none(path)}\n" for path in article_files(folder))
    return Source(_sha256(files), lambda: load_corpus(folder))


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
        verify_files(*live_generation(root))
    except IndexUnavailable:
        return False
    return True


def _known_vectors(root: Path, model: ModelIdentity) -> dict[str, Vectors]:
    """Text -> vector of the live generation, if the same weights made it and its files are whole."""
    try:
        folder, manifest = live_generation(root)
        if manifest.model != model:
            return {}
        verify_files(folder, manifest)
        texts = PassageStore(folder / PASSAGES).cue_texts()
        return dict(zip(texts, np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False), strict=True))
    except IndexUnavailable:
        return {}  # a damaged generation has nothing to reuse: everything is embedded again


def _embed(texts: list[str], embedder: Embedder, progress: Progress | None) -> dict[str, Vectors]:
    """Text -> vector, the longest first, so that the time left is not underestimated."""
    ordered = sorted(texts, key=len, reverse=True)
    known: dict[str, Vectors] = {}
    for start in range(0, len(ordered), _STEP):
        batch = ordered[start : start + _STEP]
        known |= dict(zip(batch, embedder.embed_passages(batch), strict=True))
        if progress:
            progress(len(known), len(ordered))
    return known


def _write(folder: Path, articles: Sequence[Article], passages: Sequence[Passage], cues: Sequence[Cue], vectors: Vectors) -> None:
    stems = analyzer().analyze
    spoken = spoken_stems(passages, cues, stems)
    write_passages(folder / PASSAGES, articles, passages, cues, topic_terms(articles, stems), spoken)
    np.save(folder / VECTORS, vectors, allow_pickle=False)  # what later builds reuse, and what feedback moves a query by
    VectorIndex.build(vectors).write(folder / NEAREST)
    LexicalIndex.build((_document(row, cue, passages[cue.passages[0]]) for row, cue in enumerate(cues)), folder / LEXICAL)


def _document(row: int, cue: Cue, passage: Passage) -> LexicalDocument:
    if cue.kind is CueKind.TEXT:  # its words stand in its wording already
        return LexicalDocument(row=row, article_id=passage.article_id, title="", text="")
    title = " ".join(dict.fromkeys((passage.article_title, passage.article_heading)))
    return LexicalDocument(row=row, article_id=passage.article_id, title=title, text=cue.text)


def _gate(folder: Path, manifest: Manifest, vectors: Vectors, settings: IndexSettings) -> None:
    """Opens the new generation as a server would. Raises `BuildRefused`, and removes it, unless it answers its canaries."""

    def none() -> Embedder:
        raise BuildRefused("the gate embeds nothing")

    try:
        _answer_canaries(Index(folder, manifest, ranking=settings.ranking, embedder=none), vectors)
    except (BuildRefused, IndexUnavailable) as error:
        shutil.rmtree(folder)
        raise BuildRefused(f"the new generation did not pass its gate: {error}; the old one still serves") from error


def _answer_canaries(index: Index, vectors: Vectors) -> None:
    """Some of the articles' own questions must find the passages they belong to."""
    for row, text, wanted in index.store.some_questions(_CANARIES):
        found = {hit.passage.id for hit in index.search(EncodedQuery(text, vectors[row]), k=10)}
        expected = {passage.id for passage in index.store.passages(wanted).values()}
        if not found & expected:
            raise BuildRefused(f"it does not find {', '.join(sorted(expected))} by its own question")


@contextmanager
def _single_writer(root: Path) -> Iterator[None]:
    """Holds the build lock. The system frees it when the process ends, however it ends."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"FOLLOWUP_INDEX: {root} cannot be a folder ({error.strerror})") from error
    holder = root / "lock.holder"
    try:
        with FileLock(root / "lock", timeout=0):
            holder.write_text(f"process {os.getpid()}, since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC", "utf-8")
            yield
    except Timeout:
        who = holder.read_text("utf-8") if holder.exists() else "an unknown process"
        raise IndexBusy(f"another build is running ({who}); try again when it is done") from None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
