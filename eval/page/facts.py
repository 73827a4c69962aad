"""What stands in a result beside its queries: what made it, and the figures that only its command has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.page.groups import Group
from eval.page.tables import Table, number, plain, shortened

#: Characters of a digest or a commit that a reader compares by eye; the whole stands among the facts.
_DIGEST_CHARACTERS = 12
#: Rows of a table of further figures, and characters of one: the folder has the rest.
_ROWS, _CHARACTERS = 100, 400


def summary(groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    """What was measured, when, where, by which commit and weights: each value once; what no result names is left out."""
    made = [one.result.made_by for group in groups for one in group.results]
    times = sorted(str(by["measured_at"]) for by in made if by.get("measured_at"))
    rows = {
        "Datasets": [_dataset(group) for group in groups],
        "Measured": [" to ".join(dict.fromkeys(_minute(time) for time in (times[0], times[-1])))] if times else [],
        "Commit": _distinct(_short(by.get("commit")) for by in made),
        "Machine": _distinct(by.get("machine") for by in made),
        "Model": _distinct(_model(by) for by in made),
    }
    return [(name, values) for name, values in rows.items() if values]


def facts_tables(group: Group) -> list[Table]:
    """What each result was made by: configuration, data, weights, machine. First what differs, then what is the same for all."""
    facts = [
        {
            **flat("configuration", one.result.configuration),
            **flat("made by", one.result.made_by),
            **flat("dataset", one.result.dataset),
            **{f"time, {name}": number(value) for name, value in one.result.seconds.items()},
            "folder": str(one.folder),
        }
        for one in group.results
    ]
    rows = _side_by_side(facts)
    same = {key: values[0] for key, *values in rows if len(set(values)) == 1}
    columns = ("", *(one.label for one in group.results))
    tables = [
        plain("What differs", columns, [row for row in rows if row[0] not in same], numeric=False),
        plain("The same for all", ("", "Value"), same.items(), numeric=False),
    ]
    return [table for table in tables if table.bodies[0].rows]


def extra_tables(group: Group, drawn: Sequence[str]) -> list[Table]:
    """`extra` but for what is `drawn`: single figures of all results in one table, rows of figures in one for each result."""
    single: list[dict[str, str]] = []
    tables = []
    for one in group.results:
        extra = {name: value for name, value in one.result.extra.items() if name not in drawn}
        rows = {name: found for name, value in extra.items() if (found := _rows(value))}
        tables += [_rows_table(f"{one.label}: {name}", found) for name, found in rows.items()]
        single.append(flat("", {name: value for name, value in extra.items() if name not in rows}, _figure))
    if any(single):
        columns = ("", *(one.label for one in group.results))
        tables.insert(0, plain("Single figures", columns, _side_by_side(single)))
    return tables


def flat(name: str, value: Mapping[str, Any], text: Any = None) -> dict[str, str]:
    """`{"model": {"name": "x"}}` under `made by` → `{"made by, model, name": "x"}`."""
    found: dict[str, str] = {}
    for key, inner in value.items():
        path = f"{name}, {key}" if name else str(key)
        found |= flat(path, inner, text) if isinstance(inner, Mapping) else {path: (text or scalar)(inner)}
    return found


def scalar(value: Any) -> str:
    """One value as text: nothing as a dash, a list by commas."""
    match value:
        case None | "" | [] | ():
            return "–"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(scalar(one) for one in value)
        case Mapping():
            return ", ".join(f"{key} {scalar(one)}" for key, one in value.items())
        case _:
            return str(value)


def _figure(value: Any) -> str:
    """Four digits that count: 316.784 → 316.8."""
    if isinstance(value, float):
        return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")
    return shortened(scalar(value), _CHARACTERS)


def _rows(value: Any) -> list[dict[str, str]]:
    """A list of mappings, or a mapping of mappings, as rows; else nothing."""
    if isinstance(value, Mapping) and value and all(isinstance(row, Mapping) for row in value.values()):
        value = [{"": str(name), **row} for name, row in value.items()]
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return []
    return [{str(key): _figure(cell) for key, cell in row.items()} for row in value]


def _rows_table(caption: str, rows: Sequence[Mapping[str, str]]) -> Table:
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    shown = caption if len(rows) <= _ROWS else f"{caption}, the first {_ROWS} of {len(rows)} rows"
    return plain(shown, columns, [[row.get(column, "–") for column in columns] for row in rows[:_ROWS]])


def _side_by_side(facts: Sequence[Mapping[str, str]]) -> list[tuple[str, ...]]:
    return [(key, *(some.get(key, "–") for some in facts)) for key in dict.fromkeys(key for some in facts for key in some)]


def _dataset(group: Group) -> str:
    digest = group.dataset.get("digest")
    return f"{group.title} ({group.command}), " + (f"digest {_short(digest)}" if digest else "without a digest")


def _model(made_by: Mapping[str, Any]) -> str:
    weights = made_by.get("model_sha256")
    return f"{made_by.get('model') or ''}" + (f", weights {_short(weights)}" if weights else "")


def _short(digest: Any) -> str:
    return scalar(digest).removeprefix("sha256:")[:_DIGEST_CHARACTERS] if digest else ""


def _minute(time: str) -> str:
    """`2025-11-23T00:10:31+00:00` → `2025-11-23 00:10 UTC`; what is no such time stays as it is."""
    try:
        return dt.datetime.fromisoformat(time).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return time


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(scalar(value) for value in values if value))
