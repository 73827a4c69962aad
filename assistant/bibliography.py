"""The references of an answer for a reference manager, as RIS or BibTeX. The only module that imports rispy and pybtex.

An article gives authors and venue as one text each. Only what can be split with certainty is split: "FitzGerald JD" is a
person, "N Engl J Med 2011;365:981-992" a journal citation. All else is handed on whole, and a note tells what was given
where the fields alone do not. Nothing is added: no first name, no expanded journal, no page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from string import ascii_lowercase
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from assistant.authors import Name, authors
from assistant.disclaimer import DISCLAIMER
from assistant.text import one_line
from corpus.types import NOT_STATED

if TYPE_CHECKING:
    from pybtex.database import BibliographyData, Entry

_PAGE = r"[A-Za-z]*\d+(?:\.e\d+)?"
#: Journal year;volume(issue):pages, or year;number of the article; a remark in parentheses may follow.
_JOURNAL = re.compile(
    r"(?P<name>[^\W\d_][^\d;:]*?)\s(?P<year>\d{4});"
    rf"(?:(?P<volume>\d+)(?:\((?P<issue>[^()]+)\))?(?::(?P<pages>{_PAGE}(?:[-–]{_PAGE})?))?|(?P<number>[A-Z]+\d+))"
    r"(?P<remark>\s\(.+\))?"
)

#: Fields that a style puts into a link: written as they are, as Zotero and biblatex read them.
_VERBATIM = {"doi", "url"}
#: What LaTeX reads otherwise; "%", "&", "#" and "_" are left to latexcodec, which pybtex writes with.
_LATEX = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "^": r"{\textasciicircum}",
    "~": r"{\textasciitilde}",
    "$": r"\$",
}
#: Two of these in a row would be set as one sign: "--" as a dash, "``" and "''" as quotation marks.
_LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')|(?<=[?!])(?=`)")
#: Words that say nothing of what a title is about.
_LITTLE = frozenset("a an and as at by for from in into of on or the to us versus vs with guideline guidelines".split())


@dataclass(frozen=True, slots=True)
class _Source:
    """A reference ready for either format: texts on one line, names and journal split where that is certain."""

    number: int
    type: str
    title: str
    authors: str
    names: tuple[Name, ...]
    others: bool
    venue: str
    journal: Mapping[str, str] | None
    year: str
    doi: str
    pmid: str
    url: str
    retracted: str
    key: str


def ris(references: Sequence[Mapping[str, Any]]) -> str:
    """A record each, with the medical disclaimer among its notes: RIS has no comments. Empty without references."""
    import rispy

    class WithoutCounts(rispy.RisWriter):  # type: ignore[misc]  # rispy has no types
        def set_header(self, count: int) -> str:
            """No "1." before a record: not every program skips it."""
            return ""

    return str(rispy.dumps([_record(source) for source in _sources(references)], implementation=WithoutCounts))


def bibtex(references: Sequence[Mapping[str, Any]]) -> str:
    """An entry each in UTF-8, under the medical disclaimer as a comment."""
    from pybtex.database import BibliographyData

    entries = BibliographyData({source.key: _entry(source) for source in _sources(references)})
    comment = "\n".join(f"% {line}" for line in wrap(DISCLAIMER, 78))
    return f"{comment}\n\n{_written(entries)}"


def _record(source: _Source) -> dict[str, Any]:
    """What rispy writes: its own names for the tags, lists for those that repeat."""
    journal = source.journal or {}
    first, _, last = (journal.get("pages") or "").replace("–", "-").partition("-")
    # A reader splits a name at its comma: that of a body becomes a semicolon, and the note tells what was given.
    names = [_ris_name(name) for name in source.names]
    plain = [name if one.initials else one.family.replace(",", ";") for one, name in zip(source.names, names, strict=True)]
    record = {
        "type_of_reference": "JOUR" if journal else "RPRT",
        "id": source.key,
        "authors": names,
        "title": source.title,
        "secondary_title": journal.get("name") or source.venue,
        "year": source.year,
        "volume": journal.get("volume"),
        "number": journal.get("issue"),
        "start_page": first,
        "end_page": last,
        "doi": source.doi,
        "name_of_database": "PubMed" if source.pmid else "",
        "accession_number": source.pmid,
        "urls": [source.url] if source.url else [],
        "keywords": [word for word in (source.type, "retracted" if source.retracted else "") if word],
        "notes": [note for note in (_retraction(source), _provenance(source, plain), DISCLAIMER) if note],
    }
    return {tag: value for tag, value in record.items() if value}


def _ris_name(name: Name) -> str:
    if not name.initials:
        return name.family.replace(",", ";")
    return ", ".join(part for part in (name.family, name.given, name.lineage) if part)


def _entry(source: _Source) -> Entry:
    from pybtex.database import Entry, Person

    journal = source.journal or {}
    plain = [f"{name.family} {name.initials} {name.lineage}" for name in source.names] + (["et al"] if source.others else [])
    fields = {
        "title": f"{{{_latex(source.title)}}}" if source.title else "",  # braces: a style must not lower "PLATO" to "plato"
        "journal": _latex(journal.get("name") or ""),
        "year": source.year,
        "volume": journal.get("volume"),
        "number": _latex(journal.get("issue") or ""),
        "pages": re.sub("[-–]", "--", journal.get("pages") or ""),
        "howpublished": "" if journal else _latex(source.venue),
        "doi": _braceless(source.doi),
        "url": _braceless(source.url),
        "pmid": _latex(source.pmid),
        "keywords": ", ".join(word for word in (_latex(source.type), "retracted" if source.retracted else "") if word),
        # A style prints the note, and keeps the annotation to itself.
        "note": _latex(_retraction(source)),
        "annote": _latex(_provenance(source, plain)),
    }
    people = [
        Person(first=name.given, last=_latex(name.family), lineage=name.lineage)
        if name.initials
        else Person(last=f"{{{_latex(name.family)}}}")
        for name in source.names
    ]
    people += [Person("others")] if source.others and people else []
    return Entry(
        "article" if journal else "misc",
        fields=[(name, value) for name, value in fields.items() if value],
        persons={"author": people} if people else {},
    )


def _written(entries: BibliographyData) -> str:
    """The file as pybtex writes it, but for the underscores of links, which it would escape."""
    from io import StringIO

    from pybtex.database.output.bibtex import Writer

    class WithLinks(Writer):  # type: ignore[misc]  # pybtex has no types
        def _write_field(self, stream: StringIO, name: str, value: str) -> None:
            if name in _VERBATIM:
                stream.write(f",\n    {name} = {{{value}}}")
            else:
                super()._write_field(stream, name, value)

    stream = StringIO()
    WithLinks(encoding="UTF-8").write_stream(entries, stream)
    return stream.getvalue()


def _retraction(source: _Source) -> str:
    return f"RETRACTED {source.retracted}." if source.retracted else ""


def _provenance(source: _Source, written: Sequence[str]) -> str:
    """Its number, and what the fields do not say; `written` are the names as they do say them."""
    said = f"Reference {source.number} of the answer."
    if _bare("".join(written)) != _bare(source.authors):
        said += f" Authors as given: {_ended(source.authors)}"
    if source.journal and (source.journal["remark"] or source.journal["year"] != source.year):
        said += f" Published as: {_ended(source.venue)}"
    return said


def _bare(text: str) -> str:
    return re.sub(r"[\s.,]", "", text)


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _latex(text: str) -> str:
    """Text that says the same in LaTeX, once latexcodec has also been over it."""
    return _LIGATURE.sub("{}", "".join(_LATEX.get(letter, letter) for letter in text))


def _braceless(link: str) -> str:
    """A link as it may stand between braces."""
    return link.replace("{", "%7B").replace("}", "%7D")


def _sources(references: Sequence[Mapping[str, Any]]) -> Iterator[_Source]:
    """References one by one; one that was stored before a key existed lacks it."""
    taken: set[str] = set()
    for reference in references:
        text = {name: one_line(reference.get(name)) for name in ("type", "title", "authors", "venue", "year", "retracted")}
        text = {name: "" if said == NOT_STATED else said for name, said in text.items()}
        links = {name: one_line(reference.get(name)) for name in ("doi", "pmid", "url")}
        if text["venue"] == text["authors"]:  # "US labelling" is said once
            text["venue"] = ""
        found = _JOURNAL.fullmatch(text["venue"])
        journal = found.groupdict(default="") if found else None
        if journal:
            journal["pages"] = journal["pages"] or journal["number"]
            text["year"] = text["year"] or journal["year"]
        names, others = authors(text["authors"])
        key = _key(names, text["year"], text["title"], taken)
        taken.add(key)
        yield _Source(number=reference["number"], names=names, others=others, journal=journal, key=key, **text, **links)


def _key(names: Sequence[Name], year: str, title: str, taken: set[str]) -> str:
    """Who, when, the first telling word: "fitzgerald2020american"; a letter or number after it where it is taken."""
    who = ""
    if names:
        words = re.findall(r"[^\W\d_]+", names[0].family.partition(",")[0])
        initials = "".join(word if word.isupper() else word[0] for word in words if word[0].isupper())
        who = "".join(words) if names[0].initials or len(words) == 1 else initials or "".join(words)
    words = [plain for word in re.findall(r"[^\W\d_]+", title) if len(plain := _ascii(word)) > 1 and plain not in _LITTLE]
    key = f"{_ascii(who)}{_ascii(year)}{words[0] if words else ''}"
    key = key if key[:1].isalpha() else f"reference{key}"
    return next(made for end in chain([""], ascii_lowercase[1:], map(str, count(2))) if (made := key + end) not in taken)


def _ascii(text: str) -> str:
    """Lower-case letters and digits that every program takes in a key: "Müller" → "muller"."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())
