"""Throw-away indexes over changed articles: without some of their questions, or without some articles altogether.

The article files are written again with other front matter, and the live generation is copied beside them, so that the
build finds every vector it needs there and embeds nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from corpus.loading import article_files
from corpus.types import Note
from index.build import build_index
from index.search import Index
from index.settings import IndexSettings

#: Front matter -> the front matter to build with, or None to leave the article out.
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


@contextmanager
def changed_index(settings: IndexSettings, change: Change, dense_weight: float | None = None) -> Iterator[Index]:
    """An index over the articles as `change` leaves them, open until the block ends.

    With a `dense_weight` the two searches are combined by it and nothing else is done: no coverage, feedback or reranker.
    """
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        folder = Path(name)
        (folder / "articles").mkdir()
        for path in article_files(settings.articles):
            if (source := _rewritten(path.read_text("utf-8-sig"), change)) is not None:
                (folder / "articles" / path.name).write_text(source, "utf-8")
        shutil.copytree(settings.index, folder / "index")
        theirs: dict[str, Any] = {"articles": folder / "articles", "index": folder / "index"}
        if dense_weight is not None:
            theirs |= {"dense_weight": dense_weight, "dense_weight_bare": dense_weight}
            theirs |= {"coverage": 0.0, "feedback": 0, "reranked": 0}
        changed = settings.model_copy(update=theirs)
        build_index(changed)
        yield Index.open(changed)


def without_articles(ids: set[str]) -> Change:
    """Leaves these articles out."""
    return lambda meta: None if meta["id"] in ids else meta


def without_questions(questions: dict[str, set[Note]]) -> Change:
    """Leaves these questions out, by the id of their article."""

    def change(meta: dict[str, Any]) -> dict[str, Any]:
        gone = {note.text for note in questions.get(meta["id"], ())}
        return {**meta, "questions": [note for note in meta.get("questions", []) if note["text"].strip() not in gone]}

    return change


def wording_only(meta: dict[str, Any]) -> dict[str, Any]:
    """Leaves every question and plain sentence out: passages are found by their own words alone."""
    return {key: value for key, value in meta.items() if key not in ("questions", "plain_summary")}


def _rewritten(source: str, change: Change) -> str | None:
    head, _, body = source.removeprefix("---\n").partition("\n---\n")
    meta = change(yaml.safe_load(head))
    return None if meta is None else f"---\n{yaml.safe_dump(meta, sort_keys=False, allow_unicode=True)}---\n{body}"
