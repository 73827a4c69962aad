"""What readers are shown of an imported article: its source, licence and address, also beside each quote of it; its lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.events import Ask
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.terminal import as_text
from assistant.types import Answer
from assistant.web import create_app
from assistant.web.sections import sections
from corpus.importing.batch import import_files
from corpus.importing.formats import FORMATS
from corpus.importing.rendering import article_ids
from corpus.importing.types import Options
from corpus.importing.writing import Shelf
from corpus.loading import read_article
from index.build import build_index
from tests.fakes import BagOfWordsEmbedder, open_with
from tests.pages import Page, check_page, read

TODAY = dt.date(2026, 11, 23)
ADDRESS = "https://example.org/scratchosis?a=1&b=2"
DATED_ID = article_ids("Example <College>", "example.org/scratchosis?a=1&b=2")[0]
DATED = f"""<!doctype html><html lang="en"><head><title>Scratchosis</title><link rel="canonical" href="{ADDRESS}">
<meta name="dcterms.modified" content="2024-05-01"></head><body><main><h1>Scratchosis in adults</h1><h2>Widget treatment</h2>
<ol><li>Offer widgets to adults with scratchosis [1].<ul><li>Do not offer widgets in pregnancy.<ol><li>Weigh the adult.</li></ol>
</li></ul></li><li>Stop widgets after a rash.</li></ol><h2>References</h2>
<ol><li>Scratchosis and widgets, a made-up title. 2015</li>
</ol></main></body></html>"""
UNDATED = "# Gadgets\n\nGadgets quench zebra thirst.\n\n| Animal | Gadget |\n|---|---|\n| Zebra | 3 |\n"
OPTIONS = Options("Example <College>", "CC BY 4.0", "Zoology")


@dataclass(frozen=True)
class Site:
    client: FlaskClient
    assistant: Assistant

    def ask(self, question: str) -> Answer:
        return self.assistant.answer(Ask(question))


@pytest.fixture
def site(small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> Iterator[Site]:
    for name, text, form in (("dated.html", DATED, "html"), ("undated.md", UNDATED, "markdown")):
        file = tmp_path / name
        file.write_text(text)
        outcomes = list(import_files([file], FORMATS[form], OPTIONS, Shelf(small.articles), today=TODAY))
        assert [str(getattr(one, "kind", one)) for one in outcomes] == ["added"]
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    assistant = Assistant(open_with(small, embedder), store, small)
    yield Site(create_app(small, assistant).test_client(), assistant)
    store.close()


def article_page(site: Site, article_id: str) -> Page:
    page = read(site.client, f"/articles/{article_id}")
    check_page(page)
    return page


def test_the_page_of_an_imported_article_names_its_source_address_licence_and_day_of_import(site: Site) -> None:
    page = article_page(site, DATED_ID)
    origin = page.one("p", class_="origin")
    known = ADDRESS.removeprefix("https://")
    said = f"Source: Example <College>, {known}, {ADDRESS}. Licence: CC BY 4.0. Imported 23 November 2026."
    assert " ".join(origin.text.split()) == said
    assert [link["href"] for link in page.all("a", class_="url")] == [ADDRESS]
    assert page.one("p", class_="changes").text == "Converted from the source's layout; nobody edited it here."
    assert "1 May 2024" in page.text
    assert page.all("p", class_="topic") == []  # the heading is the title once more


def test_an_article_that_staff_edited_says_so(site: Site, small: Settings, embedder: BagOfWordsEmbedder) -> None:
    path = small.articles / f"{DATED_ID}.md"
    path.write_text(path.read_text().replace("after a rash", "after any rash"))
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    client = create_app(small, Assistant(open_with(small, embedder), store, small)).test_client()
    changes = read(client, f"/articles/{DATED_ID}").one("p", class_="changes").text
    store.close()
    assert changes == "Converted from the source's layout, and edited here since."


def test_an_article_without_a_date_does_not_look_as_new_as_its_import(site: Site) -> None:
    page = article_page(site, "example-college-undated-md")
    assert "<dt>Last updated</dt><dd>not given by the source</dd>" in page.html
    assert "Updated 23 November 2026" not in page.text
    home = " ".join(read(site.client, "/").text.split())
    assert "Date not given by the source From Example <College>" in home


def test_an_article_written_here_has_no_source_to_name(site: Site) -> None:
    page = article_page(site, "gout-basics")
    assert page.all("p", class_="origin") == page.all("p", class_="changes") == []


def test_every_quote_of_an_imported_article_has_its_source_beside_it(site: Site) -> None:
    answer = site.ask("Do gadgets quench zebra thirst?")
    assert answer.citations, answer.abstention
    origin = answer.citations[0].origin
    assert origin is not None
    assert (origin.name, origin.licence, origin.url, origin.dated) == ("Example <College>", "CC BY 4.0", None, False)
    said = "Source: Example <College>, undated.md. Licence: CC BY 4.0. Imported 23 November 2026."
    shown = {
        "evidence": read(site.client, f"/answers/{answer.answer_id}/citations/1"),
        "conversation": read(site.client, f"/ask?conversation={answer.conversation_id}"),
    }
    for where, page in shown.items():
        assert [" ".join(each.text.split()) for each in page.all("p", class_="origin")] == [said], where
        assert "date not given by the source" in page.text, where
    exported = site.client.get(f"/answers/{answer.answer_id}.md").text
    assert "Source: Example \\<College>, undated.md. Licence: CC BY 4.0. Imported 2026-11-23." in exported
    assert "Submitted, date not given by the source." in exported
    assert "Source: Example <College>, undated.md, licence: CC BY 4.0, date not given by the source" in as_text(answer)
    told = site.client.get(f"/api/v1/answers/{answer.answer_id}").get_json()["citations"][0]["origin"]
    assert told == {
        "name": "Example <College>", "id": "undated.md", "url": None, "licence": "CC BY 4.0", "imported": "2026-11-23",
        "dated": False,
    }  # fmt: skip


def test_what_a_source_does_not_state_is_no_author(site: Site) -> None:
    answer = site.ask("Are widgets offered to adults with scratchosis?")
    assert answer.citations, answer.abstention
    assert [each.title for each in answer.references] == ["Scratchosis and widgets, a made-up title. 2015"]
    exported = [site.client.get(f"/answers/{answer.answer_id}.{form}").text for form in ("md", "ris", "bib")]
    pages = [site.client.get(f"/answers/{answer.answer_id}/citations/1").text, as_text(answer)]
    pages.append(site.client.get(f"/articles/{DATED_ID}").text)
    for text in exported + pages:
        assert "made-up title" in text
        assert "Not stated" not in text


def test_items_under_an_item_are_shown_under_it_and_numbers_stay(site: Site, small: Settings) -> None:
    article, _ = read_article(small.articles / f"{DATED_ID}.md")
    assert article is not None
    [section] = sections(article)
    assert [(each.cells[0][0].text, each.depth, each.number) for group in section.groups for each in group.statements] == [
        ("Offer widgets to adults with scratchosis [1].", 0, "1"),
        ("Do not offer widgets in pregnancy.", 1, ""),
        ("Weigh the adult.", 2, "1"),
        ("Stop widgets after a rash.", 0, "2"),
    ]
    page = article_page(site, DATED_ID)
    items = page.all("li", class_="statement")
    assert [(each["aria-level"], each["data-number"]) for each in items] == [("", "1"), ("2", ""), ("3", "1"), ("", "2")]
