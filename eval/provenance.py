"""What produced a figure: the index and the questions, so that two figures can be told apart."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.files import sha256_of
from index.staleness import is_stale

if TYPE_CHECKING:
    from index.search import Index
    from index.settings import IndexSettings
    from index.types import ModelIdentity


def built_by(model: ModelIdentity) -> dict[str, Any]:
    """For a result file, under `made_by`: what a figure can be traced to. Only `measured_at` changes from run to run."""
    return {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "model": model.name,
        "model_sha256": model.sha256,
        "machine": machine(),
    }


def commit() -> str | None:
    """The checkout's commit, with `+changes` when files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[1]
    try:
        said = [
            subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607  # git itself
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{said[0]}+changes" if said[1] else said[0]


def made_by(index: Index, settings: IndexSettings, datasets: Sequence[Path] = ()) -> dict[str, Any]:
    """For the JSON document of a command, under `made_by`."""
    manifest = index.manifest
    return {
        **built_by(manifest.model),
        "index_generation": manifest.number,
        "index_matches_articles": not is_stale(settings),
        "corpus_sha256": manifest.corpus_sha256,
        "datasets": [{"file": path.name, "sha256": sha256_of(path)} for path in datasets],
    }


def machine() -> dict[str, Any]:
    """Where speeds were measured."""
    return {"cores": len(os.sched_getaffinity(0)), "system": platform.platform(), "python": platform.python_version()}
