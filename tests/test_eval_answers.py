"""Whole answers measured: ALCE's figures worked by hand, lies and defects that must show, and the command from end to end."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Confidence, Draft, Mode, Query, Role, Sentence
from assistant.types import Chosen as ChosenPassage
from corpus.errors import SettingsError
from corpus.loading import load_corpus
from corpus.types import Article
from eval.answer_tables import short_of_reach
from eval.answers import Chosen, abstention, answer_measures, decision_measures, risk_curve, run
from eval.asking import Questions, Reply, load_questions
from eval.cli import eval as group
from eval.datasets import FOLLOWUPS, UNANSWERABLE, DatasetError, FollowUp, Unanswerable, load_followups, load_unanswerable
from eval.judging import ExactSpan, Worth, citation_scores, load_judge, load_named, load_pairs, worth
from eval.product import Product
from eval.results import Result, read_result
from index.build import build_index
from index.search import Index
from tests.fakes import BagOfWordsEmbedder, edit, open_with

PAIRS = Path(__file__).resolve().parents[2] / "shared" / "data" / "citation-support"
EXACT = Chosen("exact", ExactSpan())


# Fakes


class OverlapJudge:
    """Share of the claim's words that the evidence has."""

    threshold = 0.5

    def supports(self, claim: str, evidence: str) -> float:
        words = claim.lower().split()
        return sum(word in evidence.lower().split() for word in words) / len(words)


class NotANumber:
    threshold = 0.5

    def supports(self, claim: str, evidence: str) -> float:
        return math.nan


class FirstOnly:
    """A terse writer."""

    mode = Mode.EXTRACTIVE

    def write(self, query: Query, chosen: Sequence[ChosenPassage]) -> Iterator[Draft]:
        passage = chosen[0].hit.passage
        yield Draft(passage.text, (passage,), Role.ANSWER)


class Inventor:
    """A writer that puts its own words in the place of a passage's."""

    mode = Mode.EXTRACTIVE

    def write(self, query: Query, chosen: Sequence[ChosenPassage]) -> Iterator[Draft]:
        passage = chosen[0].hit.passage
        yield Draft("words", (replace(passage, text="x" * len(passage.text)),), Role.ANSWER)


# Judges and ALCE


@pytest.mark.parametrize(
    ("claim", "evidence", "score"),
    [
        ("Take 1.2 mg.", "First:  Take\n1.2 mg. Then rest.", 1),
        ("Take 1.2 mg.\nThen", "Take 1.2 mg. Then rest.", 1),
        ("Take 1.2 mg.", "Take 12 mg.", 0),
        ("take 1.2 mg.", "Take 1.2 mg.", 0),
        ("Take 1.2 mg. Then rest.", "Take 1.2 mg.\nThen rest.", 1),
        (" ", "anything", 0),
    ],
)
def test_the_exact_judge_wants_every_word_but_not_the_same_white_space(claim: str, evidence: str, score: float) -> None:
    assert ExactSpan().supports(claim, evidence) == score


@pytest.mark.parametrize(
    ("claims", "recall", "precision"),
    [
        ([("A.", ["A."])], 1, 1),
        ([("A.", ["A.", "B."])], 1, 1 / 2),  # B is needless
        ([("A.", [])], 0, 0),  # says it without a citation
        ([("A.", ["A."]), ("B.", [])], 1 / 2, 1),
        ([("A.", ["A.", "B."]), ("B.", [])], 1 / 2, 1 / 2),  # the docstring's
        ([("A. B.", ["A.", "B."])], 1, 1),  # neither alone, both together
        ([("A. B.", ["A.", "B.", "C."])], 1, 2 / 3),  # C alone does not, and the others do without it
        ([("A.", ["A.", "A. B."])], 1, 1),  # each alone: neither is needless
        ([("A.", ["B.", "C."])], 0, 0),
        ([("A.", ["A."]), ("B.", ["C.", "B.", "D."]), ("E.", ["F."])], 2 / 3, 2 / 5),
    ],
)
def test_citation_recall_and_precision_are_those_of_alce(
    claims: list[tuple[str, list[str]]], recall: float, precision: float
) -> None:
    assert citation_scores(claims, ExactSpan()) == (pytest.approx(recall), pytest.approx(precision))


def test_a_judge_sees_the_quotes_one_by_one_only_where_it_must() -> None:
    """A claim with one quote is judged once; one that its quotes do not support is not looked into."""
    asked: list[tuple[str, str]] = []

    class Listening(ExactSpan):
        def supports(self, claim: str, evidence: str) -> float:
            asked.append((claim, evidence))
            return super().supports(claim, evidence)

    citation_scores([("A.", ["A."]), ("B.", ["C.", "D."])], Listening())
    assert asked == [("A.", "A."), ("B.", "C.\nD.")]


def test_a_verdict_that_is_no_number_stops_the_measurement() -> None:
    with pytest.raises(DatasetError, match="NotANumber gave nan"):
        citation_scores([("A.", ["A."])], NotANumber())


def test_a_judge_is_held_against_people(tmp_path: Path) -> None:
    """Overlaps: .5 and 1 supported; .5, 0 and 0 not. Pairs won: 2.5 + 3 of 6; right at .5: all but one of five."""
    lines = [
        {"claim": "a b", "evidence": "b c", "label": "support"},
        {"claim": "a b", "evidence": ["a", "b"], "support": "Complete"},
        {"claim": "a b", "evidence": "a", "label": "refute", "doc": "not read"},
        {"claim": "a b", "evidence": [], "support": "Missing"},
        {"claim": "a b", "evidence": "c", "support": "Partial"},
        {"claim": "a b", "evidence": "c", "support": "N/A"},
        {"claim": "a b", "evidence": "c", "support": None},
    ]
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode()))
    pairs, left_out = load_pairs(path)
    assert left_out == 2
    assert worth(OverlapJudge(), pairs) == Worth(5, 2, 5.5 / 6, 4 / 5)

    printed = cli("judge", "--dataset", str(path), "--judge", "tests.test_eval_answers:OverlapJudge", "--json")
    document = json.loads(printed.stdout)
    assert document["measures"] == {"AUROC": 0.916667, "Accuracy": 0.8}
    assert document["dataset"]["without_verdict"] == 2
    assert "2 lines without a verdict are left out" in cli("judge", "--dataset", str(path)).stdout


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (None, ": data not present"),
        ("", ": 0 labelled pairs"),
        ('{"claim": "a", "evidence": "a", "label": "support"}', ": 1 labelled pairs"),
        ('{"claim": "a", "evidence": "a", "label": "perhaps"}', ":1: the label 'perhaps' is none of"),
        ('{"claim": "a", "label": "support"}', ":1: evidence: "),
        ("{", ":1: the line: "),
    ],
)
def test_a_file_of_pairs_that_cannot_be_used_is_named_by_its_line(tmp_path: Path, source: str | None, complaint: str) -> None:
    path = tmp_path / "pairs.jsonl"
    if source is not None:
        path.write_text(source, "utf-8")
    with pytest.raises(DatasetError) as refused:
        load_pairs(path)
    assert str(refused.value).startswith(f"{path}{complaint}")


def test_a_damaged_archive_of_pairs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}" * 100)[:-4])
    with pytest.raises(DatasetError, match="cannot be read"):
        load_pairs(path)


@pytest.mark.skipif(not PAIRS.exists(), reason="../shared/data/citation-support is not here")
def test_the_exact_judge_knows_nothing_of_meaning() -> None:
    for path in sorted(PAIRS.glob("*.jsonl.gz")):
        pairs, _ = load_pairs(path)
        assert worth(ExactSpan(), pairs).auroc == pytest.approx(0.5, abs=0.01)


def test_a_judge_comes_by_its_name_as_a_class_or_ready_made() -> None:
    assert isinstance(load_judge("exact"), ExactSpan)
    assert isinstance(load_judge("tests.test_eval_answers:OverlapJudge"), OverlapJudge)
    assert load_judge("tests.test_eval_answers:READY") is READY


READY = OverlapJudge()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("overlap", "neither a name that is known nor MODULE:NAME"),
        ("no_such_module:Judge", "No module named 'no_such_module'"),
        ("tests.test_eval_answers:Nobody", "has no attribute 'Nobody'"),
        ("tests.test_eval_answers:FirstOnly", "it has no threshold and no supports"),
    ],
)
def test_a_judge_that_is_none_is_told(name: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as refused:
        load_judge(name)
    assert str(refused.value).startswith(f"--judge {name}: ")


def test_a_judge_of_the_folder_one_stands_in_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_judge.py").write_text("class Yes:\n    threshold = 1\n    supports = lambda self, c, e: 1.0\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))  # puts sys.path back when the test ends
    assert load_named("--judge", "my_own_judge:Yes", ("supports",)).supports("a", "b") == 1.0


# Answers over a small corpus


@pytest.fixture
def sources(small: Settings) -> dict[str, Article]:
    return {article.id: article for article in load_corpus(small.articles)}


@pytest.fixture
def open_small(small: Settings, embedder: BagOfWordsEmbedder) -> Index:
    build_index(small, embedder=embedder)
    return open_with(small, embedder)


@pytest.fixture
def ready(small: Settings) -> Settings:
    """The fake embedder's confidences mean nothing: everything is answered."""
    return small.model_copy(update={"abstain_below": 0.0})


@pytest.fixture
def answer(open_small: Index, ready: Settings) -> Iterator[Answer]:
    """Two sentences: the colchicine dose, and prednisone where it is not tolerated."""
    store = ConversationStore(ready.database)
    yield Assistant(open_small, store, ready, Both(open_small)).answer(Ask("Colchicine or prednisone?", "gout-basics"))
    store.close()


class Both:
    """Quotes F1 and F2."""

    mode = Mode.EXTRACTIVE

    def __init__(self, index: Index) -> None:
        self._quoted = [passage for passage in index.passages_of("gout-basics") if passage.statement in ("F1", "F2")]

    def write(self, query: Query, chosen: Sequence[ChosenPassage]) -> Iterator[Draft]:
        for passage in self._quoted:
            yield Draft(passage.text, (passage,), Role.ANSWER)


def questions(tmp_path: Path, *asked: FollowUp, strange: Sequence[Unanswerable] = ()) -> Questions:
    file = tmp_path / "asked.jsonl"
    file.write_text("held as values here\n", "utf-8")
    return Questions(asked, tuple(strange), (file,))


def gout(identifier: str, *gold: str, question: str = "How much colchicine do I take?") -> FollowUp:
    return FollowUp(identifier, "gout-basics", question, None, tuple(f"gout-basics#{statement}" for statement in gold))


STRANGE = Unanswerable("u-1", "gout-basics", "Which violin is the oldest?")


def test_an_honest_answer_is_all_that_it_cites(answer: Answer, sources: dict[str, Article]) -> None:
    assert answer_measures(answer, ExactSpan(), sources) == {
        "CitationRecall": 1, "CitationPrecision": 1, "QuotesExact": 1, "ConditionsKept": 1, "NumbersKept": 1,
    }  # fmt: skip


def test_sentences_that_cite_the_wrong_passage_are_caught_by_the_judge(answer: Answer, sources: dict[str, Article]) -> None:
    first, second = answer.sentences
    lying = replace(answer, sentences=(Sentence(first.text, second.citations), Sentence(second.text, first.citations)))
    found = answer_measures(lying, ExactSpan(), sources)
    assert (found["CitationRecall"], found["CitationPrecision"]) == (0, 0)
    assert found["NumbersKept"] == 1 / 2  # 1.2 mg and 0.6 mg do not stand in the quote on prednisone
    assert (found["QuotesExact"], found["ConditionsKept"]) == (1, 1)


def test_a_changed_dose_is_caught_by_the_judge_and_by_the_numbers(answer: Answer, sources: dict[str, Article]) -> None:
    first, second = answer.sentences
    found = answer_measures(
        replace(answer, sentences=(replace(first, text=first.text.replace("1.2", "12")), second)), ExactSpan(), sources
    )
    assert (found["CitationRecall"], found["CitationPrecision"], found["NumbersKept"]) == (1 / 2, 1 / 2, 1 / 2)


def test_a_statement_cut_from_its_condition_is_caught_though_the_quote_is_exact(
    answer: Answer, sources: dict[str, Article]
) -> None:
    first, second = answer.citations
    quote = second.quote.partition(" when ")[0]
    cut = replace(second, quote=quote, end=second.start + len(quote), sha256=hashlib.sha256(quote.encode()).hexdigest())
    sentences = (answer.sentences[0], Sentence(quote, (2,)))
    found = answer_measures(replace(answer, citations=(first, cut), sentences=sentences), ExactSpan(), sources)
    assert (found["CitationRecall"], found["QuotesExact"], found["ConditionsKept"]) == (1, 1, 1 / 2)


@pytest.mark.parametrize(
    "change", [{"sha256": "0" * 64}, {"start": 0}, {"quote": "Take as much as you like."}, {"article_id": "gone"}]
)
def test_a_quote_that_its_article_does_not_say_is_caught(
    answer: Answer, sources: dict[str, Article], change: dict[str, Any]
) -> None:
    first, second = answer.citations
    broken = replace(answer, citations=(replace(first, **change), second))
    assert answer_measures(broken, ExactSpan(), sources)["QuotesExact"] == 1 / 2


def test_an_index_that_says_other_words_than_the_files_is_caught(open_small: Index, ready: Settings, tmp_path: Path) -> None:
    """The index agrees with itself, so the product sees no defect; only the article's file tells."""
    edit(ready.articles / "gout-basics.md", lambda source: source.replace("Colchicine 1.2 mg", "Colchicine 1.8 mg"))
    asked = questions(tmp_path, gout("a-1", "F1"), gout("a-2", "F3", question="Which urate level is the goal?"))
    result = run(open_small, ready, asked, EXACT, Chosen("first", FirstOnly()))["answers-open"]
    assert [query.measures["QuotesExact"] for query in result.queries] == [1 / 2, 1]  # its condition is as it was
    assert [query.measures["CitationRecall"] for query in result.queries] == [1, 1]
    assert any("1 of 3 quotes are not what the article files say, the first is gout-basics#F1" in note for note in result.notes)


def test_a_passage_that_is_not_its_article_stops_the_measurement(open_small: Index, ready: Settings, tmp_path: Path) -> None:
    asked = questions(tmp_path, gout("a-1", "F1"))
    with pytest.raises(DatasetError, match=r"question a-1: gout-basics#F1 does not stand at .*; run `followup index build`"):
        run(open_small, ready, asked, EXACT, Chosen("inventor", Inventor()))


def reply(answer: Answer, question: FollowUp | Unanswerable, *cited: str, sure: float = 1.0, answered: bool = True) -> Reply:
    status = AnswerStatus.ANSWERED if answered else AnswerStatus.ABSTAINED
    return Reply(question, replace(answer, status=status, confidence=Confidence(sure, 0.5)), cited, cited, 1.0)


def test_gold_recall_and_precision_are_those_of_the_cited_statements(answer: Answer) -> None:
    asked = FollowUp("a", "x", "?", None, ("a", "b"))
    measured = decision_measures(reply(answer, asked, "b", "c", "d"))
    assert measured == {"Answered": 1, "GoldRecall": 1 / 2, "GoldFirst": 1, "GoldPrecision": pytest.approx(1 / 3)} | {
        "RecallAtAnswer": 1 / 2,
        "PrecisionAll": pytest.approx(1 / 3),
    }
    assert decision_measures(reply(answer, asked, "c", "a", "b"))["GoldFirst"] == 0
    assert decision_measures(reply(answer, asked, "a", "a"))["GoldPrecision"] == 1


def test_an_abstention_finds_nothing_and_has_no_precision(answer: Answer) -> None:
    asked = FollowUp("a", "x", "?", None, ("a",))
    assert decision_measures(reply(answer, asked, "a", answered=False)) == {"Answered": 0, "GoldRecall": 0, "GoldFirst": 0}
    assert decision_measures(reply(answer, STRANGE, answered=False)) == {"Abstained": 1}
    assert decision_measures(reply(answer, STRANGE, "a")) == {"Abstained": 0}


def test_abstention_and_its_curve_are_those_worked_by_hand(answer: Answer) -> None:
    """.9 right, .8 wrong and .8 without an answer, .3 right but withheld. Answerable .9 .8 .3 against .8: won 1, tied 1, of 3."""
    asked = FollowUp("a", "x", "?", None, ("a",))
    replies = [
        reply(answer, asked, "a", sure=0.9),
        reply(answer, asked, "c", sure=0.8),
        reply(answer, asked, "a", sure=0.3, answered=False),
        reply(answer, STRANGE, "c", sure=0.8),
    ]
    assert abstention(replies, 0.5) == {
        "threshold": 0.5, "AUROC": 0.5, "answerable_answered": 0.666667, "unanswerable_abstained": 0,
        "coverage": 0.75, "risk": 0.666667,
    }  # fmt: skip
    assert risk_curve(replies) == [
        {"coverage": 0.25, "risk": 0, "threshold": 0.9},
        {"coverage": 0.75, "risk": 0.666667, "threshold": 0.8},
        {"coverage": 1, "risk": 0.5, "threshold": 0.3},
    ]


def test_where_nothing_is_answered_the_curve_still_knows_what_was_withheld(
    open_small: Index, small: Settings, tmp_path: Path
) -> None:
    silent = small.model_copy(update={"abstain_below": 1.0})
    result = run(open_small, silent, questions(tmp_path, gout("a-1", "F1"), strange=[STRANGE]), EXACT)["answers-open"]
    assert result.means() == {"Answered": 0, "GoldRecall": 0, "GoldFirst": 0, "Abstained": 1}
    assert "risk" not in result.extra["abstention"] and result.extra["length"] == {}
    assert min(point["risk"] for point in result.extra["risk_coverage"]) <= 0.5
    assert any(note.startswith("1 of 1 answerable questions were not answered") for note in result.notes)


def test_without_unanswerable_questions_there_is_no_auroc_and_it_is_said(
    open_small: Index, ready: Settings, tmp_path: Path
) -> None:
    result = run(open_small, ready, questions(tmp_path, gout("a-1", "F1")), EXACT)["answers-corpus"]
    assert "AUROC" not in result.extra["abstention"]
    assert any("there is no AUROC" in note for note in result.notes)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (gout("a-1", "F1", "F99"), r"1 gold passages are not in the index, the first is gout-basics#F99 of question a-1"),
        (replace(gout("a-1", "F1"), article_id="gone"), r"question a-1: no article has this id"),
        (gout("a-1", "F1", question=" ? "), r"question a-1: the question is empty"),
    ],
)
def test_a_question_that_cannot_be_measured_is_named(
    open_small: Index, ready: Settings, tmp_path: Path, asked: FollowUp, complaint: str
) -> None:
    with pytest.raises(DatasetError, match=complaint):
        run(open_small, ready, questions(tmp_path, asked), EXACT)


def test_one_id_in_both_files_is_refused(tmp_path: Path) -> None:
    answerable, strange = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    answerable.write_text('{"id": "1", "article_id": "a", "question": "Why?", "previous": null, "gold": ["a#F1"]}\n', "utf-8")
    strange.write_text('{"id": "1", "article_id": "a", "question": "When?"}\n', "utf-8")
    with pytest.raises(DatasetError, match=r"b\.jsonl: the id 1 stands in .*a\.jsonl too"):
        load_questions(answerable, strange)


def test_a_result_names_the_data_that_it_is_about(tmp_path: Path) -> None:
    both, one = load_questions(FOLLOWUPS, UNANSWERABLE), load_questions(FOLLOWUPS, None)
    assert both.description()["name"] == "followups + unanswerable"
    assert (both.description()["answerable"], both.description()["unanswerable"]) == (240, 60)
    assert both.description()["digest"] != one.description()["digest"]
    assert both.description() == load_questions(FOLLOWUPS, UNANSWERABLE).description()


def test_a_figure_below_what_was_to_be_reached_is_said() -> None:
    def measured(scope: str, value: float) -> Result:
        return Result("answers", {}, {"name": "x", "scope": scope}, (), extra={"abstention": {"AUROC": value}})

    short = short_of_reach({"a": measured("article open", 0.9), "b": measured("whole corpus", 0.899)})
    assert short == ["AUROC, whole corpus: 0.899 is not ≥ 0.9"]


# The command, over the shipped articles


def cli(*arguments: str, settings: Settings | None = None) -> Outcome:
    outcome = CliRunner().invoke(group, arguments, obj=lambda: settings)
    assert outcome.exit_code == 0, outcome.output
    return outcome


@pytest.fixture(scope="module")
def slice_of(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Eight follow-ups, half of them elliptical, and three that no article answers."""
    followups = load_followups()
    leaning = [one.id for one in followups if one.previous][::20]
    alone = [one.id for one in followups if not one.previous][::40]
    folder = tmp_path_factory.mktemp("slice")
    for source, chosen in ((FOLLOWUPS, {*leaning, *alone}), (UNANSWERABLE, {one.id for one in load_unanswerable()[::20]})):
        lines = [line for line in source.read_text("utf-8").splitlines() if json.loads(line)["id"] in chosen]
        (folder / source.name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder / FOLLOWUPS.name, folder / UNANSWERABLE.name


@pytest.fixture(scope="module")
def twice(settings: Settings, slice_of: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of two runs of one command."""
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in folders:
        answers(settings, slice_of, folder)
    return folders


def answers(settings: Settings, slice_of: tuple[Path, Path], out: Path, *more: str) -> Outcome:
    followups, strange = slice_of
    given = ("--dataset", str(followups), "--unanswerable", str(strange), "--out", str(out))
    return cli("answers", *given, *more, settings=settings)


def test_the_same_run_twice_gives_the_same_bytes(twice: tuple[Path, Path]) -> None:
    for scope in ("answers-open", "answers-corpus"):
        first, second = (folder / scope for folder in twice)
        assert sorted(path.name for path in first.iterdir()) == ["hits.jsonl", "per-query.jsonl", "result.json", "run.trec"]
        for name in ("hits.jsonl", "per-query.jsonl", "run.trec"):
            assert (first / name).read_bytes() == (second / name).read_bytes()
        documents = [json.loads((folder / "result.json").read_text("utf-8")) for folder in (first, second)]
        for document in documents:
            assert document.pop("seconds")["answer_p50_ms"] > 0
            assert document.pop("made_by")["index_matches_articles"] is True
        assert documents[0] == documents[1]


def test_every_answer_of_the_product_is_all_that_it_cites(twice: tuple[Path, Path]) -> None:
    for scope in ("answers-open", "answers-corpus"):
        result = read_result(twice[0] / scope)
        assert result.kinds() == {"stand-alone": 4, "elliptical": 4, "unanswerable": 3}
        for name in ("CitationRecall", "CitationPrecision", "QuotesExact", "ConditionsKept", "NumbersKept"):
            assert result.means()[name] == 1
        assert result.configuration["name"] == f"extractive-{scope.removeprefix('answers-')}"


def test_what_is_measured_is_what_the_stages_quote(
    twice: tuple[Path, Path], slice_of: tuple[Path, Path], settings: Settings, real_index: Index
) -> None:
    """Gold recall worked out again from the stages between question and quotes, the previous turn remembered."""
    product = Product(real_index, settings)
    for scope in ("answers-open", "answers-corpus"):
        measured = {query.id: query.measures for query in read_result(twice[0] / scope).queries}
        for followup in load_followups(slice_of[0]):
            asked = product.ask(followup.question, followup.article_id if scope == "answers-open" else None, followup.previous)
            quoted = set(product.quoted(asked)) if product.answers(asked) else set()
            assert measured[followup.id]["GoldRecall"] == pytest.approx(len(quoted & set(followup.gold)) / len(followup.gold))
            assert measured[followup.id]["Answered"] == bool(quoted)


def test_another_writer_and_another_judge_are_named_in_the_result(
    settings: Settings, slice_of: tuple[Path, Path], tmp_path: Path
) -> None:
    here = "tests.test_eval_answers"
    outcome = answers(settings, slice_of, tmp_path, "--writer", f"{here}:FirstOnly", "--judge", f"{here}:OverlapJudge", "--json")
    printed = json.loads(outcome.stdout)
    assert "short_of_reach" not in printed  # only the shipped questions have bounds
    for document in printed["results"].values():
        assert (document["configuration"]["writer"], document["configuration"]["judge"]) == (
            f"{here}:FirstOnly",
            f"{here}:OverlapJudge",
        )
        assert document["configuration"]["judge_threshold"] == 0.5
        assert document["extra"]["length"]["answering sentences"] == {"median": 1, "p90": 1}
        assert not any("the judge `exact`" in note for note in document["notes"])


def test_people_get_a_table_for_each_scope(settings: Settings, slice_of: tuple[Path, Path], tmp_path: Path) -> None:
    shown = answers(settings, slice_of, tmp_path).stdout
    for wanted in (
        "Answers, article open",
        "Answers, whole corpus",
        "CitationPrecision",
        "AUROC",
        "sentences of an answer",
        "Written to",
    ):
        assert wanted in shown


def test_an_empty_dataset_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("", "utf-8")
    outcome = CliRunner().invoke(group, ["answers", "--dataset", str(tmp_path / "none.jsonl")], obj=lambda: settings)
    assert isinstance(outcome.exception, DatasetError)
    assert str(outcome.exception).endswith("none.jsonl: no questions in this file")


@pytest.mark.sweep
def test_the_shipped_questions_are_within_reach(settings: Settings, tmp_path: Path) -> None:
    printed = json.loads(cli("answers", "--json", "--out", str(tmp_path), settings=settings).stdout)
    assert printed["short_of_reach"] == []
    for document in printed["results"].values():
        assert document["extra"]["abstention"]["AUROC"] >= 0.9
        assert document["measures"]["QuotesExact"] == 1
