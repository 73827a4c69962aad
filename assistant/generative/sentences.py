"""Cuts a reply into sentences while it arrives; marks stay with the sentence that they follow.

Not corpus/sentences.py: pysbd reads whole texts, and its segmenter keeps the text in itself, which 32 threads may not share.
A cut in the wrong place costs a sentence (the gate drops both halves), never a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Longest sentence that is waited for, in characters: the longest statement shipped has 378.
LONGEST = 1200
_MARKS = r"(?:\s*\[[\d\s,;^–-]{1,40}\])*"
_END = re.compile(rf"\n+|[.!?][\"”’)]*{_MARKS}(?=\s)")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|approx|dr|prof|mr|mrs|ms|st|fig|al|ca|cf|etc|incl|resp|[a-z])|^\W*\d{1,2})\.\Z",
    re.IGNORECASE,
)
_COMPLETE = re.compile(rf"(?:[.!?][\"”’)]*|\]){_MARKS}\s*\Z")


class SentenceStream:
    """`feed` text as it comes, take the sentences that are complete; `close` for the rest."""

    def __init__(self) -> None:
        self._waiting = ""

    def feed(self, text: str) -> Iterator[str]:
        """The sentences that this text completed."""
        self._waiting += text
        start = 0
        for match in _END.finditer(self._waiting):
            if match[0][0] == "\n" or self._ends(match, start):
                yield self._waiting[start : match.end()].strip()
                start = match.end()
        self._waiting = self._waiting[start:]
        if len(self._waiting) > LONGEST:
            yield self._waiting
            self._waiting = ""

    def close(self) -> tuple[str, bool]:
        """What is left, and whether it is a complete sentence."""
        left, self._waiting = self._waiting.strip(), ""
        return left, bool(_COMPLETE.search(left))

    def _ends(self, match: re.Match[str], start: int) -> bool:
        """Whether it ends a sentence: no abbreviation, no small letter after it, and no mark that may still arrive."""
        after = self._waiting[match.end() :]
        following = after.lstrip()[:1]
        if following in ("", "["):
            return False
        until_stop = self._waiting[start : match.start() + 1]
        return not following.islower() and not (match[0][0] == "." and _ABBREVIATED.search(until_stop))


def sentences(text: str) -> list[str]:
    """All sentences of a whole text, the unfinished last one too."""
    stream = SentenceStream()
    found = [*stream.feed(text), stream.close()[0]]
    return [sentence for sentence in found if sentence]
