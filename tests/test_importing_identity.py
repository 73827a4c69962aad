"""Which document a file is: its web address, or its path below the folder given; the same wherever the folder lies."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from corpus.importing.batch import import_files
from corpus.importing.formats import FORMATS
from corpus.importing.types import Options, Refused
from corpus.importing.writing import Shelf
from corpus.loading import load_corpus
from tests.papers import Line, write_pdf

OPTIONS = Options("Example College", "CC BY 4.0")
TODAY = dt.date(2026, 11, 23)


def imported(into: Path, name: str, *paths: Path, replace: bool = False) -> list[str]:
    """Imports files or folders; what became of each document, or why it was refused."""
    form = FORMATS[name]
    shelf = Shelf(into, replace=replace, file_names=form.file_names)
    found = import_files(paths, form, OPTIONS, shelf, today=TODAY)
    return [f"refused: {one.reason}" if isinstance(one, Refused) else f"{one.kind} {one.article_id}" for one in found]


def html(path: Path, title: str, head: str = "") -> None:
    path.write_text(f"<html><head><title>{title}</title>{head}</head><body><p>{title} hurts.</p></body></html>", "utf-8")


def pdf(path: Path, title: str) -> None:
    write_pdf(path, [[Line(72, 770, title, 20, True), Line(72, 700, f"{title} hurts, and this is said of it.")]])


def word(path: Path, title: str) -> None:
    made = docx.Document()
    made.add_heading(title, 1)
    made.add_paragraph(f"{title} hurts.")
    made.save(str(path))


def markdown(path: Path, title: str) -> None:
    path.write_text(f"# {title}\n\n{title} hurts.\n", "utf-8")


WRITERS: dict[str, tuple[str, Callable[[Path, str], None]]] = {
    "html": ("index.html", html),
    "pdf": ("index.pdf", pdf),
    "docx": ("index.docx", word),
    "markdown": ("index.md", markdown),
}


@pytest.mark.parametrize("name", WRITERS)
def test_files_of_one_name_in_two_folders_are_two_articles_and_found_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = WRITERS[name]
    for folder, title in (("a", "Gout"), ("b", "Asthma")):
        (tmp_path / "site" / folder).mkdir(parents=True)
        write(tmp_path / "site" / folder / file, title)
    ids = [f"example-college-{folder}-{file.replace('.', '-')}" for folder in "ab"]
    into = tmp_path / "articles"
    assert imported(into, name, tmp_path / "site") == [f"added {each}" for each in ids]
    known = [(one.title, one.source and one.source.id) for one in load_corpus(into)]
    assert known == [("Gout", f"a/{file}"), ("Asthma", f"b/{file}")]
    monkeypatch.chdir(tmp_path)  # from another working directory, and where the folder was moved to
    assert imported(into, name, Path("site")) == [f"unchanged {each}" for each in ids]
    shutil.move("site", "elsewhere")
    monkeypatch.chdir("elsewhere")
    assert imported(into, name, Path()) == [f"unchanged {each}" for each in ids]


def test_a_page_is_known_by_its_address_wherever_its_file_lies(tmp_path: Path) -> None:
    into, first, second = tmp_path / "articles", tmp_path / "first.html", tmp_path / "second.html"
    html(first, "Gout", '<link rel="canonical" href="https://example.org/gout/#top">')
    html(second, "Gout", '<meta property="og:url" content="http://example.org/gout">')
    assert imported(into, "html", first) == ["added example-college-example-org-gout"]
    assert imported(into, "html", second) == ["updated example-college-example-org-gout"]  # its address reads otherwise now
    [article] = load_corpus(into)
    assert article.source is not None
    assert (article.source.id, article.source.url) == ("example.org/gout", "http://example.org/gout")


def test_a_relative_address_tells_no_page_apart(tmp_path: Path) -> None:
    for folder, title in (("a", "Gout"), ("b", "Asthma")):
        (tmp_path / "site" / folder).mkdir(parents=True)
        html(tmp_path / "site" / folder / "index.html", title, '<link rel="canonical" href="index.html">')
    found = imported(tmp_path / "articles", "html", tmp_path / "site")
    assert found == ["added example-college-a-index-html", "added example-college-b-index-html"]
    assert [one.source and one.source.url for one in load_corpus(tmp_path / "articles")] == [None, None]


def test_a_page_and_a_pdf_of_one_name_are_two_articles(tmp_path: Path) -> None:
    html(tmp_path / "gout.html", "Gout")
    pdf(tmp_path / "gout.pdf", "Gout")
    into = tmp_path / "articles"
    assert imported(into, "html", tmp_path / "gout.html") == ["added example-college-gout-html"]
    assert imported(into, "pdf", tmp_path / "gout.pdf") == ["added example-college-gout-pdf"]


def test_files_of_one_name_that_are_given_one_by_one_are_refused_with_what_helps(tmp_path: Path) -> None:
    for folder, title in (("a", "Gout"), ("b", "Asthma")):
        (tmp_path / folder).mkdir()
        html(tmp_path / folder / "index.html", title)
    one, other, into = tmp_path / "a" / "index.html", tmp_path / "b" / "index.html", tmp_path / "articles"
    helps = "Import the folder that holds both files: they are then told apart by their paths in it."
    assert imported(into, "html", one, other) == [
        "added example-college-index-html",
        f"refused: 'index.html' was there before in this import, with another text; only the first was taken. {helps}",
    ]
    assert imported(into, "html", other) == [
        "refused: example-college-index-html was imported as 'index.html' with the title 'Gout'; this may be another document,"
        f" as its title is 'Asthma'. {helps} --replace takes the new text."
    ]
    assert imported(into, "html", other, replace=True) == ["updated example-college-index-html"]
