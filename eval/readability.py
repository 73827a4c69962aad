"""`followup eval readability`: how easy the words are that a patient reads around the quotes.

Asks every shipped question as a patient with its article open, and measures the Flesch-Kincaid school grade of all that is
ours: plain sentences, glosses, caveats, abstentions, clarifications, banners, the notice and the disclaimer. Never of quotes.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.events import Ask
from assistant.types import Answer, Audience
from corpus.linting.fields import reading_grade
from corpus.types import Note
from eval.datasets import FollowUp, Unanswerable
from eval.reach import Reach

if TYPE_CHECKING:
    from rich.table import Table

    from assistant.answering import Assistant

#: A patient's answer outside its quotes (issue 4, Audiences).
REACH = Reach(9.0)
PERCENTILE = 90


@dataclass(frozen=True, slots=True)
class Kind:
    """The different texts of one kind that were shown: disclaimer, gloss, … `grade` is of all of them, one after the other."""

    name: str
    texts: tuple[str, ...]
    grade: float
    worst: str  # the text with the highest grade of its own
    worst_grade: float

    @property
    def within_reach(self) -> bool:
        """Whether the kind as a whole can be read."""
        return REACH.holds(self.grade)


@dataclass(frozen=True, slots=True)
class Report:
    """The grade of each answer, all that is ours in it taken as one text, and of each kind of text."""

    grades: tuple[float, ...]
    kinds: tuple[Kind, ...]  # the hardest first

    def measures(self) -> dict[str, float]:
        """By the names that the command prints."""
        return {
            "grade_mean": statistics.fmean(self.grades),
            "grade_median": statistics.median(self.grades),
            f"grade_p{PERCENTILE}": _percentile(self.grades),
            "share_within_reach": sum(map(REACH.holds, self.grades)) / len(self.grades),
        }

    def short_of_reach(self) -> list[str]:
        """What patients cannot read, a sentence each: answers as a whole, then kinds."""
        hard = sum(not REACH.holds(grade) for grade in self.grades)
        answers = [f"{hard} of {len(self.grades)} answers read at a grade that is not {REACH}"] if hard else []
        return answers + [f"{kind.name}: {kind.grade:.1f} is not {REACH}" for kind in self.kinds if not kind.within_reach]


def own_texts(answer: Answer) -> Iterator[tuple[str, str]]:
    """Every text of an answer that is ours, with its kind, in reading order. Quotes and references are not."""
    if answer.banner:
        yield "banner", f"{answer.banner.title}. {answer.banner.text}"
    yield from (("caveat", text) for text in answer.caveats)
    if answer.abstention:
        yield "abstention", answer.abstention.text
    if answer.clarification:
        yield "clarification", answer.clarification.text
    yield from (("plain sentence", sentence.text) for sentence in answer.plain)
    yield from (("gloss", gloss.plain) for gloss in answer.glosses)
    yield "notice", answer.notice
    yield "disclaimer", answer.disclaimer


def ask_as_patient(assistant: Assistant, question: FollowUp | Unanswerable) -> Answer:
    """With its article open, after its previous turn where it has one."""
    conversation = None
    if isinstance(question, FollowUp) and question.previous:
        first = assistant.answer(Ask(question.previous, question.article_id, audience=Audience.PATIENT))
        conversation = first.conversation_id
    return assistant.answer(Ask(question.question, question.article_id, conversation, Audience.PATIENT))


def measure(answers: Sequence[Answer]) -> Report:
    """At least one answer is needed; each has at least its disclaimer."""
    shown: dict[str, dict[str, None]] = {}
    grades = []
    for answer in answers:
        texts = list(own_texts(answer))
        grades.append(grade([text for _, text in texts]))
        for kind, text in texts:
            shown.setdefault(kind, {})[text] = None
    kinds = [_kind(name, tuple(texts)) for name, texts in shown.items()]
    return Report(tuple(grades), tuple(sorted(kinds, key=lambda kind: -kind.grade)))


def run(assistant: Assistant, questions: Sequence[FollowUp | Unanswerable], progress: Callable[[str, int, int], None]) -> Report:
    """Asks them all; `progress` is told the stage, how many are done and how many there are."""
    answers = []
    for done, question in enumerate(questions, start=1):
        answers.append(ask_as_patient(assistant, question))
        progress("as a patient", done, len(questions))
    return measure(answers)


def grade(texts: Sequence[str]) -> float:
    """Flesch-Kincaid school grade of texts that follow each other, each closed as a sentence."""
    return reading_grade([Note(text if text.rstrip().endswith((".", "!", "?")) else f"{text.rstrip()}.", ()) for text in texts])


def readability_document(report: Report) -> dict[str, Any]:
    """The measures by name, each kind with its hardest text, and what is short of reach."""
    return {
        "answers": len(report.grades),
        "measures": {name: round(value, 3) for name, value in report.measures().items()},
        "kinds": {
            kind.name: {"texts": len(kind.texts), "grade": kind.grade, "worst_grade": kind.worst_grade, "worst": kind.worst}
            for kind in report.kinds
        },
        "reach": str(REACH),
        "short_of_reach": report.short_of_reach(),
    }


def readability_tables(report: Report) -> list[Table]:
    """All answers in a row, then a row for each kind of text, the hardest first."""
    from rich.table import Table

    whole = Table(title=f"School grade of {len(report.grades)} patients' answers outside quotes", title_justify="left", box=None)
    for name in report.measures():
        whole.add_column(name, justify="right", no_wrap=True)
    whole.add_row(*(f"{value:.2f}" for value in report.measures().values()))
    kinds = Table(title=f"By kind of text ({REACH} wanted)", title_justify="left", box=None)
    for name in ("", "texts", "grade", "hardest text"):
        kinds.add_column(name, justify="left" if name in ("", "hardest text") else "right")
    for kind in report.kinds:
        kinds.add_row(kind.name, str(len(kind.texts)), f"{kind.grade:.1f}", f"{kind.worst_grade:.1f}: {kind.worst}")
    return [whole, kinds]


def _kind(name: str, texts: tuple[str, ...]) -> Kind:
    worst_grade, worst = max((grade([text]), text) for text in texts)
    return Kind(name, texts, grade(texts), worst, worst_grade)


def _percentile(grades: Sequence[float]) -> float:
    """The lowest grade that at least 90 % of the answers do not exceed."""
    ranked = sorted(grades)
    return ranked[-(-PERCENTILE * len(ranked) // 100) - 1]
