"""Loads article files: one at a time or a whole folder, with every problem of every file collected before complaining."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from corpus.body import read_blocks
from corpus.errors import ArticleNotFound, CorpusError
from corpus.frontmatter import FrontMatter, read_front_matter
from corpus.types import Article, Block, Problem, Severity, Status

#: The articles this project ships.
SHIPPED = Path(__file__).parent / "articles"
#: A longer file is a mistake, not an article: the longest shipped one has under 30,000 characters.
MAX_FILE_BYTES = 2_000_000
#: The one rule of this module that only shows across articles.
SAME_TITLE = "same-title"
#: What an approval is of; status, dates and where the file lies are not.
_APPROVED = ("title", "heading", "text", "references", "plain_summary", "questions", "conditions", "disagreements")
_PASSAGE_NUMBER = re.compile(r"p\d+")  # as corpus/splitting.py names passages
#: Key path of the front matter -> its line in the file.
Lines = dict[tuple[str | int, ...], int]


def article_files(folder: Path) -> list[Path]:
    """The article files of a folder by name. Hidden ones (an editor's locks and copies) are no articles."""
    return sorted(path for path in folder.glob("*.md") if not path.name.startswith("."))


def load_corpus(folder: Path = SHIPPED, *, allow_empty: bool = False) -> tuple[Article, ...]:
    """Every article of a folder, by id. Raises `CorpusError` with all errors of all files at once; warnings do not stop it."""
    articles, problems = read_corpus(folder)
    if allow_empty and folder.is_dir() and not article_files(folder):
        return ()
    if errors := errors_among(problems):
        raise CorpusError(errors)
    return articles


def errors_among(problems: Sequence[Problem]) -> list[Problem]:
    """Those that keep an article from being indexed."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def content_sha256(article: Article) -> str:
    """SHA-256 of what a reviewer approves: wording, references and all that rests on them."""
    values = asdict(article)
    content = json.dumps({key: values[key] for key in _APPROVED}, default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def read_corpus(folder: Path = SHIPPED) -> tuple[tuple[Article, ...], list[Problem]]:
    """The articles that could be read, by id, and every problem found on the way, in file and line order."""
    paths = article_files(folder)
    if not paths:
        return (), [Problem(str(folder), 1, "no article (*.md) in this folder")]
    articles: list[Article] = []
    problems: list[Problem] = []
    for path in paths:
        article, found = read_article(path)
        problems += found
        if article is not None:
            articles.append(article)
    problems += _repeated(articles)
    problems.sort(key=lambda problem: (problem.path, problem.line))
    return tuple(sorted(articles, key=lambda article: article.id)), problems


def find_article(articles: Sequence[Article], article_id: str) -> Article:
    """The article with this id. Raises `ArticleNotFound`."""
    for article in articles:
        if article.id == article_id:
            return article
    raise ArticleNotFound(f"no article {article_id!r}; `followup corpus list` prints the {len(articles)} there are")


def read_article(path: Path) -> tuple[Article | None, list[Problem]]:
    """One article from its file, or None with the problems that prevent it."""
    name = _shown(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # reading it could wait for ever
            return None, [Problem(name, 1, "cannot be read: a pipe or device, not a file")]
        if path.stat().st_size > MAX_FILE_BYTES:
            return None, [Problem(name, 1, f"{path.stat().st_size} bytes; an article has at most {MAX_FILE_BYTES}")]
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Problem(name, 1, f"not UTF-8: byte {error.start} is {error.object[error.start]:#04x}")]
    except OSError as error:
        return None, [Problem(name, 1, f"cannot be read: {error.strerror}")]
    return parse_article(source, name)


def parse_article(source: str, path: str) -> tuple[Article | None, list[Problem]]:
    """One article from the text of its file, with its warnings, or None with its errors too.

    `path` is what its problems are reported under.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    head, body, first_line = _split(source)
    if head is None:
        return None, [Problem(path, 1, "no front matter: the file must begin with a line `---` and close it with another")]
    meta, lines, problems = read_front_matter(head, path)
    blocks, misread = read_blocks(body, first_line)
    problems += [Problem(path, line, message) for line, message in misread]
    if not blocks:
        problems.append(Problem(path, first_line, "the article has no text"))
    if meta is None:
        return None, sorted(problems, key=lambda problem: problem.line)
    problems += _contradictions(meta, blocks, lines, path)
    problems.sort(key=lambda problem: problem.line)
    if errors_among(problems):
        return None, problems
    article, unapproved = _as_approved(_article(meta, body, blocks, path), lines)
    return article, sorted([*problems, *unapproved], key=lambda problem: problem.line)


def _article(meta: FrontMatter, body: str, blocks: list[Block], path: str) -> Article:
    return Article(
        id=meta.id,
        title=meta.title,
        heading=meta.heading,
        specialty=meta.specialty,
        status=meta.status,
        last_updated=meta.last_updated,
        reviewed_by=meta.reviewed_by,
        reviewed_on=meta.reviewed_on,
        reviewed_sha256=meta.reviewed_sha256,
        source=meta.source_value(),
        withdrawn=meta.withdrawal(),
        review_notes=tuple(note.value() for note in meta.review_notes),
        references=meta.reference_values(),
        plain_summary=tuple(note.value() for note in meta.plain_summary),
        questions=tuple(note.value() for note in meta.questions),
        conditions=meta.condition_values(),
        disagreements=meta.disagreement_values(),
        text=body,
        blocks=tuple(blocks),
        path=path,
    )


def _as_approved(article: Article, lines: Lines) -> tuple[Article, list[Problem]]:
    """An approval is of one text: what was edited since is under review again, whatever its file says."""
    if article.status is not Status.APPROVED:
        return article, []
    said, rule = "approved without a record of what was approved (reviewed_sha256)", "approval-not-bound"
    if article.reviewed_sha256 is not None:
        if article.reviewed_sha256 == content_sha256(article):
            return article, []
        said, rule = "changed since it was approved: it counts as under review", "changed-since-approval"
        article = replace(article, status=Status.UNDER_REVIEW)
    return article, [Problem(article.path, lines[("status",)], f"{said}; review and approve it again", rule, Severity.WARNING)]


def _split(source: str) -> tuple[str | None, str, int]:
    """Front matter (None when there is none), body, and the body's first line in the file."""
    if not source.startswith("---\n"):
        return None, source, 1
    head, closed, body = source[4:].partition("\n---\n")
    if not closed:
        return None, source, 1
    return head, body, head.count("\n") + 4


def _contradictions(meta: FrontMatter, blocks: list[Block], lines: Lines, path: str) -> Iterator[Problem]:
    """What is well-formed on its own but does not fit together."""
    # An imported text is as its source made it: what it cites badly is for staff to look at, and stops nothing.
    citing = Severity.WARNING if meta.source else Severity.ERROR
    if meta.id != Path(path).stem:
        yield Problem(path, lines[("id",)], f"id is {meta.id!r} but the file is called {Path(path).name!r}")

    first: dict[str | int, int] = {}
    for position, reference in enumerate(meta.references):
        line = lines[("references", position)]
        for label, key in (("id", reference.id), ("doi", reference.doi), ("pmid", reference.pmid)):
            if key is None:
                continue
            if (seen := first.get(f"{label} {key}")) is not None:
                said = f"reference {label} {key} is listed twice, first on line {seen}"
                yield Problem(path, line, said, "duplicate-reference", Severity.ERROR if label == "id" else citing)
            first.setdefault(f"{label} {key}", line)

    listed = {reference.id for reference in meta.references}
    cited: set[int] = set()
    stated: dict[str, int] = {}
    for block in blocks:
        cited.update(block.marks)
        for mark in block.marks:
            if mark not in listed:
                said = f"mark [{mark}]: reference {mark} is not listed in the article"
                yield Problem(path, block.line, said, "dangling-mark", citing)
        if block.statement is None:
            continue
        if block.statement in stated:
            yield Problem(path, block.line, f"^{block.statement} is used twice, first on line {stated[block.statement]}")
        stated.setdefault(block.statement, block.line)
        if _PASSAGE_NUMBER.fullmatch(block.statement):
            yield Problem(path, block.line, f"^{block.statement} is the name of a passage without a statement id; choose another")
        if not block.marks:
            yield Problem(path, block.line, f"^{block.statement} carries no reference mark", "statement-without-mark", citing)

    for position, reference in enumerate(meta.references):
        if reference.id not in cited:
            said = f"reference {reference.id} is cited by no statement"
            yield Problem(path, lines[("references", position)], said, "uncited-reference", citing)
    for key, notes in (("questions", meta.questions), ("plain_summary", meta.plain_summary), ("review_notes", meta.review_notes)):
        for position, note in enumerate(notes):
            for statement in note.statements:
                if statement not in stated:
                    yield Problem(path, lines[(key, position)], f"{key}: the body has no statement ^{statement}")
    yield from _dangling(meta, stated, lines, path)


def _dangling(meta: FrontMatter, stated: Collection[str], lines: Lines, path: str) -> Iterator[Problem]:
    """Conditions and disagreements of statements that are not there, and a statement that is its own condition."""
    for statement, needs in (meta.conditions or {}).items():
        line = lines[("conditions", statement)]
        if statement in needs:
            yield Problem(path, line, f"conditions: ^{statement} names itself")
        for name in (statement, *needs):
            if name not in stated:
                yield Problem(path, line, f"conditions: the body has no statement ^{name}")
    for position, sides in enumerate(meta.disagreements or ()):
        for name in (name for side in sides for name in side.statements):
            if name not in stated:
                yield Problem(path, lines[("disagreements", position)], f"disagreements: the body has no statement ^{name}")


def _repeated(articles: list[Article]) -> Iterator[Problem]:
    """Titles that stand twice; sources may each have an article of one title."""
    titles: dict[str, Article] = {}
    for article in articles:
        first = titles.setdefault(article.title.casefold(), article)
        if first is not article:
            imported = article.source or first.source
            severity = Severity.WARNING if imported else Severity.ERROR
            yield Problem(article.path, 1, f"the same title as {first.path}", SAME_TITLE, severity)


def _shown(path: Path) -> str:
    """Relative to where the reader stands, when it lies below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
