"""The plots of a group: each a drawing, its legend, one sentence of explanation and the same figures as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from markupsafe import Markup

from eval.page import svg
from eval.page.figures import (
    BINS,
    RECALL_LEVELS,
    RiskPoint,
    ScalePoint,
    Spread,
    paired_deltas,
    precision_recall,
    risk_curves,
    sampled,
    scale_curves,
    spread,
)
from eval.page.groups import Group, Labelled
from eval.page.tables import Table, number, plain, shortened, signed

#: Keys of `extra` of which the plot shows everything; a row of `scale` may say more than how long and how good.
DRAWN = ("risk_coverage",)
#: Columns of a delta plot (it is 334 wide), and rows of a table: of more queries or points some are left out, evenly.
_COLUMNS, _ROWS = 167, 101
#: A time axis becomes logarithmic where the slowest stage takes this many times as long as the fastest.
_LOGARITHMIC_FROM = 20
#: Heights of the parts of a row in the plot of spreads: name, histogram, box, gap.
_NAME, _HISTOGRAM, _BOX, _GAP = 16, 24, 10, 12
_NAME_CHARACTERS = 48
#: The mark of a mean.
_DIAMOND = 3


@dataclass(frozen=True, slots=True)
class Plot:
    """What the template lays out. `legend`: a key and its words."""

    title: str
    about: str
    drawing: Markup
    legend: tuple[tuple[Markup, str], ...]
    table: Table


def curve_plots(group: Group, prefix: str) -> list[Plot]:
    """The plots that do not depend on a chosen measure, as far as the results hold what they show."""
    plots = [_precision_recall(group, f"{prefix}-pr"), _risk_coverage(group, f"{prefix}-risk")]
    for position, one in enumerate(group.results):
        if curves := scale_curves(one):
            plots += [
                _time_by_size(one, curves, f"{prefix}-time{position}"),
                _recall_by_size(one, curves, f"{prefix}-kept{position}"),
            ]
    return [plot for plot in plots if plot]


def measure_plots(group: Group, measure: str, prefix: str) -> list[Plot]:
    """Values and differences query by query, by one measure."""
    return [plot for plot in (_spreads(group, measure, f"{prefix}-spread"), *_deltas(group, measure, prefix)) if plot]


def _precision_recall(group: Group, id: str) -> Plot | None:
    found = {position: pair for position, one in enumerate(group.results) if (pair := precision_recall(one.result))}
    if not found:
        return None
    curves = {position: [float(value) for value in curve] for position, (curve, _) in found.items()}
    counts = sorted({count for _, count in found.values()})
    over = f"the {counts[0]} queries" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} queries"
    title = "Precision and recall"
    about = f"Mean interpolated precision at eleven levels of recall, over {over} with gold. Higher is better."
    top = max(max(curve) for curve in curves.values())
    chart = svg.Chart(
        id, title, about, svg.linear("Recall, share of the gold found", 0, 1), svg.linear("Precision, share that is gold", 0, top)
    )
    for position, curve in curves.items():
        chart.line(list(zip(RECALL_LEVELS, curve, strict=True)), position)
    columns = ("Recall", *(group.results[position].label for position in curves))
    levels = zip(RECALL_LEVELS, *curves.values(), strict=True)
    rows = [(f"{level:.1f}", *map(number, values)) for level, *values in levels]
    return Plot(title, about, chart.markup(), _legend(group.results, curves), plain(title, columns, rows))


def _risk_coverage(group: Group, id: str) -> Plot | None:
    curves = [pair for one in group.results for pair in risk_curves(one).items()]
    if not curves:
        return None
    title = "Risk and coverage"
    about = "How often an answer is wrong when only the surest share of all questions is answered. Lower is better."
    top = max(point.risk for _, points in curves for point in points)
    chart = svg.Chart(
        id,
        title,
        about,
        svg.linear("Coverage, share of the questions answered", 0, 1, percent=True),
        svg.linear("Risk, share of the answers wrong", 0, top, percent=True),
    )
    for position, (_, points) in enumerate(curves):
        chart.line([(point.coverage, point.risk) for point in points], position)
    legend = tuple((svg.key(position), name) for position, (name, _) in enumerate(curves))
    return Plot(
        title, about, chart.markup(), legend, plain(title, ("Curve", "Coverage", "Risk", "Threshold"), _risk_rows(curves))
    )


def _risk_rows(curves: Iterable[tuple[str, Sequence[RiskPoint]]]) -> list[tuple[str, ...]]:
    return [
        (name, number(points[position].coverage), number(points[position].risk), number(points[position].threshold))
        for name, points in curves
        for position in sampled(len(points), _ROWS)
    ]


def _time_by_size(one: Labelled, curves: dict[str, list[ScalePoint]], id: str) -> Plot:
    points = [point for curve in curves.values() for point in curve]
    title = f"Time by size: {one.label}"
    about = "Milliseconds of each stage by the number of passages in the index: the median, and thin the 95th percentile."
    low, high = min(point.p50_ms for point in points), max(point.p95_ms for point in points)
    scale = svg.logarithmic("Time, ms", low, high) if 0 < low * _LOGARITHMIC_FROM < high else svg.linear("Time, ms", 0, high)
    chart = svg.Chart(id, title, about, _sizes(points), scale)
    for style, curve in enumerate(curves.values()):
        chart.line([(point.passages, point.p95_ms) for point in curve], style, faint=True, marks=False)
        chart.line([(point.passages, point.p50_ms) for point in curve], style)
    legend = (*((svg.key(style), stage) for style, stage in enumerate(curves)), (svg.key(0, "faint"), "95th percentile, thin"))
    rows = [
        (stage, f"{point.passages:,}", number(point.p50_ms), number(point.p95_ms), number(point.recall))
        for stage, curve in curves.items()
        for point in curve
    ]
    columns = ("Stage", "Passages", "p50, ms", "p95, ms", "Recall@10")
    return Plot(title, about, chart.markup(), legend, plain(title, columns, rows))


def _recall_by_size(one: Labelled, curves: dict[str, list[ScalePoint]], id: str) -> Plot | None:
    kept = {
        style: [(point.passages, point.recall) for point in curve if point.recall is not None]
        for style, curve in enumerate(curves.values())
    }
    kept = {style: curve for style, curve in kept.items() if curve}
    if not kept:
        return None
    title = f"Recall against exact search by size: {one.label}"
    about = "Of the ten nearest passages that exact search finds, the share that the index finds too. Higher is better."
    low = min(recall for curve in kept.values() for _, recall in curve)
    chart = svg.Chart(
        id,
        title,
        about,
        _sizes([point for curve in curves.values() for point in curve]),
        svg.linear("Recall@10 against exact search", min(low, 0.9), 1),
    )
    for style, curve in kept.items():
        chart.line(curve, style)
    names = list(curves)
    legend = tuple((svg.key(style), names[style]) for style in kept)
    rows = [(names[style], f"{passages:,}", number(recall)) for style, curve in kept.items() for passages, recall in curve]
    return Plot(title, about, chart.markup(), legend, plain(title, ("Stage", "Passages", "Recall@10"), rows))


def _sizes(points: Sequence[ScalePoint]) -> svg.Axis:
    sizes = [point.passages for point in points]
    return svg.logarithmic("Passages in the index", min(sizes), max(sizes))


def _deltas(group: Group, measure: str, prefix: str) -> list[Plot]:
    """One plot for each configuration but the first, all with the same y axis."""
    pairs = {
        position: deltas
        for position in range(1, len(group.results))
        if (deltas := paired_deltas(group.by_id[0], group.by_id[position], measure))
    }
    widest = max((abs(delta) for deltas in pairs.values() for _, delta in deltas), default=0) or 1
    y = svg.linear(f"Difference in {measure}", -widest, widest)
    return [
        _delta(group.results[0].label, group.results[position].label, measure, deltas, y, f"{prefix}-delta{position}")
        for position, deltas in pairs.items()
    ]


def _delta(first: str, second: str, measure: str, deltas: Sequence[tuple[str, float]], y: svg.Axis, id: str) -> Plot:
    values = [value for _, value in deltas]
    count, worse, better = len(values), sum(value < 0 for value in values), sum(value > 0 for value in values)
    title = f"{second} against {first}, query by query"
    about = f"{measure} of {second} minus that of {first}, sorted: {worse} worse, {count - worse - better} even, {better} better."
    x = svg.Axis("Queries, sorted by difference", 0, count, tuple(sorted({0, count // 2, count})))
    chart = svg.Chart(id, title, about, x, y, height=230)
    chart.steps([values[position] for position in sampled(count, _COLUMNS)], "gain", "loss")
    # Sorted upwards, the places over the left end and under the right end of the zero line are always empty.
    chart.note((0, 0), f"{worse} worse", down=-8)
    chart.note((count, 0), f"{better} better", anchor="end", down=18)
    rows = [
        (deltas[position][0], f"{position + 1} of {count}", signed(deltas[position][1])) for position in sampled(count, _ROWS)
    ]
    legend = ((svg.key(None, "gain"), "better"), (svg.key(None, "loss"), "worse"))
    return Plot(title, about, chart.markup(), legend, plain(title, ("Query", "Place", "Difference"), rows))


def _spreads(group: Group, measure: str, id: str) -> Plot | None:
    values = {
        one.label: [query.measures[measure] for query in one.result.queries if measure in query.measures] for one in group.results
    }
    everything = [value for some in values.values() for value in some]
    if not everything:
        return None
    low, high = min(0.0, *everything), max(everything)
    axis = svg.linear(f"{measure} of a query", low, 1.0 if 0.5 < high <= 1 else high)
    spreads = {label: spread(some, axis.low, axis.high) for label, some in values.items() if some}
    title = f"{measure} over the queries"
    about = (
        "How many queries have which value (columns); below them the middle half (box), the median (line in it), "
        "the lowest and highest (thin line) and the mean (diamond)."
    )
    rows = [(label, str(one.queries), *map(number, one.quantiles), number(one.mean)) for label, one in spreads.items()]
    columns = ("Configuration", "Queries", "Lowest", "25 %", "Median", "75 %", "Highest", "Mean")
    return Plot(title, about, _draw_spreads(id, title, about, axis, spreads), (), plain(title, columns, rows))


def _draw_spreads(id: str, title: str, about: str, axis: svg.Axis, spreads: dict[str, Spread]) -> Markup:
    row = _NAME + _HISTOGRAM + _BOX + _GAP
    bottom = row * len(spreads) + 8
    picture = svg.picture(id, title, about, svg.WIDTH, bottom + 40)
    left, wide = 14, svg.WIDTH - 30

    def across(value: float) -> float:
        return left + axis.share(value) * wide

    for tick in axis.ticks:
        svg.add(picture, "path", d=svg.path([(across(tick), 0), (across(tick), bottom)]), class_="grid")
        svg.add(picture, "text", axis.text(tick), x=across(tick), y=bottom + 16, class_="tick", text_anchor="middle")
    svg.add(picture, "path", d=svg.path([(left, bottom), (left + wide, bottom)]), class_="axis")
    svg.add(picture, "text", axis.label, x=left + wide / 2, y=bottom + 34, class_="label", text_anchor="middle")
    tallest = max(float(one.shares.max()) for one in spreads.values())
    for position, (label, one) in enumerate(spreads.items()):
        base = position * row + _NAME + _HISTOGRAM
        style = f"s{position % svg.STYLES}"
        svg.add(picture, "text", shortened(label, _NAME_CHARACTERS), x=left, y=base - _HISTOGRAM - 3, class_="note")
        for column, share in enumerate(one.shares):
            tall = _HISTOGRAM * float(share) / tallest
            if tall:
                x = left + wide * column / BINS + 1
                svg.add(picture, "rect", x=x, y=base - tall, width=wide / BINS - 2, height=tall, class_=f"column {style}")
        _draw_box(picture, [across(value) for value in one.quantiles], across(one.mean), base + 2 + _BOX / 2, style)
    return svg.markup(picture)


def _draw_box(picture: Element, quantiles: Sequence[float], mean: float, middle: float, style: str) -> None:
    lowest, quarter, median, three, highest = quantiles
    top = middle - _BOX / 2 + 1
    svg.add(picture, "path", d=svg.path([(lowest, middle), (highest, middle)]), class_=f"whisker {style}")
    svg.add(picture, "rect", x=quarter, y=top, width=max(three - quarter, 1), height=_BOX - 2, class_=f"box {style}")
    svg.add(picture, "path", d=svg.path([(median, top - 1), (median, top + _BOX - 1)]), class_=f"median {style}")
    svg.mark(picture, mean, middle, _DIAMOND, "mean")


def _legend(results: Sequence[Labelled], positions: Iterable[int]) -> tuple[tuple[Markup, str], ...]:
    return tuple((svg.key(position), results[position].label) for position in positions)
