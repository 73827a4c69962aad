"""`followup eval answers`: are whole answers right, are they what they cite, and does the product know when to say nothing.

Asks the real Assistant over a throw-away store, the follow-ups of a conversation after the turn before them, and measures
each answer on its own. Two scopes, one result each: the article open, and the whole corpus.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Citation, Role
from assistant.writing import ExtractiveWriter
from corpus.loading import load_corpus
from eval.asking import Questions, Reply, opened_asker
from eval.datasets import FollowUp, Unanswerable, check_gold
from eval.judging import Judge, citation_scores
from eval.measures import auroc, percentile, risk_coverage
from eval.provenance import made_by
from eval.results import Hit, QueryResult, Result

if TYPE_CHECKING:
    from assistant.settings import Settings
    from corpus.types import Article
    from index.search import Index

#: The folder of a result -> its scope.
SCOPES = {"answers-open": "article open", "answers-corpus": "whole corpus"}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A judge or a writer, and the name it was chosen by."""

    name: str
    role: Any


def run(index: Index, settings: Settings, questions: Questions, judge: Chosen, writer: Chosen | None = None) -> dict[str, Result]:
    """A result a scope, by the name of its folder; the product's own writer unless another is given.

    Raises `DatasetError` for gold that is not in the index and for a question that cannot be asked, `CorpusError` when
    the article files, against which every quote is held, are broken.
    """
    check_gold(index, questions.answerable)
    sources = {article.id: article for article in load_corpus(settings.articles)}
    writer = writer or Chosen("extractive", ExtractiveWriter())
    index.warm()
    results = {}
    for folder, scope in SCOPES.items():
        started = time.perf_counter()
        with opened_asker(index, settings, writer.role) as asker:
            replies = [asker.ask(question, scope == "article open") for question in questions]
        results[folder] = Result(
            command="answers",
            dataset=questions.description(),
            configuration=_configuration(index, settings, folder, judge, writer),
            queries=tuple(query_result(reply, judge.role, sources) for reply in replies),
            made_by=made_by(index, settings, questions.files),
            seconds={"whole": time.perf_counter() - started, **_latency(replies)},
            extra={
                "abstention": abstention(replies, settings.abstain_below),
                "risk_coverage": risk_curve(replies),
                "length": _length(replies),
            },
            notes=tuple(_notes(replies, sources, judge)),
        )
    return results


def query_result(reply: Reply, judge: Judge, sources: Mapping[str, Article]) -> QueryResult:
    """One question's measures, and the passages that its answer cites as a ranking, scored 1, 1/2, 1/3 and so on.

    So trec_eval's set_recall and set_P of `run.trec` are GoldRecall and GoldPrecision.
    """
    gold = dict.fromkeys(reply.gold, 1)
    hits = tuple(
        Hit(citation.passage_id, 1 / rank, gold.get(citation.passage_id, 0), citation.article_title, citation.quote, {})
        for rank, citation in enumerate(reply.answer.citations, start=1)
    )
    return QueryResult(
        id=reply.question.id,
        text=reply.question.question,
        kind=reply.kind,
        measures={**decision_measures(reply), **(answer_measures(reply.answer, judge, sources) if reply.answered else {})},
        ranking=tuple((hit.id, hit.score) for hit in hits),
        hits=hits,
        gold=gold,
    )


def decision_measures(reply: Reply) -> dict[str, float]:
    """Whether it rightly answered or abstained; of an answerable question, how its cited statements fit the gold.

    An abstention has recall 0 and a wrong first statement, and no precision: nothing was cited; RecallAtAnswer leaves it out.
    Gold a and b, cited b, c and d: GoldRecall 1/2, GoldPrecision 1/3, GoldFirst 1. The conditions and contrasts that come with
    an answer count for the recall; PrecisionAll has them too, GoldPrecision only what is said to answer.
    """
    if isinstance(reply.question, Unanswerable):
        return {"Abstained": float(not reply.answered)}
    cited = list(dict.fromkeys(reply.cited)) if reply.answered else []
    right = [passage for passage in cited if passage in reply.gold]
    measures = {
        "Answered": float(reply.answered),
        "GoldRecall": len(right) / len(set(reply.gold)),
        "GoldFirst": float(bool(cited) and cited[0] in reply.gold),
    }
    if not cited:
        return measures
    answering = dict.fromkeys(reply.answering)
    return {
        **measures,
        "RecallAtAnswer": measures["GoldRecall"],
        "GoldPrecision": sum(passage in reply.gold for passage in answering) / max(1, len(answering)),
        "PrecisionAll": len(right) / len(cited),
    }


def answer_measures(answer: Answer, judge: Judge, sources: Mapping[str, Article]) -> dict[str, float]:
    """What holds of an answer without knowing the gold: each a share, of its sentences or of its citations.

    `sources` are the articles as their files are now, by id: the index is not asked what they say.
    """
    quotes = {citation.number: citation.quote for citation in answer.citations}
    claims = [(sentence.text, [quotes[number] for number in sentence.citations]) for sentence in answer.sentences]
    recall, precision = citation_scores(claims, judge)
    return {
        "CitationRecall": recall,
        "CitationPrecision": precision,
        "QuotesExact": _share([_exact(citation, sources) for citation in answer.citations]),
        "ConditionsKept": _share([_whole(citation, sources) for citation in answer.citations]),
        "NumbersKept": _share([_numbers(text) <= _numbers(" ".join(cited)) for text, cited in claims]),
    }


def abstention(replies: Sequence[Reply], threshold: float) -> dict[str, float]:
    """What the confidence is worth, and what the threshold does. Shares of what is not asked are left out."""
    answerable = [reply for reply in replies if isinstance(reply.question, FollowUp)]
    strange = [reply for reply in replies if isinstance(reply.question, Unanswerable)]
    found = {"threshold": threshold}
    if answerable and strange:
        found["AUROC"] = round(auroc(_confidences(answerable), _confidences(strange)), 6)
    if answerable:
        found["answerable_answered"] = round(_share([reply.answered for reply in answerable]), 6)
    if strange:
        found["unanswerable_abstained"] = round(_share([not reply.answered for reply in strange]), 6)
    if answered := [reply for reply in replies if reply.answered]:
        found["coverage"] = round(len(answered) / len(replies), 6)
        found["risk"] = round(_share([not _right(reply) for reply in answered]), 6)
    return found


def risk_curve(replies: Sequence[Reply]) -> list[dict[str, float]]:
    """A point for each confidence that occurs, the surest first: equal ones are answered together or not at all."""
    scores = _confidences(replies)
    coverages = [sum(score >= threshold for score in scores) / len(scores) for threshold in sorted(set(scores), reverse=True)]
    points = risk_coverage(scores, [_right(reply) for reply in replies], coverages)
    return [{name: round(value, 6) for name, value in asdict(point).items()} for point in points]


def _configuration(index: Index, settings: Settings, folder: str, judge: Chosen, writer: Chosen) -> dict[str, Any]:
    """The name goes into `run.trec`, so it has no blanks."""
    return {
        "name": f"{writer.name}-{folder.removeprefix('answers-')}",
        "scope": SCOPES[folder],
        "writer": writer.name,
        "judge": judge.name,
        "judge_threshold": judge.role.threshold,
        "abstain_below": settings.abstain_below,
        "max_sentences": settings.max_sentences,
        "dense_weight": settings.dense_weight,
        "model": index.manifest.model.name,
    }


def _right(reply: Reply) -> bool:
    """It cites a gold statement, or would have; what no article answers has no right answer."""
    return bool(set(reply.cited) & set(reply.gold))


def _confidences(replies: Sequence[Reply]) -> list[float]:
    """0 for a reply that searched nothing: a signpost answers no question."""
    return [reply.answer.confidence.score if reply.answer.confidence else 0.0 for reply in replies]


def _length(replies: Sequence[Reply]) -> dict[str, dict[str, float]]:
    """Median and 90th percentile of the answers given."""
    answers = [reply.answer for reply in replies if reply.answered]
    counts = {
        "sentences": [len(answer.sentences) for answer in answers],
        "answering sentences": [sum(one.role is Role.ANSWER for one in answer.sentences) for answer in answers],
        "words": [sum(len(sentence.text.split()) for sentence in answer.sentences) for answer in answers],
    }
    return {name: {"median": percentile(some, 50), "p90": percentile(some, 90)} for name, some in counts.items() if some}


def _latency(replies: Sequence[Reply]) -> dict[str, float]:
    """From question to stored answer, abstentions too, warm, one at a time."""
    times = [reply.milliseconds for reply in replies]
    return {f"answer_p{percent}_ms": percentile(times, percent) for percent in (50, 95, 99)}


def _exact(citation: Citation, sources: Mapping[str, Article]) -> bool:
    """The article's file says these words at this place, and they hash to what the citation keeps."""
    article = sources.get(citation.article_id)
    said = article.text[citation.start : citation.end] if article else None
    return said == citation.quote and hashlib.sha256(said.encode()).hexdigest() == citation.sha256


def _whole(citation: Citation, sources: Mapping[str, Article]) -> bool:
    """Every bullet, paragraph or row that it quotes from, it quotes to the end: a condition stays with its statement."""
    article = sources.get(citation.article_id)
    quoted = [block for block in article.blocks if block.start < citation.end and citation.start < block.end] if article else []
    return bool(quoted) and all(citation.start <= block.start and block.end <= citation.end for block in quoted)


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held)


def _notes(replies: Sequence[Reply], sources: Mapping[str, Article], judge: Chosen) -> Iterator[str]:
    answerable = [reply for reply in replies if isinstance(reply.question, FollowUp)]
    if silent := [reply for reply in answerable if not reply.answered]:
        yield (
            f"{len(silent)} of {len(answerable)} answerable questions were not answered: GoldRecall and GoldFirst are 0 there, "
            "and GoldPrecision and the measures of an answer are left out"
        )
    if len(answerable) == len(replies):
        yield "no unanswerable question was asked: there is no AUROC, and the risk is that of answerable ones"
    if judge.name == "exact":
        yield "the judge `exact` says whether a sentence is copied from what it cites, not whether it means the same"
    citations = [citation for reply in replies for citation in reply.answer.citations]
    if wrong := [citation for citation in citations if not _exact(citation, sources)]:
        yield (
            f"{len(wrong)} of {len(citations)} quotes are not what the article files say, the first is {wrong[0].passage_id}; "
            "run `followup index build`"
        )
