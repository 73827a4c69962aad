"""The words around the quotes: which plain sentences are shown, and how easy all that is ours is to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.events import Ask
from assistant.plain import added_numbers, plain_sentences
from assistant.types import (
    Abstention,
    AbstentionReason,
    Answer,
    AnswerStatus,
    Audience,
    Banner,
    Citation,
    Clarification,
    Gloss,
    Mode,
    Query,
    Sentence,
    Variant,
)
from corpus.loading import load_corpus
from corpus.types import Article, Block, Note
from eval.datasets import FollowUp, Unanswerable
from eval.readability import Report, grade, measure, own_texts, readability_document, readability_tables, run

ARTICLES = {article.id: article for article in load_corpus()}
GOUT = ARTICLES["gout-flares-urate-lowering"]


def cited(article: Article, *statements: str) -> list[Citation]:
    """Citations of whole statements, numbered from 1."""
    blocks: dict[str | None, Block] = {block.statement: block for block in article.blocks}
    return [
        Citation(
            number=number,
            article_id=article.id,
            article_title=article.title,
            section=blocks[statement].section,
            passage_id=f"{article.id}#{statement}",
            statement_id=statement,
            quote=article.quote(blocks[statement]),
            start=blocks[statement].start,
            end=blocks[statement].end,
            sha256="",
            review_status=article.status.value,
            last_updated=article.last_updated.isoformat(),
            references=(),
        )
        for number, statement in enumerate(statements, start=1)
    ]


def answered(**changed: object) -> Answer:
    blank = Answer(
        answer_id="a",
        conversation_id="c",
        question="?",
        query=Query("?", False, "", (Variant("?", 1.0),)),
        status=AnswerStatus.ANSWERED,
        mode=Mode.EXTRACTIVE,
        audience=Audience.PATIENT,
        disclaimer="Ask the nurse.",
        notice="A dog ran up the hill.",
    )
    return replace(blank, **changed)  # type: ignore[arg-type]


def test_a_plain_sentence_is_shown_with_the_numbers_of_what_it_rests_on() -> None:
    shown = plain_sentences(cited(GOUT, "F13", "F1"), ARTICLES.__getitem__)
    assert [(sentence.text, sentence.citations) for sentence in shown] == [
        ("Doctors treat a gout flare first with colchicine, an NSAID pain pill, or a steroid.", (1,)),
        ("A guideline strongly advises drugs that lower urate (uric acid) for people with two or more flares a year.", (2,)),
        (
            "A guideline strongly advises drugs that lower urate for people with gout lumps under the skin, or with joint damage "
            "from gout on an X-ray.",
            (2,),
        ),
    ]


def test_every_statement_that_a_plain_sentence_rests_on_must_be_cited() -> None:
    article = ARTICLES["acute-coronary-syndrome-antiplatelets"]
    two = "Two such drugs are used together: aspirin and a second one, such as ticagrelor, prasugrel or clopidogrel."
    assert two not in [sentence.text for sentence in plain_sentences(cited(article, "F1"), ARTICLES.__getitem__)]
    both = {sentence.text: sentence.citations for sentence in plain_sentences(cited(article, "F2", "F1"), ARTICLES.__getitem__)}
    assert both[two] == (1, 2)


def test_a_plain_sentence_that_leans_on_one_that_is_left_out_is_left_out_too() -> None:
    """After "…can make colchicine deadly", "It starts at 100 mg a day" would be read of colchicine; it is allopurinol's."""
    summary = (
        Note("Some drugs can make colchicine deadly.", ("F17",)),
        Note("Allopurinol is the first choice to lower urate.", ("F5",)),
        Note("It starts at 100 mg a day or less.", ("F6",)),
        Note("Then the dose goes up.", ("F6",)),
    )
    leaning = replace(GOUT, plain_summary=summary)
    said = [sentence.text for sentence in plain_sentences(cited(GOUT, "F17", "F6"), lambda _: leaning)]
    assert said == [summary[0].text]
    said = [sentence.text for sentence in plain_sentences(cited(GOUT, "F17", "F5", "F6"), lambda _: leaning)]
    assert said == [note.text for note in summary]


def test_plain_sentences_follow_the_order_in_which_articles_are_cited() -> None:
    asthma = ARTICLES["asthma-ics-formoterol-reliever"]
    first, second = cited(asthma, "F1")[0], replace(cited(GOUT, "F13")[0], number=2)
    shown = plain_sentences([first, second], ARTICLES.__getitem__)
    assert [sentence.citations for sentence in shown] == sorted(sentence.citations for sentence in shown)
    assert {sentence.citations for sentence in shown} == {(1,), (2,)}


def test_a_quote_without_a_statement_id_has_no_plain_sentence() -> None:
    assert plain_sentences([replace(cited(GOUT, "F13")[0], statement_id=None)], ARTICLES.__getitem__) == ()


def test_a_plain_sentence_with_a_number_of_its_own_is_left_out() -> None:
    changed = replace(cited(GOUT, "F14")[0], quote="Colchicine is given at the first sign.")
    said = [sentence.text for sentence in plain_sentences([changed], ARTICLES.__getitem__)]
    assert "The colchicine dose is less for people on dialysis or on some other drugs." in said
    assert not any("1.2 mg" in text for text in said)


@pytest.mark.parametrize(
    ("plain", "quote", "added"),
    [
        ("Two drugs are used.", "2 drugs are used", set()),
        ("Two drugs are used.", "Dual therapy is used", set()),
        ("The dose is 2.0 mg.", "The dose is 2 mg", set()),
        ("It costs 1000.", "It costs 1,000", set()),
        ("Blood pressure under 130/80", "below 130/80 mm Hg", set()),
        ("It is given at 5-10 mg.", "5 to 10 mg", set()),
        ("Twenty people", "n = 20", set()),
        ("one of these drugs", "these drugs", set()),
        ("within one hour", "within 1 hour", set()),
        ("once a day", "daily", set()),
        ("half of the people lived longer", "median survival", set()),
        ("HER2, GLP-1 and SGLT2 drugs", "these drugs", set()),
        ("within one hour", "promptly", {"1"}),
        ("Three drugs are used.", "2 drugs are used", {"3"}),
        ("The dose is 12 mg.", "1.2 mg, then 1 or 2 mg", {"12"}),
        ("The dose is 0.5 mg.", "5 mg", {"0.5"}),
        ("It fell by 20%.", "It fell from 40% to 20.5%", {"20"}),
        ("HER2 at 2 sites", "HER2", {"2"}),
    ],
)
def test_numbers_are_the_same_in_words_and_digits_and_none_is_added(plain: str, quote: str, added: set[str]) -> None:
    assert added_numbers(plain, [quote]) == added


def test_nearly_all_shipped_plain_sentences_can_be_shown() -> None:
    rests_on = {
        (article.id, note.text): [article.quote(block) for block in article.blocks if block.statement in note.statements]
        for article in ARTICLES.values()
        for note in article.plain_summary
    }
    left_out = [text for (_, text), quotes in rests_on.items() if added_numbers(text, quotes)]
    assert len(left_out) <= 8  # each counts what its statement lists: "two drugs", "three choices"
    assert all(added_numbers(text, quotes) <= {"2", "3"} for (_, text), quotes in rests_on.items())


def test_own_texts_are_everything_but_quotes_in_reading_order() -> None:
    citation = cited(GOUT, "F13")[0]
    answer = answered(
        banner=Banner("c", "Stop", "Get help", "s", None),
        caveats=("Talk to your doctor.",),
        abstention=Abstention(AbstentionReason.WEAK_EVIDENCE, "No answer."),
        clarification=Clarification("Which one?", ("a", "b")),
        citations=(citation,),
        sentences=(Sentence(citation.quote, (1,)),),
        plain=(Sentence("In short.", (1,)),),
        glosses=(Gloss("urate", "a waste product", "s"),),
    )
    assert list(own_texts(answer)) == [
        ("banner", "Stop. Get help"),
        ("caveat", "Talk to your doctor."),
        ("abstention", "No answer."),
        ("clarification", "Which one?"),
        ("plain sentence", "In short."),
        ("gloss", "a waste product"),
        ("notice", "A dog ran up the hill."),
        ("disclaimer", "Ask the nurse."),
    ]


def test_the_grade_is_flesch_and_kincaids() -> None:
    # 6 words, 6 syllables, 1 sentence: 0.39 * 6 + 11.8 * 1 - 15.59 = -1.45
    assert grade(["A dog ran up the hill"]) == pytest.approx(-1.45, abs=0.01)
    # the same sentence twice has the same grade, so texts do not run into each other
    assert grade(["A dog ran up the hill", "A dog ran up the hill"]) == pytest.approx(-1.45, abs=0.01)


def hard_and_easy() -> Report:
    easy = answered()
    hard = answered(caveats=("Individualised pharmacotherapeutic considerations necessitate multidisciplinary consultation.",))
    return measure([easy] * 8 + [hard] * 2)


def test_measures_are_of_answers_and_the_hardest_kind_comes_first() -> None:
    report = hard_and_easy()
    measures = report.measures()
    assert measures["share_within_reach"] == 0.8
    assert measures["grade_median"] < 0 < measures["grade_p90"]
    assert report.kinds[0].name == "caveat"
    assert [line.split(":")[0] for line in report.short_of_reach()] == [
        "2 of 10 answers read at a grade that is not ≤ 9",
        "caveat",
    ]


def test_the_document_names_its_measures_and_the_tables_show_each_kind() -> None:
    document = readability_document(hard_and_easy())
    assert set(document["measures"]) == {"grade_mean", "grade_median", "grade_p90", "share_within_reach"}
    assert document["kinds"]["caveat"]["texts"] == 1
    assert document["answers"] == 10
    assert [table.row_count for table in readability_tables(hard_and_easy())] == [1, 3]


class Listener:
    """Answers everything alike and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def answer(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        return answered(conversation_id=f"conversation {len(self.asked)}")


def test_questions_are_asked_as_a_patient_with_the_article_open_and_after_the_turn_before() -> None:
    listener = Listener()
    told: list[tuple[str, int, int]] = []
    questions = [FollowUp("1", "gout", "And then?", "First?", ("gout#F1",)), Unanswerable("2", "asthma", "Other?")]
    report = run(listener, questions, lambda *step: told.append(step))  # type: ignore[arg-type]
    assert listener.asked == [
        Ask("First?", "gout", None, Audience.PATIENT),
        Ask("And then?", "gout", "conversation 1", Audience.PATIENT),
        Ask("Other?", "asthma", None, Audience.PATIENT),
    ]
    assert told == [("as a patient", 1, 2), ("as a patient", 2, 2)]
    assert len(report.grades) == 2


def test_the_command_refuses_to_run_without_an_index(followup: Callable[..., object], tmp_path: Path) -> None:
    done = followup("eval", "readability", "--json", index=tmp_path / "none")
    assert done.returncode == 2  # type: ignore[attr-defined]
    assert "followup index build" in done.stderr  # type: ignore[attr-defined]
