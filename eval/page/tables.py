"""Results as tables: cells of text, ready to be laid out. Formats numbers; measures nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from eval.compare import Comparison, MeasureDelta, QueryDelta, Verdict
from eval.page.groups import Group, Labelled

#: Columns that fit on a printed page beside the configuration's name; more measures become a second table.
MEASURES_ABREAST = 8
#: How many queries the printed page lists, and each comparison.
LISTED = 10
#: Characters of a query in a table.
QUERY_CHARACTERS = 200
_VERDICTS = {Verdict.BETTER: "▲ better", Verdict.WORSE: "▼ worse", Verdict.UNDECIDED: "no difference shown"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `best` of its column; `query` makes it a link to that query in the browser of queries."""

    text: str
    best: bool = False
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """Rows under one heading, if any. The first cell of a row is its header."""

    rows: tuple[tuple[Cell, ...], ...]
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`numeric` aligns all but the first column right."""

    caption: str
    columns: tuple[str, ...]
    bodies: tuple[Body, ...]
    numeric: bool = True


def plain(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: bool = True) -> Table:
    """A table of texts alone."""
    return Table(caption, tuple(columns), (Body(tuple(tuple(map(Cell, row)) for row in rows)),), numeric)


def number(value: float | None) -> str:
    """Three decimals below 10, then one, then none: 0.377, 12.5, 4,321. An absent one is a dash."""
    if value is None:
        return "–"
    size = abs(value)
    text = f"{size:.3f}" if size < 10 else f"{size:.1f}" if size < 100 else f"{size:,.0f}"
    return f"−{text}" if value < 0 and text != "0.000" else text


def signed(value: float) -> str:
    """`number` with its sign: +0.012, −0.012, ±0.000."""
    text = number(value)
    return text if value < 0 and text != "0.000" else f"{'±' if text == '0.000' else '+'}{text}"


def shortened(text: str, most: int) -> str:
    """At most `most` characters, the last of them an ellipsis where some are left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def measure_tables(group: Group) -> list[Table]:
    """One row a configuration, one column a measure, at most `MEASURES_ABREAST` of them in a table."""
    means = [one.result.means() for one in group.results]
    counts = [len(one.result.queries) for one in group.results]
    return [
        Table(caption, ("Configuration", "Queries", *measures), (Body(_rows(group.results, counts, means, measures)),))
        for caption, measures in _abreast(f"Means over all queries of {group.title}", group.measures)
    ]


def partial_measures(group: Group) -> str:
    """Which measures are means over fewer queries than there are: `Answered, GoldRecall (72); Abstained (18)`; else nothing."""
    totals = [len(one.result.queries) for one in group.results]
    by_counts: dict[str, list[str]] = {}
    for measure in group.measures:
        counts = [sum(measure in query.measures for query in one.result.queries) for one in group.results]
        if counts != totals:
            by_counts.setdefault(" to ".join(map(str, sorted({min(counts), max(counts)}))), []).append(measure)
    return "; ".join(f"{', '.join(measures)} ({counts})" for counts, measures in by_counts.items())


def kind_tables(group: Group) -> list[Table]:
    """The same by kind of query, where there is more than one. A measure that no query of a kind has is a dash."""
    if len(group.kinds) < 2:
        return []
    counts = [one.result.kinds() for one in group.results]
    means = {kind: [one.result.means(kind) for one in group.results] for kind in group.kinds}
    return [
        Table(
            caption,
            ("Configuration", "Queries", *measures),
            tuple(
                Body(_rows(group.results, [count.get(kind, 0) for count in counts], some, measures), kind or "no kind given")
                for kind, some in means.items()
            ),
        )
        for caption, measures in _abreast(f"Means by kind of query of {group.title}", group.measures)
    ]


def comparison_table(comparison: Comparison, first: str, second: str) -> Table:
    """One row a measure: both means, the difference, how sure it is."""
    columns = ("Measure", "Queries", first, second, "Difference", "95 % interval", "p (Holm)", "Won / even / lost", "Verdict")
    return plain(f"{second} against {first}", columns, [_compared(row) for row in comparison.measures])


def extremes_table(comparison: Comparison, measure: str, first: str, second: str) -> Table:
    """The queries that lost and gained most by one measure."""
    columns = ("Query", "Id", first, second, "Difference")
    parts = {"Lost most": comparison.worst(measure, LISTED), "Gained most": comparison.best(measure, LISTED)}
    bodies = tuple(Body(tuple(map(_extreme, queries)), heading) for heading, queries in parts.items() if queries)
    return Table(f"Queries by {measure}, {second} against {first}", columns, bodies)


def worst_table(group: Group) -> Table | None:
    """The queries that all configurations together do worst on, by the primary measure."""
    measure = group.primary
    if measure is None:
        return None
    values = {
        key: [query.measures[measure] for queries in group.by_id if (query := queries.get(key)) and measure in query.measures]
        for key in group.query_ids
    }
    ordered = sorted((key for key in values if values[key]), key=lambda key: fmean(values[key]))
    rows = []
    for key in ordered[:LISTED]:
        found = [queries.get(key) for queries in group.by_id]
        query = next(one for one in found if one is not None)
        shown = (number(one.measures.get(measure)) if one else "–" for one in found)
        name = f"{key}, {query.kind}" if len(group.kinds) > 1 else key
        rows.append((shortened(query.text, QUERY_CHARACTERS), name, *shown))
    columns = ("Query", "Id and kind" if len(group.kinds) > 1 else "Id", *(one.label for one in group.results))
    return plain(f"The {len(rows)} worst queries of {group.title} by {measure}, mean of all configurations", columns, rows)


def _abreast(caption: str, measures: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """The measures of each table and its caption, which is numbered where there are several."""
    count = -(-len(measures) // MEASURES_ABREAST)
    wide = -(-len(measures) // count) if count else 1
    parts = [measures[start : start + wide] for start in range(0, len(measures), wide)]
    if len(parts) < 2:
        return [(caption, part) for part in parts]
    return [(f"{caption} ({place} of {len(parts)})", part) for place, part in enumerate(parts, start=1)]


def _rows(
    results: Sequence[Labelled], counts: Sequence[int], means: Sequence[Mapping[str, float]], measures: Sequence[str]
) -> tuple[tuple[Cell, ...], ...]:
    best = {measure: _best([mean.get(measure) for mean in means]) for measure in measures}
    return tuple(
        (
            Cell(one.label),
            Cell(str(count)),
            *(Cell(text := number(mean.get(measure)), best=text == best[measure]) for measure in measures),
        )
        for one, count, mean in zip(results, counts, means, strict=True)
    )


def _best(values: Sequence[float | None]) -> str | None:
    """How the best value is written: what is written alike is equally good. None for one value alone, or all alike."""
    there = [value for value in values if value is not None]
    return number(max(there)) if len({number(value) for value in there}) > 1 else None


def _compared(row: MeasureDelta) -> tuple[str, ...]:
    p = "< 0.001" if row.p_holm < 0.001 else f"{row.p_holm:.3f}"
    return (
        row.measure,
        str(row.queries),
        number(row.mean_a),
        number(row.mean_b),
        signed(row.delta),
        f"{signed(row.low)} to {signed(row.high)}",
        p,
        f"{row.wins} / {row.ties} / {row.losses}",
        _VERDICTS[row.verdict],
    )


def _extreme(query: QueryDelta) -> tuple[Cell, ...]:
    text = shortened(query.text, QUERY_CHARACTERS)
    return (Cell(text, query=query.id), Cell(query.id), *map(Cell, (number(query.a), number(query.b), signed(query.delta))))
