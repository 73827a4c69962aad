"""`followup eval safety`, the part "time": what safety, gate and selection add to an answer, beside the whole of it.

danger     the safety table, on the question alone and together with the earlier ones
caveats    the cautions
gate       how sure the evidence is, and whether that is enough
selection  what is quoted, with the conditions and contrasts that come along
added      all four
whole      the same question asked of the Assistant, in the same run
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.abstention import abstention
from assistant.answering import Assistant
from assistant.events import Ask
from assistant.parts import queries
from assistant.retrieval import confidence, find_evidence
from assistant.safety.cautions import caveats
from assistant.safety.dangers import find_danger
from assistant.selection import select
from assistant.understanding import stand_alone
from eval.datasets import FOLLOWUPS, FollowUp, load_followups
from eval.measures import percentile
from eval.provenance import made_by
from eval.results import QueryResult, Result
from eval.safety_data import described

if TYPE_CHECKING:
    from assistant.settings import Settings

#: Asked before anything is timed.
_WARM_UP = 10
PERCENTILES = (50, 95)


def results(assistant: Assistant, settings: Settings) -> Iterator[tuple[str, Result]]:
    """One result: milliseconds of each stage for every shipped question that stands alone, over the whole corpus."""
    questions = [followup for followup in load_followups() if not followup.previous]
    for question in questions[:_WARM_UP]:
        assistant.answer(Ask(question.question))
    spent = [stages(assistant, settings, question) for question in questions]
    timed = {
        f"{stage}_p{percent}_ms": round(percentile([one[stage] for one in spent], percent), 3)
        for stage in spent[0]
        for percent in PERCENTILES
    }
    yield (
        "safety-time",
        Result(
            command="safety",
            dataset=described("added time", "all", [FOLLOWUPS], len(questions)),
            configuration={"name": "whole corpus"},
            queries=tuple(QueryResult(one.id, one.question, "stand-alone", {}) for one in questions),
            made_by=made_by(assistant.index, settings, [FOLLOWUPS]),
            extra={"milliseconds": timed},
        ),
    )


def stages(assistant: Assistant, settings: Settings, question: FollowUp) -> dict[str, float]:
    """Milliseconds by stage, the whole answer last. The search itself is no part of what is added."""
    text, index = question.question, assistant.index
    query, parts = stand_alone(text, [], index), queries(text, [], index)
    evidence = find_evidence(index, query, least=settings.answer_from)
    marks = [time.perf_counter()]
    find_danger(text)
    find_danger(text, [text])
    marks.append(time.perf_counter())
    caveats(text, [])
    marks.append(time.perf_counter())
    confidence(index, query.asked, evidence.hits)
    abstention(evidence, settings.abstain_below, None)
    marks.append(time.perf_counter())
    select(index, query, evidence, parts, settings.max_sentences)
    marks.append(time.perf_counter())
    assistant.answer(Ask(text))
    marks.append(time.perf_counter())
    danger, cautions, gate, selection, whole = _milliseconds(marks)
    added = danger + cautions + gate + selection
    return {"danger": danger, "caveats": cautions, "gate": gate, "selection": selection, "added": added, "whole": whole}


def _milliseconds(marks: Sequence[float]) -> list[float]:
    return [1000 * (after - before) for before, after in pairwise(marks)]
