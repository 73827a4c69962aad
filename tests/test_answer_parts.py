"""Every part that an answer can have, as a reader without JavaScript sees it, and the same parts as they are streamed."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Mode, Role
from assistant.web import create_app
from index.build import build_index
from tests.answers import CRISIS, EMERGENCY, ScriptedAssistant, blank, every_part, quoting
from tests.fakes import SMALL, BagOfWordsEmbedder, edit, open_with, write_articles
from tests.pages import ATTACK, HOSTILE, Element, Page, answered, ask, check_page, read

QUOTED = {"gout-basics#F1": Role.ANSWER, "gout-basics#F2": Role.CONDITION, "asthma-basics#F1": Role.CONTRAST}
STREAM = {"Accept": "text/event-stream"}
HEART = "My dad has crushing chest pain and is sweating, what should I do?"
WITHDRAWN = "withdrawn: {since: 2026-11-20, reason: Superseded & <b>unsafe</b>.}\nreferences:"
SUICIDE = "I want to kill myself"


@pytest.fixture
def assistant(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[ScriptedAssistant]:
    """The small articles and the hostile one; every question is answered."""
    write_articles(small.articles, SMALL | {"hostile": HOSTILE})
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    yield ScriptedAssistant(open_with(small, embedder), store, small.model_copy(update={"abstain_below": 0.0}))
    store.close()


@pytest.fixture
def client(small: Settings, assistant: ScriptedAssistant) -> FlaskClient:
    return create_app(small, assistant).test_client()


@pytest.fixture
def without_index(small: Settings) -> Iterator[FlaskClient]:
    """A server whose index was never built."""
    store = ConversationStore(small.database)
    yield create_app(small, Assistant(None, store, small)).test_client()
    store.close()


def shown(client: FlaskClient, assistant: Assistant, answer: Answer, where: str = "/ask") -> Page:
    """The page of a conversation that holds one answer."""
    assistant.store.add(answer, None)
    page = read(client, f"{where}?conversation={answer.conversation_id}")
    check_page(page)
    return page


def events(client: FlaskClient, question: str, **form: str) -> list[tuple[str, dict[str, str]]]:
    response = client.post("/ask", data={"question": question, **form}, headers=STREAM)
    assert (response.status_code, response.mimetype) == (200, "text/event-stream")
    blocks = [block.split("\n") for block in response.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def again(page: Page) -> list[dict[str, list[str]]]:
    """The fields of each form that asks the question of an answer again, its own buttons included."""
    forms: list[dict[str, list[str]]] = []
    for element in page.all():
        if element.tag == "form":
            forms.append({"class": element.classes})
        elif element["name"] and "form" in element.inside and not element["form"]:
            forms[-1].setdefault(element["name"], []).append(element["value"])
    return [fields for fields in forms if "again" in fields["class"]]


def text(element: Element) -> str:
    return " ".join(element.text.split())


def test_a_banner_is_an_alert_and_stands_before_everything_that_is_said(
    client: FlaskClient, assistant: ScriptedAssistant
) -> None:
    page = shown(client, assistant, quoting(assistant.index, "Q", QUOTED, banner=EMERGENCY, caveats=("Caveat",)))
    banner = page.one("div", class_="banner")
    assert banner["role"] == "alert"
    assert EMERGENCY.title in banner.text
    assert EMERGENCY.text in banner.text  # its line breaks too
    assert "American Heart Association. This wording is not yet reviewed by a clinician." in text(banner)
    at = page.html.index('class="banner')
    for later in ('class="searched"', 'class="sentences"', 'class="caveats"', 'class="references"', 'class="disclaimer"'):
        assert at < page.html.index(later, page.html.index('<article class="answer"'))


@pytest.mark.parametrize("javascript", [False, True])
def test_an_emergency_offers_to_ask_again_when_nobody_is_in_danger(client: FlaskClient, javascript: bool) -> None:
    if javascript:
        page = Page(f"<body>{events(client, HEART)[-1][1]['html']}</body>")
    else:
        _, page = answered(client, HEART)
        check_page(page)
    assert not page.all("div", class_="sentences")
    assert not page.all("div", class_="searched")
    (fields,) = again(page)
    assert (fields["question"], fields["safe"]) == ([HEART], ["yes"])
    _, page = answered(client, HEART, conversation_id=fields["conversation_id"][0], safe="yes")
    last = page.html[page.html.rindex('<article class="answer"') :]
    assert last.index('class="banner') < last.index('class="searched"')  # the banner stays on top of what is said
    assert all(form["safe"] == ["yes"] for form in again(page))  # another query asks no second time


@pytest.mark.parametrize("status", [AnswerStatus.CRISIS, AnswerStatus.REFUSED])
def test_nothing_is_shown_beside_a_crisis_or_a_refusal(
    client: FlaskClient, assistant: ScriptedAssistant, status: AnswerStatus
) -> None:
    page = shown(client, assistant, blank("Q", status=status, banner=CRISIS))
    assert "Reviewed by a clinician on 2026-11-01." in page.text
    assert again(page) == []
    assert not page.all("h4")


def test_a_signpost_needs_neither_index_nor_store(without_index: FlaskClient, small: Settings) -> None:
    response = ask(without_index, HEART, article_id="gout-basics")
    page = Page(response.text)
    check_page(page)
    assert response.status_code == 200
    assert page.one("div", class_="banner")["role"] == "alert"
    assert again(page)[0]["safe"] == ["yes"]
    (begin, (name, whole)) = events(without_index, SUICIDE)
    assert begin[0] == "begin"
    assert 'role="alert"' in begin[1]["html"]
    assert name == "answer"
    assert whole["conversation"]
    with sqlite3.connect(small.database.removeprefix("sqlite:///")) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(FAIL, 'disk'); END")
    assert 'role="alert"' in ask(without_index, HEART).text
    assert events(without_index, SUICIDE)[-1][1]["conversation"] == ""  # the next question must not name it


def test_without_an_index_a_question_is_kept_and_the_page_says_where_help_is(without_index: FlaskClient) -> None:
    response = ask(without_index, "How is gout treated?", article_id="gout-basics")
    page = Page(response.text)
    check_page(page)
    assert response.status_code == 503
    assert "call your local emergency number now" in page.one("p", class_="urgent").text
    assert page.one("textarea").text == "\nHow is gout treated?"
    assert page.one("input", name="article_id")["value"] == "gout-basics"
    streamed = without_index.post("/ask", data={"question": "How is gout treated?"}, headers=STREAM)
    assert (streamed.status_code, streamed.mimetype) == (503, "application/problem+json")
    assert streamed.headers["Retry-After"]
    assert "call your local emergency number now" in read(without_index, "/", status=503).text


def test_the_query_can_be_edited_and_searched_as_typed(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    _, page = answered(client, "How much colchicine do I take?")
    (first,) = again(page)  # nothing but the question was searched: there is no "as typed"
    assert first["query"] == ["How much colchicine do I take?"]
    (conversation,) = first["conversation_id"]
    _, page = answered(client, "And a steroid?", conversation_id=conversation)
    edited, as_typed = again(page)[1:]
    assert edited["query"] == [page.all("q", class_="query")[1].text] != ["And a steroid?"]
    assert edited["question"] == as_typed["question"] == ["And a steroid?"]
    button = page.one("button", value="And a steroid?")
    assert button["name"] == "query"
    assert "again" in page.one("form", id=button["form"]).classes
    _, page = answered(client, "And a steroid?", conversation_id=conversation, query="prednisone in gout")
    check_page(page)
    assert text(page.all("q", class_="query")[-1]) == "prednisone in gout"
    assert page.all("h3", class_="question")[-1].text == "And a steroid?"


def test_a_question_back_has_its_choices_as_buttons(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    back = every_part(assistant.index, list(QUOTED), "x")[2]
    page = shown(client, assistant, back)
    assert "Which x" in page.one("div", class_="clarify").text
    choices = again(page)[1]
    assert (choices["question"], choices["query"]) == (["Clarify x"], ["One x", "Two x"])
    assert not page.all("div", class_="no-answer")


def test_an_abstention_says_why_and_where_to_look(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    page = shown(client, assistant, every_part(assistant.index, list(QUOTED), "x")[1])
    missing = page.one("div", class_="no-answer")
    assert missing.text.split("\n")[1].strip() == "Abstention x"
    assert page.all("a", href="/articles/gout-basics")[-1].text == "Nearest x"


def test_plain_words_come_first_and_conditions_are_tied_to_what_they_condition(
    client: FlaskClient, assistant: ScriptedAssistant
) -> None:
    page = shown(client, assistant, every_part(assistant.index, list(QUOTED), "x")[0])
    headings = [heading.text for heading in page.all("h4")]
    assert headings[:2] == ["In plain words", "What the articles say"]
    assert page.html.index('class="plain-words"') < page.html.index('class="sentences"')
    assert text(page.one("p", class_="condition")).startswith("But note: Oral prednisone is an alternative")
    assert text(page.one("p", class_="contrast")).startswith("Another source says: Budesonide-formoterol as needed")


def test_disagreeing_guidelines_words_and_remarks_are_shown(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    page = shown(client, assistant, every_part(assistant.index, list(QUOTED), "x")[0])
    assert page.one("caption").text == "Guidelines differ"
    assert [text(row) for row in page.all("tr")] == ["WhoYearSays", "Body x2020[1]", "Other xnot given[2]"]
    assert (page.one("dt").text, page.one("dd").text) == ("Term x", "Plain x")
    assert "Explained after: Origin x" in page.text
    remarks = [text(remark) for remark in page.all("p", class_="remark")]
    assert remarks[0] == "Quoted instead of written by the language model: Fallback x"
    assert remarks[1] == "2 sentences of the language model left out: not supported by what they cited."


def test_what_a_language_model_wrote_stands_above_its_open_quotes(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    page = shown(client, assistant, quoting(assistant.index, "Q", QUOTED, mode=Mode.GENERATIVE))
    assert "open" in page.one("details", class_="cited").attributes


def test_markup_in_every_part_is_shown_as_text(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    made = every_part(assistant.index, ["hostile#F1", "gout-basics#F1", "gout-basics#F2"], ATTACK)
    for answer in made:
        page = shown(client, assistant, answer)
    for each in ("Whole", "Query", "Reason", "Title", "Text", "Source", "Day", "Caveat", "Term", "Plain", "Origin", "Body"):
        assert f"{each} {ATTACK}" in page.text
    for each in ("Suggestion", "Fallback", "Abstained", "Abstention", "Nearest", "Section", "Clarify", "Which", "One"):
        assert f"{each} {ATTACK}" in page.text
    assistant.answers = {answer.question: answer for answer in made}
    for answer in made:
        for _, parts in events(client, answer.question):
            streamed = Page(f"<body>{''.join(parts.values())}</body>")
            assert {element.tag for element in streamed.all()}.isdisjoint({"script", "img"})


def test_what_is_streamed_is_what_is_stored(client: FlaskClient, assistant: ScriptedAssistant) -> None:
    answer = quoting(assistant.index, "Q", QUOTED, caveats=("Caveat",), banner=EMERGENCY)
    assistant.answers = {"Q": answer}
    begin, *sentences, (last, whole) = events(client, "Q", article_id="gout-basics")
    page = read(client, f"/articles/gout-basics?conversation={whole['conversation']}")
    assert "".join(whole["html"].split()) in "".join(page.html.split())
    assert last == "answer"
    assert whole["summary"] == "Answer ready: 3 sentences with sources."
    assert begin[1]["html"].index('class="banner') < begin[1]["html"].index('class="disclaimer"')
    assert "".join(part["sentences"] for _, part in sentences).count('class="text"') == 3
    assert text(Page(f"<body>{sentences[2][1]['sentences']}</body>").one("p")) in text(page.one("div", class_="sentences"))
    assert "from another article" in sentences[2][1]["sentences"]
    listed = [source["id"] for _, part in sentences for source in Page(f"<body>{part['sources']}</body>").all("li")]
    made = page.one("article", class_="answer")["id"]
    assert listed == [f"{made}-ref-{source.number}" for source in answer.references]  # each once


def test_a_stream_that_is_refused_is_a_problem_with_its_status(client: FlaskClient) -> None:
    for data, status in (({"question": " "}, 422), ({"question": "x" * 4001}, 413), ({"question": "Q", "article_id": "no"}, 404)):
        response = client.post("/ask", data=data, headers=STREAM)
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")


def test_an_answer_stored_before_these_parts_existed_is_still_shown(
    client: FlaskClient, assistant: ScriptedAssistant, small: Settings
) -> None:
    old = asdict(quoting(assistant.index, "Q", QUOTED))
    for key in ("plain", "abstention", "clarification", "conflicts", "glosses", "fallback", "dropped"):
        del old[key]
    for sentence in old["sentences"]:
        del sentence["role"]
    for source in [*old["references"], *(source for cited in old["citations"] for source in cited["references"])]:
        del source["retracted"]
    assistant.store.add(blank("Q"), None)
    for status in ("answered", "abstained"):
        body = json.dumps(old | {"status": status, "sentences": old["sentences"] if status == "answered" else []})
        with sqlite3.connect(small.database.removeprefix("sqlite:///")) as database:
            database.execute("UPDATE answer SET body = ?", (body,))
        page = read(client, "/ask?conversation=talk")
        check_page(page)
    assert "The articles here do not answer this question." in page.text


@pytest.fixture
def reopened(
    small: Settings, embedder: BagOfWordsEmbedder, assistant: ScriptedAssistant
) -> Callable[[Callable[[Path], object]], Page]:
    """The page of an answer to all articles after these have changed."""

    def change(how: Callable[[Path], object]) -> Page:
        assistant.store.add(quoting(assistant.index, "Q", QUOTED), None)
        how(small.articles)
        build_index(small, embedder=embedder)
        later = Assistant(open_with(small, embedder), assistant.store, small)
        page = read(create_app(small, later).test_client(), "/ask?conversation=talk")
        check_page(page)
        return page

    return change


def test_an_unchanged_answer_is_reopened_without_a_remark(reopened: Callable[[Callable[[Path], object]], Page]) -> None:
    page = reopened(lambda articles: (articles / "hostile.md").unlink())
    assert not page.all("p", class_="since")
    assert not page.all("p", class_="note")


def test_a_quote_that_was_edited_since_is_marked(reopened: Callable[[Callable[[Path], object]], Page]) -> None:
    page = reopened(
        lambda articles: edit(articles / "gout-basics.md", lambda source: source.replace("Oral prednisone", "Prednisolone"))
    )
    said = "The article was edited since and no longer says this."
    assert text(page.one("p", class_="since")) == f"Since this answer: [2] {said}"
    gone = page.one("a", class_="gone")
    assert gone["aria-label"].endswith(said)
    assert gone.text == "[2]"
    assert text(page.one("p", class_="note")) == said


def test_an_article_that_was_removed_since_is_not_linked(reopened: Callable[[Callable[[Path], object]], Page]) -> None:
    page = reopened(lambda articles: (articles / "asthma-basics.md").unlink())
    assert text(page.one("p", class_="since")) == "Since this answer: [3] The article is no longer here."
    assert not [link for link in page.all("a") if "asthma-basics" in link["href"]]


def test_a_withdrawn_article_says_so_and_offers_no_questions(reopened: Callable[[Callable[[Path], object]], Page]) -> None:
    page = reopened(
        lambda articles: edit(articles / "gout-basics.md", lambda source: source.replace("references:", WITHDRAWN, 1))
    )
    assert "[1] [2] The article was withdrawn on 2026-11-20: Superseded & <b>unsafe</b>." in text(page.one("p", class_="since"))


def test_the_page_of_a_withdrawn_article(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    edit(small.articles / "gout-basics.md", lambda source: source.replace("references:", WITHDRAWN, 1))
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    client = create_app(small, Assistant(open_with(small, embedder), store, small)).test_client()
    page = read(client, "/articles/gout-basics")
    check_page(page)
    notice = page.one("section", class_="withdrawal")
    assert "Since 20 November 2026: Superseded & <b>unsafe</b>." in text(notice)
    assert page.html.index('class="withdrawal"') < page.html.index('class="standing')
    assert not page.all("button", name="suggested")
    assert not page.all("ol", class_="stepper")
    assert page.all("span", class_="withdrawn")[0].text == "Withdrawn"
    home = read(client, "/")
    check_page(home)
    assert [badge.text for badge in home.all("span", class_="badge")].count("Withdrawn") == 1
    assert "How much colchicine do I take?" not in [button["value"] for button in read(client, "/ask").all("button")]
    store.close()


def test_a_retracted_reference_has_a_badge_in_the_article_and_in_answers(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    edit(small.articles / "gout-basics.md", lambda source: source.replace("year: 2020}", "year: 2020, retracted: 2026-05-01}"))
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    assistant = Assistant(open_with(small, embedder), store, small)
    client = create_app(small, assistant).test_client()
    page = read(client, "/articles/gout-basics")
    assert [badge.text for badge in page.all("span", class_="retracted")] == [f"Retracted {dt.date(2026, 5, 1)}"]
    page = shown(client, assistant, quoting(assistant.index, "Q", {"gout-basics#F1": Role.ANSWER}))
    assert [badge.text for badge in page.all("span", class_="retracted")] == ["Retracted 2026-05-01"]
    store.close()
