"""Finds sentences in medical prose as exact spans.

pysbd makes the cuts: of the splitters tried it alone was right on "t.i.d.", "E. coli", "i.e." and "Dr."
(nupunkt split after "t.i.d."). Its own character spans repeat the first one for repeated sentences, so the spans are
counted here from the pieces.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Protocol, cast

#: Characters that pysbd uses as placeholders of its own and gives back as others; one that is in the text is hidden from it.
_PLACEHOLDERS = str.maketrans(dict.fromkeys("∯♬♭☉☇☈☄☊☋☌☍ȸȹƪ♟♝☏♨✂⌬ᓰᓱᓳᓴᓷᓸ⎋", "·"))


#: A segmenter keeps the text that it works on in itself.
_ONE_AT_A_TIME = threading.Lock()


class _Segmenter(Protocol):
    def segment(self, text: str) -> list[str]: ...


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """`(start, end)` of every sentence, without the white space around it: `"One. Two."` → `[(0, 4), (5, 9)]`."""
    spans: list[tuple[int, int]] = []
    position = 0
    text = text.translate(_PLACEHOLDERS)  # one character for one: the spans stay
    with _ONE_AT_A_TIME:
        pieces = _segmenter().segment(text)
    for piece in pieces:
        start = text.find(piece, position)
        if start < 0:  # pysbd rewrote what it read (thousands of ". . ."): the rest stays in one piece
            piece, start = text[position:], position
        position = start + len(piece)
        if wording := piece.strip():
            start += piece.index(wording[0])
            spans.append((start, start + len(wording)))
    return spans


@cache
def _segmenter() -> _Segmenter:
    from pysbd import Segmenter  # 0.1 s: only texts without statement ids need it

    return cast(_Segmenter, Segmenter(language="en", clean=False))
