"""What a source says stays text: `plain` says exactly it in Markdown, and no wording becomes a block, a mark or an id."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from corpus.body import marks_in, read_blocks
from corpus.importing.types import clean, plain
from corpus.types import BlockKind

#: Text with much of what Markdown knows.
TRICKY = st.text(st.sampled_from("#>-+*=_~`|[](){}<>!&;:.\\^ 012F1aZ\n\t\x00\x1b\u202e\ud800é") | st.characters(), max_size=40)
_SHOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
#: Is not seen.
GUARD = "\u200c"


def shown(markdown: str) -> list[str]:
    """What CommonMark makes of it: the types of its blocks."""
    return [token.type for token in _SHOWN.parse(markdown) if token.nesting >= 0]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("# Dose", "~# Dose"),
        (">75 years", "~>75 years"),
        ("- 5 mg", "~- 5 mg"),
        ("-5 mg", "-5 mg"),
        ("2. Dose", "2~. Dose"),
        ("2.5 mg", "2.5 mg"),
        ("see [3] and [1, 2]", "see [~3] and [~1, 2]"),
        ("[1-3]", "[~1-3]"),
        ("[text]", "[text]"),
        ("[text](javascript:x)", "[text](javascript:x)"),
        ("[text]: x", "~[text]: x"),
        ("p<0.05 and 3 < 4", "p<0.05 and 3 < 4"),
        ("<b>x</b>", "<b>x</b>"),
        ("<!-- x", "<!-- x"),
        ("a ^F12", "a ^ F12"),
        ("10^9/L", "10^9/L"),
        ("a|b", "a\u2223b"),
        ("---", "~---"),
        ("* * *", "~* * *"),
        ("===", "~==="),
        ("```", "~```"),
        (r"C:\data \[3]", r"C:\data \[~3]"),
        (" two \n lines\u2028of\u00a0text ", "two lines of text"),
        ("a\x00b\x1b[31mc\u202ed\u200be\ufefff\ud800g\uffffh", "abcdef\ufffdg\ufffdh"),
        ("", ""),
    ],
)
def test_text_is_guarded_where_our_format_would_read_it(text: str, markdown: str) -> None:
    assert plain(text) == markdown.replace("~", GUARD)


def test_what_no_block_can_begin_in_needs_fewer_guards() -> None:
    assert plain("2. Dose", inside=True) == "2. Dose"
    assert plain(">75 years [3]", inside=True) == f">75 years [{GUARD}3]"
    assert plain("Grade #", inside=True) == f"Grade {GUARD}#"


@given(TRICKY)
def test_any_text_is_one_paragraph_that_says_it(text: str) -> None:
    markdown = plain(text)
    assert shown(markdown) == ([] if not clean(text) else ["paragraph_open", "inline"])
    blocks, problems = read_blocks(markdown)
    assert marks_in(markdown) == ()
    assert problems == []
    for block in blocks:
        assert (block.kind, block.section, block.marks, block.statement) == (BlockKind.PARAGRAPH, (), (), None)
        assert (block.start, block.end) == (0, len(markdown))


@given(TRICKY)
def test_any_text_is_one_bullet_and_one_heading(text: str) -> None:
    wording = plain(text)
    if wording:
        blocks, problems = read_blocks(f"## {plain(text, inside=True)}\n\n- {wording}\n")
        assert problems == []
        assert [(block.kind, block.marks, block.statement, len(block.section)) for block in blocks] == [
            (BlockKind.ITEM, (), None, 1)
        ]


@given(TRICKY)
def test_any_text_fits_a_cell_of_a_table(text: str) -> None:
    blocks, _ = read_blocks(f"| a | b |\n|---|---|\n| word {plain(text, inside=True)} | word |\n")
    assert [(block.kind, block.marks, block.statement) for block in blocks] == [(BlockKind.ROW, (), None)]
    table = _SHOWN.parse(f"| a | b |\n|---|---|\n| word {plain(text, inside=True)} | word |\n")
    assert sum(token.type == "td_open" for token in table) == 2


@given(TRICKY)
def test_nothing_becomes_html_or_a_link(text: str) -> None:
    html = _SHOWN.render(plain(text))
    assert set(re.findall(r"<(/?[a-z]+)", html)) <= {"p", "/p", "em", "/em", "strong", "/strong", "code", "/code"}


@given(st.text(max_size=60))
def test_cleaned_text_holds_no_character_that_is_not_seen(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert all(letter.isprintable() or letter in "\u200c\u200d" or ord(letter) > 0x7F for letter in clean(text))


@pytest.mark.parametrize("text", ["[1" * 100_000, "[" * 100_000, "* " * 100_000, "\\" * 100_000, "^F" * 50_000, "<a" * 50_000])
def test_long_text_is_escaped_in_a_moment(text: str) -> None:
    assert len(plain(text)) >= len(text) - 1
