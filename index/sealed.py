"""JSON files that know whether they are whole: the first member is the SHA-256 of the text of all others.

A bit that flips in "number": 7 makes a 6 of it, and 6 may be a generation too; JSON alone would not notice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.errors import IndexDamaged


def sealed(content: Mapping[str, Any]) -> str:
    """The text of a sealed file."""
    return _text({"sha256": hashlib.sha256(_text(content).encode()).hexdigest(), **content})


def read_sealed(path: Path, mend: str) -> dict[str, Any]:
    """What was sealed. Raises `IndexDamaged`, which ends in what mends it, also for a file that cannot be read."""
    try:
        text = path.read_text("utf-8")
        content: dict[str, Any] = json.loads(text)
        del content["sha256"]
        whole = sealed(content) == text
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise IndexDamaged(f"{path} is missing or broken ({said}); {mend}") from error
    if not whole:
        raise IndexDamaged(f"{path} is damaged: it is not what was sealed; {mend}")
    return content


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
