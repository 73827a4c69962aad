"""What a new generation must pass before it goes live: it is opened as a server would open it, and asked.

Its files are as they were hashed, its counts and its dimension agree, its model is the one that was asked for and makes the
vectors that stand there, and questions of its own articles (where they have none, wordings) find their own passages. Where
`FOLLOWUP_GATE` names a command, that must end with 0 as well.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.errors import BuildRefused
from index.folders import generation_folder, generations_folder
from index.generations import verify_files
from index.pointer import Pointer, switch
from index.search import Index
from index.settings import LIVE_INDEX
from index.types import CueKind, EncodedQuery

if TYPE_CHECKING:
    from index.settings import IndexSettings
    from index.types import Embedder, Manifest, Vectors

#: Questions of the articles that a new generation must answer with their own passage.
_CANARIES = 10
#: Cosine of a text as a query to its own vector: .89 or more with the bundled model (200 MedQuAD texts; .94 of ours),
#: about 0 where it is the vector of nothing.
_LEAST_COSINE = 0.5
#: How much nearer another text's vector may be: imported articles share paragraphs that differ in a name.
_NEARER = 0.02
#: A benchmark of a large corpus takes minutes; one that takes an hour hangs.
_COMMAND_S = 3600


class WrongVectors(BuildRefused):
    """Vectors of a new generation are not of their texts; those that were kept of the build are not used again."""


def pass_gate(
    folder: Path, manifest: Manifest, vectors: Vectors, settings: IndexSettings, embedder: Embedder | None = None
) -> None:
    """Raises `BuildRefused` or `IndexUnavailable` with what is wrong with the generation in `folder`.

    `vectors`: of its cues, by row. `embedder`: what made some of them; None where all are of a generation that passed.
    """

    def none() -> Embedder:
        raise BuildRefused("the gate embeds nothing")

    verify_files(folder, manifest)
    answer_canaries(Index(folder, manifest, ranking=settings.ranking, embedder=none), vectors, embedder)
    if settings.gate:
        _run(settings.gate, folder, manifest)
        verify_files(folder, manifest)  # the command could write there


def answer_canaries(index: Index, vectors: Vectors, embedder: Embedder | None = None) -> None:
    """Some cues must have the vector that the model makes of them, and find the passages they belong to.

    Raises `BuildRefused`.
    """
    canaries = index.store.some_cues(CueKind.QUESTION, _CANARIES) or index.store.some_cues(CueKind.WORDING, _CANARIES)
    kept = vectors[[canary.row for canary in canaries]]
    asked = np.stack([embedder.embed_query(canary.text) for canary in canaries]) if embedder and canaries else kept
    near = asked @ kept.T
    for canary, own, nearest in zip(canaries, near.diagonal(), near.max(axis=1, initial=0.0), strict=True):
        if own < max(_LEAST_COSINE, nearest - _NEARER):
            raise WrongVectors(f"row {canary.row} of its vectors is not what its model makes of the text (cosine {own:.2f})")
    for canary, query in zip(canaries, asked, strict=True):
        found = {hit.passage.text for hit in index.search(EncodedQuery(canary.text, query), k=10)}
        expected = index.store.passages(canary.passages).values()
        if not found & {passage.text for passage in expected}:  # imported articles share whole paragraphs
            said = ", ".join(sorted(passage.id for passage in expected))
            raise BuildRefused(f"it does not find {said} by its own {canary.kind.value}")


def _run(command: str, folder: Path, manifest: Manifest) -> None:
    """Runs a command of the staff with FOLLOWUP_INDEX naming an index in which the new generation is live.

    FOLLOWUP_LIVE_INDEX names the real one, so that a benchmark can compare the two.
    """
    real = folder.parents[1]
    with tempfile.TemporaryDirectory(prefix="followup-gate-") as made:
        root = Path(made)
        generations_folder(root).mkdir()
        generation_folder(root, manifest.number).symlink_to(folder.resolve())
        switch(root, Pointer(manifest.number))
        named = {"FOLLOWUP_INDEX": str(root), LIVE_INDEX: str(real.resolve())}
        try:
            done = subprocess.run(  # noqa: S603  # the staff's own command, from their settings, without a shell
                shlex.split(command),
                env={**os.environ, **named},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_COMMAND_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise BuildRefused(f"FOLLOWUP_GATE: {command!r} did not run to its end ({error})") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["it said nothing"]
        raise BuildRefused(f"FOLLOWUP_GATE: {command!r} ended with {done.returncode}: {said[0]}")
