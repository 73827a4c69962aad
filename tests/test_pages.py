"""The pages without JavaScript: complete, valid, and safe against what articles and readers write."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

import pytest
from flask.testing import FlaskClient

from assistant.disclaimer import DISCLAIMER, NOTICE, REVIEW_NOTICES
from index.search import Index
from tests.clients import client, small_client
from tests.pages import BROWSER, COLCHICINE, GOUT, Page, answered, ask, check_page, read

__all__ = ["client", "small_client"]

ARTICLE = f"/articles/{GOUT}"


@pytest.mark.parametrize("address", ["/", "/ask", "/policy", ARTICLE])
def test_a_page_is_valid_and_carries_the_disclaimer(client: FlaskClient, address: str) -> None:
    check_page(read(client, address))


def test_home_lists_every_article_with_status_and_date_under_its_specialty(client: FlaskClient, real_index: Index) -> None:
    page = read(client, "/")
    links = {link["href"]: link.text for link in page.all("a") if link["href"].startswith("/articles/")}
    assert links == {f"/articles/{article.id}": article.title for article in real_index.store.articles}
    assert len(page.all(class_="badge")) == len(page.all("time")) == 40
    specialties = [heading.text for heading in page.all("h3")]
    assert specialties == sorted(set(specialties))
    assert "Rheumatology" in specialties


def test_an_article_shows_its_standing(client: FlaskClient) -> None:
    page = read(client, ARTICLE)
    assert page.one("h1").text == "How are gout flares treated, and who needs urate-lowering therapy?"
    assert REVIEW_NOTICES["submitted"] in page.one("section", class_="standing").text
    steps = [" ".join(step.text.split()) for step in page.all("li") if step["class"] in ("done", "current", "ahead")]
    assert steps == ["Submitted (now)", "Under Review (not yet)", "Approved (not yet)"]
    assert page.one("li", aria_current="step").text.startswith("Submitted")
    assert "Last updated" in page.text
    assert "no human reviewer yet" in page.text
    assert page.all("a", href="#F24")[0].text == "F24"  # the statement that its review note names


def test_an_approved_article_names_its_reviewer(small_client: FlaskClient) -> None:
    page = read(small_client, "/articles/asthma-basics")
    check_page(page)
    assert [step["class"] for step in page.all("li") if step["class"] in ("done", "current", "ahead")] == [
        "done",
        "done",
        "current",
    ]
    assert "Dr A. Example" in page.text
    assert REVIEW_NOTICES["approved"] in page.text


def test_an_article_without_headings_ids_or_questions_is_still_a_page(small_client: FlaskClient) -> None:
    page = read(small_client, "/articles/sleep-basics")
    check_page(page)
    assert [statement["id"] for statement in page.all("li", class_="statement")] == ["", ""]


def test_references_are_typed_and_linked(client: FlaskClient) -> None:
    page = read(client, ARTICLE)
    assert [kind.text for kind in page.all("span", class_="type")] == ["Guideline", *["Research"] * 5, "Label"]
    links = [link["href"] for link in page.all("a") if link["rel"]]
    assert "https://doi.org/10.1002/art.41247" in links
    assert "https://pubmed.ncbi.nlm.nih.gov/32390306/" in links
    assert "http://www.aafp.org/afp/2011/0201/p316.html" in links


def test_the_audience_is_remembered_and_only_changes_what_comes_first(client: FlaskClient) -> None:
    before = read(client, ARTICLE)
    assert not before.all("section", class_="plain")
    assert before.one("details", class_="plain")
    response = client.post("/preferences", data={"audience": "patient", "back": ARTICLE})
    assert (response.status_code, response.location) == (303, ARTICLE)
    after = read(client, ARTICLE)
    client.delete_cookie("audience")
    assert after.one("button", name="audience", aria_pressed="true").text == "Patient"
    assert after.html.index('<section class="plain"') < after.html.index('class="contents"')
    statements = [[item.text for item in page.all("li", class_="statement")] for page in (before, after)]
    assert statements[0] == statements[1]


def test_a_question_is_answered_on_the_page_of_its_article(client: FlaskClient) -> None:
    location, page = answered(client, COLCHICINE, article_id=GOUT)
    check_page(page)
    assert location.startswith(f"{ARTICLE}?conversation=")
    assert urldefrag(location).fragment in page.ids
    answer = page.one("article", class_="answer")
    assert answer.text.lstrip().startswith(COLCHICINE)
    assert "Searched for: What colchicine dose for a flare?" in " ".join(answer.text.split())
    for said in (DISCLAIMER, NOTICE, REVIEW_NOTICES["submitted"]):
        assert said in answer.text
    assert page.all("input", name="conversation_id")[-1]["value"] in location


def test_every_mark_leads_to_its_quote_and_every_quote_to_its_statement(client: FlaskClient) -> None:
    _, page = answered(client, COLCHICINE, article_id=GOUT)
    sentences = [text.text for text in page.all("span", class_="text")]
    assert [quote.text for quote in page.all("blockquote")] == sentences
    marks = [mark for mark in page.all("a", class_="mark") if "-cite-" in mark["href"]]
    assert [mark.text for mark in marks] == [f"[{number}]" for number in range(1, len(sentences) + 1)]
    assert marks[0]["aria-label"].startswith("citation 1, Colchicine dose and interactions, ")
    passages = [link["href"] for link in page.all("a") if link["href"].startswith("#F") and link.text.startswith("How are gout")]
    shown = {item["id"]: item.text for item in page.all("li", class_="statement")}
    assert all(sentence in shown[passage[1:]] for sentence, passage in zip(sentences, passages, strict=True))


def test_a_passage_of_another_article_says_so_and_its_link_resolves(client: FlaskClient) -> None:
    location, page = answered(client, "What is the dose of alteplase in stroke?", article_id=GOUT)
    assert "from another article" in page.one("article", class_="answer").text
    links = [link["href"] for link in page.all("a") if re.match(r"/articles/[a-z0-9-]+\?conversation=", link["href"])]
    assert links
    for link in links:
        target, anchor = urldefrag(link)
        other = read(client, target)
        assert anchor in other.ids
        assert other.one("article", class_="answer")  # the conversation came along
    assert urldefrag(location).url.startswith(ARTICLE)


def test_a_question_to_all_articles_is_answered_without_marks_of_other_articles(client: FlaskClient) -> None:
    location, page = answered(client, COLCHICINE)
    check_page(page)
    assert location.startswith("/ask?conversation=")
    assert "from another article" not in page.text
    assert page.all("a", href=f"{urldefrag(location).url.replace('/ask', ARTICLE)}#F14")


def test_a_follow_up_continues_the_conversation(client: FlaskClient) -> None:
    location, page = answered(client, COLCHICINE, article_id=GOUT)
    conversation = page.all("input", name="conversation_id")[-1]["value"]
    again, page = answered(client, "And on dialysis?", article_id=GOUT, conversation_id=conversation)
    assert urldefrag(again).url == urldefrag(location).url
    assert [question.text for question in page.all("h3", class_="question")] == [COLCHICINE, "And on dialysis?"]
    assert "previous question" in page.all("span", class_="reason")[-1].text
    check_page(page)


def test_a_suggestion_asks_itself_whatever_stands_in_the_box(client: FlaskClient) -> None:
    suggestion = read(client, ARTICLE).all("button", name="suggested")[0]
    assert suggestion["form"] == "ask-form"
    _, page = answered(client, "", article_id=GOUT, suggested=suggestion["value"])
    assert page.one("h3", class_="question").text == suggestion["value"]


def test_an_unanswerable_question_gets_nearest_articles_and_questions_to_ask(client: FlaskClient) -> None:
    _, page = answered(client, "How do I repair the clutch of a lorry?")
    check_page(page)
    assert "in the articles here clearly speaks of this" in page.one("div", class_="no-answer").text
    nearest = [link for link in page.all("a") if re.fullmatch(r"/articles/[a-z0-9-]+", link["href"])]
    assert nearest
    assert all(client.get(link["href"]).status_code == 200 for link in nearest)
    offered = [button for button in page.all("button", name="suggested") if button["value"] not in _starters(client)]
    assert offered
    assert not page.all("blockquote")


def _starters(client: FlaskClient) -> list[str]:
    return [button["value"] for button in read(client, "/ask").all("button", name="suggested")]


@pytest.mark.parametrize("article_id", ["", GOUT])
def test_a_blank_question_comes_back_with_the_reason(client: FlaskClient, article_id: str) -> None:
    _, before = answered(client, COLCHICINE, article_id=article_id)
    conversation = before.all("input", name="conversation_id")[-1]["value"]
    response = ask(client, " \u200b ", article_id=article_id, conversation_id=conversation)
    page = Page(response.text)
    check_page(page)
    assert response.status_code == 422
    assert "the question is empty" in page.one("p", class_="failure").text
    assert page.one("textarea", id="question")["aria-invalid"] == "true"
    assert page.one("h3", class_="question").text == COLCHICINE  # the conversation is still there
    assert page.all("input", name="conversation_id")[-1]["value"] == conversation


def test_a_question_that_is_too_long_is_not_lost(client: FlaskClient) -> None:
    typed = "\nWhy? " + "x" * 4000
    response = ask(client, typed, article_id=GOUT)
    assert response.status_code == 413
    page = Page(response.text)
    assert "4006 characters" in page.one("p", class_="failure").text
    assert page.one("textarea").text == "\n" + typed  # a browser drops the first line break of a textarea


@pytest.mark.parametrize(
    "address", ["/articles/no-such-article", f"{ARTICLE}?conversation=nope", "/ask?conversation=nope", "/nowhere"]
)
def test_what_is_not_there_is_a_404_page_with_a_way_on(client: FlaskClient, address: str) -> None:
    page = read(client, address, status=404)
    check_page(page)
    assert page.one("h1").text == "Not Found"
    assert page.all("a", href="/ask")


def test_markup_in_an_article_is_shown_as_text(small_client: FlaskClient) -> None:
    _, answer = answered(small_client, "Colchicine in the morning", article_id="hostile")
    for page in (read(small_client, "/"), read(small_client, "/articles/hostile"), answer):
        check_page(page)
        assert "<script>alert(2)</script>" in page.text
    assert "Colchicine is given <img src=http://evil.example/i onerror=alert(1)>" in answer.one("blockquote").text
    assert answer.all("a", class_="doi")[0]["href"] == "https://doi.org/10.1000/a%22b%3Cc%3E%28d%29"


def test_markup_in_a_question_is_shown_as_text(client: FlaskClient) -> None:
    question = '"><script>alert(1)</script>{{ 7*7 }} ![x](http://evil.example/x.png) colchicine dose?'
    _, page = answered(client, question, article_id=GOUT)
    check_page(page)
    assert page.one("h3", class_="question").text == question
    assert page.one("h3", class_="question")["dir"] == "auto"
    typed = question + "x" * 4000
    assert Page(ask(client, typed).text).one("textarea").text == f"\n{typed}"


def test_pages_link_to_nothing_that_is_missing(client: FlaskClient) -> None:
    addresses = {"/", "/ask", "/policy", ARTICLE}
    links = {
        urldefrag(element[name]).url for page in addresses for element in read(client, page).all() for name in ("href", "src")
    }
    local = sorted(link for link in links if link.startswith("/"))
    assert "/static/chat.js" in local
    for link in local:
        with client.get(link, headers=BROWSER) as response:
            assert response.status_code == 200, link


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ({"question": "Which dose?", "query": "x" * 4001}, "x" * 4001),
        ({"question": "half a thought", "suggested": "y" * 4001}, "half a thought"),
        ({"question": "z" * 4001}, "z" * 4001),
    ],
)
def test_what_was_typed_stays_in_the_box_when_it_is_refused(client: FlaskClient, form: dict[str, str], kept: str) -> None:
    refused = client.post("/ask", data=form | {"article_id": GOUT}, headers=BROWSER)
    assert refused.status_code == 413
    assert Page(refused.text).one("textarea", id="question").text.strip() == kept
