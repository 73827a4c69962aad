"""Whether somebody is in danger now: decided before anything is searched, by the tables alone.

Deterministic; knows no index, no model, no network. First the cues (dangers.toml, on the signs of signs.toml as frames.toml says
they are meant), then the points (points.json). A cue gives way where the points are against it, that of a crisis only where they
are far against it, and what asks for a way of dying or of harming never.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.safety.points import Points, add_up, features_of, load_points
from assistant.safety.reading import Reading, read_turns
from assistant.safety.tables import Kind, Row, SignIs, Tables, load_regions, load_tables
from assistant.types import Banner
from corpus.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Danger:
    """What was found: the row of the table, and what is to be done."""

    category: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Cue:
    """The row that signs speak for. `firm`: whatever the points say."""

    row: Row
    firm: bool


def find_danger(question: str, earlier: Sequence[str] = ()) -> Danger | None:
    """The danger that the question, or it together with the reader's earlier questions (oldest first), tells of; None if none."""
    tables, table = load_tables(), load_points()
    readings = read_turns(question, earlier, tables)
    cue = find_cue(readings, tables)
    total = add_up(features_of(readings, cue.row.category if cue else None), table)
    believed = cue is not None and total.points >= points_needed(cue, table)
    if not believed and total.points < table.alarm_from:
        return None
    if cue is not None and believed and cue.row.kind is not Kind.EMERGENCY:
        return Danger(cue.row.category, cue.row.kind)
    # Which emergency it is, the points say better: 0.88 of left-out messages got the right one, of the cues alone 0.76.
    row = next(row for row in tables.rows if row.category == (cue.row.category if cue and cue.firm else total.category))
    return Danger(row.category, row.kind)


def points_needed(cue: Cue, table: Points) -> float:
    """The points below which a cue is not believed."""
    if cue.firm:
        return -math.inf
    return table.cue_needs if cue.row.kind is Kind.EMERGENCY else table.wish_needs


def banner_of(danger: Danger, region: str) -> Banner:
    """The fixed text for a danger with the numbers of `region`. Raises `SettingsError` for an unknown region or category."""
    row = next((row for row in load_tables().rows if row.category == danger.category), None)
    regions = load_regions()
    if row is None:
        raise SettingsError(f"{danger.category!r} is not a category of dangers.toml")
    if region not in regions:
        raise SettingsError(f"{region!r} is not a region; there are {', '.join(sorted(regions))}")
    return Banner(row.category, row.title, row.message.format_map(regions[region].places), row.source, row.reviewed)


def find_cue(readings: Sequence[Reading], tables: Tables) -> Cue | None:
    """What the question's own signs speak for, else its and the earlier questions' together, the latest first."""
    signs: set[str] = set()
    for reading in readings:
        signs |= {name for name, counts in reading.signs.items() if counts} | {f"{name}!" for name in reading.acute}
        if cue := _first_cue(signs, tables) or _constellation(signs, tables):
            return cue
    return None


def _first_cue(signs: set[str], tables: Tables) -> Cue | None:
    """The first row of which a firm cue is met, else the first of which any is."""
    asked = any(tables.sign_is[sign.removesuffix("!")] is SignIs.ASKED for sign in signs)
    for row in tables.rows:
        if _met(row.firm_cues, signs):
            return Cue(row, firm=True)
    for row in tables.rows:
        if _met(row.cues, signs):
            return Cue(row, firm=asked and row.kind is not Kind.EMERGENCY)
    return None


def _met(cues: Iterable[tuple[frozenset[str], ...]], signs: set[str]) -> bool:
    return any(all(not group.isdisjoint(signs) for group in cue) for cue in cues)


def _constellation(signs: set[str], tables: Tables) -> Cue | None:
    """The row that speaks of most of the signs, where there are enough warning signs, one fewer with a worry about them."""
    warning = [{sign for sign in group if f"{sign}!" in signs} for group in tables.constellation]
    if sum(map(bool, warning)) + ("worry" in signs) < tables.enough:
        return None
    told = frozenset().union(*warning)
    row = max(tables.rows, key=lambda row: sum(sign in group for sign in told for cue in row.cues for group in cue))
    return Cue(row, firm=False)
