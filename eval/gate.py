"""`followup eval gate`: what gets through to a reader when a language model writes falsely, and what when it writes truly.

False replies are made of the articles' real statements by the operators of eval/corruptions.py; true ones were written by
hand (eval/data/paraphrases.jsonl), "close" as the prompt asks and "free" as people write. Both are streamed through the
whole writer, marks, cuts and gate, from a chat model that says what it is told.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.generative.cleaning import without_marks
from assistant.generative.gate import judge
from assistant.generative.streaming import Limits, ModelStream
from assistant.generative.writer import GenerativeWriter
from assistant.types import Chosen, Draft, Dropped, Query, Role, Variant
from corpus.errors import WriterFailed
from corpus.sentences import sentence_spans
from eval.corruptions import CORRUPTIONS, Material, drug_names
from eval.datasets import DatasetError
from index.types import ScoredPassage

if TYPE_CHECKING:
    from assistant.generative.gate import Support
    from corpus.types import Passage

PARAPHRASES = Path(__file__).parent / "data" / "paraphrases.jsonl"
#: False replies of each operator; statements are drawn by their hash, so that a new article changes few of them.
EACH = 40
#: Other statements of the same article that the model is shown with the one it writes about.
BESIDE = 3


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """A true sentence about one statement, and whether floors may be fitted on it."""

    id: str
    split: str  # train or test
    style: str  # close or free
    statement: str  # the passage's id
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reply and what became of it: the sentences shown, those of them that are wrong, and why others were dropped."""

    kind: str
    statement: str
    reply: str
    shown: tuple[str, ...]
    wrong: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate let through."""

    false: tuple[Attempt, ...]
    true: tuple[Attempt, ...]

    @property
    def leaked(self) -> list[Attempt]:
        """False replies of which a sentence was shown that its passages do not say."""
        return [attempt for attempt in self.false if attempt.wrong]

    def by_operator(self) -> dict[str, tuple[int, int]]:
        """Operator -> (false replies, of which a wrong sentence was shown)."""
        return _counted(self.false, self.leaked)

    def by_style(self) -> dict[str, tuple[int, int]]:
        """Split and style -> (true sentences, of which shown)."""
        return _counted(self.true, [attempt for attempt in self.true if attempt.shown])

    def reasons(self) -> dict[str, int]:
        """Why sentences of false replies were dropped -> how many."""
        return dict(Counter(reason for attempt in self.false for reason in attempt.reasons).most_common())


def _counted(attempts: Sequence[Attempt], some: Sequence[Attempt]) -> dict[str, tuple[int, int]]:
    counted = Counter(attempt.kind for attempt in some)
    return {kind: (count, counted[kind]) for kind, count in Counter(attempt.kind for attempt in attempts).items()}


def load_paraphrases(path: Path = PARAPHRASES) -> list[Paraphrase]:
    """Raises `DatasetError` for a line that is none."""
    try:
        return [Paraphrase(**json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path}: {error}") from error


def run(
    passages: Sequence[Passage], paraphrases: Sequence[Paraphrase], support: Support | None = None, each: int = EACH
) -> GateReport:
    """`passages` are the statements of the corpus."""
    model = ScriptedModel()
    writer = GenerativeWriter(ModelStream(model, Limits(30, 60)), support)
    by_id = {passage.id: passage for passage in passages}
    if unknown := [one.statement for one in paraphrases if one.statement not in by_id]:
        raise DatasetError(f"no such statement: {', '.join(unknown)}")
    return GateReport(
        tuple(_attempt(writer, model, *false) for false in false_replies(passages, paraphrases, each)),
        tuple(
            _attempt(writer, model, f"{one.split}, {one.style}", [by_id[one.statement]], f"{one.text.rstrip('.')} [1].")
            for one in paraphrases
        ),
    )


def false_replies(
    passages: Sequence[Passage], paraphrases: Sequence[Paraphrase], each: int = EACH
) -> Iterator[tuple[str, list[Passage], str]]:
    """`(operator, the passages shown, the false reply)`, made of statements and paraphrases; the same for the same corpus."""
    drugs = drug_names([passage.text for passage in passages])
    by_id = {passage.id: passage for passage in passages}
    wordings = [(passage, passage.text) for passage in passages] + [(by_id[one.statement], one.text) for one in paraphrases]
    for name, corrupt in CORRUPTIONS.items():
        made = 0
        for passage, wording in sorted(wordings, key=lambda one: hashlib.sha256(f"{name} {one[1]}".encode()).digest()):
            beside = [other for other in passages if other.article_id == passage.article_id and other.id != passage.id]
            draw = random.Random(f"{name} {wording}")  # noqa: S311  # a draw of examples
            others = draw.sample(beside, min(BESIDE, len(beside)))
            replies = list(corrupt(Material(wording, [other.text for other in others], drugs)))
            for reply in draw.sample(replies, min(2, len(replies))):
                yield name, [passage, *others], reply
                made += 1
            if made >= each:
                break


@dataclass(frozen=True, slots=True)
class Floor:
    """What a floor of the gate lies between: the least of the true sentences, and the most of true ones under a wrong mark."""

    least_true: dict[str, float]  # by split and style
    most_wrong: float


def floors(passages: Sequence[Passage], paraphrases: Sequence[Paraphrase], measured: Support) -> Floor:
    """Measures the faithful paraphrases and, of the false replies, those that cite another passage of the same article."""
    by_id = {passage.id: passage.text for passage in passages}
    styles = dict.fromkeys(f"{one.split}, {one.style}" for one in paraphrases)
    true = {
        style: min(measured(one.text, [by_id[one.statement]]) for one in paraphrases if style == f"{one.split}, {one.style}")
        for style in styles
    }
    wrong = [
        measured(without_marks(reply), [shown[1].text])
        for name, shown, reply in false_replies(passages, paraphrases)
        if name == "other passage cited" and len(shown) > 1
    ]
    return Floor(true, max(wrong))


class GateJudge:
    """The gate without the embedder as a judge: `followup eval judge DATASET --judge eval.gate:GateJudge`."""

    threshold = 1.0

    def supports(self, claim: str, evidence: str) -> float:
        """1 where the gate would show the claim, else 0."""
        return float(judge(f"{claim.rstrip().rstrip('.')} [1].", [evidence]).reason is None)


class ScriptedModel:
    """A chat model that says what it is told, a few characters at a time."""

    def __init__(self) -> None:
        self.reply = ""

    async def astream(self, messages: Any, /) -> AsyncIterator[Any]:
        """Pieces of seven characters, so that words, numbers and marks are cut."""
        for at in range(0, len(self.reply), 7):
            yield _Piece(self.reply[at : at + 7])


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str


def _attempt(writer: GenerativeWriter, model: ScriptedModel, kind: str, passages: Sequence[Passage], reply: str) -> Attempt:
    model.reply = reply
    chosen = [Chosen(ScoredPassage(passage, 1.0, rank, 1.0, 1.0), Role.ANSWER) for rank, passage in enumerate(passages, start=1)]
    said: list[Draft | Dropped] = []
    with suppress(WriterFailed):  # nothing was left; `extend` keeps what came before
        said.extend(writer.write(_QUERY, chosen))
    drafts = [one for one in said if isinstance(one, Draft)]
    return Attempt(
        kind,
        passages[0].id,
        reply,
        tuple(draft.text for draft in drafts),
        tuple(draft.text for draft in drafts if not _quoted_whole(draft)),
        tuple(one.reason for one in said if isinstance(one, Dropped)),
    )


def _quoted_whole(draft: Draft) -> bool:
    """Whether it is word for word a whole sentence of a passage that it cites: an untouched part of a false reply."""
    return any(
        draft.text.rstrip(".") == passage.text[start:end].rstrip(".")
        for passage in draft.passages
        for start, end in sentence_spans(passage.text)
    )


_QUERY = Query("What do the articles say?", False, "as typed", (Variant("What do the articles say?", 1.0),))
