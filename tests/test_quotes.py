"""How quotes are shown: numbers that a source has in brackets never look like citations, tables are tables; the JSON is exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.answering import Assistant
from assistant.quotes import Table, lines_of, parts, pieces
from assistant.settings import Settings
from assistant.store import ConversationStore
from assistant.terminal import as_text
from assistant.types import Answer
from assistant.web import create_app
from corpus.importing.types import plain
from index.search import Index
from tests.fakes import BagOfWordsEmbedder
from tests.pages import check_page, read
from tests.widgets import WIDGETS, quoting_widgets, widgets_index

#: What an answer's citation looks like.
CITATION = re.compile(r"\[\s*\d[\d\s,;–-]*\]")
SMALLER = (
    "In older adults the benefit is smaller [source: 12, 13] (Head Face Med 6 [source: 2010]; interval [source: 12–34])"
    " [source: 1], and rare."
)
ROWS = [
    "Age group: Children; Dose & route: 5 mg [source: 7]; Note: –",
    "Age group: Adults; Dose & route: 10 mg; Note: food ∣ water <i>",
    "Age group: Older adults; Dose & route: 2.5 mg; Note: –",
]


@dataclass(frozen=True)
class Site:
    client: FlaskClient
    index: Index
    answer: Answer


@pytest.fixture
def site(small: Settings, embedder: BagOfWordsEmbedder, tmp_path: Path) -> Iterator[Site]:
    index = widgets_index(small, embedder, tmp_path)
    made = quoting_widgets(index)
    store = ConversationStore(small.database)
    store.add(made, None)
    yield Site(create_app(small, Assistant(index, store, small)).test_client(), index, made)
    store.close()


# ---- The words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Reduces it [\u200c2].", "Reduces it [source: 2]."),
        ("Reduces it [\u200c12, 13][\u200c4–6].", "Reduces it [source: 12, 13][source: 4–6]."),
        ("Its own reference [3] here, [1, 3] too.", "Its own reference [source: 3] here, [source: 1, 3] too."),
        ("No numbers [a], [2.5–3.1], [3](link), 1\u200c. item", "No numbers [a], [2.5–3.1], [3](link), 1\u200c. item"),
        ("", ""),
    ],
)
def test_a_number_in_brackets_is_told_from_a_citation(text: str, said: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == said


def test_on_its_own_page_an_article_keeps_the_numbers_of_its_own_list() -> None:
    assert [piece.text for piece in pieces("Known [1], not [\u200c7].", quoted=False)] == ["Known [1], not ", "[source: 7]", "."]


@given(st.text(st.sampled_from("[]0123, ;–-a|\n"), max_size=40))
def test_nothing_that_an_import_escaped_looks_like_a_citation(source: str) -> None:
    text = plain(source)
    assert not CITATION.search("\n".join(lines_of(text)))
    said = "".join(piece.text.replace("source: ", "") for piece in pieces(text))
    assert "".join(said.split()) == "".join(text.replace("[\u200c", "[").split())


# ---- The tables

TABLE = "| Drug | Dose: |\n|---|:-:|\n| A | |\n| B | 2 mg"


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        (TABLE, (Table(("Drug", "Dose:"), (("A", ""), ("B", "2 mg"))),)),
        (f"Before.\n\n{TABLE}\n\n- After\n", ("Before.", Table(("Drug", "Dose:"), (("A", ""), ("B", "2 mg"))), "- After")),
        (f"{TABLE} |\n\n{TABLE}", (Table(("Drug", "Dose:"), (("A", ""), ("B", "2 mg"))),) * 2),
        ("| | |\n|---|---|\n| A | 1 mg", (Table((), (("A", "1 mg"),)),)),
        ("A \\| B | 1 mg |\n| C | 2 mg | x", (Table((), (("", "A \\| B", "1 mg"), ("C", "2 mg", "x"))),)),
        ("A | 1 mg |\n| B", (Table((), (("A", "1 mg"), ("B", ""))),)),
        ("A | 1 mg |\n| - | - |\n| B | 2 mg", (Table((), (("A", "1 mg"), ("-", "-"), ("B", "2 mg"))),)),
        ("| Drug | Dose |\n|---|---|", ("| Drug | Dose |\n|---|---|",)),
        ("P(A | B) is one.\nSo is |x|.", ("P(A | B) is one.\nSo is |x|.",)),
        ("One row | alone", ("One row | alone",)),
        ("a | b\n---", ("a | b\n---",)),
        ("\n two\n\nblocks \n", ("\n two\n\nblocks \n",)),
    ],
)
def test_a_quotes_tables_are_found_and_its_other_words_stay(quote: str, shown: tuple[str | Table, ...]) -> None:
    assert parts(quote) == shown


def test_without_layout_each_cell_stands_beside_what_its_column_is_called() -> None:
    assert lines_of(f"Doses [\u200c3]\n\n{TABLE}") == ["Doses [source: 3]", "Drug: A; Dose: –", "Drug: B; Dose: 2 mg"]
    assert lines_of("A | 1 mg |\n| B") == ["A; 1 mg", "B; –"]


@given(st.lists(st.lists(st.text(st.sampled_from("abc 1-:"), max_size=4), min_size=2, max_size=2), min_size=1, max_size=4))
def test_tables_are_read_as_markdown_reads_them(cells: list[list[str]]) -> None:
    quote = "| H1 | H2 |\n|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in cells)
    tokens = MarkdownIt("commonmark").enable("table").parse(quote)
    inline = [token.content for token in tokens if token.type == "inline"]
    [table] = parts(quote)
    assert isinstance(table, Table)
    assert [*table.header, *(cell for row in table.rows for cell in row)] == inline


@given(st.text(st.sampled_from("|-: \\a\n"), max_size=60))
def test_any_text_is_shown_whatever_its_pipes(text: str) -> None:
    said = "".join("".join((*part.header, *sum(part.rows, ()))) if isinstance(part, Table) else part for part in parts(text))
    assert said.count("a") == text.count("a")


# ---- Where readers see them


def test_the_stored_quote_stays_the_articles_text(site: Site) -> None:
    told = site.client.get(f"/api/v1/answers/{site.answer.answer_id}").get_json()
    text = site.index.store.article(WIDGETS).text
    for citation, sentence in zip(told["citations"], told["sentences"], strict=True):
        assert citation["quote"] == sentence["text"] == text[citation["start"] : citation["end"]]
    assert "[\u200c12, 13]" in told["citations"][0]["quote"]
    assert "\n| Children | 5 mg [\u200c7] | |\n" in told["citations"][1]["quote"]


@pytest.mark.parametrize("address", ["/ask?conversation=talk", "/answers/made/citations/1", f"/articles/{WIDGETS}"])
def test_numbers_of_the_source_are_told_from_citations_on_every_page(site: Site, address: str) -> None:
    page = read(site.client, address)
    check_page(page)
    numbers = page.all("small", class_="source-number")
    assert {"[source: 12, 13]", "[source: 2010]", "[source: 12–34]"} <= {number.text for number in numbers}
    assert {number["title"] for number in numbers} == {"A number of the source's own, not a citation here"}
    assert "\u200c" not in page.text


def test_a_quoted_table_is_a_table_under_its_header_with_everything_escaped(site: Site) -> None:
    for address, times in (("/ask?conversation=talk", 2), ("/answers/made/citations/2", 1)):
        page = read(site.client, address)
        check_page(page)
        quoted = page.all("div", class_="quoted")
        assert [(table["role"], table["tabindex"], table["aria-label"]) for table in quoted] == [
            ("group", "0", "Quoted table")
        ] * times
        assert quoted[0].text == "Age groupDose & routeNoteChildren5 mg [source: 7]Adults10 mgfood ∣ water <i>Older adults2.5 mg"
        assert '<th scope="col">Dose &amp; route</th>' in page.html
        assert not page.all("i")
        assert "|" not in page.text


def test_a_quote_that_begins_behind_such_a_number_is_marked_where_it_stands(site: Site) -> None:
    mark = read(site.client, "/answers/made/citations/1").one("mark")
    assert mark.text == SMALLER.replace(
        " [source: 1]", " [1]"
    )  # the evidence lists the article's references by their own numbers


def test_exports_say_numbers_and_tables_in_plain_words(site: Site) -> None:
    terminal = as_text(site.answer)
    copied = site.client.get("/answers/made.md?show=1").text.replace("\\", "")
    for text in (terminal, copied):
        assert f"{SMALLER} [1]" in text
        assert "The dose depends on age [source: 9]." in text
        assert [line.strip() for line in text.splitlines() if line.startswith("Age group")] == [*ROWS[:2], f"{ROWS[2]} [2]"]
        assert "|" not in text
        assert "\u200c" not in text
    assert set(CITATION.findall(terminal)) == {"[1]", "[2]"}
