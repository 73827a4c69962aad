"""Splitting: statements whole, other text packed at sentence ends, exact spans, nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.loading import parse_article
from corpus.sentences import sentence_spans
from corpus.splitting import split_article, split_corpus
from corpus.types import Article, Passage
from tests.fakes import SMALL

HEAD = SMALL["sleep-basics"].partition("Cognitive")[0]


def article(body: str) -> Article:
    """The sleep article with another body, whose single reference is always cited."""
    made, problems = parse_article(f"{HEAD}{body}\n\n## Cited\n\n- Cited. [1] ^LAST\n", "sleep-basics.md")
    assert not problems
    assert made is not None
    return made


def test_a_retracted_item_between_others_is_in_no_passage() -> None:
    head = HEAD.replace("year: 2021}", "year: 2021, retracted: 2026-11-01}")
    made, _ = parse_article(f"{head}## Doses\n\n- Before it.\n- Twenty tablets a day. [1]\n- After it.\n", "sleep-basics.md")
    assert made is not None
    assert made.references[0].retracted is not None
    assert [passage.text for passage in split_article(made)] == ["Before it.", "After it."]


def passages_of(body: str, max_words: int = 120) -> list[Passage]:
    """The passages of a body, without the one that cites the reference."""
    return split_article(article(body), max_words)[:-1]


def test_a_statement_is_one_passage_however_long() -> None:
    long = "One two three. " * 100
    found = passages_of(f"- {long.strip()} [1] ^F1\n- Short. [1] ^F2", max_words=20)
    assert [(p.id, p.text, p.statement, p.marks) for p in found] == [
        ("sleep-basics#F1", long.strip(), "F1", (1,)),
        ("sleep-basics#F2", "Short.", "F2", (1,)),
    ]


def test_neighbours_without_an_id_are_packed_under_their_heading_only() -> None:
    found = passages_of("## A\n\nOne. [1]\n\n- Two.\n\n## B\n\nThree.\n\n- Stated. [1] ^F1\n\nFour.")
    assert [(p.id, p.section, p.text, p.marks) for p in found] == [
        ("sleep-basics#p1", ("A",), "One. [1]\n\n- Two.", (1,)),
        ("sleep-basics#p2", ("B",), "Three.", ()),
        ("sleep-basics#F1", ("B",), "Stated.", (1,)),
        ("sleep-basics#p4", ("B",), "Four.", ()),
    ]


def test_long_text_is_cut_between_sentences() -> None:
    # Three sentences of 8, 9 and 7 words: 8 + 9 fit in 20, all three (24) do not.
    first = "Dr. Smith gave 5 mg t.i.d. for gout."
    second = "The patient improved in one day, i.e. very fast."
    third = "Nothing more was needed after that day."
    assert [len(sentence.split()) for sentence in (first, second, third)] == [8, 9, 7]
    assert [p.text for p in passages_of(f"{first} {second} {third}", max_words=20)] == [f"{first} {second}", third]
    assert [len(passages_of(f"{first} {second} {third}", max_words=words)) for words in (24, 23)] == [1, 2]


def test_a_sentence_longer_than_the_limit_stays_whole() -> None:
    sentence = "word " * 50 + "end."
    assert [p.text for p in passages_of(f"Short one. {sentence} Short two.", max_words=20)] == [
        "Short one.",
        sentence,
        "Short two.",
    ]


def test_a_table_row_is_never_cut() -> None:
    body = f"| Drug | Advice |\n|---|---|\n| Colchicine | {'Stop when a rash appears. ' * 10}|\n"
    (passage,) = passages_of(body, max_words=5)
    assert passage.text.startswith("Colchicine | Stop")
    assert passage.text.count("rash") == 10


def test_sentences_that_repeat_have_their_own_spans() -> None:
    assert sentence_spans("Yes. Yes.  Yes.") == [(0, 4), (5, 9), (11, 15)]
    assert sentence_spans("  ") == []


def test_a_corpus_is_split_article_by_article_in_the_order_given() -> None:
    made = [parse_article(source, f"{name}.md")[0] for name, source in SMALL.items()]
    articles = [one for one in made if one is not None]
    assert [p.article_id for p in split_corpus(articles)] == ["gout-basics"] * 3 + ["asthma-basics"] * 3 + ["sleep-basics"]


def test_a_passage_refuses_to_be_empty_or_to_lie_about_its_span() -> None:
    made = {"id": "a#F1", "article_id": "a", "article_title": "A?", "article_heading": "A", "section": (), "statement": "F1"}
    with pytest.raises(ValueError, match="a#F1 is empty"):
        Passage(**made, text=" ", start=0, end=1, marks=())
    with pytest.raises(ValueError, match="4 characters do not fill the span 0:3"):
        Passage(**made, text="four", start=0, end=3, marks=())


WORDS = st.lists(st.sampled_from(["dose", "𝄞", "5 mg", "e.g.", "Dr.", "(a)", ">7", "naïve", "[1]"]), min_size=1, max_size=9)
SENTENCE = WORDS.map(lambda words: "The " + " ".join(words) + " rises.")
BLOCK = st.builds(
    lambda lead, sentences, tail: lead + " ".join(sentences) + tail,
    st.sampled_from(["", "- ", "1. ", "> "]),
    st.lists(SENTENCE, min_size=1, max_size=6),
    st.sampled_from(["", " [1]"]),
)
PARTS = st.lists(st.one_of(BLOCK, BLOCK, st.sampled_from(["## One", "### Two"])), min_size=1, max_size=8)


@given(PARTS, st.integers(20, 60))
def test_every_passage_is_an_exact_span_and_no_wording_is_lost(parts: list[str], max_words: int) -> None:
    made = article("\n\n".join(["Beginning.", *parts]))
    passages = split_article(made, max_words)
    position = 0
    for passage in passages:
        assert made.text[passage.start : passage.end] == passage.text
        assert passage.start >= position
        assert passage.text == passage.text.strip()
        position = passage.end
        one_sentence = len(sentence_spans(passage.text)) == 1
        assert len(passage.text.split()) <= max_words or one_sentence
        # Every mark that stands in the passage is a mark of the passage.
        assert set(passage.marks) >= {int(mark) for mark in re.findall(r"\[(\d)\]", passage.text)}
    assert len({passage.id for passage in passages}) == len(passages)
    covered = {at for passage in passages for at in range(passage.start, passage.end)}
    for block in made.blocks:
        lost = [at for at in range(block.start, block.end) if at not in covered and not made.text[at].isspace()]
        assert not lost, made.quote(block)
        sections = {p.section for p in passages if p.start < block.end and block.start < p.end}
        assert sections == {block.section}
