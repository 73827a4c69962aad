"""The page of a citation without JavaScript: the quote exactly where it stands today, and what became of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urldefrag

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.disclaimer import DISCLAIMER
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Answer, AnswerStatus, Citation, CitedReference, Sentence
from assistant.web import create_app
from corpus.types import Article
from index.build import build_index
from tests.answers import blank
from tests.fakes import SMALL, BagOfWordsEmbedder, edit, open_with, write_articles
from tests.pages import HOSTILE, Page, check_page, read

REPEATING = """\
---
id: repeating
title: Which words come back?
heading: Repeated words
specialty: Words
status: submitted
last_updated: 2019-01-02
references:
  - {id: 4, type: guideline, title: First source, authors: Example College, venue: J, year: 2026, doi: 10.1000/first}
  - {id: 7, type: label, title: Second source, authors: Example Agency, venue: L, year: 2026, pmid: "123"}
---

## Doses

- One tablet. One tablet. 𝄞 One tablet & no more. [4, 7] ^F1
- Another line. [4] ^F2

| Drug | Dose |
|---|---|
| First | one a day [7] ^T1 |
| Second | two a day [7] ^T2 |
"""
CORPUS = SMALL | {"repeating": REPEATING, "hostile": HOSTILE}


@dataclass
class Site:
    """The small corpus, a store that outlives its changes, and a browser."""

    settings: Settings
    embedder: BagOfWordsEmbedder
    store: ConversationStore

    def client(self) -> FlaskClient:
        """Over the articles as they are now."""
        build_index(self.settings, embedder=self.embedder)
        self.index = open_with(self.settings, self.embedder)
        return create_app(self.settings, Assistant(self.index, self.store, self.settings)).test_client()

    def article(self, article_id: str) -> Article:
        return self.index.store.article(article_id)

    def cite(self, *quotes: tuple[str, int, int]) -> str:
        """Stores an answer that quotes these spans of articles; where its citations are shown."""
        citations = tuple(
            citation(self.article(id), number, start, end) for number, (id, start, end) in enumerate(quotes, start=1)
        )
        self.store.add(answering(citations), None)
        return "/answers/made/citations"

    def change(self, article_id: str, to: Callable[[str], str]) -> None:
        edit(self.settings.articles / f"{article_id}.md", to)


@pytest.fixture
def site(small: Settings, embedder: BagOfWordsEmbedder) -> Iterator[Site]:
    write_articles(small.articles, CORPUS)
    made = Site(small, embedder, ConversationStore(small.database))
    yield made
    made.store.close()


def citation(article: Article, number: int, start: int, end: int) -> Citation:
    quote = article.text[start:end]
    block = next(block for block in article.blocks if block.start < end and start < block.end)
    sources = [article.reference(mark) for mark in block.marks]
    return Citation(
        number=number,
        article_id=article.id,
        article_title=article.title,
        section=block.section,
        passage_id=f"{article.id}#{block.statement or 'p1'}",
        statement_id=block.statement,
        quote=quote,
        start=start,
        end=end,
        sha256=hashlib.sha256(quote.encode()).hexdigest(),
        review_status=article.status,
        last_updated=article.last_updated.isoformat(),
        references=tuple(
            CitedReference(at, one.type, one.title, one.authors, one.venue, one.year, one.doi, one.pmid, one.url, None)
            for at, one in enumerate(sources, start=11)
            if one
        ),
    )


def answering(citations: tuple[Citation, ...]) -> Answer:
    said = tuple(Sentence(each.quote, (each.number,)) for each in citations)
    return replace(blank("Why <b>so</b>?"), status=AnswerStatus.ANSWERED, sentences=said, citations=citations)


def span(article: Article, words: str, nth: int = 1) -> tuple[str, int, int]:
    """The nth place of these words in an article."""
    found = [place.start() for place in re.finditer(re.escape(words), article.text)]
    return article.id, found[nth - 1], found[nth - 1] + len(words)


def marked(html: str) -> list[str]:
    """What is marked, each with what stands before it in the same element: "before|marked"."""
    return [f"{before}|{quote}" for before, quote in re.findall(r">([^<>]*)<mark[^>]*>([^<]*)</mark>", html)]


@pytest.mark.parametrize(
    ("words", "nth", "shown"),
    [
        ("One tablet. One tablet. 𝄞 One tablet & no more.", 1, ["|One tablet. One tablet. 𝄞 One tablet &amp; no more."]),
        ("One tablet", 2, ["One tablet. |One tablet"]),
        ("One tablet & no", 1, ["One tablet. One tablet. 𝄞 |One tablet &amp; no"]),
        ("First | one a day", 1, ["|First", "|one a day"]),
        ("a day", 2, ["two |a day"]),
    ],
)
def test_a_quote_is_marked_at_its_own_place_and_nowhere_else(site: Site, words: str, nth: int, shown: list[str]) -> None:
    client = site.client()
    page = read(client, f"{site.cite(span(site.article('repeating'), words, nth))}/1")
    check_page(page)
    assert marked(page.html) == shown
    assert page.one(id="quote").tag == "mark"  # the first one: where the page opens
    assert page.one("blockquote").text == words


def test_a_quote_over_several_statements_is_marked_in_each(site: Site) -> None:
    client = site.client()
    article = site.article("sleep-basics")
    start, end = article.text.index("Its effect"), article.text.index(" delays")
    page = read(client, f"{site.cite((article.id, start, end))}/1")
    check_page(page)
    assert marked(page.html) == [
        "Cognitive behavioural therapy is offered first [1]. |Its effect lasts longer than that of tablets.",
        "|Caffeine after noon",
    ]


def test_references_state_age_and_disclaimer_stand_with_the_quote(site: Site) -> None:
    client = site.client()
    page = read(client, f"{site.cite(span(site.article('repeating'), 'One tablet'))}/1")
    behind = [page.one(id="evidence-source-11"), page.one(id="evidence-source-12")]
    assert [source["value"] for source in behind] == ["11", "12"]  # as the answer numbers them
    assert "Guideline" in behind[0].text
    assert "Label" in behind[1].text
    assert {link["href"] for link in page.all("a", rel="noopener")} == {
        "https://doi.org/10.1000/first",
        "https://pubmed.ncbi.nlm.nih.gov/123/",
    }
    assert [state.text.split() for state in page.all("p", class_="state")] == [
        ["Submitted", "updated", "2", "January", "2019", "may", "be", "outdated"]
    ]
    assert page.one("main").text.count(DISCLAIMER) == 1


def test_the_page_leads_to_the_other_citations_and_back_to_the_answer(site: Site) -> None:
    client = site.client()
    repeating, gout = site.article("repeating"), site.article("gout-basics")
    where = site.cite(span(repeating, "One tablet"), span(repeating, "Another line"), span(gout, "Oral prednisone"))
    middle = read(client, f"{where}/2?open=gout-basics")
    assert "Citation 2 of 3" in middle.text
    assert "Why <b>so</b>?" in middle.text
    assert middle.one("a", rel="prev")["href"] == f"{where}/1?open=gout-basics#quote"
    assert middle.one("a", rel="next")["href"] == f"{where}/3?open=gout-basics#quote"
    [back] = [link for link in middle.all("a") if link.text == "Back to the answer"]
    assert back["href"] == "/articles/gout-basics?conversation=talk#made"
    assert read(client, urldefrag(back["href"]).url).one("article", id="made")
    assert not read(client, f"{where}/1").all("a", rel="prev")
    assert not read(client, f"{where}/3").all("a", rel="next")


@pytest.mark.parametrize("open_id", ["", "nowhere", "../ask", "<b>"])
def test_without_an_open_article_the_way_back_is_the_conversation_over_all(site: Site, open_id: str) -> None:
    client = site.client()
    where = site.cite(span(site.article("repeating"), "One tablet"))
    page = Page(client.get(f"{where}/1", query_string={"open": open_id}).text)
    assert [link["href"] for link in page.all("a") if link.text == "Back to the answer"] == ["/ask?conversation=talk#made"]


def test_the_part_for_the_panel_is_the_evidence_alone(site: Site) -> None:
    client = site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    part = client.get(f"{where}/1?part=1").text
    assert part.startswith('<div class="evidence-of" data-article="repeating">')
    assert "<html" not in part
    assert Page(part).one("p", class_="where").text.startswith("Which words come back?")
    links = {id: Page(client.get(f"{where}/1?part=1&open={id}").text).all("a")[1]["href"] for id in ("repeating", "gout-basics")}
    assert links == {"repeating": "#F2", "gout-basics": "/articles/repeating?conversation=talk#F2"}


def test_a_quote_that_moved_is_marked_where_it_stands_now(site: Site) -> None:
    site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    site.change("repeating", lambda text: text.replace("## Doses\n", "## Before\n\n- Something new. [4] ^F9\n\n## Doses\n"))
    page = read(site.client(), f"{where}/1")
    assert marked(page.html) == ["|Another line"]
    assert not page.all("p", class_="note")


def test_an_article_that_no_longer_says_it_says_so_and_shows_what_stands_there(site: Site) -> None:
    site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    site.change("repeating", lambda text: text.replace("Another line", "A corrected line"))
    page = read(site.client(), f"{where}/1")
    check_page(page)
    assert marked(page.html) == []
    assert page.one("blockquote").text == "Another line"
    assert "no longer says this" in page.one("p", class_="note").text
    [now] = [link for link in page.all("a") if link.text == "What stands there now"]
    assert "A corrected line" in page.one(id=now["href"][1:]).text


def test_another_state_or_date_is_told_apart_from_that_of_the_quote(site: Site) -> None:
    site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    site.change("repeating", lambda text: text.replace("submitted", "under_review").replace("2019-01-02", "2026-05-06"))
    states = read(site.client(), f"{where}/1").all("p", class_="state")
    assert [" ".join(state.text.split()) for state in states] == [
        "When quoted Submitted updated 2 January 2019 may be outdated",
        "Today Under Review updated 6 May 2026",
    ]


def test_a_withdrawn_article_says_so_and_still_shows_the_quote_in_its_place(site: Site) -> None:
    site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    withdrawal = "withdrawn: {since: 2026-03-01, reason: Replaced.}\nreferences:"
    site.change("repeating", lambda text: text.replace("references:", withdrawal))
    page = read(site.client(), f"{where}/1")
    check_page(page)
    assert marked(page.html) == ["|Another line"]
    assert page.one("p", class_="note").text == "The article was withdrawn on 2026-03-01: Replaced."
    assert [state.text.split()[:2] for state in page.all("p", class_="state")] == [["When", "quoted"], ["Today", "Withdrawn"]]


def test_an_article_that_is_gone_leaves_the_quote_and_its_references(site: Site) -> None:
    site.client()
    where = site.cite(span(site.article("repeating"), "Another line"))
    (site.settings.articles / "repeating.md").unlink()
    page = read(site.client(), f"{where}/1")
    check_page(page)
    assert page.one("blockquote").text == "Another line"
    assert "no longer here" in page.one("p", class_="note").text
    assert page.one(id="evidence-source-11")
    assert not [link for link in page.all("a") if link["href"].startswith("/articles/")]


@pytest.mark.parametrize("address", ["/answers/made/citations/2", "/answers/made/citations/0", "/answers/other/citations/1"])
def test_what_was_not_cited_is_not_found(site: Site, address: str) -> None:
    client = site.client()
    site.cite(span(site.article("repeating"), "Another line"))
    check_page(read(client, address, status=404))


def test_markup_in_an_article_or_a_question_stays_text(site: Site) -> None:
    client = site.client()
    hostile = site.article("hostile")
    page = read(client, f"{site.cite(span(hostile, hostile.quote(hostile.blocks[0])))}/1")
    check_page(page)
    assert len(page.all("mark")) == 1
    assert page.one("mark").text == page.one("blockquote").text == hostile.quote(hostile.blocks[0])
    assert not page.all("b")


def test_statements_of_shipped_articles_are_marked_whole(settings: Settings, assistant: Assistant) -> None:
    client = create_app(settings, assistant).test_client()
    for article in assistant.index.store.articles[::5]:
        cited = tuple(citation(article, number, block.start, block.end) for number, block in enumerate(article.blocks, start=1))
        assistant.store.add(replace(answering(cited), answer_id=article.id), None)
        for each in cited[::6]:
            page = read(client, f"/answers/{article.id}/citations/{each.number}")
            check_page(page)
            assert page.one("mark").text == page.one("blockquote").text == each.quote
