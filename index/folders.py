"""Where the generations of an index are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def generations_folder(root: Path) -> Path:
    """Where all are."""
    return root / "generations"


def generation_folder(root: Path, number: int) -> Path:
    """Where one generation is."""
    return generations_folder(root) / f"{number:06d}"


def numbers(root: Path) -> list[int]:
    """The generations on this disk, whole or not, in the order they were built."""
    return sorted(int(path.name) for path in generations_folder(root).glob("[0-9]*") if path.name.isdigit())
