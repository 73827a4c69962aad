"""Judges: does the evidence support a claim? And what ALCE makes of their verdicts on the citations of an answer.

The default judge only checks that the words are copied. Any other comes by `module:name` (an entailment model, a language
model), and `followup eval judge` says first what it is worth on pairs that people have labelled.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from corpus.errors import SettingsError
from eval.datasets import DatasetError, read_text
from eval.measures import auroc

#: A sentence of an answer and the quotes of the passages that it cites.
Claim = tuple[str, Sequence[str]]

#: What the sets of ../shared/data/citation-support call their verdicts: `label`, and ExpertQA's `support`. As in ALCE, only a
#: passage that supports the whole claim supports it.
_SUPPORTED = {
    "support": True,
    "Complete": True,
    "neutral": False,
    "refute": False,
    "not-support": False,
    "Partial": False,
    "Incomplete": False,
    "Missing": False,
}
#: The annotators' words for having given no verdict.
_NO_VERDICT = (None, "N/A")


class Judge(Protocol):
    """Scores claims against evidence: `threshold` or above means that the evidence supports the whole claim."""

    threshold: float

    def supports(self, claim: str, evidence: str) -> float:
        """Rises with the support; any scale. `evidence` is every quote together, one a line."""


class ExactSpan:
    """1 when the claim stands word for word in the evidence, white space apart, else 0. Knows nothing of meaning."""

    threshold = 1.0

    def supports(self, claim: str, evidence: str) -> float:
        """Any break between words counts as one space, so a claim may run on from one quote into the next."""
        wording = " ".join(claim.split())
        return float(bool(wording) and wording in " ".join(evidence.split()))


def citation_scores(claims: Sequence[Claim], judge: Judge) -> tuple[float, float]:
    """Citation recall and precision of one answer, as ALCE defines them (Gao et al. 2023, section 3).

    Recall is the share of claims that their quotes support together; a claim without quotes has none. Precision is the
    share of citations that are needed: their claim is supported by all its quotes, and either by this one alone or not by
    the others without it. Two claims, the first quoting what supports it and something else, the second quoting nothing:
    recall 1/2, precision 1/2. Unlike ALCE's script, which looks at three, takes every citation. Raises `DatasetError` for a
    verdict that is not a number.
    """
    supported = [_together(judge, text, quotes) for text, quotes in claims]
    needed = sum(
        _needed(judge, text, quotes, position)
        for (text, quotes), whole in zip(claims, supported, strict=True)
        if whole
        for position in range(len(quotes))
    )
    citations = sum(len(quotes) for _, quotes in claims)
    return sum(supported) / len(supported), needed / citations if citations else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and its evidence, and whether people say that the evidence supports it."""

    claim: str
    evidence: str
    supported: bool


@dataclass(frozen=True, slots=True)
class Worth:
    """How well a judge agrees with people. `accuracy` is at its threshold; always "not supported" has 1 - supported / pairs."""

    pairs: int
    supported: int
    auroc: float
    accuracy: float


def load_pairs(path: Path) -> tuple[tuple[Pair, ...], int]:
    """The labelled pairs of a file (JSON lines, plain or gzip), and how many lines have no verdict.

    A line has `claim`, `evidence` (a text, or a list of texts) and `label` or `support`; what else it has is not read.
    Raises `DatasetError` as `path:line: message`, or when there is no such file.
    """
    if not path.exists():
        raise DatasetError(f"{path}: data not present")
    lines = read_text(path).removesuffix("\n").split("\n")
    rows = [_labelled(f"{path}:{number}", line) for number, line in enumerate(lines if any(lines) else [], start=1)]
    pairs = tuple(row for row in rows if row is not None)
    if {pair.supported for pair in pairs} != {True, False}:
        raise DatasetError(f"{path}: {len(pairs)} labelled pairs; a judge is held against supported and unsupported ones")
    return pairs, len(rows) - len(pairs)


def worth(judge: Judge, pairs: Sequence[Pair]) -> Worth:
    """Holds a judge against people. Raises `DatasetError` for a score that is not a number."""
    scores = [_score(judge, pair.claim, pair.evidence) for pair in pairs]
    right = sum((score >= judge.threshold) is pair.supported for score, pair in zip(scores, pairs, strict=True))
    yes = [score for score, pair in zip(scores, pairs, strict=True) if pair.supported]
    no = [score for score, pair in zip(scores, pairs, strict=True) if not pair.supported]
    return Worth(len(pairs), len(yes), auroc(yes, no), right / len(pairs))


def load_judge(name: str) -> Judge:
    """`exact`, or a judge of one's own. Raises `SettingsError` like `load_named`."""
    judge: Judge = ExactSpan() if name == "exact" else load_named("--judge", name, ("threshold", "supports"))
    return judge


def load_named(option: str, name: str, needs: Sequence[str]) -> Any:
    """What `module:name` stands for, called without arguments where it is a class or a function that makes one.

    The folder one stands in is looked at too. Raises `SettingsError` when there is no such thing, or it lacks what it needs.
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise SettingsError(f"{option} {name}: neither a name that is known nor MODULE:NAME")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{option} {name}: {error}") from error
    ready = not isinstance(found, type) and all(hasattr(found, need) for need in needs)
    made = found() if callable(found) and not ready else found
    if missing := [need for need in needs if not hasattr(made, need)]:
        raise SettingsError(f"{option} {name}: it has no {' and no '.join(missing)}")
    return made


def _together(judge: Judge, text: str, quotes: Sequence[str]) -> bool:
    return bool(quotes) and _score(judge, text, "\n".join(quotes)) >= judge.threshold


def _needed(judge: Judge, text: str, quotes: Sequence[str], position: int) -> bool:
    """Of a claim that all its quotes support together."""
    others = [*quotes[:position], *quotes[position + 1 :]]
    return not others or _together(judge, text, [quotes[position]]) or not _together(judge, text, others)


def _score(judge: Judge, claim: str, evidence: str) -> float:
    score = judge.supports(claim, evidence)
    if not math.isfinite(score):
        raise DatasetError(f"the judge {type(judge).__name__} gave {score} for a claim of {len(claim)} characters")
    return score


@dataclass(frozen=True, slots=True)
class _Row:
    claim: str
    evidence: str | list[str]
    label: str | None = None
    support: str | None = None


_ROW = TypeAdapter(_Row)


def _labelled(where: str, line: str) -> Pair | None:
    try:
        row = _ROW.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise DatasetError(f"{where}: {'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}") from error
    verdict = row.label if row.label is not None else row.support
    if verdict in _NO_VERDICT:
        return None
    if verdict not in _SUPPORTED:
        raise DatasetError(f"{where}: the label {verdict!r} is none of {', '.join(_SUPPORTED)}")
    evidence = row.evidence if isinstance(row.evidence, str) else "\n".join(row.evidence)
    return Pair(row.claim, evidence, _SUPPORTED[verdict])
