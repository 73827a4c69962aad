"""How many tokens the embedder makes of a text, and how many it reads: what is longer is found by its beginning alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from corpus.errors import ModelUnavailable
from index.embedding import bundled
from index.embedding.models import model_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from index.settings import IndexSettings


def count_tokens(settings: IndexSettings, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, with the two that mark its beginning and end. Loads no model. Raises `ModelUnavailable`."""
    return [len(encoding.ids) for encoding in _tokenizer(settings.model)[0].encode_batch(list(texts))]


def most_tokens(settings: IndexSettings) -> int | None:
    """So many tokens of a text are embedded; None where the model does not say."""
    return bundled.MAX_TOKENS if settings.model == "bundled" else _tokenizer(settings.model)[1]


@cache
def _tokenizer(model: str) -> tuple[Tokenizer, int | None]:
    """Without padding and truncation; and where it would have truncated."""
    from tokenizers import Tokenizer

    path = (bundled.bundled_folder() if model == "bundled" else model_folder(model)) / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise ModelUnavailable(f"{path} cannot be read as a tokenizer ({error}); set FOLLOWUP_MODEL to another model") from error
    most = tokenizer.truncation["max_length"] if tokenizer.truncation else None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, most
