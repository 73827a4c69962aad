"""What a reader has of an index: which generation answers, what is in it, and what it finds for the fixed questions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import IndexUnavailable
from eval.faults.corpora import WordsEmbedder, questions
from index.folders import generation_folder
from index.generations import VECTORS
from index.live import LiveIndex

if TYPE_CHECKING:
    from index.search import Index
    from index.settings import IndexSettings

#: Passages that a reader is given for a question.
_K = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader's view. `content` and `answers` are SHA-256: two generations that hold and find the same have the same.

    `refused` says why nothing is served; then all else is empty.
    """

    generation: int = 0
    content: str = ""
    answers: str = ""
    refused: str = ""
    degraded: str = ""

    def same(self, other: Reading) -> bool:
        """Whether both hold and find exactly the same. A refusal is the same as nothing."""
        return bool(self.answers) and (self.content, self.answers) == (other.content, other.answers)


def read(settings: IndexSettings) -> Reading:
    """Opens an index as a server does, and asks it every question."""
    live = LiveIndex(settings, WordsEmbedder)
    try:
        index = live.current()
        folder = generation_folder(settings.index, index.manifest.number)
        return Reading(index.manifest.number, content(index, folder), answers(index), degraded=live.health().degraded or "")
    except IndexUnavailable as error:
        return Reading(refused=str(error))
    finally:
        live.close()


def content(index: Index, folder: Path) -> str:
    """A digest of every article, passage, text to find it by, and vector."""
    whole = hashlib.sha256()
    for value in (
        *(asdict(passage) for passage in index.store.all_passages()),
        *(asdict(article) for article in index.store.articles),
        index.store.cue_texts(),
    ):
        whole.update(_bytes(value))
    whole.update((folder / VECTORS).read_bytes())
    return whole.hexdigest()


def answers(index: Index) -> str:
    """A digest of what is found for every question, with scores to the last bit."""
    found = [
        [(hit.passage.id, hit.passage.text, hit.score.hex()) for hit in index.search(index.encode(text), k=_K)]
        for text in questions()
    ]
    return hashlib.sha256(_bytes(found)).hexdigest()


def _bytes(value: Any) -> bytes:
    return json.dumps(value, default=str, sort_keys=True).encode()
