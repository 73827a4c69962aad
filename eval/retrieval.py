"""`followup eval retrieval`: any test collection, searched by the product in any configuration, measured as the field does.

A document's score is that of its best passage. Where a collection knows where the answers stand, `AnswerIn@k` is the share
of queries whose whole answer lies inside one of the first k passages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any

from eval.datasets import DatasetError
from eval.results import Hit, QueryResult, Result, rounded

if TYPE_CHECKING:
    from eval.collection import Collection, Span
    from eval.configurations import Configuration
    from index.search import Index
    from index.types import ScoredPassage

MEASURES = ("nDCG@10", "R@100", "RR@10", "P@5", "Success@1", "Success@5")
ANSWER_DEPTHS = (1, 5, 10)
#: Documents kept for each query, as in TREC; fewer where the searches found fewer.
DEPTH = 1000
_SHOWN = 10
#: One kind of query: a collection knows of no others.
KIND = "query"

#: Called with (queries searched so far, queries).
Progress = Callable[[int, int], None]


def run(
    collection: Collection,
    configuration: Configuration,
    index: Index,
    measures: Sequence[str] = MEASURES,
    progress: Progress | None = None,
) -> Result:
    """Searches every query and measures the run. `index` is over the collection's documents, with this ranking."""
    started = time.perf_counter()
    found: dict[str, list[ScoredPassage]] = {}
    for query, text in collection.queries.items():
        found[query] = index.search(index.encode(text), k=DEPTH)
        if progress:
            progress(len(found), len(collection.queries))
    seconds = time.perf_counter() - started

    best = {query: _best_of_documents(hits) for query, hits in found.items()}
    rankings = {query: [(hit.passage.article_id, rounded(hit.score)) for hit in hits] for query, hits in best.items()}
    measured = measure(collection.qrels, rankings, measures)
    answers = _answers(collection, index, found)
    titles = {document.id: document.title for document in collection.documents}
    return Result(
        command="retrieval",
        dataset=collection.about(),
        configuration=configuration.about(),
        queries=tuple(
            QueryResult(
                id=query,
                text=text,
                kind=KIND,
                measures={**measured[query], **answers.get(query, {})},
                ranking=rankings[query],
                hits=[_shown(hit, collection.qrels[query], titles) for hit in best[query][:_SHOWN]],
                gold=collection.qrels[query],
            )
            for query, text in collection.queries.items()
        ),
        seconds={"search": seconds},
        notes=collection.notes,
    )


def measure(
    qrels: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[tuple[str, float]]], names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Query -> measure -> value, by ir-measures. A query without a ranking has 0. Raises `DatasetError` for an unknown name."""
    import ir_measures

    measures = parsed(names)
    scored = {query: dict(ranking) for query, ranking in rankings.items()}
    judged = {query: dict(grades) for query, grades in qrels.items()}
    values = {query: dict.fromkeys(names, 0.0) for query in qrels}
    for metric in ir_measures.iter_calc(set(measures.values()), judged, scored):
        same = [name for name, measure in measures.items() if measure == metric.measure]  # "RR@10" and "MRR@10" are one
        values[metric.query_id] |= dict.fromkeys(same, float(metric.value))
    return values


def parsed(names: Sequence[str]) -> dict[str, Any]:
    """The measures by name. Raises `DatasetError` for one that ir-measures does not know or cannot compute here."""
    return {name: _parsed(name) for name in names}


def _parsed(name: str) -> Any:
    import ir_measures

    try:
        measure = ir_measures.parse_measure(name)
        if int(measure.params.get("cutoff", 1)) < 1:
            raise ValueError("a cutoff is at least 1")  # trec_eval would end the process
        list(ir_measures.iter_calc([measure], {"q": {"d": 1}}, {"q": {"d": 1.0}}))  # what it lacks, it says only now
    except (NameError, ValueError, SyntaxError, KeyError, AssertionError, OSError, CalledProcessError) as error:
        raise DatasetError(f"{name} is not a measure that ir-measures can compute here ({error})") from error
    return measure


def _best_of_documents(hits: Sequence[ScoredPassage]) -> list[ScoredPassage]:
    """The first passage of each document, in order."""
    first: dict[str, ScoredPassage] = {}
    for hit in hits:
        first.setdefault(hit.passage.article_id, hit)
    return list(first.values())


def _answers(collection: Collection, index: Index, found: Mapping[str, Sequence[ScoredPassage]]) -> dict[str, dict[str, float]]:
    """Query -> AnswerIn@k, where the collection knows the spans."""
    if not collection.spans:
        return {}
    names = {f"Success@{k}": f"AnswerIn@{k}" for k in ANSWER_DEPTHS}
    gold = {query: _holders(index, span) for query, span in collection.spans.items()}
    rankings = {query: [(hit.passage.id, rounded(hit.score)) for hit in found[query]] for query in gold}
    measured = measure(gold, rankings, list(names))
    return {query: {names[name]: value for name, value in values.items()} for query, values in measured.items()}


def _holders(index: Index, span: Span) -> dict[str, int]:
    """The passages that hold a whole answer; one that does not exist stands for none, so that the query counts as missed."""
    passages = index.store.passages_of(span.document)
    return {p.id: 1 for p in passages if p.start <= span.start and span.end <= p.end} or {"": 1}


def _shown(hit: ScoredPassage, grades: Mapping[str, int], titles: Mapping[str, str]) -> Hit:
    document = hit.passage.article_id
    stages = {"dense": hit.dense, "lexical": hit.lexical}
    return Hit(document, hit.score, grades.get(document, 0), titles.get(document, ""), hit.passage.text, stages)
