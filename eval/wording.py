"""How close what is searched for a follow-up is to the gold rewrite, where there are no documents to be found.

Added: the content stems that the gold rewrite has and the question as typed has not, against those that the searched text
has and the question has not. Example: typed "What causes it?", gold "What causes gout?", searched "What is gout? What
causes it?" adds {gout}: recall 1, precision 1, F1 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eval.results import QueryResult
from index.lexical import analyzer

if TYPE_CHECKING:
    from assistant.types import Query
    from eval.conversations import ConversationTurn
    from eval.product import Asked
    from index.search import Index


def wording(turns: Sequence[ConversationTurn], index: Index, ask: Callable[[ConversationTurn], Asked]) -> tuple[QueryResult, ...]:
    """Each turn with what its kind can be measured by.

    `AddedRecall`, `AddedF1`  turns whose gold rewrite adds stems: the share of them that is searched, and F1
    `Resolved`                turns whose gold rewrite differs: 1 when the history was used
    `LeftAlone`               the other turns: 1 when it was not
    `Cosine`                  every turn: of the searched vector (the readings', by their shares) and the gold rewrite's
    """
    return tuple(_measured(turn, index, ask(turn).query) for turn in turns)


def _measured(turn: ConversationTurn, index: Index, query: Query) -> QueryResult:
    measures = added(turn.question, turn.rewrite, " ".join(variant.text for variant in query.variants))
    measures |= {"Resolved": float(query.used_history)} if turn.changed else {"LeftAlone": float(not query.used_history)}
    vector = np.sum([variant.share * index.encode(variant.text).vector for variant in query.variants], axis=0)
    cosine = float(vector @ index.encode(turn.rewrite).vector / np.linalg.norm(vector))
    return QueryResult(turn.id, query.text, turn.kind, {**measures, "Cosine": cosine})


def added(question: str, rewrite: str, searched: str) -> dict[str, float]:
    """Recall and F1 of the stems added to a question; nothing where the rewrite adds none."""
    typed, wanted, found = (set(analyzer().analyze(text)) for text in (question, rewrite, searched))
    wanted, found = wanted - typed, found - typed
    if not wanted:
        return {}
    both = len(wanted & found)
    return {"AddedRecall": both / len(wanted), "AddedF1": 2 * both / (len(wanted) + len(found))}
