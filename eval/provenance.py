"""What produced a figure: the index and the questions, so that two figures can be told apart."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.build import is_stale
from index.generations import sha256_of

if TYPE_CHECKING:
    from index.search import Index
    from index.settings import IndexSettings


def made_by(index: Index, settings: IndexSettings, datasets: Sequence[Path] = ()) -> dict[str, Any]:
    """For the JSON document of a command, under `made_by`."""
    manifest = index.manifest
    return {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "index_generation": manifest.number,
        "index_matches_articles": not is_stale(settings),
        "model": manifest.model.name,
        "model_sha256": manifest.model.sha256,
        "corpus_sha256": manifest.corpus_sha256,
        "datasets": [{"file": path.name, "sha256": sha256_of(path)} for path in datasets],
    }


def machine() -> dict[str, Any]:
    """Where speeds were measured."""
    return {"cores": len(os.sched_getaffinity(0)), "system": platform.platform(), "python": platform.python_version()}
