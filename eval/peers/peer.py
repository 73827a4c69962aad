"""What a retrieval library must do to be measured beside the product, and which libraries are.

Each is set up as the tutorial of its own documentation says, with its own splitter and its defaults; its module says
which. All are given the same documents as `title: text` and the product's vectors, so that what differs is the retrieval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Protocol

from eval.datasets import DatasetError

if TYPE_CHECKING:
    from eval.collection import Document
    from index.types import Embedder, Vectors

#: What to run where a package is missing.
INSTALL = "pip install --editable '.[peers]' --constraint constraints.txt"


class Peer(Protocol):
    """One system under measurement. For one thread; indexes once, then searches."""

    @property
    def name(self) -> str:
        """What tables and folders call it."""

    def about(self) -> dict[str, Any]:
        """Every value that decides the outcome, the packages' versions among them, for the result file."""

    def index(self, documents: Sequence[Document]) -> None:
        """Takes all documents; the embedder it was made with is asked for the vectors of its chunks."""

    def search(self, text: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """At most `k` (document id, score), best first, each document once. `vector` is the query's, encoded already."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a peer's class stands, and the packages of the extra that it needs."""

    module: str
    made_by: str
    packages: tuple[str, ...]

    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [package for package in self.packages if not _version(package)]

    def load(self, embedder: Embedder) -> Peer:
        """The peer, nothing indexed. Imports its packages: up to 15 s."""
        make: Callable[[Embedder], Peer] = getattr(import_module(self.module), self.made_by)
        return make(embedder)


PEERS = {
    "txtai": Listed("eval.peers.txtai_hybrid", "TxtaiHybrid", ("txtai",)),
    "haystack": Listed("eval.peers.haystack_hybrid", "HaystackHybrid", ("haystack-ai",)),
    "llamaindex": Listed("eval.peers.llamaindex_hybrid", "LlamaIndexHybrid", ("llama-index-core", "llama-index-retrievers-bm25")),
    "langchain": Listed("eval.peers.langchain_vectors", "LangChainVectors", ("langchain-core", "langchain-text-splitters")),
}


def chosen_peers(names: Sequence[str]) -> tuple[dict[str, Listed], tuple[str, ...]]:
    """The peers asked for; without names every installed one, and a note for each that is not. Raises `DatasetError`."""
    if unknown := [name for name in names if name not in PEERS]:
        raise DatasetError(f"no peer is called {unknown[0]}; there are {', '.join(PEERS)}")
    missing = {name: lacking for name in names or PEERS if (lacking := PEERS[name].missing())}
    installed = {name: PEERS[name] for name in names or PEERS if name not in missing}
    complaints = tuple(f"{name} is left out: {', '.join(lacking)} not installed; {INSTALL}" for name, lacking in missing.items())
    if (names and missing) or not installed:
        raise DatasetError("; ".join(complaints))
    return installed, complaints


def versions(*packages: str) -> dict[str, str]:
    """Package -> installed version."""
    return {package: version(package) for package in packages}


def given_text(document: Document) -> str:
    """What every peer is given of a document."""
    return f"{document.title}: {document.text}" if document.title and document.title != document.text else document.text


def chunks_for(k: int, chunks: int, documents: int) -> int:
    """How many chunks to ask for so that about `k` documents come: 10 of 300 chunks of 100 documents → 30."""
    return min(chunks, k * math.ceil(chunks / documents))


def best_of_documents(hits: Iterable[tuple[str, float]], k: int) -> list[tuple[str, float]]:
    """A document's score is that of its best chunk; the `k` best documents."""
    best: dict[str, float] = {}
    for document, score in hits:
        best[document] = max(score, best.get(document, score))
    return sorted(best.items(), key=lambda found: -found[1])[:k]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
