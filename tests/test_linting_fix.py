"""`followup corpus check --fix`: mends what is safe, keeps every other byte, and finds nothing to do a second time."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import ArticleNotWritten
from corpus.linting import lint_article
from corpus.linting.fixing import fix, fix_file
from corpus.loading import SHIPPED, article_files, content_sha256, read_article
from tests.fakes import SMALL

ROOT = Path(__file__).parents[1]
GOUT = SMALL["gout-basics"]
TWIN = "  - {id: 2, type: guideline, title: Gout guideline, authors: Example College, venue: J Gout, year: 2020}\n"
LABEL = "  - {id: 2, type: label, title: Colchicine label, authors: Example Agency, venue: Label}\n"
#: What is put in, and what is left of it after mending; what is left is what a good article says.
MENDS = {
    "several status words": ("status: submitted\n", "status: Under Review, Submitted\n", "status: submitted\n"),
    "a list of status words": ("status: submitted\n", "status:\n  - approved\n  - submitted\n", "status:\n  submitted\n"),
    "a DOI as an address": ("year: 2020}", "year: 2020, doi: 'https://doi.org/10.1/x'}", None),
    "a DOI with a label": ("year: 2020}", "year: 2020, doi: 'doi:10.1000/x'}", "year: 2020, doi: '10.1000/x'}"),
    "a DOI as a plain address": ("year: 2020}", "year: 2020, doi: https://dx.doi.org/10.1000/x}", "year: 2020, doi: 10.1000/x}"),
    "a PubMed number": ("year: 2020}", "year: 2020, pmid: 11248153}", "year: 2020, pmid: '11248153'}"),
    "a PubMed address": (
        "year: 2020}", "year: 2020, pmid: 'https://pubmed.ncbi.nlm.nih.gov/11248153/'}", "year: 2020, pmid: '11248153'}",
    ),
    "blanks": ("## Long term\n", "## Long term \t \n", "## Long term\n"),
    "blanks in the front matter": ("specialty: Rheumatology\n", "specialty: Rheumatology   \n", "specialty: Rheumatology\n"),
    "a line of blanks": ("## Long term\n\n", "## Long term\n   \n", "## Long term\n\n"),
}  # fmt: skip


def written(folder: Path, source: str | bytes) -> Path:
    path = folder / "gout-basics.md"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


@pytest.mark.parametrize(("good", "bad", "after"), MENDS.values(), ids=MENDS.keys())
def test_what_is_mended_is_only_what_was_wrong(good: str, bad: str, after: str | None, tmp_path: Path) -> None:
    assert GOUT.count(good) == 1
    source = GOUT.replace(good, bad)
    path = written(tmp_path, source)
    told = fix_file(path)
    if after is None:  # a DOI has at least four digits in its prefix: what is no DOI is left to its author
        assert (told, path.read_text("utf-8")) == ((), source)
        return
    assert [(one.done, one.kept) for one in told] == [(True, None)]
    assert path.read_text("utf-8") == GOUT.replace(good, after)
    assert fix_file(path) == ()
    assert lint_article(path, today=dt.date(2026, 11, 23)).errors == 0


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_and_byte_order_mark_are_mended(end: str, tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + GOUT.replace("\n", end))
    (told,) = fix_file(path)
    assert (told.rule, told.done) == ("line-ends", True)
    assert path.read_bytes() == GOUT.encode()


def test_a_line_break_of_markdown_stays(tmp_path: Path) -> None:
    source = SMALL["asthma-basics"].replace("at most twelve times\n", "at most twelve times  \n")
    path = tmp_path / "asthma-basics.md"
    path.write_text(source, "utf-8")
    assert fix_file(path) == ()
    assert path.read_text("utf-8") == source


def test_of_references_that_are_equal_to_the_letter_the_uncited_one_goes(tmp_path: Path) -> None:
    source = GOUT.replace(LABEL, TWIN).replace("[1, 2]", "[1]")
    path = written(tmp_path, source)
    (told,) = fix_file(path)
    assert told.message == "reference 2 is reference 1 to the letter, and no mark names it"
    assert path.read_text("utf-8") == source.replace(TWIN, "")
    # The one that is cited stays, though it is listed second; and both stay when both are cited.
    path = written(tmp_path, re.sub(r"\[1(?:, 2)?\]", "[2]", GOUT.replace(LABEL, TWIN)))
    fix_file(path)
    assert "id: 1" not in path.read_text("utf-8")
    assert "id: 2" in path.read_text("utf-8")
    path = written(tmp_path, GOUT.replace(LABEL, TWIN))
    assert fix_file(path) == ()


def test_a_twin_over_several_lines_goes_whole_and_comments_stay(tmp_path: Path) -> None:
    one = "  - id: 1\n    type: guideline\n    title: Gout guideline\n    authors: A\n    venue: J Gout\n    year: 2020\n"
    listed = re.sub(r"references:\n(?:  - .*\n)+", f"references:\n{one}{one.replace('id: 1', 'id: 2')}  # kept\n", GOUT)
    source = listed.replace("[1, 2]", "[1]")
    path = written(tmp_path, source)
    assert [told.rule for told in fix_file(path)] == ["duplicate-reference"]
    assert path.read_text("utf-8") == source.replace(one.replace("id: 1", "id: 2"), "")


def approved(source: str, folder: Path) -> str:
    """The article as its reviewer approved it."""
    path = written(folder, source.replace("status: submitted", "status: approved\nreviewed_by: Dr A. Example"))
    article, _ = read_article(path)
    assert article
    return path.read_text("utf-8").replace("Dr A. Example", f"Dr A. Example\nreviewed_sha256: {content_sha256(article)}")


def test_an_approval_does_not_lapse_by_mending(tmp_path: Path) -> None:
    bound = approved(GOUT.replace("[1] ^F3\n", "[1] ^F3 \n"), tmp_path)
    path = written(tmp_path, bound)
    (told,) = fix_file(path)
    assert (told.done, told.kept) == (False, "the approval is of the text as it is")
    assert path.read_text("utf-8") == bound
    # Around the text blanks change nothing that was approved; the rules are mended one by one.
    bound = approved(GOUT, tmp_path)
    path = written(tmp_path, bound.replace("specialty: Rheumatology\n", "specialty: Rheumatology \n").replace("\n", "\r\n"))
    assert [(told.rule, told.done) for told in fix_file(path)] == [("line-ends", True), ("trailing-blanks", True)]
    assert path.read_text("utf-8") == bound


def test_what_would_change_the_meaning_is_left_and_said(tmp_path: Path) -> None:
    block = "review_notes:\n  - text: |\n      first  \n      second\n    statements: [F1]\nplain_summary:\n"
    source = GOUT.replace("plain_summary:\n", block)
    path = written(tmp_path, source.replace("status: submitted", "status: Submitted, Approved"))
    mended, left = fix_file(path)
    assert (mended.rule, mended.done) == ("ambiguous-status", True)
    assert left.kept == "the article would say something else"
    assert "not fixed, the article would say something else" in str(left)
    assert path.read_text("utf-8") == source


def test_what_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    for name, raw in {"a": b"", "b": b"\xff\xfe", "c": b"no head \r\n", "d": b"---\nid: [\n---\n \n"}.items():
        (tmp_path / f"{name}.md").write_bytes(raw)
    (tmp_path / "folder.md").mkdir()
    told = fix(tmp_path)
    assert {one.path.rpartition("/")[2] for one in told} == {"c.md", "d.md"}
    assert (tmp_path / "b.md").read_bytes() == b"\xff\xfe"
    assert (tmp_path / "c.md").read_bytes() == b"no head\n"


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.md"
    real.write_text(GOUT + " ", "utf-8")
    real.chmod(0o640)
    (tmp_path / "corpus").mkdir()
    link = tmp_path / "corpus" / "gout-basics.md"
    link.symlink_to(real)
    fix(tmp_path / "corpus")
    assert link.is_symlink()
    assert real.read_text("utf-8") == GOUT
    assert real.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.glob("**/*.part")) == []


def test_what_somebody_saved_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    path = written(tmp_path, GOUT + " ")
    saved = GOUT.replace("Serum urate", "Urate")

    @contextmanager
    def locked() -> Iterator[None]:
        path.write_text(saved, "utf-8")  # while the lock was waited for
        yield

    with pytest.raises(ArticleNotWritten, match=r"gout-basics\.md was changed by somebody else just now; nothing was done"):
        fix(tmp_path, locked=locked)
    assert path.read_text("utf-8") == saved
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_in_one_line_and_the_file_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    path = written(tmp_path / "articles", GOUT + " ")
    code = (
        "import resource, sys; from assistant.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "sys.argv = ['followup', 'corpus', 'check', '--fix']; main()"
    )
    where = {"FOLLOWUP_ARTICLES": str(path.parent), "FOLLOWUP_AUDIT": str(tmp_path / "audit.jsonl"), "PYTHONPATH": str(ROOT)}
    # -B: Python takes a .pyc file of which 100 bytes could be written for whole.
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, env=where, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"followup: {path} cannot be replaced (File too large); it is as before\n"
    assert path.read_text("utf-8") == GOUT + " "
    assert list(path.parent.iterdir()) == [path]


def test_the_shipped_articles_need_no_mending() -> None:
    assert fix(SHIPPED, write=False) == ()


#: Edits that authors, editors and imports make; each may be made anywhere it fits, several times.
_SPOIL = st.sampled_from([(good, bad) for good, bad, _ in MENDS.values()] + [("\n", " \n"), ("\n", "\t\n"), ("\n", "\r\n")])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    article=st.sampled_from([*SMALL.values(), *(path.read_text("utf-8") for path in article_files(SHIPPED)[:1])]),
    spoils=st.lists(st.tuples(_SPOIL, st.integers(0, 400)), max_size=6),
    mark=st.booleans(),
)
def test_a_second_run_finds_nothing_and_the_article_says_the_same(
    article: str, spoils: list[tuple[tuple[str, str], int]], mark: bool, tmp_path: Path
) -> None:
    for (good, bad), number in spoils:
        places = [found.start() for found in re.finditer(re.escape(good), article)]
        if places:
            at = places[number % len(places)]
            article = article[:at] + bad + article[at + len(good) :]
    name = re.search(r"^id: (\S+)", article, flags=re.MULTILINE)
    assert name
    path = tmp_path / f"{name[1]}.md"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + article.encode())
    before, _ = read_article(path)
    told = fix_file(path)
    once = path.read_bytes()
    after, problems = read_article(path)
    # What was not mended, because the article would say something else, is said again and left again.
    assert [(one.rule, one.done) for one in fix_file(path)] == [(one.rule, False) for one in told if one.kept]
    assert path.read_bytes() == once
    if before:
        assert after, problems
        assert [re.sub(r"\s+", " ", after.quote(block)) for block in after.blocks] == [
            re.sub(r"\s+", " ", before.quote(block)) for block in before.blocks
        ]
        assert (after.status, after.questions, after.plain_summary) == (before.status, before.questions, before.plain_summary)
