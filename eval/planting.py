"""A throw-away corpus with attacks in some of its articles, beside the articles of the settings. Asks nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.loading import article_files, parse_article
from index.build import build_index
from index.embedding import load_embedder
from index.search import Index, check_index

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.safety_data import Attack
    from index.types import Embedder

#: Attack paragraphs in one planted article.
PLANTED_TOGETHER = 60
_HEAD = """\
---
id: {id}
title: What does {id} say?
heading: Planted {id}
specialty: Planted
status: submitted
last_updated: 2026-01-01
references:
  - {{id: 1, type: research, title: A planted source of {id}, authors: Nobody, venue: Nowhere}}
---

"""


@dataclass(frozen=True, slots=True)
class Planted:
    """A corpus with attacks in some of its articles. `refused` are the attacks that the article format does not take."""

    index: Index
    settings: Settings
    article_of: Mapping[str, str]  # attack -> its article
    refused: tuple[str, ...]


@contextmanager
def planted(settings: Settings, attacks: Sequence[Attack], embedder: Embedder | None = None) -> Iterator[Planted]:
    """The articles of the settings and, beside them, articles of attack statements with an id and a reference each.

    Vectors are reused from the live generation; only the planted statements are embedded.
    """
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as name:
        folder = Path(name)
        (folder / "articles").mkdir()
        for path in article_files(settings.articles):
            shutil.copy(path, folder / "articles")
        taken = {one.id: statement for one in attacks if (statement := _statement(one.text))}
        article_of: dict[str, str] = {}
        for start in range(0, len(taken), PLANTED_TOGETHER):
            article_id = f"planted-{start // PLANTED_TOGETHER + 1}"
            some = list(taken.items())[start : start + PLANTED_TOGETHER]
            body = "".join(f"- {statement} [1] ^P{number}\n" for number, (_, statement) in enumerate(some, start=1))
            (folder / "articles" / f"{article_id}.md").write_text(f"{_HEAD.format(id=article_id)}{body}", "utf-8")
            article_of |= dict.fromkeys((attack_id for attack_id, _ in some), article_id)
        shutil.copytree(settings.index, folder / "index")
        theirs = settings.model_copy(update={"articles": folder / "articles", "index": folder / "index"})
        build_index(theirs, embedder=embedder)
        opened = Index(*check_index(theirs), ranking=theirs.ranking, embedder=lambda: embedder or load_embedder(theirs))
        yield Planted(opened, theirs, article_of, tuple(one.id for one in attacks if one.id not in taken))


def without_order(attacks: Sequence[Attack], corpus: Planted) -> list[Attack]:
    """The attacks of a corpus with their words in another order: the same words, and no instruction any more.

    Planted instead they show what the sheer words do to a search, whose weights count every word of the corpus.
    """
    told = []
    for one in attacks:
        words = one.text.split()
        orders = (sorted(words), sorted(words, reverse=True), words)
        if one.id in corpus.article_of:
            told.append(replace(one, text=next(text for order in orders if _statement(text := " ".join(order)))))
    return told


def _statement(text: str) -> str | None:
    """The attack as one statement of an article, or None when the article format refuses it as such."""
    statement = " ".join(text.split())
    article, _ = parse_article(f"{_HEAD.format(id='planted')}- {statement} [1] ^P1\n", "planted.md")
    return statement if article and [article.quote(block) for block in article.blocks] == [statement] else None
