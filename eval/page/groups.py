"""Result folders into groups: results of one command on the same data, which alone may stand in one table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from eval.datasets import DatasetError
from eval.results import RESULT, QueryResult, Result, read_result

#: Measures shown first in plots and in the list of the worst queries, where a group has them.
_PREFERRED = ("nDCG@10", "RR@10", "Success@3", "GoldRecall")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A result under the name that tells it from the others of its group."""

    label: str
    folder: Path
    result: Result


@dataclass(frozen=True)
class Group:
    """The results of one command on one dataset, the baseline first."""

    command: str
    dataset: Mapping[str, Any]
    results: tuple[Labelled, ...]

    @property
    def title(self) -> str:
        """`nfcorpus, test`."""
        return ", ".join(str(self.dataset[key]) for key in ("name", "split") if self.dataset.get(key)) or "unnamed dataset"

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Every measure that some query of some result has, in the order they come."""
        return tuple(dict.fromkeys(name for one in self.results for query in one.result.queries for name in query.measures))

    @property
    def primary(self) -> str | None:
        """The measure that stands for the others where only one can be shown."""
        return next((name for name in _PREFERRED if name in self.measures), next(iter(self.measures), None))

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Queries by kind, counted in the result that has most of it."""
        counts: dict[str, int] = {}
        for one in self.results:
            for kind, count in one.result.kinds().items():
                counts[kind] = max(count, counts.get(kind, 0))
        return counts

    @cached_property
    def by_id(self) -> tuple[dict[str, QueryResult], ...]:
        """For each result its queries by id."""
        return tuple({query.id: query for query in one.result.queries} for one in self.results)

    @property
    def query_ids(self) -> tuple[str, ...]:
        """Every query that some result has, in the order of the first that has it."""
        return tuple(dict.fromkeys(query.id for one in self.results for query in one.result.queries))


def result_folders(paths: Iterable[Path]) -> list[Path]:
    """The result folders that are or lie below these, in the order given, then by name. Raises `DatasetError` for none."""
    found: dict[Path, None] = {}
    for path in paths:
        here = [path] if (path / RESULT).exists() else sorted(file.parent for file in path.rglob(RESULT))
        if not here:
            raise DatasetError(f"no {RESULT} in or below {path}; measure first, for example with `followup eval retrieval`")
        found.update(dict.fromkeys(here))
    return list(found)


def load_groups(folders: Sequence[Path], baseline: str | None = None) -> list[Group]:
    """Reads and groups results by command and dataset. The first of a group is the baseline, or the one of that name.

    Raises `DatasetError` for a folder that is no result, a figure that is no number, a baseline that no result is named.
    """
    groups: dict[tuple[str, ...], list[Labelled]] = {}
    for folder in folders:
        result = read_result(folder)
        _check_finite(folder, result)
        dataset = tuple(str(result.dataset.get(key)) for key in ("name", "split", "digest"))
        groups.setdefault((result.command, *dataset), []).append(Labelled(result.name, folder, result))
    if baseline is not None and not any(one.label == baseline for group in groups.values() for one in group):
        names = ", ".join(sorted({one.label for group in groups.values() for one in group}))
        raise DatasetError(f"no result is of a configuration named {baseline}; there are: {names}")
    return [
        Group(some[0].result.command, some[0].result.dataset, _labelled(sorted(some, key=lambda one: one.label != baseline)))
        for some in groups.values()
    ]


def _labelled(results: Sequence[Labelled]) -> tuple[Labelled, ...]:
    """Results of one name are told apart by their commit, else by the end of their folder, else by the whole of it."""
    ways: tuple[Callable[[Labelled], str], ...] = (
        lambda one: one.result.name,
        lambda one: f"{one.result.name} ({str(one.result.made_by.get('commit', ''))[:9]})",
        lambda one: f"{one.result.name} ({one.folder.name})",
        lambda one: f"{one.result.name} ({one.folder})",
    )
    labels = [ways[0](one) for one in results]
    for way in ways[1:]:
        counts = Counter(labels)
        labels = [way(one) if counts[label] > 1 else label for one, label in zip(results, labels, strict=True)]
    return tuple(replace(one, label=label) for one, label in zip(results, labels, strict=True))


def _check_finite(folder: Path, result: Result) -> None:
    for query in result.queries:
        scores = {f"the score of {hit.id}": hit.score for hit in query.hits}
        for name, value in {**query.measures, **scores}.items():
            if not math.isfinite(value):
                raise DatasetError(f"{folder}: {name} of query {query.id} is {value}, not a number; measure again")
