"""Finding articles while their name is typed: by every word, its beginning, its stem, a typo, another name; else by meaning."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.finding import PAGE, Finder, How, Search, find, finder_of
from assistant.settings import Settings
from corpus.errors import ModelUnavailable
from corpus.loading import load_corpus
from corpus.types import Article, Note, Status, Withdrawal
from index.build import build_index
from index.generations import live_generation
from index.search import Index
from index.types import Embedder
from tests.fakes import BagOfWordsEmbedder, open_with

ARTICLES = load_corpus()
BY_ID = {article.id: article for article in ARTICLES}


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(ARTICLES)


def called(finder: Finder, text: str, **filters: str) -> list[str]:
    return [each.article.id for each in finder.called(Search(text, **filters)).articles]


def asked(finder: Finder, text: str) -> list[str]:
    return [question for each in finder.called(Search(text)).articles for question in each.questions]


@pytest.mark.parametrize("typed", ["g", "go", "gou", "gout", "gout ", "GOUT", "  gout\n", "gout?", "gout-flares-urate-lowering"])
def test_an_article_is_found_from_the_first_letter_of_its_name_to_the_last(finder: Finder, typed: str) -> None:
    assert "gout-flares-urate-lowering" in called(finder, typed)


def test_every_typed_word_must_match(finder: Finder) -> None:
    assert called(finder, "gout flares") == ["gout-flares-urate-lowering"]
    assert called(finder, "gout thrombolysis") == []
    assert set(called(finder, "stroke")) > set(called(finder, "stroke thrombolysis"))


def test_every_article_is_found_first_by_its_title_and_by_its_heading(finder: Finder) -> None:
    for article in ARTICLES:
        assert called(finder, article.title)[0] == article.id
        assert called(finder, article.heading)[0] == article.id


def test_every_askable_question_is_found_by_its_own_words(finder: Finder) -> None:
    for article in ARTICLES:
        for note in article.questions[::5]:
            found = {each.article.id: each.questions for each in finder.called(Search(note.text)).articles}
            assert note.text in found[article.id], note.text


@pytest.mark.parametrize(
    ("typed", "article_id"),
    [
        ("statins", "lipid-lowering-statin-and-add-ons"),
        ("migraines", "migraine-acute-preventive"),
        ("screened breasts", "breast-cancer-screening"),
    ],
)
def test_words_are_found_in_another_form(finder: Finder, typed: str, article_id: str) -> None:
    assert called(finder, typed)[0] == article_id


@pytest.mark.parametrize(
    ("typed", "article_id"),
    [
        ("colchcine", "gout-flares-urate-lowering"),
        ("colchcin", "gout-flares-urate-lowering"),  # one typo, and not yet typed to the end
        ("pnuemonia", "community-acquired-pneumonia-empiric"),  # two letters swapped
        ("hypertnsoin", "hypertension-targets-and-first-line"),  # two typos
        ("ashma", "asthma-ics-formoterol-reliever"),
    ],
)
def test_misspelled_words_are_found_and_said_to_be_so(finder: Finder, typed: str, article_id: str) -> None:
    found = finder.called(Search(typed))
    assert (found.how, found.articles[0].article.id) == (How.RESPELLED, article_id)


def test_short_words_must_be_spelled_right(finder: Finder) -> None:
    assert called(finder, "guot") == []


def test_a_right_spelling_is_not_mixed_with_similar_words(finder: Finder) -> None:
    speaking = {each.id for each in ARTICLES if "asthma" in f"{each.title}{each.questions}".lower()}
    assert finder.called(Search("asthma")).how is How.CALLED
    assert set(called(finder, "asthma")) == speaking


@pytest.mark.parametrize(
    ("typed", "article_id"),
    [
        ("high blood pressure", "hypertension-targets-and-first-line"),
        ("CKD", "ckd-rasi-sglt2i-finerenone"),
        ("heart attack", "acute-coronary-syndrome-antiplatelets"),
    ],
)
def test_other_names_of_the_glossary_are_found(finder: Finder, typed: str, article_id: str) -> None:
    assert called(finder, typed)[0] == article_id


def test_matching_questions_come_with_their_article_and_speak_of_what_was_typed(finder: Finder) -> None:
    assert asked(finder, "gout dialysis") == ["Colchicine dose for an acute attack, and on dialysis?"]
    assert asked(finder, "cardiology") == []  # a specialty is in no question
    for question in asked(finder, "colchicine"):
        assert "colchicine" in question.lower()


def test_a_title_counts_more_than_a_question() -> None:
    title = replace(BY_ID["gout-flares-urate-lowering"], id="a", title="Zebra care", heading="Care", questions=())
    question = replace(title, id="b", title="Horse care", questions=(Note("Is a zebra a horse?", ("F1",)),))
    assert called(Finder([question, title]), "zebra") == ["a", "b"]


def test_filters_keep_the_specialty_and_the_status() -> None:
    approved = replace(BY_ID["gout-flares-urate-lowering"], status=Status.APPROVED)
    gone = replace(BY_ID["migraine-acute-preventive"], withdrawn=Withdrawal(dt.date(2026, 1, 2), "Old."))
    finder = Finder([approved, gone, BY_ID["hfref-four-pillars"]])
    assert called(finder, "gout", specialty="Cardiology") == []
    assert called(finder, "how", status="approved") == ["gout-flares-urate-lowering"]
    assert called(finder, "how", status="withdrawn") == ["migraine-acute-preventive"]
    assert [each.article.id for each in finder.listed(Search(specialty="Cardiology")).articles] == ["hfref-four-pillars"]
    assert finder.listed(Search(status="under_review")).total == 0
    assert finder.called(Search("gout", specialty="Cardiology")).unfiltered == 1


def test_a_withdrawn_article_is_found_but_offers_no_questions() -> None:
    gone = replace(BY_ID["gout-flares-urate-lowering"], withdrawn=Withdrawal(dt.date(2026, 1, 2), "Old."))
    found = Finder([gone]).called(Search("gout"))
    assert [(each.status, each.questions) for each in found.articles] == [("withdrawn", ())]


@pytest.mark.parametrize(
    "typed", ["???", "\u202e", "😀", "a" * 61, "x " * 2000, "the", "' OR 1=1 --", 'title:"gout" AND (', "(\\", "*"]
)
def test_odd_texts_are_searched_like_any_other(finder: Finder, typed: str) -> None:
    assert finder.called(Search(typed)).page == 1


def test_nothing_typed_lists_every_article_by_specialty(finder: Finder) -> None:
    found = finder.listed(Search())
    fields = [each.article.specialty.partition(" / ")[0] for each in found.articles]
    assert (found.how, found.total, fields) == (How.LISTED, 40, sorted(fields, key=str.casefold))
    assert finder.specialties == tuple(dict.fromkeys(fields))


def test_every_example_finds_its_article(finder: Finder) -> None:
    assert len(finder.examples) >= 4
    for example in finder.examples:
        assert finder.called(Search(example)).total > 0


def many(count: int) -> Sequence[Article]:
    """Articles like the shipped ones, each with words of its own."""
    made = []
    for number in range(count):
        one = ARTICLES[number % len(ARTICLES)]
        questions = tuple(replace(note, text=f"{note.text} w{number * 13 + at}") for at, note in enumerate(one.questions[:12]))
        made.append(replace(one, id=f"{one.id}-{number}", title=f"{one.title} v{number}", questions=questions))
    return made


def test_pages_hold_fifty_and_together_everything_once() -> None:
    finder = Finder(many(120))
    for search in (Search(), Search("how")):
        page = finder.called if search.text else finder.listed
        pages = [page(replace(search, page=number)) for number in (1, 2, 3)]
        ids = [each.article.id for found in pages for each in found.articles]
        assert len(ids) == len(set(ids)) == pages[0].total
        assert pages[0].pages == -(-len(ids) // PAGE)
        last = page(replace(search, page=10**12))  # past the last one
        assert (last.page, last.last) == (last.pages, len(ids))
        assert page(replace(search, page=-3)).page == 1


def test_a_keystroke_over_11_000_articles_takes_at_most_50_ms() -> None:
    finder = Finder(many(11_000))
    seconds = []
    for question in ("high blood pressure", "brest cancer", "What dose of colchicine?"):
        for end in range(1, len(question) + 1):
            begun = time.perf_counter()
            finder.called(Search(question[:end]))
            seconds.append(time.perf_counter() - begun)
    assert statistics.median(seconds) < 0.05


def test_what_nothing_is_called_is_looked_for_by_meaning(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    index = open_with(small, embedder)
    search = Search("caffeine after noon delays")  # stands in a text, not in a title
    found = find(index, search, 0.5, Status.SUBMITTED)
    assert (found.how, found.articles[0].article.id) == (How.NEAREST, "sleep-basics")
    assert find(index, search, 1.0, Status.SUBMITTED).articles == ()  # not sure enough
    assert find(index, search, 0.5, Status.APPROVED).articles == ()  # not reviewed far enough
    elsewhere = find(index, replace(search, specialty="Cardiology"), 0.5, Status.SUBMITTED)
    assert (elsewhere.total, elsewhere.unfiltered) == (0, found.total)


def test_without_the_embedder_articles_are_still_found_by_name(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    folder, manifest = live_generation(small.index)

    def missing() -> Embedder:
        raise ModelUnavailable("the model's files are not there")

    index = Index(folder, manifest, ranking=small.ranking, embedder=missing)
    assert find(index, Search("insomnia"), 0.5, Status.SUBMITTED).total == 1
    assert find(index, Search("caffeine"), 0.5, Status.SUBMITTED).total == 0


def test_a_new_generation_gets_a_finder_of_its_own(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    build_index(small, embedder=embedder)
    first, second = open_with(small, embedder), open_with(small, embedder)
    assert finder_of(first) is finder_of(first)
    assert finder_of(first) is not finder_of(second)
