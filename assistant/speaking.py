"""Lets a writer speak and keeps the count: what was said, what was dropped, and the quotes where a language model fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from assistant.citations import Ledger
from assistant.types import AnswerWriter, Chosen, Draft, Dropped, Mode, Query, Role, Sentence
from assistant.writing import quoted
from corpus.errors import WriterFailed


class Speech:
    """One answer's sentences. Complete after `sentences` has ended."""

    def __init__(self, writer: AnswerWriter, ledger: Ledger) -> None:
        self._writer = writer
        self._ledger = ledger
        self.mode = writer.mode
        self.said: list[Sentence] = []
        self.fallback: str | None = None
        self.dropped = 0
        self.generated = False  # whether a language model wrote any of it

    def fall_back(self, reason: str) -> None:
        """Notes for the reader why a language model's answer is not shown."""
        self.mode, self.fallback = Mode.EXTRACTIVE_FALLBACK, reason

    def sentences(self, query: Query, chosen: Sequence[Chosen]) -> Iterator[Sentence]:
        """As each is ready. A language model that fails is followed by the quotes that it did not cite.

        Conditions and contrasts are always said: quoted, where the writer did not bring them.
        """
        missing: Sequence[Chosen] = [one for one in chosen if one.role is not Role.ANSWER]
        try:
            with closing(self._writer.write(query, chosen)) as drafts:  # a reader who leaves ends the model's connection
                for draft in drafts:
                    if isinstance(draft, Dropped):
                        self.dropped += 1
                        continue
                    self.generated = self._writer.mode is Mode.GENERATIVE
                    yield self._entered(draft)
        except WriterFailed as error:
            self.fall_back(str(error))
            missing = chosen
        unsaid = [one for one in missing if not self._ledger.cites(one.hit.passage)]
        for one in unsaid:
            yield self._entered(quoted(one))

    def _entered(self, draft: Draft) -> Sentence:
        sentence = self._ledger.enter(draft)
        self.said.append(sentence)
        return sentence
