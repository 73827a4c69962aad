"""The table of all rules: what is wrong, how it is mended. docs/linting.md is made of it.

The rules without a check of their own here are those of corpus/loading.py, which names them in its problems.
"""

from __future__ import annotations

from corpus.linting.types import Rule
from corpus.types import Severity

_E, _W = Severity.ERROR, Severity.WARNING

RULES: tuple[Rule, ...] = (
    # The format (corpus/loading.py)
    Rule("format", _E, "The file breaks the article format (corpus/FORMAT.md).", "Follow the message; it names the key or line."),
    Rule(
        "dangling-mark",
        _E,
        "A mark names a reference that is not listed. A warning in imported articles.",
        "List the reference, or correct the mark.",
    ),
    Rule(
        "uncited-reference",
        _E,
        "A reference is listed and no statement cites it. A warning in imported articles.",
        "Cite it where it belongs, or remove it.",
    ),
    Rule(
        "statement-without-mark",
        _E,
        "A statement has an id and names no reference. A warning in imported articles.",
        "Add its marks, such as `[1]`.",
    ),
    Rule("same-title", _E, "Two articles have one title. A warning where one is imported.", "Rename one, or withdraw it."),
    Rule(
        "changed-since-approval",
        _W,
        "The article was edited after it was approved: it counts as under review.",
        "Review and approve it again.",
    ),
    Rule(
        "approval-not-bound",
        _W,
        "The article is approved, and nothing records which text was approved.",
        "Review and approve it again.",
    ),
    # Marks and statements
    Rule(
        "mark-without-statement",
        _W,
        "A text cites references and has no statement id: questions, conditions and reviewers cannot name it.",
        "Give it an id at the end of its block, such as `^F12`.",
    ),
    Rule("alike-ids", _W, "Two statement ids differ in small and capital letters only.", "Rename one."),
    Rule(
        "long-passage",
        _W,
        "A statement, table row or sentence is longer than what is embedded whole: its end cannot be found by meaning.",
        "Make several statements of it.",
    ),
    Rule(
        "label-conflict",
        _W,
        "A heading or label names one treatment arm or population, and the figures below it are another's.",
        "Move the statement, or correct the label.",
    ),
    # References
    Rule(
        "duplicate-reference",
        _W,
        "One source is listed twice: the same DOI or PubMed number (an error in articles written here), "
        "or the same title, year and venue.",
        "Keep one, and let the marks name it.",
        fixable=True,
    ),
    Rule("doi-form", _W, "A DOI or PubMed number is written as an address or with a label.", "Write it bare.", fixable=True),
    Rule(
        "no-references",
        _W,
        "The article lists no reference: nothing it says can be traced. Imported articles have their source.",
        "List its sources.",
    ),
    Rule("reference-year", _W, "A guideline or study has no year: readers cannot see its age.", "Add `year`."),
    Rule(
        "reference-lookup",
        _W,
        "A reference has no DOI, PubMed number or address, nor volume and page: readers cannot look it up.",
        "Add `doi`, `pmid` or `url`, only when certain.",
    ),
    Rule(
        "retracted-alone",
        _E,
        "A statement rests on retracted references alone.",
        "Withdraw the statement, or cite what still holds.",
    ),
    Rule("retracted-reference", _W, "A listed reference was retracted.", "Remove it, or declare `retracted:` with its date."),
    Rule(
        "concern",
        _W,
        "The journal has published an expression of concern about a listed reference.",
        "Read the notice; cite another source beside it.",
    ),
    # Age
    Rule(
        "undated",
        _W,
        "The source of an imported article gives no date: its age is not known, and no rule counts from the day of the import.",
        "Find out when it was written; set `last_updated`.",
    ),
    Rule("age-check", _W, "The article was last updated over 3 years ago: check for update.", "Review it; set `last_updated`."),
    Rule("age-outdated", _W, "The article was last updated over 5 years ago: it may be outdated.", "Review it, or withdraw it."),
    Rule(
        "guideline-age-check",
        _W,
        "The newest guideline that the article lists is over 3 years old: check for update.",
        "Look for a newer edition.",
    ),
    Rule(
        "guideline-age-outdated",
        _W,
        "The newest guideline that the article lists is over 5 years old: it may be outdated.",
        "Look for a newer edition.",
    ),
    Rule(
        "superseded-alone",
        _W,
        "A statement rests on superseded references alone.",
        "Cite what replaced them, and correct the statement where it says otherwise.",
    ),
    Rule(
        "newer-edition",
        _W,
        "A newer guideline of the same body on the same topic is listed, here or in another article.",
        "Cite the newer one, or declare `superseded_by:` on the older one.",
    ),
    Rule("future-date", _W, "A date lies in the future.", "Correct it."),
    # What a reader must see
    Rule(
        "ambiguous-status",
        _W,
        "The status has several words; the least approved one counts.",
        "Keep the word that holds.",
        fixable=True,
    ),
    Rule("reviewer", _W, "The article is under review or approved, and its reviewer or day is not named.", "Add who and when."),
    Rule("no-summary", _W, "Patients find no plain summary. Imported articles need none.", "Write `plain_summary`."),
    Rule("no-questions", _W, "No question is suggested to readers. Imported articles need none.", "Write `questions`."),
    Rule("source-address", _W, "An imported article has no address of its source.", "Add `source.url`."),
    Rule(
        "pdf-layout",
        _W,
        "A PDF says where words are printed, not what belongs together: rows of a table may be wrong, or columns of figures may "
        "have run together. Told until the article is approved.",
        "Compare every figure with the source, and correct the text.",
    ),
    Rule("hard-summary", _E, "The plain summary reads above school grade 8.", "Use shorter words and sentences."),
    # The folder and its files
    Rule("near-duplicate", _W, "Two articles say nearly the same.", "Merge them, or withdraw one."),
    Rule("line-ends", _W, "The file has a byte order mark or line ends of another system.", "Save it with LF.", fixable=True),
    Rule("trailing-blanks", _W, "Lines end in blanks that mean nothing.", "Remove them.", fixable=True),
)
BY_ID = {rule.id: rule for rule in RULES}


def as_markdown() -> str:
    """The table as docs/linting.md holds it."""
    rows = [f"| `{rule.id}` | {rule.severity} | {rule.what} | {rule.mend} | {'yes' if rule.fixable else ''} |" for rule in RULES]
    return "\n".join(["| rule | severity | what is wrong | how to mend it | `--fix` |", "|---|---|---|---|---|", *rows])
