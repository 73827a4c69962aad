"""What a new generation must pass before it goes live: it is opened as a server would open it, and asked.

Its files are as they were hashed, its counts and its dimension agree, its model is the one that was asked for, and questions
of its own articles find their own passages. Where `FOLLOWUP_GATE` names a command, that must end with 0 as well.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BuildRefused
from index.generations import Pointer, generation_folder, generations_folder, switch, verify_files
from index.search import Index
from index.settings import LIVE_INDEX
from index.types import EncodedQuery

if TYPE_CHECKING:
    from index.settings import IndexSettings
    from index.types import Embedder, Manifest, Vectors

#: Questions of the articles that a new generation must answer with their own passage.
_CANARIES = 10
#: A benchmark of a large corpus takes minutes; one that takes an hour hangs.
_COMMAND_S = 3600


def pass_gate(folder: Path, manifest: Manifest, vectors: Vectors, settings: IndexSettings) -> None:
    """Raises `BuildRefused` or `IndexUnavailable` with what is wrong with the generation in `folder`.

    `vectors`: of its cues, by row.
    """

    def none() -> Embedder:
        raise BuildRefused("the gate embeds nothing")

    verify_files(folder, manifest)
    answer_canaries(Index(folder, manifest, ranking=settings.ranking, embedder=none), vectors)
    if settings.gate:
        _run(settings.gate, folder, manifest)
        verify_files(folder, manifest)  # the command could write there


def answer_canaries(index: Index, vectors: Vectors) -> None:
    """Some of the articles' own questions must find the passages they belong to. Raises `BuildRefused`."""
    for row, text, wanted in index.store.some_questions(_CANARIES):
        found = {hit.passage.id for hit in index.search(EncodedQuery(text, vectors[row]), k=10)}
        expected = {passage.id for passage in index.store.passages(wanted).values()}
        if not found & expected:
            raise BuildRefused(f"it does not find {', '.join(sorted(expected))} by its own question")


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
