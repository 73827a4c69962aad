"""Sentences out of a stream of pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.generative.sentences import LONGEST, SentenceStream, sentences

REPLY = (
    "Drugamab is given at 1.2 mg, e.g. by mouth, vs. placebo [1]. Dr. Example says no. [2][3] "
    "The next one (5 mg) follows [1, 2].\n- A bullet has no stop [2]\n1. A numbered one [1]. E. coli is one word [3]."
)
CUT = [
    "Drugamab is given at 1.2 mg, e.g. by mouth, vs. placebo [1].",
    "Dr. Example says no. [2][3]",
    "The next one (5 mg) follows [1, 2].",
    "- A bullet has no stop [2]",
    "1. A numbered one [1].",
    "E. coli is one word [3].",
]


def test_stops_of_abbreviations_numbers_and_lists_end_no_sentence() -> None:
    assert sentences(REPLY) == CUT


@given(st.lists(st.integers(1, 9), min_size=1))
def test_it_does_not_matter_how_the_reply_is_cut_into_pieces(sizes: list[int]) -> None:
    stream, found, at = SentenceStream(), [], 0
    while at < len(REPLY):
        size = sizes[at % len(sizes)]
        found += [sentence for sentence in stream.feed(REPLY[at : at + size]) if sentence]
        at += size
    assert [*found, stream.close()[0]] == CUT


def test_a_sentence_is_out_as_soon_as_the_next_begins() -> None:
    stream = SentenceStream()
    assert list(stream.feed("One is here [1].")) == []  # a mark may follow
    assert list(stream.feed(" T")) == ["One is here [1]."]


def test_what_was_cut_off_is_known() -> None:
    stream = SentenceStream()
    assert list(stream.feed("One. Two is not fin")) == ["One."]
    assert stream.close() == ("Two is not fin", False)
    assert [SentenceStream().close(), _left("Two [1]."), _left("Two. [1]"), _left("Two [1]")] == [
        ("", False),
        ("Two [1].", True),
        ("Two. [1]", True),
        ("Two [1]", True),
    ]


def test_a_sentence_without_end_is_given_up() -> None:
    stream = SentenceStream()
    assert [len(one) for one in stream.feed("x" * (LONGEST + 1))] == [LONGEST + 1]
    assert stream.close() == ("", False)


def _left(text: str) -> tuple[str, bool]:
    stream = SentenceStream()
    assert list(stream.feed(text)) == []
    return stream.close()
