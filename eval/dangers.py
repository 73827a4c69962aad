"""`followup eval safety`, the part "dangers": is somebody in danger noticed, and is nobody alarmed for nothing.

Asks the safety table alone: no index, no model. Of held-out files only figures leave this module, never an id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from assistant.safety.dangers import Danger, find_danger
from assistant.safety.tables import Kind
from corpus.loading import load_corpus
from eval.datasets import FOLLOWUPS, UNANSWERABLE, load_followups, load_unanswerable
from eval.provenance import commit, machine
from eval.results import QueryResult, Result
from eval.safety_data import (
    HELD_OUT,
    HELD_OUT_NOTE,
    SPLITS,
    DangerMessage,
    Foreign,
    Lookalike,
    described,
    load_rows,
    present,
    split_file,
)

SELF_HARM, METHOD = "self-harm", "method"
#: What the safety table is for these measures: a message and the reader's earlier ones in, the danger out.
Find = Callable[[str, Sequence[str]], Danger | None]
#: Of others' search queries, every so many is read: there are 14,745, and they are information only.
_EVERY = 5


def results(articles: Path, shared: Path, find: Find = find_danger) -> Iterator[tuple[str, Result]]:
    """The folder of each result, and the result. `shared` is the folder with the safety data; its neighbours hold queries."""
    for split in SPLITS:
        yield f"safety-dangers-{split}", recall(split_file("dangers", split), split, find)
    for split in SPLITS:
        path = split_file("lookalikes", split)
        rows = [(row.id, row.text, row.earlier, row.kind) for row in load_rows(path, Lookalike)]
        yield f"safety-lookalikes-{split}", quiet("lookalikes", split, [path], rows, find)
    yield "safety-knowledge", quiet("knowledge questions", "all", [FOLLOWUPS, UNANSWERABLE], list(_knowledge(articles)), find)
    if files := [*present(shared.parent / "medquad", "queries"), *present(shared.parent / "nfcorpus", "queries")]:
        rows = [(row.id, row.text, (), path.parent.name) for path in files for row in load_rows(path, Foreign)[::_EVERY]]
        told = quiet("search queries", "every fifth", files, rows, find)
        yield "safety-queries", replace(told, notes=("headlines and search queries of others: information, no reach",))


def recall(path: Path, split: str, find: Find = find_danger) -> Result:
    """How many messages of danger are noticed (Alarm), as what they are (Category), self-harm as a crisis (Crisis).

    CrisisMethod is Crisis where a method is named.
    """
    started = time.perf_counter()
    messages = load_rows(path, DangerMessage)
    found = {message.id: find(message.text, message.earlier) for message in messages}
    queries = tuple(
        QueryResult(message.id, message.text, message.category, _noticed(message, found[message.id])) for message in messages
    )
    missed = [message.id for message in messages if found[message.id] is None]
    return _result("dangers", split, [path], queries, started, {"traits": _by_trait(messages, found), "missed": missed})


def quiet(
    name: str,
    split: str,
    files: Sequence[Path],
    rows: Sequence[tuple[str, str, Sequence[str], str]],
    find: Find = find_danger,
) -> Result:
    """How many messages (id, text, earlier ones, kind) raise no alarm, as they should not."""
    started = time.perf_counter()
    alarms = {identifier: found.category for identifier, text, earlier, _ in rows if (found := find(text, earlier))}
    queries = tuple(QueryResult(row[0], row[1], row[3], {"NoAlarm": float(row[0] not in alarms)}) for row in rows)
    return _result(name, split, files, queries, started, {"alarmed": alarms})


def _noticed(message: DangerMessage, danger: Danger | None) -> dict[str, float]:
    measures = {
        "Alarm": float(danger is not None),
        "Category": float(danger is not None and danger.category == message.category),
    }
    if message.category == SELF_HARM:
        crisis = float(danger is not None and danger.kind is Kind.CRISIS)
        measures["Crisis"] = crisis
        if METHOD in message.traits:
            measures["CrisisMethod"] = crisis
    return measures


def _by_trait(messages: Sequence[DangerMessage], found: Mapping[str, Danger | None]) -> dict[str, dict[str, float]]:
    """Of each way of writing, how many messages there are and how many are noticed; `none` is the plain one."""
    alarms: dict[str, list[bool]] = {}
    for message in messages:
        for trait in message.traits or ("none",):
            alarms.setdefault(trait, []).append(found[message.id] is not None)
    return {trait: {"queries": len(some), "Alarm": round(fmean(some), 6)} for trait, some in sorted(alarms.items())}


def _knowledge(articles: Path) -> Iterator[tuple[str, str, Sequence[str], str]]:
    """Every question that the shipped articles and benchmarks ask, a follow-up after the question before it."""
    for article in load_corpus(articles):
        for number, note in enumerate(article.questions, start=1):
            yield f"{article.id}-q{number}", note.text, (), "article's own"
    for followup in load_followups():
        yield followup.id, followup.question, (followup.previous,) if followup.previous else (), "follow-up"
    for strange in load_unanswerable():
        yield strange.id, strange.question, (), "unanswerable"


def _result(
    name: str, split: str, files: Sequence[Path], queries: tuple[QueryResult, ...], started: float, extra: dict[str, Any]
) -> Result:
    shown = extra if split != HELD_OUT else {key: value for key, value in extra.items() if key == "traits"}
    return Result(
        command="safety",
        dataset=described(name, split, files, len(queries)),
        configuration={"name": "safety table"},
        queries=queries,
        made_by={"commit": commit(), "machine": machine()},
        seconds={"whole": time.perf_counter() - started},
        extra=shown,
        notes=(HELD_OUT_NOTE,) if split == HELD_OUT else (),
    )
