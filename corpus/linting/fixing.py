"""`followup corpus check --fix`: mends what is safe to mend and leaves every other byte alone.

A file is written only when it says the same afterwards: the same statements, questions and answers, nothing newly wrong,
and no approval that would lapse. Each file is replaced whole, unless somebody saved it meanwhile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.linting.textfile import TextFile
from corpus.linting.untidy import Edit, edits
from corpus.loading import article_files, parse_article, read_article
from corpus.replacing import replace_article
from corpus.types import Article, Problem

#: Values before blanks: where blanks change what a file says, it can be seen only once the file can be read.
_ORDER = ("line-ends", "ambiguous-status", "doi-form", "duplicate-reference", "trailing-blanks")
_BLANK = re.compile(r"\s+")
#: What is held while a file is replaced.
Locked = Callable[[], AbstractContextManager[object]]
Parsed = tuple[Article | None, list[Problem]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """One thing that was mended (or would be: `done` is false), or that stays, because of what `kept` says."""

    path: str
    line: int
    rule: str
    message: str
    done: bool
    kept: str | None = None

    def __str__(self) -> str:
        outcome = f"not fixed, {self.kept}" if self.kept else "fixed" if self.done else "would be fixed"
        return f"{self.path}:{self.line}: {outcome}: {self.message} [{self.rule}]"


def fix(folder: Path, *, write: bool = True, locked: Locked = nullcontext) -> tuple[Fixed, ...]:
    """Mends every article file of a folder; with `write=False` only says what it would do.

    `locked` is held while a file is replaced, so that no review of it comes in between. Raises `ArticleNotWritten` at the
    first file that cannot be replaced; those before it are mended.
    """
    return tuple(one for path in article_files(folder) for one in fix_file(path, write=write, locked=locked))


def fix_file(path: Path, *, write: bool = True, locked: Locked = nullcontext) -> tuple[Fixed, ...]:
    """Mends one file, one rule after the other. What cannot be read is left as it is: the check says why."""
    file = TextFile.read(path)
    if file is None or not (file.foreign_ends or edits(file)):
        return ()
    article, problems = read_article(path)
    name = article.path if article else problems[0].path
    told: list[Fixed] = []
    mended, before = file, None
    while mended is not before:  # again after a change: a blank after `---` hides the whole front matter
        before = mended
        for rule in _ORDER:
            left = {one.rule for one in told if one.kept}
            if rule not in left:
                mended, steps = _step(mended, rule, name)
                told += [replace(one, done=write and one.done) for one in steps]
    if write and mended is not file:
        with locked():
            replace_article(path, file.raw, mended.raw)
    return tuple(told)


def _step(file: TextFile, rule: str, name: str) -> tuple[TextFile, list[Fixed]]:
    """The file with the edits of one rule made, or as it was, and what is told of them."""
    wanted = [edit for edit in edits(file) if edit.found.rule == rule]
    if not wanted and not (rule == "line-ends" and file.foreign_ends):
        return file, []
    mended = TextFile(mend(file, wanted))
    kept = _lost(parse_article(file.text, name), parse_article(mended.text, name))
    told = [Fixed(name, line, rule, said, not kept, kept) for line, said in _told(file, rule, wanted)]
    return (file if kept else mended), told


def mend(file: TextFile, wanted: Sequence[Edit]) -> bytes:
    """The file's bytes with the edits made, LF line ends and no byte order mark."""
    text = file.text
    for edit in reversed(wanted):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text.encode()


def _lost(before: Parsed, after: Parsed) -> str | None:
    """What edits would change besides what they mend, or None. What could not be read before has nothing to lose."""
    (was, problems), (now, remaining) = before, after
    if was is None:
        return None
    new = Counter(problem.rule for problem in remaining) - Counter(problem.rule for problem in problems)
    if "changed-since-approval" in new:
        return "the approval is of the text as it is"
    if now is None or new:
        return f"it would be wrong: {remaining[0].message}"
    return None if _said(was) == _said(now) else "the article would say something else"


def _said(article: Article) -> list[object]:
    """What must stay: the wording of each block but for its blanks, with its heading, marks and id, and all that rests on it."""
    blocks = [
        (block.kind, block.section, _BLANK.sub(" ", article.quote(block)), block.marks, block.statement)
        for block in article.blocks
    ]
    rest = (article.title, article.heading, article.status, article.plain_summary, article.questions, article.conditions)
    return [*blocks, *rest, article.disagreements, article.review_notes, article.withdrawn, article.source]


def _told(file: TextFile, rule: str, wanted: Sequence[Edit]) -> list[tuple[int, str]]:
    """Line and message of each thing to mend, those of many lines once."""
    if rule == "line-ends":
        return [(1, "line ends and byte order mark")]
    if rule == "trailing-blanks":
        return [(_line(file, wanted[0]), f"blanks at the end of {len(wanted)} lines")]
    return [(_line(file, edit), edit.found.message) for edit in wanted]


def _line(file: TextFile, edit: Edit) -> int:
    return file.text.count("\n", 0, edit.start) + 1
