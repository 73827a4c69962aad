"""Named ways to search, so that a figure can say which one it is of.

Evaluators add their own in a TOML file:

[my-way]
dense_weight = 0.6        # any field of index.types.Ranking
feedback = 0
max_passage_words = 200   # another index: the same documents, split otherwise
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter, ValidationError

from corpus.settings import CorpusSettings
from eval.datasets import DatasetError
from index.types import Fusion, Ranking

if TYPE_CHECKING:
    from index.settings import IndexSettings


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to split and search. `about()` is what a result file says of it."""

    name: str
    ranking: Ranking
    max_passage_words: Annotated[int, CorpusSettings.model_fields["max_passage_words"]]  # within the setting's bounds

    def about(self) -> dict[str, Any]:
        """The name and every value that decides the outcome."""
        return {"name": self.name, **asdict(self.ranking), "max_passage_words": self.max_passage_words}


def named_configurations(settings: IndexSettings) -> dict[str, Configuration]:
    """Those that are always there: each search alone, each fusion, with and without what can be added."""
    shipped = settings.ranking
    plain = replace(shipped, coverage=0.0, feedback=0, reranked=0)
    rankings = {
        "shipped": shipped,
        "lexical": _weighted(plain, 0.0),
        "dense": _weighted(plain, 1.0),
        "rrf": replace(_weighted(plain, 0.5), fusion=Fusion.RRF),
        "convex": _weighted(plain, 0.5),
        "reranked": replace(shipped, reranked=20),
    }
    return {name: Configuration(name, ranking, settings.max_passage_words) for name, ranking in rankings.items()}


def _weighted(ranking: Ranking, dense_weight: float) -> Ranking:
    return replace(ranking, dense_weight=dense_weight, dense_weight_bare=dense_weight, dense_weight_widened=dense_weight)


def chosen_configurations(settings: IndexSettings, names: Sequence[str], file: Path | None = None) -> list[Configuration]:
    """The ones asked for, in that order; without names those of the file, or else the shipped one. Raises `DatasetError`."""
    named = named_configurations(settings)
    own = _from_file(file, named) if file else {}
    known = named | own
    if unknown := [name for name in names if name not in known]:
        raise DatasetError(f"no configuration {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in (names or own or ["shipped"])]


def _from_file(file: Path, named: Mapping[str, Configuration]) -> dict[str, Configuration]:
    """Each table is a configuration; what it does not say is as shipped."""
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{file}: cannot be read as TOML ({error})") from error
    if not tables:
        raise DatasetError(f"{file}: no configurations in this file; each is a table, `[my-way]`")
    for name in tables:
        if name in named or name.split() != [name] or "/" in name:  # it names a folder, and stands in each line of a run
            raise DatasetError(f"{file}: [{name}]: a name is one word, without a slash, and none of {', '.join(named)}")
    return {name: _configuration(file, name, table, named["shipped"]) for name, table in tables.items()}


def _configuration(file: Path, name: str, table: Any, shipped: Configuration) -> Configuration:
    values = {**asdict(shipped.ranking), "max_passage_words": shipped.max_passage_words}
    if not isinstance(table, dict) or not values.keys() >= table.keys():
        extra = sorted(set(table) - set(values)) if isinstance(table, dict) else [name]
        raise DatasetError(f"{file}: [{name}] {', '.join(extra)}: not known; a configuration may set {', '.join(values)}")
    values |= table
    words = values.pop("max_passage_words")
    try:
        asked = {"name": name, "ranking": values, "max_passage_words": words}
        return TypeAdapter(Configuration).validate_python(asked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DatasetError(f"{file}: [{name}] {first['loc'][-1]}: {first['msg']}") from error
