"""What an index should be made of, and whether the live one is made of that: a build that has nothing to do does nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus.errors import IndexUnavailable
from corpus.loading import article_files, load_corpus
from corpus.retractions import RetractionList, marked
from index.cues import CUES_VERSION
from index.embedding import identify
from index.files import sha256_of
from index.folders import generation_folder
from index.generations import PASSAGES, live_generation
from index.passages import PassageStore
from index.pointer import read_pointer

if TYPE_CHECKING:
    from pathlib import Path

    from corpus.types import Article
    from index.settings import IndexSettings
    from index.types import Manifest, ModelIdentity


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a digest that changes when they do, and how they are loaded when it did."""

    sha256: str
    load: Callable[[], tuple[Article, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What decides a generation: the weights, the articles and the settings."""

    model: ModelIdentity
    corpus_sha256: str
    settings_sha256: str


def wanted(settings: IndexSettings, source: Source) -> Wanted:
    """What a build of these articles would make."""
    making = json.dumps({"cues": CUES_VERSION, "max_passage_words": settings.max_passage_words})
    return Wanted(identify(settings), source.sha256, _sha256(making))


def articles_folder(settings: IndexSettings) -> Source:
    """The articles of the settings' folder and the list of retractions, by the hashes of their files."""
    paths = [*article_files(settings.articles), settings.retractions]
    files = "".join(f"{path.name.encode('utf-8', 'replace').decode()} {_hash_or_none(path)}\n" for path in paths)
    return Source(_sha256(files), lambda: _load(settings))


def live_manifest(root: Path) -> Manifest | None:
    """None when there is none that this version can read, which a build mends."""
    try:
        return live_generation(root)[1]
    except IndexUnavailable:
        return None


def is_made_of(root: Path, live: Manifest, made_of: Wanted) -> bool:
    """Whether the live generation is what a build would make, and answers from all that it holds."""
    same = (live.model, live.corpus_sha256, live.settings_sha256)
    return same == (made_of.model, made_of.corpus_sha256, made_of.settings_sha256) and not _hides_what_it_holds(root, live)


def is_stale(settings: IndexSettings) -> bool:
    """Whether the articles or the settings ask for another index than the live one; its files are not compared."""
    live = live_manifest(settings.index)
    return live is None or not is_made_of(settings.index, live, wanted(settings, articles_folder(settings)))


def _hides_what_it_holds(root: Path, live: Manifest) -> bool:
    """After a withdrawal and a rollback the pointer hides what the generation holds; it may have been restored since."""
    try:
        taken_back = read_pointer(root).taken_back
        return bool(PassageStore(generation_folder(root, live.number) / PASSAGES, taken_back).hidden_rows)
    except IndexUnavailable:
        return True


def _load(settings: IndexSettings) -> tuple[Article, ...]:
    return marked(load_corpus(settings.articles, allow_empty=True), RetractionList.load(settings.retractions))


def _hash_or_none(path: Path) -> str | None:
    """None for a file that cannot be read: no index matches it, and loading the articles says what is wrong."""
    try:
        return sha256_of(path) if path.is_file() else None  # a pipe would wait for ever
    except OSError:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
