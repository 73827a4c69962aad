"""Answers as Markdown: every part in its place, always with the disclaimer, and nobody's text becomes markup."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.disclaimer import DISCLAIMER, NOTICE, REVIEW_NOTICES
from assistant.events import Ask
from assistant.exporting import answer_markdown, conversation_markdown, plain_text
from assistant.types import (
    Abstention,
    AbstentionReason,
    AnswerStatus,
    Citation,
    CitedReference,
    Clarification,
    Gloss,
    Nearest,
    Query,
    Role,
    Sentence,
    Side,
    Variant,
)
from tests.answers import EMERGENCY, blank

if TYPE_CHECKING:
    from assistant.answering import Assistant

ADDRESS = "https://example.org/ask?conversation=talk"
#: CommonMark with HTML let through, and what GitHub adds that needs no other package.
RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SOURCE = CitedReference(
    1, "guideline", "Gout guideline", "FitzGerald JD et al.", "Arthritis Rheumatol 2020;72:879-895", 2020, "10.1002/art.41247",
    "32390306", None, None,
)  # fmt: skip
TRIAL = CitedReference(2, "research", "A trial", "Doe A", "BioDrugs", 1999, None, None, "https://example.org/a_b", "2021-03-01")


def citation(number: int, quote: str, *sources: CitedReference) -> Citation:
    return Citation(
        number=number,
        article_id="gout",
        article_title="How is gout treated?",
        section=("Flares", "Dose"),
        passage_id=f"gout#F{number}",
        statement_id=f"F{number}",
        quote=quote,
        start=0,
        end=len(quote),
        sha256="0" * 64,
        review_status="submitted",
        last_updated="2026-11-22",
        references=sources,
    )


def stored(**parts: Any) -> dict[str, Any]:
    """The JSON of an answer as the store gives it back."""
    loaded: dict[str, Any] = json.loads(json.dumps(asdict(blank(parts.pop("question", "Which dose?"), **parts))))
    return loaded


def whole() -> dict[str, Any]:
    """An answer with every part."""
    return stored(
        status=AnswerStatus.ANSWERED,
        query=Query("Which dose of colchicine?", True, "it leans on the turn before", (Variant("-", 1.0),)),
        banner=EMERGENCY,
        plain=(Sentence("In plain words.", (1,)),),
        sentences=(
            Sentence("Give 1.2 mg.", (1,)),
            Sentence("Less with inhibitors", (2,), Role.CONDITION),
            Sentence("Another dose.", (1, 3), Role.CONTRAST),
        ),
        citations=(
            citation(1, "Give 1.2 mg.", SOURCE),
            citation(2, "The dose is less with inhibitors.", TRIAL, SOURCE),
            citation(3, "Another dose is right.", SOURCE),
        ),
        references=(SOURCE, TRIAL),
        review_status="submitted",
        caveats=("The article is old.",),
        conflicts=((Side("ACR", 2020, (1,)), Side("EULAR", None, (2,))),),
        glosses=(Gloss("flare", "a sudden attack", "MedlinePlus"),),
        nearest=(Nearest("gout", "Near", ("Here",)),),
        fallback="the model did not answer in time",
        dropped=2,
    )


class Seen(HTMLParser):
    """The tags, the text and the addresses of a rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(RENDER.render(markdown))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attributes if name == "href"]
        assert [name for name, _ in attributes if name != "href"] == []

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_parts_stand_in_the_order_they_are_read() -> None:
    text = Seen(answer_markdown(whole(), ADDRESS)).text
    parts = [
        "Which dose?",
        "This may be a heart attack",
        "Do not drive yourself.",
        "Source: American Heart Association. This wording is not yet reviewed by a clinician.",
        "Searched for: “Which dose of colchicine?”",
        "In plain words In plain words. [1]",
        "What the articles say Give 1.2 mg. [1]",
        "But note: Less with inhibitors [2]",
        "Another source says: Another dose. [1] [3]",
        "Guidelines differ ACR (2020): [1] EULAR (year not given): [2]",
        "Words flare: a sudden attack Explained after: MedlinePlus",
        "The article is old.",
        "Quoted instead of written by the language model: the model did not answer in time",
        "2 sentences of the language model left out: not supported by what they cited.",
        REVIEW_NOTICES["submitted"],
        "Cited passages [1] Quoted above, word for word. From “How is gout treated?”, Flares › Dose, statement F1. "
        "Submitted, updated 2026-11-22. Reference (1).",
        "[2] “The dose is less with inhibitors.” From “How is gout treated?”, Flares › Dose, statement F2. "
        "Submitted, updated 2026-11-22. References (2), (1).",
        "References (1) Guideline. FitzGerald JD et al. Gout guideline. Arthritis Rheumatol 2020;72:879-895. "
        "DOI https://doi.org/10.1002/art.41247 PMID 32390306",
        "(2) Retracted 2021-03-01. Research. Doe A. A trial. BioDrugs. 1999. https://example.org/a_b",
        DISCLAIMER,
        NOTICE,
        "Answered from index generation 1.",
        f"This conversation: {ADDRESS}",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)


def test_links_lead_to_the_sources_and_the_conversation() -> None:
    assert Seen(answer_markdown(whole(), ADDRESS)).links == [
        "https://doi.org/10.1002/art.41247",
        "https://pubmed.ncbi.nlm.nih.gov/32390306/",
        "https://example.org/a_b",
        ADDRESS,
    ]


def test_it_also_reads_well_where_markdown_is_not_rendered() -> None:
    lines = answer_markdown(whole(), ADDRESS).splitlines()
    assert "**But note:** Less with inhibitors [2]" in lines
    assert "Answered from index generation 1." in lines
    assert f"This conversation: <{ADDRESS}>" in lines
    assert not any("\\" in line for line in lines if "a_b" not in line)  # nothing ordinary is escaped


@pytest.mark.parametrize("status", [AnswerStatus.EMERGENCY, AnswerStatus.CRISIS])
def test_a_signpost_is_the_banner_and_the_disclaimer(status: AnswerStatus) -> None:
    text = answer_markdown(stored(status=status, banner=EMERGENCY, notice="A fixed text.", index_generation=None))
    assert text.startswith("## Which dose?\n\n> **This may be a heart attack**")
    assert "Searched for" not in text and text.endswith(f"{DISCLAIMER}\n\nA fixed text.\n")


def test_an_abstention_says_where_to_look_and_a_clarification_what_to_choose() -> None:
    abstained = stored(
        abstention=Abstention(AbstentionReason.NOT_IN_CORPUS, "Nothing speaks of this."),
        nearest=(Nearest("gout", "How is gout treated?", ("Flares", "Dose")), Nearest("copd", "COPD", ())),
    )
    text = Seen(answer_markdown(abstained)).text
    assert "Nothing speaks of this. Nearest articles “How is gout treated?”, Flares › Dose “COPD”" in text
    clarify = stored(status=AnswerStatus.CLARIFY, clarification=Clarification("Which do you mean?", ("One", "Two")))
    assert "Which do you mean?\n\n- One\n- Two\n" in answer_markdown(clarify)


def test_what_became_of_a_quote_is_told_before_the_answer_and_beside_the_quote() -> None:
    answer = whole()
    for number in (0, 2):
        answer["citations"][number]["note"] = "The article was edited since and no longer says this."
    text = Seen(answer_markdown(answer)).text
    assert text.index("Since this answer: [1] [3] The article was edited since") < text.index("Give 1.2 mg.")
    assert text.count("Since this answer: The article was edited since and no longer says this. From") == 2


def test_an_answer_of_an_earlier_version_lacks_parts() -> None:
    old = whole()
    for key in (
        "plain",
        "banner",
        "abstention",
        "clarification",
        "conflicts",
        "glosses",
        "fallback",
        "dropped",
        "nearest",
        "notice",
    ):
        del old[key]
    for sentence in old["sentences"]:
        del sentence["role"]
    for reference in old["references"]:
        del reference["retracted"]
    text = Seen(answer_markdown(old)).text
    assert "Give 1.2 mg. [1]" in text and "(2) Research. Doe A." in text and f"{DISCLAIMER} {NOTICE}" in text


@pytest.mark.parametrize("status", AnswerStatus)
def test_no_answer_goes_without_disclaimer_and_notice(status: AnswerStatus) -> None:
    text = Seen(answer_markdown(stored(status=status))).text
    assert f"{DISCLAIMER} {NOTICE}" in text


def test_a_day_is_told_where_it_is_known() -> None:
    assert "Answered on 2026-11-22 from index generation 1." in answer_markdown(
        whole() | {"created_at": "2026-11-22T10:00:00.000+00:00"}
    )


def test_a_conversation_is_its_answers_under_its_title() -> None:
    conversation = {
        "conversation_id": "talk",
        "title": "Gout, *then* COPD",
        "created_at": "2026-11-22T10:00:00.000+00:00",
        "article_id": "gout-flares",
        "answers": [stored(question="First?"), stored(question="Second?")],
    }
    text = Seen(conversation_markdown(conversation, ADDRESS)).text
    begins = f"Gout, *then* COPD Conversation of 2026-11-22. Article: gout-flares Questions: 2. {DISCLAIMER} First?"
    assert text.startswith(begins) and text.endswith(f"This conversation: {ADDRESS}")
    assert text.count(DISCLAIMER) == 3 and text.count(NOTICE) == 2 and text.index("First?") < text.index("Second?")


def test_an_empty_conversation_has_the_disclaimer_too() -> None:
    text = conversation_markdown({"conversation_id": "talk", "title": "", "answers": []})
    assert text.startswith("# Conversation\n") and DISCLAIMER in text


HOSTILE = [
    *("<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<!-- hidden", "<https://evil.example>", "<?php"),
    *("[x](javascript:alert(1))", "![x](https://evil.example/pixel.png)", "[1]: https://evil.example", "](x)", "[", "]"),
    *("# heading", "## closed ##", "#", "x #", "> quoted", "- item", "+ item", "1. item", "2) item", "---", "===", "***"),
    *("```", "~~~", "~~gone~~", "`code`", "**bold** _and_ *thin*", "    code", "\tcode", "*", "_", "“[1]”"),
    *("&lt;b&gt;", "&#60;", "\\", "\\<b>", "end \\", "<b", "<", "<![CDATA[x]]>", "https://evil.example www.evil.example"),
    *("a | b\n--|--\nc | d", "|--|--|", "-----\n=====", "line\n\n# another\n\n<b>bold</b>", "\x00\x1b[31mred", "\u2028# line"),
]


def with_text(value: Any, text: str) -> Any:
    """A stored answer with `text` wherever a person or an article wrote one; ids, states, days and addresses stay."""
    fixed = {"status", "mode", "audience", "role", "review_status", "type", "doi", "pmid", "url", "reason", "last_updated"}
    match value:
        case dict():
            return {key: each if key in fixed else with_text(each, text) for key, each in value.items()}
        case list():
            return [with_text(each, text) for each in value]
        case str():
            return text
        case _:
            return value


def written(text: str) -> dict[str, Any]:
    """An answer with every part, all of it this text."""
    answer: dict[str, Any] = with_text(whole(), text)
    answer["banner"]["text"] = one_line(text)  # the one part that keeps its lines
    return answer


def one_line(text: str) -> str:
    return " ".join("".join(" " if ord(letter) < 32 or 127 <= ord(letter) < 160 else letter for letter in text).split())


def assert_stays_text(text: str) -> None:
    """The page has the same elements and links as with a harmless word, and shows the text as it was typed."""
    harmless, made = (Seen(answer_markdown(written(each), ADDRESS)) for each in ("word", text))
    assert made.tags == harmless.tags and made.links == harmless.links
    assert made.text.count(one_line(text)) >= 20
    talk = {"title": f"{text} ", "created_at": "2026-11-22", "article_id": text, "answers": []}
    rendered = Seen(conversation_markdown(talk))
    assert rendered.tags == ["h1", "p", "p"] and rendered.text.startswith(one_line(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_anybody_wrote_stays_text(text: str) -> None:
    assert_stays_text(text)


MARKUP = st.text(
    st.one_of(st.sampled_from("\\`*_{}[]()<>#+-.!|&~=:;\"'/ \n\tab1"), st.characters(exclude_categories=["Cs"])), max_size=25
)


@settings(max_examples=100, deadline=None)
@given(MARKUP.filter(one_line))
def test_any_text_stays_text(text: str) -> None:
    assert_stays_text(text)


@settings(max_examples=300, deadline=None)
@given(MARKUP.filter(one_line), st.sampled_from([lambda text: text, lambda text: f"## {text}", lambda text: f"- {text}"]))
def test_one_line_of_any_text_is_shown_as_it_is(text: str, place: Callable[[str], str]) -> None:
    assert Seen(place(plain_text(text))).text == one_line(text)


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("javascript:alert(1)", []),
        ("data:text/html,<script>", []),
        ("https://example.org/> <b>x", ["https://example.org/%3E%20%3Cb%3Ex"]),
        ("HTTPS://example.org/(a)?b=1&lt;c", ["HTTPS://example.org/(a)?b=1&lt;c"]),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str, links: list[str]) -> None:
    answer = whole()
    answer["references"] = [answer["references"][1] | {"url": url, "doi": None}]
    seen = Seen(answer_markdown(answer))
    assert seen.links == links and "b" not in seen.tags and "script" not in seen.tags
    assert Seen(answer_markdown(stored(), url)).links == links


def test_a_doi_of_any_form_is_one_link() -> None:
    answer = whole()
    doi = "10.1002/(SICI)1097_0142<1::AID>3.0.CO;2-#"
    answer["references"] = [answer["references"][0] | {"doi": doi}]
    assert Seen(answer_markdown(answer)).links[0] == "https://doi.org/10.1002/(SICI)1097_0142%3C1%3A%3AAID%3E3.0.CO%3B2-%23"


def test_real_answers_are_copied_whole(assistant: Assistant) -> None:
    asked = [
        "Which dose of colchicine for a gout flare?",
        "What is the target blood pressure?",
        "How is plantar fasciitis treated?",
    ]
    for question in asked:
        answer = assistant.answer(Ask(question=question))
        text = Seen(answer_markdown(assistant.store.answer(answer.answer_id), ADDRESS)).text
        said = [sentence.text for sentence in answer.sentences] + [citation.quote for citation in answer.citations]
        said += [reference.title for reference in answer.references] + [near.title for near in answer.nearest]
        assert all(one_line(each) in text for each in [question, *said, answer.disclaimer, answer.notice])
        assert len(said) > 2
