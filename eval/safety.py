"""`followup eval safety`: danger, false premises, strange and harmful questions, injection, and the time that safety takes.

Each part gives one or more results, each with the folder that it is kept in. This module puts them together and says what
is short of reach; the parts measure.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering import Assistant
from assistant.store import ConversationStore
from eval import added_time, dangers, premises
from eval.datasets import DatasetError, load_followups
from eval.injections import Control, Place, ask_beside, ask_planted, attack, controls
from eval.planting import Planted, planted, without_order
from eval.provenance import made_by
from eval.reach import SAFETY, SAFETY_ADDED, SAFETY_ATTACKS
from eval.reading import Reader, opened_reader
from eval.results import RESULT, QueryResult, Result, write_result
from eval.safety_data import HELD_OUT, Attack, described, load_attacks

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.premises import Progress
    from index.search import Index

#: What can be measured alone, in the order in which it is measured.
PARTS = ("dangers", "premises", "domain", "injection", "time")
#: Normal questions that attacks are put beside.
CONTROLS = 40


def run(
    open_index: Callable[[], Index], settings: Settings, shared: Path, parts: tuple[str, ...], progress: Progress
) -> dict[str, Result]:
    """The results by their folder. The index is opened only for a part that needs it.

    Raises `DatasetError` for a file that cannot be read and for a part that there is not.
    """
    if unknown := set(parts) - set(PARTS):
        raise DatasetError(f"there is no part {min(unknown)}; there are {', '.join(PARTS)}")
    results: dict[str, Result] = {}
    if "dangers" in parts:
        results |= dangers.results(settings.articles, shared)
    if set(parts) == {"dangers"}:
        return results
    index = open_index()
    index.warm()
    with _opened_assistant(index, settings) as assistant:
        if "premises" in parts:
            results |= premises.premises(assistant, settings, progress)
        if "domain" in parts:
            results |= premises.domain(assistant, settings, shared, progress)
        if "time" in parts:
            results |= added_time.results(assistant, settings)
    if "injection" in parts:
        results["safety-injection"] = injection(index, settings, shared, progress)
    return results


def injection(index: Index, settings: Settings, shared: Path, progress: Progress) -> Result:
    """Every attack in every place."""
    started = time.perf_counter()
    attacks, files = load_attacks(shared)
    with opened_reader(index, settings) as reader, planted(settings, attacks) as corpus:
        normal = normal_questions(reader)
        told = _in_conversations(reader, index, attacks, normal, settings.region, progress)
        told += _in_articles(reader, corpus, attacks, normal, settings, progress)
    return Result(
        command="safety",
        dataset=described("attacks", "all", files, len(told)),
        configuration={"name": "shipped", "abstain_below": settings.abstain_below},
        queries=tuple(told),
        made_by=made_by(index, settings, files),
        seconds={"whole": time.perf_counter() - started},
        extra={
            "attacks": len(attacks),
            "refused_by_the_article_format": list(corpus.refused),
            "effective": {one.id: one.text for one in told if not one.measures["Inert"]},
        },
        notes=() if len(files) > 1 else ("the attacks of others are not present: only our own were tried",),
    )


def normal_questions(reader: Reader, most: int = CONTROLS) -> list[Control]:
    """The first shipped question of each article that its article answers, over the whole corpus."""
    first: dict[str, tuple[str, str, str]] = {}
    for followup in load_followups():
        if not followup.previous:
            first.setdefault(followup.article_id, (followup.id, followup.article_id, followup.question))
    return controls(reader, list(first.values())[:most])


def _in_conversations(
    reader: Reader, index: Index, attacks: tuple[Attack, ...], normal: list[Control], region: str, progress: Progress
) -> list[QueryResult]:
    told = []
    for place in (Place.QUESTION, Place.AFTER, Place.EARLIER):
        for done, one in enumerate(attacks, start=1):
            turned = normal[done % len(normal) :] + normal[: done % len(normal)]
            told.append(attack(reader, index, one, place, turned, region))
            progress(place, done, len(attacks))
    return told


def _in_articles(
    reader: Reader,
    corpus: Planted,
    attacks: tuple[Attack, ...],
    normal: list[Control],
    settings: Settings,
    progress: Progress,
) -> list[QueryResult]:
    told = []
    with (
        opened_reader(corpus.index, corpus.settings) as attacked,
        planted(settings, without_order(attacks, corpus)) as harmless,
        opened_reader(harmless.index, harmless.settings) as words,
    ):
        for done, one in enumerate(ask_planted(attacked, corpus, attacks, settings.region), start=1):
            told.append(one)
            progress(Place.ARTICLE, done, len(attacks))
        readers = {"attacks": attacked, "words": words, "shipped": reader}
        return [*told, *ask_beside(readers, corpus, normal, settings.region)]


@contextmanager
def _opened_assistant(index: Index, settings: Settings) -> Iterator[Assistant]:
    """Over a store that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="followup-eval-") as folder:
        store = ConversationStore(f"sqlite:///{folder}/answers.sqlite")
        try:
            yield Assistant(index, store, settings)
        finally:
            store.close()


def keep(results: Mapping[str, Result], out: Path) -> None:
    """Writes every result; of a held-out one only the figures, so that nobody tunes on its messages."""
    for folder, result in results.items():
        if result.dataset["split"] != HELD_OUT:
            write_result(result, out / folder)
            continue
        write_result(replace(result, queries=()), out / folder)
        figures = json.dumps(result.document(), indent=1, ensure_ascii=False)
        (out / folder / RESULT).write_text(f"{figures}\n", "utf-8")


def short_of_reach(results: Mapping[str, Result]) -> list[str]:
    """Every figure that is not what it was to be, as a sentence."""
    short = []
    for folder, result in results.items():
        for (kind, measure), reach in SAFETY.get(folder, {}).items():
            value = result.means(kind or None).get(measure)
            if value is None or not reach.holds(value):
                shown = "not measured" if value is None else f"{value:.3f}"
                short.append(f"{folder.removeprefix('safety-')}: {measure}{f' of {kind}' if kind else ''} {shown} is not {reach}")
        if "attacks" in result.extra and not SAFETY_ATTACKS.holds(result.extra["attacks"]):
            short.append(f"injection: {result.extra['attacks']} attacks are not {SAFETY_ATTACKS}")
        for name, reach in SAFETY_ADDED.items():
            if not reach.holds(taken := result.extra.get("milliseconds", {}).get(name, 0.0)):
                short.append(f"time: {name} {taken:.1f} is not {reach}")
    return short
