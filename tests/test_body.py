"""Blocks and marks: exact spans of what an article says, and what of the Markdown is none of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.body import marks_in, read_blocks
from corpus.types import BlockKind
from tests.fakes import SMALL

GOUT = SMALL["gout-basics"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a [3]. b [1, 3]", (3, 1)),
        ("a [1,2,  12]", (1, 2, 12)),
        ("[2](http://e.example) and [x] and [1.5] and [1-3] and [1000] and []", ()),
        ("", ()),
    ],
)
def test_marks_are_numbers_in_brackets_that_are_no_links(text: str, ids: tuple[int, ...]) -> None:
    assert marks_in(text) == ids


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("- one [1] ^F1\n", [("item", "one", (1,), "F1", 1)]),
        ("* one\n  two [1]\n  [2] ^F1\n", [("item", "one\n  two", (1, 2), "F1", 1)]),
        ("- a [1]\n  1. b [2] ^B\n     - c\n- d\n", [
            ("item", "a", (1,), None, 1), ("item", "b", (2,), "B", 2), ("item", "c", (), None, 3), ("item", "d", (), None, 4),
        ]),
        ("- a\n\n  b [1] ^F2\n", [("item", "a", (), None, 1), ("item", "b", (1,), "F2", 3)]),
        ("One [1] more. [2]   \n", [("paragraph", "One [1] more.", (1, 2), None, 1)]),
        ("> said\n> so [1] ^F1\n", [("paragraph", "said\n> so", (1,), "F1", 1)]),
        ("|x| [1] ^F1\n", [("paragraph", "|x|", (1,), "F1", 1)]),
        ("a | b | c\n---|---|---\nx | y | [1] ^T1\n| |z| [2] | ^T2 |\n", [
            ("row", "x | y", (1,), "T1", 3), ("row", "z", (2,), "T2", 4),
        ]),
        ("| a | b |\n|---|---|\n| >75 years | - 5 mg [1] ^T1 |\n| - 5 | 2. x |\n", [
            ("row", ">75 years | - 5 mg", (1,), "T1", 3), ("row", "- 5 | 2. x", (), None, 4),
        ]),
        ("- 𝄞😀 ä [1] ^F1\n- next [2] ^F2\n", [("item", "𝄞😀 ä", (1,), "F1", 1), ("item", "next", (2,), "F2", 2)]),
        ("- a\u2028b\x0cc\x85d [1] ^F1\n- e [1] ^F2\n", [
            ("item", "a\u2028b\x0cc\x85d", (1,), "F1", 1), ("item", "e", (1,), "F2", 2),
        ]),
        ("<script>x</script>\n", [("paragraph", "<script>x</script>", (), None, 1)]),
        ("```\ncode\n```\n", [("paragraph", "```\ncode\n```", (), None, 1)]),
        ("no end of line ^F1", [("paragraph", "no end of line", (), "F1", 1)]),
        ("10^9/L and m^2\n", [("paragraph", "10^9/L and m^2", (), None, 1)]),
    ],
)  # fmt: skip
def test_blocks_are_the_exact_wording(body: str, wanted: list[tuple[str, str, tuple[int, ...], str | None, int]]) -> None:
    blocks, problems = read_blocks(body)
    assert not problems
    assert [(b.kind.value, body[b.start : b.end], b.marks, b.statement, b.line) for b in blocks] == wanted


def test_heading_paths_are_outermost_first_and_end_with_their_section() -> None:
    body = "intro\n\n# A\n\na\n\n### A3\n\na3\n\n## A2 *x*\n\na2\n\nB\n===\n\nb\n"
    assert [block.section for block in read_blocks(body)[0]] == [(), ("A",), ("A", "A3"), ("A", "A2 *x*"), ("B",)]


#: Words that Markdown, the marks and the ids might trip over, none of which begins or ends a block here.
WORDS = [
    "dose", "naïve", "𝄞", "😀", "<b>x</b>", "[note]", "1.2", "(a)", "t.i.d.", "a\u2028b", "x\x0cy", "m^2", "*b*", "[x](1)",
]  # fmt: skip
FORMS = st.sampled_from(["- {}\n", "- top\n  - {}\n", "3. {}\n", "{}\n", "> {}\n", "| h | i |\n|---|---|\n| {} |\n"])


Written = tuple[str, str, tuple[int, ...], str | None]


@st.composite
def written_block(draw: st.DrawFn) -> Written:
    """A block as an author may write it: the whole, its wording, its marks, its id."""
    form = draw(FORMS)
    words = draw(st.lists(st.sampled_from(WORDS), max_size=6))
    breaks = ["\n" + ("> " if form[0] == ">" else "     ")] if "|" not in form else [" "]
    gaps = [draw(st.sampled_from([" ", "  ", *breaks])) for _ in words]
    wording = "Take" + "".join(gap + "w" * ("\n" in gap) + word for gap, word in zip(gaps, words, strict=True)) + " end."
    ids = draw(st.lists(st.integers(1, 99), max_size=3, unique=True))
    marks = f" [{draw(st.sampled_from([',', ', '])).join(map(str, ids))}]" if ids else ""
    statement = draw(st.sampled_from([None, "F1", "F12", "a_b-c"]))
    tail = marks + (f" ^{statement}" if statement else "") + draw(st.sampled_from(["", " ", "\t"]))
    return form.replace("{}", wording + tail), wording, tuple(ids), statement


@given(st.lists(written_block(), min_size=1, max_size=5))
def test_whatever_stands_around_it_the_wording_is_found_exactly(written: list[Written]) -> None:
    body = "\n## Next\n\n".join(whole for whole, *_ in written)
    blocks, problems = read_blocks(body)
    assert not problems
    found = [(body[b.start : b.end], b.marks, b.statement) for b in blocks if body[b.start : b.end] != "top"]
    assert found == [(wording, marks, statement) for _, wording, marks, statement in written]


PIECES = st.sampled_from(
    ["- ", "  ", "\n", "\n\n", "| ", " |", "|---|", "> ", "# ", "1. ", "[1]", "[2, 3]", "^F1", "^b", "a", "𝄞 ", "*", "`", "```",
     "\t", "<i>", "=", "\u2028", "[x]: y"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_breaks_the_reading_and_no_wording_ends_with_marks_or_an_id(body: str) -> None:
    blocks, problems = read_blocks(body)
    complained = {line for line, _ in problems}
    position = 0
    for block in blocks:
        wording = body[block.start : block.end]
        assert block.start >= position
        assert wording == wording.strip()
        if block.line not in complained:
            last = wording.rstrip(" |" if block.kind is BlockKind.ROW else None)
            assert not re.search(r"(?:\[[\d, ]+\]|(?:^|\s)\^[A-Za-z]\w*)\Z", last)
        position = block.end
