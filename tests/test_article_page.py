"""The page of an article: every shipped one whole for every reader, and what stands around its text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.types import Audience
from assistant.web import create_app
from assistant.web.ages import Age, age_of, age_of_year
from assistant.web.sections import Cells, section_heading, sections
from corpus.loading import parse_article
from corpus.types import Article, Block
from index.build import build_index
from index.search import Index
from tests.fakes import SMALL, BagOfWordsEmbedder, open_with, write_articles
from tests.pages import GOUT, Element, Page, check_page, read

TODAY = dt.date(2026, 11, 23)


@pytest.fixture(scope="module")
def client(settings: Settings, real_index: Index) -> Iterator[FlaskClient]:
    store = ConversationStore(settings.database)
    yield create_app(settings, Assistant(real_index, store, settings)).test_client()
    store.close()


def shown(small: Settings, embedder: BagOfWordsEmbedder, source: str, address: str = "") -> Page:
    """The page of `gout-basics` with another text."""
    write_articles(small.articles, SMALL | {"gout-basics": source})
    build_index(small, embedder=embedder)
    store = ConversationStore(small.database)
    page = read(
        create_app(small, Assistant(open_with(small, embedder), store, small)).test_client(), f"/articles/gout-basics{address}"
    )
    store.close()
    check_page(page)
    return page


@pytest.mark.parametrize("audience", list(Audience))
def test_every_shipped_article_is_shown_whole_to_every_reader(client: FlaskClient, real_index: Index, audience: Audience) -> None:
    assert len(real_index.store.articles) == 40
    client.set_cookie("audience", audience)
    for article in real_index.store.articles:
        page = read(client, f"/articles/{article.id}")
        check_page(page)  # among others: every link into the page leads to something
        assert page.one("button", name="audience", aria_pressed="true").text == audience.title()
        statements = page.all(class_="statement")
        assert [each.text for each in statements] == [_with_marks(article, block) for block in article.blocks]
        assert [each["id"] for each in statements] == [block.statement for block in article.blocks]
        marks = [link["href"] for link in page.all("a", class_="mark") if link["href"].startswith("#reference-")]
        assert marks == [f"#reference-{mark}" for block in article.blocks for mark in block.marks if article.reference(mark)]
        sources = page.all("li", class_="source")
        assert [source["id"] for source in sources] == [f"reference-{reference.id}" for reference in article.references]
        assert _empty_sections(page) == []
        plain = [note.text for note in article.plain_summary]
        assert [" ".join(each.text.split("\u00a0")[0].split()) for each in page.all("p") if _is_plain(page, each)] == plain
    client.delete_cookie("audience")


def _with_marks(article: Article, block: Block) -> str:
    """A statement's exact wording and, behind it, what its marks become."""
    listed = " ".join(f"[{mark}]" for mark in block.marks if article.reference(mark))
    missing = "".join(f" reference {mark} is not listed in the article" for mark in block.marks if not article.reference(mark))
    return article.quote(block) + (f"\u00a0{listed}" if listed else "") + missing


def _is_plain(page: Page, paragraph: Element) -> bool:
    before = page.elements[: page.elements.index(paragraph)]
    opened = [each for each in before if each["class"] in ("plain-text", "contents")]
    return bool(opened) and opened[-1]["class"] == "plain-text"


def _empty_sections(page: Page) -> list[str]:
    """Headings with neither a statement nor a deeper heading under them."""
    parts: list[tuple[int, str]] = []  # a heading's level and text; level 7 is a statement
    for element in page.all():
        if element.tag == "section" and element["class"] == "references":
            break
        if "article" in element.inside and "statement" in element.classes:
            parts.append((7, ""))
        elif element["id"].startswith("section-"):
            parts.append((int(element.tag[1]), element.text))
    assert parts
    return [text for (level, text), (after, _) in zip(parts, [*parts[1:], (0, "")], strict=True) if level < 7 and after <= level]


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        ("2026-11-22", None),
        ("2023-11-23", None),  # three years to the day
        ("2023-11-22", Age.CHECK),
        ("2021-11-23", Age.CHECK),
        ("2021-11-22", Age.OLD),
        ("1999-12-31", Age.OLD),
        ("2027-01-01", None),  # a clock that is wrong frightens nobody
    ],
)
def test_the_age_of_a_date_changes_after_three_and_five_years(dated: str, expected: Age | None) -> None:
    assert age_of(dated, TODAY) == age_of(dt.date.fromisoformat(dated), TODAY) == expected


def test_a_leap_day_is_past_on_the_first_of_march() -> None:
    assert age_of("2020-02-29", dt.date(2023, 2, 28)) is None
    assert age_of("2020-02-29", dt.date(2023, 3, 1)) is Age.CHECK


@pytest.mark.parametrize(
    ("year", "expected"), [(None, None), (2023, None), (2022, Age.CHECK), (2021, Age.CHECK), (2020, Age.OLD)]
)
def test_a_year_counts_as_its_last_day(year: int | None, expected: Age | None) -> None:
    assert age_of_year(year, TODAY) == expected


@pytest.mark.parametrize(
    ("days", "hint"),
    [(0, ""), (1050, ""), (1150, "check for newer guidance"), (1780, "check for newer guidance"), (1880, "may be outdated")],
)
def test_an_article_says_how_old_it_is(small: Settings, embedder: BagOfWordsEmbedder, days: int, hint: str) -> None:
    dated = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)
    page = shown(small, embedder, SMALL["gout-basics"].replace("2026-01-02", dated.isoformat()))
    assert [badge.text for badge in page.all(class_="age") if "badge" in badge.classes] == ([hint] if hint else [])
    [updated] = [each.text for each in page.all("dd") if dated.strftime("%-d %B %Y") in each.text]
    assert updated.split("\n")[0].endswith(hint)


def test_only_an_old_guideline_is_marked_among_the_references(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    year = dt.datetime.now(dt.UTC).year
    for then, marked in ((year - 5, False), (year - 6, True)):
        source = SMALL["gout-basics"].replace("year: 2020", f"year: {then}")
        page = shown(small, embedder, source)
        assert ["over 5 years old" in each.text for each in page.all("li", class_="source")] == [marked, False]
        page = shown(small, embedder, source.replace("type: guideline", "type: research"))
        assert not page.all("span", class_="age")


def test_what_an_article_does_not_tell_is_shown_as_unknown(client: FlaskClient) -> None:
    page = read(client, f"/articles/{GOUT}")
    facts = zip(page.all("dt"), page.all("dd"), strict=True)
    told = {name.text: value.text.strip() for name, value in facts}
    assert told == {
        "Last updated": "22 November 2026",
        "Reviewed by": "no human reviewer yet",
        "Author": "unknown",
        "Disclosures": "unknown",
    }


def test_every_heading_of_the_two_upper_levels_can_be_asked_about(client: FlaskClient, real_index: Index) -> None:
    for article in real_index.store.articles:
        page = read(client, f"/articles/{article.id}")
        links = page.all("a", class_="about")
        assert [link["data-section"] for link in links] == [each.heading for each in sections(article) if each.depth < 2]
        for link in links:
            found = re.fullmatch(rf"/articles/{article.id}\?about=(section-\d+)#chat", link["href"])
            assert found
            assert section_heading(article, found[1]) == link["data-section"]
            assert link.text == f"Ask about this: {link['data-section']}"


def test_asking_about_a_section_stays_in_the_conversation_and_fills_the_box(client: FlaskClient) -> None:
    response = client.post("/ask", data={"question": "What colchicine dose for a flare?", "article_id": GOUT})
    conversation = response.location.partition("?")[2].partition("#")[0]
    link = read(client, f"/articles/{GOUT}?{conversation}").all("a", class_="about")[1]
    assert link["href"].startswith(f"/articles/{GOUT}?{conversation}&about=section-")
    page = read(client, link["href"].partition("#")[0])
    assert page.one("input", name="section")["value"] == link["data-section"]
    assert page.all("article", class_="answer")


def test_nothing_is_asked_about_a_withdrawn_article(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    withdrawn = "withdrawn: {since: 2026-01-03, reason: It is wrong.}"
    page = shown(small, embedder, SMALL["gout-basics"].replace("references:", f"{withdrawn}\nreferences:"))
    assert "This article is withdrawn" in page.text
    assert not page.all("a", class_="about")
    assert len(page.all(class_="statement")) == 3  # the text is kept


def test_a_reference_leads_back_to_the_sections_that_cite_it(client: FlaskClient) -> None:
    page = read(client, f"/articles/{GOUT}")
    summaries = [" ".join(each.text.split()) for each in page.all("summary") if each.text.startswith("Cited in")]
    assert len(summaries) == 7
    assert summaries[1] == "Cited in 2 sections (reference 2)"
    at = page.elements.index(page.one("li", id="reference-2"))
    links = [(each["href"], each.text) for each in page.elements[at:] if each.tag == "a" and each["href"].startswith("#")][:2]
    assert links == [("#F14", "Colchicine dose and interactions"), ("#F15", "Trials of colchicine and naproxen in flares")]


TABLE = """## Doses

Given by mouth [1].

| Drug | First | Then |
|:--|---|---|
| Colchicine | 1.2 mg | 0.6 mg [1] ^F1 |
| `a\\|b` > 1 | | once [2] ^F2 |
| | 5 mg | | [1] ^F3 |

Drug | Dose
---|---
Prednisone | 30 mg [1]

- After the table [2].
"""


def test_table_rows_are_tables_with_their_header(small: Settings, embedder: BagOfWordsEmbedder) -> None:
    head, _, _ = SMALL["gout-basics"].partition("## Flares")
    page = shown(small, embedder, head.replace("statements: [F3]", "statements: [F1]") + TABLE)
    assert [each.text for each in page.all("th")] == ["Drug", "First", "Then", "Drug", "Dose"]
    cells = [each.text for each in page.all("td")]
    assert cells[:6] == ["Colchicine", "1.2 mg", "0.6 mg\u00a0[1]", "`a\\|b` > 1", "", "once\u00a0[2]"]
    assert cells[6:9] == ["", "5 mg", "\u00a0[1]"]
    assert cells[9:] == ["Prednisone", "30 mg\u00a0[1]"]
    assert [each["id"] for each in page.all("tr", class_="statement")] == ["F1", "F2", "F3", ""]
    assert [each.text for each in page.all("li", class_="statement")] == [
        "Given by mouth [1].\u00a0[1]",
        "After the table [2].\u00a0[2]",
    ]
    assert {each["tabindex"] for each in page.all("div", class_="table")} == {"0"}


def test_a_quote_is_marked_in_the_cells_that_it_reaches_over() -> None:
    head, _, _ = SMALL["gout-basics"].partition("## Flares")
    article, problems = parse_article(head.replace("[F2]", "[F1]").replace("[F3]", "[F1]") + TABLE, "gout-basics.md")
    assert article, problems
    start, end = article.text.index("First |"), article.text.index("Colchicine | 1.2") + len("Colchicine | 1")
    [section] = sections(article, (start, end))
    table = section.groups[1]
    assert _quoted(table.header) == ["", "First", "Then"]
    assert _quoted(table.statements[0].cells) == ["Colchicine", "1", ""]
    assert [_quoted(each.cells) for each in table.statements[1:]] == [["", "", ""]] * 2
    assert _quoted(section.groups[0].statements[0].cells) == [""]


def _quoted(cells: Cells) -> list[str]:
    return ["".join(piece.text for piece in cell if piece.quoted) for cell in cells]


def test_the_policy_says_what_is_kept(client: FlaskClient) -> None:
    said = read(client, "/policy").text
    for fact in (
        "random number",
        "only a digest",
        "Whoever has the address",
        "rename it or delete it",
        "whether an answer helped",
        "kept for the staff of this server for 90 days",
        "text size",
    ):
        assert fact in said
