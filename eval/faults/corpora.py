"""The articles that faults are tried on, questions about them, and an embedder that takes no time. What is in them is real.

Faults are of files, not of meaning: the model is left out so that thousands of builds can be tried.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.loading import SHIPPED, load_corpus

if TYPE_CHECKING:
    from index.types import Vectors

#: Articles before and after the change that a build is struck in: one is edited, one goes, one comes.
EDITED, REMOVED, ADDED = "gout-flares-urate-lowering", "migraine-acute-preventive", "status-epilepticus"
#: Fixed questions that a reader asks after every fault.
QUESTIONS = 50
_WORD = re.compile(r"\w+")
_DIMENSION = 64


class WordsEmbedder:
    """Unit vectors of hashed words: the same text always gets the same vector, and texts that share words are near."""

    @property
    def dimension(self) -> int:
        """As the Embedder's."""
        return _DIMENSION

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As the Embedder's."""
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """As the Embedder's."""
        vector = np.zeros(_DIMENSION, dtype=np.float32)
        for word in _WORD.findall(text.lower()):
            vector[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % _DIMENSION] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.linalg.norm(vector)


@cache
def questions() -> tuple[str, ...]:
    """Questions of the articles themselves, of those that stay, go and come alike."""
    asked = [note.text for article in load_corpus() if article.id in (EDITED, REMOVED, ADDED) for note in article.questions] + [
        note.text for article in load_corpus() for note in article.questions[:1]
    ]
    return tuple(dict.fromkeys(asked))[:QUESTIONS]


def write_old(folder: Path) -> Path:
    """The articles before the change, as a corpus folder."""
    folder.mkdir(parents=True)
    for name in (EDITED, REMOVED):
        shutil.copy(SHIPPED / f"{name}.md", folder)
    return folder


def write_new(folder: Path) -> Path:
    """The same folder after the change."""
    folder.mkdir(parents=True)
    for name in (EDITED, ADDED):
        shutil.copy(SHIPPED / f"{name}.md", folder)
    reword(folder / f"{EDITED}.md", "gout flare", "flare of gout")
    return folder


def reword(path: Path, old: str, new: str) -> None:
    """Changes the first words of an article's text that read so, as an author would. Raises `ValueError` when none do."""
    head, mark, body = path.read_text("utf-8").partition("\n---\n")
    if old not in body:
        raise ValueError(f"{path.name}: {old!r} does not stand in it")
    path.write_text(head + mark + body.replace(old, new, 1), "utf-8")
